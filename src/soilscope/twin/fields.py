"""Gaussian random fields in space and AR(1) in time, and how a trend is taken out."""

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


def without_trend(unit: Array, *, spread: Array, month: Array) -> Array:
    """Centre `unit` (n_time, ...) by month, and take out the line that `spread` * `unit` follows.

    What is left, times `spread`, has mean zero in each calendar month, and is orthogonal to the
    year: its annual means have no least-squares trend.
    """
    out = unit.astype(np.float64)
    year = np.zeros(len(month))
    for m in np.unique(month):
        at = month == m
        out[at] -= out[at].mean(axis=0)
        year[at] = np.arange(at.sum()) - (at.sum() - 1) / 2.0
    years = year.reshape(-1, *[1] * (unit.ndim - 1))
    slope = (spread * out * years).sum(axis=0) / (spread * years**2).sum(axis=0)
    out -= years * slope
    return out
