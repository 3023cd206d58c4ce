"""Values on days between observations: straight lines, and no further than half a window."""

import math

import numpy as np

from soilscope.kernels.compile import kernel
from soilscope.kernels.dated import merge_dates, order_of_dates
from soilscope.kernels.strips import STRIP, take_strip


@kernel
def to_days(y, x, reach, longest, out):
    """Write the values of each column of `y` (n_time, n_series) on the days 0, 1, ... into `out`.

    `x` (n_time, n_series) holds the day at which each value stands, in any order; with one column
    it is that of all series. Values of one day become their mean. Behind the last, before the
    first, and between values more than `longest` days apart a value holds for `reach` days.
    """
    n, n_series = y.shape
    values = np.empty((STRIP, n))
    dates = np.empty((STRIP, n))
    daily = np.empty((STRIP, out.shape[0]))
    order = np.empty(n, np.int64)
    node = np.empty(n, np.int64)
    day, total, mass = np.empty((3, n))
    ones = np.ones(n)
    common = x.shape[1] == 1
    if common:
        take_strip(x, 0, dates)
        order_of_dates(dates[0], order)
    for a in range(0, n_series, STRIP):
        width = take_strip(y, a, values)
        if not common:
            take_strip(x, a, dates)
        for s in range(width):
            own = dates[0] if common else dates[s]
            if not common:
                order_of_dates(own, order)
            m = merge_dates(own, values[s], ones, order, day, total, mass, node)
            k = 0
            for j in range(m):
                if mass[j] > 0.0:
                    day[k] = day[j]
                    total[k] = total[j] / mass[j]
                    k += 1
            _lines(day[:k], total[:k], reach, longest, daily[s])
        for i in range(out.shape[0]):
            for s in range(width):
                out[i, a + s] = daily[s, i]


@kernel
def _lines(x, y, reach, longest, out):
    """Draw lines through the points (x, y), x ascending, and write them at 0, 1, ... to `out`."""
    out[:] = np.nan
    for j in range(-1, x.size):
        left = x[j] if j >= 0 else -np.inf
        right = x[j + 1] if j + 1 < x.size else np.inf
        joined = right - left <= longest and right - left < np.inf
        first = max(0, math.ceil(left)) if j >= 0 else 0
        behind = min(out.size, math.ceil(right)) if j + 1 < x.size else out.size
        for i in range(first, behind):
            before = i - left
            ahead = right - i
            if joined:
                out[i] = y[j] + (y[j + 1] - y[j]) * (before / (right - left))
            elif min(before, ahead) <= reach:
                out[i] = y[j] if before <= ahead else y[j + 1]
