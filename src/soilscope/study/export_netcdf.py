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
    ds = _with_mapping(ds, crs)
    on_grid = set(grid_dims(ds) or ()) if _MAPPING in ds else None
    for key, da in ds.data_vars.items():
        if key == _MAPPING:
            continue
        about: dict[str, Any] = plain(da.attrs)
        if "flag_values" in about:
            about["flag_values"] = np.atleast_1d(about["flag_values"]).astype(da.dtype)
        if on_grid is not None and on_grid <= set(da.dims):
            about["grid_mapping"] = _MAPPING
        ds[key] = _as_text(da).assign_attrs(about)
    ds = _named_by_labels(_with_bounds(_time_first(ds)))
    ds.attrs = {"Conventions": _CF} | plain(ds.attrs)
    for key, coord in ds.coords.items():
        if coord.dtype.kind not in "biufM":
            ds = ds.assign_coords({key: _as_text(coord)})
    return ds


def _with_mapping(ds: xr.Dataset, crs: CRS | None) -> xr.Dataset:
    """Give a grid its reference system; of a coordinate of that kind CDO and others warn."""
    ds = ds.drop_vars(_MAPPING, errors="ignore")
    dims = grid_dims(ds)
    if crs is None or dims is None:
        return ds
    return _with_units(ds, dims, crs).assign({_MAPPING: ((), np.int32(0), _mapping(crs))})


def _mapping(crs: CRS) -> dict[str, Any]:
    wkt = crs.to_wkt()
    return plain(crs.proj.to_cf()) | {"crs_wkt": wkt, "spatial_ref": wkt}


def _as_text(da: xr.DataArray) -> xr.DataArray:
    """Texts as objects, which NetCDF-4 has; other values as they are."""
    return da if da.dtype.kind in "biufMm" else da.load().astype(object)


def _time_first(ds: xr.Dataset) -> xr.Dataset:
    """Put time before all dimensions, those of the grid behind them: CDO wants that order."""
    last = grid_dims(ds) or ()
    lead = [d for d in ("time",) if d in ds.dims]
    others = [d for d in ds.dims if d not in (*lead, *last)]
    return ds.transpose(*lead, *others, *last)


def _named_by_labels(ds: xr.Dataset) -> xr.Dataset:
    """Put texts along a dimension beside it: CF wants numbers where both have one name."""
    for dim in map(str, ds.dims):
        if dim in ds.coords and ds[dim].dtype.kind not in "biufMm":
            ds = ds.reset_index(dim).rename_vars({dim: f"{dim}_name"})
            ds[f"{dim}_name"].attrs.setdefault("long_name", f"name of the {dim.replace('_', ' ')}")
    return ds


def _with_units(ds: xr.Dataset, dims: tuple[str, str], crs: CRS) -> xr.Dataset:
    """Give the axes of a projected grid their units, without which none is recognised."""
    if crs.projected and dims == ("y", "x"):
        for dim in dims:
            ds[dim].attrs = {"units": "m" if crs.units[0] == "metre" else crs.units[0]} | {
                key: value for key, value in ds[dim].attrs.items() if value != ""
            }
    return ds


def _with_bounds(ds: xr.Dataset) -> xr.Dataset:
    """Give layers their edges as the bounds that CF wants."""
    if not {"depth", "depth_top", "depth_bottom"} <= set(ds.coords) or "depth" not in ds.dims:
        return ds
    edges = np.stack([ds["depth_top"].values, ds["depth_bottom"].values], axis=1)
    ds["depth"].attrs["bounds"] = "depth_bnds"
    ds = ds.drop_vars(["depth_top", "depth_bottom"])
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
