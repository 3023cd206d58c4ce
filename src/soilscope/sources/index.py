"""Huge folders: files that are laid out alike are opened as one, from an index of their headers.

Headers are read once and kept (`index_cache`), so that ten thousand files open in seconds the next
time; a file whose size or time of change differs is read anew.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from json import dumps
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.errors import SourceError
from soilscope.sources.assemble import Period, file_label
from soilscope.sources.index_cache import Entries, State, keep_headers, known_headers, state_of
from soilscope.sources.index_header import PACKING, Header, read_header
from soilscope.sources.index_read import Piece
from soilscope.sources.index_stack import stack
from soilscope.sources.timeaxis import require_apart

#: Fewer files than this are opened one by one, each in full.
MANY = 16
#: Time steps that are kept on each side of a period: they tell the usual step.
_MARGIN = 400

Stamp = Callable[[Path], np.datetime64 | None]
Part = Callable[[Path], str | None]
Open = Callable[[Path], xr.Dataset]


@dataclass(frozen=True)
class Alike:
    """Files that are laid out alike as one lazy Dataset along time; or one file of its own."""

    raw: xr.Dataset
    files: tuple[Path, ...]

    @property
    def label(self) -> str:
        """The files in a message."""
        return file_label(self.files)


@dataclass(frozen=True)
class Indexed:
    """A file and its header; `fault` says why it cannot be read, if so."""

    path: Path
    state: State = (0, 0)
    header: Header | None = None
    fault: str = ""


def open_alike(
    files: Sequence[Path],
    open_one: Open,
    *,
    stamp: Stamp | None = None,
    part: Part | None = None,
    time_dim: str | None = None,
    period: Period = None,
) -> Iterator[Alike]:
    """Open files of one product, those that are laid out alike as one.

    Parameters
    ----------
    files
        The files: NetCDF or GeoTIFF; others are opened one by one.
    open_one
        Opens one file as it is stored, such as `open_lazily` or `open_geotiff`. Whatever it decodes
        (scale, fill value) is decoded in all files, by what each of them says.
    stamp
        The date of a file whose content tells none; None where there is no such date either.
    part
        What else the name of a file tells, such as its variable or layer: files that differ in it
        are never put together, and may hold the same times.
    time_dim
        The files' name of time, if it is none of the usual ones.
    period
        Times far from it are left out.

    Yields
    ------
    Alike
        One Dataset for all files of the same format, variables, types, units and cells, in the
        order of their times, with one more dimension (of time) where the files have none. Files
        that differ from all others, and those that tell no time, come as `open_one` gives them.

    Raises
    ------
    SourceError
        If a file cannot be read, or two files hold one time of the same variables.
    """
    if len(files) < MANY:
        yield from (Alike(open_one(path), (path,)) for path in files)
        return
    found = read_index(files, time_dim=time_dim)
    _require_readable(found, open_one)
    groups: dict[object, tuple[list[Path], list[Piece]]] = {}
    for item in found:
        piece = _piece(item, stamp)
        told = None if part is None else part(item.path)
        key = item.path if piece is None else (told, piece.header.layout)
        paths, pieces = groups.setdefault(key, ([], []))
        paths.append(item.path)
        pieces += [] if piece is None else [piece]
    _require_apart({key: pieces for key, (_, pieces) in groups.items() if pieces})
    for paths, pieces in groups.values():
        if len(pieces) >= MANY:
            yield from _together(pieces, open_one, time_dim=time_dim, period=period)
        else:
            yield from (Alike(open_one(path), (path,)) for path in paths)


def read_index(files: Sequence[Path], *, time_dim: str | None = None) -> list[Indexed]:
    """Return the headers of files in their order; those that are not known are read and kept."""
    folders: dict[Path, Entries] = {}
    fresh: dict[Path, int] = {}
    found = []
    for path in files:
        home = path.parent
        if home not in folders:
            folders[home] = known_headers(home, time_dim=time_dim)
        known = folders[home]
        try:
            state = state_of(path)
            kept = known.get(path.name)
            if kept is None or kept[0] != state:
                header = None if path.is_dir() else read_header(path, time_dim=time_dim)
                if header is None:
                    found.append(Indexed(path, state))
                    continue
                known[path.name] = kept = (state, header)
                fresh[home] = fresh.get(home, 0) + 1
            found.append(Indexed(path, state, kept[1]))
        except (SourceError, OSError) as fault:
            found.append(Indexed(path, fault=str(fault)))
        except (TypeError, AttributeError):  # types of its own, such as structures
            found.append(Indexed(path))
    for home, count in fresh.items():
        if count >= MANY or len(folders[home]) >= MANY:
            keep_headers(home, folders[home], time_dim=time_dim)
    return found


def _require_readable(found: Sequence[Indexed], open_one: Open) -> None:
    """Refuse files that cannot be read: the first in its reader's words, the others by name."""
    faulty = [item for item in found if item.fault]
    for at, item in enumerate(faulty):
        try:
            open_one(item.path).close()
        except SourceError as fault:
            others = [other.path.name for other in faulty[at + 1 :]]
            if not others:
                raise
            listed = ", ".join(others[:3]) + (" ..." if len(others) > 3 else "")
            raise SourceError(
                f"{fault} {len(others)} more cannot be read either: {listed} (soilscope check "
                "STUDY --csv check.csv lists them all)."
            ) from fault


def _piece(item: Indexed, stamp: Stamp | None) -> Piece | None:
    """Return a file with its times; None where it is opened in full."""
    header = item.header
    if header is None or not header.plain:
        return None
    if header.stamps:
        # a name tells the date of a file that has no dimension of time, as it does elsewhere
        if header.has_record or stamp is None:
            return Piece(item.path, item.state, header, _times(header))
    elif header.has_record:
        return None
    named = None if stamp is None else stamp(item.path)
    if named is None:
        return None
    return Piece(item.path, item.state, header, np.array([named], "datetime64[ns]"))


def _times(header: Header) -> npt.NDArray[np.datetime64]:
    return np.array(header.stamps, np.int64).view("datetime64[ns]")


def _together(
    pieces: Sequence[Piece],
    open_one: Open,
    *,
    time_dim: str | None,
    period: Period,
) -> Iterator[Alike]:
    """Open files of one layout: as one, but for those whose stored numbers mean something else."""
    ordered = sorted(pieces, key=lambda piece: piece.stamps[0])
    first = open_one(ordered[0].path)
    by_hand = [str(n) for n, da in first.variables.items() if set(PACKING) & set(da.attrs)]
    groups: dict[str, list[Piece]] = {}
    for piece in ordered:
        packing = piece.header.packing
        if piece.header.kind != "geotiff":
            packing = {name: packing.get(name, {}) for name in by_hand}
        groups.setdefault(dumps(packing, sort_keys=True), []).append(piece)
    dim = time_dim or ordered[0].header.time_dim or "time"
    for number, group in enumerate(groups.values()):
        raw = first if number == 0 else open_one(group[0].path)
        whole = stack(raw, group, dim=dim) if len(group) > 1 else None
        if whole is not None:
            yield Alike(_near(whole, dim, period), tuple(piece.path for piece in group))
            continue
        yield Alike(raw, (group[0].path,))
        yield from (Alike(open_one(piece.path), (piece.path,)) for piece in group[1:])


def _near(raw: xr.Dataset, dim: str, period: Period) -> xr.Dataset:
    """Leave out times far from a period, unless they are out of order."""
    time = raw[dim].values
    if period is None or (np.diff(time) < np.timedelta64(0)).any():
        return raw
    start, stop = np.searchsorted(time, [np.datetime64(stamp, "ns") for stamp in period])
    return raw.isel({dim: slice(max(0, int(start) - _MARGIN), int(stop) + _MARGIN)})


def _require_apart(groups: Mapping[object, Sequence[Piece]]) -> None:
    """Refuse a time that two files hold of the same variables."""
    held: dict[object, list[tuple[str, npt.NDArray[np.datetime64]]]] = {}
    for key, pieces in groups.items():
        told = key[0] if isinstance(key, tuple) else None
        what = (told, tuple(sorted(pieces[0].header.variables)))
        held.setdefault(what, []).extend((str(piece.path), piece.stamps) for piece in pieces)
    for parts in held.values():
        require_apart(parts)
