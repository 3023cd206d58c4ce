"""Smoothing beside its peers, and how well each smoother does on NDVI with clouds.

115 composites (five years of 16 days). Processor time of one thread; ratios of one run mean more
than its microseconds. Peers: whittaker-eilers (a smoother for each series, since weights
differ) and SciPy's savgol_filter (all series in one call, no gaps allowed).
"""

import numpy as np
import whittaker_eilers
import xarray as xr
from scipy.signal import savgol_filter

from soilscope import interpolate_daily, smooth
from timing import seconds

N_TIME, N_SERIES, N_PEER = 115, 20_000, 1_000
SMOOTHNESS = 2.0


def clouded(n_series: int, seed: int = 0) -> tuple[xr.DataArray, xr.DataArray, xr.DataArray]:
    """NDVI as seen, the truth, and where clouds have made it too low."""
    rng = np.random.default_rng(seed)
    step = np.arange(N_TIME)[:, None]
    season = np.exp(-(((step % 23 - 12) / 4.0) ** 2))
    truth = (0.15 + 0.45 * season) * rng.uniform(0.5, 1.3, n_series)
    cloud = rng.random(truth.shape) < 0.15
    seen = truth + rng.normal(0, 0.02, truth.shape)
    seen -= np.where(cloud, rng.uniform(0.05, 0.3, truth.shape), 0.0)
    seen[rng.random(truth.shape) < 0.1] = np.nan
    stamps = xr.date_range("2000-01-01", periods=N_TIME, freq="16D")
    arrays = [xr.DataArray(a, {"time": stamps}, ("time", "x")) for a in (seen, truth, cloud)]
    return arrays[0].assign_attrs(composite_days=16), arrays[1], arrays[2]


def eilers(y: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Smooth series (n_series, n_time) with weights by whittaker-eilers, one after the other."""
    rows = zip(np.nan_to_num(y).tolist(), w.tolist(), strict=True)
    return np.array(
        [
            whittaker_eilers.WhittakerSmoother(
                lmbda=SMOOTHNESS, order=2, data_length=N_TIME, weights=weights
            ).smooth(values)
            for values, weights in rows
        ]
    )


def speed() -> None:
    seen, _, cloud = clouded(N_SERIES)
    weights = 1.0 - 0.7 * cloud
    whole = seen.fillna(0.3)
    days = xr.full_like(seen, 0.0) + 5.0
    options = {"method": "whittaker", "smoothness": SMOOTHNESS}
    y, w = seen.values.T[:N_PEER], np.where(np.isfinite(seen), weights, 0.0).T[:N_PEER]
    ours = smooth(seen, weights=weights, **options).values.T[:N_PEER]
    apart = np.nanmax(np.abs(ours - eilers(y, w)))
    runs = {
        "Whittaker, weights": (lambda: smooth(seen, weights=weights, **options), N_SERIES),
        "Whittaker, no weights": (lambda: smooth(seen, **options), N_SERIES),
        "Whittaker, a date for each value": (lambda: smooth(seen, days=days, **options), N_SERIES),
        "whittaker-eilers, weights": (lambda: eilers(y, w), N_PEER),
        "Savitzky-Golay, no gaps": (lambda: smooth(whole), N_SERIES),
        "Savitzky-Golay, gaps": (lambda: smooth(seen), N_SERIES),
        "SciPy savgol_filter, no gaps": (lambda: savgol_filter(whole.values, 7, 2, 0), N_SERIES),
        "upper envelope": (lambda: smooth(seen, method="chen"), N_SERIES),
        "to daily values": (lambda: interpolate_daily(seen), N_SERIES),
    }
    took = {name: 1e6 / n * seconds(run, repeats=3) for name, (run, n) in runs.items()}
    first = took["Whittaker, weights"]
    print("| | us a series | to weighted Whittaker |\n|---|---:|---:|")
    for name, us in took.items():
        print(f"| {name} | {us:.2f} | {us / first:.1f} |")
    print(f"\nlargest difference from whittaker-eilers: {apart:.1e}\n")


def errors() -> None:
    seen, truth, cloud = clouded(2_000)
    weights = 1.0 - 0.7 * cloud
    clear = seen.where(~cloud)
    results = {
        "as seen": (seen, clear),
        "savgol, 7 and 2": (smooth(seen), smooth(clear)),
        "chen, 9 and 6": (smooth(seen, method="chen"), smooth(clear, method="chen")),
        "chen, 7 and 4": tuple(smooth(a, method="chen", window=7, order=4) for a in (seen, clear)),
        "whittaker": tuple(smooth(a, method="whittaker") for a in (seen, clear)),
        "whittaker, weighted": (smooth(seen, method="whittaker", weights=weights), None),
    }
    print("| | root mean square error | clouds masked before |\n|---|---:|---:|")
    for name, pair in results.items():
        found = ["" if a is None else f"{np.sqrt(((a - truth) ** 2).mean()):.3f}" for a in pair]
        print(f"| {name} | {found[0]} | {found[1]} |")


if __name__ == "__main__":
    speed()
    errors()
