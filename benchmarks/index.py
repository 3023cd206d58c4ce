"""The index by each method beside a copy and peers: time per series on one thread, n = 252.

Run with one thread (OMP_NUM_THREADS=1). Processor time, so that other work counts less.
"""

from collections.abc import Callable

import numpy as np
import xarray as xr
from scipy import stats

from soilscope import index_parameters, standardize
from timing import seconds

N_TIME = 252
GRID = (200, 256)
FEW = 20  # series for peers that loop in Python


def micro(run: Callable[[], object], *, repeats: int = 7, n: int = GRID[0] * GRID[1]) -> float:
    """Return microseconds a series of `n`."""
    return seconds(run, repeats) / n * 1e6


def moisture(dtype: str) -> xr.DataArray:
    values = np.random.default_rng(0).random((N_TIME, *GRID), dtype=np.dtype(dtype))
    stamps = xr.date_range("2000-01", periods=N_TIME, freq="MS")
    return xr.DataArray(values, {"time": stamps}, ("time", "y", "x"), name="soil_moisture")


def grouped(da: xr.DataArray) -> xr.DataArray:
    """Index by xarray's groupby, as tutorials write it."""
    months = da.groupby("time.month")
    return (months - months.mean()).groupby("time.month") / months.std(ddof=1)


def reshaped(values: np.ndarray) -> np.ndarray:
    """Index by NumPy on (year, month, ...), the layout of climate_indices; no gaps allowed."""
    table = values.reshape(-1, 12, *values.shape[1:])
    return ((table - table.mean(axis=0)) / table.std(axis=0, ddof=1)).reshape(values.shape)


def nan_aware(values: np.ndarray) -> np.ndarray:
    """Do the same where values may be missing."""
    table = values.reshape(-1, 12, *values.shape[1:])
    mean, std = np.nanmean(table, axis=0), np.nanstd(table, axis=0, ddof=1)
    return ((table - mean) / std).reshape(values.shape)


def fitted(da: xr.DataArray, family: stats.rv_continuous, **fixed: float) -> None:
    """Index of a few series by SciPy's fits, month by month."""
    for series in da.to_numpy().reshape(N_TIME, -1)[:, :FEW].T:
        for month in range(12):
            values = series[month::12].astype(float)
            stats.norm.ppf(family.cdf(values, *family.fit(values, **fixed)))


def smoothed(da: xr.DataArray) -> None:
    """Index of a few series by SciPy's kernel density, month by month."""
    for series in da.to_numpy().reshape(N_TIME, -1)[:, :FEW].T:
        for month in range(12):
            values = series[month::12].astype(float)
            density = stats.gaussian_kde(values)
            stats.norm.ppf([density.integrate_box_1d(-np.inf, v) for v in values])


def families() -> None:
    """Print the methods that fit a distribution, and SciPy's way to the same numbers."""
    da = moisture("f4") * np.float32(0.3) + np.float32(0.1)
    part = da.isel(y=slice(0, 20))  # the slower methods on a tenth of the grid
    rows = {name: {"method": name} for name in ("zscore", "empirical", "kde", "gamma", "beta")}
    rows["gamma, Thom"] = {"method": "gamma", "fit": "thom"}
    ours = {
        name: micro(lambda options=options: standardize(part, **options), repeats=3, n=20 * GRID[1])
        for name, options in rows.items()
    }
    peers = {
        "kde": lambda: smoothed(da),
        "gamma": lambda: fitted(da, stats.gamma, floc=0),
        "beta": lambda: fitted(da, stats.beta, floc=0, fscale=1),
    }
    theirs = {name: micro(run, repeats=1, n=FEW) for name, run in peers.items()}
    print(
        f"\nf4, {N_TIME} months, {20 * GRID[1]} series | us a series | SciPy in a loop, times ours"
    )
    for name, value in ours.items():
        ratio = f"{theirs[name] / value:8.0f}" if name in theirs else ""
        print(f"{name:28s} | {value:8.2f} | {ratio}")


def main() -> None:
    families()
    for dtype in ("f4", "f8"):
        da = moisture(dtype)
        gaps = da.where(np.random.default_rng(1).random(da.shape) > 0.05).astype(dtype)
        stored = index_parameters(da)
        rows = {
            "copy": lambda da=da: da.copy(),
            "z-score": lambda da=da: standardize(da),
            "z-score, 5 % missing": lambda da=gaps: standardize(da),
            "z-score, parameters given": lambda da=da, p=stored: standardize(da, parameters=p),
            "empirical": lambda da=da: standardize(da, method="empirical"),
            "NumPy (year, month)": lambda da=da: reshaped(da.to_numpy()),
            "NumPy with missing values": lambda da=da: nan_aware(da.to_numpy()),
            "xarray groupby": lambda da=da: grouped(da),
        }
        times = {
            name: micro(run, repeats=3 if "groupby" in name else 7) for name, run in rows.items()
        }
        print(f"\n{dtype}, {N_TIME} months, {GRID[0] * GRID[1]} series | us a series | to a copy")
        for name, value in times.items():
            print(f"{name:28s} | {value:8.2f} | {value / times['copy']:6.1f}")


if __name__ == "__main__":
    main()
