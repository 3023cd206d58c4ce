"""Gaussian random fields in space and AR(1) in time, and how a trend is taken out."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import fft

Array = npt.NDArray[Any]
KM_PER_DEGREE = 111.2  # of latitude; the fields need no better


@dataclass(frozen=True)
class GaussianFields:
    """Fields (latitude, longitude) of mean 0 and variance 1 that correlate over some distance.

    Cells h km apart correlate by exp(-(h / length)^2). White noise is filtered on a periodic grid
    that is three lengths larger than needed, so opposite edges correlate by less than 2e-4.
    """

    shape: tuple[int, int]  # of a field
    padded: tuple[int, int]  # of the periodic grid
    gain: Array  # of the filter, by wave number

    @classmethod
    def over(cls, latitude: Array, longitude: Array, *, length: float) -> "GaussianFields":
        """Prepare fields on an even grid in degrees, with a correlation `length` in km."""
        east = KM_PER_DEGREE * np.cos(np.deg2rad(latitude.mean()))
        rows = _gain(latitude * KM_PER_DEGREE, length)
        columns = _gain(longitude * east, length)
        half = columns[: len(columns) // 2 + 1]
        gain = np.multiply.outer(rows, half).astype(np.float32)
        return cls((len(latitude), len(longitude)), (len(rows), len(columns)), gain)

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        """Draw `n` independent fields (n, latitude, longitude) in float32."""
        white = rng.standard_normal((n, *self.padded), dtype=np.float32)
        filtered = fft.irfft2(fft.rfft2(white) * self.gain, s=self.padded)
        return np.ascontiguousarray(filtered[:, : self.shape[0], : self.shape[1]])


def _gain(position: Array, length: float) -> Array:
    """Square root of the spectrum of exp(-(h / length)^2) along one padded axis."""
    step = abs(position[1] - position[0])
    n = fft.next_fast_len(len(position) + int(np.ceil(3.0 * length / step)), real=True)
    lag = np.minimum(np.arange(n), n - np.arange(n)) * step
    spectrum = np.maximum(fft.fft(np.exp(-((lag / length) ** 2))).real, 0.0)
    return np.asarray(np.sqrt(spectrum / spectrum.mean()))


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
