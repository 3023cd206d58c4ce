"""The exceptions and the warning that soilscope raises."""


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
