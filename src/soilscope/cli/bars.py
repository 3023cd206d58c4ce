"""How far a run is, on a terminal: finished results as lines, below them a bar for what runs."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO, cast

from soilscope.cli.streams import Forgiving
from soilscope.cli.voice import Voice

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from soilscope.study.grow import Progress


@contextmanager
def drawn(voice: Voice) -> Iterator["Drawn"]:
    """Draw bars while the block runs."""
    from rich.console import Console
    from rich.progress import BarColumn, ProgressColumn, Task, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars
    from rich.text import Text

    class Left(ProgressColumn):
        """Counts down between two slabs."""

        def render(self, task: Task) -> Text:
            ends: float | None = task.fields["ends"]
            return Text("" if ends is None else in_words(ends - time.monotonic()))

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[told]}"),
        TimeElapsedColumn(),
        Left(),
    )
    console = Console(file=cast(TextIO, Forgiving(sys.stderr)))
    with Bars(*columns, console=console, transient=True) as bars:
        yield Drawn(voice, bars)


class Drawn:
    """One bar for what runs and one for the study; a result that is finished becomes a line."""

    def __init__(self, voice: Voice, bars: "Bars") -> None:
        self._voice, self._bars = voice, bars
        self._task: TaskID | None = None
        self._name = ""
        self._began = time.monotonic()
        self._first = 0  # slabs that an earlier run had finished
        self._study: TaskID | None = None
        self._results = 0

    def expect(self, results: int) -> None:
        """Hear how many results the study has."""
        self._study = self._bars.add_task("study", total=results, told="", ends=None)
        self._count()

    def begin(self, name: str) -> None:
        """Draw a bar without an end."""
        self._replace(name, total=None)

    def heard(self, event: "Progress") -> None:
        """Draw how many slabs of a result are finished."""
        if event.name != self._name:
            self._replace(event.name, total=event.total)
            self._first = event.done
        seconds = time.monotonic() - self._began
        if event.skipped or event.done >= event.total:
            self._replace("", total=None)
            self._voice.event(
                "kept" if event.skipped else "done",
                name=event.name,
                step=event.step,
                done=event.done,
                total=event.total,
                seconds=seconds,
            )
            if event.step != "prepare":
                self._results += 1
                self._count()
        elif self._task is not None:
            self._bars.update(
                self._task,
                completed=event.done,
                total=event.total,
                told=f"{event.done}/{event.total} slabs",
                ends=self._ends(event, seconds),
            )

    def _ends(self, event: "Progress", seconds: float) -> float | None:
        """Return when a result will be finished at its pace so far; None before the first slab."""
        done = event.done - self._first
        return self._began + seconds / done * (event.total - self._first) if done else None

    def _replace(self, name: str, *, total: float | None) -> None:
        if self._task is not None:
            self._bars.remove_task(self._task)
        self._task = self._bars.add_task(name, total=total, told="", ends=None) if name else None
        self._name, self._began = name, time.monotonic()

    def _count(self) -> None:
        if self._study is not None:
            total = int(self._bars.tasks[self._bars.task_ids.index(self._study)].total or 0)
            done = min(self._results, total)
            told = f"{done}/{total} results"
            self._bars.update(self._study, completed=done, told=told)


def in_words(seconds: float) -> str:
    """Write what is left of a time.

    >>> in_words(60.0), in_words(6000.0), in_words(-3.0)
    ('about 60 s left', 'about 100 min left', 'nearly there')
    """
    if seconds < 0:
        return "nearly there"
    return f"about {seconds:.0f} s left" if seconds < 100 else f"about {seconds / 60:.0f} min left"
