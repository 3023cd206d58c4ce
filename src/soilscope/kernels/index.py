"""Standardised index of many series: moments and ranks per slot of the year (METHODS 2).

A *slot* is a calendar month, a day of the year, or the one slot of a whole record. `slot` holds the
slot of every time step; `base_slot` is the same with -1 for steps outside the baseline. With
`half` > 0 the reference of a slot also holds the `half` slots on either side, around the year end.
Missing is whatever is not finite. Status codes are those of `soilscope.names.STATUS`.
"""

import numpy as np

from soilscope.kernels.codes import CONSTANT, NO_DATA, OK, TOO_FEW
from soilscope.kernels.compile import kernel


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
def _find_pivot(x, pivot):
    """Fill gaps of `pivot` with valid values of `x`; return how many gaps are left."""
    for q in range(x.size):
        v = x[q]
        pivot[q] = v if np.isnan(pivot[q]) & np.isfinite(v) else pivot[q]
    left = 0
    for q in range(x.size):
        left += np.isnan(pivot[q])
    return left


@kernel
def _add_row(x, pivot, total, count):
    for q in range(x.size):
        v = x[q]
        good = np.isfinite(v)
        total[q] += v - pivot[q] if good else 0.0
        count[q] += 1.0 if good else 0.0


@kernel
def _add_square(x, mean, m2):
    for q in range(x.size):
        v = x[q]
        d = v - mean[q] if np.isfinite(v) else 0.0
        m2[q] += d * d


@kernel
def _block_moments(x, q0, w, base_slot, count, mean, m2):
    """Moments of each slot for the `w` series from `q0` on; a constant series has exactly m2 = 0.

    Rows are sliced from the whole array, so that numba knows that they are contiguous. Sums are of
    differences from the slot's first value, so equal values leave no rounding behind.
    """
    n = x.shape[0]
    n_slots = count.shape[0]
    pivot = m2  # until the squares are added
    pivot[:] = np.nan
    gaps = np.full(n_slots, w)
    for i in range(n):
        g = base_slot[i]
        if g >= 0 and gaps[g] > 0:
            gaps[g] = _find_pivot(x[i, q0 : q0 + w], pivot[g, :w])
    count[:] = 0.0
    mean[:] = 0.0
    for i in range(n):
        g = base_slot[i]
        if g >= 0:
            _add_row(x[i, q0 : q0 + w], pivot[g, :w], mean[g, :w], count[g, :w])
    for g in range(n_slots):
        for q in range(w):
            c = count[g, q]
            mean[g, q] = pivot[g, q] + mean[g, q] / c if c > 0.0 else np.nan
    m2[:] = 0.0
    for i in range(n):
        g = base_slot[i]
        if g >= 0:
            _add_square(x[i, q0 : q0 + w], mean[g, :w], m2[g, :w])


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
def _block_size(n):
    """How many series of `n` values are worked on together, so that they stay in cache."""
    return min(256, max(32, 65536 // max(n, 1)))


@kernel
def _scratch(n_slots, block, half):
    """Moments of the slots and of their windows; the same arrays where there is no window."""
    shape = (n_slots, block)
    a = np.empty(shape), np.empty(shape), np.empty(shape)
    if half == 0:
        return a[0], a[1], a[2], a[0], a[1], a[2]
    b = np.empty(shape), np.empty(shape), np.empty(shape)
    return a[0], a[1], a[2], b[0], b[1], b[2]


@kernel
def moments(x, base_slot, half, count, mean, m2):
    """Write count (int32), mean and sum of squared deviations, each (n_slots, n_series)."""
    n_series = x.shape[1]
    n_slots = count.shape[0]
    block = _block_size(x.shape[0])
    c, m, s, wc, wm, ws = _scratch(n_slots, block, half)
    for q0 in range(0, n_series, block):
        w = min(block, n_series - q0)
        _block_moments(x, q0, w, base_slot, c, m, s)
        if half > 0:
            _widen(c, m, s, wc, wm, ws, half, w)
        for g in range(n_slots):
            for q in range(w):
                count[g, q0 + q] = np.int32(wc[g, q])
                mean[g, q0 + q] = wm[g, q]
                m2[g, q0 + q] = ws[g, q]


@kernel
def _finish(count, years, mean, m2, min_years, ddof, status):
    """Turn `m2` into the standard deviation; too few values leave NaN in both."""
    for q in range(status.size):
        known = (years[q] >= min_years) & (count[q] > ddof)
        mean[q] = mean[q] if known else np.nan
        m2[q] = np.sqrt(m2[q] / (count[q] - ddof)) if known else np.nan
    for q in range(status.size):
        state = CONSTANT if m2[q] == 0.0 else OK
        state = TOO_FEW if np.isnan(m2[q]) else state
        status[q] = NO_DATA if count[q] == 0 else state


@kernel
def zscore_parameters(x, base_slot, half, years, min_years, ddof, mean, std, count, status):
    """Write mean, standard deviation, count and status of each slot: (n_slots, n_series).

    `years` (n_slots, n_series) holds the years behind each count, or has no rows where every value
    is a year of its own.
    """
    moments(x, base_slot, half, count, mean, std)
    for g in range(count.shape[0]):
        n_years = years[g] if years.shape[0] > 0 else count[g]
        _finish(count[g], n_years, mean[g], std[g], min_years, ddof, status[g])


@kernel
def _zscore_block(x, q0, w, slot, mean, std, out):
    """(x - mean) / std of series `q0` to `q0` + `w`; `std` becomes its reciprocal."""
    for g in range(std.shape[0]):
        for q in range(w):
            std[g, q] = 1.0 / std[g, q] if std[g, q] > 0.0 else np.nan
    for i in range(x.shape[0]):
        g = slot[i]
        _zscore_row(x[i, q0 : q0 + w], mean[g, :w], std[g, :w], out[i, q0 : q0 + w])


@kernel
def _zscore_row(x, mean, inverse, out):
    for q in range(x.size):
        v = x[q]
        z = (v - mean[q]) * inverse[q]
        out[q] = z if np.isfinite(v) else np.nan


@kernel
def zscore_apply(x, slot, mean, std, out):
    """Write (x - mean) / std, with parameters (n_slots, n_series), to `out`, which is like `x`."""
    n_series = x.shape[1]
    block = _block_size(x.shape[0])
    m, s = np.empty((mean.shape[0], block)), np.empty((mean.shape[0], block))
    for q0 in range(0, n_series, block):
        w = min(block, n_series - q0)
        m[:, :w] = mean[:, q0 : q0 + w]
        s[:, :w] = std[:, q0 : q0 + w]
        _zscore_block(x, q0, w, slot, m, s, out)


@kernel
def zscore(x, slot, base_slot, half, years, min_years, ddof, out, count, status):
    """Write index, count and status in one pass over the data.

    Equal to the last bit to `zscore_parameters` followed by `zscore_apply`. The caller makes `out`
    (like `x`): memory that NumPy allocates is filled twice as fast as numba's.
    """
    n_series = x.shape[1]
    n_slots = count.shape[0]
    block = _block_size(x.shape[0])
    c, m, s, wc, wm, ws = _scratch(n_slots, block, half)
    for q0 in range(0, n_series, block):
        w = min(block, n_series - q0)
        _block_moments(x, q0, w, base_slot, c, m, s)
        if half > 0:
            _widen(c, m, s, wc, wm, ws, half, w)
        for g in range(n_slots):
            here = count[g, q0 : q0 + w]
            for q in range(w):
                here[q] = np.int32(wc[g, q])
            n_years = years[g, q0 : q0 + w] if years.shape[0] > 0 else here
            _finish(here, n_years, wm[g, :w], ws[g, :w], min_years, ddof, status[g, q0 : q0 + w])
        _zscore_block(x, q0, w, slot, wm, ws, out)
