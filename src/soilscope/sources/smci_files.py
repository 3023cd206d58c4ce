"""Which year and layer each SMCI file holds, by its name, and which of them are missing."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from soilscope.errors import SourceError
from soilscope.sources.assemble import Period

LAYERS = tuple(range(10, 101, 10))  # bottoms in cm; each layer is 10 cm thick
_NAME = re.compile(r"SMCI_(9km|1km)_(\d{4})_(\d{1,3})cm", re.IGNORECASE)
_NAMED = "SMCI_9km_2000_10cm.nc, or tiles in a folder SMCI_1km_2000_10cm"


@dataclass(frozen=True)
class Piece:
    """One year of one layer: a file, or the tiles of a folder (by names that folders share)."""

    grid: str  # "9km" or "1km"
    year: int
    bottom: int  # cm
    home: Path  # the file, or the folder of the tiles
    tiles: dict[str, Path]

    @property
    def layer(self) -> str:
        """The layer in words: '10-20 cm'."""
        return layer_name(self.bottom)


def layer_name(bottom: int) -> str:
    """Name the layer that ends at `bottom` (cm)."""
    return f"{bottom - 10}-{bottom} cm"


def find_pieces(paths: Sequence[Path], period: Period) -> list[Piece]:
    """Return the years and layers that files and folders hold within `period`, in order."""
    pieces: dict[tuple[int, int], Piece] = {}
    for path in dict.fromkeys(paths):
        for file, strict in _inside(path):
            _add(pieces, file, strict=strict)
    if not pieces:
        raise SourceError(f"{paths[0]} holds no file that is named as those of SMCI: {_NAMED}.")
    found = [pieces[key] for key in sorted(pieces)]
    _require_whole(found)
    if period is None:
        return found
    within = [p for p in found if period[0].year <= p.year <= period[1].year]
    if not within:
        raise SourceError(
            f"{paths[0]} runs from {min(p.year for p in found)} to {max(p.year for p in found)} "
            f"and has nothing in the period {period[0]:%Y-%m-%d} to {period[1]:%Y-%m-%d}; change "
            "period or the files."
        )
    return within


def missing_pieces(pieces: Sequence[Piece]) -> list[str]:
    """Say which layers and years are missing between those that are there, a line each."""
    bottoms = sorted({p.bottom for p in pieces})
    years = sorted({p.year for p in pieces})
    held = {(p.bottom, p.year) for p in pieces}
    lines = [
        f"SMCI lacks the layer {layer_name(bottom)} between {layer_name(bottoms[0])} and "
        f"{layer_name(bottoms[-1])}; layers merged across it will be missing. Add the files "
        f"named ..._{bottom}cm, or name fewer layers."
        for bottom in LAYERS
        if bottoms[0] < bottom < bottoms[-1] and bottom not in bottoms
    ]
    absent = [y for y in range(years[0], years[-1]) if y not in years]
    if absent:
        lines.append(
            f"SMCI lacks {_listed(absent)} between {years[0]} and {years[-1]}; these years will "
            "be missing in every result. Add their files, or change period."
        )
    for bottom in bottoms:
        holes = [year for year in years if (bottom, year) not in held]
        if holes:
            lines.append(
                f"SMCI lacks {_listed(holes)} in the layer {layer_name(bottom)}, which other "
                f"layers have; it is missing there. Add the files named ..._{bottom}cm."
            )
    return lines


def _require_whole(pieces: Sequence[Piece]) -> None:
    """Refuse a folder that lacks a tile which another folder holds."""
    whole = max(pieces, key=lambda piece: len(piece.tiles))
    for piece in pieces:
        for one, other in ((piece, whole), (whole, piece)):
            lacking = sorted(set(other.tiles) - set(one.tiles))
            if lacking:
                raise SourceError(
                    f"{one.home} lacks the tile {lacking[0]}.nc, which {other.home} holds "
                    f"({len(lacking)} missing); download it again."
                )


def _inside(path: Path) -> Iterator[tuple[Path, bool]]:
    """Yield the files of `path`; those that were named themselves must be SMCI's."""
    if not path.is_dir():
        yield path, True
        return
    files = sorted(path.rglob("*.nc"))
    if not files:
        raise SourceError(f"the folder {path} holds no NetCDF files; name that of SMCI's files.")
    for file in files:
        yield file, False


def _add(pieces: dict[tuple[int, int], Piece], file: Path, *, strict: bool) -> None:
    own, folder = _NAME.search(file.stem), _NAME.search(file.parent.name)
    match = own or folder
    if match is None:
        if strict:
            raise SourceError(
                f"{file} is not named as files of SMCI are ({_NAMED}), and its name alone tells "
                "year and layer; rename it, or open it with product: raster."
            )
        return
    grid, year, bottom = match[1].lower(), int(match[2]), int(match[3])
    if bottom not in LAYERS:
        raise SourceError(
            f"{file} is named for a layer down to {bottom} cm; SMCI has 10, 20 ... 100 cm."
        )
    tiled = grid == "1km" and folder is not None
    home = file.parent if tiled else file
    key = (bottom, year)
    piece = pieces.setdefault(key, Piece(grid, year, bottom, home, {}))
    other = next(iter(pieces.values()))
    if other.grid != grid:
        raise SourceError(
            f"{other.home} and {home} have different grids; open the 9 km and the 1 km files as "
            "two inputs."
        )
    if piece.home != home:
        raise SourceError(
            f"{piece.home} and {home} both hold {year} of the layer {layer_name(bottom)}; keep "
            "one of them."
        )
    piece.tiles[_NAME.sub("", file.stem)] = file


def _listed(years: Sequence[int]) -> str:
    shown = ", ".join(map(str, years[:6]))
    return shown + (f" ... {years[-1]}" if len(years) > 6 else "")
