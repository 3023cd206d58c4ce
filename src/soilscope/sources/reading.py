"""Faults of the readers of files, in one line that names the file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from soilscope.errors import SoilscopeError, SourceError


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn every fault of a reader into one line that names the file."""
    try:
        yield
    except SoilscopeError:
        raise
    except PermissionError:
        raise SourceError(f"{path} cannot be read: permission denied.") from None
    except (OSError, RuntimeError, ValueError, KeyError, EOFError, IndexError) as fault:
        raise SourceError(
            f"{path} cannot be read; it may be truncated or damaged: download or write it again "
            f"({_first_line(fault)})."
        ) from fault


def _first_line(fault: BaseException) -> str:
    text = str(fault).strip().splitlines()
    return text[0][:160] if text else type(fault).__name__
