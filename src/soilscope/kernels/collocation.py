"""Triple collocation: the error variance of three products from their covariances."""

import math

import numpy as np

from soilscope.kernels.codes import (
    CONSTANT,
    NEGATIVE_VARIANCE,
    NO_DATA,
    OK,
    TOO_FEW,
    WRONG_SIGN,
)
from soilscope.kernels.compile import kernel
from soilscope.kernels.pairs import centre, is_constant, remove_means

ERROR_STD, SNR_DB, R = range(3)
ROUNDING = 1e-12  # share of the variance below which an error variance is rounding alone


@kernel
def triple_collocation(a, b, c, group, min_obs, estimates, n_obs, status):
    """Write error, signal-to-noise ratio and correlation with the signal of three products.

    `a`, `b`, `c` (n_time, n_series) are compared over their common rows; `group` (n_time,) numbers
    the calendar month of each stamp from 0, whose means are removed, or is empty; covariances are
    divided by n less the number of means. `estimates` is (3, 3, n_series): estimate, product,
    series; `status` (3, n_series) is that of each product.
    """
    n_time, n_series = a.shape
    rows = np.empty((3, n_time))
    months = np.zeros(n_time, np.int64)
    n_groups = group.max() + 1 if group.size else 0
    q = np.empty((3, 3))
    estimates[:] = np.nan
    for column in range(n_series):
        n = 0
        for i in range(n_time):
            rows[0, n] = a[i, column]
            rows[1, n] = b[i, column]
            rows[2, n] = c[i, column]
            months[n] = group[i] if n_groups else 0
            n += (
                math.isfinite(rows[0, n])
                and math.isfinite(rows[1, n])
                and math.isfinite(rows[2, n])
            )
        n_obs[column] = n
        if n < min_obs:
            status[:, column] = TOO_FEW if n else NO_DATA
            continue
        removed = _distinct(months, n, n_groups) if n_groups else 1
        varies = n > removed
        for k in range(3):
            if n_groups:
                remove_means(rows[k], months, n, n_groups)
            else:
                centre(rows[k], n)
            varies = varies and not is_constant(rows[k], n)
        if not varies:
            status[:, column] = CONSTANT
            continue
        _covariances(rows, n, n - removed, q)
        _from_covariances(q, estimates[:, :, column], status[:, column])


@kernel
def _distinct(months, n, n_groups):
    """Count the calendar months that occur among the first n."""
    seen = np.zeros(n_groups, np.int64)
    for i in range(n):
        seen[months[i]] = 1
    return seen.sum()


@kernel
def _covariances(rows, n, divisor, q):
    """Write the products of the centred rows, summed over n columns and divided, to `q` (3, 3)."""
    for j in range(3):
        for k in range(3):
            total = 0.0
            for i in range(n):
                total += rows[j, i] * rows[k, i]
            q[j, k] = total / divisor


@kernel
def _from_covariances(q, estimates, status):
    """Solve for each product from the 3 x 3 covariances."""
    if not (q[0, 1] > 0.0 and q[0, 2] > 0.0 and q[1, 2] > 0.0):
        status[:] = WRONG_SIGN
        return
    for k in range(3):
        i = (k + 1) % 3
        j = (k + 2) % 3
        signal = q[k, i] * q[k, j] / q[i, j]
        error = q[k, k] - signal
        if error <= ROUNDING * q[k, k]:
            status[k] = NEGATIVE_VARIANCE
            continue
        status[k] = OK
        estimates[ERROR_STD, k] = math.sqrt(error)
        estimates[SNR_DB, k] = 10.0 * math.log10(signal / error)
        estimates[R, k] = math.sqrt(signal / q[k, k])
