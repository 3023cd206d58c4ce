"""Theil-Sen slopes and their confidence bounds: exact order statistics of all pairwise slopes.

The slope of a pair is ``(y[j] - y[i]) / (t[j] - t[i])`` in float64 with t[j] > t[i]; the median of
an even number of slopes is ``0.5 * (a + b)``. Three ways lead to the same bits: few slopes are
listed; more are streamed past a window that a sample has placed round the wanted rank; a long
series is ranked by counting inversions of ``y - slope * t`` (Matousek 1991), O(n) in memory.
Whatever the fast ways cannot settle ends in a bisection over the slopes, which always does.
"""

import math

import numpy as np

from soilscope.kernels.compile import kernel

LISTED = 512  # up to so many slopes, selection from the full list is fastest
STREAMED = 300  # from this length of a series on, counting inversions beats streaming
SAMPLE = 384
STRIP = 16  # series that are transposed together, so that each fetched cache line is used whole
EPS = 2.220446049250313e-16


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
    keep = np.empty(max(16384, 8 * n_time))
    keys = np.empty((2, n_time))
    idx = np.empty((2, n_time), np.int32)
    work = (row, keep, keys, idx)
    targets = np.empty(3, np.int64)
    for first in range(0, n_series, STRIP):
        width = min(STRIP, n_series - first)
        for i in range(n_time):
            for q in range(width):
                strip[q, i] = y[i, first + q]
        for q in range(width):
            column = first + q
            _compress(t, strip[q], season, order, n_seasons, tt, yy, starts)
            m = _count_pairs(starts)
            for k in range(4):
                estimates[k, column] = np.nan
            if m == 0:
                continue
            c = reach[column]
            targets[0] = -1 if math.isnan(c) else _rank((m - c) / 2.0) - 1
            targets[1] = m // 2
            targets[2] = m if math.isnan(c) else _rank((m + c) / 2.0 + 1.0) - 1
            _select_all(tt, yy, starts, m, targets, work, estimates, column)
            n = starts[n_seasons]
            estimates[3, column] = _median(yy, n, keep) - estimates[0, column] * _median(
                tt, n, keep
            )
            if not math.isnan(c):
                if targets[0] < 0:
                    estimates[1, column] = -np.inf
                if targets[2] >= m:
                    estimates[2, column] = np.inf


@kernel
def _rank(x):
    """Nearest integer, halves to even, kept inside int64."""
    return np.int64(np.rint(min(max(x, -1e15), 1e15)))


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
def _select_all(t, y, starts, m, targets, work, estimates, column):
    """Slope (median), and the slopes of rank `targets[0]` and `targets[2]`, by the fastest way."""
    row, keep, keys, idx = work
    k1 = (m - 1) // 2
    k2 = targets[1]
    low = targets[0]
    high = targets[2]
    first = low if low >= 0 else k1
    last = high if high < m else k2
    base = 0
    inside = -1
    if m <= LISTED:
        base, inside, _ = _stream(t, y, starts, -np.inf, np.inf, row, keep)
    elif starts.size > 2 or starts[1] < STREAMED:
        base, inside = _window(t, y, starts, m, first, last, 1, row, keep)
    for wanted in range(3):
        r1 = k1 if wanted == 0 else targets[wanted - 1 if wanted == 1 else 2]
        r2 = k2 if wanted == 0 else r1
        if r1 < 0 or r2 >= m:
            continue
        if inside >= 0:
            a, b = _middle(keep, inside, r1 - base, r2 - base)
        else:
            a, b = _pair_of_ranks(t, y, starts, m, r1, r2, row, keep, keys, idx)
        estimates[wanted, column] = 0.5 * (a + b) if r1 != r2 else a


@kernel
def _pair_of_ranks(t, y, starts, m, k1, k2, row, keep, keys, idx):
    """k1-th and k2-th smallest slope (k2 = k1 or k1 + 1), whatever it takes."""
    n = starts[1]
    if starts.size == 2 and n >= STREAMED:
        found, a, b = _by_inversions(t, y, n, k1, k2, keep, keys, idx)
        if found:
            return a, b
    for attempt in range(1, 5):
        base, inside = _window(t, y, starts, m, k1, k2, attempt, row, keep)
        if inside >= 0:
            return _middle(keep, inside, k1 - base, k2 - base)
    a = _bisect(t, y, starts, k1, row, keep)
    return a, a if k1 == k2 else _bisect(t, y, starts, k2, row, keep)


# ------------------------------------------------------------------- selection from a list


@kernel
def _quickselect(a, lo, hi, k):
    """k-th smallest of a[lo:hi + 1] (k counted from 0 in `a`); reorders `a`."""
    while lo < hi:
        mid = (lo + hi) >> 1
        if a[mid] < a[lo]:
            a[mid], a[lo] = a[lo], a[mid]
        if a[hi] < a[lo]:
            a[hi], a[lo] = a[lo], a[hi]
        if a[hi] < a[mid]:
            a[hi], a[mid] = a[mid], a[hi]
        pivot = a[mid]
        i = lo
        j = hi
        while i <= j:
            while a[i] < pivot:
                i += 1
            while a[j] > pivot:
                j -= 1
            if i <= j:
                a[i], a[j] = a[j], a[i]
                i += 1
                j -= 1
        if k <= j:
            hi = j
        elif k >= i:
            lo = i
        else:
            break
    return a[k]


@kernel
def _middle(a, n, k1, k2):
    """k1-th and k2-th smallest (k2 = k1 or k1 + 1) of a[:n]; reorders `a`, keeping its values."""
    b = _quickselect(a, 0, n - 1, k2)
    if k1 == k2:
        return b, b
    low = a[0]
    for q in range(1, k2):
        low = max(low, a[q])
    return low, b


@kernel
def _median(values, n, scratch):
    for i in range(n):
        scratch[i] = values[i]
    a, b = _middle(scratch, n, (n - 1) // 2, n // 2)
    return 0.5 * (a + b)


# ------------------------------------------------------------------- slopes streamed past a window


@kernel
def _stream(t, y, starts, lower, upper, row, keep):
    """Count the slopes below `lower` and in [lower, upper]; keep the latter while they fit."""
    below = 0
    inside = 0
    whole = True
    for g in range(starts.size - 1):
        s = starts[g]
        n = starts[g + 1] - s
        for k in range(1, n):
            length = n - k
            for i in range(length):
                row[i] = (y[s + i + k] - y[s + i]) / (t[s + i + k] - t[s + i])
            whole = whole and inside + length <= keep.size
            if whole:
                for i in range(length):
                    v = row[i]
                    keep[inside] = v
                    below += v < lower
                    inside += (v >= lower) & (v <= upper)
            else:
                for i in range(length):
                    v = row[i]
                    below += v < lower
                    inside += (v >= lower) & (v <= upper)
    return below, inside, whole


@kernel
def _sample(t, y, starts, first, size, out):
    """Slopes of `size` pairs spread evenly over all pairs (points of an additive recurrence)."""
    n = starts[starts.size - 1]
    u = (first * 0.7548776662466927) % 1.0
    v = (first * 0.5698402909980532) % 1.0
    got = 0
    for _ in range(4 * size):
        u += 0.7548776662466927
        u -= u >= 1.0
        v += 0.5698402909980532
        v -= v >= 1.0
        i = int(u * n)
        lo = 0
        hi = n
        if starts.size > 2:
            g = 0
            while starts[g + 1] <= i:
                g += 1
            lo = starts[g]
            hi = starts[g + 1]
        j = lo + int(v * (hi - lo))
        if i != j:
            out[got] = (y[j] - y[i]) / (t[j] - t[i])
            got += 1
            if got == size:
                break
    return got


@kernel
def _sampled_window(t, y, starts, m, k1, k2, attempt, out):
    """Slopes between which the ranks k1..k2 of all m slopes lie with high probability."""
    size = SAMPLE * attempt * attempt
    got = _sample(t, y, starts, 7919 * attempt, size, out)
    if got == 0:
        return -np.inf, np.inf
    spread = (1.0 + 0.5 * attempt) * 0.5 * math.sqrt(got) + 1.0
    low = math.floor(got * ((k1 + 0.5) / m) - spread)
    high = math.ceil(got * ((k2 + 0.5) / m) + spread)
    lower = -np.inf
    upper = np.inf
    if low >= 0:
        lower = _quickselect(out, 0, got - 1, low)
    if high < got:
        upper = _quickselect(out, max(low, 0), got - 1, high)
    return lower, upper


@kernel
def _window(t, y, starts, m, k1, k2, attempt, row, keep):
    """Put all slopes of a window round the ranks k1..k2 into `keep`.

    Returns how many slopes lie below the window and how many in it; -1 where it missed the ranks
    or holds too many slopes.
    """
    lower, upper = _sampled_window(t, y, starts, m, k1, k2, attempt, keep)
    below, inside, whole = _stream(t, y, starts, lower, upper, row, keep)
    if k1 < below or k2 >= below + inside:
        return 0, -1
    if not whole:
        if lower < upper:
            return 0, -1
        keep[0] = lower  # all slopes of the window are one number
        keep[1] = lower
        return k1, k2 - k1 + 1
    return below, inside


@kernel
def _bisect(t, y, starts, k, row, keep):
    """k-th smallest slope by bisection over the floats: at most 64 passes, no assumptions."""
    value = np.empty(1)
    bits = value.view(np.int64)
    low = np.int64(-9218868437227405313)  # -inf, in an order of integers that is that of floats
    high = np.int64(9218868437227405312)  # +inf
    while low < high:
        mid = (low >> 1) + (high >> 1) + (low & high & 1)
        bits[0] = mid if mid >= 0 else mid ^ np.int64(0x7FFFFFFFFFFFFFFF)
        below, inside, _ = _stream(t, y, starts, -np.inf, value[0], row, keep[:0])
        if below + inside > k:
            high = mid
        else:
            low = mid + 1
    bits[0] = low if low >= 0 else low ^ np.int64(0x7FFFFFFFFFFFFFFF)
    return value[0]


# ------------------------------------------------------------------- ranks by inversions


@kernel
def _merge_step(a, ai, b, bi, lo, mid, hi):
    """Merge two sorted runs of a (with companions ai) into b; returns the inversions between."""
    inversions = 0
    i = lo
    j = mid
    k = lo
    while i < mid and j < hi:
        x = a[i]
        z = a[j]
        second = z < x
        b[k] = z if second else x
        bi[k] = ai[j] if second else ai[i]
        inversions += (mid - i) if second else 0
        j += second
        i += 1 - second
        k += 1
    while i < mid:
        b[k] = a[i]
        bi[k] = ai[i]
        i += 1
        k += 1
    while j < hi:
        b[k] = a[j]
        bi[k] = ai[j]
        j += 1
        k += 1
    return inversions


@kernel
def _sort(keys, idx, n):
    """Sort keys[0, :n] with companions idx[0, :n] stably; returns inversions, sorted companions."""
    run = 8
    inversions = 0
    a = keys[0]
    ai = idx[0]
    b = keys[1]
    bi = idx[1]
    for lo in range(0, n, run):
        for i in range(lo + 1, min(lo + run, n)):
            x = a[i]
            xi = ai[i]
            j = i - 1
            while j >= lo and a[j] > x:
                a[j + 1] = a[j]
                ai[j + 1] = ai[j]
                j -= 1
            inversions += i - 1 - j
            a[j + 1] = x
            ai[j + 1] = xi
    while run < n:
        for lo in range(0, n, 2 * run):
            inversions += _merge_step(a, ai, b, bi, lo, min(lo + run, n), min(lo + 2 * run, n))
        a, b = b, a
        ai, bi = bi, ai
        run *= 2
    return inversions, ai


@kernel
def _rank_at(t, y, n, slope, keys, idx):
    """Count the pairs whose y - slope * t falls: the slopes below `slope`, up to rounding."""
    for i in range(n):
        keys[0, i] = (y[i] - y[0]) - slope * (t[i] - t[0])
        idx[0, i] = i
    return _sort(keys, idx, n)


@kernel
def _slack(y_range, t_range, t_step, slope):
    """Return the change of slope beyond which rounding cannot alter the order of two residuals."""
    return 8.0 * EPS * (y_range + 2.0 * abs(slope) * t_range) / t_step


@kernel
def _crossings(t, y, n, slope, keys, order, out):
    """Slopes of the pairs that change places between `order` and the order at `slope`; -1: full."""
    key = keys[0]
    m = 0
    for q in range(n):
        g = order[q]
        key[q] = (y[g] - y[0]) - slope * (t[g] - t[0])
    for q in range(1, n):
        x = key[q]
        p = q - 1
        if key[p] <= x:
            continue
        if m + q > out.size:
            return -1
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
    return m


@kernel
def _zero_or_sign(y, n, k1, k2, keys, idx):
    """Where the ranks lie: 0 among the slopes that are zero, -1 below, 1 above, 2 astride."""
    for i in range(n):
        keys[0, i] = y[i]
        idx[0, i] = i
    falling, order = _sort(keys, idx, n)
    level = 0
    run = 1
    for q in range(1, n + 1):
        if q < n and y[order[q]] == y[order[q - 1]]:
            run += 1
        else:
            level += run * (run - 1) // 2
            run = 1
    if k2 < falling:
        return -1
    if k1 >= falling + level:
        return 1
    return 0 if k1 >= falling and k2 < falling + level else 2


@kernel
def _by_inversions(t, y, n, k1, k2, keep, keys, idx):
    """k1-th and k2-th smallest slope of one long series: (found, first, second).

    A window round the ranks is narrowed by interpolation until the pairs in it can be listed. It
    is widened by what rounding could hide, and what it yields is accepted only where it lies
    inside the window, so the answer is exact or absent.
    """
    side = _zero_or_sign(y, n, k1, k2, keys, idx)
    if side == 0 or side == 2:
        return side == 0, 0.0, 0.0
    m = n * (n - 1) // 2
    y_range = 0.0
    t_step = np.inf
    for i in range(1, n):
        y_range = max(y_range, abs(y[i] - y[0]))
        t_step = min(t_step, t[i] - t[i - 1])
    t_range = t[n - 1] - t[0]
    starts = np.array([0, n])
    low, high = _sampled_window(t, y, starts, m, k1, k2, 2, keep)
    if not (math.isfinite(low) and math.isfinite(high)):
        return False, 0.0, 0.0
    least = 4.0 * _slack(y_range, t_range, t_step, 0.0)  # leaves the slopes that are zero outside
    if side > 0:
        low = max(low, least)
        high = max(high, 2.0 * least)
    else:
        high = min(high, -least)
        low = min(low, -2.0 * least)
    rank_low = -1
    rank_high = -1
    for _ in range(6):
        step = high - low
        if rank_low < 0:
            rank_low, _ = _rank_at(t, y, n, low - _slack(y_range, t_range, t_step, low), keys, idx)
            if rank_low > k1:
                high = low
                rank_high = rank_low
                low = low - step
                rank_low = -1
                continue
        if rank_high < 0:
            rank_high, _ = _rank_at(
                t, y, n, high + _slack(y_range, t_range, t_step, high), keys, idx
            )
            if rank_high <= k2:
                low = high
                rank_low = rank_high
                high = high + step
                rank_high = -1
                continue
        break
    if rank_low < 0 or rank_high < 0:
        return False, 0.0, 0.0
    share = 0.3
    for _ in range(24):
        a = low
        b = high
        between = rank_high - rank_low
        if between > 0.9 * keep.size:
            middle = low + (high - low) * ((0.5 * (k1 + k2) + 0.5 - rank_low) / between)
            half = 0.5 * share * keep.size * (high - low) / between
            a = max(low, middle - half)
            b = min(high, middle + half)
        below, order = _rank_at(t, y, n, a - _slack(y_range, t_range, t_step, a), keys, idx)
        if below > k1:
            high = a
            rank_high = below
            continue
        count = _crossings(t, y, n, b + _slack(y_range, t_range, t_step, b), keys, order, keep)
        if count < 0:  # more pairs here than a smooth distribution of slopes would hold
            share *= 0.5
            continue
        if k2 >= below + count:
            low = b
            rank_low = below + count
            continue
        first, second = _middle(keep, count, k1 - below, k2 - below)
        return a <= first and second <= b, first, second
    return False, 0.0, 0.0
