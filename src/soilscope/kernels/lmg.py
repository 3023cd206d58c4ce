"""Shares of R squared by Lindeman, Merenda and Gold: Shapley values over all orders of drivers.

A driver's share is the mean gain in R squared when it joins the drivers before it, over all k!
orders. Only the set before it matters, so 2^k fits give the k! orders. Each set's R squared comes
from that of a smaller one by one step of elimination in the correlation matrix: sets are counted
up in binary with the first driver as the highest digit, and a step forward changes one driver from
out to in while all behind it fall out again, so that the elimination before it still stands.
"""

import math

import numpy as np

from soilscope.kernels.codes import OK
from soilscope.kernels.lanes import fused


@fused
def lmg_shares(product, code, width, shares):
    """Write the shares of `width` series into `shares` (k, width); they sum to R squared.

    Parameters
    ----------
    product : (k + 1, k + 1, lanes)
        Cross products of the centred columns, drivers first, response last; the lower triangle.
    code : (lanes,)
        `OK` where the drivers and the response vary and no driver is a combination of the others.
    width : int
        Lanes that hold a series.
    shares : (k, width)
        Written; NaN where `code` is not OK.
    """
    k, lanes = product.shape[0] - 1, product.shape[2]
    reduced = np.empty((k + 1, k + 1, k + 1, lanes))  # by the last driver that went in
    _correlations(product, code, reduced[0])
    weight = _weights(k)
    at = np.zeros(k + 1, np.int64)  # the matrix after the choices about the first l drivers
    total, common = np.zeros((k, lanes)), np.zeros(lanes)
    explained = np.empty(lanes)
    for subset in range(1, 2**k):
        last = k - 1
        while (subset >> (k - 1 - last)) & 1 == 0:
            last -= 1
        _eliminate(reduced[at[last]], last, reduced[last + 1])
        at[last + 1 :] = last + 1
        size = 0
        for c in range(k):
            size += (subset >> (k - 1 - c)) & 1
        joins, stays = weight[size - 1], weight[size]
        for q in range(lanes):
            explained[q] = 1.0 - reduced[last + 1, k, k, q]
            common[q] += stays * explained[q]
        for c in range(k):
            if (subset >> (k - 1 - c)) & 1:
                for q in range(lanes):
                    total[c, q] += (joins + stays) * explained[q]
    for c in range(k):
        for q in range(width):
            shares[c, q] = total[c, q] - common[q] if code[q] == OK else np.nan


@fused
def _correlations(product, code, matrix):
    """Bring cross products to correlations; lanes without a fit get drivers that explain nil."""
    d, _, lanes = product.shape
    for c in range(d):
        for e in range(c + 1):
            for q in range(lanes):
                if code[q] == OK:
                    matrix[c, e, q] = product[c, e, q] / math.sqrt(
                        product[c, c, q] * product[e, e, q]
                    )
                else:
                    matrix[c, e, q] = 1.0 if c == e else 0.0


@fused
def _weights(k):
    """Share s! (k - 1 - s)! / k! of the orders in which a set of s drivers precedes a given one.

    The last of the k + 1 weights, of the set of all, is 0: nothing can follow it.
    """
    weight = np.zeros(k + 1)
    weight[0] = 1.0 / k
    for s in range(1, k):
        weight[s] = weight[s - 1] * s / (k - s)
    return weight


@fused
def _eliminate(matrix, pivot, reduced):
    """Write what `pivot` leaves unexplained of everything behind it into `reduced`."""
    d, _, lanes = matrix.shape
    factor = np.empty(lanes)
    for c in range(pivot + 1, d):
        for q in range(lanes):
            factor[q] = matrix[c, pivot, q] / matrix[pivot, pivot, q]
        for e in range(pivot + 1, c + 1):
            for q in range(lanes):
                reduced[c, e, q] = matrix[c, e, q] - factor[q] * matrix[e, pivot, q]
