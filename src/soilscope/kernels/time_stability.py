"""How much series vary in time, and how far they lie from the mean of their field."""

import math

import numpy as np

from soilscope.kernels.compile import kernel


@kernel
def spread(y, month, least, std, anomaly, count):
    """Write SD of `y` (n_time, n_series), SD about means of `month` (12 groups), and counts.

    `month` is -1 where there are no months. The second SD has n less the number of months with a
    value degrees of freedom, and is NaN where none is left.
    """
    n, n_series = y.shape
    total = np.zeros(n_series)
    sums = np.zeros((12, n_series))
    counts = np.zeros((12, n_series), np.int64)
    count[:] = 0
    for i in range(n):
        for q in range(n_series):
            if math.isfinite(y[i, q]):
                count[q] += 1
                total[q] += y[i, q]
                if month[i] >= 0:
                    sums[month[i], q] += y[i, q]
                    counts[month[i], q] += 1
    square = np.zeros(n_series)
    within = np.zeros(n_series)
    for i in range(n):
        for q in range(n_series):
            if math.isfinite(y[i, q]):
                square[q] += (y[i, q] - total[q] / count[q]) ** 2
                if month[i] >= 0:
                    within[q] += (y[i, q] - sums[month[i], q] / counts[month[i], q]) ** 2
    for q in range(n_series):
        groups = 0
        grouped = 0
        for g in range(12):
            grouped += counts[g, q]
            if counts[g, q] > 0:
                groups += 1
        std[q] = np.nan
        anomaly[q] = np.nan
        if count[q] >= max(least, 2):
            std[q] = math.sqrt(square[q] / (count[q] - 1))
            if grouped > groups:
                anomaly[q] = math.sqrt(within[q] / (grouped - groups))


@kernel
def relative_differences(y, mean, average, deviation):
    """Write mean and SD (ddof 1) of (y - mean) / mean over the steps with a `mean`.

    Both (n_time, n_series). A series that lacks one of these steps, and one with fewer than two, is
    NaN.
    """
    n, n_series = y.shape
    count = np.zeros(n_series, np.int64)
    average[:] = 0.0
    deviation[:] = 0.0
    for i in range(n):
        for q in range(n_series):
            if math.isfinite(mean[i, q]):
                count[q] += 1
                value = y[i, q] if math.isfinite(y[i, q]) else np.nan
                average[q] += (value - mean[i, q]) / mean[i, q]
    for q in range(n_series):
        average[q] = average[q] / count[q] if count[q] > 1 else np.nan
    for i in range(n):
        for q in range(n_series):
            if math.isfinite(mean[i, q]):
                deviation[q] += ((y[i, q] - mean[i, q]) / mean[i, q] - average[q]) ** 2
    for q in range(n_series):
        finite = math.isfinite(average[q])
        deviation[q] = math.sqrt(deviation[q] / (count[q] - 1)) if finite else np.nan
