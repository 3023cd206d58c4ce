"""Type I error and coverage of every trend correction, by simulation; prints a table.

Noise is a first-order autoregressive process with coefficient rho, Gaussian, of unit variance:
one value a year, annual means of a monthly process, or monthly values.
"""

import sys

import numpy as np
import pandas as pd
import xarray as xr

from soilscope.analyse.trend import trend

YEARLY = ("none", "hamed_rao", "yue_wang", "ar1", "prewhiten", "tfpw", "vctfpw", "3pw")


def noise(rng, n, n_series, rho):
    values = np.empty((n, n_series))
    values[0] = rng.normal(size=n_series)
    for i in range(1, n):
        values[i] = rho * values[i - 1] + np.sqrt(1 - rho**2) * rng.normal(size=n_series)
    return values


def cases(rng, n_series):
    for n in (21, 40):
        for rho in (0.0, 0.1, 0.3, 0.5):
            yield f"yearly AR(1), n={n}", rho, noise(rng, n, n_series, rho), "YS"
    for n in (21, 40):
        for rho in (0.3, 0.6, 0.8, 0.9):
            monthly = noise(rng, 12 * n, n_series, rho).reshape(n, 12, n_series).mean(axis=1)
            yield f"annual means of monthly AR(1), n={n}", rho, monthly / monthly.std(), "YS"
    for rho in (0.0, 0.3, 0.6, 0.8, 0.9):
        yield "monthly AR(1), n=252", rho, noise(rng, 252, max(500, n_series // 5), rho), "MS"


def main(n_series=4000):
    rng = np.random.default_rng(20)
    print("per cell: rejected at 5 % without trend | coverage of 95 % without | with trend, %")
    for name, rho, values, freq in cases(rng, n_series):
        time = pd.date_range("1980-01", periods=len(values), freq=freq)
        planted = 0.08 if freq == "YS" else 0.05
        da = xr.DataArray(values, dims=("time", "site"), coords={"time": time})
        years = da["time"].dt.year + (da["time"].dt.month - 0.5) / 12
        pairs = [(c, None) for c in YEARLY]
        if freq == "MS":
            pairs += [("none", "month"), ("hirsch_slack", "month")]
        cells = []
        for correction, season in pairs:
            options = {"correction": correction, "season": season, "confidence": 0.95}
            flat = trend(da, **options)
            tilted = trend(da + planted * years, **options)
            rejected = float((flat["p_value"] < 0.05).mean())
            inside = [
                float(((ds["slope_low"] <= b) & (b <= ds["slope_high"])).mean())
                for ds, b in ((flat, 0.0), (tilted, planted))
            ]
            power = float((tilted["p_value"] < 0.05).mean())
            label = correction if season is None else f"{correction}/month"
            cells.append(
                f"{label} {100 * rejected:.1f} | {100 * inside[0]:.1f} | {100 * inside[1]:.1f}"
                f" (power {100 * power:.0f})"
            )
        print(f"{name}, rho={rho}: " + "; ".join(cells), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4000)
