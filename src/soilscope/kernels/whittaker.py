"""The weighted Whittaker smoother: z that minimises sum w (y - z)^2 + penalty of its bends.

The penalty is ``smoothness`` times the sum of squared second differences. On uneven positions a
second difference is twice the divided difference, and counts with the room that it stands for, so
that even positions give the plain one and the smoothness means the same on any. Its matrix has two
bands beside the diagonal, so that a series is solved in one pass forth and back (L D L^T).
"""

import numpy as np

from soilscope.kernels.compile import kernel
from soilscope.kernels.dated import merge_dates, order_of_dates
from soilscope.kernels.lanes import LANES, fused
from soilscope.kernels.strips import STRIP, take_strip

_ROOM = 16384  # values of a few series side by side: what is held of them stays in the cache
_PAD = 2  # rows of zeros in front of and behind a series, so that its ends are like the rest


@kernel
def penalty(x, n, smoothness, bands):
    """Write the diagonal and the two upper bands of the penalty's matrix into `bands` (3, n + 4).

    `x` holds n ascending positions, in units of the usual step.
    """
    bands[:, : n + 2 * _PAD] = 0.0
    for k in range(_PAD + 1, _PAD + n - 1):
        before = x[k - _PAD] - x[k - _PAD - 1]
        behind = x[k - _PAD + 1] - x[k - _PAD]
        both = before + behind
        a = 2.0 / (both * before)
        b = -2.0 / (before * behind)
        c = 2.0 / (both * behind)
        s = smoothness * 0.5 * both
        bands[0, k - 1] += s * a * a
        bands[0, k] += s * b * b
        bands[0, k + 1] += s * c * c
        bands[1, k - 1] += s * a * b
        bands[1, k] += s * b * c
        bands[2, k - 1] += s * a * c


@fused
def _pivot(w, c1, u, r2, p0, p3, r):
    for q in range(r.size):
        r[q] = 1.0 / (w[q] + p0 - c1[q] * u[q] - p3 * (p3 * r2[q]))


@fused
def _eliminate(z, z1, z2, c1, r2, p3):
    for q in range(z.size):
        z[q] -= c1[q] * z1[q] + p3 * r2[q] * z2[q]


@fused
def _factor(c1, r, p1, p2, u, c):
    for q in range(c.size):
        u[q] = p1 - p2 * c1[q]
        c[q] = u[q] * r[q]


@fused
def _substitute(z, z1, z2, c, r, p2):
    for q in range(z.size):
        z[q] = (z[q] - p2 * z2[q]) * r[q] - c[q] * z1[q]


@kernel
def _solve(bands, n, w, z, c, r, u):
    """Solve (diag(w) + penalty) x = z for several series side by side; `z` becomes x.

    `r` takes the inverse of D, `c` the first lower band of L, whose second is bands[2] * r.
    """
    u[:] = 0.0
    c[:_PAD] = 0.0
    r[:_PAD] = 0.0
    z[:_PAD] = 0.0
    z[n + _PAD :] = 0.0
    for k in range(_PAD, n + _PAD):
        p3 = bands[2, k - 2]
        _pivot(w[k], c[k - 1], u, r[k - 2], bands[0, k], p3, r[k])
        _eliminate(z[k], z[k - 1], z[k - 2], c[k - 1], r[k - 2], p3)
        _factor(c[k - 1], r[k], bands[1, k], bands[2, k - 1], u, c[k])
    for k in range(n + _PAD - 1, _PAD - 1, -1):
        _substitute(z[k], z[k + 1], z[k + 2], c[k], r[k], bands[2, k])


@kernel
def _take(y, w, z):
    """Take a row of values: their weights are 1, or 0 where they are missing."""
    for q in range(y.size):
        valid = np.isfinite(y[q])
        w[q] = 1.0 if valid else 0.0
        z[q] = y[q] if valid else 0.0


@kernel
def _take_weighted(y, weights, w, z):
    for q in range(y.size):
        valid = np.isfinite(y[q]) & (weights[q] > 0.0) & (weights[q] < np.inf)
        w[q] = weights[q] if valid else 0.0
        z[q] = weights[q] * y[q] if valid else 0.0


@kernel
def _span(w, count, first, last):
    """Count the weights of each series (n_time, n_series), and find its first and its last."""
    count[:] = 0
    first[:] = w.shape[0]
    last[:] = -1
    for i in range(w.shape[0]):
        for q in range(w.shape[1]):
            there = w[i, q] > 0.0
            count[q] += np.int32(there)
            last[q] = i if there else last[q]
            first[q] = min(first[q], i) if there else first[q]


@kernel
def whittaker(y, weights, x, smoothness, least, out):
    """Smooth each column of `y` (n_time, n_series) at the positions `x` (n_time,) into `out`.

    `weights` is like `y`, or has no rows where all values count alike. A value without a positive
    weight counts as missing. A series with fewer than `least` values is NaN, and so is each before
    its first and behind its last value.
    """
    n, n_series = y.shape
    bands = np.empty((3, n + 2 * _PAD))
    penalty(x, n, smoothness, bands)
    width = min(LANES, max(16, _ROOM // n))
    w = np.ones((n + 2 * _PAD, width))
    z = np.zeros((n + 2 * _PAD, width))
    c = np.empty((n + 2 * _PAD, width))
    r = np.empty((n + 2 * _PAD, width))
    u = np.empty(width)
    count, first, last = np.empty((3, width), np.int32)
    for a in range(0, n_series, width):
        b = min(a + width, n_series)
        for i in range(n):
            if weights.shape[0]:
                _take_weighted(y[i, a:b], weights[i, a:b], w[i + _PAD], z[i + _PAD])
            else:
                _take(y[i, a:b], w[i + _PAD], z[i + _PAD])
        _span(w[_PAD : n + _PAD], count, first, last)
        for q in range(width):
            if count[q] < least:
                w[:, q] = 1.0  # nothing is divided by zero
        _solve(bands, n, w, z, c, r, u)
        for i in range(n):
            for q in range(b - a):
                there = (count[q] >= least) & (first[q] <= i) & (i <= last[q])
                out[i, a + q] = z[i + _PAD, q] if there else np.nan


@fused
def _solve_one(bands, n, w, z, c, e):
    """Solve as `_solve` does, for one series; `z` (n,) becomes x."""
    u = c1 = e1 = e2 = z1 = z2 = 0.0
    for i in range(n):
        k = i + _PAD
        inverse = 1.0 / (w[i] + bands[0, k] - c1 * u - bands[2, k - 2] * e2)
        z[i] -= c1 * z1 + e2 * z2
        u = bands[1, k] - bands[2, k - 1] * c1
        c[i] = u * inverse
        e[i] = bands[2, k] * inverse
        z2, z1, c1, e2, e1 = z1, z[i], c[i], e1, e[i]
        w[i] = inverse
    z1 = z2 = 0.0
    for i in range(n - 1, -1, -1):
        z[i] = z[i] * w[i] - c[i] * z1 - e[i] * z2
        z2, z1 = z1, z[i]


@kernel
def whittaker_dated(y, weights, x, smoothness, least, out):
    """Smooth each column of `y` at positions of its own, `x` (n_time, n_series).

    Positions need not ascend; values at one position become one. Missing values are estimated at
    their position, too, unless it is before the first or behind the last value. The rest is as in
    `whittaker`.
    """
    n, n_series = y.shape
    values = np.empty((STRIP, n))
    given = np.ones((STRIP, n))
    dates = np.empty((STRIP, n))
    order = np.empty(n, np.int64)
    node = np.empty(n, np.int64)
    own, z, w, c, e = np.empty((5, n))
    bands = np.empty((3, n + 2 * _PAD))
    for a in range(0, n_series, STRIP):
        width = take_strip(y, a, values)
        take_strip(x, a, dates)
        if weights.shape[0]:
            take_strip(weights, a, given)
        for s in range(width):
            order_of_dates(dates[s], order)
            m = merge_dates(dates[s], values[s], given[s], order, own, z, w, node)
            count = 0
            first = m
            last = -1
            for j in range(m):
                if w[j] > 0.0:
                    count += 1
                    first = min(first, j)
                    last = j
            penalty(own, m, smoothness, bands)
            enough = count >= least and m > 2
            if enough:
                _solve_one(bands, m, w, z, c, e)
            for i in range(n):
                there = enough and first <= node[i] <= last
                values[s, i] = z[node[i]] if there else np.nan
        for i in range(n):
            for s in range(width):
                out[i, a + s] = values[s, i]
