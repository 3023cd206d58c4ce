"""Statistics of the values of fields, one field at a time."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from soilscope.kernels.samples import correlation, moments, plotting_positions, quantiles
from soilscope.names import CONSTANT, NO_DATA, OK, TOO_FEW

Array = npt.NDArray[Any]

#: What is computed of each field, in this order.
STATISTICS = (
    "minimum",
    "maximum",
    "mean",
    "std",
    "cv",
    "lower_quartile",
    "median",
    "upper_quartile",
    "skewness",
    "iqr_to_std",
    "qq_correlation",
)


@dataclass(frozen=True, repr=False)  # dask splits the text of a callable at hyphens
class StatisticsBlock:
    """Statistics with all their options, to be called on fields (..., *core)."""

    core: tuple[str, ...]
    weighted: tuple[str, ...]  # those of the core dimensions that the weights have
    zoned: tuple[str, ...]  # and the codes of the regions
    codes: tuple[int, ...]  # of the regions; none: the whole field
    probability: tuple[float, ...]
    min_obs: int

    def __call__(self, values: Array, weight: Array, regions: Array | None = None) -> Any:
        """Return the statistics, quantiles, counts and states: (..., region) and their own dims."""
        lead = values.shape[: values.ndim - len(self.core)]
        core = values.shape[len(lead) :]
        weight = np.broadcast_to(self._opened(weight, self.weighted), core).reshape(-1)
        fields = values.reshape(int(np.prod(lead)), -1)
        shape = (len(fields), max(1, len(self.codes)))
        table = np.full((len(STATISTICS), *shape), np.nan)
        sample = np.full((*shape, len(self.probability)), np.nan)
        count, status = np.zeros(shape, np.int64), np.zeros(shape, np.int8)
        inside = self._inside(regions, lead, core)
        for i, field in enumerate(fields):
            valid = np.isfinite(field) & np.isfinite(weight) & (weight > 0)
            for k in range(shape[1]):
                used = valid if inside is None else valid & (inside[i] == self.codes[k])
                x, w = field[used].astype(np.float64), weight[used].astype(np.float64)
                count[i, k] = x.size
                table[:, i, k], sample[i, k], status[i, k] = self._one(x, w)
        end = (*lead, shape[1]) if self.codes else lead
        parts = (*table, count, status)
        return (*(part.reshape(end) for part in parts), sample.reshape(*end, -1))

    def _inside(
        self, regions: Array | None, lead: tuple[int, ...], core: tuple[int, ...]
    ) -> Array | None:
        """Give the code of each value of each field."""
        if regions is None:
            return None
        opened = self._opened(regions, self.zoned)
        size = int(np.prod(core))
        return np.broadcast_to(opened, (*lead, *core)).reshape(int(np.prod(lead)), size)

    def _opened(self, array: Array, dims: tuple[str, ...]) -> Array:
        """Give an array (..., *dims) an axis for each core dimension that it lacks."""
        for behind, dim in enumerate(reversed(self.core)):
            if dim not in dims:
                array = np.expand_dims(array, array.ndim - behind)
        return array

    def _one(self, x: Array, weight: Array) -> tuple[Array, Array, int]:
        table = np.full(len(STATISTICS), np.nan)
        none = np.full(len(self.probability), np.nan)
        if x.size < self.min_obs:
            return table, none, TOO_FEW if x.size else NO_DATA
        order = np.argsort(x, kind="stable")
        x, weight = x[order], weight[order]
        quartiles = quantiles(x, weight, np.array([0.25, 0.5, 0.75]))
        sample = quantiles(x, weight, np.array(self.probability))
        if x[0] == x[-1]:
            cv = 0.0 if x[0] else np.nan
            table[:8] = [x[0], x[-1], x[0], 0.0, cv, *quartiles]
            return table, sample, CONSTANT
        mean, variance, skewness = moments(x, weight)
        std = np.sqrt(variance)
        normal = ndtri(plotting_positions(weight))
        table[:] = [
            x[0], x[-1], mean, std, std / mean if mean else np.nan, *quartiles, skewness,
            (quartiles[2] - quartiles[0]) / std, correlation(x, normal, weight),
        ]  # fmt: skip
        return table, sample, OK
