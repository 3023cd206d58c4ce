"""Mann-Kendall statistics: S and its variance with ties, by comparing or by sorting."""

import math

import numpy as np

from soilscope.kernels.compile import LANES, kernel
from soilscope.kernels.inversions import compare_pairs, sort_counting
from soilscope.kernels.strips import STRIP, take_strip

COMPARED = 600  # up to this length, comparing all pairs is faster than sorting


@kernel
def mann_kendall(y, season, n_seasons, statistics):
    """Write S, var(S), the denominator of tau-b, and the count of each column into `statistics`.

    `y` (n_time, n_series) in time order; `season` (n_time,) numbers the season of each stamp from
    0: pairs of one season are compared, and S, var(S) and the denominators are summed over the
    seasons as if those were independent. `statistics` is (4, n_series).
    """
    n_time, n_series = y.shape
    strip = np.empty((STRIP, n_time))
    values = np.empty(n_time + 2 * LANES)
    spare = np.empty(n_time)
    for first in range(0, n_series, STRIP):
        width = take_strip(y, first, strip)
        for q in range(width):
            s = 0
            var_s = 0.0
            scale = 0.0
            count = 0
            for g in range(n_seasons):
                n = 0
                for i in range(n_time):
                    v = strip[q, i]
                    values[n] = v
                    n += math.isfinite(v) and season[i] == g
                part, ties, tied_variance = _one_season(values, spare, n)
                pairs = n * (n - 1) // 2
                s += part
                var_s += (n * (n - 1.0) * (2.0 * n + 5.0) - tied_variance) / 18.0
                scale += math.sqrt(float(pairs) * float(pairs - ties))
                count += n
            statistics[0, first + q] = s
            statistics[1, first + q] = var_s
            statistics[2, first + q] = scale
            statistics[3, first + q] = count


@kernel
def _one_season(values, spare, n):
    """S of values[:n], the tied pairs, and sum t (t - 1) (2 t + 5) over the ties; may sort."""
    pairs = n * (n - 1) // 2
    if n <= COMPARED:
        falling, rising = compare_pairs(values, n)
        if falling + rising == pairs:
            return rising - falling, 0, 0.0
    falling, ordered, _ = sort_counting(values, spare, n)
    ties = 0
    tied_variance = 0.0
    run = 1
    for i in range(1, n + 1):
        if i < n and ordered[i] == ordered[i - 1]:
            run += 1
        else:
            if run > 1:
                ties += run * (run - 1) // 2
                tied_variance += run * (run - 1.0) * (2.0 * run + 5.0)
            run = 1
    return pairs - ties - 2 * falling, ties, tied_variance


@kernel
def season_covariance(y, season, step, n_seasons, n_steps, variance):
    """Write var(S) of the seasonal test with covariance between seasons into `variance`.

    `step` (n_time,) numbers the year of each stamp from 0, so that (step, season) is one cell of
    the table of `n_steps` x `n_seasons`. Dietz and Killeen's (1981) estimator as in Hirsch and
    Slack (1984), with missing values: (K_gh + 4 sum R_g R_h - n (n_g + 1) (n_h + 1)) / 3, summed
    over all pairs of seasons; missing values take the mean rank.
    """
    n_time, n_series = y.shape
    table = np.empty((n_seasons, n_steps))
    ranks = np.empty((n_seasons, n_steps))
    counts = np.empty(n_seasons)
    for column in range(n_series):
        table[:] = np.nan
        for i in range(n_time):
            table[season[i], step[i]] = y[i, column]
        for g in range(n_seasons):
            n = 0
            for i in range(n_steps):
                if not math.isfinite(table[g, i]):
                    table[g, i] = np.nan
                n += math.isfinite(table[g, i])
            counts[g] = n
            for i in range(n_steps):
                r = 0
                for j in range(n_steps):
                    r += np.int64(table[g, j] < table[g, i]) - np.int64(table[g, j] > table[g, i])
                ranks[g, i] = (n + 1.0 + r) / 2.0
        total = 0.0
        for g in range(n_seasons):
            for h in range(g + 1):
                concordant = _concordance(table[g], table[h])
                product = 0.0
                for i in range(n_steps):
                    product += ranks[g, i] * ranks[h, i]
                part = (
                    concordant + 4.0 * product - n_steps * (counts[g] + 1.0) * (counts[h] + 1.0)
                ) / 3.0
                total += part if g == h else 2.0 * part
        variance[column] = total


@kernel
def _concordance(x, y):
    """Count the pairs of steps at which x and y change alike, less those at which they differ."""
    total = 0
    for lag in range(1, x.size):
        for i in range(x.size - lag):
            a = x[i]
            b = x[i + lag]
            c = y[i]
            d = y[i + lag]
            alike = (b > a) & (d > c) | (b < a) & (d < c)
            apart = (b > a) & (d < c) | (b < a) & (d > c)
            total += np.int64(alike) - np.int64(apart)
    return total
