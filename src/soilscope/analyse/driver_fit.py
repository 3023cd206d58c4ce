"""The partial regression of one block of plain arrays: kernel, then tests and intervals."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from soilscope import names
from soilscope.kernels import regression as kernel

Array = npt.NDArray[Any]

#: Codes of `dominant_driver` below 0; the drivers count from 0.
NOT_ESTIMATED, NONE_SIGNIFICANT = -2, -1

#: What a block returns, in this order: per driver, then per series.
PER_DRIVER = (
    "coefficient",
    "standardized_coefficient",
    "stderr",
    "partial_r",
    "vif",
    "t",
    "p_value",
    "coefficient_low",
    "coefficient_high",
)
PER_SERIES = {
    "r_squared": "f8",
    "condition": "f8",
    "residual_autocorrelation": "f8",
    "n_obs": "i8",
    "status": "i1",
    "dominant_driver": "i1",
}


@dataclass(frozen=True, repr=False)  # dask splits the text of a callable at hyphens
class DriverFit:
    """How every series of a study is fitted; called with blocks (..., n_time)."""

    source: Array  # (k, n_time) row of each driver at each time, or -1
    group: Array  # (k + 1, n_time) calendar month of each column, or 0
    time: Array  # (n_time,) to remove a trend, or (0,)
    row_at: Array  # (n_steps,) row at each step of the calendar, or -1
    evenly_spaced: bool
    scale: bool
    min_obs: int
    max_lag: int
    alpha: float

    def __call__(self, y: Array, *drivers: Array) -> tuple[Array, ...]:
        """Fit `y` (..., n_time) on `drivers`, which may lack its leading dimensions."""
        shape, n_time = y.shape[:-1], y.shape[-1]
        stack = _stack_drivers(shape, drivers)
        series = _time_first(y).reshape(n_time, int(np.prod(shape)))
        cells = stack.reshape(len(drivers), n_time, int(np.prod(stack.shape[2:])))
        per_driver, per_series = self._fit(series, cells, [y, *drivers])
        return (
            *(np.moveaxis(a.reshape(len(drivers), *shape), 0, -1) for a in per_driver),
            *(a.reshape(shape) for a in per_series),
        )

    def _fit(
        self, y: Array, drivers: Array, given: list[Array]
    ) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
        k, n_series = len(drivers), y.shape[1]
        estimates = np.full((5, k, n_series), np.nan)
        summary = np.full((3, n_series), np.nan)
        n_obs = np.zeros(n_series, dtype=np.int64)
        status = np.full(n_series, names.NO_DATA, dtype=np.int8)
        resolution = np.array([_resolution(a) for a in (*given[1:], given[0])])
        kernel.regression(
            y, drivers, self.source, self.group, self.time, self.row_at, resolution, self.scale,
            self.min_obs, self.max_lag, estimates, summary, n_obs, status,
        )  # fmt: skip
        coefficient, standardized, stderr = estimates[:3]
        df = n_obs - k - 1.0
        with np.errstate(divide="ignore", invalid="ignore"):
            t = coefficient / stderr
            p = 2.0 * special.stdtr(df, -np.abs(t))
            half = stderr * _critical_t(df, self.alpha)
        dominant = _dominant(standardized, p <= self.alpha, status)
        if not self.evenly_spaced:
            summary[kernel.AUTOCORRELATION] = np.nan
        return (
            (*estimates, t, p, coefficient - half, coefficient + half),
            (*summary, n_obs, status, dominant),
        )


def _stack_drivers(shape: tuple[int, ...], drivers: tuple[Array, ...]) -> Array:
    """Stack to (k, n_time, *cells), `cells` being the trailing dimensions that drivers share.

    What only the response has (soil layers) stays out, so a driver is not copied for every layer,
    unless too few cells remain to fill the kernel's lanes.
    """
    n_time = drivers[0].shape[-1]
    padded = [d.reshape((1,) * (len(shape) + 1 - d.ndim) + d.shape) for d in drivers]
    cells = np.broadcast_shapes(*(d.shape[:-1] for d in padded))
    lead = next(j for j in range(len(shape) + 1) if cells[j:] == shape[j:])
    while lead > 0 and np.prod(shape[lead:]) < kernel.LANES:
        lead -= 1
    dtype = np.result_type(np.float32, *drivers)
    stack = np.empty((len(drivers), n_time, *shape[lead:]), dtype=dtype)
    for row, d in zip(stack, padded, strict=True):
        own = (
            d.reshape(d.shape[lead:]) if lead <= len(shape) and d.shape[:lead] == (1,) * lead else d
        )
        row[...] = np.moveaxis(np.broadcast_to(own, (*shape[lead:], n_time)), -1, 0)
    return stack


def _time_first(y: Array) -> Array:
    """(..., n_time) as (n_time, ...), C-contiguous and float; no copy where it is so already."""
    dtype = y.dtype if y.dtype in (np.float32, np.float64) else np.float64
    return np.ascontiguousarray(np.moveaxis(y, -1, 0), dtype=dtype)


def _resolution(array: Array) -> float:
    """Return the relative rounding of an array's numbers."""
    dtype = array.dtype if array.dtype.kind == "f" else np.dtype(np.float64)
    return float(np.finfo(dtype).eps)


def _critical_t(df: Array, alpha: float) -> Array:
    """Return the two-sided quantile of Student's t; degrees of freedom repeat over a map."""
    distinct, where = np.unique(df, return_inverse=True)
    with np.errstate(invalid="ignore"):
        quantile = special.stdtrit(np.where(distinct > 0, distinct, np.nan), 1.0 - alpha / 2.0)
    return np.asarray(quantile[where])


def _dominant(standardized: Array, significant: Array, status: Array) -> Array:
    """Index of the significant driver with the largest standardised coefficient."""
    size = np.where(significant, np.abs(standardized), -1.0)
    code = np.where(significant.any(axis=0), size.argmax(axis=0), NONE_SIGNIFICANT)
    return np.where(status == names.OK, code, NOT_ESTIMATED).astype(np.int8)
