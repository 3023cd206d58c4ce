"""How far a run is: a bar on a terminal, plain lines with a heartbeat elsewhere."""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TextIO, cast

from soilscope.cli.streams import Forgiving
from soilscope.cli.voice import Event, Voice

if TYPE_CHECKING:
    from soilscope.study.runner import Progress

HEARTBEAT = 30.0  # seconds without a word before a plain log says that work goes on
OFTEN = 10.0  # seconds between two words on the slabs of one result


class Shown(Protocol):
    """What hears how far the work is."""

    def heard(self, event: "Progress") -> None:
        """Hear of a slab of a result."""

    def begin(self, name: str) -> None:
        """Hear of work that has no slabs, such as opening inputs; it ends when the next begins."""


@contextmanager
def shown(voice: Voice) -> Iterator[Shown]:
    """Yield what the work is reported to."""
    if voice.manner == "plain" and _on_terminal():
        with _bars() as bars:
            yield bars
    else:
        with _Lines(voice).alive() as lines:
            yield lines


def _on_terminal() -> bool:
    """Whether lines can be rewritten in place."""
    return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


@contextmanager
def _bars() -> Iterator[Shown]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(file=cast(TextIO, Forgiving(sys.stderr)))
    with Bars(*columns, TimeElapsedColumn(), console=console) as bars:
        tasks = {}
        stages = []

        class Drawn:
            def heard(self, event: "Progress") -> None:
                self._end_stage()
                if event.name not in tasks:
                    kept = " (kept)" if event.skipped else ""
                    tasks[event.name] = bars.add_task(f"{event.name}{kept}", total=event.total)
                bars.update(tasks[event.name], completed=event.done, total=event.total)

            def begin(self, name: str) -> None:
                self._end_stage()
                stages.append(bars.add_task(name, total=None))

            def _end_stage(self) -> None:
                while stages:
                    bars.remove_task(stages.pop())

        drawn = Drawn()
        yield drawn
        drawn._end_stage()


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
