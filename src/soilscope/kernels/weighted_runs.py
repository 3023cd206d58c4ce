"""Weighted means of runs of time steps, as of composites that count by their days in a month.

Runs are given as in `periods`; step i counts `weights`[i] times.
"""

import numpy as np

from soilscope.kernels.compile import kernel

_WIDTH = 2048  # series at a time: their sums stay in the fastest cache


@kernel
def _add_row(x, weight, total, mass, count):
    for q in range(x.size):
        v = x[q]
        good = np.isfinite(v)
        total[q] += weight * v if good else 0.0
        mass[q] += weight if good else 0.0
        count[q] += np.int32(1) if good else np.int32(0)


@kernel
def weigh_runs(y, weights, starts, rows, least, least_weight, out):
    """Write the weighted mean of each run of `y` (n_time, n_series) into its row of `out`.

    It is NaN where fewer than `least`[r] values are finite, or weigh less than `least_weight`[r].
    """
    n_series = y.shape[1]
    total = np.empty(_WIDTH)
    mass = np.empty(_WIDTH)
    count = np.empty(_WIDTH, np.int32)
    for r in range(rows.size):
        for a in range(0, n_series, _WIDTH):
            w = min(_WIDTH, n_series - a)
            total[:] = 0.0
            mass[:] = 0.0
            count[:] = 0
            for i in range(starts[r], starts[r + 1]):
                _add_row(y[i, a : a + w], weights[i], total[:w], mass[:w], count[:w])
            for q in range(w):
                enough = count[q] >= least[r] and mass[q] >= least_weight[r]
                out[rows[r], a + q] = total[q] / mass[q] if enough else np.nan
