"""Soil moisture of fine cells from their stratum's line and what coarse cells add, a day a call."""

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
def rows_of(
    difference: Array,
    ndvi: Array,
    cover: Array,
    frozen: Array,
    group: Array,
    edges: Array,
    row: Array,
) -> float:
    """Write the stratum of each fine cell (n_cell) to `row`, -1 for none; return the top |NDVI|.

    A cell has none without a difference, NDVI or cover (-1), where it is `frozen` (empty: nowhere),
    and where its `group` (n_cell or 1) is -1. The NDVI is that of cells with a stratum.
    """
    n_class = edges.size + 1
    largest = 0.0
    for i in range(row.size):
        row[i] = -1
        c, v = cover[i], ndvi[i]
        g = group[i if group.size > 1 else 0]
        if c < 0 or g < 0 or not np.isfinite(difference[i]) or not np.isfinite(v):
            continue
        if frozen.size and frozen[i]:
            continue
        row[i] = int(c) * n_class + ndvi_class(v, edges)
        largest = max(largest, abs(float(v)))
    return largest


@kernel
def estimate(
    difference: Array,
    row: Array,
    group: Array,
    shift: Array,
    scale: Array,
    centred: bool,
    slope: Array,
    intercept: Array,
    level: Array,
    cell: Array,
    moisture: Array,
    used: Array,
    mean: Array,
    count: Array,
) -> None:
    """Apply lines to the differences of surface temperature (n_cell) of a day.

    A difference is taken less `shift` over `scale` of its stratum first (empty: as it is), and less
    the day's mean where `centred`. The tables are (n_stratum, n_group); `moisture` and `used`
    (level, -1 for none) are written, and the `mean` and `count` of estimates of each coarse cell.
    """
    total, n = 0.0, 0
    mean[:] = 0.0
    count[:] = 0
    for i in range(row.size):
        s = row[i]
        moisture[i] = np.nan
        if s >= 0:
            d = float(difference[i])
            if shift.size:
                d = (d - shift[s]) / scale[s]
            moisture[i] = d
            if np.isfinite(d):
                total += d
                n += 1
    middle = total / n if centred and n else 0.0
    for i in range(row.size):
        s = row[i]
        used[i] = -1
        if s < 0 or not np.isfinite(moisture[i]):
            continue
        g = group[i if group.size > 1 else 0]
        if level[s, g] >= 0:
            moisture[i] = slope[s, g] * (moisture[i] - middle) + intercept[s, g]
            used[i] = level[s, g]
            c = cell[i]
            if c >= 0 and np.isfinite(moisture[i]):
                mean[c] += moisture[i]
                count[c] += 1
        else:
            moisture[i] = np.nan
    for c in range(mean.size):
        mean[c] = mean[c] / count[c] if count[c] else np.nan


@kernel
def means_of_members(values: Array, cell: Array, mean: Array, count: Array) -> None:
    """Average the valid fine cells (n_time, n_cell) of each coarse cell: (n_time, n_coarse).

    `cell` is the coarse cell of each fine one, -1 for none.
    """
    n_time, n_cell = values.shape
    for t in range(n_time):
        mean[t, :] = 0.0
        count[t, :] = 0
        for i in range(n_cell):
            v = values[t, i]
            c = cell[i]
            if c >= 0 and np.isfinite(v):
                mean[t, c] += v
                count[t, c] += 1
        for c in range(mean.shape[1]):
            mean[t, c] = mean[t, c] / count[t, c] if count[t, c] else np.nan


@kernel
def add_residual(
    moisture: Array,
    estimated: Array,
    cell: Array,
    residual: Array,
    surface: Array,
    everywhere: bool,
    highest: Array,
    clip: bool,
    total: Array,
    limits: Array,
    written: Array,
) -> None:
    """Add to the estimates `moisture` (n_cell), in place, what their coarse cell lacks.

    That is `residual` (n_coarse, NaN: the cells are missing), or `surface` (n_cell) where it is not
    empty; `everywhere` keeps the estimates as they are. `estimated` keeps the estimates of cells
    that have a result, and `written` gets these. `highest` is the upper limit (n_cell or 1).
    `total` (2, n_coarse) holds sums before and after clipping, and `limits` how many values lie
    below and above.
    """
    total[:] = 0.0
    limits[:] = 0
    for i in range(moisture.size):
        c = cell[i]
        value = moisture[i]
        if not everywhere:
            if c < 0 or not np.isfinite(residual[c]):
                value = np.nan
            else:
                value += surface[i] if surface.size else residual[c]
        estimated[i] = moisture[i]
        if not np.isfinite(value):
            estimated[i] = moisture[i] = written[i] = np.nan
            continue
        high = highest[i if highest.size > 1 else 0]
        held = value
        if value < 0.0:
            limits[0] += 1
            held = 0.0
        if value > high:  # never where the limit is missing
            limits[1] += 1
            held = high
        if not clip:
            held = value
        if c >= 0:
            total[0, c] += value
            total[1, c] += held
        moisture[i] = written[i] = held


@kernel
def tell_of_cells(
    moisture: Array,
    used: Array,
    row: Array,
    group: Array,
    cell: Array,
    error: Array,
    doubt: Array,
    code: Array,
    uncertainty: Array,
    fallback: Array,
    source: Array,
) -> None:
    """Write uncertainty, relation and source of the cells (n_cell) that have a result.

    The uncertainty joins `error` (n_stratum, n_group) and `doubt` (n_coarse, empty: none); `code`
    (n_coarse) tells where coarse values are from.
    """
    for i in range(moisture.size):
        if not np.isfinite(moisture[i]):
            uncertainty[i] = np.nan
            fallback[i] = -1
            source[i] = 0
            continue
        c = cell[i]
        g = group[i if group.size > 1 else 0]
        square = error[row[i], g] ** 2
        if doubt.size and c >= 0 and np.isfinite(doubt[c]):
            square += float(doubt[c]) ** 2
        uncertainty[i] = np.sqrt(square)
        fallback[i] = used[i]
        source[i] = code[c] if c >= 0 else 0


@kernel
def jumps(first: Array, second: Array, cell: Array, sums: Array) -> None:
    """Add up |differences| of neighbours of two fields (n_row, n_column) into `sums` (2, 4).

    `sums` holds, for each: sum and number across borders of coarse cells (`cell`, -1 for none), sum
    and number inside of them. A cell is missing in both fields, or in none.
    """
    n_row, n_column = first.shape
    # numbers by themselves: an array would be written at every neighbour
    across, inside, across_2, inside_2 = 0.0, 0.0, 0.0, 0.0
    n_across, n_inside = 0, 0
    for i in range(n_row):
        for j in range(n_column):
            here = cell[i, j]
            if here < 0 or not np.isfinite(first[i, j]):
                continue
            for k in range(2):
                a, b = i + (k == 0), j + (k == 1)
                if a >= n_row or b >= n_column or cell[a, b] < 0:
                    continue
                step = abs(first[a, b] - first[i, j])
                if not np.isfinite(step):
                    continue
                if cell[a, b] == here:
                    inside += step
                    inside_2 += abs(second[a, b] - second[i, j])
                    n_inside += 1
                else:
                    across += step
                    across_2 += abs(second[a, b] - second[i, j])
                    n_across += 1
    sums[0, 0], sums[0, 2], sums[1, 0], sums[1, 2] = across, inside, across_2, inside_2
    sums[:, 1], sums[:, 3] = n_across, n_inside


@kernel
def scatter(
    valid: Array,
    cell: Array,
    start: Array,
    weight: Array,
    slot: Array,
    share: Array,
    found: Array,
) -> None:
    """Add up the weights of nodes over the valid members of coarse cells, each times its `share`.

    The weights of a fine cell are `weight[start[i]:start[i + 1]]`; `slot` is the place of each in
    `found`, which lists pairs of a coarse cell and a node.
    """
    found[:] = 0.0
    for i in range(cell.size):
        c = cell[i]
        if c < 0 or not valid[i]:
            continue
        for k in range(start[i], start[i + 1]):
            found[slot[k]] += share[c] * weight[k]
