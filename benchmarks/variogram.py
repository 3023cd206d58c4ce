"""Variograms and their fits beside gstools and scikit-gstat, where those survive.

Run with one thread (OMP_NUM_THREADS=1). gstools is in the dependency group `bench`; scikit-gstat
takes SciPy below 1.17, so it needs a folder of its own on PYTHONPATH (without dependencies).
"""

import gc
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import xarray as xr

from soilscope import fit_variogram, variogram
from timing import seconds

REACH, WIDTH = 250_000.0, 10_000.0


def smooth(rows: int, columns: int, months: int = 1) -> np.ndarray:
    """Return fields of a natural spectrum."""
    rng = np.random.default_rng(0)
    k = np.hypot(np.fft.fftfreq(rows)[:, np.newaxis], np.fft.rfftfreq(columns))
    k[0, 0] = 1.0
    spectra = np.fft.rfft2(rng.normal(size=(months, rows, columns))) * k**-1.5
    z = np.fft.irfft2(spectra, s=(rows, columns))
    return z / z.std()


def basin(rows: int = 490, columns: int = 560, months: int = 1) -> xr.DataArray:
    """Return months of a field of 1 km whose cells in an ellipse are valid: 143,000 of them."""
    y, x = np.mgrid[:rows, :columns]
    inside = np.hypot((y / rows - 0.5) / 0.449, (x / columns - 0.5) / 0.37) < 1
    axes = {
        "y": ("y", 1000.0 * np.arange(rows)[::-1], {"units": "m"}),
        "x": ("x", 1000.0 * np.arange(columns), {"units": "m"}),
    }
    return xr.DataArray(
        np.where(inside, smooth(rows, columns, months), np.nan), axes, ("month", "y", "x")
    )


def degrees(field: xr.DataArray) -> xr.DataArray:
    """Lay the same cells at 42 N, 0.01 degrees apart."""
    one = field.isel(month=0).rename(y="latitude", x="longitude")
    rows, columns = one.shape
    return one.assign_coords(
        latitude=42 - 0.01 * np.arange(rows), longitude=97 + 0.01 * np.arange(columns)
    )


def sites(field: xr.DataArray, n: int) -> xr.DataArray:
    """Return cells picked at random as sites."""
    flat = field.isel(month=0).stack(site=("y", "x")).reset_index("site").dropna("site")
    picked = np.random.default_rng(1).choice(flat.sizes["site"], n, replace=False)
    return flat.isel(site=np.sort(picked))


def by_gstools(da: xr.DataArray, reach: float) -> Callable[[], object]:
    import gstools

    edges = np.arange(0, reach + 1, WIDTH)
    return lambda: gstools.vario_estimate((da.x.values, da.y.values), da.values, edges)


def by_skgstat(da: xr.DataArray, reach: float) -> Callable[[], object]:
    import skgstat

    places = np.stack([da.x.values, da.y.values], axis=1)
    options = {"maxlag": reach, "n_lags": int(reach / WIDTH), "fit_method": None}
    return lambda: skgstat.Variogram(places, da.values, **options).experimental


def peer(make: Callable[..., Callable[[], object]], ours: float, *args: object) -> str:
    """Return how many times ours a peer takes, once; or that it is not there."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return f"{seconds(make(*args), 1) / ours:,.1f}"
    except ImportError:
        return "absent"


def memory(key: str) -> int:
    """Bytes of memory by Linux: VmRSS is held now, VmHWM the most since it was last forgotten."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(key))


def large() -> str:
    """Time and memory of 4000 x 6000 cells, 13 million of them valid."""
    field = basin(4000, 6000)
    field = field.where(np.random.default_rng(2).random(field.shape[1:]) < 1.04).isel(month=0)
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    before = memory("VmRSS")
    time = seconds(lambda: variogram(field, lag_width=WIDTH, max_lag=REACH), 1)
    peak = (memory("VmHWM") - before) / 2**30
    valid = int(np.isfinite(field).sum()) / 1e6
    return f"| 4000 x 6000, {valid:.1f} million valid, {peak:.2f} GiB on top | {time:.1f} | | |"


def main() -> None:
    warnings.simplefilter("ignore")
    year = basin(months=12)
    options = {"lag_width": WIDTH, "max_lag": REACH}
    print("| what | s | gstools, times ours | scikit-gstat, times ours |\n|---|---:|---:|---:|")
    for months in (1, 12):
        some = year.isel(month=slice(months))
        time = seconds(lambda f=some: variogram(f, **options))
        print(f"| 560 x 490, 143,000 valid, {months} months, 250 km | {time:.3f} | | |")
    one, azimuths = year.isel(month=0), [0, 45, 90, 135]
    time = seconds(lambda: variogram(one, azimuths=azimuths, **options))
    print(f"| the same, one month, 4 directions | {time:.3f} | | |")
    time = seconds(lambda: variogram(degrees(year), **options), 2)
    print(f"| the same cells in degrees | {time:.2f} | | |")
    for n in (500, 2000, 5000):
        da = sites(year, n)
        time = seconds(lambda f=da: variogram(f, **options))
        peers = [peer(by_gstools, time, da, REACH)]
        peers.append(peer(by_skgstat, time, da, REACH) if n < 5000 else "")
        print(f"| {n} of them as sites | {time:.4f} | {' | '.join(peers)} |")
    print(large())
    fits()


def fits() -> None:
    """Microseconds of processor time a fit, through the public function."""
    lag = np.linspace(10.0, 250.0, 25)
    rng = np.random.default_rng(3)
    gamma = 0.2 + 1.5 * np.minimum(lag / 120, 1)[:, np.newaxis] + rng.normal(0, 0.05, (25, 20_000))
    parts = {
        "semivariance": (("lag", "field"), gamma),
        "distance": ("lag", lag),
        "n_pairs": ("lag", np.full(25, 1000)),
    }
    vg = xr.Dataset(parts, {"lag": lag, "lag_high": ("lag", lag + 5)})
    for model in ("linear", "spherical", "exponential", "gaussian", "matern"):
        time = seconds(lambda m=model: fit_variogram(vg, models=[m]), 1) / 20_000 * 1e6
        print(f"{model}: {time:.0f} us a fit of 25 classes, all that is reported of it included")


if __name__ == "__main__":
    main()
