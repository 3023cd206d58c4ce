"""Standardised index of many series: moments and ranks per slot of the year (METHODS 2).

A *slot* is a calendar month, a day of the year, or the one slot of a whole record. `slot` holds the
slot of every time step; `base_slot` is the same with -1 for steps outside the baseline. With
`half` > 0 the reference of a slot also holds the `half` slots on either side, around the year end.
Missing is whatever is not finite. Status codes are those of `soilscope.names.STATUS`.
"""

import numpy as np

from soilscope.kernels.compile import kernel

OK, NO_DATA, TOO_FEW, CONSTANT = 0, 1, 2, 3
BLOCK = 128  # series that are worked on together, so that their values stay in cache


@kernel
def count_years(x, base_slot, year, n_slots, n_years, half):
    """Years with a valid value in each slot's reference: (n_slots, n_series) int32.

    `year` (n_time,) numbers the years 0, 1, ..., n_years - 1.
    """
    n, n_series = x.shape
    years = np.zeros((n_slots, n_series), np.int32)
    has = np.zeros((n_years, n_slots), np.int64)
    for q in range(n_series):
        has[:] = 0
        for i in range(n):
            if base_slot[i] >= 0 and np.isfinite(x[i, q]):
                has[year[i], base_slot[i]] = 1
        for y in range(n_years):
            inside = 0
            for d in range(-half, half):
                inside += has[y, d % n_slots]
            for d in range(n_slots):
                inside += has[y, (d + half) % n_slots]
                if inside > 0:
                    years[d, q] += 1
                inside -= has[y, (d - half) % n_slots]
    return years


@kernel
def _add_row(x, pivot, total, count):
    for q in range(x.size):
        v = x[q]
        good = np.isfinite(v)
        pivot[q] = v if good & (count[q] == 0.0) else pivot[q]
        total[q] += v - pivot[q] if good else 0.0
        count[q] += 1.0 if good else 0.0


@kernel
def _add_square(x, mean, m2):
    for q in range(x.size):
        v = x[q]
        d = v - mean[q] if np.isfinite(v) else 0.0
        m2[q] += d * d


@kernel
def _block_moments(x, base_slot, count, mean, m2):
    """Count, mean and sum of squared deviations of each slot; a constant series has exactly 0.

    Sums are of differences from the slot's first value, so equal values leave no rounding behind.
    """
    n, w = x.shape
    n_slots = count.shape[0]
    count[:] = 0.0
    mean[:] = 0.0
    m2[:] = 0.0
    for i in range(n):
        g = base_slot[i]
        if g >= 0:
            _add_row(x[i], m2[g, :w], mean[g, :w], count[g, :w])  # m2 holds the pivot for now
    for g in range(n_slots):
        for q in range(w):
            c = count[g, q]
            mean[g, q] = m2[g, q] + mean[g, q] / c if c > 0.0 else np.nan
            m2[g, q] = 0.0
    for i in range(n):
        g = base_slot[i]
        if g >= 0:
            _add_square(x[i], mean[g, :w], m2[g, :w])


@kernel
def _widen(count, mean, m2, wide_count, wide_mean, wide_m2, half, w):
    """Merge the moments of the slots around each slot (Chan et al. 1979)."""
    n_slots = count.shape[0]
    for g in range(n_slots):
        for q in range(w):
            total, pivot, shift = 0.0, np.nan, 0.0
            for d in range(g - half, g + half + 1):
                c = count[d % n_slots, q]
                if c > 0.0:
                    if total == 0.0:
                        pivot = mean[d % n_slots, q]
                    total += c
                    shift += c * (mean[d % n_slots, q] - pivot)
            centre = pivot + shift / total if total > 0.0 else np.nan
            spread = 0.0
            for d in range(g - half, g + half + 1):
                c = count[d % n_slots, q]
                if c > 0.0:
                    away = mean[d % n_slots, q] - centre
                    spread += m2[d % n_slots, q] + c * away * away
            wide_count[g, q], wide_mean[g, q], wide_m2[g, q] = total, centre, spread


@kernel
def moments(x, base_slot, n_slots, half):
    """Count (int32), mean and sum of squared deviations, each (n_slots, n_series)."""
    n_series = x.shape[1]
    count = np.zeros((n_slots, n_series), np.int32)
    mean = np.empty((n_slots, n_series))
    m2 = np.empty((n_slots, n_series))
    c, m, s, wc, wm, ws = _scratch(n_slots, half)
    for q0 in range(0, n_series, BLOCK):
        w = min(BLOCK, n_series - q0)
        _block_moments(x[:, q0 : q0 + w], base_slot, c, m, s)
        if half > 0:
            _widen(c, m, s, wc, wm, ws, half, w)
        for g in range(n_slots):
            for q in range(w):
                count[g, q0 + q] = np.int32(wc[g, q])
                mean[g, q0 + q] = wm[g, q]
                m2[g, q0 + q] = ws[g, q]
    return count, mean, m2


@kernel
def _scratch(n_slots, half):
    """Moments of the slots and of their windows; the same arrays where there is no window."""
    a = np.empty((n_slots, BLOCK)), np.empty((n_slots, BLOCK)), np.empty((n_slots, BLOCK))
    if half == 0:
        return a[0], a[1], a[2], a[0], a[1], a[2]
    b = np.empty((n_slots, BLOCK)), np.empty((n_slots, BLOCK)), np.empty((n_slots, BLOCK))
    return a[0], a[1], a[2], b[0], b[1], b[2]


@kernel
def _state(count, years, min_years, ddof, constant):
    if count == 0:
        return NO_DATA
    if years < min_years or count <= ddof:
        return TOO_FEW
    return CONSTANT if constant else OK


@kernel
def _finish(count, mean, m2, years, min_years, ddof, status):
    """Turn `m2` into the standard deviation; too few values leave NaN in both."""
    for q in range(status.size):
        n_years = years[q] if years.size > 0 else count[q]
        status[q] = _state(count[q], n_years, min_years, ddof, m2[q] == 0.0)
        known = (status[q] == OK) | (status[q] == CONSTANT)
        mean[q] = mean[q] if known else np.nan
        m2[q] = np.sqrt(m2[q] / (count[q] - ddof)) if known else np.nan


@kernel
def zscore_parameters(x, base_slot, n_slots, half, years, min_years, ddof):
    """Mean, standard deviation, count and status of each slot's reference: (n_slots, n_series).

    `years` (n_slots, n_series) holds the years behind each count, or has no rows where every value
    is a year of its own.
    """
    count, mean, std = moments(x, base_slot, n_slots, half)
    status = np.empty(count.shape, np.int8)
    for g in range(n_slots):
        n_years = years[g] if years.shape[0] > 0 else count[g]
        _finish(count[g], mean[g], std[g], n_years, min_years, ddof, status[g])
    return mean, std, count, status


@kernel
def _zscore_block(x, slot, mean, std, out):
    """(x - mean) / std of a block; `std` becomes its reciprocal, NaN where it is 0."""
    n, w = x.shape
    for g in range(std.shape[0]):
        for q in range(w):
            std[g, q] = 1.0 / std[g, q] if std[g, q] > 0.0 else np.nan
    for i in range(n):
        _zscore_row(x[i], mean[slot[i], :w], std[slot[i], :w], out[i])


@kernel
def _zscore_row(x, mean, inverse, out):
    for q in range(x.size):
        v = x[q]
        out[q] = (v - mean[q]) * inverse[q] if np.isfinite(v) else np.nan


@kernel
def zscore_apply(x, slot, mean, std):
    """(x - mean) / std with given parameters (n_slots, n_series): like `x`, in its dtype."""
    n_series = x.shape[1]
    out = np.empty_like(x)
    m, s = np.empty((mean.shape[0], BLOCK)), np.empty((mean.shape[0], BLOCK))
    for q0 in range(0, n_series, BLOCK):
        w = min(BLOCK, n_series - q0)
        m[:, :w] = mean[:, q0 : q0 + w]
        s[:, :w] = std[:, q0 : q0 + w]
        _zscore_block(x[:, q0 : q0 + w], slot, m, s, out[:, q0 : q0 + w])
    return out


@kernel
def zscore(x, slot, base_slot, n_slots, half, years, min_years, ddof):
    """Parameters and index in one pass over the data: index, count, status.

    Equal to the last bit to `zscore_parameters` followed by `zscore_apply`.
    """
    n_series = x.shape[1]
    out = np.empty_like(x)
    count = np.empty((n_slots, n_series), np.int32)
    status = np.empty((n_slots, n_series), np.int8)
    c, m, s, wc, wm, ws = _scratch(n_slots, half)
    for q0 in range(0, n_series, BLOCK):
        w = min(BLOCK, n_series - q0)
        block = x[:, q0 : q0 + w]
        _block_moments(block, base_slot, c, m, s)
        if half > 0:
            _widen(c, m, s, wc, wm, ws, half, w)
        for g in range(n_slots):
            count[g, q0 : q0 + w] = wc[g, :w].astype(np.int32)
            here = count[g, q0 : q0 + w]
            n_years = years[g, q0 : q0 + w] if years.shape[0] > 0 else here
            _finish(here, wm[g, :w], ws[g, :w], n_years, min_years, ddof, status[g, q0 : q0 + w])
        _zscore_block(block, slot, wm, ws, out[:, q0 : q0 + w])
    return out, count, status
