"""Results as CF NetCDF-4: a file each."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from odc.geo.crs import CRS

from soilscope.grid.crs import grid_dims
from soilscope.study.export_piece import Piece
from soilscope.study.export_words import plain
from soilscope.times import is_time_like

_CF = "CF-1.8"
_MAPPING = "spatial_ref"
_AXES: dict[str, dict[str, str]] = {
    "latitude": {"standard_name": "latitude", "units": "degrees_north", "axis": "Y"},
    "longitude": {"standard_name": "longitude", "units": "degrees_east", "axis": "X"},
    "y": {"standard_name": "projection_y_coordinate", "axis": "Y"},
    "x": {"standard_name": "projection_x_coordinate", "axis": "X"},
    "depth": {"standard_name": "depth", "units": "m", "positive": "down", "axis": "Z"},
    "time": {"standard_name": "time", "axis": "T"},
}


def netcdf_pieces(name: str, ds: xr.Dataset, crs: CRS | None) -> Iterator[Piece]:
    """Yield the one file of a result."""
    yield Piece(f"{name}.nc", partial(_write, ds=ds, crs=crs))


def _write(path: Path, *, ds: xr.Dataset, crs: CRS | None) -> None:
    ready = cf(ds, crs)
    ready.to_netcdf(path, engine="netcdf4", format="NETCDF4", encoding=_encoding(ready))


def cf(ds: xr.Dataset, crs: CRS | None) -> xr.Dataset:
    """Return `ds` with the attributes and bounds that CF asks for."""
    ds = ds.drop_encoding().assign_coords(
        {key: coord.assign_attrs(plain(coord.attrs)) for key, coord in ds.coords.items()}
    )
    for dim, attrs in _AXES.items():
        if dim in ds.coords:
            ds[dim].attrs = ds[dim].attrs | attrs
    dims = grid_dims(ds)
    if crs is not None and dims is not None:
        ds = ds.assign_coords({_MAPPING: ((), np.int32(0), _mapping(crs))})
    elif _MAPPING in ds.coords:
        ds = ds.drop_vars(_MAPPING)
    for key, da in ds.data_vars.items():
        about: dict[str, Any] = plain(da.attrs)
        if "flag_values" in about:
            about["flag_values"] = np.atleast_1d(about["flag_values"]).astype(da.dtype)
        if _MAPPING in ds.coords and dims is not None and set(dims) <= set(da.dims):
            about["grid_mapping"] = _MAPPING
        ds[key] = _as_text(da).assign_attrs(about)
    ds = _with_bounds(ds)
    ds.attrs = {"Conventions": _CF} | plain(ds.attrs)
    for key, coord in ds.coords.items():
        if coord.dtype.kind not in "biufM":
            ds = ds.assign_coords({key: _as_text(coord)})
    return ds


def _mapping(crs: CRS) -> dict[str, Any]:
    wkt = crs.to_wkt()
    return plain(crs.proj.to_cf()) | {"crs_wkt": wkt, "spatial_ref": wkt}


def _as_text(da: xr.DataArray) -> xr.DataArray:
    """Texts as objects, which NetCDF-4 has; other values as they are."""
    return da if da.dtype.kind in "biufMm" else da.load().astype(object)


def _with_bounds(ds: xr.Dataset) -> xr.Dataset:
    """Give layers the bounds that CF wants, beside the coordinates of their edges."""
    if not {"depth", "depth_top", "depth_bottom"} <= set(ds.coords) or "depth" not in ds.dims:
        return ds
    edges = np.stack([ds["depth_top"].values, ds["depth_bottom"].values], axis=1)
    ds["depth"].attrs["bounds"] = "depth_bnds"
    return ds.assign(depth_bnds=(("depth", "nv"), edges))


def _encoding(ds: xr.Dataset) -> dict[Any, dict[str, Any]]:
    packed: dict[Any, dict[str, Any]] = {}
    for key, variable in ds.variables.items():
        if is_time_like(xr.DataArray(variable, name=str(key))):
            packed[key] = {"units": "days since 1970-01-01", "dtype": "f8", "_FillValue": None}
        elif variable.dtype.kind == "f" and key not in ds.coords and key != "depth_bnds":
            packed[key] = {"zlib": True, "complevel": 4, "_FillValue": np.nan}
        elif variable.dtype.kind in "iu" and variable.ndim:
            packed[key] = {"zlib": True, "complevel": 4}
        elif variable.dtype.kind == "f":
            packed[key] = {"_FillValue": None}
    return packed
