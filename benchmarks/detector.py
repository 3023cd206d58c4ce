"""The geographical detector beside its peers: seconds on two threads, and peak memory.

17 continuous factors x 5 methods x 3 to 8 classes, and 136 interactions, at N = 140,000. Peers run
in processes of their own, and are stopped after two minutes: "pairs" are factors and 136 pairs in
five classes; "search" is the best of their own methods (four of fuzzygd) and 3 to 8 classes, for
each factor. A folder may be given with peers that cannot be installed beside others.
"""

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import xarray as xr

from detector_peers import PEERS, frame, in_five, timed
from soilscope import factor_detector, interaction_detector, optimize_strata
from timing import seconds

N, K = 140_000, 17
PEER_N = 2_000


def sample(n: int) -> tuple[xr.DataArray, dict[str, xr.DataArray]]:
    """Make a response of three of seventeen skewed factors."""
    rng = np.random.default_rng(0)
    factors = {f"x{i}": xr.DataArray(rng.gamma(2.0, size=n), dims="site") for i in range(K)}
    noise = xr.DataArray(rng.normal(size=n), dims="site")
    return factors["x0"] + np.sqrt(factors["x1"]) - 0.5 * factors["x2"] + noise, factors


def told(words: str, run: Callable[[], object]) -> float:
    """Print the seconds of a run by the clock, and those of the processor."""
    wall = seconds(run, repeats=3, clock=time.perf_counter)
    print(f"{words:58s} {wall:8.3f} s  (processor {seconds(run, repeats=1):.3f} s)")
    return wall


def beside_peers(n: int, folder: Path | None) -> None:
    """Print processor seconds of ours and of the peers, each stopped after a while."""
    data = frame(n)
    y = xr.DataArray(data["y"].to_numpy(), dims="site")
    factors = {f"x{i}": xr.DataArray(data[f"x{i}"].to_numpy(), dims="site") for i in range(K)}
    codes = {
        name: xr.DataArray(column.to_numpy(), dims="site") for name, column in in_five(data).items()
    }
    ours = {
        "search": seconds(lambda: optimize_strata(y, factors), 3),
        "pairs": seconds(lambda: interaction_detector(y, codes), 3),
    }
    for task, own in ours.items():
        print(f"N = {n}, {task}: ours {own:.3f} s")
        for name, tasks in PEERS.items():
            if task in tasks:
                found = timed(name, task, n, folder)
                number = found.replace(".", "").isdigit()
                ratio = f" s, {float(found) / own:,.0f} times ours" if number else ""
                print(f"N = {n}, {task}: {name} {found}{ratio}", flush=True)


def main() -> None:
    """Run all."""
    y, factors = sample(N)
    told("optimize_strata, 17 x 5 x 3..8 classes", lambda: optimize_strata(y, factors))
    strata = optimize_strata(y, factors)
    told("factor_detector, 17 factors", lambda: factor_detector(y, strata))
    told("interaction_detector, 136 pairs", lambda: interaction_detector(y, strata))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of the process {peak:.0f} MB")
    searched = seconds(
        lambda: optimize_strata(y, factors, p="permutation", rng=1, n_surrogates=32),
        repeats=1,
    )
    print(f"processor time with 32 surrogates, searched again each: {searched:.2f} s")
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    for n in (PEER_N, N):
        beside_peers(n, folder)


if __name__ == "__main__":
    main()
