"""Gamma and beta distributions of many series, fitted to the reference of a slot (METHODS 2).

Slots, `base_slot`, `half` and `years` are those of `soilscope.kernels.index`; missing is whatever
is not finite. The support is from 0 to `upper`: infinite for gamma. Values at its ends are no part
of the fit but a share of their own, n_end / (n + 1); a value beyond them makes the fit fail.
"""

import numpy as np

from soilscope.kernels.codes import FIT_FAILED, OK, TOO_FEW
from soilscope.kernels.compile import kernel
from soilscope.kernels.likelihood import beta_shapes, gamma_shape, log_deficit, thom
from soilscope.kernels.ranks import sort_series, state

LARGEST = 1e14  # a shape of this size belongs to values that are equal but for 1e-7 of themselves


@kernel
def _mean(values):
    """Mean of sorted values; the mean of equal ones is exactly their value."""
    total = 0.0
    for v in values:
        total += v - values[0]
    return values[0] + total / values.size


@kernel
def _gamma(values, approximate):
    """Shape and scale."""
    mean = _mean(values)
    deficit = log_deficit(values, mean)
    shape = thom(deficit) if approximate else gamma_shape(deficit)
    return shape, mean / shape


@kernel
def _beta(values):
    """Both shapes, for values between 0 and 1."""
    rest = 1.0 - values
    mean, mean_rest = _mean(values), _mean(rest)
    variance = np.mean((values - mean) ** 2)
    return beta_shapes(
        mean, mean_rest, variance, log_deficit(values, mean), log_deficit(rest, mean_rest)
    )


@kernel
def _fit(values, upper, approximate):
    """Two parameters and the shares of both ends, from sorted values; NaN where there is no fit."""
    n = values.size
    low, high = 0, n
    if values[0] < 0.0 or values[n - 1] > upper:
        return np.nan, np.nan, np.nan, np.nan
    while low < n and values[low] == 0.0:
        low += 1
    while high > low and values[high - 1] == upper:
        high -= 1
    if high - low < 2 or values[low] == values[high - 1]:
        return np.nan, np.nan, np.nan, np.nan
    inside = values[low:high]
    if np.isinf(upper):
        one, two = _gamma(inside, approximate)
    else:
        one, two = _beta(inside / upper)
    narrow = (one if np.isinf(upper) else one + two) >= LARGEST
    if narrow or not (0.0 < one and 0.0 < two < np.inf):
        return np.nan, np.nan, np.nan, np.nan
    return one, two, low / (n + 1.0), (n - high) / (n + 1.0)


@kernel
def fit(x, base_slot, n_slots, half, n_rank, years, min_years, upper, approximate):
    """Parameters (4, n_slots, n_series), count and status of each slot.

    The parameters are shape and scale (gamma) or both shapes (beta), and the shares of the lower
    and the upper end. `approximate`: Thom's approximation instead of maximum likelihood (gamma).
    """
    n_series = x.shape[1]
    out = np.full((4, n_slots, n_series), np.nan)
    count = np.empty((n_slots, n_series), np.int32)
    status = np.empty((n_slots, n_series), np.int8)
    values = np.empty((n_slots, n_rank))
    for q in range(n_series):
        sort_series(x[:, q], base_slot, half, values, count[:, q])
        for g in range(n_slots):
            n = count[g, q]
            n_years = years[g, q] if years.shape[0] > 0 else n
            status[g, q] = state(values[g], n, n_years, min_years)
            if n == 1:
                status[g, q] = TOO_FEW
            if status[g, q] == OK:
                one, two, low, high = _fit(values[g, :n], upper, approximate)
                out[0, g, q], out[1, g, q] = one, two
                out[2, g, q], out[3, g, q] = low, high
                if np.isnan(one):
                    status[g, q] = FIT_FAILED
    return out, count, status
