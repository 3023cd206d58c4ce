"""One file of an export."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Piece:
    """A file's name, and how it is written to a path."""

    name: str
    write: Callable[[Path], None]
