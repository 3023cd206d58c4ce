"""Gamma and beta index of one block of series: fits by our kernel, probabilities by SciPy.

Both families share their rule for the ends of the support. The share of the reference values at an
end is a probability of its own there, n_end / (n + 1); a value at this end has the middle of it,
(n_end + 1) / (2 (n + 1)) (Stagge et al. 2015). An end that the reference never touches has
probability 0, and a value beyond has none.
"""

from collections.abc import Callable

import numpy as np
from scipy import special

from soilscope.analyse.index_blocks import Array, normal_quantile
from soilscope.analyse.index_options import IndexOptions
from soilscope.analyse.slots import Slots
from soilscope.kernels import distributions

NARROW = 1e5  # shape of a gamma distribution of 0.3 % standard deviation


def gamma_parameters(x: Array, *, where: Slots, options: IndexOptions) -> tuple[Array, ...]:
    """Shape, scale, share of zeros, count and status of each slot."""
    found, count, status = _fit(x, np.inf, where=where, options=options)
    return found[0], found[1], found[2], count, status


def beta_parameters(x: Array, *, where: Slots, options: IndexOptions) -> tuple[Array, ...]:
    """Both shapes, shares of both ends, count and status of each slot."""
    found, count, status = _fit(x, _held(options.upper, x), where=where, options=options)
    return *found, count, status


def gamma(x: Array, *, where: Slots, options: IndexOptions) -> tuple[Array, ...]:
    """Index, count and status by the gamma distribution of the own reference."""
    *found, status = gamma_parameters(x, where=where, options=options)
    return *apply_gamma(x, *found, slot=where.slot), found[-1], status


def beta(x: Array, *, where: Slots, options: IndexOptions) -> tuple[Array, ...]:
    """Index, count and status by the beta distribution of the own reference."""
    *found, status = beta_parameters(x, where=where, options=options)
    return *apply_beta(x, *found, slot=where.slot, upper=options.upper), found[-1], status


def apply_gamma(
    x: Array, shape: Array, scale: Array, zeros: Array, count: Array, *, slot: Array
) -> tuple[Array, ...]:
    """Index with given gamma distributions."""
    tail = np.full(x.shape, np.nan)
    for g, rows in _rows(slot):
        v = x[rows].astype(np.float64) / scale[g]
        below, above = (v > 0.0) & (v <= shape[g]), (v > shape[g]) & (v < np.inf)
        p = np.full(v.shape, np.nan)
        _fill(p, below, _gamma_below, shape[g], v)
        _fill(p, above, special.gammaincc, shape[g], v)
        p *= 1.0 - zeros[g]
        tail[rows] = np.where(above, -p, p + zeros[g])
        _set_end(tail, rows, v == 0.0, zeros[g], count[g])
    return (normal_quantile(tail, x.dtype),)


def apply_beta(
    x: Array,
    alpha: Array,
    beta: Array,
    lowest: Array,
    highest: Array,
    count: Array,
    *,
    slot: Array,
    upper: float,
) -> tuple[Array, ...]:
    """Index with given beta distributions."""
    end = _held(upper, x)
    tail = np.full(x.shape, np.nan)
    for g, rows in _rows(slot):
        v = x[rows].astype(np.float64) / end
        centre = alpha[g] / (alpha[g] + beta[g])
        below, above = (v > 0.0) & (v <= centre), (v > centre) & (v < 1.0)
        p = np.full(v.shape, np.nan)
        _fill(p, below, special.betainc, alpha[g], beta[g], v)
        _fill(p, above, special.betainc, beta[g], alpha[g], 1.0 - v)
        p *= 1.0 - lowest[g] - highest[g]
        tail[rows] = np.where(above, -(p + highest[g]), p + lowest[g])
        _set_end(tail, rows, v == 0.0, lowest[g], count[g])
        _set_end(tail, rows, v == 1.0, highest[g], count[g], sign=-1.0)
    return (normal_quantile(tail, x.dtype),)


def _fit(x: Array, upper: float, *, where: Slots, options: IndexOptions) -> tuple[Array, ...]:
    arguments = where.base_slot, where.size, where.half, where.most_values(), where.years(x)
    result: tuple[Array, ...] = distributions.fit(
        x, *arguments, options.min_years, upper, options.fit == "thom"
    )
    return result


def _held(upper: float, x: Array) -> float:
    """Upper end of the support as the data can hold it: 0.45 in float32 is less than 0.45."""
    return float(x.dtype.type(upper))


def _rows(slot: Array) -> list[tuple[int, Array]]:
    """Time steps of each slot that occurs."""
    return [(int(g), np.flatnonzero(slot == g)) for g in np.unique(slot)]


def _gamma_below(shape: Array, v: Array) -> Array:
    """Regularised incomplete gamma function, also far below the mean of a narrow distribution.

    SciPy 1.17 sums at most 2000 terms there, and is 30 % off for a shape of 1e8; the normal
    quantile of Barndorff-Nielsen (1986) is exact to 3e-10 for shapes from 1e5 on.
    """
    p: Array = special.gammainc(shape, v)
    far = (shape > NARROW) & (v < shape - 4.0 * np.sqrt(shape))
    k, d = shape[far], v[far] / shape[far] - 1.0
    w = -np.sqrt(2.0 * k * (d - np.log1p(d)))
    p[far] = special.ndtr(w + np.log(d * np.sqrt(k) / w) / w)
    return p


def _fill(
    out: Array, there: Array, function: Callable[..., Array], *arguments: Array | float
) -> None:
    """Evaluate `function` in some places (SciPy 1.17 corrupts memory if given `where`)."""
    out[there] = function(*(np.broadcast_to(a, out.shape)[there] for a in arguments))


def _set_end(
    tail: Array, rows: Array, there: Array, share: Array, count: Array, *, sign: float = 1.0
) -> None:
    """Give the values at an end of the support the middle of its probability."""
    if there.any():
        middle = np.where(share > 0.0, 0.5 * share + 0.5 / (count + 1.0), share)  # NaN stays NaN
        tail[rows] = np.where(there, sign * middle, tail[rows])
