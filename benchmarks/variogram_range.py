"""How well a planted range is found again: the table in docs/methods/variogram.md.

Fields of an exponential model by circulant embedding on a torus four times as wide, so that they
are what they should be and do not join at their edges.
"""

import numpy as np
import xarray as xr

from soilscope import fit_variogram, variogram

CELLS, SEEDS, NUGGET, CELL = 160, 20, 0.2, 1000.0


def planted(scale: float, seed: int) -> np.ndarray:
    """Return a field whose covariance is (1 - NUGGET) exp(-h / scale), and NUGGET at 0; cells."""
    rng = np.random.default_rng(seed)
    size = 4 * CELLS
    away = np.minimum(np.arange(size), size - np.arange(size))
    covariance = np.exp(-np.hypot(away[:, np.newaxis], away) / scale)
    powers = np.maximum(np.fft.fft2(covariance).real, 0.0)
    noise = rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size))
    z = np.fft.fft2(np.sqrt(powers) / size * noise).real[:CELLS, :CELLS]
    return np.sqrt(1 - NUGGET) * z + np.sqrt(NUGGET) * rng.normal(size=z.shape)


def main() -> None:
    axes = {d: (d, CELL * np.arange(CELLS), {"units": "m"}) for d in ("y", "x")}
    print("| planted, cells | median | quartiles | extremes | proportion | beyond the data |")
    print("|---:|---:|---|---|---|---:|")
    for scale in (5, 10, 20):
        z = np.stack([planted(scale, seed) for seed in range(SEEDS)])
        fields = xr.DataArray(z, axes, ("seed", "y", "x"))
        found = variogram(fields, lag_width=2 * CELL, max_lag=80 * CELL)
        fit = fit_variogram(found, models=["exponential"], style="gstat").isel(model=0)
        share = fit["effective_range"].values / (3 * scale * CELL)
        low, middle, high = np.quantile(share, [0.25, 0.5, 0.75])
        part = fit["structural_proportion"].values
        print(
            f"| {3 * scale} | {middle:.2f} | {low:.2f}-{high:.2f} | {share.min():.2f}-"
            f"{share.max():.2f} | {part.min():.2f}-{part.max():.2f} | "
            f"{int(fit['range_beyond_data'].sum())} |"
        )


if __name__ == "__main__":
    main()
