"""How far a run is: bars on a terminal, plain lines with a heartbeat elsewhere."""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from soilscope.cli.bars import drawn
from soilscope.cli.voice import Event, Voice

if TYPE_CHECKING:
    from soilscope.study.grow import Progress

HEARTBEAT = 30.0  # seconds without a word before a plain log says that work goes on
OFTEN = 10.0  # seconds between two words on the slabs of one result


class Shown(Protocol):
    """What hears how far the work is."""

    def heard(self, event: "Progress") -> None:
        """Hear of a slab of a result."""

    def begin(self, name: str) -> None:
        """Hear of work that has no slabs, such as opening inputs; it ends when the next begins."""

    def expect(self, results: int) -> None:
        """Hear how many results the study has."""


@contextmanager
def shown(voice: Voice) -> Iterator[Shown]:
    """Yield what the work is reported to."""
    if voice.manner == "plain" and _on_terminal():
        with drawn(voice) as bars:
            yield bars
    else:
        with _Lines(voice).alive() as lines:
            yield lines


def _on_terminal() -> bool:
    """Whether lines can be rewritten in place."""
    return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


class _Lines:
    """A line for each result, and a sign of life in long silences."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._name = voice.command
        self._began = self._said = time.monotonic()

    def heard(self, event: "Progress") -> None:
        if event.name != self._name:
            self.begin(event.name)
        kind: Event
        if event.skipped:
            kind = "kept"
        elif event.done >= event.total:
            kind = "done"
        elif time.monotonic() - self._said > OFTEN:
            kind = "progress"
        else:
            return
        self._said = time.monotonic()
        self._voice.event(
            kind,
            name=event.name,
            step=event.step,
            done=event.done,
            total=event.total,
            seconds=self._said - self._began,
        )

    def begin(self, name: str) -> None:
        self._name, self._began = name, time.monotonic()

    def expect(self, results: int) -> None:
        """Lines do not count results."""

    @contextmanager
    def alive(self) -> Iterator["_Lines"]:
        over = threading.Event()

        def beat() -> None:
            while not over.wait(min(1.0, HEARTBEAT / 3)):
                now = time.monotonic()
                if now - self._said > HEARTBEAT:
                    self._said = now
                    self._voice.event("alive", name=self._name, seconds=now - self._began)

        heart = threading.Thread(target=beat, daemon=True)
        heart.start()
        try:
            yield self
        finally:
            over.set()
            heart.join()
