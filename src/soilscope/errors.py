"""The exceptions and the warning that soilscope raises."""

import difflib
from pathlib import Path


class SoilscopeError(Exception):
    """Base of every error that a user can mend; one line says what, where and how to mend it."""


class InputError(SoilscopeError, ValueError):
    """An argument of a function does not fit."""


class GridError(InputError):
    """Coordinates, a grid or a coordinate reference system do not fit."""


class SourceError(SoilscopeError):
    """A file cannot be read, or does not hold what it should."""


class StudyError(SoilscopeError):
    """A study file, or its results folder, is at fault; one argument for each fault."""

    @property
    def faults(self) -> list[str]:
        """Each fault as one line."""
        return [str(fault) for fault in self.args]

    def __str__(self) -> str:
        return "\n".join(self.faults)


class SoilscopeWarning(UserWarning):
    """Something that the reader of a result must know."""


def missing_file(path: Path) -> str:
    """Say that a file is not there, how far its path exists, and which file may be meant."""
    folder = path.parent
    if not folder.is_dir():
        there = next((parent for parent in folder.parents if parent.is_dir()), folder)
        return f"there is no file {path}: the path ends at {there}; mend it from there on."
    match = difflib.get_close_matches(path.name, [p.name for p in folder.iterdir()], n=1)
    meant = f"did you mean {match[0]}?" if match else f"mend its name, or put it into {folder}."
    return f"there is no file {path}; {meant}"
