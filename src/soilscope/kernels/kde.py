"""Kernel-density index of many series: tail probabilities under a smoothed reference (METHODS 2).

The reference values of a slot, each spread as a normal distribution of standard deviation h, give
P(v) = mean Phi((v - x_i) / h), with h = n^(-1/5) s. Slots, `base_slot`, `half` and `years` are
those of `soilscope.kernels.index`; missing is whatever is not finite. A *tail* is P where `v` lies
in the lower half of the reference, and -(1 - P) above: so neither end loses digits.
"""

import math

import numpy as np

from soilscope.kernels.codes import CONSTANT, FIT_FAILED, NO_DATA, OK, TOO_FEW
from soilscope.kernels.compile import kernel
from soilscope.kernels.ranks import sort_series, state


@kernel
def _bandwidth(values, n, ddof):
    """Bandwidth of `n` sorted values: n^(-1/5) times their standard deviation."""
    total = 0.0
    for i in range(n):
        total += values[i] - values[0]
    mean = values[0] + total / n
    square = 0.0
    for i in range(n):
        square += (values[i] - mean) ** 2
    return math.sqrt(square / (n - ddof)) * n**-0.2


@kernel
def _tail(v, values, n, h):
    """Tail of `v` among `n` sorted values."""
    unit = 1.0 / (h * math.sqrt(2.0))
    upper = v > values[n // 2]
    total = 0.0
    if upper:
        for i in range(n):
            total += math.erfc((v - values[i]) * unit)
        return -0.5 * total / n
    for i in range(n):
        total += math.erfc((values[i] - v) * unit)
    return 0.5 * total / n


@kernel
def _reference(x, base_slot, half, years, min_years, ddof, values, bandwidth, count, status):
    """Sorted values (n_slots, n_rank), bandwidth, count and status of one series."""
    sort_series(x, base_slot, half, values, count)
    for g in range(count.size):
        n_years = years[g] if years.size > 0 else count[g]
        status[g] = state(values[g], count[g], n_years, min_years)
        if status[g] != NO_DATA and count[g] < 2:
            status[g] = TOO_FEW
        bandwidth[g] = np.nan
        if status[g] == CONSTANT:
            bandwidth[g] = 0.0
        elif status[g] == OK:
            bandwidth[g] = _bandwidth(values[g], count[g], ddof)
            if not (np.isfinite(bandwidth[g]) and bandwidth[g] > 0.0):
                bandwidth[g] = np.nan
                status[g] = FIT_FAILED
        if status[g] == TOO_FEW or status[g] == FIT_FAILED:
            values[g] = np.nan


@kernel
def parameters(x, base_slot, n_slots, half, n_rank, years, min_years, ddof):
    """Sorted values (n_slots, n_rank, n_series), bandwidth, count and status of each slot."""
    n_series = x.shape[1]
    out = np.empty((n_slots, n_rank, n_series))
    bandwidth = np.empty((n_slots, n_series))
    count = np.empty((n_slots, n_series), np.int32)
    status = np.empty((n_slots, n_series), np.int8)
    values, h = np.empty((n_slots, n_rank)), np.empty(n_slots)
    for q in range(n_series):
        known = years[:, q] if years.shape[0] > 0 else np.empty(0, np.int32)
        _reference(
            x[:, q], base_slot, half, known, min_years, ddof, values, h, count[:, q], status[:, q]
        )
        out[:, :, q] = values
        bandwidth[:, q] = h
    return out, bandwidth, count, status


@kernel
def tails(x, slot, base_slot, n_slots, half, n_rank, years, min_years, ddof):
    """Tails like `x` (float64), count and status; no reference is kept."""
    n, n_series = x.shape
    out = np.full((n, n_series), np.nan)
    count = np.empty((n_slots, n_series), np.int32)
    status = np.empty((n_slots, n_series), np.int8)
    values, h = np.empty((n_slots, n_rank)), np.empty(n_slots)
    for q in range(n_series):
        known = years[:, q] if years.shape[0] > 0 else np.empty(0, np.int32)
        _reference(
            x[:, q], base_slot, half, known, min_years, ddof, values, h, count[:, q], status[:, q]
        )
        for i in range(n):
            g = slot[i]
            if h[g] > 0.0 and np.isfinite(x[i, q]):
                out[i, q] = _tail(np.float64(x[i, q]), values[g], count[g, q], h[g])
    return out, count, status


@kernel
def tails_among(x, slot, values, bandwidth, count):
    """Tails of `x` among given sorted values (n_slots, n_rank, n_series)."""
    n, n_series = x.shape
    out = np.full((n, n_series), np.nan)
    own = np.empty(values.shape[:2])
    for q in range(n_series):
        own[:] = values[:, :, q]
        for i in range(n):
            g = slot[i]
            if bandwidth[g, q] > 0.0 and np.isfinite(x[i, q]):
                out[i, q] = _tail(np.float64(x[i, q]), own[g], count[g, q], bandwidth[g, q])
    return out
