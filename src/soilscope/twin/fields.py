"""Gaussian random fields in space and AR(1) in time, and how a trend is taken out of them."""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
KM_PER_DEGREE = 111.2  # of latitude; the fields need no better


def correlation_factor(position: Array, length: float) -> Array:
    """Matrix F (n, k) with F F' = exp(-(h / length)^2) between `position` (n,) in the same unit.

    Modes that carry less than 1e-6 of the variance are left out, the rest is scaled back to unit
    variance at every position.
    """
    distance = position[:, None] - position[None, :]
    values, vectors = np.linalg.eigh(np.exp(-((distance / length) ** 2)))
    keep = values > 1e-6 * values[-1]
    factor = vectors[:, keep] * np.sqrt(values[keep])
    return np.asarray(factor / np.sqrt((factor**2).sum(axis=1, keepdims=True)))


def gaussian_fields(
    n: int, *, latitude: Array, longitude: Array, length: float, rng: np.random.Generator
) -> Array:
    """Draw `n` independent fields (n, latitude, longitude) with mean 0, variance 1, in float32.

    Cells h km apart correlate by exp(-(h / `length`)^2). This covariance is the product of one
    along each axis, so two small matrix factors give it exactly: no periodic edges, no padding.
    """
    across = KM_PER_DEGREE * np.cos(np.deg2rad(latitude.mean()))
    rows = correlation_factor(latitude * KM_PER_DEGREE, length).astype(np.float32)
    columns = correlation_factor(longitude * across, length).astype(np.float32)
    white = rng.standard_normal((n, rows.shape[1], columns.shape[1]), dtype=np.float32)
    return np.asarray(np.matmul(rows, white @ columns.T))


def autoregress(innovations: Array, rho: float) -> Array:
    """Turn unit white noise (n_time, ...) in place into a stationary AR(1) of unit variance."""
    series = innovations
    for i in range(1, len(series)):
        series[i] *= np.float32(np.sqrt(1.0 - rho**2))
        series[i] += np.float32(rho) * series[i - 1]
    return series


def without_trend(anomaly: Array, month: Array) -> Array:
    """Take mean and least-squares line out of each calendar month of `anomaly` (n_time, ...).

    What is left is orthogonal to a constant and to time within every month of the year, so it adds
    nothing to a linear trend of the months, the seasons or the years.
    """
    out = anomaly.astype(np.float64)
    for m in np.unique(month):
        block = out[month == m]
        block -= block.mean(axis=0)
        time = np.arange(len(block)) - (len(block) - 1) / 2.0
        if len(block) > 1:
            block -= np.multiply.outer(time, np.tensordot(time, block, 1) / (time @ time))
        out[month == m] = block
    return out
