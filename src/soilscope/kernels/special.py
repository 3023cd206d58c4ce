"""Differences of the digamma and trigamma functions from their leading terms, without cancellation.

Maximum likelihood of gamma and beta distributions needs log(x) - digamma(x), which is about 1/(2x):
for a narrow distribution x is in the thousands, and the difference of the two functions would have
lost most of its digits.
"""

import math

from soilscope.kernels.compile import kernel

FAR = 12.0  # from here on the asymptotic series below are exact to the last bits


@kernel
def log_less_digamma(x):
    """log(x) - digamma(x) for x > 0.

    Recurrence up to `FAR`, then the asymptotic series (DLMF 5.5.2, 5.11.2).
    """
    z, near = x, 0.0
    while z < FAR:
        near += 1.0 / z
        z += 1.0
    if near > 0.0:
        near += math.log(x / z)
    r = 1.0 / (z * z)
    series = 1.0 / 240.0 - r * (1.0 / 132.0 - r * (691.0 / 32760.0 - r / 12.0))
    series = 1.0 / 12.0 - r * (1.0 / 120.0 - r * (1.0 / 252.0 - r * series))
    return near + 0.5 / z + r * series


@kernel
def trigamma_less_inverse(x):
    """trigamma(x) - 1 / x for x > 0 (DLMF 5.15.5, 5.15.8)."""
    z, near = x, 0.0
    while z < FAR:
        near += 1.0 / (z * z * (z + 1.0))
        z += 1.0
    r = 1.0 / (z * z)
    series = 1.0 / 30.0 - r * (5.0 / 66.0 - r * (691.0 / 2730.0 - r * (7.0 / 6.0)))
    series = 1.0 / 6.0 - r * (1.0 / 30.0 - r * (1.0 / 42.0 - r * series))
    return near + r * (0.5 + series / z)
