"""How long a call takes: the best of several, so that other work on the machine counts little."""

import time
from collections.abc import Callable


def seconds(
    run: Callable[[], object], repeats: int = 5, clock: Callable[[], float] = time.process_time
) -> float:
    """Return the best of `repeats` runs after one to warm up.

    The default is processor time, which adds up over threads: give `time.perf_counter` where
    several work.
    """
    run()
    best = float("inf")
    for _ in range(repeats):
        start = clock()
        run()
        best = min(best, clock() - start)
    return best
