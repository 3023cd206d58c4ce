"""The files below a folder, and the series that they form: names that differ in numbers alone."""

import datetime
import glob
import os
import re
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

Month = tuple[int, int | None]  # year, and the month where names tell it

#: Files and folders that are looked at, at most.
LIMIT = 100_000
#: Numbers in names, but for those of the soil layers of reanalyses, which are variables.
_NUMBER = re.compile(r"(?<!swvl)(?<!stl)(?<!layer_)(?<!level_)(\d+)", re.IGNORECASE)
_ZARR = ("zarr.json", ".zgroup", ".zmetadata")
_RESULTS = ("manifest.json", "results")  # a results folder of ours holds no inputs
#: 1 km tiles bear their year and layer in the name of their folder alone.
_TILES = re.compile(r"SMCI_1km_\d{4}_\d{1,3}cm", re.IGNORECASE)


@dataclass(frozen=True)
class Entries:
    """Everything below a folder: paths relative to it, Zarr stores among the files."""

    folder: Path
    files: tuple[str, ...]
    whole: bool = True  # False: there were more than the limit
    closed: tuple[str, ...] = ()  # folders that may not be read


@dataclass(frozen=True)
class Series:
    """Files (or folders of tiles) whose relative paths differ in numbers alone, in their order."""

    folder: Path
    files: tuple[str, ...]
    content: tuple[str, ...] = ()  # the tiles, where `files` are their folders

    @property
    def first(self) -> Path:
        """The first file."""
        return self.folder / self.files[0]

    @property
    def last(self) -> Path:
        """The last file."""
        return self.folder / self.files[-1]

    @property
    def months(self) -> tuple[Month, ...]:
        """Years, or months, that the names tell, one a file; empty where they tell none."""
        return _months([_NUMBER.split(file) for file in self.files])

    def content_of(self, file: str) -> list[str]:
        """Return the tiles of a folder, or the file itself."""
        return [tile for tile in self.content if tile.startswith(f"{file}/")] or [file]

    def without(self, files: Collection[str]) -> "Series":
        """Return the series without some of its files, or folders of tiles."""
        dropped = {tile for file in files for tile in self.content_of(file)}
        return Series(
            self.folder,
            tuple(file for file in self.files if file not in files),
            tuple(tile for tile in self.content if tile not in dropped),
        )


def walk(folder: Path, *, limit: int = LIMIT) -> Entries:
    """List what lies below a folder, the nearest first; links are followed once."""
    files: list[str] = []
    closed: list[str] = []
    waiting, known, count = deque([""]), {os.path.realpath(folder)}, 0
    while waiting:
        here = waiting.popleft()
        try:
            entries = sorted(os.scandir(folder / here), key=lambda entry: natural(entry.name))
        except OSError:
            closed.append(here)
            continue
        if here and set(_RESULTS) <= {entry.name for entry in entries}:
            continue
        for entry in entries:
            if entry.name.startswith((".", "__MACOSX")):
                continue
            count += 1
            if count > limit:
                return Entries(folder, tuple(files), whole=False, closed=tuple(closed))
            path = f"{here}/{entry.name}" if here else entry.name
            if not _is_folder(entry) or _is_store(Path(entry.path)):
                files.append(path)
                continue
            real = os.path.realpath(entry.path)
            if real not in known:
                known.add(real)
                waiting.append(path)
    return Entries(folder, tuple(files), closed=tuple(closed))


def find_series(folder: Path, files: Iterable[str]) -> list[Series]:
    """Group files whose relative paths differ in numbers alone, the longest series first."""
    groups: dict[str, dict[str, list[str]]] = {}
    for file in files:
        home, _, _ = file.rpartition("/")
        tiled = bool(_TILES.fullmatch(home.rpartition("/")[2]))
        unit = home if tiled else file
        mask = _NUMBER.sub("#", unit) + ("/" if tiled else "")
        groups.setdefault(mask, {}).setdefault(unit, []).append(file)
    found = []
    for units in groups.values():
        ordered = sorted(units, key=natural)
        content = [file for unit in ordered for file in units[unit]]
        tiles = () if content == ordered else tuple(content)
        found.append(Series(folder, tuple(ordered), tiles))
    return sorted(found, key=lambda series: -len(series.files))


def patterns_of(series: Series, files: Sequence[str]) -> tuple[str, ...]:
    """Write a series as a pattern that fits its files and no others of `files`.

    >>> patterns_of(Series(Path(), ("a_1.nc", "a_2.nc")), ["a_1.nc", "a_2.nc", "b.nc"])
    ('a_*.nc',)
    >>> patterns_of(Series(Path(), ("a_1.nc", "a_2.nc")), ["a_1.nc", "a_2.nc", "a_all.nc"])
    ('a_[0-9].nc',)
    """
    if len(series.files) == 1:
        return series.files
    wanted = set(series.files)
    folders = {file.rpartition("/")[0] for file in files} if series.content else set()
    others = [file for file in (*files, *folders) if file not in wanted]
    split = [_NUMBER.split(file) for file in series.files]
    for digits in (False, True):
        pattern = "".join(_part(texts, i, digits=digits) for i, texts in _columns(split))
        if not any(_fits(file, pattern) for file in others):
            return (pattern,)
    alike = [other for other in others if len(_NUMBER.split(other)) == len(split[0])]
    found = tuple("".join(parts) for parts in _cover(series.files, alike))
    met = {file for file in (*wanted, *others) if any(_fits(file, text) for text in found)}
    return found if met == wanted and len(found) < len(wanted) else series.files


def natural(text: str) -> list[tuple[int, str]]:
    """Return a key that sorts numbers in names by their value."""
    parts = _NUMBER.split(text)
    return [(int(part), "") if i % 2 else (-1, part) for i, part in enumerate(parts)]


def missing_between(months: Sequence[Month]) -> list[str]:
    """List the years, or months, that are missing between the first and the last.

    >>> missing_between([(2000, None), (2003, None)]), missing_between([(2000, 11), (2001, 1)])
    (['2001', '2002'], ['2000-12'])
    """
    if not months:
        return []
    years = sorted({year for year, _ in months})
    if any(month is None for _, month in months):
        return [str(y) for y in range(years[0], years[-1] + 1) if y not in years]
    held = {year * 12 + (month or 1) - 1 for year, month in months}
    absent = [m for m in range(min(held), max(held) + 1) if m not in held]
    return [f"{m // 12:04d}-{m % 12 + 1:02d}" for m in absent]


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads nowhere, or in a circle
        return False


def _is_store(path: Path) -> bool:
    return any((path / name).is_file() for name in _ZARR)


def _columns(split: Sequence[Sequence[str]]) -> Iterator[tuple[int, set[str]]]:
    return ((i, set(texts)) for i, texts in enumerate(zip(*split, strict=True)))


def _part(texts: set[str], position: int, *, digits: bool) -> str:
    """Write one column of the names: as it is, as a star, or digit by digit."""
    if len(texts) == 1 or not position % 2:
        return glob.escape(min(texts))
    lengths = {len(text) for text in texts}
    return "[0-9]" * lengths.pop() if digits and len(lengths) == 1 else "*"


def _cover(files: Sequence[str], others: Sequence[str]) -> list[tuple[str, str, str]]:
    """Write files as few patterns beside others that differ in numbers: (start, letters, end).

    What begins alike is one pattern if it fits none of the others, and is split by its next letter
    if it does.
    """
    start = _alike(files)
    if len(files) == 1:
        return [(glob.escape(start), "", "")]
    split = [_NUMBER.split(file) for file in files]
    pattern = "".join(
        glob.escape(_alike(texts)) + ("*" if len(texts) > 1 else "") for _, texts in _columns(split)
    )
    if not any(_fits(file, pattern) for file in others):
        return [(pattern, "", "")]
    groups: dict[str, list[str]] = {}
    for file in files:
        groups.setdefault(file[len(start) : len(start) + 1], []).append(file)
    head = glob.escape(start)
    ends: dict[str, list[str]] = {}
    for letter, group in groups.items():
        for text in map("".join, _cover(group, others)):
            ends.setdefault(text.removeprefix(head)[1:], []).append(letter)
    return [(head, _letters(letters), end) for end, letters in ends.items()]


def _alike(texts: Iterable[str]) -> str:
    """Return the letters that all texts begin with."""
    return os.path.commonprefix(list(texts))  # noqa: RUF071  (letters are meant, not folders)


def _letters(letters: Sequence[str]) -> str:
    return letters[0] if len(letters) == 1 else f"[{''.join(sorted(letters))}]"


def _fits(file: str, pattern: str) -> bool:
    """Whether a pattern names a file; no star reaches across a slash."""
    parts, wanted = file.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(map(fnmatchcase, parts, wanted))


def _months(split: Sequence[Sequence[str]]) -> tuple[Month, ...]:
    """Return what the last column that holds dates in every name tells."""
    for i in reversed(range(1, len(split[0]), 2)):
        read = [_month(parts[i]) for parts in split]
        found = [month for month in read if month is not None]
        if len(found) < len(split):
            continue
        if found[0][1] is None and i + 2 < len(split[0]):
            return tuple(
                _with_month(parts, i, year) for parts, (year, _) in zip(split, found, strict=True)
            )
        return tuple(found)
    return ()


def _month(text: str) -> Month | None:
    """Read 2001, 200107, 2001182 or 20010701."""
    if len(text) not in (4, 6, 7, 8) or not 1900 <= int(text[:4]) <= 2100:
        return None
    year, rest = int(text[:4]), text[4:]
    if not rest:
        return year, None
    if len(rest) == 3:
        day = datetime.date(year, 1, 1) + datetime.timedelta(days=int(rest) - 1)
        return (year, day.month) if day.year == year else None
    return (year, int(rest[:2])) if 1 <= int(rest[:2]) <= 12 else None


def _with_month(parts: Sequence[str], i: int, year: int) -> Month:
    """Add the month where it follows the year as two digits: 2001_07, 2001-07."""
    month, after = parts[i + 2], parts[i + 3]
    follows = parts[i + 1] in ("_", "-") and len(month) == 2 and not after[:1].isalpha()
    return (year, int(month)) if follows and 1 <= int(month) <= 12 else (year, None)
