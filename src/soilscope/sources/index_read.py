"""The values of one variable of many files: a file is open only while it is read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import h5py
import netCDF4
import numpy as np
import numpy.typing as npt
import rasterio
import rasterio.windows
import xarray as xr
from xarray.backends import BackendArray
from xarray.backends.netCDF4_ import NETCDF4_PYTHON_LOCK
from xarray.core import indexing

from soilscope.errors import SourceError
from soilscope.sources.formats import reading
from soilscope.sources.index_cache import State, state_of
from soilscope.sources.index_header import Header

Array = npt.NDArray[Any]
Window = tuple[slice, ...]


@dataclass(frozen=True)
class Piece:
    """A file, what it was when its header was read, and its times."""

    path: Path
    state: State
    header: Header
    stamps: npt.NDArray[np.datetime64]


class StackedFiles(BackendArray):
    """One variable of many files along its first axis, which is time.

    `inner` is the shape of a single time; `record` tells whether files have the axis of time
    themselves, and `decoded` whether stored numbers are decoded by the packing of each file.
    """

    def __init__(
        self,
        name: str,
        pieces: Sequence[Piece],
        inner: tuple[int, ...],
        dtype: np.dtype[Any],
        *,
        record: bool,
        decoded: bool,
    ) -> None:
        self.name, self.record, self.dtype = name, record, dtype
        header = pieces[0].header
        self.kind = header.kind
        self.paths = tuple(str(piece.path) for piece in pieces)
        self.states = tuple(piece.state for piece in pieces)
        self.ends = np.cumsum([piece.stamps.size for piece in pieces])
        self.shape = (int(self.ends[-1]), *inner)
        self.packing = tuple(_packing(piece.header, name) for piece in pieces) if decoded else None
        names = list(header.variables) if self.kind != "geotiff" else header.bands
        one = names.index(name) + 1 if name in names else None
        self.bands = list(range(1, len(names) + 1)) if one is None else one

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        outer = indexing.IndexingSupport.OUTER
        return indexing.explicit_indexing_adapter(key, self.shape, outer, self._read)

    def __dask_tokenize__(self) -> tuple[Any, ...]:
        return (self.name, self.paths, self.states, self.shape, str(self.dtype), self.packing)

    def _read(self, key: tuple[Any, ...]) -> Array:
        steps = np.atleast_1d(np.arange(self.shape[0])[key[0]])
        window, cuts = _window(key[1:], self.shape[1:])
        shape = tuple(part.stop - part.start for part in window)
        out = np.empty((steps.size, *shape), self.dtype)
        owners = np.searchsorted(self.ends, steps, side="right")
        for start, stop in _runs(owners):
            owner = int(owners[start])
            first = int(self.ends[owner - 1]) if owner else 0
            out[start:stop] = self._of(owner, steps[start:stop] - first, window)
        out = _cut(out, cuts)
        return out[0] if isinstance(key[0], (int, np.integer)) else out

    def _of(self, owner: int, steps: npt.NDArray[np.int64], window: Window) -> Array:
        """Read some steps of one file, decoded."""
        path = Path(self.paths[owner])
        with reading(path):
            if state_of(path) != self.states[owner]:
                raise SourceError(f"{path} has changed since it was opened; open it anew.")
            low, high = int(steps.min()), int(steps.max()) + 1
            values = self._stored(path, (slice(low, high), *window) if self.record else window)
        values = values[steps - low] if self.record else values[None]
        if self.packing is None or not self.packing[owner]:
            return values
        dims = tuple(map(str, range(values.ndim)))
        coded = xr.Variable(dims, values, dict(self.packing[owner]))
        plain = xr.conventions.decode_cf_variable(
            self.name, coded, decode_times=False, decode_timedelta=False
        )
        return np.asarray(plain.data)

    def _stored(self, path: Path, window: Window) -> Array:
        if self.kind == "geotiff":
            rows, columns = window[-2:]
            bands = self.bands if isinstance(self.bands, int) else self.bands[window[0]]
            with rasterio.open(path) as file:
                place = rasterio.windows.Window.from_slices(rows, columns)
                return np.asarray(file.read(bands, window=place))
        if self.kind == "hdf5":
            with h5py.File(path, "r") as file:
                return np.asarray(file[self.name][window])
        with NETCDF4_PYTHON_LOCK, netCDF4.Dataset(path) as file:
            file.set_auto_maskandscale(False)
            return np.asarray(file.variables[self.name][window])


def _packing(header: Header, name: str) -> dict[str, Any]:
    """Return the packing of a variable, in the types that the file holds it in."""
    kinds = header.variables[name][3]
    packed = header.packing.get(name, {})
    typed = {key: np.array(value, kinds[key])[()] for key, value in packed.items()}
    meaning = header.variables[name][2]
    return typed | ({"_Unsigned": meaning["_Unsigned"]} if "_Unsigned" in meaning else {})


def _runs(owners: npt.NDArray[np.intp]) -> Iterator[tuple[int, int]]:
    """Yield where a file begins and ends among the steps asked for."""
    edges = np.flatnonzero(np.diff(owners)) + 1
    bounds = [0, *edges.tolist(), owners.size]
    yield from pairwise(bounds) if owners.size else ()


def _window(key: tuple[Any, ...], shape: tuple[int, ...]) -> tuple[Window, list[Any]]:
    """Return the smallest window that holds what is asked for, and what is kept of it."""
    window, kept = list[slice](), list[Any]()
    for part, size in zip(key, shape, strict=True):
        if isinstance(part, slice) and part.step in (None, 1):
            start, stop, _ = part.indices(size)
            window.append(slice(start, max(start, stop)))
            kept.append(slice(None))
            continue
        at = np.arange(size)[part]
        low = int(at.min()) if at.size else 0
        window.append(slice(low, int(at.max()) + 1 if at.size else 0))
        kept.append(at - low)
    return tuple(window), kept


def _cut(values: Array, cuts: Sequence[Any]) -> Array:
    """Take what is asked for along each axis behind the first; numbers leave their axis out."""
    for axis in reversed(range(len(cuts))):
        values = values[(slice(None),) * (axis + 1) + (cuts[axis],)]
    return values
