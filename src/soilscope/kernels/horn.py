"""Slope and aspect of a surface by Horn (1981), exact on a plane up to its edges."""

import numpy as np

from soilscope.kernels.compile import kernel


@kernel
def horn(z, dx, dy, slope, aspect, northness, eastness):
    """Slope and aspect of each cell of `z` (n_row, n_col), rows from north to south, NaN missing.

    `dx` and `dy` (n_row,) are the width and height of a row's cells. `slope` is written in degrees,
    `aspect` in degrees clockwise from north, the way the surface faces (NaN where it is flat), its
    cosine to `northness`, its sine to `eastness` (0 where it is flat). A cell without a neighbour
    in one direction has no slope there; one without any neighbour is NaN.
    """
    n_row, n_col = z.shape
    for i in range(n_row):
        for j in range(n_col):
            east, north = _gradient(z, i, j, dx, dy)
            tangent = np.hypot(east, north)
            slope[i, j] = np.rad2deg(np.arctan(tangent))
            northness[i, j] = eastness[i, j] = 0.0 * tangent
            aspect[i, j] = np.nan
            if tangent > 0.0:
                northness[i, j] = -north / tangent
                eastness[i, j] = -east / tangent
                angle = np.rad2deg(np.arctan2(-east, -north))
                aspect[i, j] = angle + 360.0 if angle < 0.0 else angle


@kernel
def _gradient(z, i, j, dx, dy):
    """Rise to the east and to the north per unit of length."""
    if 0 < i < z.shape[0] - 1 and 0 < j < z.shape[1] - 1:
        above = (z[i - 1, j + 1] - z[i - 1, j - 1]) / dx[i - 1]
        below = (z[i + 1, j + 1] - z[i + 1, j - 1]) / dx[i + 1]
        east = (above + 2.0 * (z[i, j + 1] - z[i, j - 1]) / dx[i] + below) / 8.0
        left = z[i - 1, j - 1] - z[i + 1, j - 1]
        right = z[i - 1, j + 1] - z[i + 1, j + 1]
        north = (left + 2.0 * (z[i - 1, j] - z[i + 1, j]) + right) / (8.0 * dy[i])
        if not np.isnan(east + north + z[i, j]):
            return east, north
    return _gradient_beside_gaps(z, i, j, dx, dy)


@kernel
def _gradient_beside_gaps(z, i, j, dx, dy):
    """Horn's weights over those lines of the neighbourhood that have a difference.

    A line's difference is taken to the middle where one of its ends is missing.
    """
    if np.isnan(z[i, j]):
        return np.nan, np.nan
    n_row, n_col = z.shape
    east, north, east_weight, north_weight = 0.0, 0.0, 0.0, 0.0
    for k in range(-1, 2):
        weight = 2.0 - abs(k)
        if 0 <= i + k < n_row:
            west_end = z[i + k, j - 1] if j > 0 else np.nan
            east_end = z[i + k, j + 1] if j < n_col - 1 else np.nan
            rise = _rise(west_end, z[i + k, j], east_end)
            if not np.isnan(rise):
                east += weight * rise / dx[i + k]
                east_weight += weight
        if 0 <= j + k < n_col:
            south_end = z[i + 1, j + k] if i < n_row - 1 else np.nan
            north_end = z[i - 1, j + k] if i > 0 else np.nan
            rise = _rise(south_end, z[i, j + k], north_end)
            if not np.isnan(rise):
                north += weight * rise / dy[i]
                north_weight += weight
    if east_weight + north_weight == 0.0:
        return np.nan, np.nan
    return east / max(east_weight, 1.0), north / max(north_weight, 1.0)


@kernel
def _rise(first, middle, last):
    """Rise by one cell along a line of three: over two cells, or one beside a gap."""
    if not np.isnan(first) and not np.isnan(last):
        return (last - first) / 2.0
    return middle - first if np.isnan(last) else last - middle
