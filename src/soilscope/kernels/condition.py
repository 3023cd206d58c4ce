"""Condition of the correlations among drivers: largest over smallest eigenvalue."""

import math

import numpy as np

from soilscope.kernels.lanes import LANES, fused


@fused
def condition_numbers(product, k):
    """Largest over smallest eigenvalue of each lane's correlation matrix, by Jacobi rotations."""
    a = np.empty((k, k, LANES))  # the lower triangle
    for c in range(k):
        for e in range(c + 1):
            for q in range(LANES):
                a[c, e, q] = product[c, e, q] / math.sqrt(product[c, c, q] * product[e, e, q])
    sine, cosine = np.empty(LANES), np.empty(LANES)
    largest = 1.0
    while largest > 1e-8:  # the error of an eigenvalue is its square
        largest = 0.0
        for c in range(1, k):
            for e in range(c):
                for q in range(LANES):
                    if abs(a[c, e, q]) > largest:  # false for the NaN of series without a fit
                        largest = abs(a[c, e, q])
                _rotation(a, c, e, sine, cosine)
                for g in range(k):
                    if g not in (c, e):
                        row_e, col_e, row_c, col_c = max(g, e), min(g, e), max(g, c), min(g, c)
                        for q in range(LANES):
                            with_e, with_c = a[row_e, col_e, q], a[row_c, col_c, q]
                            a[row_e, col_e, q] = cosine[q] * with_e - sine[q] * with_c
                            a[row_c, col_c, q] = cosine[q] * with_c + sine[q] * with_e
    condition = np.empty(LANES)
    for q in range(LANES):
        low, high = a[0, 0, q], a[0, 0, q]
        for c in range(1, k):
            low, high = min(low, a[c, c, q]), max(high, a[c, c, q])
        condition[q] = high / low
    return condition


@fused
def _rotation(a, c, e, sine, cosine):
    """Rotate rows `c` and `e` so that their common element becomes 0; their own are updated."""
    for q in range(LANES):
        shared = a[c, e, q]
        theta = (a[c, c, q] - a[e, e, q]) / (2.0 * shared if shared != 0.0 else 1.0)
        tangent = 1.0 / (abs(theta) + math.sqrt(theta * theta + 1.0))
        tangent = tangent if theta >= 0.0 else -tangent
        tangent = tangent if shared != 0.0 else 0.0
        cosine[q] = 1.0 / math.sqrt(tangent * tangent + 1.0)
        sine[q] = tangent * cosine[q]
        a[c, c, q] += tangent * shared
        a[e, e, q] -= tangent * shared
        a[c, e, q] = 0.0
