"""Area that drains through each cell: to all lower neighbours, or to the steepest."""

import numpy as np

from soilscope.kernels.compile import kernel


@kernel
def accumulate(z, dx, dy, area, exponent, upslope):
    """Write the area that drains through each cell, its own included, to `upslope`.

    `z` (n_row, n_col; NaN missing) has no depressions; `dx`, `dy` and `area` (n_row,) are the
    width, height and area of a row's cells. A cell's flow is shared among its lower neighbours by
    slope ** exponent (Freeman 1991); with an infinite exponent the steepest takes all (D8), of
    equal ones the first by rows. What has no lower neighbour keeps its flow: it leaves there.

    Cells are worked on as soon as all that flows into them is known, so the way through the grid
    stays close together and needs no sorting.
    """
    n_row, n_col = z.shape
    waiting = np.empty((n_row, n_col), np.int8)
    for i in range(n_row):
        for j in range(n_col):
            upslope[i, j] = np.nan if np.isnan(z[i, j]) else area[i]
            waiting[i, j] = _n_higher(z, i, j)
    stack = np.empty(n_row * n_col, np.int32)
    shares = np.empty((3, 3))
    for first in range(n_row * n_col):
        if waiting[first // n_col, first % n_col] != 0:
            continue
        top = 1
        stack[0] = first
        while top > 0:
            top -= 1
            i = stack[top] // n_col
            j = stack[top] - i * n_col
            waiting[i, j] = -1
            _share(z, i, j, dx[i], dy[i], exponent, shares)
            for a in range(max(i - 1, 0), min(i + 2, n_row)):
                for b in range(max(j - 1, 0), min(j + 2, n_col)):
                    if z[a, b] < z[i, j]:
                        upslope[a, b] += upslope[i, j] * shares[a - i + 1, b - j + 1]
                        waiting[a, b] -= 1
                        if waiting[a, b] == 0:
                            stack[top] = a * n_col + b
                            top += 1


@kernel
def _n_higher(z, i, j):
    higher = 0
    for a in range(max(i - 1, 0), min(i + 2, z.shape[0])):
        for b in range(max(j - 1, 0), min(j + 2, z.shape[1])):
            if z[a, b] > z[i, j]:
                higher += 1
    return higher


@kernel
def _share(z, i, j, dx, dy, exponent, shares):
    """Write the share of the flow that goes to each of the 3 x 3 cells; they sum to 1, or to 0."""
    diagonal = np.sqrt(dx * dx + dy * dy)
    steepest = 0.0
    for a in range(max(i - 1, 0), min(i + 2, z.shape[0])):
        for b in range(max(j - 1, 0), min(j + 2, z.shape[1])):
            distance = diagonal if a != i and b != j else dx if a == i else dy
            slope = (z[i, j] - z[a, b]) / distance if z[a, b] < z[i, j] else 0.0
            shares[a - i + 1, b - j + 1] = slope
            steepest = max(steepest, slope)
    if steepest == 0.0:
        return
    total = 0.0
    for a in range(max(i - 1, 0) - i + 1, min(i + 2, z.shape[0]) - i + 1):
        for b in range(max(j - 1, 0) - j + 1, min(j + 2, z.shape[1]) - j + 1):
            if shares[a, b] == 0.0:
                continue
            if np.isinf(exponent):
                shares[a, b] = 1.0 if shares[a, b] == steepest and total == 0.0 else 0.0
            else:
                shares[a, b] = (shares[a, b] / steepest) ** exponent
            total += shares[a, b]
    shares /= total
