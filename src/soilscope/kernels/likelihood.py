"""Maximum likelihood of the gamma and the beta distribution from their sufficient statistics.

The logarithms enter as log(mean) - mean(log), which is small for a narrow distribution and is
computed without cancellation, as are all terms of the equations. A fit that does not converge is
NaN.
"""

import math

import numpy as np

from soilscope.kernels.compile import kernel
from soilscope.kernels.special import log_less_digamma, trigamma_less_inverse

STEPS = 100
CLOSE = 1e-9  # relative; Newton's next step would be its square


@kernel
def log_deficit(values, mean):
    """log(mean) - mean(log) of positive `values` (Jensen: never negative)."""
    total = 0.0
    for v in values:
        d = (v - mean) / mean
        total += d - (math.log1p(d) if d > -0.5 else math.log(v) - math.log(mean))
    return total / values.size


@kernel
def thom(deficit):
    """Shape of a gamma distribution by Thom's (1958) approximation."""
    return (1.0 + math.sqrt(1.0 + 4.0 * deficit / 3.0)) / (4.0 * deficit)


@kernel
def gamma_shape(deficit):
    """Shape k of a gamma distribution: log(k) - digamma(k) = deficit.

    Newton's method in 1/k (Minka 2002) from Thom's approximation.
    """
    if not (deficit > 0.0 and np.isfinite(deficit)):
        return np.nan
    inverse = 1.0 / thom(deficit)
    for _ in range(STEPS):
        k = 1.0 / inverse
        step = (log_less_digamma(k) - deficit) / (k * k * trigamma_less_inverse(k))
        inverse -= step
        if abs(step) <= CLOSE * inverse:
            return 1.0 / inverse
    return np.nan


@kernel
def _beta_step(a, b, f, g):
    """Newton's step for residuals `f`, `g`; leading terms of the determinant cancel on paper."""
    c = a + b
    va, vb, vc = trigamma_less_inverse(a), trigamma_less_inverse(b), trigamma_less_inverse(c)
    both = 1.0 / c + vc
    one, two = b / (a * c) + va - vc, a / (b * c) + vb - vc  # trigamma(a) - trigamma(c), and of b
    det = va * a / (b * c) + vb * b / (a * c) + va * vb - vc * c / (a * b) - vc * (va + vb)
    return (two * f + both * g) / det, (both * f + one * g) / det


@kernel
def beta_shapes(mean, rest, variance, deficit, deficit_rest):
    """Shapes a, b of a beta distribution on [0, 1].

    Parameters
    ----------
    mean, rest : float
        Means of x and of 1 - x.
    variance : float
        Their variance, for the start by moments.
    deficit, deficit_rest : float
        log(mean) - mean(log) of x and of 1 - x.

    Notes
    -----
    digamma(a) - digamma(a + b) = mean(log x), and the same for b, by Newton's method with
    a = c (mean + t) and b = c (rest - t), so that small differences stay exact.
    """
    c, t = mean * rest / variance - 1.0, 0.0
    if not (c > 0.0 and np.isfinite(c) and np.isfinite(deficit + deficit_rest)):
        return np.nan, np.nan
    for _ in range(STEPS):
        a, b = c * (mean + t), c * (rest - t)
        common = log_less_digamma(c)
        f = log_less_digamma(a) - common - math.log1p(t / mean) - deficit
        g = log_less_digamma(b) - common - math.log1p(-t / rest) - deficit_rest
        da, db = _beta_step(a, b, f, g)
        short = min(1.0, 0.8 / max(-da / a, -db / b, 0.8))  # a and b stay positive
        da, db = short * da, short * db
        t += (da * (rest - t) - db * (mean + t)) / (c + da + db)
        c += da + db
        if abs(da) <= CLOSE * a and abs(db) <= CLOSE * b:
            return c * (mean + t), c * (rest - t)
    return np.nan, np.nan
