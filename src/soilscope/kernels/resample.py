"""Values between the centres of a grid's cells, and the cells that lie below sampled points."""

import numpy as np

from soilscope.kernels.compile import kernel


@kernel
def bilinear(values, row, column, first, same, least, as_share, out):
    """Interpolate `values` (n_field, n_row, n_col) at `row` and `column` (n_i, n_j) into `out`.

    `first` (row, column) is the centre of the first cell; within `same` of a centre a place is that
    centre. Cells that are not finite, or beyond the edge, are missing: weights are taken over the
    others, and `out` (n_field, n_i, n_j) is NaN where these weigh less than `least`; with
    `as_share` it is the weight itself.
    """
    n_row, n_col = values.shape[1:]
    for i in range(row.shape[0]):
        for j in range(row.shape[1]):
            y, x = row[i, j] - first[0], column[i, j] - first[1]
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
def weigh_below(row, column, k, shape, circle, cells, below, weights):
    """Weigh the source cells below each target cell, of whose area k x k samples stand for a part.

    `row` and `column` (k, k * n_cell) are the positions of the samples of each cell in a row of
    targets; `shape` is that of the source, `circle` how many columns go around the Earth where they
    do (else 0). A sample that lies closer to an edge than half the way
    to the next one is shared by the cells on both sides. Writes, for each pair that meets, the
    target's number to `cells`, the source cell's to `below` and its share of the target to
    `weights`; returns how many pairs. These arrays must have room for four pairs a sample.
    """
    n_row, n_col = shape
    found = 0
    for cell in range(row.shape[1] // k):
        first, at = found, found
        left, middle = cell * k, cell * k + k // 2
        high = abs(row[k - 1, middle] - row[0, middle]) / (k - 1)
        wide = abs(column[k // 2, left + k - 1] - column[k // 2, left])
        wide = min(wide, abs(circle - wide)) / (k - 1) if circle else wide / (k - 1)
        for i in range(k):
            for j in range(left, left + k):
                top, lower = _shared(row[i, j], high)
                start, right = _shared(column[i, j], wide)
                if np.isnan(top) or np.isnan(start):
                    continue
                for a in range(2 if lower > 0.0 else 1):
                    y, part = top + a, (lower if a == 1 else 1.0 - lower) / k**2
                    for b in range(2 if right > 0.0 else 1):
                        x = start + b
                        x = x % circle if circle else x
                        if not (y >= 0.0 and y < n_row and x >= 0.0 and x < n_col):
                            continue
                        here = int(y) * n_col + int(x)
                        at = _slot(below, here, at, first, found)
                        if at == found:
                            cells[at], below[at], weights[at] = cell, here, 0.0
                            found += 1
                        weights[at] += part * (right if b == 1 else 1.0 - right)
    return found


@kernel
def _shared(position, size):
    """Return the first cell that a stretch of `size` around a position touches; the next's part.

    NaN for a place that is none. A stretch longer than a cell is a step of the map: it has no size.
    """
    if not (position > -1e9 and position < 1e9):
        return np.nan, 0.0
    if not size <= 1.0:
        size = 0.0
    first = np.floor(position - size / 2 + 0.5)
    beyond = position + size / 2 - (first + 0.5)
    return first, beyond / size if beyond > 1e-9 * size and size > 0.0 else 0.0


@kernel
def _slot(below, here, at, first, found):
    """Return where `here` stands among `below[first:found]`; `found` if it does not."""
    # a sample mostly lies where the one before it did (`at`), or in the cell noted next
    if first <= at < found and below[at] == here:
        return at
    at += 1
    if first <= at < found and below[at] == here:
        return at
    at = first
    while at < found and below[at] != here:
        at += 1
    return at


@kernel
def product(left, right, out):
    """Multiply two matrices into `out`, on the thread that asks for it.

    The threads of a BLAS wait for one another where others have work: the small products of many
    cells then take twenty times their time.
    """
    for i in range(left.shape[0]):
        out[i, :] = 0.0
        for n in range(left.shape[1]):
            for j in range(right.shape[1]):
                out[i, j] += left[i, n] * right[n, j]
