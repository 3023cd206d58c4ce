"""The partial regression of one block of plain arrays: kernel, then tests and intervals."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from soilscope import names
from soilscope.kernels import regression as kernel
from soilscope.kernels.lanes import LANES
from soilscope.kernels.student import two_sided_p
from soilscope.labelled import kept_series

Array = npt.NDArray[Any]

BLOCK = 4 * LANES  # cells that are brought to (n_time, cells) at a time, within the cache

#: Codes of `dominant_driver` below 0; the drivers count from 0.
NOT_ESTIMATED, NONE_SIGNIFICANT = -2, -1

#: What a block returns, in this order: per driver (from the kernel, and from its numbers), then
#: per series.
FROM_KERNEL = ("coefficient", "standardized_coefficient", "stderr", "partial_r", "vif")
SHARE = "r_squared_share"  # behind them, where it is asked for
FROM_NUMBERS = ("t", "p_value", "coefficient_low", "coefficient_high")
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
    shares: bool

    @property
    def per_driver(self) -> tuple[str, ...]:
        """Names of the estimates of each driver, in the order of a call."""
        return (*FROM_KERNEL, *([SHARE] if self.shares else []), *FROM_NUMBERS)

    def __call__(self, y: Array, *drivers: Array) -> tuple[Array, ...]:
        """Fit `y` (..., n_time) on `drivers`, which may lack its leading dimensions."""
        shape, n_time, k = y.shape[:-1], y.shape[-1], len(drivers)
        lead = _leading(shape, drivers)
        layers, cells = int(np.prod(shape[:lead])), int(np.prod(shape[lead:]))
        series = np.moveaxis(y, -1, 0).reshape(n_time, layers, cells)
        columns = [_time_by_cell(d, shape[lead:]) for d in drivers]
        resolution = np.array([_resolution(a) for a in (*drivers, y)])
        kept = kept_series(series.reshape(n_time * layers, cells))
        order = np.arange(cells) if kept is None else kept.order
        per_driver = np.full((len(self.per_driver), k, layers, order.size), np.nan)
        per_series = tuple(np.empty((layers, order.size), dtype) for dtype in PER_SERIES.values())
        for start in range(0, order.size, BLOCK):
            stop = start + BLOCK
            block = slice(start, stop) if kept is None else order[start:stop]
            stack = np.stack([d[:, block] for d in columns], dtype=_float(*columns))
            estimates, found = self._fit(_float_block(series[..., block]), stack, resolution)
            for whole, part in zip((per_driver, *per_series), (estimates, *found), strict=True):
                whole[..., start:stop] = part.reshape(whole[..., start:stop].shape)
        if kept is not None:
            per_driver = kept.spread(per_driver)
            per_series = tuple(kept.spread(values) for values in per_series)
        return (
            *(np.moveaxis(a.reshape(k, *shape), 0, -1) for a in per_driver),
            *(a.reshape(shape) for a in per_series),
        )

    def _fit(self, y: Array, drivers: Array, resolution: Array) -> tuple[Array, tuple[Array, ...]]:
        """Fit a block: (n_time, n_series) on (k, n_time, n_cells)."""
        k, n_time, _ = drivers.shape
        n_series = y.shape[1]
        estimates = np.empty((len(self.per_driver), k, n_series))
        summary = np.empty((3, n_series))
        n_obs = np.empty(n_series, dtype=np.int64)
        status = np.empty(n_series, dtype=np.int8)
        kernel.regression(
            y, drivers, self.source, self.group, self.time, self.row_at, resolution, self.scale,
            self.min_obs, self.max_lag, estimates[: -len(FROM_NUMBERS)], summary, n_obs, status,
        )  # fmt: skip
        coefficient, standardized, stderr = estimates[:3]
        t, p, low, high = estimates[-len(FROM_NUMBERS) :]
        df, beta, critical = _student(n_time, k, self.alpha)[:, n_obs]
        with np.errstate(divide="ignore", invalid="ignore"):
            np.divide(coefficient, stderr, out=t)
        two_sided_p(t, df, beta, p)
        half = stderr * critical
        np.subtract(coefficient, half, out=low)
        np.add(coefficient, half, out=high)
        if not self.evenly_spaced:
            summary[kernel.AUTOCORRELATION] = np.nan
        dominant = _dominant(standardized, p <= self.alpha, status)
        return estimates, (*summary, n_obs, status, dominant)


def _leading(shape: tuple[int, ...], drivers: tuple[Array, ...]) -> int:
    """Count the leading dimensions that only the response has (soil layers).

    Their series share a driver, which is then loaded once for all, unless too few cells remain to
    fill the kernel's lanes.
    """
    padded = [(1,) * (len(shape) + 1 - d.ndim) + d.shape[:-1] for d in drivers]
    cells = np.broadcast_shapes(*padded)
    lead = next(j for j in range(len(shape) + 1) if cells[j:] == shape[j:])
    while lead > 0 and np.prod(shape[lead:]) < LANES:
        lead -= 1
    return lead


def _time_by_cell(driver: Array, cells: tuple[int, ...]) -> Array:
    """Bring a driver (..., n_time) to (n_time, n_cells), a view where its memory allows."""
    own = driver.reshape(driver.shape[max(0, driver.ndim - 1 - len(cells)) :])
    spread = np.broadcast_to(own, (*cells, driver.shape[-1]))
    return np.moveaxis(spread, -1, 0).reshape(driver.shape[-1], int(np.prod(cells)))


def _float(*arrays: Array) -> np.dtype[Any]:
    """Return the kernel's type for numbers of these types."""
    return np.result_type(np.float32, *arrays)


def _float_block(series: Array) -> Array:
    """(n_time, layers, cells) as contiguous (n_time, layers * cells), in float32 or float64."""
    dtype = series.dtype if series.dtype in (np.float32, np.float64) else np.float64
    return np.ascontiguousarray(series, dtype=dtype).reshape(len(series), -1)


@lru_cache(maxsize=8)
def _student(n_time: int, k: int, alpha: float) -> Array:
    """For every number of rows: df, B(df / 2, 1 / 2), two-sided quantile of Student's t."""
    df = np.arange(n_time + 1) - k - 1.0
    df[df <= 0] = np.nan
    return np.array([df, special.beta(df / 2, 0.5), special.stdtrit(df, 1.0 - alpha / 2.0)])


def _resolution(array: Array) -> float:
    """Return the relative rounding of an array's numbers."""
    dtype = array.dtype if array.dtype.kind == "f" else np.dtype(np.float64)
    return float(np.finfo(dtype).eps)


def _dominant(standardized: Array, significant: Array, status: Array) -> Array:
    """Index of the significant driver with the largest standardised coefficient."""
    size = np.where(significant, np.abs(standardized), -1.0)
    code = np.where(significant.any(axis=0), size.argmax(axis=0), NONE_SIGNIFICANT)
    return np.where(status == names.OK, code, NOT_ESTIMATED).astype(np.int8)
