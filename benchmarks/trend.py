"""Trends beside their peers: time per series on one thread, then dask threads.

Processor time is taken where one thread works, so that a busy machine disturbs little; ratios of
one run mean more than its microseconds. Peers: pymannkendall (test and slope, no bounds), scipy
theilslopes (slope with bounds) and kendalltau (test alone).
"""

import time
import tracemalloc
import warnings
from collections.abc import Callable

import dask
import numpy as np
import pymannkendall
import scipy.stats
import xarray as xr

from soilscope.analyse.time_axis import TimeAxis
from soilscope.analyse.trend import trend
from soilscope.analyse.trend_blocks import MannKendall, sen_slopes
from timing import seconds

SERIES = {21: 20_000, 252: 2_000, 7671: 8}
PEER_SERIES = {21: 100, 252: 20, 7671: 0}  # at n = 7671 they need gigabytes
LIMITS = {21: (2.5, 7.0), 252: (50.0, 120.0), 7671: (3500.0, 9000.0)}  # us without, with bounds


def series(n: int, n_series: int, decimals: int | None) -> np.ndarray:
    values = 0.3 + 0.05 * np.random.default_rng(n).normal(size=(n, n_series))
    return values if decimals is None else np.round(values, decimals)


def axis_of(n: int) -> TimeAxis:
    zeros = np.zeros(n, dtype=np.int64)
    years = np.arange(n) + 1980.0 if n < 100 else 1980 + (np.arange(n) + 0.5) / 12
    return TimeAxis(years, np.arange(n), zeros, zeros)


def kernels(y: np.ndarray, *, bounds: bool) -> Callable[[], object]:
    axis = axis_of(len(y))

    def run() -> object:
        test = MannKendall.of(y, axis)
        return sen_slopes(y, axis, 1.96 * np.sqrt(test.var_s) if bounds else np.nan * test.var_s)

    return run


def peers(y: np.ndarray) -> dict[str, Callable[[], object]]:
    t, columns = axis_of(len(y)).years, list(y.T)
    return {
        "pymannkendall": lambda: [pymannkendall.original_test(c) for c in columns],
        "scipy theilslopes": lambda: [scipy.stats.theilslopes(c, t) for c in columns],
        "scipy kendalltau": lambda: [scipy.stats.kendalltau(t, c) for c in columns],
    }


def one_thread() -> None:
    print("| n | data | slope + test, us | limit | with bounds, us | limit |")
    print("|---|---|---|---|---|---|")
    for n, n_series in SERIES.items():
        for name, decimals in (("continuous", None), ("3 decimals", 3)):
            y = series(n, n_series, decimals)
            plain, bounds = (1e6 / n_series * seconds(kernels(y, bounds=b)) for b in (False, True))
            factor = 1.0 if decimals is None else 1.3
            limits = [f"{factor * limit:.4g}" for limit in LIMITS[n]]
            print(f"| {n} | {name} | {plain:.3g} | {limits[0]} | {bounds:.3g} | {limits[1]} |")


def beside_peers() -> None:
    print("\n| n | peer | us a series | times ours (with bounds) |")
    print("|---|---|---|---|")
    for n, n_series in PEER_SERIES.items():
        if n_series == 0:
            continue
        ours = series(n, SERIES[n], None)
        unit = seconds(kernels(ours, bounds=True)) / SERIES[n]
        for name, run in peers(series(n, n_series, None)).items():
            took = seconds(run, repeats=3) / n_series
            print(f"| {n} | {name} | {1e6 * took:.4g} | {took / unit:.0f} |")


def whole_function() -> None:
    print("\n| n | correction | `trend` with bounds, us a series |")
    print("|---|---|---|")
    for n in (21, 252):
        years = {"time": axis_of(n).years}
        da = xr.DataArray(series(n, SERIES[n], None), years, ("time", "site"))
        for correction in ("none", "ar1", "prewhiten", "hamed_rao", "3pw"):
            took = seconds(
                lambda da=da, c=correction: trend(da, correction=c, confidence=0.95), repeats=3
            )
            print(f"| {n} | {correction} | {1e6 * took / SERIES[n]:.3g} |")


def two_threads() -> None:
    years = {"time": axis_of(252).years}
    da = xr.DataArray(series(252, 8_000, None), years, ("time", "site")).chunk(site=500)
    took = []
    for workers in (1, 2):
        with dask.config.set(scheduler="threads", num_workers=workers):
            run = trend(da, confidence=0.95).compute
            took.append(seconds(run, repeats=4, clock=time.perf_counter))
    print(f"\ntwo dask threads, n = 252: {took[0] / took[1]:.2f} times one thread")


def memory() -> None:
    y = series(7671, 1, None)
    run = kernels(y, bounds=True)
    run()
    tracemalloc.start()
    run()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    slopes = 7671 * 7670 // 2 * 8
    print(f"memory at n = 7671: {peak / 1e6:.1f} MB (all slopes: {slopes / 1e6:.0f} MB)")


def main() -> None:
    warnings.simplefilter("ignore")
    one_thread()
    beside_peers()
    whole_function()
    two_threads()
    memory()


if __name__ == "__main__":
    main()
