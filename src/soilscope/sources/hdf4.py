"""HDF-EOS2 grids (MODIS, `.hdf`) as lazy arrays, through the optional library pyhdf.

Layout of the metadata: HDF-EOS Library User's Guide, volume 1, and headers of MOD13Q1 and MOD13C2.
"""

import importlib.util
import math
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import dask.array
import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.errors import GridError, SourceError
from soilscope.sources.chunks import Chunks, chunk_sizes
from soilscope.sources.reading import reading

Array = npt.NDArray[Any]

#: Radius of the sphere of the MODIS grid, and the way around it (36 tiles), m.
RADIUS, AROUND = 6371007.181, 36 * 1111950.5196666666
_LOCK = threading.RLock()  # the HDF4 library is not made for threads
#: Codes of number types in HDF4 -> ours.
_TYPES = {3: "u1", 5: "f4", 6: "f8", 20: "i1", 21: "u1", 22: "i2", 23: "u2", 24: "i4", 25: "u4"}
_GRID = re.compile(r"GROUP=(GRID_\d+)\b(.*?)END_GROUP=\1\b", re.DOTALL)
_PACKED = 360.0  # degrees; beyond, angles are DDDMMMSSS.SS


@dataclass(frozen=True)
class EosGrid:
    """A grid of an HDF-EOS file: its name, cells, corners (outer edges) and projection."""

    name: str
    rows: int
    columns: int
    upper_left: tuple[float, float]  # x, y
    lower_right: tuple[float, float]
    projection: str
    parameters: tuple[float, ...] = ()


def open_hdf4(path: Path, *, chunks: Chunks = "auto") -> xr.Dataset:
    """Open the fields of an HDF-EOS2 grid without reading their values.

    Variables bear the names of the fields, and hold stored numbers with the fields' own attributes;
    dims are (y, x) in the sinusoidal system of MODIS, or (latitude, longitude) of a global grid in
    degrees. Of several grids in a file the first is taken, with the fields that lie on it.
    """
    require_pyhdf(path)
    with _opened(path) as file:
        text = _metadata(file.attributes())
        fields = {str(name): about for name, about in file.datasets().items()}
        attrs = {name: _plain(file.select(name).attributes()) for name in fields}
    grid = _first_grid(text, path)
    coords = _coordinates(grid, path)
    dims = tuple(list(coords)[:2])
    shape = (grid.rows, grid.columns)
    data = {}
    for name, (theirs, size, code, _) in fields.items():
        if tuple(size) != shape or not _lies_on(grid, theirs) or code not in _TYPES:
            continue
        lazy = _lazy(_Field(path, name, shape, np.dtype(_TYPES[code])), dims, chunks)
        data[name] = (dims, lazy, attrs[name])
    if not data:
        raise SourceError(
            f"{path} holds no field on its grid {grid.name!r} ({grid.rows} x {grid.columns} "
            f"cells), only: {', '.join(fields) or 'nothing'}; download it again."
        )
    return xr.Dataset(data, coords)


def require_pyhdf(path: Path) -> None:
    """Refuse an HDF4 file where the optional library that reads it is not installed."""
    if importlib.util.find_spec("pyhdf") is None:
        raise SourceError(
            f"{path} is HDF4, which needs pyhdf: run python -m pip install pyhdf (or conda install "
            "-c conda-forge pyhdf). Without it, order the data as GeoTIFF or NetCDF from AppEEARS, "
            "or convert the file with gdal_translate."
        )


def read_struct_metadata(text: str) -> list[EosGrid]:
    """Return the grids that the text StructMetadata.0 of an HDF-EOS file describes."""
    return [_grid(block) for _, block in _GRID.findall(text)]


class _Field:
    """A field as an array that reads only what is asked for; the file is closed in between."""

    ndim = 2

    def __init__(self, path: Path, name: str, shape: tuple[int, int], dtype: np.dtype[Any]) -> None:
        self.path, self.name, self.shape, self.dtype = path, name, shape, dtype

    def __getitem__(self, key: tuple[slice, slice]) -> Array:
        bounds = [part.indices(n) for part, n in zip(key, self.shape, strict=True)]
        start = [first for first, _, _ in bounds]
        count = [last - first for first, last, _ in bounds]
        if not all(count):
            return np.empty(count, self.dtype)
        with _opened(self.path) as file:
            values: Array = np.asarray(file.select(self.name).get(start=start, count=count))
            return values.astype(self.dtype, copy=False)

    def __dask_tokenize__(self) -> tuple[Any, ...]:
        state = self.path.stat()
        return (str(self.path.absolute()), state.st_mtime_ns, state.st_size, self.name)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Open a file, and turn every fault of the HDF4 library into one line."""
    from pyhdf.error import HDF4Error
    from pyhdf.SD import SD

    with _LOCK, reading(path):
        try:
            file = SD(str(path))
            try:
                yield file
            finally:
                file.end()
        except HDF4Error as fault:
            if os.name == "nt" and not str(path).isascii():
                raise SourceError(
                    f"{path} cannot be read: on Windows the HDF4 library opens no names with "
                    "letters beyond ASCII; move the file to a folder without them."
                ) from fault
            raise OSError(str(fault)) from fault


def _lazy(field: _Field, dims: tuple[str, ...], chunks: Chunks) -> Any:
    sizes = chunk_sizes(dims, field.shape, field.shape, "auto" if chunks is None else chunks)
    from_array: Any = dask.array.from_array
    array = from_array(field, chunks=sizes, fancy=False, meta=np.empty((0, 0), field.dtype))
    return array.compute() if chunks is None else array


def _metadata(attributes: dict[str, Any]) -> str:
    """Join the parts of the metadata: a long text is split into StructMetadata.0, .1, ..."""
    names = [name for name in attributes if re.fullmatch(r"StructMetadata\.\d+", name)]
    ordered = sorted(names, key=lambda name: int(name.split(".")[1]))
    return "".join(str(attributes[name]).rstrip("\x00") for name in ordered)


def _plain(attributes: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.rstrip("\x00 ") if isinstance(value, str) else value
        for name, value in attributes.items()
    }


def _first_grid(text: str, path: Path) -> EosGrid:
    try:
        grids = read_struct_metadata(text)
    except (ValueError, KeyError) as fault:
        raise SourceError(
            f"{path} describes its grid in words that cannot be read ({fault}); download it again, "
            "or convert it to GeoTIFF, with gdal_translate."
        ) from None
    if not grids:
        raise SourceError(
            f"{path} is HDF4 without a grid of HDF-EOS (StructMetadata.0): a swath, or another "
            "kind of file; download the gridded product (level 3 or 4), or convert the file to "
            "GeoTIFF."
        )
    return grids[0]


def _grid(block: str) -> EosGrid:
    said = dict(re.findall(r"^\s*(\w+)=(.*?)\s*$", block.split("GROUP=Dimension")[0], re.MULTILINE))
    return EosGrid(
        name=said.get("GridName", "").strip('"'),
        rows=int(said["YDim"]),
        columns=int(said["XDim"]),
        upper_left=_pair(said["UpperLeftPointMtrs"]),
        lower_right=_pair(said["LowerRightMtrs"]),
        projection=said["Projection"].removeprefix("HE5_"),
        parameters=_numbers(said.get("ProjParams", "")),
    )


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(part) for part in text.strip("()").split(",") if part.strip())


def _pair(text: str) -> tuple[float, float]:
    x, y = _numbers(text)
    return x, y


def _lies_on(grid: EosGrid, dims: tuple[str, ...]) -> bool:
    """Whether dims (named as "YDim:MOD_Grid_MOD16A2") are rows and columns of the grid."""
    words = [str(dim).split(":") for dim in dims]
    named = [word[0].casefold() for word in words] == ["ydim", "xdim"]
    return named and all(len(word) < 2 or word[1] in ("", grid.name) for word in words)


def _coordinates(grid: EosGrid, path: Path) -> dict[str, Any]:
    if grid.projection == "GCTP_SNSOID":
        radius = grid.parameters[0] if grid.parameters and grid.parameters[0] > 0 else RADIUS
        x, y = (_centres(grid, axis, radius) for axis in (0, 1))
        text = f"+proj=sinu +lon_0=0 +x_0=0 +y_0=0 +R={radius:.10g} +units=m +no_defs"
        return {
            "y": ("y", y, {"units": "m"}),
            "x": ("x", x, {"units": "m"}),
            "spatial_ref": ((), 0, {"crs_wkt": _wkt(text)}),
        }
    if grid.projection == "GCTP_GEO":
        longitude, latitude = (_centres(grid, axis, None) for axis in (0, 1))
        return {
            "latitude": ("latitude", latitude, {"units": "degrees_north"}),
            "longitude": ("longitude", longitude, {"units": "degrees_east"}),
            "spatial_ref": ((), 0, {"crs_wkt": _wkt("EPSG:4326")}),
        }
    raise GridError(
        f"{path} is in the projection {grid.projection}, and only the sinusoidal grid of MODIS and "
        "grids in degrees are read from HDF4; convert it to GeoTIFF, with gdal_translate."
    )


def _centres(grid: EosGrid, axis: int, radius: float | None) -> npt.NDArray[np.float64]:
    """Return the centres of the cells along x (0) or y (1).

    Corners are rounded, and differently in each tile; cells that divide the equator are put back
    onto its grid, so that tiles join.
    """
    first, last = grid.upper_left[axis], grid.lower_right[axis]
    n = grid.columns if axis == 0 else grid.rows
    if radius is None:
        first, last = _degrees(first), _degrees(last)
    step = (last - first) / n
    if radius == RADIUS:
        exact = math.copysign(AROUND / round(AROUND / abs(step)), step)
        corner = round(first / exact) * exact
        if max(abs(first - corner), abs(exact - step) * n) < 0.01 * abs(step):
            first, step = corner, exact
    return np.asarray(first + step * (np.arange(n) + 0.5), dtype=np.float64)


def _degrees(angle: float) -> float:
    """Return an angle in degrees, be it packed (DDDMMMSSS.SS) or not."""
    if abs(angle) <= _PACKED:
        return angle
    degrees, rest = divmod(abs(angle), 1e6)
    minutes, seconds = divmod(rest, 1e3)
    return math.copysign(degrees + minutes / 60 + seconds / 3600, angle)


@cache
def _wkt(text: str) -> str:
    import pyproj

    return str(pyproj.CRS(text).to_wkt())
