"""How often intervals hold what was planted: the second table in docs/methods/variogram.md.

Fields of 200 x 200 cells by circulant embedding on a torus four times as wide. Run by itself; about
a minute of one core for each row.
"""

import sys

import numpy as np
import xarray as xr

from soilscope import fit_variogram, variogram

CELLS, NUGGET, CELL, BATCH = 200, 0.2, 1000.0, 20
REACH = 80
AXES = {d: (d, CELL * np.arange(CELLS), {"units": "m"}) for d in ("y", "x")}


def exponential(reach: float) -> np.ndarray:
    """Return how alike cells are, by their distance on the torus."""
    return np.exp(-3 * _away() / reach)


def spherical(reach: float) -> np.ndarray:
    u = np.minimum(_away() / reach, 1.0)
    return 1 - 1.5 * u + 0.5 * u**3


def _away() -> np.ndarray:
    size = 4 * CELLS
    steps = np.minimum(np.arange(size), size - np.arange(size))
    return np.hypot(steps[:, np.newaxis], steps)


def planted(covariance: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Return fields of (1 - NUGGET) times a covariance, and NUGGET at 0."""
    root = np.sqrt(np.maximum(np.fft.fft2(covariance).real, 0.0)) / len(covariance)
    made: list[np.ndarray] = []
    while len(made) < n:
        noise = rng.normal(size=root.shape) + 1j * rng.normal(size=root.shape)
        z = np.fft.fft2(root * noise)[:CELLS, :CELLS]
        made += [z.real, z.imag]
    smooth = np.sqrt(1 - NUGGET) * np.stack(made[:n])
    return smooth + np.sqrt(NUGGET) * rng.normal(size=smooth.shape)


def held(
    model: str, covariance: np.ndarray, truth: dict[str, float], keep: np.ndarray, n_field: int
) -> str:
    """Return shares of intervals that hold the truth, and how wide those of the range are."""
    rng = np.random.default_rng(1)
    hits = dict.fromkeys(truth, 0.0)
    widths = []
    for start in range(0, n_field, BATCH):
        z = planted(covariance, min(BATCH, n_field - start), rng)
        z = np.where(keep, z, np.nan)
        fields = xr.DataArray(z, AXES, ("seed", "y", "x"))
        found = variogram(fields, lag_width=2 * CELL, max_lag=REACH * CELL, n_tiles=8)
        fit = fit_variogram(found, models=[model], style="gstat", n_boot=199, rng=rng)
        fit = fit.isel(model=0)
        for name, value in truth.items():
            inside = (fit[f"{name}_low"] <= value) & (value <= fit[f"{name}_high"])
            hits[name] += float(inside.sum()) / n_field
        widths += list((fit["effective_range_high"] / fit["effective_range_low"]).values)
    return " | ".join(f"{100 * h:.0f}" for h in hits.values()) + f" | {np.nanmedian(widths):.1f} |"


def main(n_field: int) -> None:
    y, x = np.mgrid[:CELLS, :CELLS]
    whole = np.ones((CELLS, CELLS), bool)
    ellipse = np.hypot((y / CELLS - 0.5) / 0.48, (x / CELLS - 0.5) / 0.37) < 1
    print(f"{n_field} fields a row")
    print("| model, cells | range planted, cells | range | nugget | sill | proportion | width |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    speckled = np.random.default_rng(0).random((CELLS, CELLS)) < 0.7
    cases = [
        ("exponential", exponential, "all", whole),
        ("exponential", exponential, "in an ellipse", ellipse),
        ("exponential", exponential, "70 % at random", speckled),
        ("spherical", spherical, "all", whole),
    ]
    for model, made, words, keep in cases:
        for reach in (15, 30, 60):
            truth = {
                "effective_range": reach * CELL,
                "nugget": NUGGET,
                "sill": 1.0,
                "structural_proportion": 1 - NUGGET,
            }
            shares = held(model, made(reach), truth, keep, n_field)
            print(f"| {model}, {words} | {reach} | {shares}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
