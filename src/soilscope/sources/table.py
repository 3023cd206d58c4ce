"""Sites and catchments: series in NetCDF, Zarr, CSV or Parquet, with or without coordinates."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from soilscope.errors import SourceError
from soilscope.sources.assemble import combine, file_label
from soilscope.sources.axes import TABLE_DIMS, guess_column
from soilscope.sources.chunks import Chunks
from soilscope.sources.declared import Declared
from soilscope.sources.decode import decode_file, require_found
from soilscope.sources.formats import file_format, open_lazily, reading
from soilscope.sources.product import Product
from soilscope.sources.rows import read_rows
from soilscope.sources.timeaxis import stamp_from_name

_PLACES = {
    "latitude": ("gauge_lat", "site_lat", "station_lat"),
    "longitude": ("gauge_lon", "site_lon", "station_lon"),
    "x": (),
    "y": (),
}


def open_table(files: Sequence[Path], declared: Declared, *, chunks: Chunks) -> xr.Dataset:
    """Open the files of a table: dims (time, depth, site), in the files' units."""
    parts, held = [], dict[str, None]()
    for path in files:
        raw = _open(path, declared)
        held |= dict.fromkeys(map(str, raw.data_vars))
        parts.append(_decode(raw, path, declared, chunks))
    found = {str(name) for part in parts for name in part.data_vars}
    require_found(declared, found, list(held), file=file_label(files))
    return combine(parts, file=file_label(files))


def _open(path: Path, declared: Declared) -> xr.Dataset:
    kind = file_format(path)
    if kind in ("text", "parquet"):
        with reading(path):
            return read_rows(path, declared, kind=kind)
    if kind == "geotiff":
        raise SourceError(f"{path} is a GeoTIFF, a grid; open it with product: raster.")
    by_hand = [s for v in declared.variables or () if v.by_hand for s in v.source]
    return open_lazily(path, by_hand=by_hand)


def _decode(raw: xr.Dataset, path: Path, declared: Declared, chunks: Chunks) -> xr.Dataset:
    pattern = declared.time_from_name
    ds = decode_file(
        raw,
        declared,
        allowed=TABLE_DIMS,
        file=str(path),
        chunks=chunks,
        stamp=None if pattern is None else stamp_from_name(path, pattern),
    )
    if "site" not in ds.dims:
        return ds.expand_dims(site=np.array([path.stem], dtype=object), axis=-1)
    ds = ds.assign_coords(site=("site", _labels(ds, path)))
    return ds.assign_coords(_coordinates(raw, declared, ds.sizes["site"]))


def _labels(ds: xr.Dataset, path: Path) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """Return the sites' labels as text; sites without labels are numbered from 1."""
    if "site" in ds.coords:
        values = [v.decode() if isinstance(v, bytes) else str(v) for v in ds["site"].values]
    else:
        values = [str(i + 1) for i in range(ds.sizes["site"])]
    labels, counts = np.unique(np.array(values), return_counts=True)
    if (counts > 1).any():
        raise SourceError(
            f"{path} holds the site '{labels[counts > 1][0]}' twice; keep one of them."
        )
    return np.array(values, dtype=object)


def _coordinates(raw: xr.Dataset, declared: Declared, n_sites: int) -> dict[str, xr.Variable]:
    """Return what is known about each site: place, and other coordinates under their own names."""
    along = _site_dim(raw, declared)
    columns = {
        str(name): raw[name]
        for name in raw.variables
        if raw[name].dims == (along,) and name != along and name not in raw.dims
    }
    taken = {s for v in declared.variables or () for s in v.source}
    places = {}
    for ours, usual in _PLACES.items():
        theirs = declared.theirs(ours) or guess_column(columns, ours)
        theirs = theirs or next((n for n in usual if n in columns), None)
        if theirs in columns:
            places[ours] = theirs
    result = {ours: _as_site(columns[theirs]) for ours, theirs in places.items()}
    for name, column in columns.items():
        spare = name not in taken and name not in places.values() and name in raw.coords
        if spare and name not in result and column.size == n_sites:
            result[name] = _as_site(column)
    return result


def _site_dim(raw: xr.Dataset, declared: Declared) -> str | None:
    theirs = declared.theirs("site")
    if theirs in raw.variables and theirs not in raw.dims:
        return str(raw[theirs].dims[0])
    return theirs if theirs is not None else guess_column(map(str, raw.dims), "site")


def _as_site(column: xr.DataArray) -> xr.Variable:
    values = np.asarray(column.values)
    if values.dtype.kind in "SU":
        values = values.astype("U").astype(object)
    units = {k: v for k, v in column.attrs.items() if k in ("units", "long_name")}
    return xr.Variable("site", values, units)


PRODUCT = Product(
    open_table,
    "series at sites or of catchments, with or without coordinates, declared by hand",
    "NetCDF, Zarr, CSV or Parquet",
    (
        "a CSV or Parquet file has one row a site and date (and depth), in any order",
        "files without a site are one site each, named by the file",
    ),
)
