"""What a folder of data holds: products, plain grids, zones, and files that nobody knows."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from soilscope.errors import StudyError
from soilscope.study.file_series import LIMIT, Entries, Series, find_series, patterns_of, walk
from soilscope.study.finds import Known, Plain
from soilscope.study.recognise import is_data, recognise
from soilscope.study.zone_files import COMPANIONS, SUFFIXES, Zones, find_zones

#: Series that are opened, at most: the longest come first.
_LOOKED_INTO = 300


@dataclass(frozen=True)
class Survey:
    """What was found below a folder; all paths are relative to it."""

    entries: Entries
    known: tuple[Known, ...]
    plain: tuple[Plain, ...]
    zones: tuple[Zones, ...]
    others: tuple[str, ...]  # files that are neither data nor polygons

    @property
    def folder(self) -> Path:
        """The folder that was looked through."""
        return self.entries.folder

    def patterns(self, series: Series) -> tuple[str, ...]:
        """Write a series as a study's paths: patterns that fit its files and no others."""
        return patterns_of(series, self.entries.files)


def survey(
    folder: str | Path, *, limit: int = LIMIT, heard: Callable[[str], None] | None = None
) -> Survey:
    """Look through a folder for data that a study can use.

    Parameters
    ----------
    folder
        Where to look, in all folders below as well; hidden ones, results of studies, and links
        that lead back are left out.
    limit
        Files and folders that are looked at, at most.
    heard
        Told the name of each series of files before it is opened.

    Returns
    -------
    Survey
        Products are recognised by the names of files or folders and confirmed by opening one or a
        few files of each series: headers and coordinates, no values.

    Raises
    ------
    StudyError
        If there is no such folder.

    Examples
    --------
    >>> import tempfile
    >>> from soilscope.twin.helan import helan
    >>> from soilscope.twin.layouts.terraclimate import write_terraclimate
    >>> home = tempfile.mkdtemp()
    >>> _ = write_terraclimate(helan(spacing=0.25, months=36)[["vpd"]], home)
    >>> known = survey(home).known[0]
    >>> known.product, known.variables, known.extent.first, known.extent.last
    ('terraclimate', ('vpd',), '2000-01', '2002-12')
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise StudyError(_absent(folder))
    entries = walk(folder, limit=limit)
    series = find_series(folder, entries.files)
    data = [one for one in series if is_data(one)]
    found: list[Known | Plain] = []
    for one in data[:_LOOKED_INTO]:
        if heard is not None:
            heard(one.files[0])
        found.append(recognise(one))
    found += [Plain(one, fault="not looked into") for one in data[_LOOKED_INTO:]]
    return Survey(
        entries,
        tuple(item for item in found if isinstance(item, Known)),
        tuple(item for item in found if isinstance(item, Plain)),
        tuple(find_zones(folder, entries.files)),
        tuple(_others(series, data)),
    )


def _absent(folder: Path) -> str:
    if folder.exists():
        return f"{folder} is a file; give the folder that it lies in."
    there = next((parent for parent in folder.absolute().parents if parent.is_dir()), folder)
    return f"there is no folder {folder}; its path ends at {there}: mend it from there on."


def _others(series: list[Series], data: list[Series]) -> Iterator[str]:
    """Yield the files that are neither data nor vector files, each series once."""
    endings = (*SUFFIXES, *COMPANIONS, ".aux.xml")
    for one in series:
        if one not in data and not one.files[0].lower().endswith(endings):
            more = f" (and {len(one.files) - 1} more alike)" if len(one.files) > 1 else ""
            yield f"{one.files[0]}{more}"


def endings(files: tuple[str, ...]) -> str:
    """Count files by the ending of their names: '3 .pdf, 1 .txt'."""
    counts = Counter(PurePosixPath(file).suffix.lower() or "without" for file in files)
    return ", ".join(f"{n} {suffix}" for suffix, n in counts.most_common(6))
