"""Least squares of centred columns by their cross products, for `LANES` series at once.

Columns are (k + 1, n_time, LANES), drivers first, the response last.
"""

import math

import numpy as np

from soilscope.kernels.codes import COLLINEAR, CONSTANT, NO_DATA, OK, TOO_FEW
from soilscope.kernels.lanes import LANES, ROUNDING, fused

SMALLEST_TOLERANCE = 1e-10  # 1 / VIF at and below which drivers count as collinear


@fused
def cross_products(column, product):
    """Sum the products of each pair of columns, four rows at a time; the lower triangle."""
    d, n_time, _ = column.shape
    product[:] = 0.0
    whole = n_time - n_time % 4
    for i in range(0, whole, 4):
        for c in range(d):
            for e in range(c + 1):
                for q in range(LANES):
                    product[c, e, q] += (
                        column[c, i, q] * column[e, i, q]
                        + column[c, i + 1, q] * column[e, i + 1, q]
                        + column[c, i + 2, q] * column[e, i + 2, q]
                        + column[c, i + 3, q] * column[e, i + 3, q]
                    )
    for i in range(whole, n_time):
        for c in range(d):
            for e in range(c + 1):
                for q in range(LANES):
                    product[c, e, q] += column[c, i, q] * column[e, i, q]


@fused
def judge(product, count, size, resolution, min_obs, code):
    """Say which series can be fitted; a column within its own rounding is constant."""
    for q in range(LANES):
        code[q] = OK
        for c in range(resolution.size):
            noise = max(0.5 * resolution[c], ROUNDING * count[q])
            if not product[c, c, q] > noise * noise * size[c, q] * count[q]:
                code[q] = CONSTANT
        if count[q] == 0.0:
            code[q] = NO_DATA
        elif count[q] < min_obs:
            code[q] = TOO_FEW


@fused
def solve(product, count, size, resolution, code, inverse, slope):
    """Invert the drivers' cross products through the Cholesky factor of their correlations.

    A tolerance (1 - R squared of a driver on the others, 1 / VIF) that the rounding of the data or
    of the arithmetic explains means that the drivers are collinear.
    """
    k = slope.shape[0]
    lower, root = np.zeros((k, k)), np.empty(k)
    slope[:] = 0.0
    inverse[:] = 0.0
    for q in range(LANES):
        if code[q] != OK:
            continue
        smallest = 0.0
        for c in range(k):
            root[c] = math.sqrt(product[c, c, q])
            smallest += resolution[c] ** 2 * size[c, q] * count[q] / product[c, c, q]
        smallest = max(SMALLEST_TOLERANCE, smallest / 3.0)  # rounding has 1/12, at the most
        if not _factorise(product[:, :, q], root, smallest, lower):
            code[q] = COLLINEAR
            continue
        _invert(lower)
        for c in range(k):
            for e in range(c + 1):
                s = 0.0
                for g in range(c, k):
                    s += lower[g, c] * lower[g, e]
                if e == c and s * smallest >= 1.0:
                    code[q] = COLLINEAR
                inverse[c, e, q] = s / (root[c] * root[e])
                inverse[e, c, q] = inverse[c, e, q]
        if code[q] == OK:
            for c in range(k):
                for e in range(k):
                    slope[c, q] += inverse[c, e, q] * product[k, e, q]


@fused
def _factorise(product, root, smallest, lower):
    """Write the Cholesky factor of the drivers' correlations; returns whether none is collinear."""
    for c in range(root.size):
        for e in range(c + 1):
            s = product[c, e] / (root[c] * root[e])
            for g in range(e):
                s -= lower[c, g] * lower[e, g]
            if e < c:
                lower[c, e] = s / lower[e, e]
            elif s > smallest:
                lower[c, c] = math.sqrt(s)
            else:
                return False
    return True


@fused
def _invert(lower):
    """Put the inverse of a lower triangle in place of it."""
    for c in range(lower.shape[0]):
        lower[c, c] = 1.0 / lower[c, c]
        for e in range(c):
            s = 0.0
            for g in range(e, c):
                s -= lower[c, g] * lower[g, e]
            lower[c, e] = s * lower[c, c]


@fused
def residuals(column, slope, valid, count, row_at, rss, autocorrelation):
    """Put the residuals in place of the response; their sum of squares and autocorrelation.

    The sum over neighbouring steps of the calendar is scaled up to the n - 1 pairs that a record
    without gaps has.
    """
    k, n_time = slope.shape[0], column.shape[1]
    pairs, lagged = np.zeros(LANES), np.zeros(LANES)
    rss[:] = 0.0
    for i in range(n_time):
        for c in range(k):
            for q in range(LANES):
                column[k, i, q] -= slope[c, q] * column[c, i, q]
        for q in range(LANES):
            rss[q] += column[k, i, q] * column[k, i, q]
    for step in range(1, row_at.size):
        i, before = row_at[step], row_at[step - 1]
        if i >= 0 and before >= 0:
            for q in range(LANES):
                lagged[q] += column[k, i, q] * column[k, before, q]
                pairs[q] += valid[i, q] * valid[before, q]
    for q in range(LANES):
        autocorrelation[q] = lagged[q] / rss[q] * (count[q] - 1.0) / pairs[q]


@fused
def ols_variance(inverse, rss, count, variance):
    """Variance of each coefficient for independent errors."""
    k = variance.shape[0]
    for c in range(k):
        for q in range(LANES):
            variance[c, q] = rss[q] / (count[q] - k - 1.0) * inverse[c, c, q]
