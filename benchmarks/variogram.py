"""Variograms and their fits beside gstlearn, gstools and scikit-gstat, where those survive.

Run with one thread (OMP_NUM_THREADS=1). gstlearn and gstools are in the dependency group `bench`;
scikit-gstat takes SciPy below 1.17, so it needs a folder of its own on PYTHONPATH, without
dependencies. R, and so gstat, is not part of it.
"""

import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import xarray as xr

from soilscope import fit_variogram, variogram, variogram_map
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


def by_gstlearn(da: xr.DataArray, reach: float) -> Callable[[], object]:
    import gstlearn

    rows, columns = da.shape
    grid = gstlearn.DbGrid.create([columns, rows], [1000.0, 1000.0])
    grid.addColumns(da.values[::-1].ravel(), "z", gstlearn.ELoc.Z)
    steps = [int(reach / 1000.0)] * 2
    kind = gstlearn.ECalcVario.VARIOGRAM
    return lambda: gstlearn.db_vmap(grid, 0, True, kind, False, steps)


def peer(make: Callable[..., Callable[[], object]], ours: float, *args: object) -> str:
    """Return how many times ours a peer takes, once; or that it is not there."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return f"{seconds(make(*args), 1) / ours:,.1f}"
    except ImportError:
        return "absent"


def peak() -> float:
    """GiB that this process has held at most, by Linux."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 2**20


def large() -> None:
    """Time and memory of 4000 x 6000 cells from Zarr, 13 million of them valid."""
    y, x = np.mgrid[:4000, :6000]
    inside = np.hypot((y / 4000 - 0.5) / 0.449, (x / 6000 - 0.5) / 0.37) < 1.019
    axes = {d: (d, 1000.0 * np.arange(n), {"units": "m"}) for d, n in (("y", 4000), ("x", 6000))}
    z = np.where(inside, smooth(4000, 6000)[0], np.nan).astype("f4")
    with tempfile.TemporaryDirectory() as folder:
        field = xr.DataArray(z, axes, ("y", "x"), name="z")
        field.to_dataset().chunk(y=500, x=500).to_zarr(f"{folder}/z.zarr")
        for reach in (100, 250):
            command = [sys.executable, __file__, f"{folder}/z.zarr", str(reach)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            print(done.stdout.strip(), flush=True)


def from_zarr(path: str, reach: int) -> None:
    """Make the variogram of a stored field in a process that has done nothing else."""
    field = xr.open_zarr(path)["z"]
    before, start = peak(), time.process_time()
    variogram(field, lag_width=WIDTH, max_lag=1000.0 * reach).compute()
    took = time.process_time() - start
    n = int(field.notnull().sum()) / 1e6
    words = f"4000 x 6000 from Zarr, {n:.1f} million valid, {reach} km; {peak():.2f} GiB in all"
    print(f"| {words}, {before:.2f} of it imports | {took:.1f} | | | |")


def main() -> None:
    warnings.simplefilter("ignore")
    year = basin(months=12)
    options = {"lag_width": WIDTH, "max_lag": REACH}
    print("| what | s | gstlearn, times ours | gstools | scikit-gstat |\n|---|---:|---:|---:|---:|")
    for months in (1, 12):
        some = year.isel(month=slice(months))
        took = seconds(lambda f=some: variogram(f, **options))
        map_of = peer(by_gstlearn, took, some[0], REACH) if months == 1 else ""
        print(f"| 560 x 490, 143,000 valid, {months} months, 250 km | {took:.3f} | {map_of} | | |")
    one, azimuths = year.isel(month=0), [0, 45, 90, 135]
    took = seconds(lambda: variogram_map(one, max_lag=REACH))
    print(f"| the lag map of one month | {took:.3f} | {peer(by_gstlearn, took, one, REACH)} | | |")
    took = seconds(lambda: variogram(one, azimuths=azimuths, **options))
    print(f"| the same, one month, 4 directions | {took:.3f} | | | |")
    took = seconds(lambda: variogram(one, estimator="cressie", **options), 1)
    print(f"| the same, Cressie and Hawkins | {took:.2f} | | | |")
    took = seconds(lambda: variogram(one, n_tiles=8, **options), 1)
    print(f"| the same, with 64 tiles for intervals | {took:.2f} | | | |")
    took = seconds(lambda: variogram(degrees(year), **options), 2)
    print(f"| the same cells in degrees | {took:.2f} | | | |")
    for n in (500, 2000, 5000):
        da = sites(year, n)
        took = seconds(lambda f=da: variogram(f, **options))
        peers = [peer(by_gstools, took, da, REACH)]
        peers.append(peer(by_skgstat, took, da, REACH) if n < 5000 else "")
        print(f"| {n} of them as sites | {took:.4f} | | {' | '.join(peers)} |", flush=True)
    large()
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
        took = seconds(lambda m=model: fit_variogram(vg, models=[m]), 1) / 20_000 * 1e6
        print(f"{model}: {took:.0f} us a fit of 25 classes, all that is reported of it included")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        from_zarr(sys.argv[1], int(sys.argv[2]))
    else:
        main()
