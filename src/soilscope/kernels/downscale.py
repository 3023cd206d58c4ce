"""Soil moisture of fine cells from their stratum's line, and jumps at borders of coarse cells."""

from typing import Any

import numpy as np
import numpy.typing as npt

from soilscope.kernels.compile import kernel

Array = npt.NDArray[Any]

#: NDVI this close to an edge lies on it: 0.6 in single precision, or as a mean, is not quite 0.6.
SLACK = 1e-6


@kernel
def ndvi_class(value: float, edges: Array) -> int:
    """Return the class of a value: both outer edges belong to the classes between them."""
    last = edges.size - 1
    found = 0
    for k in range(last):
        if value >= edges[k] - SLACK:
            found += 1
    if value > edges[last] + SLACK:
        found += 1
    return found


@kernel
def estimate(
    difference: Array,
    ndvi: Array,
    cover: Array,
    group: Array,
    edges: Array,
    slope: Array,
    intercept: Array,
    level: Array,
    moisture: Array,
    used: Array,
    row: Array,
) -> None:
    """Apply lines to (n_time, n_cell) differences of surface temperature.

    `cover` is (n_time or 1, n_cell), -1 for none; `group` is (n_time or 1, n_cell or 1), the column
    of the tables `slope`, `intercept`, `level` (n_stratum, n_group); `moisture`, `used` (level, -1
    for none) and `row` (stratum, -1 for none) are written.
    """
    n_class = edges.size + 1
    n_time, n_cell = difference.shape
    for t in range(n_time):
        tc = t if cover.shape[0] > 1 else 0
        tg = t if group.shape[0] > 1 else 0
        for i in range(n_cell):
            moisture[t, i] = np.nan
            used[t, i] = -1
            row[t, i] = -1
            c = cover[tc, i]
            d = difference[t, i]
            v = ndvi[t, i]
            g = group[tg, i if group.shape[1] > 1 else 0]
            if c < 0 or g < 0 or not np.isfinite(d) or not np.isfinite(v):
                continue
            s = c * n_class + ndvi_class(v, edges)
            row[t, i] = s
            if level[s, g] >= 0:
                moisture[t, i] = slope[s, g] * d + intercept[s, g]
                used[t, i] = level[s, g]


@kernel
def jumps(field: Array, cell: Array, sums: Array) -> None:
    """Add up |differences| of neighbours of a field (n_row, n_column) into `sums`.

    `sums` holds: sum and number across borders of coarse cells, sum and number inside of them.
    """
    n_row, n_column = field.shape
    for i in range(n_row):
        for j in range(n_column):
            here = field[i, j]
            if not np.isfinite(here) or cell[i, j] < 0:
                continue
            for k in range(2):
                a = i + 1 if k == 0 else i
                b = j if k == 0 else j + 1
                if a >= n_row or b >= n_column or cell[a, b] < 0 or not np.isfinite(field[a, b]):
                    continue
                at = 2 if cell[a, b] == cell[i, j] else 0
                sums[at] += abs(field[a, b] - here)
                sums[at + 1] += 1.0
