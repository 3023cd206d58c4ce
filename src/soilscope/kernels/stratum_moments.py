"""Count, mean and sum of squares of each stratum: exact, and mergeable from parts."""

import numpy as np
import numpy.typing as npt

from soilscope.kernels.compile import kernel

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Shares = tuple[Integers | Floats, Floats, Floats]


@kernel
def stratum_moments(y, codes, n_strata):
    """Count, mean and sum of squared deviations of `y` (n,) in each stratum of `codes` (n,).

    Codes outside 0 .. n_strata - 1 and values that are not finite are left out. Sums are taken
    about the first value, and squares about the means, so that a large offset costs no digits.
    """
    count = np.zeros(n_strata, np.int64)
    pivot = np.zeros(n_strata)
    mean = np.zeros(n_strata)
    m2 = np.zeros(n_strata)
    for i in range(y.size):
        c = codes[i]
        if c >= 0 and c < n_strata and np.isfinite(y[i]):
            if count[c] == 0:
                pivot[c] = y[i]
            count[c] += 1
            mean[c] += y[i] - pivot[c]
    for c in range(n_strata):
        mean[c] = pivot[c] + mean[c] / count[c] if count[c] > 0 else np.nan
    for i in range(y.size):
        c = codes[i]
        if c >= 0 and c < n_strata and np.isfinite(y[i]):
            d = y[i] - mean[c]
            m2[c] += d * d
    return count, mean, m2


def weighted_moments(
    y: Floats, codes: npt.NDArray[np.int32], n_strata: int, weight: Floats
) -> tuple[Integers, Floats, Floats, Floats]:
    """Count, weight, mean and sum of squares of `y` (n,), finite and in strata from 0 on.

    Means and squares are weighted, about the weighted means.
    """
    count = np.bincount(codes, minlength=n_strata)
    total = np.bincount(codes, weight, minlength=n_strata)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(codes, weight * y, minlength=n_strata) / total
    m2 = np.bincount(codes, weight * (y - mean[codes]) ** 2, minlength=n_strata)
    return count, total, mean, m2


def merge(a: Shares, b: Shares) -> Shares:
    """Count (or weight), mean and squares of two disjoint samples together; of any one shape."""
    (na, ma, sa), (nb, mb, sb) = a, b
    n = na + nb
    left, right = np.where(na > 0, ma, mb), np.where(nb > 0, mb, ma)
    difference = right - left
    share = nb / np.where(n > 0, n, 1)
    mean = left + difference * share
    m2 = sa + sb + np.where((na > 0) & (nb > 0), difference**2 * na * share, 0.0)
    return n, mean, m2


def pooled(moments: Shares) -> tuple[Integers | Floats, Floats, Floats, Floats]:
    """Count (or weight), mean, sum of squares within strata and in all, over the last axis."""
    count, mean, m2 = moments
    n = count.sum(axis=-1)
    known = count > 0
    weight = np.where(known, count, 0)
    filled = np.where(known, mean, 0.0)
    pivot = _first(filled, known)
    above = np.where(known, filled - pivot, 0.0)
    with np.errstate(invalid="ignore"):
        shift = (weight * above).sum(axis=-1) / n
        within = m2.sum(axis=-1)
        between = (weight * (above - shift[..., None]) ** 2).sum(axis=-1)
    return n, pivot[..., 0] + shift, within, within + between


def _first(values: Floats, known: npt.NDArray[np.bool_]) -> Floats:
    """Return the first known value along the last axis, which stays."""
    first: Floats = np.take_along_axis(values, known.argmax(axis=-1)[..., None], axis=-1)
    return first
