"""Depressions filled so that every cell drains: priority flood with a rise per cell."""

import numpy as np

from soilscope.kernels.compile import kernel


@kernel
def fill(z, rise):
    """Raise cells of `z` (n_row, n_col; NaN missing) in place until each drains to an outlet.

    Barnes et al. (2014): water enters at the outlets and rises; the lowest wetted cell goes on to
    its neighbours, which end at least `rise` above it, so that lakes slope to where they spill.
    Outlets, which keep their height, are the cells on the edge of the grid and beside a missing
    cell. Raised cells are met in ascending order: a plain line holds them, the heap the others.
    """
    n_row, n_col = z.shape
    seen = np.zeros((n_row, n_col), np.bool_)
    keys, cells = np.empty(1024), np.empty(1024, np.int64)
    line = np.empty(n_row * n_col, np.int32)
    size, head, tail = 0, 0, 0
    for i in range(n_row):
        for j in range(n_col):
            seen[i, j] = np.isnan(z[i, j])
            if not seen[i, j] and _is_outlet(z, i, j):
                seen[i, j] = True
                keys, cells = _with_room(keys, cells, size)
                _push(keys, cells, size, z[i, j], i * n_col + j)
                size += 1
    while size > 0 or head < tail:
        from_line = head < tail
        cell = line[head] if from_line else cells[0]
        if from_line and size > 0 and keys[0] < z[cell // n_col, cell % n_col]:
            from_line, cell = False, cells[0]
        if from_line:
            head += 1
        else:
            size -= 1
            _pop(keys, cells, size)
        i = cell // n_col
        j = cell - i * n_col
        level = z[i, j] + rise
        for a in range(max(i - 1, 0), min(i + 2, n_row)):
            for b in range(max(j - 1, 0), min(j + 2, n_col)):
                if seen[a, b]:
                    continue
                seen[a, b] = True
                if z[a, b] <= level:
                    z[a, b] = level
                    line[tail] = a * n_col + b
                    tail += 1
                else:
                    keys, cells = _with_room(keys, cells, size)
                    _push(keys, cells, size, z[a, b], a * n_col + b)
                    size += 1


@kernel
def _is_outlet(z, i, j):
    n_row, n_col = z.shape
    if i == 0 or j == 0 or i == n_row - 1 or j == n_col - 1:
        return True
    for a in range(i - 1, i + 2):
        for b in range(j - 1, j + 2):
            if np.isnan(z[a, b]):
                return True
    return False


@kernel
def _with_room(keys, cells, size):
    """Return the heap's arrays, twice as long where they are full."""
    if size < keys.size:
        return keys, cells
    longer_keys, longer_cells = np.empty(2 * size), np.empty(2 * size, np.int64)
    longer_keys[:size] = keys
    longer_cells[:size] = cells
    return longer_keys, longer_cells


@kernel
def _push(keys, cells, size, key, cell):
    """Put a cell into a heap of `size` in which a node has four children."""
    at = size
    while at > 0:
        parent = (at - 1) // 4
        if keys[parent] <= key:
            break
        keys[at], cells[at] = keys[parent], cells[parent]
        at = parent
    keys[at], cells[at] = key, cell


@kernel
def _pop(keys, cells, size):
    """Take the first cell out of a heap, which leaves `size` cells."""
    key, cell = keys[size], cells[size]
    at = 0
    while 4 * at + 1 < size:
        child = 4 * at + 1
        for other in range(child + 1, min(child + 4, size)):
            if keys[other] < keys[child]:
                child = other
        if keys[child] >= key:
            break
        keys[at], cells[at] = keys[child], cells[child]
        at = child
    keys[at], cells[at] = key, cell
