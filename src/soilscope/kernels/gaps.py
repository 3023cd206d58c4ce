"""Gaps within series: bridged by straight lines, or kept open where they are long."""

import math

import numpy as np

from soilscope.kernels.compile import kernel


@kernel
def bridge(y):
    """Fill the gaps inside the series `y` (n,) by straight lines over its steps; in place.

    Returns the first step with a value, the step behind the last one, and the number of values.
    """
    first = -1
    last = -1
    count = 0
    for i in range(y.size):
        if math.isfinite(y[i]):
            if count == 0:
                first = i
            for k in range(last + 1, i if count else 0):
                y[k] = y[last] + (y[i] - y[last]) * ((k - last) / (i - last))
            last = i
            count += 1
    return max(first, 0), last + 1, count


@kernel
def open_gaps(y, weights, longest, out):
    """Set `out` NaN in the gaps of `y` (n_time, n_series) of more than `longest` steps."""
    n, n_series = y.shape
    open_since = np.zeros(n_series, np.int64)  # first step of the gap that is under way
    for i in range(n + 1):
        for q in range(n_series):
            there = i == n or math.isfinite(y[i, q])
            if there and i < n and weights.shape[0]:
                there = weights[i, q] > 0.0 and math.isfinite(weights[i, q])
            if there:
                if i - open_since[q] > longest:
                    out[open_since[q] : i, q] = np.nan
                open_since[q] = i + 1
