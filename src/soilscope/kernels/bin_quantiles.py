"""Quantiles of one variable in classes of another, field by field."""

import math

import numpy as np

from soilscope.kernels.compile import kernel


@kernel
def _quantile(values, q):
    """Quantile of ascending values, interpolated between order statistics (type 7)."""
    place = (values.size - 1) * q
    below = int(place)
    above = min(below + 1, values.size - 1)
    return values[below] + (values[above] - values[below]) * (place - below)


@kernel
def bin_quantiles(y, x, low, width, q, least, lower, upper, count):
    """Write the quantiles 1 - `q` and `q` of `y` in each bin of `x`, both (n_field, n_cell).

    Bin b, of lower[f, b], upper[f, b] and count[f, b], holds `low` + b `width` <= x < `low` +
    (b + 1) `width`. Only cells where both are finite count; bins with fewer than `least` are NaN.
    """
    n_field, n_cell = y.shape
    n_bins = count.shape[1]
    values = np.empty(n_cell)
    starts = np.empty(n_bins + 1, np.int64)
    bins = np.empty(n_cell, np.int64)
    for f in range(n_field):
        count[f] = 0
        for c in range(n_cell):
            bins[c] = -1
            if math.isfinite(y[f, c]) and math.isfinite(x[f, c]):
                place = (x[f, c] - low) / width
                if 0.0 <= place < n_bins:
                    bins[c] = int(place)
                    count[f, bins[c]] += 1
        starts[0] = 0
        for b in range(n_bins):
            starts[b + 1] = starts[b] + count[f, b]
        for c in range(n_cell):
            if bins[c] >= 0:
                values[starts[bins[c]]] = y[f, c]
                starts[bins[c]] += 1  # from now on the end of its bin
        first = 0
        for b in range(n_bins):
            part = values[first : starts[b]]
            first = starts[b]
            lower[f, b] = np.nan
            upper[f, b] = np.nan
            if part.size >= max(least, 1):
                part.sort()
                lower[f, b] = _quantile(part, 1.0 - q)
                upper[f, b] = _quantile(part, q)
