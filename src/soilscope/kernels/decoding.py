"""Stored numbers to values in one pass: missing numbers, valid range, scale, offset and units."""

import numpy as np

from soilscope.kernels.compile import kernel

_WIDTH = 4096  # numbers at a time: what is tested again is still in the fastest cache


@kernel
def _scaled(x, scale, offset, factor, shift, out):
    for q in range(x.size):
        out[q] = x[q]  # in the precision of the values
        out[q] = (out[q] * scale + offset) * factor + shift


@kernel
def _without(x, number, out):
    for q in range(x.size):
        out[q] = np.nan if x[q] == number else out[q]


@kernel
def _within(x, low, high, out):
    for q in range(x.size):
        out[q] = np.nan if x[q] < low or x[q] > high else out[q]


@kernel
def decode(stored, missing, low, high, linear, out):
    """Write the values of `stored` (n,) to `out` (n,), NaN where they are missing.

    `missing` numbers and those below `low` or above `high` are told as they are stored; `linear`
    holds scale and offset of the file, then factor and offset of the units, in the precision of
    `out`.
    """
    scale, offset, factor, shift = linear
    bounded = low > -np.inf or high < np.inf
    for a in range(0, stored.size, _WIDTH):
        x = stored[a : a + _WIDTH]
        values = out[a : a + _WIDTH]
        _scaled(x, scale, offset, factor, shift, values)
        for k in range(missing.size):
            _without(x, missing[k], values)
        if bounded:
            _within(x, low, high, values)
