"""What the index computes on one block of series: (n_time, n_series) in, arrays out.

z-score, ranks and smoothed ranks; gamma and beta are in `soilscope.analyse.index_families`.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from soilscope.analyse.index_options import IndexOptions
from soilscope.analyse.slots import Slots
from soilscope.kernels import index as kernels
from soilscope.kernels import kde, ranks

Array = npt.NDArray[Any]
SMALLEST = 1e-16  # a smaller tail probability counts as this one: the index stays within +-8.22


def moments(x: Array, *, where: Slots) -> tuple[Array, ...]:
    """Count, mean, sum of squared deviations and years of each slot."""
    shape = where.size, x.shape[1]
    count, mean, m2 = np.empty(shape, np.int32), np.empty(shape), np.empty(shape)
    kernels.moments(x, where.base_slot, where.half, count, mean, m2)
    years = where.years(x)
    return count, mean, m2, years if years.size else count


def zscore_parameters(x: Array, *, where: Slots, options: IndexOptions) -> tuple[Array, ...]:
    """Mean, standard deviation, count and status of each slot."""
    shape = where.size, x.shape[1]
    results = np.empty(shape), np.empty(shape), np.empty(shape, np.int32), np.empty(shape, np.int8)
    rule = where.years(x), options.min_years, options.ddof
    kernels.zscore_parameters(x, where.base_slot, where.half, *rule, *results)
    return results


def zscore(x: Array, *, where: Slots, options: IndexOptions) -> tuple[Array, ...]:
    """Index, count and status against the own reference."""
    shape = where.size, x.shape[1]
    results = np.empty_like(x), np.empty(shape, np.int32), np.empty(shape, np.int8)
    rule = where.years(x), options.min_years, options.ddof
    kernels.zscore(x, where.slot, where.base_slot, where.half, *rule, *results)
    return results


def apply_zscore(x: Array, mean: Array, std: Array, *, slot: Array) -> tuple[Array, ...]:
    """Index with given means and standard deviations."""
    out = np.empty_like(x)
    kernels.zscore_apply(x, slot, mean, std, out)
    return (out,)


def sorted_values(x: Array, *, where: Slots, options: IndexOptions) -> tuple[Array, ...]:
    """Sorted reference values, count and status of each slot."""
    arguments = where.base_slot, where.size, where.half, where.most_values(), where.years(x)
    result: tuple[Array, ...] = ranks.sorted_values(x, *arguments, options.min_years)
    return result


def empirical(x: Array, *, where: Slots, options: IndexOptions) -> tuple[Array, ...]:
    """Index, count and status by ranks among the own reference."""
    arguments = where.base_slot, where.size, where.half, where.most_values(), where.years(x)
    p, count, status = ranks.probabilities(x, where.slot, *arguments, options.min_years)
    return ndtri(p).astype(x.dtype, copy=False), count, status


def apply_empirical(x: Array, values: Array, count: Array, *, slot: Array) -> tuple[Array, ...]:
    """Index by ranks among given values."""
    p = ranks.probabilities_among(x, slot, values, count.astype(np.int64))
    return (ndtri(p).astype(x.dtype, copy=False),)


def kde_parameters(x: Array, *, where: Slots, options: IndexOptions) -> tuple[Array, ...]:
    """Sorted reference values, bandwidth, count and status of each slot."""
    arguments = where.base_slot, where.size, where.half, where.most_values(), where.years(x)
    result: tuple[Array, ...] = kde.parameters(x, *arguments, options.min_years, options.ddof)
    return result


def smoothed(x: Array, *, where: Slots, options: IndexOptions) -> tuple[Array, ...]:
    """Index, count and status by the kernel density of the own reference."""
    arguments = where.base_slot, where.size, where.half, where.most_values(), where.years(x)
    tail, count, status = kde.tails(x, where.slot, *arguments, options.min_years, options.ddof)
    return normal_quantile(tail, x.dtype), count, status


def apply_kde(
    x: Array, values: Array, bandwidth: Array, count: Array, *, slot: Array
) -> tuple[Array, ...]:
    """Index by the kernel density of given values."""
    tail = kde.tails_among(x, slot, values, bandwidth, count.astype(np.int32))
    return (normal_quantile(tail, x.dtype),)


def normal_quantile(tail: Array, dtype: np.dtype[Any]) -> Array:
    """Return the normal quantile of P, which the upper half has as -(1 - P), exact near 1."""
    size = np.maximum(np.abs(tail), SMALLEST)
    quantile: Array = np.copysign(1.0, tail) * ndtri(size, out=size)
    return quantile.astype(dtype, copy=False)
