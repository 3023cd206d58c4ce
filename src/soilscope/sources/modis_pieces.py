"""Layers of MODIS files, whatever exported them: found by name, dated, and put together."""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import dask.array
import numpy as np
import xarray as xr

from soilscope.errors import SoilscopeWarning, SourceError
from soilscope.grid.crs import crs_of, grid_dims
from soilscope.sources.assemble import combine
from soilscope.sources.axes import RASTER_DIMS
from soilscope.sources.chunks import Chunks
from soilscope.sources.declared import Declared, Variable
from soilscope.sources.decode import decode_file
from soilscope.sources.formats import file_format, open_lazily
from soilscope.sources.geotiff import open_geotiff
from soilscope.sources.hdf4 import open_hdf4
from soilscope.sources.index import open_alike
from soilscope.sources.modis_layers import date_of, named_date
from soilscope.sources.mosaic import mosaic
from soilscope.sources.overpasses import near_period
from soilscope.sources.timeaxis import Stamps, show

_SINUSOIDAL = "+proj=sinu +lon_0=0 +x_0=0 +y_0=0 +R=6371007.181 +units=m +no_defs"
_PLANAR = ("ydim", "xdim")
_MARGIN = 400  # days beside a period of which files are opened: they tell the step
_GRIDS = (("y", "x"), ("latitude", "longitude"))
Place = tuple[float, ...]


@dataclass(frozen=True)
class Piece:
    """One layer of a file (or of many alike) as it is stored, and its dates."""

    raw: xr.Dataset
    variable: Variable
    stamps: Stamps
    path: Path

    @property
    def image(self) -> xr.DataArray:
        """The stored numbers."""
        return self.raw[self.variable.source[0]]

    @property
    def place(self) -> Place:
        """Where its first and last rows and columns lie."""
        last = [str(dim) for dim in self.image.dims][-2:]
        edges = [self.raw[dim].values[[0, -1]] for dim in last if dim in self.raw.coords]
        return tuple(np.round(np.concatenate(edges), 6).tolist()) if edges else ()


@dataclass
class Found:
    """What the files of a product hold."""

    pieces: list[Piece] = field(default_factory=list)
    held: dict[str, None] = field(default_factory=dict)  # names of all layers
    foreign: list[str] = field(default_factory=list)  # files that hold none of the product's
    crs: str | None = None


#: (name of a layer or file, number of the band) -> which of the wanted variables it is.
NameLayer = Callable[[str, int], str | None]


def find_pieces(
    files: Sequence[Path],
    declared: Declared,
    wanted: Mapping[str, Variable],
    name_layer: NameLayer,
    *,
    is_own: Callable[[str], bool],
    chunks: Chunks,
) -> Found:
    """Open files and find the wanted layers in them.

    `is_own` says whether a name is one of the product's, wanted or not.
    """
    found = Found(crs=declared.crs)
    for path, raw in _as_stored(files, declared, name_layer, chunks):
        found.held |= dict.fromkeys(map(str, raw.data_vars))
        found.crs = _crs(raw) if found.crs is None else found.crs
        pieces = list(_pieces(raw, path, declared, wanted, name_layer))
        found.pieces += pieces
        if not pieces and not any(is_own(str(text)) for text in (*raw.data_vars, path.stem)):
            found.foreign.append(path.name)
    return found


def tell_foreign(names: Sequence[str], *, what: str, write: str) -> None:
    """Warn of files that are left out, as they hold none of `what`."""
    if names:
        listed = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        warnings.warn(
            f"{listed}: left out, as no layer there is {what}. If that is another "
            f"product, take it out of paths; if not, write variables: {write}.",
            SoilscopeWarning,
            stacklevel=5,
        )


def require_dates(pieces: Sequence[Piece]) -> dict[str, set[np.datetime64]]:
    """Return the dates of each variable; refuse one that two files hold of one place."""
    seen: dict[tuple[str, np.datetime64, Place], Path] = {}
    for piece in pieces:
        place = piece.place
        for stamp in piece.stamps:
            other = seen.setdefault((piece.variable.name, stamp, place), piece.path)
            if other != piece.path:
                raise SourceError(
                    f"{other} and {piece.path} both hold {show(stamp)[:10]} of the same cells; "
                    "keep one of them, and open Terra (MOD) and Aqua (MYD) of one date as two "
                    "inputs."
                )
    return {name: {d for n, d, _ in seen if n == name} for name, _, _ in seen}


def put_together(
    pieces: Sequence[Piece], declared: Declared, *, file: str, chunks: Chunks
) -> xr.Dataset:
    """Decode the pieces, join those of one place in time, and places of the same dates in space."""
    places: dict[str, dict[Place, list[xr.Dataset]]] = {}
    for piece in _stacked(pieces):
        part = _decoded(piece, declared, chunks)
        places.setdefault(piece.variable.name, {}).setdefault(piece.place, []).append(part)
    told: dict[str, None] = {}
    wholes = [_whole(by_place, told, file) for by_place in places.values()]
    for text in told:
        warnings.warn(text, SoilscopeWarning, stacklevel=5)
    return combine(wholes, file=file)


def _whole(
    by_place: Mapping[Place, Sequence[xr.Dataset]], told: dict[str, None], file: str
) -> xr.Dataset:
    """Return one variable over all of its places and dates; what lacks is added to `told`."""
    if len(by_place) == 1:
        (parts,) = by_place.values()
        return combine(parts, file=file)
    tiles = [combine(parts, file=file) for parts in by_place.values()]
    dates = [set(tile["time"].values.tolist()) for tile in tiles]
    every = set[int]().union(*dates)
    if len(every) == sum(map(len, dates)):  # no date in common: other grids, not tiles
        return combine(tiles, file=file)
    if any(every - own for own in dates):
        told[_partial(tiles, dates, every, file)] = None
    time = np.array(sorted(every), "datetime64[ns]")
    return mosaic([tile.reindex(time=time) for tile in tiles], file=file)


def _partial(
    tiles: Sequence[xr.Dataset], dates: Sequence[set[int]], every: set[int], file: str
) -> str:
    """Say how many tiles lack dates, and where and when most are lacking."""
    lacking = [(tile, every - own) for tile, own in zip(tiles, dates, strict=True) if every - own]
    tile, absent = max(lacking, key=lambda pair: len(pair[1]))
    first = np.datetime64(min(absent), "ns")
    rows, columns = grid_dims(tile) or _GRIDS[0]
    where = f"{rows} {tile[rows].values[0]:.6g}, {columns} {tile[columns].values[0]:.6g}"
    return (
        f"{file}: {len(lacking)} of {len(tiles)} tiles lack dates; the one that begins at "
        f"{where} lacks {len(absent)} of {len(every)}, first {show(first)[:10]}. It is missing "
        "there; add the files."
    )


def _as_stored(
    files: Sequence[Path], declared: Declared, name_layer: NameLayer, chunks: Chunks
) -> Iterator[tuple[Path, xr.Dataset]]:
    """Open files one by one; of many images, those that are laid out alike as one along time."""
    files = _near(files, declared)
    images = [path for path in files if file_format(path) == "geotiff"]
    alike = open_alike(
        images,
        partial(_opened, chunks=chunks),
        stamp=partial(named_date, declared=declared),
        part=lambda path: name_layer(path.stem, 1),
        period=declared.period,
    )
    for group in alike:
        if len(group.files) > 1 and _dated_bands(group.raw, declared):
            yield from ((path, _opened(path, chunks)) for path in group.files)
        else:
            yield group.files[0], group.raw
    others = dict.fromkeys(files).keys() - set(images)
    yield from ((path, _opened(path, chunks)) for path in files if path in others)


def _near(files: Sequence[Path], declared: Declared) -> list[Path]:
    """Leave out files as delivered whose names tell a date far from the period."""
    delivered = [path for path in files if path.suffix.lower() == ".hdf"]
    dated = partial(named_date, declared=declared)
    near = set(near_period(delivered, declared.period, dated, margin=_MARGIN))
    return [path for path in files if path in near or path.suffix.lower() != ".hdf"]


def _dated_bands(raw: xr.Dataset, declared: Declared) -> bool:
    """Whether bands bear dates, which go before that of the file."""
    bands = [Path(str(name)) for name in raw.data_vars]
    return declared.time_from_name is None and any(named_date(b, declared) for b in bands)


def _opened(path: Path, chunks: Chunks) -> xr.Dataset:
    kind = file_format(path)
    if kind == "geotiff":
        return open_geotiff(path, chunks=chunks, stacked=False)
    if kind == "hdf4":
        return open_hdf4(path, chunks=chunks)
    raw = open_lazily(path)
    raw = open_lazily(path, by_hand=[str(name) for name in raw.data_vars])
    if "time" in raw.dims and raw["time"].dtype == object and raw["time"].dt.calendar == "julian":
        # AppEEARS names the calendar julian, and counts the days of our own
        text = [stamp.isoformat() for stamp in raw["time"].values]
        raw = raw.assign_coords(time=("time", np.array(text, dtype="datetime64[ns]")))
    return raw


def _crs(raw: xr.Dataset) -> str | None:
    """Return the reference system of a file; that of the MODIS grid where its dims are named so."""
    stated = crs_of(raw)
    if stated is not None:
        return str(stated.to_wkt())
    return _SINUSOIDAL if set(_PLANAR) <= {str(dim).lower() for dim in raw.dims} else None


def _pieces(
    raw: xr.Dataset,
    path: Path,
    declared: Declared,
    wanted: Mapping[str, Variable],
    name_layer: NameLayer,
) -> Iterator[Piece]:
    """Find the wanted layers of a file, by the names of its variables or bands, else of itself."""
    names = [str(name) for name in raw.data_vars]
    single = len(names) == 1
    for number, name in enumerate(names, start=1):
        layer = name_layer(name, number)
        if layer is None and single:
            layer = name_layer(path.stem, number)
        if layer is None or layer not in wanted:
            continue
        if "time" in raw[name].dims:
            stamps = raw["time"].values
        else:
            stamps = np.array([date_of(name, path, declared)], "datetime64[ns]")
        yield Piece(raw, replace(wanted[layer], source=(name,)), stamps, path)


def _stacked(pieces: Sequence[Piece]) -> list[Piece]:
    """Put single images that are alike (grid, type, attributes) on top of each other."""
    groups: dict[tuple[object, ...], list[Piece]] = {}
    others = []
    for piece in pieces:
        image = piece.image
        if image.dims not in _GRIDS or image.chunks is None:
            others.append(piece)
            continue
        alike = (piece.variable.name, image.dtype, repr(sorted(image.attrs.items())))
        groups.setdefault((*alike, image.shape, piece.place), []).append(piece)
    return [_as_one(group) for group in groups.values()] + others


def _as_one(group: Sequence[Piece]) -> Piece:
    """Return the images of a group as one layer, in the order of their dates."""
    ordered = sorted(group, key=lambda piece: piece.stamps[0])
    first, name = ordered[0], ordered[0].variable.source[0]
    stack: Any = dask.array.stack
    values = stack([piece.image.data for piece in ordered])
    stamps = np.concatenate([piece.stamps for piece in ordered])
    raw = xr.Dataset({name: (("time", *first.image.dims), values, first.image.attrs)})
    raw = raw.assign_coords(first.raw.coords).assign_coords(time=stamps)
    return replace(first, raw=raw, stamps=stamps)


def _decoded(piece: Piece, declared: Declared, chunks: Chunks) -> xr.Dataset:
    dims = dict(declared.dims or {})
    for ours, theirs in zip(("y", "x"), _PLANAR, strict=True):
        found = next((str(dim) for dim in piece.raw.dims if str(dim).lower() == theirs), None)
        if found is not None:
            dims.setdefault(ours, found)
    return decode_file(
        piece.raw,
        replace(declared, variables=(piece.variable,), dims=dims, layers=None),
        allowed=RASTER_DIMS,
        file=str(piece.path),
        chunks=chunks,
        stamp=None if "time" in piece.raw.dims else piece.stamps[0],
    )
