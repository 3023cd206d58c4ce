"""Pooled agreement of one field: a random sample of its cells, all their pairs at once."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from soilscope.analyse.agreement_blocks import Estimates, wanted_rows
from soilscope.analyse.pairing import PairAxis, Resampling
from soilscope.kernels import pairs
from soilscope.kernels.pairs import ROUNDING, lag_one
from soilscope.kernels.resampling import (
    N_SUMS,
    block_length,
    quantiles,
    resample_correlation,
    resample_moments,
)
from soilscope.names import OK

Array = npt.NDArray[Any]
Table = dict[str, Array | float]

#: What is computed over all pairs, as for a single series.
POOLED = ("r", "r_squared", "nse", "bias", "rmse", "ubrmse", "mse", "kge", "spearman", "kendall")
_FROM_MOMENTS = ("r", "r_squared", "nse", "bias", "rmse", "ubrmse", "kge")
_TAILS = 0.001  # share of the values at each end that the outer bins of the density hold


@dataclass(frozen=True, repr=False)  # dask splits the text of a callable at hyphens
class PooledBlock:
    """A pooled agreement with all its options, to be called on fields (..., time, *space)."""

    axis: PairAxis | None  # None: a single time step
    n_core: int  # dimensions at the end of a field: time, unless there is a single step, and space
    order: Array  # of the cells, in which they are taken into the sample
    sample: int
    codes: tuple[int, ...]  # of the regions; none: the whole field
    kge_2009: bool
    min_obs: int
    resampling: Resampling
    n_bins: int
    limits: tuple[float, float] | None

    @property
    def bounds(self) -> bool:
        """Whether estimates have bounds."""
        return len(self.resampling.draws) > 0

    @property
    def variables(self) -> dict[str, str]:
        """Names of the results and their dtypes, in the order in which a call returns them."""
        names = [name for name in POOLED if name != "mse"]
        names += ["mse_correlation", "mse_bias", "mse_variance", "r_space"]
        in_time = ["r_time", "r_anomaly"] if self.axis is not None else []
        if self.bounds:
            names += [f"{name}_{end}" for name in (*_FROM_MOMENTS, *in_time) for end in _ENDS]
            names += ["block_length"]
        names += [*in_time, "line_slope", "line_intercept", "pair_density", "pair_edge"]
        integers = dict.fromkeys(("pair_density", "n_cells", "n_obs"), "i8")
        return dict.fromkeys(names, "f8") | integers | {"status": "i1"}

    def __call__(self, x: Array, y: Array, regions: Array | None = None) -> tuple[Array, ...]:
        """Return one array for each of `variables`: (..., region) and its own dimensions."""
        lead = x.shape[: x.ndim - self.n_core]
        n_time = x.shape[len(lead)] if self.axis is not None else 1
        shape = (int(np.prod(lead)), n_time, self.order.size)
        fields = zip(x.reshape(shape), y.reshape(shape), strict=True)
        masks = self._masks(regions)
        tables = [self._one(a, b, mask) for a, b in fields for mask in masks]
        n_lead = (*lead, len(masks)) if self.codes else lead
        results = []
        for name, dtype in self.variables.items():
            values = np.array([table[name] for table in tables], dtype=dtype)
            results.append(values.reshape((*n_lead, *values.shape[1:])))
        return tuple(results)

    def _masks(self, regions: Array | None) -> list[Array]:
        if regions is None:
            return [np.ones(self.order.size, dtype=np.bool_)]
        return [regions.reshape(-1) == code for code in self.codes]

    def _one(self, x: Array, y: Array, mask: Array) -> Table:
        """Sample cells of one field (time, cell) and compare all their pairs."""
        usable = np.flatnonzero(mask)
        usable = usable[(np.isfinite(x[:, usable]) & np.isfinite(y[:, usable])).any(axis=0)]
        taken = self.order[np.isin(self.order, usable)][: self.sample]
        a, b = x[:, taken].astype(np.float64), y[:, taken].astype(np.float64)
        both = np.isfinite(a) & np.isfinite(b)
        a, b = np.where(both, a, np.nan), np.where(both, b, np.nan)
        found = Estimates.of(
            a[both][:, None], b[both][:, None], PairAxis(_NONE, _NONE), wanted=wanted_rows(POOLED),
            kge_2009=self.kge_2009, min_obs=self.min_obs, resampling=Resampling.none(),
        )  # fmt: skip
        table: Table = {k: v[0] for k, v in found.table(POOLED, bounds=False).items()}
        table |= {"n_obs": found.n_obs[0], "n_cells": taken.size, "status": found.status[0]}
        table |= dict.fromkeys(self.variables.keys() - table.keys(), np.nan)
        table |= self._density(a[both], b[both])
        if table["status"] == OK:
            table |= self._parts(a, b, both) | _line(a[both], b[both])
        return table

    def _density(self, a: Array, b: Array) -> Table:
        """Count the pairs in square bins; the outer ones hold what lies beyond."""
        low, high = self.limits or _ends(np.concatenate([a, b]))
        edge = np.linspace(low, high, self.n_bins + 1)
        count = np.zeros((self.n_bins, self.n_bins), dtype=np.int64)
        if a.size:
            inner = edge[1:-1]
            np.add.at(count, (_bin(inner, b), _bin(inner, a)), 1)
        return {"pair_density": count, "pair_edge": edge}

    def _parts(self, a: Array, b: Array, both: Array) -> Table:
        """Split the correlation into that of space, of time and of anomalies, with bounds."""
        table: Table = {"r_space": _correlation(_mean(a, both), _mean(b, both))}
        if self.axis is None:
            return table
        within = [v - _mean(v, both) for v in (a, b)]
        table["r_time"] = _correlation(within[0][both], within[1][both], a[both], b[both])
        anomaly = None
        if self.axis.group.size:
            anomaly = [_without_months(v, both, self.axis.group) for v in (a, b)]
            table["r_anomaly"] = _correlation(anomaly[0][both], anomaly[1][both], a[both], b[both])
        if self.bounds:
            table |= self._bounds(a, b, both)
            for name, pair in (("r_time", within), ("r_anomaly", anomaly)):
                if pair is not None and np.isfinite(table[name]):
                    samples = np.full(len(self.resampling.draws), np.nan)
                    block = int(table["block_length"])
                    sums = self._sums(pair[0], pair[1], both)
                    resample_correlation(sums, len(sums) - 1, self.resampling.draws, block, samples)
                    table |= self._quantiles(name, samples, len(sums) - 1, block)
        return table

    def _bounds(self, a: Array, b: Array, both: Array) -> Table:
        """Bounds by resampling blocks of time steps, all cells together."""
        mean_a, mean_b = a[both].mean(), b[both].mean()
        sums = self._sums(a - mean_a, b - mean_b, both)
        span = len(sums) - 1
        length = self.resampling.length
        block = block_length(length, max(self._lag_one(v, both) for v in (a, b)), span)
        samples = np.full((pairs.N_BOUNDED, len(self.resampling.draws)), np.nan)
        draws = self.resampling.draws
        resample_moments(sums, span, draws, block, mean_a, mean_b, self.kge_2009, samples)
        table: Table = {"block_length": float(block)}
        for name in _FROM_MOMENTS:
            if name != "r_squared":
                row = samples[_ROWS[name]]
                table |= self._quantiles(name, row, span, block)
        low, high = float(table["r_low"]), float(table["r_high"])
        squares = (low**2, high**2)
        table["r_squared_low"] = 0.0 if low <= 0.0 <= high else min(squares)
        table["r_squared_high"] = max(squares)
        return table

    def _quantiles(self, name: str, samples: Array, span: int, block: int) -> Table:
        n_blocks = -(-span // block)
        if n_blocks < 2:
            return {}
        low, high = quantiles(samples, self.resampling.tails[n_blocks])
        return {f"{name}_low": low, f"{name}_high": high}

    def _sums(self, a: Array, b: Array, both: Array) -> Array:
        """Add up the moments of all cells before each step, from the first with pairs on."""
        assert self.axis is not None
        a, b = np.where(both, a, 0.0), np.where(both, b, 0.0)
        terms = (both, a, b, a * a, b * b, a * b, (a - b) ** 2)
        steps = np.flatnonzero(both.any(axis=1))
        place = self.axis.position - self.axis.position[steps[0]]
        sums = np.zeros((place[steps[-1]] + 2, N_SUMS))
        for k, term in enumerate(terms):
            sums[place[steps] + 1, k] = term[steps].sum(axis=1)
        return np.ascontiguousarray(sums.cumsum(axis=0))

    def _lag_one(self, values: Array, both: Array) -> float:
        """Lag-1 autocorrelation of the mean over the sample."""
        assert self.axis is not None
        steps = np.flatnonzero(both.any(axis=1))
        departure = np.where(both, values - _mean(values, both), 0.0)
        mean = departure[steps].sum(axis=1) / both[steps].sum(axis=1)
        r = lag_one(mean - mean.mean(), self.axis.position[steps], steps.size)
        return float(r) if np.isfinite(r) else 0.0


_ENDS = ("low", "high")
_NONE = np.empty(0, dtype=np.int64)
_ROWS = {"r": pairs.R, "nse": pairs.NSE, "bias": pairs.BIAS, "rmse": pairs.RMSE}
_ROWS |= {"ubrmse": pairs.UBRMSE, "kge": pairs.KGE}


def _bin(inner: Array, values: Array) -> Array:
    return np.asarray(np.searchsorted(inner, values, "right"))


def _ends(values: Array) -> tuple[float, float]:
    """Return the range that holds all but the outermost values; NaN without any."""
    if not values.size:
        return np.nan, np.nan
    low, high = map(float, np.quantile(values, (_TAILS, 1.0 - _TAILS)))
    half = 0.0 if high > low else 0.5 * abs(low) or 0.5
    return low - half, high + half


def _mean(values: Array, both: Array) -> Array:
    """Mean of each cell over the steps where both are finite."""
    count = both.sum(axis=0)
    mean: Array = np.where(both, values, 0.0).sum(axis=0) / np.where(count, count, np.nan)
    return mean


def _without_months(values: Array, both: Array, group: Array) -> Array:
    """Subtract each cell's mean of the same calendar month."""
    result = values.copy()
    for month in np.unique(group):
        rows = group == month
        result[rows] -= _mean(values[rows], both[rows])
    return result


def _correlation(a: Array, b: Array, *whole: Array) -> float:
    """Correlation of two lists; NaN where one is constant, or so beside `whole`."""
    if a.size < 3:
        return np.nan
    a, b = a - a.mean(), b - b.mean()
    scale = [np.square(v).sum() for v in (a, b)]
    least = [ROUNDING * np.square(v).sum() for v in whole or (a, b)]
    if any(s <= max(e, 0.0) for s, e in zip(scale, least, strict=True)):
        return np.nan
    return float(np.clip((a * b).sum() / np.sqrt(scale[0]) / np.sqrt(scale[1]), -1.0, 1.0))


def _line(a: Array, b: Array) -> Table:
    """Least-squares line of `a` on `b`."""
    centred = b - b.mean()
    slope = float((centred * (a - a.mean())).sum() / np.square(centred).sum())
    return {"line_slope": slope, "line_intercept": float(a.mean() - slope * b.mean())}
