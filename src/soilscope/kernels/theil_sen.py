"""Theil-Sen slopes and their confidence bounds: exact order statistics of all pairwise slopes.

The slope of a pair is ``(y[j] - y[i]) / (t[j] - t[i])`` in float64 with t[j] > t[i]; the median of
an even number of slopes is ``0.5 * (a + b)``. Few slopes are listed; more are streamed past a
window that a sample has placed round the wanted ranks. What a window cannot settle ends in a
bisection over the floats, which always does. Memory is O(n), time O(n^2): long series go through
`slope_ranks` first, which gives the same bits in O(n log n).
"""

import math

import numpy as np

from soilscope.kernels.compile import kernel
from soilscope.kernels.pair_slopes import list_slopes, sample_slopes, stream_slopes
from soilscope.kernels.selection import (
    MARGIN,
    median,
    narrow,
    nearest_rank,
    quickselect,
    two_ranks,
)
from soilscope.kernels.strips import STRIP, take_strip

ROOM = 16384  # slopes of a window that are kept at least
LISTED = 512  # up to so many slopes, selection from the full list is fastest
SAMPLE = 256


@kernel
def sen_slopes(t, y, season, n_seasons, reach, estimates):
    """Write slope, lower and upper bound, intercept of each column into `estimates` (4, n_series).

    `y` is (n_time, n_series), not finite where missing; `t` (n_time,) ascends; `season` (n_time,)
    numbers the season of each stamp from 0: only pairs of one season count (all 0: the plain
    slope). Bounds are the slopes of 1-based rank round((M - C)/2) and round((M + C)/2 + 1) among
    M slopes, C = `reach` (n_series,); NaN where the reach is NaN, infinite where a rank lies
    outside the M slopes. The intercept is median(y) - slope * median(t).
    """
    n_time, n_series = y.shape
    order = _by_season(season, n_seasons)
    strip = np.empty((STRIP, n_time))
    yy = np.empty(n_time)
    tt = np.empty(n_time)
    starts = np.empty(n_seasons + 1, np.int64)
    row = np.empty(n_time)
    keep = np.empty(max(ROOM, 8 * n_time) + MARGIN)
    targets = np.empty(3, np.int64)
    estimates[:] = np.nan
    for first in range(0, n_series, STRIP):
        width = take_strip(y, first, strip)
        for q in range(width):
            _compress(t, strip[q], season, order, n_seasons, tt, yy, starts)
            m = _count_pairs(starts)
            if m == 0:
                continue
            column = first + q
            c = reach[column]
            targets[0] = -1 if math.isnan(c) else nearest_rank((m - c) / 2.0) - 1
            targets[1] = m // 2
            targets[2] = m if math.isnan(c) else nearest_rank((m + c) / 2.0 + 1.0) - 1
            if not math.isnan(c):
                estimates[1, column] = -np.inf
                estimates[2, column] = np.inf
            _select_all(tt, yy, starts, m, targets, row, keep, estimates, column)
            n = starts[n_seasons]
            middle = 0.5 * (tt[(n - 1) // 2] + tt[n // 2])
            if n_seasons > 1:
                middle = median(tt, n, keep)
            estimates[3, column] = median(yy, n, keep) - estimates[0, column] * middle


@kernel
def _by_season(season, n_seasons):
    """Positions in time order, season after season."""
    order = np.empty(season.size, np.int64)
    m = 0
    for g in range(n_seasons):
        for i in range(season.size):
            if season[i] == g:
                order[m] = i
                m += 1
    return order[:m]


@kernel
def _compress(t, series, season, order, n_seasons, tt, yy, starts):
    """Put the finite values, season after season, into `tt`, `yy`; `starts` marks the seasons."""
    m = 0
    g = 0
    starts[0] = 0
    for p in range(order.size):
        i = order[p]
        while season[i] > g:
            g += 1
            starts[g] = m
        v = series[i]
        tt[m] = t[i]
        yy[m] = v
        m += math.isfinite(v)
    while g < n_seasons:
        g += 1
        starts[g] = m


@kernel
def _count_pairs(starts):
    m = 0
    for g in range(starts.size - 1):
        n = starts[g + 1] - starts[g]
        m += n * (n - 1) // 2
    return m


@kernel
def _select_all(t, y, starts, m, targets, row, keep, estimates, column):
    """Slope (median), and the slopes of rank `targets[0]` and `targets[2]`, by the fastest way."""
    k1 = (m - 1) // 2
    k2 = targets[1]
    first = targets[0] if targets[0] >= 0 else k1
    last = targets[2] if targets[2] < m else k2
    if m <= LISTED:
        inside = list_slopes(t, y, starts, keep)
        base, inside = narrow(keep, inside, first, last)
    else:
        base, inside = _window(t, y, starts, m, first, last, 1, row, keep)
    for wanted in range(3):
        r1 = k1 if wanted == 0 else targets[2 * (wanted - 1)]
        r2 = k2 if wanted == 0 else r1
        if r1 < 0 or r2 >= m:
            continue
        if inside >= 0:
            a, b = two_ranks(keep, inside, r1 - base, r2 - base)
        else:
            a, b = _surely(t, y, starts, m, r1, r2, row, keep)
        estimates[wanted, column] = 0.5 * (a + b) if r1 != r2 else a


@kernel
def _surely(t, y, starts, m, k1, k2, row, keep):
    """k1-th and k2-th smallest slope (k2 = k1 or k1 + 1), whatever it takes."""
    lower, upper = _sampled_window(t, y, starts, m, k1, k2, 2, keep)
    below, inside, whole = stream_slopes(t, y, starts, lower, upper, row, keep)
    if k1 < below or k2 >= below + inside:
        lower = -np.inf
        upper = np.inf
        below = 0
        inside = m
    elif whole:
        return two_ranks(keep, inside, k1 - below, k2 - below)
    a = _bisect(t, y, starts, k1, lower, upper, below, inside, row, keep)
    b = a
    if k1 != k2:
        b = _bisect(t, y, starts, k2, lower, upper, below, inside, row, keep)
    return a, b


@kernel
def _window(t, y, starts, m, k1, k2, attempt, row, keep):
    """Put all slopes of a window round the ranks k1..k2 into `keep`.

    Returns how many slopes lie below the window and how many in it; -1 where it missed the ranks
    or holds too many slopes.
    """
    lower, upper = _sampled_window(t, y, starts, m, k1, k2, attempt, keep)
    below, inside, whole = stream_slopes(t, y, starts, lower, upper, row, keep)
    if k1 < below or k2 >= below + inside:
        return 0, -1
    if not whole:
        if lower < upper or k2 - k1 >= keep.size:
            return 0, -1
        keep[: k2 - k1 + 1] = lower  # all slopes of the window are one number
        return k1, k2 - k1 + 1
    return below, inside


@kernel
def _sampled_window(t, y, starts, m, k1, k2, attempt, out):
    """Slopes between which the ranks k1..k2 of all m slopes lie with high probability."""
    size = SAMPLE * attempt * attempt
    got = sample_slopes(t, y, starts, 7919 * attempt, size, out)
    if got == 0:
        return -np.inf, np.inf
    spread = (1.0 + 0.5 * attempt) * 0.5 * math.sqrt(got) + 1.0
    low = math.floor(got * ((k1 + 0.5) / m) - spread)
    high = math.ceil(got * ((k2 + 0.5) / m) + spread)
    lower = -np.inf
    upper = np.inf
    if low >= 0:
        lower = quickselect(out, 0, got - 1, low)
    if high < got:
        upper = quickselect(out, max(low, 0), got - 1, high)
    return lower, upper


@kernel
def _bisect(t, y, starts, k, lower, upper, below, inside, row, keep):
    """k-th smallest slope by bisection over the floats: at most 65 passes, no assumptions.

    It lies in [lower, upper], with so many slopes `below` and `inside`.
    """
    value = np.empty(1)
    bits = value.view(np.int64)
    value[0] = lower + 0.0  # never -0.0
    low = _flip(bits[0])
    value[0] = upper + 0.0
    high = _flip(bits[0])
    below_low = below
    up_to_high = below + inside
    while low < high:
        mid = (low >> 1) + (high >> 1) + (low & high & 1)
        if mid == -1:  # -0.0, which is equal to its neighbour 0.0
            if low == -1 and high == 0:
                return 0.0
            mid = np.int64(0 if high > 0 else -2)
        bits[0] = _flip(mid)
        _, count, _ = stream_slopes(t, y, starts, -np.inf, value[0], row, keep[:0])
        if count > k:
            high = mid
            up_to_high = count
        else:
            low = mid + 1
            below_low = count
        if low < high and up_to_high - below_low < keep.size - MARGIN - row.size:
            bits[0] = _flip(high)
            upper = value[0]
            bits[0] = _flip(low)
            below, inside, _ = stream_slopes(t, y, starts, value[0], upper, row, keep)
            return two_ranks(keep, inside, k - below, k - below)[0]
    bits[0] = _flip(low)
    return value[0]


@kernel
def _flip(bits):
    """Map the bits of a float to an integer of the same order, and back."""
    return bits if bits >= 0 else bits ^ np.int64(0x7FFFFFFFFFFFFFFF)
