"""Maps as cloud-optimised GeoTIFF: a file for each variable, a band for each date, layer, ..."""

import itertools
import math
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from affine import Affine
from odc.geo.crs import CRS

from soilscope.errors import StudyError
from soilscope.grid.crs import geobox_of, grid_dims
from soilscope.study.export_piece import Piece
from soilscope.study.export_words import labels, plain

MOST = 1000  # bands of a file: a block holds the cells of all of them
BATCH = 256 * 2**20  # bytes that are read at a time
_TIFF = 65_535  # bands that the format can hold
MISSING = -128  # code of what has no class, where codes have 8 bits


def geotiff_pieces(name: str, ds: xr.Dataset, crs: CRS | None) -> Iterator[Piece]:
    """Yield a file for each variable on a grid that holds numbers."""
    dims = grid_dims(ds)
    if dims is None:
        return
    for variable, da in ds.data_vars.items():
        if not set(dims) <= set(da.dims) or da.dtype.kind not in "biuf":
            continue
        others = [str(d) for d in da.dims if d not in dims]
        about = plain({"result": name, "variable": variable} | ds.attrs | da.attrs)
        north_up = _north_up(da.transpose(*others, *dims), dims)
        for stem, part, names in _parts(f"{name}_{variable}", north_up):
            yield Piece(f"{stem}.tif", partial(_write, da=part, names=names, crs=crs, tags=about))


def _parts(stem: str, da: xr.DataArray) -> Iterator[tuple[str, xr.DataArray, list[str]]]:
    """Split a variable with many maps along its first dimension, named by where a part begins.

    With each part come the names of its bands.
    """
    bands = math.prod(da.shape[:-2])
    others = [labels(da, str(d)) for d in da.dims[:-2]]
    names = [" ".join((str(da.name), *words)) for words in itertools.product(*others)]
    if bands <= MOST:
        yield stem, da, names
        return
    first = str(da.dims[0])
    step = max(1, MOST * da.shape[0] // bands)
    if bands // da.shape[0] > _TIFF:
        raise StudyError(
            f"{stem} has {bands} maps, too many for GeoTIFF; give --format netcdf, or other "
            "results with --steps."
        )
    each = bands // da.shape[0]
    for start in range(0, da.shape[0], step):
        word = re.sub(r"[^\w.-]+", "-", others[0][start])
        part = da.isel({first: slice(start, start + step)})
        yield f"{stem}_{word}", part, names[start * each : (start + step) * each]


def _north_up(da: xr.DataArray, dims: tuple[str, str]) -> xr.DataArray:
    """Put rows from north to south and columns from west to east."""
    for dim, falls in zip(dims, (True, False), strict=True):
        values = da[dim].values
        if values.size > 1 and (values[-1] < values[0]) != falls:
            da = da.isel({dim: slice(None, None, -1)})
    return da


def _write(
    path: Path, *, da: xr.DataArray, names: list[str], crs: CRS | None, tags: dict[str, Any]
) -> None:
    import rasterio
    import rasterio.shutil

    transform, shape = _cells(da)
    dtype, nodata = _stored(da)
    raw = path.with_name(f"{path.stem}.bands.tif")
    profile = {
        "driver": "GTiff", "dtype": dtype, "nodata": nodata, "count": len(names),
        "height": shape[0], "width": shape[1], "transform": transform, "interleave": "band",
        "tiled": True, "blockxsize": 256, "blockysize": 256, "BIGTIFF": "IF_SAFER",
        "crs": None if crs is None else rasterio.CRS.from_wkt(crs.to_wkt()),
    }  # fmt: skip
    with rasterio.open(raw, "w", **profile) as file:
        file.update_tags(**{key: _text(value) for key, value in tags.items()})
        units = str(da.attrs.get("units", ""))
        for band, values in enumerate(_bands(da, dtype), start=1):
            file.write(values, band)
        file.descriptions = names
        file.units = [units] * len(names)
    whole = dtype.startswith(("int", "uint"))
    rasterio.shutil.copy(
        raw, path, driver="COG", COMPRESS="DEFLATE", PREDICTOR="YES", BIGTIFF="IF_SAFER",
        OVERVIEW_RESAMPLING="NEAREST" if whole else "AVERAGE", BLOCKSIZE=_block(shape, len(names)),
    )  # fmt: skip
    raw.unlink()


def _block(shape: tuple[int, int], bands: int) -> int:
    """Side of a block: small where the map is, and where a block would hold many bands."""
    side = max(shape)
    return 512 if side > 1024 and bands <= 24 else 256 if side > 256 and bands <= 100 else 128


def _cells(da: xr.DataArray) -> tuple[Affine, tuple[int, int]]:
    box = geobox_of(da, name=str(da.name))
    return box.affine, (int(box.shape[0]), int(box.shape[1]))


def _stored(da: xr.DataArray) -> tuple[str, float | None]:
    """Return type and missing value: types that older programs lack become wider ones."""
    if da.dtype.kind == "f":
        return ("float64" if da.dtype.itemsize > 4 else "float32"), float("nan")
    if da.dtype.kind == "b":
        return "uint8", None
    if da.dtype.itemsize == 1:
        return ("int16", MISSING) if da.dtype.kind == "i" else ("uint8", None)
    return ("int16", None) if da.dtype == np.int16 else ("int32", None)


def _bands(da: xr.DataArray, dtype: str) -> Iterator[npt.NDArray[Any]]:
    """Yield the maps in order, read in batches."""
    shape = da.shape[-2:]
    if da.ndim == 2:
        yield da.values.astype(dtype)
        return
    step = max(1, int(BATCH // max(1, da.nbytes // da.shape[0])))
    for start in range(0, da.shape[0], step):
        block = da.isel({da.dims[0]: slice(start, start + step)}).values
        yield from block.reshape(-1, *shape).astype(dtype)


def _text(value: Any) -> str:
    if isinstance(value, list | np.ndarray):
        return ", ".join(str(v) for v in value)
    return str(value)
