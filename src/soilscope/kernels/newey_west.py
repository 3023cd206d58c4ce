"""Variance of coefficients whose errors are heteroscedastic and autocorrelated."""

import math

import numpy as np

from soilscope.kernels.lanes import LANES, fused

# `max_lag` below zero
NO_HAC, AUTOMATIC_LAG = -1, -2


@fused
def hac_variance(column, inverse, row_at, count, max_lag, variance):
    """Variance of each coefficient after Newey and West (1987), with the factor n / (n - k - 1).

    Bartlett's weights make it the mean square of moving sums, L + 1 steps long, of the terms
    (X'X)^-1 x_t e_t: never negative, and no slower for long lags. A missing step adds nothing.
    """
    k = variance.shape[0]
    _influence(column, inverse)
    lags = np.empty(LANES, np.int64)
    for q in range(LANES):
        lags[q] = max_lag
        if max_lag < 0:
            lags[q] = np.int64(math.floor(4.0 * (count[q] / 100.0) ** (2.0 / 9.0)))
    total, moving = np.empty((k, LANES)), np.empty((k, LANES))
    for lag in range(lags.min(), lags.max() + 1):
        if not (lags == lag).any():
            continue
        total[:] = 0.0
        moving[:] = 0.0
        for step in range(row_at.size + lag):
            enters = row_at[step] if step < row_at.size else -1
            leaves = row_at[step - lag - 1] if step > lag else -1
            for c in range(k):
                if enters >= 0:
                    for q in range(LANES):
                        moving[c, q] += column[c, enters, q]
                if leaves >= 0:
                    for q in range(LANES):
                        moving[c, q] -= column[c, leaves, q]
                for q in range(LANES):
                    total[c, q] += moving[c, q] * moving[c, q]
        for c in range(k):
            for q in range(LANES):
                if lags[q] == lag:
                    factor = count[q] / (count[q] - k - 1.0) / (lag + 1.0)
                    variance[c, q] = total[c, q] * factor


@fused
def _influence(column, inverse):
    """Put (X'X)^-1 x_t e_t, the pull of each row on the coefficients, in place of the drivers."""
    k, n_time = inverse.shape[0], column.shape[1]
    pull = np.empty((k, LANES))
    for i in range(n_time):
        pull[:] = 0.0
        for c in range(k):
            for e in range(k):
                for q in range(LANES):
                    pull[c, q] += inverse[c, e, q] * column[e, i, q]
        for c in range(k):
            for q in range(LANES):
                column[c, i, q] = pull[c, q] * column[k, i, q]
