"""Topographic wetness: how much drains to a cell against how fast it drains on."""

import numpy as np

from soilscope.kernels.compile import kernel


@kernel
def wetness(upslope, area, slope, min_slope, catchment, twi):
    """Write ln(a / tan(slope)) to `twi`, a = upslope area / sqrt(cell area) to `catchment`.

    `upslope` and `slope` (degrees) are (n_row, n_col), NaN missing; `area` (n_row,). Where the
    tangent is below `min_slope`, that is taken. Returns the number of such cells, and of all.
    """
    floored, valid = 0, 0
    for i in range(slope.shape[0]):
        width = np.sqrt(area[i])
        for j in range(slope.shape[1]):
            tangent = np.tan(np.deg2rad(slope[i, j]))
            specific = upslope[i, j] / width
            catchment[i, j] = specific
            twi[i, j] = np.nan
            if np.isnan(tangent):
                continue
            valid += 1
            if tangent < min_slope:
                floored += 1
                tangent = min_slope
            twi[i, j] = np.log(specific / tangent)
    return floored, valid
