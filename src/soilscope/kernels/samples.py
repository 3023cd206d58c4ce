"""A sample of numbers that do not count alike: moments, quantiles and plotting positions."""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def moments(x: Array, weight: Array) -> tuple[float, float, float]:
    """Mean, variance (ddof 1) and skewness of `x` with positive weights.

    The variance is the weighted mean square times n / (n - 1), which for equal weights is the usual
    one; the skewness is that of the population, m3 / m2^1.5.
    """
    total = weight.sum()
    mean = float((weight * x).sum() / total)
    centred = x - mean
    square = weight * centred * centred
    second = float(square.sum() / total)
    third = float((square * centred).sum() / total)
    return mean, second * x.size / (x.size - 1), third / second**1.5


def quantiles(ordered: Array, weight: Array, probability: Array) -> Array:
    """Quantiles of ascending values: straight lines between the middles of their weights.

    The smallest value has the probability 0 and the largest 1; equal weights give type 7.
    """
    middle = np.cumsum(weight) - 0.5 * weight
    return np.interp(probability, (middle - middle[0]) / (middle[-1] - middle[0]), ordered)


def plotting_positions(weight: Array) -> Array:
    """Filliben's medians of order statistics, by the weights of ascending values.

    The rank of a value is n times the weight below its middle, plus 1/2; the position of a rank
    between two whole ones lies on the line between theirs.
    """
    n = weight.size
    rank = n * (np.cumsum(weight) - 0.5 * weight) / weight.sum() + 0.5
    last = 0.5 ** (1.0 / n)
    position: Array = (rank - 0.3175) / (n + 0.365)
    # the outermost ranks have medians of their own, which the lines beside them lead to
    ends = [(0.0, 0.0), (1.0, 1.0 - last), (2.0, 1.6825 / (n + 0.365))] if n > 2 else []
    ends += [(n - 1.0, (n - 1.3175) / (n + 0.365))] if n > 3 else []
    ends += [(float(n), last), (n + 1.0, 1.0)] if n > 2 else [(1.0, 1.0 - last), (2.0, last)]
    outer = (rank < 2.0) | (rank > n - 1.0)
    position[outer] = np.interp(rank[outer], *zip(*ends, strict=True))
    return position


def correlation(a: Array, b: Array, weight: Array) -> float:
    """Pearson correlation of two samples with positive weights."""
    total = weight.sum()
    a = a - (weight * a).sum() / total
    b = b - (weight * b).sum() / total
    scale = np.sqrt((weight * a * a).sum()) * np.sqrt((weight * b * b).sum())
    return float((weight * a * b).sum() / scale)
