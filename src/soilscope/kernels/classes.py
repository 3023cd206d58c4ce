"""Counting the classes of an index, each column in one pass."""

import numpy as np

from soilscope.kernels.compile import kernel


@kernel
def count_classes(x, bounds, total, counts, deficit, n_obs):
    """Count the classes of each column of x (n_time, n_series), missing values left out.

    `bounds` are the upper bounds of the dry classes, ascending and below zero; a value on one is in
    the drier class. The wet classes are their mirror image. Filled with: `total` (n_series), the
    sum; `counts` (2 n_bounds + 1, n_series), driest first; `deficit` (n_series), values below zero;
    `n_obs` (n_series).
    """
    n_time, n_series = x.shape
    n_bounds = bounds.size
    total[:] = 0.0
    counts[:] = 0
    deficit[:] = 0
    n_obs[:] = 0
    for t in range(n_time):
        for j in range(n_series):
            value = np.float64(x[t, j])
            if not np.isfinite(value):
                continue
            place = 0
            for k in range(n_bounds):
                place += value > bounds[k]
                place += value >= -bounds[k]
            counts[place, j] += 1
            total[j] += value
            deficit[j] += value < 0.0
            n_obs[j] += 1
