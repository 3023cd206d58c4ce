"""Partial regression beside its peers: time per series on one thread, all statistics.

Run with one thread (OMP_NUM_THREADS=1). Processor time, so that other work counts less.
"""

from collections.abc import Callable

import numpy as np
import xarray as xr

from soilscope import partial_regression
from timing import seconds

N_TIME, K = 252, 4
GRID = (320, 160)  # 51,200 series: what a call costs once counts little
PEER_SERIES = 300


def study(*, layers: int = 1, missing: float = 0.0) -> tuple[xr.DataArray, xr.Dataset]:
    rng = np.random.default_rng(0)
    coords = {"time": xr.date_range("2000-01", periods=N_TIME, freq="MS")}
    drivers = xr.Dataset(
        {
            f"x{i}": (("time", "y", "x"), rng.normal(size=(N_TIME, *GRID)).astype("f4"))
            for i in range(K)
        },
        coords,
    )
    y = rng.normal(size=(N_TIME, layers, *GRID)).astype("f4")
    y[rng.random(y.shape) < missing] = np.nan
    return xr.DataArray(y, coords, ("time", "depth", "y", "x")), drivers


def lstsq_loop(y: np.ndarray, drivers: np.ndarray) -> None:
    """Coefficients, errors and R squared only."""
    for s in range(y.shape[1]):
        x = np.column_stack([np.ones(N_TIME), drivers[:, :, s].T])
        _, rss, *_ = np.linalg.lstsq(x, y[:, s], rcond=None)
        np.sqrt(rss / (N_TIME - K - 1) * np.diag(np.linalg.inv(x.T @ x)))


def statsmodels_loop(y: np.ndarray, drivers: np.ndarray, **covariance: object) -> None:
    """Coefficients, errors, p-values, R squared and VIF."""
    from statsmodels.api import OLS, add_constant
    from statsmodels.stats.outliers_influence import variance_inflation_factor

    for s in range(y.shape[1]):
        x = add_constant(drivers[:, :, s].T)
        fit = OLS(y[:, s], x).fit(**covariance)
        _ = fit.params, fit.bse, fit.tvalues, fit.pvalues, fit.rsquared
        _ = [variance_inflation_factor(x, i) for i in range(1, K + 1)]


def ours() -> float:
    """Print our cases; return the plain one's microseconds."""
    y, drivers = study()
    tall, _ = study(layers=4)
    holed, _ = study(missing=0.1)
    plain = 0.0
    for words, response, options in (
        ("OLS", y, {}),
        ("OLS, 10 % missing", holed, {}),
        ("OLS, drivers as monthly anomalies", y, {"driver_anomaly": "month"}),
        ("OLS, four layers share their drivers", tall, {}),
        ("Newey-West", y, {"errors": "hac"}),
        ("Newey-West, 24 lags", y, {"errors": "hac", "max_lag": 24}),
    ):
        took = seconds(lambda r=response, o=options: partial_regression(r, drivers, **o), 5)
        micro = took / (response.size / N_TIME) * 1e6
        plain = plain or micro
        print(f"{'soilscope ' + words:48} {micro:9.2f} us")
    return plain


def main() -> None:
    print(f"{K} drivers, {N_TIME} months, float32; per series")
    plain = ours()
    y, drivers = study()
    few = y.values[:, 0].reshape(N_TIME, -1)[:, :PEER_SERIES].astype(float)
    stack = drivers.to_array().values.reshape(K, N_TIME, -1)[:, :, :PEER_SERIES].astype(float)
    peers: dict[str, Callable[[], None]] = {
        "numpy lstsq loop (no p, VIF, condition)": lambda: lstsq_loop(few, stack)
    }
    try:
        import statsmodels  # noqa: F401
    except ImportError:
        print("statsmodels is not installed")
    else:
        hac = {"cov_type": "HAC", "cov_kwds": {"maxlags": 4, "use_correction": True}}
        peers["statsmodels OLS"] = lambda: statsmodels_loop(few, stack)
        peers["statsmodels HAC"] = lambda: statsmodels_loop(few, stack, use_t=True, **hac)
    for words, run in peers.items():
        micro = seconds(run, 2) / PEER_SERIES * 1e6
        print(f"{words:48} {micro:9.2f} us  {micro / plain:6.0f} times soilscope OLS")


if __name__ == "__main__":
    main()
