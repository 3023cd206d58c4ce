"""Observations of one series put into the order of their dates; those of one date become one."""

import math

from soilscope.kernels.compile import kernel


@kernel
def order_of_dates(x, order):
    """Write the order in which `x` (n,) ascends into `order`; equal values keep theirs.

    Dates are nearly in order as they come: composites overlap only at the turn of a year.
    """
    for i in range(x.size):
        j = i
        while j > 0 and x[order[j - 1]] > x[i]:
            order[j] = order[j - 1]
            j -= 1
        order[j] = i


@kernel
def merge_dates(x, y, w, order, dates, values, weights, node):
    """Write the distinct dates, their weights and weighted sums; `node` says where each went.

    A value that is not finite, or has no weight, counts as missing: its weight is 0. Returns the
    number of distinct dates.
    """
    m = -1
    for k in range(x.size):
        i = order[k]
        if m < 0 or x[i] > dates[m]:
            m += 1
            dates[m] = x[i]
            values[m] = 0.0
            weights[m] = 0.0
        node[i] = m
        if math.isfinite(y[i]) and math.isfinite(w[i]) and w[i] > 0.0:
            values[m] += w[i] * y[i]
            weights[m] += w[i]
    return m + 1
