"""Tails of the central and the noncentral F distribution of q, also where they underflow.

With F = (N - L) q / ((L - 1) (1 - q)) the tail of F is the incomplete beta function at 1 - q.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import betainc, betaln, gammaln

Floats = npt.NDArray[np.float64]
_SMALL = 1e-290  # below it the incomplete beta function loses digits, and then underflows


def log_tail(q: float, n: int, n_strata: int, noncentrality: float = 0.0) -> float:
    """Natural logarithm of the chance of a q as large as this, given the noncentrality."""
    if not (n > n_strata > 1 and np.isfinite(q)):
        return np.nan
    if q <= 0.0:
        return 0.0
    a, b, x = (n - n_strata) / 2, (n_strata - 1) / 2, max(1.0 - q, 0.0)
    if x == 0.0:
        return -np.inf
    if noncentrality <= 0.0:
        return float(_log_beta(np.array([a]), np.array([b]), x)[0])
    j, log_weight = _poisson(noncentrality / 2, 40.0)
    return _log_sum(log_weight + _log_beta(np.full(j.shape, a), b + j, x))


def q_interval(q: float, n: int, n_strata: int, level: float = 0.95) -> tuple[float, float]:
    """Bounds of q: fixed strata, independent normal values of one variance within strata."""
    if not (n > n_strata > 1 and 0.0 <= q < 1.0):
        return np.nan, np.nan
    a, b = (n - n_strata) / 2, (n_strata - 1) / 2

    def below(noncentrality: float) -> float:
        j, log_weight = _poisson(noncentrality / 2, 9.0)
        return float(np.exp(log_weight) @ betainc(b + j, a, q))

    low = _root(lambda v: below(v) - (1 + level) / 2, q, n)
    high = _root(lambda v: below(v) - (1 - level) / 2, q, n)
    return low / (low + n), high / (high + n)


def noncentrality_of_means(
    mean: Floats, count: Floats, total_squares: float, *, population: bool
) -> float:
    """Noncentrality of Wang et al. (2010), as the peers take it: it moves with the mean of y."""
    n = count.sum()
    variance = total_squares / (n if population else n - 1)
    return float(((mean**2).sum() - (np.sqrt(count) @ mean) ** 2 / n) / variance)


def _root(falling: Callable[[float], float], q: float, n: int) -> float:
    """Where a falling function of the noncentrality is 0; 0 where it starts below."""
    if falling(0.0) <= 0.0:
        return 0.0
    high = max(10.0, 2.0 * n * q / (1.0 - q))
    while falling(high) > 0.0:
        high *= 2.0
    return float(brentq(falling, 0.0, high, xtol=1e-9 * high, rtol=1e-12))


def _poisson(rate: float, width: float) -> tuple[Floats, Floats]:
    """Return the counts that matter, and the logarithms of their Poisson weights."""
    spread = width * np.sqrt(rate + 1.0) + width
    # many counts are a smooth sum, of which fifty a standard deviation are enough
    step = max(1.0, np.floor(np.sqrt(rate) / 50.0))
    j = np.arange(max(0.0, np.floor(rate - spread)), np.ceil(rate + spread) + 1, step)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_rate = np.log(rate) if rate > 0.0 else -np.inf
        power = np.where(j > 0, j * log_rate, 0.0)
    return j, power - rate - gammaln(j + 1) + np.log(step)


def _log_beta(a: Floats, b: Floats, x: float) -> Floats:
    """Logarithm of the regularised incomplete beta function I_x(a, b)."""
    value = betainc(a, b, x)
    with np.errstate(divide="ignore"):
        found: Floats = np.log(value)
    tiny = value < _SMALL
    if tiny.any():
        a, b = a[tiny], b[tiny]
        found[tiny] = (
            a * np.log(x) + b * np.log1p(-x) - betaln(a, b) - np.log(a) + _log_fraction(a, b, x)
        )
    return found


def _log_fraction(a: Floats, b: Floats, x: float) -> Floats:
    """Logarithm of the continued fraction of I_x(a, b), by the modified method of Lentz."""
    c = np.ones_like(a)
    d = 1.0 / (1.0 - (a + b) * x / (a + 1.0))
    h = d.copy()
    for m in range(1, 20_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for step in (even, odd):
            d = 1.0 / (1.0 + step * d)
            c = 1.0 + step / c
            h = h * c * d
        if np.all(np.abs(c * d - 1.0) < 1e-15):
            break
    found: Floats = np.log(h)
    return found


def _log_sum(values: Floats) -> float:
    top = values.max()
    return float(top + np.log(np.exp(values - top).sum())) if np.isfinite(top) else -np.inf
