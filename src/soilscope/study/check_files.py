"""Gaps, doubles, unreadable and foreign files of a study's inputs, by the index of headers."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.errors import SourceError
from soilscope.sources.catalogue import PRODUCTS, declared_variables
from soilscope.sources.declared import Declared
from soilscope.sources.expver import months_by_status
from soilscope.sources.index import Indexed, read_index
from soilscope.sources.index_header import Header
from soilscope.sources.modis_layers import named_date
from soilscope.study.check_table import Problem
from soilscope.study.config import InputSpec, Study
from soilscope.study.versions import in_words, preliminary_months

Stamps = npt.NDArray[np.datetime64]

_ENDINGS = (".nc", ".nc4", ".cdf", ".h5", ".hdf5", ".hdf", ".tif", ".tiff")
_ZARR = ("zarr.json", ".zgroup", ".zmetadata")
_NUMBER = re.compile(r"\d+")
#: Products whose names tell year and layer together: no dates of their own.
_NAMED = ("smci", "table")
#: Products of one grid; the tiles of others lie on many.
_ONE_GRID = ("raster", "era5_land", "era5", "era_interim", "esa_cci", "smops", "gldas")
#: Files that differ from all others in less than this share are odd.
_FEW = 0.1
#: A gap is longer than so many steps.
_STEPS = 1.5
_MONTH = 27  # days


@dataclass(frozen=True, eq=False)
class _File:
    """A file, its dates, and which other files it stands in one series with."""

    path: Path
    header: Header | None
    stamps: Stamps
    series: tuple[object, ...]


def check_files(study: Study) -> list[Problem]:
    """Return what is wrong with the files of every input; headers are read, no values."""
    problems: list[Problem] = []
    for name, spec in study.inputs.items():
        problems += _of_input(name, spec, study.period) if spec.paths else []
    return problems


def check_versions(
    inputs: Mapping[str, xr.Dataset], *, period: tuple[str, str] | None
) -> list[Problem]:
    """Return the preliminary months of opened inputs, as `check` tells them."""
    sources = [{"name": name, "versions": months_by_status(ds)} for name, ds in inputs.items()]
    return [
        Problem(
            name,
            first=run.split(" to ")[0],
            last=run.split(" to ")[-1],
            problem="preliminary, and may still change",
            remedy="download it again when the final record is there, some three months later",
        )
        for name, months in preliminary_months(sources, period=period).items()
        for run in in_words(months).split(", ")
    ]


def _of_input(name: str, spec: InputSpec, period: tuple[str, str] | None) -> list[Problem]:
    dims = spec.options.get("dims") or {}
    found = read_index(_expanded(spec.paths), time_dim=dims.get("time"))
    files = [_file(item, spec) for item in found if not item.fault]
    made = partial(Problem, name)
    foreign = _foreign(files, spec)
    own = [file for file in files if file not in foreign]
    return [
        *(_unreadable(item, made) for item in found if item.fault),
        *(_row(file, made, *why) for file, why in foreign.items()),
        *_odd(own, spec, made),
        *_in_time(own, spec, period, made),
    ]


def _expanded(paths: Sequence[Path]) -> list[Path]:
    """Return files, and those that lie below folders."""
    files: list[Path] = []
    for path in dict.fromkeys(paths):
        if path.is_dir() and not any((path / name).exists() for name in _ZARR):
            inside = (p for p in path.rglob("*") if p.suffix.lower() in _ENDINGS and p.is_file())
            files += sorted(inside)
        else:
            files.append(path)
    return files


def _file(item: Indexed, spec: InputSpec) -> _File:
    header = item.header
    own = header is not None and bool(header.stamps)
    if own and header is not None:
        stamps = np.array(header.stamps, np.int64).view("datetime64[ns]")
    else:
        stamps = _named(item.path, spec)
    # images tell by their names alone what they show
    mask = _NUMBER.sub("#", item.path.name) if not own else ""
    held = () if header is None else tuple(sorted(header.variables))
    tile = "" if header is None or spec.product in _ONE_GRID else _cells(header)
    return _File(item.path, header, stamps, (mask, held, tile))


def _named(path: Path, spec: InputSpec) -> Stamps:
    """Return the date in the name of a file, if names of its product tell dates."""
    none = np.array([], "datetime64[ns]")
    pattern = spec.options.get("time_from_name")
    if spec.product in _NAMED or (spec.product == "raster" and pattern is None):
        return none
    try:
        date = named_date(path, Declared(time_from_name=pattern))
    except SourceError:
        return none
    return none if date is None else np.array([date], "datetime64[ns]")


def _unreadable(item: Indexed, made: "partial[Problem]") -> Problem:
    """Split the words of a reader into what is wrong, and the way to mend it."""
    text = item.fault.replace(f"{item.path} ", "", 1)
    what, _, remedy = text.partition("; ") if "; " in text else (text, "", "download it again.")
    return made(str(item.path), problem=what.rstrip("."), remedy=remedy)


def _row(file: _File, made: "partial[Problem]", problem: str, remedy: str) -> Problem:
    first, last = _span(file.stamps)
    extent = file.header.extent if file.header else ""
    return made(str(file.path), first, last, extent, problem, remedy)


def _span(stamps: Stamps) -> tuple[str, str]:
    return (_show(stamps.min()), _show(stamps.max())) if stamps.size else ("", "")


def _show(stamp: np.datetime64) -> str:
    text = str(stamp.astype("datetime64[m]"))
    return text.removesuffix("T00:00")


def _foreign(files: Sequence[_File], spec: InputSpec) -> dict[_File, tuple[str, str]]:
    """Return files of another product: without the variables, or the name, that others have."""
    declared = declared_variables(
        spec.product, spec.options.get("variables"), spec.options.get("override")
    )
    asked = {source for variable in declared or () for source in variable.source}
    pattern = re.compile(PRODUCTS[spec.product].names or "$^")
    fits = {file: _fits(file, asked, pattern) for file in files}
    if not any(fits.values()):
        return {}
    remedy = f"if it is another product than {spec.product}, take it out of paths"
    return {
        file: (f"another product: it holds {_held(file)}", remedy)
        for file, fit in fits.items()
        if fit is False
    }


def _fits(file: _File, asked: set[str], pattern: re.Pattern[str]) -> bool | None:
    """Whether a file is of the product, as far as its variables or name tell; None: unknown."""
    if file.header is None:
        return None
    if file.header.kind != "geotiff":
        return bool(asked & set(file.header.variables)) if asked else None
    if pattern.pattern == "$^":
        return None
    return pattern.search(str(file.path)) is not None


def _held(file: _File) -> str:
    header = file.header
    if header is None:
        return "nothing"
    named = [name for name, held in header.variables.items() if len(held[0]) > 1]
    return ", ".join((named or list(header.variables))[:4])


def _odd(files: Sequence[_File], spec: InputSpec, made: "partial[Problem]") -> Iterator[Problem]:
    """Yield files on other cells than most, and those whose numbers are packed otherwise."""
    headers = [(file, file.header) for file in files if file.header is not None]
    grids = Counter(_cells(header) for _, header in headers)
    usual = {_cells(header): header.extent for _, header in reversed(headers)}
    most = _most(grids)
    for file, header in headers:
        cells = _cells(header)
        if cells != most and (spec.product in _ONE_GRID or grids[cells] <= _FEW * grids.total()):
            yield _row(
                file,
                made,
                f"other cells than {grids[most]} of {grids.total()} files ({usual[most]})",
                "leave it out, or open it as an input of its own",
            )
    packings = Counter(_packed(header) for _, header in headers)
    for file, header in headers:
        packed = _packed(header)
        if packings[packed] <= _FEW * packings.total() <= (1 - _FEW) * packings[_most(packings)]:
            yield _row(
                file,
                made,
                f"another scale or fill value than most files: {packed}",
                "each file is read by its own; if its values are wrong, download it again",
            )


def _cells(header: Header) -> str:
    """Name the cells of a file, whatever their order and the precision of its numbers."""
    return "), ".join(sorted(header.extent.rstrip(")").split("), ")))


def _packed(header: Header) -> str:
    return "; ".join(
        f"{name} " + ", ".join(f"{key} {value}" for key, value in told.items())
        for name, told in sorted(header.packing.items())
        if told
    )


def _most(counts: Mapping[str, int]) -> str:
    return max(counts, key=lambda key: counts[key], default="")


def _in_time(
    files: Sequence[_File],
    spec: InputSpec,
    period: tuple[str, str] | None,
    made: "partial[Problem]",
) -> Iterator[Problem]:
    """Yield times that two files hold, and those that none does."""
    series: dict[object, list[_File]] = {}
    for file in files:
        if file.stamps.size and spec.product not in _NAMED:
            series.setdefault(file.series, []).append(file)
    told: set[tuple[str, str]] = set()
    for group in series.values():
        yield from _doubles(group, made)
        for gap in _gaps(group, period, made):
            if (gap.first, gap.last) not in told:  # of each variable, or tile
                told.add((gap.first, gap.last))
                yield gap


def _doubles(group: Sequence[_File], made: "partial[Problem]") -> Iterator[Problem]:
    if group[0].header is None:
        return  # its cells are unknown: tiles of one date are no doubles
    holder: dict[np.datetime64, _File] = {}
    for file in group:
        both = [stamp for stamp in file.stamps if stamp in holder]
        if both:
            first, last = _span(np.array(both))
            other = holder[both[0]].path
            yield made(
                str(file.path),
                first,
                last,
                file.header.extent if file.header else "",
                f"{len(both)} time(s) that {other.name} holds, too",
                "keep one of the two",
            )
        holder |= {stamp: file for stamp in file.stamps if stamp not in holder}


def _gaps(
    group: Sequence[_File], period: tuple[str, str] | None, made: "partial[Problem]"
) -> Iterator[Problem]:
    stamps = np.unique(np.concatenate([file.stamps for file in group]))
    if stamps.size < 3:
        return
    days = np.diff(stamps) / np.timedelta64(1, "D")
    step = float(np.median(days))
    monthly = _MONTH < step < 32
    if monthly:
        days = np.diff(stamps.astype("datetime64[M]").astype(int)).astype(float)
        step = 1.0
    for at in np.flatnonzero(days > _STEPS * step):
        lost = round(days[at] / step) - 1
        if monthly:
            months = stamps[[at, at + 1]].astype("datetime64[M]")
            first, last = (str(m) for m in (months[0] + 1, months[1] - 1))
        else:
            one = np.timedelta64(round(step * 86_400e9), "ns")
            first, last = (_show(t) for t in (stamps[at] + one, stamps[at + 1] - one))
        if period is None or (last >= period[0] and first[: len(period[1])] <= period[1]):
            yield made(
                first=first,
                last=last,
                problem=f"no file for {lost} time(s)",
                remedy="add the files, or change period",
            )
