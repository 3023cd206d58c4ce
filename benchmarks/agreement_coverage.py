"""How often bounds of an agreement hold the truth: pairs of AR(1) series with known agreement.

Prints the table of docs/methods/agreement.md; a few minutes.
"""

import numpy as np
import xarray as xr
from scipy.signal import lfilter

from soilscope import agreement

N_SERIES, N_BOOT, R, BIAS = 2000, 500, 0.6, 0.3
TRUTH = {
    "r": R,
    "spearman": 6 / np.pi * np.arcsin(R / 2),
    "nse": 1 - (BIAS**2 + 2 - 2 * R),
    "bias": BIAS,
    "rmse": np.sqrt(BIAS**2 + 2 - 2 * R),
    "ubrmse": np.sqrt(2 - 2 * R),
}


def ar1(rho: float, n: int, rng: np.random.Generator) -> np.ndarray:
    """Return series (n, N_SERIES) of unit variance, past their start."""
    noise = rng.normal(size=(n + 300, N_SERIES)) * np.sqrt(1 - rho**2)
    return lfilter([1], [1, -rho], noise, axis=0)[300:]


def coverage(n: int, rho: float, rng: np.random.Generator) -> dict[str, float]:
    """Share of series whose 95 % bounds hold the truth, and the mean of what the series are."""
    reference, own = ar1(rho, n, rng), ar1(rho, n, rng)
    product = R * reference + np.sqrt(1 - R**2) * own + BIAS
    time = {"time": np.arange(float(n))}
    pair = (xr.DataArray(values, time, ("time", "site")) for values in (product, reference))
    found = agreement(*pair, statistics=list(TRUTH), confidence=0.95, rng=rng, n_boot=N_BOOT)
    held = {
        name: (found[f"{name}_low"] <= value) & (value <= found[f"{name}_high"])
        for name, value in TRUTH.items()
    }
    shares = {name: 100 * float(share.mean()) for name, share in held.items()}
    return shares | {name: float(found[name].median()) for name in ("n_eff", "block_length")}


def main() -> None:
    rng = np.random.default_rng(0)
    print(f"| n | rho | {' | '.join(TRUTH)} | n_eff | block |")
    for n in (60, 252, 516):
        for rho in (0.0, 0.5, 0.8, 0.95):
            found = coverage(n, rho, rng)
            print(f"| {n} | {rho} | {' | '.join(f'{v:.0f}' for v in found.values())} |", flush=True)


if __name__ == "__main__":
    main()
