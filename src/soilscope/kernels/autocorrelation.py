"""Serial correlation: autocorrelations of detrended series, and what they do to the variance of S.

Stamps carry a position on the regular grid of time steps. A product at lag k is taken between
stamps exactly k steps apart, so a gap breaks pairs instead of joining its two sides:
``rho_k = (sum of products / c_k) (1 - k / L) / (sum of squares / n)`` with c_k such pairs among n
values on a span of L steps. Without gaps this is the usual sum of products over sum of squares.
"""

import math

import numpy as np

from soilscope.kernels.compile import kernel


@kernel
def detrend(t, y, slope, residual):
    """Write ``y - slope * (t - t[0])`` of each column into `residual` (n_time, n_series)."""
    for i in range(t.size):
        for q in range(y.shape[1]):
            residual[i, q] = y[i, q] - slope[q] * (t[i] - t[0])


@kernel
def centre_seasons(y, season, n_seasons):
    """Subtract from each column of `y` the mean of its finite values in each season."""
    total = np.empty(n_seasons)
    count = np.empty(n_seasons)
    for q in range(y.shape[1]):
        total[:] = 0.0
        count[:] = 0.0
        for i in range(y.shape[0]):
            if math.isfinite(y[i, q]):
                total[season[i]] += y[i, q]
                count[season[i]] += 1.0
        for i in range(y.shape[0]):
            y[i, q] -= total[season[i]] / count[season[i]]


@kernel
def lag_one(y, position, r):
    """Write the lag-1 autocorrelation of each column of `y` (n_time, n_series) into `r`."""
    n_time = y.shape[0]
    values = np.empty(n_time)
    places = np.empty(n_time, np.int64)
    for q in range(y.shape[1]):
        n = _compress(y, position, q, values, places)
        squares = _centre(values, n)
        products = 0.0
        pairs = 0
        for i in range(1, n):
            if places[i] - places[i - 1] == 1:
                products += values[i] * values[i - 1]
                pairs += 1
        r[q] = _correlation(products, pairs, 1, squares, n, places)


@kernel
def variance_factors(y, position, ranked, max_lag, critical, factor):
    """Write the factor by which serial correlation multiplies var(S) of each column into `factor`.

    `ranked`: Hamed and Rao (1998), from the autocorrelation of ranks; a lag counts where
    ``abs(rho_k) > critical / sqrt(n)``. Else Yue and Wang (2004), from the values at every lag.
    """
    n_time = y.shape[0]
    values = np.empty(n_time)
    ranks = np.empty(n_time)
    places = np.empty(n_time, np.int64)
    for q in range(y.shape[1]):
        n = _compress(y, position, q, values, places)
        if n < 3:
            factor[q] = np.nan
            continue
        if ranked:
            average_ranks(values, ranks, n)
        squares = _centre(ranks if ranked else values, n)
        factor[q] = _factor(
            ranks if ranked else values, places, n, squares, ranked, max_lag, critical
        )


@kernel
def ar1_factors(y, position, r, factor):
    """Write the factor on var(S) under a first-order process with coefficient `r` into `factor`.

    Hamed and Rao's sum over all lags, with the rank correlation of a Gaussian process in place of
    an estimated one: ``6/pi asin(r^k / 2)``. `y` says where values are missing.
    """
    n_time = y.shape[0]
    values = np.empty(n_time)
    places = np.empty(n_time, np.int64)
    for q in range(y.shape[1]):
        n = _compress(y, position, q, values, places)
        if n < 3 or math.isnan(r[q]):
            factor[q] = np.nan
            continue
        whole = places[n - 1] - places[0] + 1 == n
        total = 0.0
        power = 1.0
        for lag in range(1, places[n - 1] - places[0] + 1):
            power *= r[q]
            if abs(power) < 1e-9:
                break
            pairs = n - lag if whole else _count_pairs(places, n, lag)
            total += _weight(pairs, n) * 6.0 / math.pi * math.asin(0.5 * power)
        factor[q] = 1.0 + 2.0 * total


@kernel
def _count_pairs(places, n, lag):
    """Count the pairs of stamps that lie `lag` steps apart."""
    pairs = 0
    j = 0
    for i in range(n):
        while j < n and places[j] < places[i] + lag:
            j += 1
        pairs += j < n and places[j] == places[i] + lag
    return pairs


@kernel
def _weight(pairs, n):
    return float(pairs) * (pairs - 1.0) * (pairs - 2.0) / (n * (n - 1.0) * (n - 2.0))


@kernel
def prewhiten(y, position, r, whitened):
    """Write ``y[i] - r * y[i - 1]`` where two finite stamps are one step apart, elsewhere NaN."""
    for q in range(y.shape[1]):
        for i in range(y.shape[0]):
            one_step = i > 0 and position[i] - position[i - 1] == 1
            whitened[i, q] = y[i, q] - r[q] * y[i - 1, q] if one_step else np.nan


@kernel
def _compress(y, position, q, values, places):
    n = 0
    for i in range(y.shape[0]):
        values[n] = y[i, q]
        places[n] = position[i]
        n += math.isfinite(y[i, q])
    return n


@kernel
def _centre(values, n):
    """Subtract the mean of values[:n]; returns the sum of squares."""
    mean = 0.0
    for i in range(n):
        mean += values[i]
    mean /= max(n, 1)
    squares = 0.0
    for i in range(n):
        values[i] -= mean
        squares += values[i] * values[i]
    return squares


@kernel
def _correlation(products, pairs, lag, squares, n, places):
    if pairs == 0 or n < 2:
        return np.nan
    if squares == 0.0:
        return 0.0
    span = places[n - 1] - places[0] + 1
    r = (products / pairs) * (span - lag) / span / (squares / n)
    return min(max(r, -1.0), 1.0)


@kernel
def average_ranks(values, ranks, n):
    """Average ranks of values[:n]."""
    order = np.argsort(values[:n])
    i = 0
    while i < n:
        j = i
        while j + 1 < n and values[order[j + 1]] == values[order[i]]:
            j += 1
        for k in range(i, j + 1):
            ranks[order[k]] = 0.5 * (i + j) + 1.0
        i = j + 1


@kernel
def _factor(x, places, n, squares, ranked, max_lag, critical):
    whole = places[n - 1] - places[0] + 1 == n
    bound = critical / math.sqrt(n)
    total = 0.0
    for lag in range(1, min(max_lag, places[n - 1] - places[0]) + 1):
        products = 0.0
        pairs = 0
        if whole:
            pairs = n - lag
            for i in range(pairs):
                products += x[i] * x[i + lag]
        else:
            j = 0
            for i in range(n):
                while j < n and places[j] < places[i] + lag:
                    j += 1
                if j < n and places[j] == places[i] + lag:
                    products += x[i] * x[j]
                    pairs += 1
        if pairs == 0:
            continue
        rho = _correlation(products, pairs, lag, squares, n, places)
        if not ranked:
            total += 2.0 * pairs / n * rho
        elif abs(rho) > bound:
            total += 2.0 * _weight(pairs, n) * rho
    return 1.0 + total
