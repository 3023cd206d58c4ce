"""One series filled from another that was brought to its mean and spread, season by season."""

import math

import numpy as np

from soilscope.kernels.compile import kernel

NONE, PRIMARY, SECONDARY = -1, 0, 1
_FLAT = 1e-9  # a standard deviation below this share of the mean is rounding


@kernel
def blend(primary, secondary, season, least, gain, mean_p, mean_s, n_obs, values, source, outside):
    """Write `primary` (n_time, n_series), else the rescaled `secondary`, to `values`.

    `season` (n_time,) numbers the seasons of the rows of `gain`, `mean_p`, `mean_s` (float64) and
    `n_obs`, all (n_season, n_series) and written to: the ratio of the standard deviations, the
    means and the number of the pairs. With fewer than `least` pairs the secondary series is not
    used. `source` says where each value is from; `outside` (n_series,) counts rescaled values
    beyond 0 to 1.
    """
    n_time, n_series = primary.shape
    n_obs[:] = 0
    mean_p[:] = 0.0
    mean_s[:] = 0.0
    outside[:] = 0
    for i in range(n_time):
        k = season[i]
        for q in range(n_series):
            p, s = primary[i, q], secondary[i, q]
            if np.isfinite(p) and np.isfinite(s):
                n_obs[k, q] += 1
                mean_p[k, q] += p
                mean_s[k, q] += s
    mean_p /= np.maximum(n_obs, 1)
    mean_s /= np.maximum(n_obs, 1)
    _ratios(primary, secondary, season, least, mean_p, mean_s, n_obs, gain)
    for i in range(n_time):
        k = season[i]
        for q in range(n_series):
            p, s = primary[i, q], secondary[i, q]
            v = mean_p[k, q] + (s - mean_s[k, q]) * gain[k, q]
            if np.isfinite(p):
                values[i, q] = p
                source[i, q] = PRIMARY
            elif np.isfinite(v):
                values[i, q] = v
                source[i, q] = SECONDARY
                if v < 0.0 or v > 1.0:
                    outside[q] += 1
            else:
                values[i, q] = np.nan
                source[i, q] = NONE


@kernel
def _ratios(primary, secondary, season, least, mean_p, mean_s, n_obs, gain):
    """Write the ratios of the standard deviations of pairs to `gain`, NaN where there is none."""
    n_time, n_series = primary.shape
    squares_p = np.zeros(gain.shape)
    squares_s = np.zeros(gain.shape)
    for i in range(n_time):
        k = season[i]
        for q in range(n_series):
            p, s = primary[i, q], secondary[i, q]
            if np.isfinite(p) and np.isfinite(s):
                squares_p[k, q] += (p - mean_p[k, q]) ** 2
                squares_s[k, q] += (s - mean_s[k, q]) ** 2
    for k in range(gain.shape[0]):
        for q in range(n_series):
            n = n_obs[k, q]
            spread = math.sqrt(squares_s[k, q] / n) if n > 0 else 0.0
            if n < least or spread <= _FLAT * abs(mean_s[k, q]):
                gain[k, q] = np.nan
            else:
                gain[k, q] = math.sqrt(squares_p[k, q] / squares_s[k, q])
