"""Empirical index of many series: ranks among the reference values of a slot (METHODS 2).

Slots, `base_slot`, `half` and `years` are those of `soilscope.kernels.index`; missing is whatever
is not finite. Status codes are those of `soilscope.names.STATUS`.
"""

import numpy as np

from soilscope.kernels.codes import CONSTANT, NO_DATA, OK, TOO_FEW
from soilscope.kernels.compile import kernel


@kernel
def sort_series(x, base_slot, half, values, count):
    """Sort the reference values of each slot of one series `x` into `values` (n_slots, n_rank)."""
    n_slots = values.shape[0]
    count[:] = 0
    for i in range(x.size):
        if base_slot[i] >= 0 and np.isfinite(x[i]):
            for d in range(base_slot[i] - half, base_slot[i] + half + 1):
                g = d % n_slots
                values[g, count[g]] = x[i]
                count[g] += 1
    for g in range(n_slots):
        values[g, : count[g]].sort()
        values[g, count[g] :] = np.nan


@kernel
def state(values, count, years, min_years):
    """Status of a slot by its sorted reference values."""
    if count == 0:
        return NO_DATA
    if years < min_years:
        return TOO_FEW
    return CONSTANT if values[0] == values[count - 1] else OK


@kernel
def _probability(v, values, n):
    """Gringorten's plotting position of `v` among `n` sorted values."""
    low, high = 0, n
    while low < high:
        middle = (low + high) // 2
        if values[middle] < v:
            low = middle + 1
        else:
            high = middle
    smaller = low
    high = n
    while low < high:
        middle = (low + high) // 2
        if values[middle] <= v:
            low = middle + 1
        else:
            high = middle
    rank = smaller + 0.5 * (low - smaller) + 0.5
    rank = min(max(rank, 1.0), float(n))
    return (rank - 0.44) / (n + 0.12)


@kernel
def sorted_values(x, base_slot, n_slots, half, n_rank, years, min_years):
    """Sorted reference values (n_slots, n_rank, n_series), NaN-padded; their count, and status.

    A slot with too few years has no values, as it has no index.
    """
    n_series = x.shape[1]
    out = np.empty((n_slots, n_rank, n_series))
    count = np.empty((n_slots, n_series), np.int32)
    status = np.empty((n_slots, n_series), np.int8)
    values = np.empty((n_slots, n_rank))
    for q in range(n_series):
        sort_series(x[:, q], base_slot, half, values, count[:, q])
        for g in range(n_slots):
            n_years = years[g, q] if years.shape[0] > 0 else count[g, q]
            status[g, q] = state(values[g], count[g, q], n_years, min_years)
            if status[g, q] == TOO_FEW:
                values[g] = np.nan
            out[g, :, q] = values[g]
    return out, count, status


@kernel
def probabilities(x, slot, base_slot, n_slots, half, n_rank, years, min_years):
    """Give plotting positions like `x` (float64), count and status; no sorted values are kept."""
    n, n_series = x.shape
    out = np.full((n, n_series), np.nan)
    count = np.empty((n_slots, n_series), np.int32)
    status = np.empty((n_slots, n_series), np.int8)
    values = np.empty((n_slots, n_rank))
    for q in range(n_series):
        sort_series(x[:, q], base_slot, half, values, count[:, q])
        for g in range(n_slots):
            n_years = years[g, q] if years.shape[0] > 0 else count[g, q]
            status[g, q] = state(values[g], count[g, q], n_years, min_years)
        for i in range(n):
            if status[slot[i], q] == OK and np.isfinite(x[i, q]):
                out[i, q] = _probability(x[i, q], values[slot[i]], count[slot[i], q])
    return out, count, status


@kernel
def probabilities_among(x, slot, values, count):
    """Give plotting positions of `x` among given sorted values (n_slots, n_rank, n_series)."""
    n, n_series = x.shape
    out = np.full((n, n_series), np.nan)
    for q in range(n_series):
        for i in range(n):
            g = slot[i]
            c = count[g, q]
            if c > 0 and np.isfinite(x[i, q]) and values[g, 0, q] < values[g, c - 1, q]:
                out[i, q] = _probability(x[i, q], values[g, :, q], c)
    return out
