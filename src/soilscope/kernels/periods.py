"""Sums, means and extremes of runs of time steps: days to months, months to years.

Run r holds the rows starts[r] to starts[r + 1] - 1 of y (n_time, n_series) and is written to row
rows[r] of out (n_periods, n_series); with fewer than least[r] finite values it is NaN.
"""

import numpy as np

from soilscope.kernels.compile import kernel

_WIDTH = 2048  # series at a time: their sums and counts stay in the fastest cache


@kernel
def _add_row(x, total, count):
    for q in range(x.size):
        v = x[q]
        good = np.isfinite(v)
        total[q] += v if good else 0.0
        count[q] += np.int32(1) if good else np.int32(0)


@kernel
def _keep_largest(x, sign, best, count):
    for q in range(x.size):
        v = sign * x[q]
        good = np.isfinite(v)
        best[q] = v if good and v > best[q] else best[q]
        count[q] += np.int32(1) if good else np.int32(0)


@kernel
def average_runs(y, starts, rows, least, is_mean, out):
    """Means of runs (sums, if not `is_mean`), added up in double precision in the order of time."""
    n_series = y.shape[1]
    total = np.empty(_WIDTH)
    count = np.empty(_WIDTH, np.int32)
    for r in range(rows.size):
        for a in range(0, n_series, _WIDTH):
            w = min(_WIDTH, n_series - a)
            total[:] = 0.0
            count[:] = 0
            for i in range(starts[r], starts[r + 1]):
                _add_row(y[i, a : a + w], total[:w], count[:w])
            for q in range(w):
                if count[q] < least[r]:
                    out[rows[r], a + q] = np.nan
                else:
                    out[rows[r], a + q] = total[q] / count[q] if is_mean else total[q]


@kernel
def extreme_of_runs(y, starts, rows, least, sign, out):
    """Largest values of runs, or with a `sign` of -1 the smallest."""
    n_series = y.shape[1]
    best = np.empty(_WIDTH)
    count = np.empty(_WIDTH, np.int32)
    for r in range(rows.size):
        for a in range(0, n_series, _WIDTH):
            w = min(_WIDTH, n_series - a)
            best[:] = -np.inf
            count[:] = 0
            for i in range(starts[r], starts[r + 1]):
                _keep_largest(y[i, a : a + w], sign, best[:w], count[:w])
            for q in range(w):
                out[rows[r], a + q] = sign * best[q] if count[q] >= least[r] else np.nan
