"""Columns of a regression made comparable: without group means, without trend, of equal spread.

A column is (n_time, LANES): one variable of `LANES` series. `valid` (n_time, LANES) is 1 where a
row is complete, else 0, and `count` (LANES,) is its sum; `group` (n_time,) numbers the calendar
month of each row from 0.
"""

import math

import numpy as np

from soilscope.kernels.lanes import LANES, ROUNDING, fused


@fused
def centre_groups(x, valid, count, group, size):
    """Subtract the mean of each group; incomplete rows become 0; `size` is the raw mean square."""
    n_time = x.shape[0]
    n_group = group.max() + 1 if n_time else 0
    mean, weight = np.zeros((n_group, LANES)), np.zeros((n_group, LANES))
    size[:] = 0.0
    for i in range(n_time):
        g = group[i]
        for q in range(LANES):
            raw = x[i, q]
            value = raw if valid[i, q] > 0.0 else 0.0
            mean[g, q] += value
            size[q] += value * value
    if n_group == 1:
        weight[0, :] = count
    else:
        for i in range(n_time):
            g = group[i]
            for q in range(LANES):
                weight[g, q] += valid[i, q]
    for g in range(n_group):
        for q in range(LANES):
            mean[g, q] /= max(weight[g, q], 1.0)
    for i in range(n_time):
        g = group[i]
        for q in range(LANES):
            centred = x[i, q] - mean[g, q]
            x[i, q] = centred if valid[i, q] > 0.0 else 0.0
    for q in range(LANES):
        size[q] /= max(count[q], 1.0)


@fused
def remove_trend(x, valid, count, group, time):
    """Subtract the least-squares line in time; time loses its group means as the column did."""
    n_time = time.size
    t = np.empty((n_time, LANES))
    for i in range(n_time):
        t[i, :] = time[i]
    centre_groups(t, valid, count, group, np.empty(LANES))
    xt, tt = np.zeros(LANES), np.zeros(LANES)
    for i in range(n_time):
        for q in range(LANES):
            xt[q] += x[i, q] * t[i, q]
            tt[q] += t[i, q] * t[i, q]
    for q in range(LANES):
        xt[q] = xt[q] / tt[q] if tt[q] > 0.0 else 0.0
    for i in range(n_time):
        for q in range(LANES):
            x[i, q] -= xt[q] * t[i, q]


@fused
def scale_groups(x, valid, group, size):
    """Divide each group by its standard deviation (ddof = 1); a group without spread stays."""
    n_time = x.shape[0]
    n_group = group.max() + 1 if n_time else 0
    factor = np.zeros((n_group, LANES))
    weight = np.zeros((n_group, LANES))
    before, after = np.zeros(LANES), np.zeros(LANES)
    for i in range(n_time):
        g = group[i]
        for q in range(LANES):
            factor[g, q] += x[i, q] * x[i, q]
            weight[g, q] += valid[i, q]
    for g in range(n_group):
        for q in range(LANES):
            spread = weight[g, q] > 1.0 and factor[g, q] > (ROUNDING * weight[g, q]) ** 2 * size[q]
            factor[g, q] = math.sqrt((weight[g, q] - 1.0) / factor[g, q]) if spread else 1.0
    for i in range(n_time):
        g = group[i]
        for q in range(LANES):
            before[q] += x[i, q] * x[i, q]
            x[i, q] *= factor[g, q]
            after[q] += x[i, q] * x[i, q]
    for q in range(LANES):  # the raw size in the new units
        size[q] *= after[q] / before[q] if before[q] > 0.0 else 1.0
