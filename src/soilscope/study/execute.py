"""Run many independent tasks: on dask's threads, or on the workers of a dask cluster."""

import logging
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import dask
from dask.callbacks import Callback

from soilscope.errors import StudyError

_LOG = logging.getLogger(__name__)
_HEARD = "Ctrl-C was heard: the slabs at work are finished first; pressed again, all ends at once."
_SOON = 1.5  # seconds in which an end needs no word
_LOOK = 0.1  # seconds between two looks at whether a slab is finished or Ctrl-C was pressed

Item = TypeVar("Item")
Execute = Callable[[Callable[[Any], None], Sequence[Any], Callable[[int], None]], None]


def on_threads(
    function: Callable[[Item], None], items: Sequence[Item], done: Callable[[int], None]
) -> None:
    """Call `function` on each item on dask's threads; `done(n)` hears how many are finished.

    After a failure or Ctrl-C no further item is begun, and those in flight are finished before
    it is raised: nothing writes behind the caller's back.
    """
    finished = 0
    failures: list[Exception] = []

    def attempt(item: Item) -> None:
        if not failures and not pressed.is_set():
            try:
                function(item)
            except Exception as error:
                failures.append(error)

    def after(*_: Any) -> None:
        nonlocal finished
        if not failures and not pressed.is_set():
            finished += 1
            done(finished)

    tasks = [dask.delayed(attempt, pure=False, traverse=False)(item) for item in items]
    with _ctrl_c() as pressed, Callback(posttask=after):
        dask.compute(*tasks, scheduler="threads", optimize_graph=False, traverse=False)
    if failures:
        raise failures[0]
    if pressed.is_set():
        raise KeyboardInterrupt


@contextmanager
def _ctrl_c() -> Iterator[threading.Event]:
    """Yield whether Ctrl-C was pressed, and say so if the end takes a while; again, it is at once.

    Raised wherever the main thread happens to be, an interrupt can fall into a callback or a
    finalizer that swallows it, and the run would go on.
    """
    pressed = threading.Event()
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield pressed  # signals are heard in the main thread alone, and may be ignored on purpose
        return

    word = threading.Timer(_SOON, _LOG.warning, [_HEARD])
    word.daemon = True

    def note(*_: Any) -> None:
        pressed.set()
        signal.signal(signal.SIGINT, before)
        word.start()

    signal.signal(signal.SIGINT, note)
    try:
        yield pressed
    finally:
        word.cancel()
        signal.signal(signal.SIGINT, before)


def _ignore_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def executor(*, workers: int | None, scheduler: str | None) -> Iterator[Execute]:
    """Yield the way to run tasks: threads, `workers` local processes, or a cluster's address."""
    if workers is None and scheduler is None:
        yield on_threads
        return
    from distributed import Client, as_completed
    from distributed.comm.addressing import parse_host_port

    target: dict[str, Any] = (
        {"address": scheduler}
        if scheduler is not None
        # a server of its own: the usual port may be another cluster's, and the world's
        else {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": "127.0.0.1:0"}
        | {"silence_logs": logging.ERROR}  # a cancelled slab is no news
    )
    try:
        if scheduler is not None:  # a client begun with a wrong address would fail once more, late
            parse_host_port(scheduler.rpartition("://")[2])
        client = Client(**target)
    except (OSError, ValueError) as error:
        where = f"the dask cluster {scheduler!r}" if scheduler else "local processes"
        reason = " ".join(str(error).split())
        raise StudyError(
            f"{where} cannot be reached ({reason}); start it, or mend its address, as in "
            "tcp://host:8786."
        ) from error
    with client:
        if scheduler is None:  # Ctrl-C reaches every process of a terminal: only ours answers
            client.run(_ignore_ctrl_c)

        def on_cluster(
            function: Callable[[Any], None], items: Sequence[Any], done: Callable[[int], None]
        ) -> None:
            futures = [client.submit(function, item, pure=False) for item in items]
            waiting, count = as_completed(futures), 0
            with _ctrl_c() as pressed:
                while not waiting.is_empty():
                    if pressed.wait(0 if waiting.has_ready() else _LOOK):
                        client.cancel(futures)
                        raise KeyboardInterrupt
                    for future in waiting.next_batch(block=False):
                        future.result()
                        count += 1
                        done(count)

        yield on_cluster
