"""Sums over all pairs of cells of a grid, lag by lag, pair by pair.

Slower than transforms, but each sum has the precision of its own terms, and roots can be summed.
"""

import math

import numpy as np

from soilscope.kernels.compile import kernel

fused = kernel(fastmath={"reassoc", "contract"})


@fused
def _roots(one, other, weight, other_weight):
    """Sum the roots of the absolute differences of two rows; parts of rows, so that lanes fill."""
    total = 0.0
    for j in range(one.size):
        total += weight[j] * other_weight[j] * math.sqrt(abs(one[j] - other[j]))
    return total


@fused
def _squares(one, other, weight, other_weight):
    total = 0.0
    for j in range(one.size):
        difference = one[j] - other[j]
        total += weight[j] * other_weight[j] * (difference * difference)
    return total


@kernel
def _ends(valid):
    """First valid column of each row and the one behind the last; 0, 0 where there is none."""
    n_row, n_col = valid.shape
    ends = np.zeros((n_row, 2), np.int64)
    for i in range(n_row):
        for j in range(n_col):
            if valid[i, j] > 0.0:
                if ends[i, 1] == 0:
                    ends[i, 0] = j
                ends[i, 1] = j + 1
    return ends


@kernel
def lag_sums(z, valid, inside, rows, columns, root, total):
    """Sum a function of the differences over the valid pairs of each lag.

    Parameters
    ----------
    z : (n_row, n_col)
        Values, anything finite where they are missing.
    valid : (n_row, n_col)
        1.0 where there is a value, else 0.0.
    inside : (2, 2)
        First row and the one behind the last, first column and the one behind the last, of the
        cells whose partners are sought; partners may be anywhere.
    rows, columns : (n_lag,)
        Steps from a cell to its partner; rows from 0 on. Fastest where those with the same step of
        rows follow one another: two rows then serve them all.
    root : bool
        Sum the square roots of absolute differences, not the squares of differences.
    total : (n_lag,)
        Written.
    """
    ends = _ends(valid)
    total[:] = 0.0
    start = 0
    while start < rows.size:
        down, end = rows[start], start + 1
        while end < rows.size and rows[end] == down:
            end += 1
        for i in range(inside[0, 0], min(inside[0, 1], z.shape[0] - down)):
            k = i + down
            low, high = max(ends[i, 0], inside[1, 0]), min(ends[i, 1], inside[1, 1])
            for lag in range(start, end):
                right = columns[lag]
                first, stop = max(low, ends[k, 0] - right), min(high, ends[k, 1] - right)
                if first < stop:
                    one, other = z[i, first:stop], z[k, first + right : stop + right]
                    held, both = valid[i, first:stop], valid[k, first + right : stop + right]
                    if root:
                        total[lag] += _roots(one, other, held, both)
                    else:
                        total[lag] += _squares(one, other, held, both)
        start = end
