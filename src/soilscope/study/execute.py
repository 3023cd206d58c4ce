"""Run many independent tasks: on dask's threads, or on the workers of a dask cluster."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import dask
from dask.callbacks import Callback

Item = TypeVar("Item")
Execute = Callable[[Callable[[Any], None], Sequence[Any], Callable[[int], None]], None]


def on_threads(
    function: Callable[[Item], None], items: Sequence[Item], done: Callable[[int], None]
) -> None:
    """Call `function` on each item on dask's threads; `done(n)` hears how many are finished."""
    finished = 0

    def after(*_: Any) -> None:
        nonlocal finished
        finished += 1
        done(finished)

    tasks = [dask.delayed(function, pure=False, traverse=False)(item) for item in items]
    with Callback(posttask=after):
        dask.compute(*tasks, scheduler="threads", optimize_graph=False, traverse=False)


@contextmanager
def executor(*, workers: int | None, scheduler: str | None) -> Iterator[Execute]:
    """Yield the way to run tasks: threads, `workers` local processes, or a cluster's address."""
    if workers is None and scheduler is None:
        yield on_threads
        return
    from distributed import Client, as_completed

    target: dict[str, Any] = (
        {"address": scheduler}
        if scheduler is not None
        else {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": None}
    )
    with Client(**target) as client:

        def on_cluster(
            function: Callable[[Any], None], items: Sequence[Any], done: Callable[[int], None]
        ) -> None:
            futures = [client.submit(function, item, pure=False) for item in items]
            for count, future in enumerate(as_completed(futures), start=1):
                future.result()
                done(count)

        yield on_cluster
