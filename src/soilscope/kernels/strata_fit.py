"""Straight lines per stratum from sums alone: fit, block bootstrap, and leaving blocks out.

Moments are (..., 6): n, sum x, sum y, sum xx, sum xy, sum yy, of x and y less a common shift, so
that nothing cancels. Sums of disjoint samples add up, which makes every resample a matrix product.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Array = npt.NDArray[Any]

N_MOMENTS = 6
_TINY = 1e-12  # share of the mean square that counts as no spread


class Line(NamedTuple):
    """Least-squares lines y = slope x + intercept; NaN where x does not vary."""

    slope: Floats
    intercept: Floats
    r_squared: Floats
    rmse: Floats


def moments(x: Floats, y: Floats, group: Integers, n_groups: int) -> Floats:
    """Sum up the samples of each group, (n_groups, 6); the group -1 is left out."""
    kept = group >= 0
    x, y, group = x[kept], y[kept], group[kept]
    columns = (np.ones(x.size), x, y, x * x, x * y, y * y)
    return np.stack([np.bincount(group, w, minlength=n_groups) for w in columns], axis=-1)


def fit(sums: Floats) -> Line:
    """Fit a line to each set of moments (..., 6)."""
    n, sx, sy, sxx, sxy, syy = np.moveaxis(np.asarray(sums, dtype=np.float64), -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mx, my = sx / n, sy / n
        cxx, cxy, cyy = sxx - sx * mx, sxy - sx * my, syy - sy * my
        spread = cxx > _TINY * np.maximum(sxx, np.finfo(float).tiny)
        slope = np.where(spread & (n > 1), cxy / cxx, np.nan)
        r_squared = np.where(cyy > 0, slope * cxy / cyy, np.nan)
        rmse = np.sqrt(np.maximum(cyy - slope * cxy, 0.0) / n)
    return Line(slope, my - slope * mx, r_squared, rmse)


def squared_error(sums: Floats, slope: Floats, intercept: Floats) -> Floats:
    """Sum of squares of y - slope x - intercept over the samples that the moments are of."""
    n, sx, sy, sxx, sxy, syy = np.moveaxis(np.asarray(sums, dtype=np.float64), -1, 0)
    error = (
        syy
        - 2.0 * slope * sxy
        - 2.0 * intercept * sy
        + slope**2 * sxx
        + 2.0 * slope * intercept * sx
        + n * intercept**2
    )
    return np.asarray(np.maximum(error, 0.0))


def bootstrap_slopes(sums: Floats, draws: Integers) -> Floats:
    """Slopes (n_boot, ...) of resamples of blocks, whose moments are `sums` (n_block, ..., 6).

    `draws` (n_boot, n_block) tells how often each block is taken.
    """
    flat = sums.reshape(sums.shape[0], -1, N_MOMENTS)
    slopes = np.empty((draws.shape[0], flat.shape[1]))
    step = max(1, 2**22 // max(1, draws.shape[0]))
    for start in range(0, flat.shape[1], step):
        part = flat[:, start : start + step]
        resampled = draws.astype(np.float64) @ part.reshape(part.shape[0], -1)
        slopes[:, start : start + step] = fit(
            resampled.reshape(draws.shape[0], -1, N_MOMENTS)
        ).slope
    return slopes.reshape(draws.shape[0], *sums.shape[1:-1])


def held_out(sums: Floats) -> Floats:
    """Moments of what is left without a month and a block of places, for each pair of them.

    `sums` is (month, block, ..., 6). Where there is one month alone only blocks are left out, and
    the other way round.
    """
    total = sums.sum(axis=(0, 1), keepdims=True)
    month, block = sums.sum(axis=1, keepdims=True), sums.sum(axis=0, keepdims=True)
    if sums.shape[0] == 1:
        left = total - block
    elif sums.shape[1] == 1:
        left = total - month
    else:
        left = total - month - block + sums
    left = np.broadcast_to(left, sums.shape).copy()
    # counts are whole numbers: what is left of an empty remainder is rounding
    left[left[..., 0] < 0.5] = 0.0
    return left
