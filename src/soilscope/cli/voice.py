"""What a command says: its answer on standard output, all else as lines on standard error."""

import json
import logging
import sys
import threading
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Literal

from soilscope.cli.streams import write_line
from soilscope.errors import SoilscopeWarning

Event = Literal[
    "started",
    "progress",
    "alive",
    "kept",
    "done",
    "fetched",
    "warning",
    "error",
    "interrupted",
    "finished",
]
_LINES: dict[Event, str] = {
    "progress": "{name}: {done} of {total} slabs",
    "alive": "{name}: still at work ({seconds:.0f} s)",
    "kept": "{name}: kept from an earlier run",
    "done": "{name}: done ({step}, {total} slab(s))",
    "fetched": "{name}: {done} of {total}, {step}",
}
_FAULTS: tuple[Event, ...] = ("error", "interrupted")


class Voice:
    """The way in which a command speaks: lines for people, next to nothing, or JSON."""

    def __init__(self) -> None:
        self.manner: Literal["plain", "quiet", "json"] = "plain"
        self.command = ""
        self._began = time.monotonic()
        self._made: str | None = None
        self._told: list[str] = []
        self._speaking = threading.RLock()  # Ctrl-C may be told in the middle of a line

    @property
    def seconds(self) -> float:
        """Seconds since the command began."""
        return time.monotonic() - self._began

    def answer(self, text: object) -> None:
        """Say on standard output what the command was called for, such as a path."""
        write_line(sys.stdout, str(text))

    def made(self, path: object) -> None:
        """Say on standard output where that lies which the command has made."""
        self._made = str(path)
        self.answer(path)

    def detail(self, text: object) -> None:
        """Say on standard output what --quiet leaves out."""
        if self.manner != "quiet":
            self.answer(text)

    def warn(self, text: str) -> None:
        """Say a warning, each once."""
        line = " ".join(text.split())
        if line not in self._told:
            self._told.append(line)
            self.event("warning", warnings=[line])

    def fail(self, *faults: str) -> None:
        """Say what is wrong, a line each."""
        self.event("error", errors=[" ".join(fault.split()) for fault in faults])

    def finish(self) -> None:
        """Say that the command has done its work."""
        self.event("finished", warnings=self._told)

    def event(
        self,
        event: Event,
        *,
        name: str | None = None,
        step: str | None = None,
        done: int | None = None,
        total: int | None = None,
        seconds: float | None = None,
        warnings: Sequence[str] = (),
        errors: Sequence[str] = (),
    ) -> None:
        """Say something on standard error; a reader that went away stops nothing."""
        said = {
            "event": event,
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "command": self.command,
            "name": name,
            "step": step,
            "done": done,
            "total": total,
            "seconds": round(self.seconds if seconds is None else seconds, 3),
            "warnings": list(warnings),
            "errors": list(errors),
            "path": self._made,
        }
        lines = [json.dumps(said)] if self.manner == "json" else self._plain(said)
        with self._speaking, suppress(OSError, ValueError):
            for line in lines:
                write_line(sys.stderr, line)

    def _plain(self, said: dict[str, Any]) -> list[str]:
        event: Event = said["event"]
        if self.manner == "quiet" and event not in _FAULTS:
            return []
        if event == "interrupted":
            return [f"soilscope: {text}" for text in said["errors"]]
        if event in ("error", "warning"):
            return [f"soilscope: {event}: {text}" for text in said[f"{event}s"]]
        return [_LINES[event].format_map(said)] if event in _LINES else []


class Spoken(logging.Handler):
    """Passes on what libraries log, as warnings."""

    def __init__(self, voice: Voice) -> None:
        super().__init__(logging.WARNING)
        self._voice = voice

    def emit(self, record: logging.LogRecord) -> None:
        """Say a record in one line, unless it is of the housekeeping of dask's processes."""
        if record.name.startswith("distributed") and record.levelno < logging.ERROR:
            return
        try:
            text = record.getMessage()
        except Exception:  # a fault in a library's log message is no fault of a run
            text = str(record.msg)
        if record.name == "asyncio" and "distributed" in text:  # what a cancelled slab leaves
            return
        ours = record.name.startswith("soilscope")
        self._voice.warn(text if ours else f"{record.name}: {text}")


@contextmanager
def heard(voice: Voice) -> Iterator[None]:
    """Say every SoilscopeWarning and log record; leave other warnings to ``python -W``."""

    def show(message: Any, category: type[Warning], *_: Any, **__: Any) -> None:
        ours = issubclass(category, SoilscopeWarning)
        voice.warn(str(message) if ours else f"{category.__name__}: {message}")

    spoken = Spoken(voice)
    logging.getLogger().addHandler(spoken)
    try:
        with warnings.catch_warnings():
            if not sys.warnoptions:
                warnings.simplefilter("ignore")
            warnings.simplefilter("always", SoilscopeWarning)
            warnings.showwarning = show
            yield
    finally:
        logging.getLogger().removeHandler(spoken)
