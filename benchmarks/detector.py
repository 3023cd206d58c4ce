"""The geographical detector beside its peers: seconds on two threads, and peak memory.

17 continuous factors x 5 methods x 3 to 8 classes, and 136 interactions, at N = 140,000. Peers run
where they are installed, at sizes that they survive. Wall-clock seconds, best of three.
"""

import importlib.util
import resource
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import xarray as xr

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


def py_geodetector(y: xr.DataArray, strata: dict[str, xr.DataArray]) -> None:
    """Run the factor and interaction detectors of py-geodetector where it is installed."""
    if importlib.util.find_spec("geodetector") is None:
        print("py-geodetector is not installed")
        return
    from geodetector import GeoDetector

    frame = pd.DataFrame({k: v.values for k, v in strata.items()} | {"y": y.values})

    def run() -> None:
        peer = GeoDetector(frame, "y", list(strata))
        peer.factor_detector()
        peer.interaction_detector()

    told(f"py-geodetector, factors and 136 pairs, N = {len(frame)}", run)


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
    small, few = sample(PEER_N)
    cut = optimize_strata(small, few, n_classes=[5])
    codes = {str(k): cut.codes.sel(factor=k, drop=True) for k in cut.factor.values}
    told(f"ours, factors and 136 pairs, N = {PEER_N}", lambda: interaction_detector(small, codes))
    py_geodetector(small, codes)


if __name__ == "__main__":
    main()
