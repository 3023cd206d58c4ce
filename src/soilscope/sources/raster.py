"""Any grid declared by hand: NetCDF, Zarr or GeoTIFF."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.errors import GridError, SourceError
from soilscope.grid.crs import PLANAR, crs_of, grid_dims, read_crs, stamp
from soilscope.sources.assemble import combine, file_label
from soilscope.sources.axes import RASTER_DIMS
from soilscope.sources.chunks import Chunks
from soilscope.sources.coordinates import RADIANS, factor_of, in_order, require_on_earth
from soilscope.sources.declared import Declared
from soilscope.sources.decode import decode_file, require_found, wanted
from soilscope.sources.formats import file_format, open_lazily
from soilscope.sources.gaps import tell_gaps
from soilscope.sources.geotiff import open_geotiff
from soilscope.sources.index import open_alike
from soilscope.sources.product import Product
from soilscope.sources.timeaxis import stamp_from_name

Floats = npt.NDArray[np.float64]


def open_raster(files: Sequence[Path], declared: Declared, *, chunks: Chunks) -> xr.Dataset:
    """Open the files of a grid: dims (time, depth, y, x), in the files' units.

    Rows run from north to south, columns from west to east, longitudes from -180 to 180 (a grid
    across the antimeridian keeps 0 to 360).
    """
    parts, held, crs = [], dict[str, None](), declared.crs
    pattern = declared.time_from_name
    for alike in open_alike(
        files,
        partial(_open, declared=declared, chunks=chunks),
        stamp=None if pattern is None else partial(stamp_from_name, pattern=pattern),
        time_dim=declared.theirs("time"),
        period=declared.period,
    ):
        raw, path = alike.raw, alike.files[0]
        if crs is None:
            stated = crs_of(raw)
            crs = None if stated is None else stated.to_wkt()
        held |= dict.fromkeys(map(str, raw.data_vars))
        parts.append(
            decode_file(
                raw,
                _with_bands(raw, declared) if file_format(path) == "geotiff" else declared,
                allowed=RASTER_DIMS,
                file=alike.label,
                chunks=chunks,
                stamp=None if pattern is None else stamp_from_name(path, pattern),
            )
        )
    file = file_label(files)
    found = {str(name) for part in parts for name in part.data_vars}
    require_found(declared, found, list(held), file=file)
    ds = combine(parts, file=file)
    tell_gaps(ds, period=declared.period, file=file)
    return on_our_grid(ds, crs, file=file)


def on_our_grid(ds: xr.Dataset, crs: str | None, *, file: str) -> xr.Dataset:
    """Return `ds` north up, west to east, with even coordinates and its reference system."""
    dims = grid_dims(ds)
    if dims is None:
        has = ", ".join(map(str, ds.dims))
        raise GridError(
            f"{file} has no grid (dims: {has}); say which are its rows and columns, as in "
            "dims: {latitude: lat, longitude: lon} or {y: north, x: east}."
        )
    for dim in dims:
        ds = ds.assign_coords({dim: (dim, _centres(ds, dim, file), _units(ds[dim]))})
    require_on_earth(ds, dims, crs, file=file)
    geographic = dims != PLANAR if crs is None else read_crs(crs, name="crs").geographic
    if geographic:
        ds = _wrapped(ds, dims[1])
    for dim, falling in zip(dims, (True, False), strict=True):
        ds = in_order(ds, dim, falling=falling, file=file)
    return stamp(ds, crs, name=file)


def _open(path: Path, declared: Declared, chunks: Chunks) -> xr.Dataset:
    """Open one file as it is stored."""
    kind = file_format(path)
    if kind in ("text", "parquet"):
        raise SourceError(f"{path} is a table; open it with product: table.")
    if kind == "geotiff":
        stacked = "band" in (declared.dims or {}).values()
        return open_geotiff(path, chunks=chunks, stacked=stacked)
    by_hand = [s for v in declared.variables or () if v.by_hand for s in v.source]
    return open_lazily(path, by_hand=by_hand)


def _with_bands(raw: xr.Dataset, declared: Declared) -> Declared:
    """Name bands of a GeoTIFF that are named by number, or not at all if there is one."""
    bands = list(map(str, raw.data_vars))
    numbered = {str(i + 1): name for i, name in enumerate(bands)}
    variables = wanted(raw, declared)
    only = bands[0] if len(bands) == 1 and len(variables) == 1 else None
    named = tuple(
        replace(v, source=tuple(_band(s, bands, numbered, only) for s in v.source))
        for v in variables
    )
    return replace(declared, variables=named if declared.variables is not None else None)


def _band(source: str, bands: Sequence[str], numbered: dict[str, str], only: str | None) -> str:
    if source in bands:
        return source
    return numbered.get(source) or only or source


def _centres(ds: xr.Dataset, dim: str, file: str) -> Floats:
    """Return the centres of the cells; single precision is read as the decimal that was meant."""
    if dim not in ds.coords:
        raise GridError(
            f"{file} has no coordinates along {dim}; grids with 2-D coordinates must be regridded "
            f"first, else name the variable that holds them, as in dims: {{{dim}: lat}}."
        )
    values = ds[dim].values
    if values.dtype.kind not in "iuf":
        raise GridError(f"the coordinate {dim} in {file} holds {values.dtype}, not numbers.")
    if values.dtype == np.float32:
        values = np.array([str(v) for v in values], dtype=np.float64)
    return values.astype(np.float64) * factor_of(ds[dim], angles=dim not in PLANAR)


def _units(coordinate: xr.DataArray) -> dict[str, str]:
    units = coordinate.attrs.get("units")
    ours = {"km": "m"} | dict.fromkeys(RADIANS, "degrees")
    return {} if units is None else {"units": ours.get(str(units), str(units))}


def _wrapped(ds: xr.Dataset, dim: str) -> xr.Dataset:
    """Bring longitudes into -180..180, unless that would tear the grid apart."""
    longitude = ds[dim].values
    if longitude.max() <= 180.0 and longitude.min() >= -180.0:
        return ds
    wrapped = (longitude + 180.0) % 360.0 - 180.0
    if (np.diff(longitude) <= 0.0).any():  # put into order afterwards
        return ds.assign_coords({dim: (dim, wrapped, ds[dim].attrs)})
    order = np.argsort(wrapped)
    steps = np.diff(wrapped[order])
    if steps.size and steps.max() > 1.5 * steps.min():
        return ds
    return ds.assign_coords({dim: (dim, wrapped, ds[dim].attrs)}).isel({dim: order})


PRODUCT = Product(
    open_raster,
    "any grid, with or without time and soil layers, declared by hand",
    "NetCDF, Zarr or GeoTIFF",
    (
        "the bands of a GeoTIFF are named by description or number; dims: {depth: band} "
        "makes them layers, dims: {time: band} dates (with time_format)",
        "tiles of one date must be mosaicked first, with gdalbuildvrt and gdal_translate",
    ),
)
