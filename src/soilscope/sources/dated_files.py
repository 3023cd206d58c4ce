"""Files of one field each, laid out alike and dated by their names, seen as a single file.

The first is opened to learn its layout; the others are opened one at a time when they are read, and
must be laid out as it is.
"""

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from xarray.backends import BackendArray
from xarray.core import indexing

from soilscope.errors import SoilscopeWarning, SourceError
from soilscope.names import flag_attrs
from soilscope.sources.assemble import Period
from soilscope.sources.axes import RASTER_DIMS
from soilscope.sources.chunks import Chunks
from soilscope.sources.declared import Declared
from soilscope.sources.decode import decode_file
from soilscope.sources.formats import file_format, open_lazily, reading
from soilscope.sources.timeaxis import decode_stamps, show

Array = npt.NDArray[Any]
#: Files that are read for one chunk, at most, where fields are small.
_MOST = 366
_DAY = np.timedelta64(1, "D")
#: What the stored numbers mean: the same in every file.
_TOLD = ("scale_factor", "add_offset", "_FillValue", "missing_value", "units")


@dataclass(frozen=True)
class Dated:
    """A file, the date in its name, and what else its name tells."""

    path: Path
    stamp: np.datetime64
    told: dict[str, str]


def dated_files(
    paths: Sequence[Path], pattern: re.Pattern[str], *, product: str, example: str, period: Period
) -> list[Dated]:
    """Return the files within `period` (whole days) in the order of the dates in their names.

    `pattern` has the groups year, month, and day, hour, minute as needed. In a folder, files with
    other names are left out.
    """
    found: dict[np.datetime64, Dated] = {}
    for path in dict.fromkeys(paths):
        folder = path.is_dir()
        inside = sorted(p for p in path.rglob("*") if p.is_file()) if folder else [path]
        matches = [(file, pattern.search(file.name)) for file in inside]
        named = [(file, match) for file, match in matches if match is not None]
        if not named:
            what = f"the folder {path} holds no file that is" if folder else f"{path} is not"
            raise SourceError(
                f"{what} named as those of {product}, such as {example}, and names tell the "
                "dates; rename, or open with product: raster."
            )
        for file, match in named:
            _add(found, file, match, product)
    ordered = [found[stamp] for stamp in sorted(found)]
    return _within(ordered, period)


def _add(found: dict[np.datetime64, Dated], path: Path, match: re.Match[str], product: str) -> None:
    told = {key: value for key, value in match.groupdict().items() if value is not None}
    numbers = {k: int(told[k]) for k in ("year", "month", "day", "hour", "minute") if k in told}
    try:
        stamp = np.datetime64(pd.Timestamp(**({"day": 1} | numbers)), "ns")
    except ValueError:
        raise SourceError(f"the date in the file name {path.name!r} does not exist.") from None
    if stamp in found:
        raise SourceError(
            f"{found[stamp].path} and {path} are both of {show(stamp)} in {product}; keep one of "
            "them."
        )
    found[stamp] = Dated(path, stamp, told)


def _within(files: list[Dated], period: Period) -> list[Dated]:
    if period is None:
        return files
    first, last = (stamp.to_datetime64() for stamp in period)
    inside = [file for file in files if first <= file.stamp <= last]
    if not inside:
        raise SourceError(
            f"{files[0].path} and its like run from {show(files[0].stamp)} to "
            f"{show(files[-1].stamp)} and have nothing in the period {period[0]:%Y-%m-%d} to "
            f"{period[1]:%Y-%m-%d}; change period or the files."
        )
    return inside


def tell_missing(files: Sequence[Dated], *, product: str, stacklevel: int = 4) -> None:
    """Warn of dates without a file between the first and the last, by the usual step."""
    stamps = np.array([file.stamp for file in files], "datetime64[ns]")
    if stamps.size < 3:
        return
    gaps = np.diff(stamps)
    step = np.median(gaps.astype(np.int64))
    if step > 27 * (_DAY / np.timedelta64(1, "ns")):
        return  # months, whose gaps are told once they are joined
    lost = np.rint(gaps.astype(np.int64) / step).astype(int) - 1
    at = np.flatnonzero(lost > 0)
    if at.size:
        listed = ", ".join(f"{show(stamps[i])} and {show(stamps[i + 1])}" for i in at[:3])
        warnings.warn(
            f"{product} has no file for {lost.sum()} of {stamps.size + lost.sum()} times (between "
            f"{listed}{' ...' if at.size > 3 else ''}); they are no stamps of the result. Add the "
            "files, if there are any.",
            SoilscopeWarning,
            stacklevel=stacklevel,
        )


def as_one(files: Sequence[Dated]) -> xr.Dataset:
    """Return stored numbers (time, rows, columns) of all files, of which the first is opened.

    Variables that are no field of a single time are left out.
    """
    first = files[0].path
    raw = open_lazily(first)
    by_hand = [str(name) for name in raw.data_vars]
    _require_date(raw, files[0])
    raw.close()
    with open_lazily(first, by_hand=by_hand) as raw:
        time = np.array([file.stamp for file in files], "datetime64[ns]")
        paths = tuple(str(file.path) for file in files)
        fields = {
            name: _stacked(da, paths, first) for name, da in raw.data_vars.items() if da.ndim >= 2
        }
        dims = {d for field in fields.values() if field is not None for d in field.dims}
        coords = {d: raw[d].load().variable for d in dims if d in raw.variables and d != "time"}
        held = {name: field for name, field in fields.items() if field is not None}
        attrs = dict(raw.attrs)
    if len(files) > 1:
        with open_lazily(files[-1].path) as last:
            _require_date(last, files[-1])
    return xr.Dataset(held, coords, attrs).assign_coords(time=("time", time))


def decode_dated(raw: xr.Dataset, declared: Declared, *, file: str, chunks: Chunks) -> xr.Dataset:
    """Decode what `as_one` returns; no chunk needs more than a year of daily files."""
    ds = decode_file(raw, declared, allowed=RASTER_DIMS, file=file, chunks=chunks)
    if chunks != "auto" or max(ds.chunksizes.get("time", (0,))) <= _MOST:
        return ds
    sizes = dict.fromkeys(map(str, ds.dims), -1) | {"time": _MOST}
    return decode_file(raw, declared, allowed=RASTER_DIMS, file=file, chunks=sizes)


def _stacked(da: xr.DataArray, paths: tuple[str, ...], first: Path) -> xr.Variable | None:
    """Return a field of the first file as one of all files; None where it is no single field."""
    lead, space = da.dims[:-2], da.dims[-2:]
    if da.dtype.kind not in "iufb" or any("time" in str(dim).casefold() for dim in space):
        return None
    if any(da.sizes[dim] != 1 for dim in lead):
        long = next(dim for dim in lead if da.sizes[dim] != 1)
        raise SourceError(
            f"{first} holds {da.sizes[long]} values of {da.name} along {long!r}, where one is "
            "expected; open it with product: raster."
        )
    about = {key: da.attrs[key] for key in _TOLD if key in da.attrs}
    values = _Files(paths, str(da.name), da.shape, da.dtype, about)
    lazy = indexing.LazilyIndexedArray(values)
    # by file, so that a chunk is never read of many files for a few cells each
    encoding = {"preferred_chunks": {"time": 1}}
    return xr.Variable(("time", *space), lazy, da.attrs, encoding)


class _Files(BackendArray):
    """One variable of many files along a new first axis; a file is open only while it is read.

    Paths are texts: dask pickles them to name each variable, which takes objects ten times as long.
    """

    def __init__(
        self,
        paths: tuple[str, ...],
        name: str,
        stored: tuple[int, ...],
        dtype: np.dtype[Any],
        about: dict[str, Any],
    ) -> None:
        self.paths, self.name, self.stored, self.about = paths, name, stored, about
        self.shape = (len(paths), *stored[-2:])
        self.dtype = dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        able = indexing.IndexingSupport.OUTER_1VECTOR
        return indexing.explicit_indexing_adapter(key, self.shape, able, self._read)

    def _read(self, key: tuple[Any, ...]) -> Array:
        when, *where = key
        window = (0,) * (len(self.stored) - 2) + tuple(where)
        if not isinstance(when, (slice, np.ndarray)):
            return self._of(Path(self.paths[int(when)]), window)
        at = range(len(self.paths))[when] if isinstance(when, slice) else when.tolist()
        return np.stack([self._of(Path(self.paths[i]), window) for i in at])

    def _of(self, path: Path, window: tuple[Any, ...]) -> Array:
        with reading(path):
            if file_format(path) == "hdf5":
                import h5py

                with h5py.File(path, "r") as file:
                    if self.name not in file:
                        raise SourceError(
                            f"{path} holds no {self.name!r}, unlike {Path(self.paths[0]).name}; "
                            "download it again, or take it out of paths."
                        )
                    stored = file[self.name]
                    self._require_alike(path, stored.shape, stored.dtype, dict(stored.attrs))
                    return np.asarray(stored[window])
            with open_lazily(path, by_hand=[self.name]) as raw:
                da = raw[self.name]
                self._require_alike(path, da.shape, da.dtype, da.attrs)
                return np.asarray(da[window].values)

    def _require_alike(
        self, path: Path, shape: tuple[int, ...], dtype: np.dtype[Any], attrs: dict[str, Any]
    ) -> None:
        """Refuse a file whose numbers mean something else than those of the first."""
        pairs = {"shape": (self.stored, tuple(shape)), "type": (self.dtype, dtype)}
        pairs |= {key: (_plain(self.about.get(key)), _plain(attrs.get(key))) for key in _TOLD}
        for what, (ours, theirs) in pairs.items():
            if ours != theirs:
                raise SourceError(
                    f"{self.name} in {path} has {what.strip('_')} {theirs}, but {ours} in "
                    f"{Path(self.paths[0]).name}; download one version of all files, or open them "
                    "as two inputs."
                )


def _plain(value: Any) -> Any:
    """Return an attribute as other readers of the same file give it."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if value is None or isinstance(value, str):
        return value
    flat = np.asarray(value).ravel()
    number = flat[0].item() if flat.size and isinstance(flat[0], np.generic) else None
    return "NaN" if isinstance(number, float) and number != number else number


def _require_date(raw: xr.Dataset, file: Dated) -> None:
    """Refuse a file whose own date is not that of its name."""
    time = next((raw[n] for n in ("time", "Time") if n in raw.variables), None)
    if time is None or time.size != 1 or not np.issubdtype(time.dtype, np.datetime64):
        return
    own = decode_stamps(
        time.expand_dims("time") if not time.ndim else time, file="", time_format=None
    )
    if abs(own[0] - file.stamp) > _DAY:
        raise SourceError(
            f"{file.path} is named {show(file.stamp)}, but holds {show(own[0])}; rename it, or "
            "download it again."
        )


def with_record(
    ds: xr.Dataset, files: Sequence[Dated], preliminary: Sequence[bool], *, label: str, what: str
) -> xr.Dataset:
    """Return `ds` with the coordinate `record_status` where files are preliminary, and tell it.

    `what` says in words what such files are, and what to do.
    """
    early = [file for file, is_early in zip(files, preliminary, strict=True) if is_early]
    if not early:
        return ds
    status = np.array([1 if is_early else 0 for is_early in preliminary], np.int8)
    attrs = flag_attrs(("unknown", "final", "preliminary"), first=-1)
    attrs |= {"long_name": "final or preliminary record"}
    ends = " to ".join(dict.fromkeys(show(early[i].stamp) for i in (0, -1)))
    text = f"{len(early)} of {len(files)} files ({ends})"
    warnings.warn(f"{text} in {label} are {what}", SoilscopeWarning, stacklevel=5)
    return ds.assign_coords(record_status=("time", status, attrs)).assign_attrs(preliminary=text)
