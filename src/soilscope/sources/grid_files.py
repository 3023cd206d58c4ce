"""One file of a grid as it is stored: NetCDF, Zarr, GeoTIFF, or a GDAL virtual mosaic (VRT)."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import xarray as xr

from soilscope.errors import SourceError
from soilscope.grid.crs import crs_of
from soilscope.sources.chunks import Chunks
from soilscope.sources.declared import Declared, Variable
from soilscope.sources.formats import file_format, open_lazily, reading
from soilscope.sources.geotiff import open_geotiff

_WEB = re.compile(rb"/vsicurl|/vsis3|https?://")


def open_grid_file(path: Path, *, chunks: Chunks, by_hand: Sequence[str] = ()) -> xr.Dataset:
    """Open a file without reading its values; the bands of images are its variables.

    The variables `by_hand` of NetCDF keep their stored numbers.
    """
    if path.suffix.lower() == ".vrt":
        _require_local(path)
        return open_geotiff(path, chunks=chunks, stacked=False)
    if file_format(path) == "geotiff":
        return open_geotiff(path, chunks=chunks, stacked=False)
    return open_lazily(path, by_hand=by_hand)


def crs_text(raw: xr.Dataset, declared: Declared) -> str | None:
    """Return the reference system that is declared, else the one that a file states."""
    stated = None if declared.crs is not None else crs_of(raw)
    return declared.crs if stated is None else stated.to_wkt()


def with_only_band(declared: Declared, raw: xr.Dataset) -> Declared:
    """Take the one band of a file for the one variable that is asked for, whatever its name."""
    variables = declared.variables or ()
    bands = list(map(str, raw.data_vars))
    if len(variables) != 1 or len(bands) != 1 or set(variables[0].source) <= set(bands):
        return declared
    return replace(declared, variables=(replace(variables[0], source=(bands[0],)),))


def by_hand_names(variables: Sequence[Variable]) -> list[str]:
    """Return the file's names of variables whose stored numbers are decoded as declared."""
    return [name for variable in variables if variable.by_hand for name in variable.source]


def _require_local(path: Path) -> None:
    """Refuse a mosaic whose tiles lie on the web: nothing is downloaded while data are read."""
    with reading(path):
        text = path.read_bytes()
    if b"<VRTDataset" not in text[:4096]:
        raise SourceError(f"{path} is named .vrt, but holds no virtual mosaic of GDAL.")
    if _WEB.search(text):
        raise SourceError(
            f"{path} names tiles on the web; fetch them first, with gdal_translate {path.name} "
            f"{path.stem}.tif (-projwin cuts a region)."
        )
