"""Theil-Sen slopes of long series: the same bits as by listing all slopes, in O(n log n).

The number of slopes below b is the number of inversions of ``y - b * t`` (Matousek 1991): a window
round the wanted ranks is narrowed by counting until the few slopes in it can be listed.
"""

import math

import numpy as np

from soilscope.kernels.compile import LANES, kernel
from soilscope.kernels.inversions import (
    compare_pairs,
    count_falling,
    sort_counting,
    tied_pairs,
)
from soilscope.kernels.pair_slopes import sample_slopes
from soilscope.kernels.selection import (
    MARGIN,
    median,
    narrow,
    nearest_rank,
    quickselect,
    two_ranks,
)
from soilscope.kernels.strips import STRIP, take_strip

SHORTEST = 40  # below this number of values, listing or streaming all slopes is faster
COMPARED = 1200  # up to this length, comparing all pairs counts inversions faster than sorting does
SAMPLE = 256
EPS = 2.220446049250313e-16


@kernel
def ranked_slopes(t, y, reach, estimates, settled):
    """Write slope, lower and upper bound, intercept of each column into `estimates` (4, n_series).

    As `theil_sen.sen_slopes` without seasons, to the last bit, where `settled` (n_series,) turns
    1. It stays 0 for series with fewer than `SHORTEST` values, and for those whose slopes lie too
    close to one another to be told apart by residuals, such as an exact line.
    """
    n_time, n_series = y.shape
    strip = np.empty((STRIP, n_time))
    yy = np.empty(n_time)
    tt = np.empty(n_time)
    keep = np.empty(max(16384, 8 * n_time) + MARGIN)
    keys = np.empty((2, n_time + 2 * LANES))
    idx = np.empty((2, n_time), np.int32)
    settled[:] = 0
    estimates[:] = np.nan
    for first in range(0, n_series, STRIP):
        width = take_strip(y, first, strip)
        for q in range(width):
            n = 0
            for i in range(n_time):
                v = strip[q, i]
                tt[n] = t[i]
                yy[n] = v
                n += math.isfinite(v)
            if n >= SHORTEST:
                column = first + q
                series = _describe(tt, yy, n)
                settled[column] = _settle(series, reach[column], keep, keys, idx, estimates, column)


@kernel
def _settle(series, reach, keep, keys, idx, estimates, column):
    """Find the slope and the bounds of one series; returns whether all were found."""
    t, y, n, _, _, _ = series
    m = n * (n - 1) // 2
    signs = _signs(keys, y, n)
    for wanted in range(1 if math.isnan(reach) else 3):
        k1 = (m - 1) // 2
        k2 = m // 2
        if wanted == 1:
            k1 = k2 = nearest_rank((m - reach) / 2.0) - 1
        elif wanted == 2:
            k1 = k2 = nearest_rank((m + reach) / 2.0 + 1.0) - 1
        if k1 < 0 or k2 >= m:
            estimates[wanted, column] = -np.inf if k1 < 0 else np.inf
            continue
        found, estimates[wanted, column] = _between(series, signs, k1, k2, keep, keys, idx)
        if not found:
            return False
    middle = 0.5 * (t[(n - 1) // 2] + t[n // 2])
    estimates[3, column] = median(y, n, keep) - estimates[0, column] * middle
    return True


@kernel
def _between(series, signs, k1, k2, keep, keys, idx):
    """Mean of the k1-th and the k2-th smallest slope (k2 = k1 or k1 + 1), and whether found."""
    falling, level = signs
    zeros_end = falling + level
    astride = k1 != k2 and (k1 < falling <= k2 or k1 < zeros_end <= k2)
    first = 0.0
    for k in range(k1, k2 + 1):  # each rank on its own where they lie astride the zero slopes
        found, a, b = _by_inversions(
            series, signs, k if astride else k1, k if astride else k2, keep, keys, idx
        )
        if not found:
            return False, 0.0
        if k1 == k2 or not astride:
            return True, 0.5 * (a + b) if k1 != k2 else a
        if k == k2:
            return True, 0.5 * (first + a)
        first = a
    return False, 0.0


@kernel
def _describe(t, y, n):
    """Bundle a series with the ranges that bound the rounding of its residuals."""
    y_range = 0.0
    t_step = np.inf
    for i in range(1, n):
        y_range = max(y_range, abs(y[i] - y[0]))
        t_step = min(t_step, t[i] - t[i - 1])
    return t, y, n, y_range, t[max(n - 1, 0)] - t[0], t_step


@kernel
def _by_inversions(series, signs, k1, k2, keep, keys, idx):
    """k1-th and k2-th smallest slope of one series: (found, first, second).

    A window round the ranks is narrowed by interpolation until the pairs in it can be listed. It
    is widened by what rounding could hide, and what it yields is accepted only where it lies
    inside the window, so the answer is exact or absent.
    """
    n = series[2]
    falling, level = signs
    if k1 >= falling and k2 < falling + level:
        return True, 0.0, 0.0
    low, high = _signed_window(series, signs, k1, k2, keep)
    found, low, high, rank_low, rank_high = _enclose(series, low, high, k1, k2, keys)
    if not found:
        return False, 0.0, 0.0
    most = min(keep.size - MARGIN, 5 * n)  # pairs that are listed at once
    for _ in range(24):
        a = low
        b = high
        between = rank_high - rank_low
        if between > most:
            centre = low + (high - low) * ((0.5 * (k1 + k2) + 0.5 - rank_low) / between)
            half = 0.25 * most * (high - low) / between
            a = max(low, centre - half)
            b = min(high, centre + half)
        below, count = _crossings(
            series, a - _slack(series, a), b + _slack(series, b), keys, idx, keep
        )
        if below > k1:
            high = a
            rank_high = below
        elif count < 0:  # more pairs here than a smooth distribution of slopes would hold
            most = most // 2
        elif k2 >= below + count:
            low = b
            rank_low = below + count
        else:
            skipped, count = narrow(keep, count, k1 - below, k2 - below)
            below += skipped
            first, second = two_ranks(keep, count, k1 - below, k2 - below)
            return a <= first and second <= b, first, second
    return False, 0.0, 0.0


@kernel
def _signed_window(series, signs, k1, k2, keep):
    """Slopes round the ranks k1..k2, from a sample of the slopes that share their sign."""
    t, y, n, y_range, _, t_step = series
    falling, level = signs
    rising = k1 >= falling
    size = SAMPLE if n <= COMPARED else 8 * SAMPLE
    got = sample_slopes(t, y, np.array([0, n]), 0, size, keep)
    m = 0
    for q in range(got):
        v = keep[q]
        keep[m] = v
        m += (v > 0.0) if rising else (v < 0.0)
    first = falling + level if rising else 0
    count = n * (n - 1) // 2 - first if rising else falling
    spread = 0.75 * math.sqrt(m) + 1.0
    low = math.floor(m * ((k1 + 0.5 - first) / count) - spread)
    high = math.ceil(m * ((k2 + 0.5 - first) / count) + spread)
    least = 4.0 * _slack(series, 0.0)  # the slopes that are zero stay outside
    most = 4.0 * y_range / t_step
    lower = least if rising else -most
    upper = most if rising else -least
    if low >= 0:
        lower = quickselect(keep, 0, m - 1, low)
    if high < m:
        upper = quickselect(keep, max(low, 0), m - 1, high)
    return lower, upper


@kernel
def _enclose(series, low, high, k1, k2, keys):
    """Widen [low, high] until it holds the ranks; also returns the ranks of its ends."""
    rank_low = -1
    rank_high = -1
    for _ in range(8):
        step = high - low
        if rank_low < 0:
            rank_low = _rank_at(series, low - _slack(series, low), keys)
            if rank_low > k1:
                high = low
                rank_high = rank_low
                low = low - 2.0 * step
                rank_low = -1
                continue
        if rank_high < 0:
            rank_high = _rank_at(series, high + _slack(series, high), keys)
            if rank_high <= k2:
                low = high
                rank_low = rank_high
                high = high + 2.0 * step
                rank_high = -1
                continue
        return True, low, high, rank_low, rank_high
    return False, low, high, 0, 0


@kernel
def _rank_at(series, slope, keys):
    """Count the pairs whose y - slope * t falls: the slopes below `slope`, up to rounding."""
    t, y, n, _, _, _ = series
    for i in range(n):
        keys[0, i] = (y[i] - y[0]) - slope * (t[i] - t[0])
    return count_falling(keys[0], n) if n <= COMPARED else sort_counting(keys[0], keys[1], n)[0]


@kernel
def _slack(series, slope):
    """Return the change of slope beyond which rounding cannot alter the order of two residuals."""
    _, _, _, y_range, t_range, t_step = series
    return 8.0 * EPS * (y_range + 2.0 * abs(slope) * t_range) / t_step


@kernel
def _signs(keys, y, n):
    """Count the slopes below zero, and those that are zero."""
    for i in range(n):
        keys[0, i] = y[i]
    if n <= COMPARED:
        falling, rising = compare_pairs(keys[0], n)
        return falling, n * (n - 1) // 2 - falling - rising
    falling, key, _ = sort_counting(keys[0], keys[1], n)
    return falling, tied_pairs(key, 0, n)


@kernel
def _crossings(series, lower, upper, keys, idx, out):
    """List in `out` the slopes of the pairs whose order of y - slope * t differs at the two slopes.

    Returns the number of pairs out of order at `lower`, and the length of the list (-1: full).
    """
    t, y, n, _, _, _ = series
    for i in range(n):
        keys[0, i] = (y[i] - y[0]) - lower * (t[i] - t[0])
        idx[0, i] = i
    below, _, order = sort_counting(keys[0], keys[1], n, idx[0], idx[1])
    key = keys[0]
    m = 0
    for q in range(n):
        g = order[q]
        key[q] = (y[g] - y[0]) - upper * (t[g] - t[0])
    for q in range(1, n):
        x = key[q]
        p = q - 1
        if key[p] <= x:
            continue
        if m + q > out.size - MARGIN:
            return below, -1
        g = order[q]
        while p >= 0 and key[p] > x:
            h = order[p]
            key[p + 1] = key[p]
            order[p + 1] = h
            out[m] = (y[g] - y[h]) / (t[g] - t[h])
            m += 1
            p -= 1
        key[p + 1] = x
        order[p + 1] = g
    return below, m
