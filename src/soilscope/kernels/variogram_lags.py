"""Sums over all pairs of cells of a grid, lag by lag, pair by pair.

Slower than transforms, but each sum has the precision of its own terms, and roots can be summed.
"""

import math

from soilscope.kernels.compile import kernel


@kernel(fastmath={"reassoc", "contract"})
def lag_sums(z, valid, rows, columns, root, total):
    """Sum a function of the differences over the valid pairs of each lag.

    Parameters
    ----------
    z : (n_row, n_col)
        Values, anything finite where they are missing.
    valid : (n_row, n_col)
        1.0 where there is a value, else 0.0.
    rows, columns : (n_lag,)
        Steps from a cell to its partner; rows from 0 on.
    root : bool
        Sum the square roots of absolute differences, not the squares of differences.
    total : (n_lag,)
        Written.
    """
    n_row, n_col = z.shape
    for lag in range(rows.size):
        down, right = rows[lag], columns[lag]
        first, stop = max(0, -right), min(n_col, n_col - right)
        whole = 0.0
        for i in range(n_row - down):
            part = 0.0
            if root:
                for j in range(first, stop):
                    weight = valid[i, j] * valid[i + down, j + right]
                    part += weight * math.sqrt(abs(z[i, j] - z[i + down, j + right]))
            else:
                for j in range(first, stop):
                    weight = valid[i, j] * valid[i + down, j + right]
                    difference = z[i, j] - z[i + down, j + right]
                    part += weight * difference * difference
            whole += part
        total[lag] = whole
