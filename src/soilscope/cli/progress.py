"""How far a run is: a bar on a terminal, plain lines with a heartbeat elsewhere."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from soilscope.study.runner import Progress

HEARTBEAT = 30.0  # seconds without a word before a plain log says that work goes on
Listener = Callable[["Progress"], None]


@contextmanager
def shown() -> Iterator[Listener]:
    """Yield the callback that the runner reports to."""
    with _bars() if sys.stderr.isatty() else _lines() as listener:
        yield listener


@contextmanager
def _bars() -> Iterator[Listener]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bars(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as bars:
        tasks = {}

        def listen(event: "Progress") -> None:
            if event.name not in tasks:
                kept = " (kept)" if event.skipped else ""
                tasks[event.name] = bars.add_task(f"{event.name}{kept}", total=event.total)
            bars.update(tasks[event.name], completed=event.done, total=event.total)

        yield listen


@contextmanager
def _lines() -> Iterator[Listener]:
    said = [time.monotonic(), 0.0]  # when something was last said; when the result began
    current = ["the inputs"]
    over = threading.Event()

    def say(text: str) -> None:
        said[0] = time.monotonic()
        typer.echo(text, err=True)

    def listen(event: "Progress") -> None:
        if event.name != current[0]:
            current[0], said[1] = event.name, time.monotonic()
        if event.skipped:
            say(f"{event.name}: kept from an earlier run")
        elif event.done >= event.total:
            say(f"{event.name}: done ({event.step}, {event.total} slab(s))")
        elif time.monotonic() - said[0] > HEARTBEAT / 3:
            say(f"{event.name}: {event.done} of {event.total} slabs")

    def beat() -> None:
        while not over.wait(1.0):
            if time.monotonic() - said[0] > HEARTBEAT:
                say(f"{current[0]}: still at work")

    heart = threading.Thread(target=beat, daemon=True)
    heart.start()
    try:
        yield listen
    finally:
        over.set()
        heart.join()
