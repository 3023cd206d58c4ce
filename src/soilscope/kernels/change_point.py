"""Pettitt's test for a change point, and series without their step."""

import math

import numpy as np

from soilscope.kernels.autocorrelation import average_ranks
from soilscope.kernels.compile import kernel


@kernel
def pettitt(y, statistic, count, last):
    """Write the largest |U| of each column of `y` (n_time, n_series) into `statistic`.

    U of row t is the sum of sign(y_i - y_j) over i up to t and j behind it; by ranks,
    ``2 (r_1 + ... + r_t) - t (n + 1)``. It is 0 at every row of a constant series, and of no other.
    `count` takes the finite values, `last` the first row with the largest |U|, -1 without one.
    """
    n_time = y.shape[0]
    values = np.empty(n_time)
    ranks = np.empty(n_time)
    rows = np.empty(n_time, np.int64)
    for q in range(y.shape[1]):
        n = 0
        for i in range(n_time):
            values[n] = y[i, q]
            rows[n] = i
            n += math.isfinite(y[i, q])
        average_ranks(values, ranks, n)
        largest = -1.0
        place = -1
        u = 0.0
        for i in range(n - 1):
            u += 2.0 * ranks[i] - (n + 1.0)
            if abs(u) > largest:
                largest = abs(u)
                place = rows[i]
        statistic[q] = largest if place >= 0 else np.nan
        count[q] = n
        last[q] = place


@kernel
def remove_step(y, last, residual, shift):
    """Write each column of `y` less the mean of its side of the row `last` into `residual`.

    `shift` takes the median behind that row less the median up to it.
    """
    n_time = y.shape[0]
    values = np.empty(n_time)
    for q in range(y.shape[1]):
        shift[q] = 0.0
        for side in range(2):
            first = 0 if side == 0 else last[q] + 1
            behind = last[q] + 1 if side == 0 else n_time
            n = 0
            mean = 0.0
            for i in range(first, behind):
                values[n] = y[i, q]
                if math.isfinite(y[i, q]):
                    mean += y[i, q]
                    n += 1
            mean = mean / n if n > 0 else np.nan
            for i in range(first, behind):
                residual[i, q] = y[i, q] - mean
            median = np.median(values[:n]) if n > 0 else np.nan
            shift[q] += median if side == 1 else -median
