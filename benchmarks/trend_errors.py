"""How often trend and change point tests are wrong: simulated, seeded, printed as Markdown tables.

Noise is a Gaussian first-order autoregressive process of unit variance with coefficient rho. Every
cell has its own seed, so that a number does not depend on which others were made:
``python benchmarks/trend_errors.py [number of series]``; the tables in docs/methods are those of
4000, which takes a few minutes on one core.
"""

import sys
import time
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from soilscope import change_point, trend
from soilscope.analyse.trend import LEGAL

SIZES = (21, 40, 100, 252)
RHOS = (0.0, 0.3, 0.6, 0.8, 0.9)
RISE = 2.0  # of a planted trend over the whole record, in standard deviations of the noise
STEP = 1.5  # height of a planted change, behind the first third of the record
LEVEL = 0.05


def noise(n: int, n_series: int, rho: float, *, kind: int = 0) -> npt.NDArray[np.float64]:
    """Return (n, n_series) values of the process; `kind` gives each table its own numbers."""
    rng = np.random.default_rng([20, kind, n, round(100 * rho)])
    values = rng.normal(size=(n, n_series))
    for i in range(1, n):
        values[i] = rho * values[i - 1] + np.sqrt(1 - rho**2) * values[i]
    return values


def series(values: npt.NDArray[np.float64], freq: str = "YS") -> xr.DataArray:
    stamps = pd.date_range("1900-01", periods=len(values), freq=freq)
    return xr.DataArray(values, {"time": stamps}, ("time", "site"))


def rejected(ds: xr.Dataset) -> float:
    """Percentage of the series that are significant."""
    return 100 * float((ds["p_value"] < LEVEL).mean())


def covered(ds: xr.Dataset, truth: float) -> float:
    """Percentage of the intervals that hold the true slope."""
    return 100 * float(((ds["slope_low"] <= truth) & (truth <= ds["slope_high"])).mean())


def show(title: str, first: Sequence[str], names: Iterable[str], rows: Iterable[list[str]]) -> None:
    header = [*first, *names]
    print(f"\n{title}\n")
    print("| " + " | ".join(header) + " |")
    print("|" + "---|" * len(header))
    for row in rows:
        print("| " + " | ".join(row) + " |", flush=True)


def percent(value: float) -> str:
    return f"{value:.0f}" if value >= 9.95 else f"{value:.1f}"


def trend_cells(
    values: npt.NDArray[np.float64], season: str | None, freq: str
) -> dict[str, list[str]]:
    """Errors, finds and coverage of every correction that `season` allows."""
    n_years = len(values) / (12 if freq == "MS" else 1)
    flat = series(values, freq)
    slope = RISE / n_years
    tilted = flat + slope * (flat["time"].dt.year + (flat["time"].dt.month - 0.5) / 12)
    cells: dict[str, list[str]] = {"level": [], "power": [], "coverage": []}
    for correction in LEGAL[season]:
        options = {"correction": correction, "season": season, "confidence": 0.95}
        null, found = trend(flat, **options), trend(tilted, **options)
        cells["level"].append(percent(rejected(null)))
        cells["power"].append(percent(rejected(found)))
        cells["coverage"].append(f"{covered(found, slope):.0f}")
    return cells


def trend_tables(n_series: int, season: str | None) -> None:
    """Print level, power and coverage of one value a step, or of months by season."""
    names, rows = LEGAL[season], []
    sizes = SIZES if season is None else (252, 480)
    for n in sizes:
        for rho in RHOS:
            many = n_series if n < 200 else n_series // 2
            cells = trend_cells(noise(n, many, rho), season, "YS" if season is None else "MS")
            rows.append((str(n), f"{rho:g}", cells))
    what = "one value a step" if season is None else "months, seasonal test"
    for kind, title in (
        ("level", "Series without trend that are significant at the 5 % level, %"),
        ("power", f"Series with a rise of {RISE:g} sd over the record that are significant, %"),
        ("coverage", "95 % intervals that hold the planted slope, %"),
    ):
        show(f"{title} ({what})", ("n", "rho"), names, [[n, r, *c[kind]] for n, r, c in rows])


def annual_table(n_series: int) -> None:
    """Print level and power of annual means of a monthly process with coefficient rho."""
    rows = []
    for n in (21, 40):
        for rho in RHOS:
            values = noise(12 * n, n_series, rho, kind=1).reshape(n, 12, n_series).mean(axis=1)
            cells = trend_cells(values / values.std(), None, "YS")
            rows.append((str(n), f"{rho:g}", cells))
    for kind, title in (("level", "Level"), ("power", "Power")):
        show(f"{title}: annual means of a monthly process, %", ("n", "rho"), LEGAL[None],
             [[n, r, *c[kind]] for n, r, c in rows])  # fmt: skip


def change_table(n_series: int) -> None:
    """Print what Pettitt's test finds in noise, a step and a trend, plain and pre-whitened."""
    rows = []
    for n in SIZES:
        for rho in RHOS:
            flat = noise(n, n_series, rho, kind=2)
            behind = np.arange(n)[:, np.newaxis]
            stepped = flat + STEP * (behind >= n // 3)
            tilted = flat + RISE * behind / n
            row = [str(n), f"{rho:g}"]
            for values in (flat, stepped, tilted):
                da = series(values)
                row += [percent(rejected(change_point(da, prewhiten=p))) for p in (False, True)]
            off = abs(change_point(series(stepped))["change_time"] - (1900 + n // 3 - 1))
            rows.append([*row, f"{float(off.median()):.0f}"])
    show(
        f"Pettitt's test: significant at the 5 % level, %, in noise, in a step of {STEP:g} sd, in "
        f"a rise of {RISE:g} sd; median error of the time of the step",
        ("n", "rho"),
        ("noise", "pre-whitened", "step", "pre-whitened", "rise", "pre-whitened", "steps off"),
        rows,
    )


def main(n_series: int = 4000) -> None:
    start = time.process_time()
    trend_tables(n_series, None)
    annual_table(n_series)
    trend_tables(n_series, "month")
    change_table(n_series)
    print(f"\n{n_series} series a row, {time.process_time() - start:.0f} s of one core")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4000)
