"""Sums of values over strata, over pairs of strata, and for many columns of values at once."""

import numpy as np
import numpy.typing as npt

from soilscope.kernels.compile import kernel

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@kernel
def column_sums(columns, codes, first):
    """Sum each column of `columns` (n, m) over the strata of every factor: (total, m).

    `codes` (n, k) are the strata of the k factors; those of factor f stand at `first[f]` onwards.
    """
    n, m = columns.shape
    k = codes.shape[1]
    sums = np.zeros((first[k], m))
    for i in range(n):
        for f in range(k):
            row = first[f] + codes[i, f]
            for j in range(m):
                sums[row, j] += columns[i, j]
    return sums


@kernel
def overlay_sums(columns, a, b, n_b, n_overlay):
    """Sum each column of `columns` (n, m) over the overlay of the strata `a` and `b`."""
    n, m = columns.shape
    sums = np.zeros((n_overlay, m))
    for i in range(n):
        row = a[i] * n_b + b[i]
        for j in range(m):
            sums[row, j] += columns[i, j]
    return sums


@kernel
def overlay_moments(y, weight, a, b, n_b, n_overlay):
    """Weight and weighted sum of `y` (n,) over the overlay of the strata `a` and `b`."""
    total = np.zeros(n_overlay)
    sums = np.zeros(n_overlay)
    for i in range(y.size):
        row = a[i] * n_b + b[i]
        total[row] += weight[i]
        sums[row] += weight[i] * y[i]
    return total, sums


def explained(sums: Floats, count: Integers | Floats, squares: Floats | float) -> Floats:
    """Q of centred values: from their sums and counts over strata (the first axis), and squares.

    Counts may be sums of weights where sums and squares are weighted.
    """
    held = count > 0
    parts = sums[held].astype(np.float64)
    n = count[held].reshape(-1, *[1] * (parts.ndim - 1))
    between = (parts**2 / n).sum(axis=0) - parts.sum(axis=0) ** 2 / count.sum()
    with np.errstate(invalid="ignore", divide="ignore"):
        q: Floats = np.clip(between / squares, 0.0, 1.0)
    return q


def explained_by_cuts(
    cumulative: Floats, cuts: Integers, squares: float, weights: Floats | None = None
) -> float:
    """Q of a partition of sorted rows, from the running sums of their centred values.

    Classes are the rows from one of `cuts` to the next; `weights` are running sums of weights.
    """
    count = np.diff(cuts if weights is None else weights[cuts])
    held = np.diff(cuts) > 0
    sums = np.diff(cumulative[cuts])[held]
    between = (sums**2 / count[held]).sum() - sums.sum() ** 2 / count.sum()
    return float(min(max(between / squares, 0.0), 1.0)) if squares > 0.0 else np.nan
