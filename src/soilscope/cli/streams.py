"""Standard streams that never fail a run, and file names of any script."""

import codecs
import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TextIO


def prepare(arguments: Sequence[str] | None) -> None:
    """Make the process fit for any letter in a file name, on a console and in a pipe."""
    _hold_closed_descriptors()
    if arguments is None:  # as a program; a caller's own process is not begun again
        _begin_again_in_utf8()
    _write_any_letter()


def write_line(stream: TextIO | None, text: str) -> None:
    """Write a line at once, so that a pipe has it when it is said."""
    if stream is not None:  # a process without a console has no streams
        stream.write(f"{text}\n")
        stream.flush()


class Forgiving:
    """A stream whose reader may go away: what cannot be written any more is dropped."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.encoding = stream.encoding

    def write(self, text: str) -> int:
        """Write, if there is still somebody to read."""
        with suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush, if there is still somebody to read."""
        with suppress(OSError, ValueError):
            self._stream.flush()

    def isatty(self) -> bool:
        """Whether the stream is a terminal."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """Return the descriptor of the stream."""
        return self._stream.fileno()


def _hold_closed_descriptors() -> None:
    """Open what was closed (``2>&-``): a data file must not become descriptor 2 of a library."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            with suppress(OSError):
                os.open(os.devnull, os.O_RDWR)


def _begin_again_in_utf8() -> None:
    """Replace the process by one in UTF-8 mode where only ASCII file names could be opened.

    Python does so by itself under ``LC_ALL=C``, unless it is told not to (``PYTHONUTF8=0``). The
    encoding of the console stays.
    """
    if os.environ.get("PYTHONUTF8") == "1" or not sys.executable:
        return
    if codecs.lookup(sys.getfilesystemencoding()).name != "ascii":
        return
    console = getattr(sys.stdout, "encoding", None) or "ascii"
    environment = {"PYTHONIOENCODING": f"{console}:backslashreplace", **os.environ}
    os.execve(
        sys.executable, [sys.executable, *sys.orig_argv[1:]], environment | {"PYTHONUTF8": "1"}
    )


def _write_any_letter() -> None:
    """Escape what a terminal or a file of another encoding cannot hold, such as a title's 贺."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
