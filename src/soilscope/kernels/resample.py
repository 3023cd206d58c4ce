"""Values between the centres of a grid's cells, and the cells that lie below sampled points."""

import numpy as np

from soilscope.kernels.compile import kernel


@kernel
def bilinear(values, row, column, same, least, as_share, out):
    """Interpolate `values` (n_field, n_row, n_col) at `row` and `column` (n_i, n_j) into `out`.

    0 is the centre of the first cell; within `same` of a centre a place is that centre. Cells that
    are not finite, or beyond the edge, are missing: weights are taken over the others, and `out`
    (n_field, n_i, n_j) is NaN where these weigh less than `least`; with `as_share` it is the
    weight itself.
    """
    n_row, n_col = values.shape[1:]
    for i in range(row.shape[0]):
        for j in range(row.shape[1]):
            y, x = row[i, j], column[i, j]
            if not (y > -1.0 and y < n_row and x > -1.0 and x < n_col):
                out[:, i, j] = 0.0 if as_share else np.nan
                continue
            top, left = int(np.floor(y)), int(np.floor(x))
            down, right = y - top, x - left
            if down > 1.0 - same:
                top, down = top + 1, 0.0
            if right > 1.0 - same:
                left, right = left + 1, 0.0
            down = 0.0 if down < same else down
            right = 0.0 if right < same else right
            for f in range(values.shape[0]):
                total, share = 0.0, 0.0
                for a in range(2):
                    across = down if a == 1 else 1.0 - down
                    if across == 0.0 or top + a < 0 or top + a >= n_row:
                        continue
                    for b in range(2):
                        weight = across * (right if b == 1 else 1.0 - right)
                        if weight == 0.0 or left + b < 0 or left + b >= n_col:
                            continue
                        value = values[f, top + a, left + b]
                        if np.isfinite(value):
                            total += weight * value
                            share += weight
                if as_share:
                    out[f, i, j] = share
                else:
                    out[f, i, j] = total / share if share >= least else np.nan


@kernel
def count_below(row, column, k, shape, cells, below, counts):
    """Count the samples of each target cell that lie in each source cell.

    `row` and `column` (k, k * n_cell) are the positions of k x k samples of each cell in a row of
    targets; `shape` is that of the source. Writes, for each pair that meets, the target's number to
    `cells`, the source cell's to `below` and the count to `counts`; returns how many pairs.
    """
    n_row, n_col = shape
    found = 0
    for cell in range(row.shape[1] // k):
        first, at = found, found
        for i in range(k):
            for j in range(cell * k, (cell + 1) * k):
                y, x = np.floor(row[i, j] + 0.5), np.floor(column[i, j] + 0.5)
                if not (y >= 0.0 and y < n_row and x >= 0.0 and x < n_col):
                    continue
                here = int(y) * n_col + int(x)
                # a sample mostly lies where the one before it did, or in the cell noted next
                if not (first <= at < found and below[at] == here):
                    at += 1
                if not (first <= at < found and below[at] == here):
                    at = first
                    while at < found and below[at] != here:
                        at += 1
                if at == found:
                    cells[at], below[at], counts[at] = cell, here, 0
                    found += 1
                counts[at] += 1
    return found
