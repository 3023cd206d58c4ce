"""Variogram models fitted by least squares, the best over all ranges.

Given the range, nugget and partial sill (both at least 0) follow from a closed form, so only the
range is sought: over an even grid of its logarithm first, then by Brent's method in every valley of
that grid. Lags, semivariances and weights are scaled by their largest beforehand, so that units do
not matter; nothing is started from a guess.
"""

import math

import numpy as np

from soilscope.kernels.compile import kernel

LINEAR, LINEAR_TO_SILL, SPHERICAL, EXPONENTIAL, GAUSSIAN, MATERN = range(6)
_SCAN = 128  # ranges on the grid: a step of about a tenth of their logarithm
_GOLDEN = 0.3819660112501051
#: Lags below this share of the range are steeper than any data show: all are beyond the sill.
_SHORTEST = (1.0, 1.0, 1.0, 0.1, 0.3, 0.05)

fused = kernel(fastmath={"reassoc", "contract"})


@kernel
def shape(model, u, smoothness):
    """Rise of a model from 0 to 1 at the lag `u`, in units of its range."""
    if model == LINEAR:
        return u
    if model == LINEAR_TO_SILL:
        return min(u, 1.0)
    if model == SPHERICAL:
        return 1.0 if u >= 1.0 else u * (1.5 - 0.5 * u * u)
    if model == EXPONENTIAL:
        return -math.expm1(-u)
    if model == GAUSSIAN:
        return -math.expm1(-u * u)
    if smoothness == 0.5:
        return -math.expm1(-u)
    if smoothness == 1.5:  # 1 - (1 + u) exp(-u), without cancellation where u is small
        return -math.expm1(math.log1p(u) - u)
    return -math.expm1(math.log1p(u + u * u / 3.0) - u)


@fused
def _two(rise, h, g, w, f):
    """Return nugget, partial sill and weighted squares; `rise`: model, log range, smoothness."""
    model, log_range, smoothness = rise
    scale = math.exp(-log_range)
    mean_f = mean_g = 0.0
    for k in range(h.size):
        f[k] = shape(model, h[k] * scale, smoothness)
        mean_f += w[k] * f[k]
        mean_g += w[k] * g[k]
    ff = fg = 0.0
    for k in range(h.size):
        away = w[k] * (f[k] - mean_f)
        ff += away * (f[k] - mean_f)
        fg += away * (g[k] - mean_g)
    sill = fg / ff if ff > 1e-24 * mean_f * mean_f else 0.0
    nugget = mean_g - sill * mean_f
    if sill >= 0.0 and nugget >= 0.0:
        return nugget, sill, _squares(nugget, sill, f, g, w)
    own = cross = 0.0
    for k in range(h.size):
        own += w[k] * f[k] * f[k]
        cross += w[k] * f[k] * g[k]
    steep = max(cross / own, 0.0) if own > 0.0 else 0.0
    flat_squares, steep_squares = _squares(mean_g, 0.0, f, g, w), _squares(0.0, steep, f, g, w)
    if steep_squares < flat_squares:
        return 0.0, steep, steep_squares
    return mean_g, 0.0, flat_squares


@fused
def _squares(nugget, sill, f, g, w):
    total = 0.0
    for k in range(f.size):
        rest = g[k] - nugget - sill * f[k]
        total += w[k] * rest * rest
    return total


@kernel
def _brent(model, smoothness, low, high, h, g, w, f):
    """Return the log range in [low, high] with the least squares, and those squares."""
    x = v = u = low + _GOLDEN * (high - low)
    fx = _two((model, x, smoothness), h, g, w, f)[2]
    fv = fu = fx
    step = before = 0.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        tolerance = 1e-9 * abs(x) + 1e-10
        if abs(x - middle) <= 2.0 * tolerance - 0.5 * (high - low):
            break
        golden = True
        if abs(before) > tolerance:  # a parabola through the three best
            r, q = (x - u) * (fx - fv), (x - v) * (fx - fu)
            p, q = (x - v) * q - (x - u) * r, 2.0 * (q - r)
            p, q = (-p, q) if q > 0.0 else (p, -q)
            if abs(p) < abs(0.5 * q * before) and q * (low - x) < p < q * (high - x):
                before, step, golden = step, p / q, False
        if golden:
            before = (low if x >= middle else high) - x
            step = _GOLDEN * before
        at = x + (step if abs(step) >= tolerance else math.copysign(tolerance, step))
        value = _two((model, at, smoothness), h, g, w, f)[2]
        if value <= fx:
            low, high = (x, high) if at >= x else (low, x)
            v, fv, u, fu, x, fx = u, fu, x, fx, at, value
        else:
            low, high = (at, high) if at < x else (low, at)
            if value <= fu or u == x:
                v, fv, u, fu = u, fu, at, value
            elif value <= fv or v in (x, u):
                v, fv = at, value
    return x, fx


@kernel
def _search(model, smoothness, low, high, h, g, w, f, scan):
    """Return the log range of the least squares in [low, high]."""
    step = (high - low) / (scan.size - 1)
    for i in range(scan.size):
        scan[i] = _two((model, low + i * step, smoothness), h, g, w, f)[2]
    best, least = low, scan[0]
    if scan[-1] < least:
        best, least = high, scan[-1]
    for i in range(scan.size):
        left, right = max(i - 1, 0), min(i + 1, scan.size - 1)
        if (
            scan[i] <= scan[left]
            and scan[i] <= scan[right]
            and scan[left] + scan[right] > 2 * scan[i]
        ):
            x, fx = _brent(model, smoothness, low + left * step, low + right * step, h, g, w, f)
            if fx < least:
                best, least = x, fx
    return best


@kernel
def fit_models(models, smoothness, longest, h, g, w, fewest, found):
    """Fit each model to each series.

    Parameters
    ----------
    models : (n_model,)
        Codes: `LINEAR`, ...
    smoothness : float
        Of the Matern model: 0.5, 1.5 or 2.5.
    longest : float
        Upper bound of the range parameter, in the units of `h`; 0: 1,000 times the largest lag.
    h, g, w : (n_lag, n_series)
        Lags, semivariances and weights; w is 0 where a class is not to be used.
    fewest : (n_model,)
        Classes that a model needs.
    found : (4, n_model, n_series)
        Written: nugget, partial sill, range (of the linear model: the largest lag) and whether
        the range is at a bound (1.0). NaN where there are too few classes or none above 0.
    """
    n_lag, n_series = g.shape
    hs, gs, ws, f = np.empty(n_lag), np.empty(n_lag), np.empty(n_lag), np.empty(n_lag)
    scan = np.empty(_SCAN)
    found[:] = np.nan
    for s in range(n_series):
        size = 0
        largest_h = largest_g = sum_w = 0.0
        smallest_h = math.inf
        for k in range(n_lag):
            if w[k, s] > 0.0:
                hs[size], gs[size], ws[size] = h[k, s], g[k, s], w[k, s]
                largest_h, smallest_h = max(largest_h, h[k, s]), min(smallest_h, h[k, s])
                largest_g = max(largest_g, g[k, s])
                sum_w += w[k, s]
                size += 1
        if size == 0 or largest_g <= 0.0:
            continue
        for k in range(size):
            hs[k] /= largest_h
            gs[k] /= largest_g
            ws[k] /= sum_w
        for m in range(models.size):
            if size < fewest[m]:
                continue
            best = low = high = 0.0
            if models[m] != LINEAR:
                low = math.log(smallest_h / largest_h * _SHORTEST[models[m]])
                high = math.log(longest / largest_h) if longest > 0.0 else math.log(1000.0)
                low = min(low, high)
                best = _search(
                    models[m],
                    smoothness,
                    low,
                    high,
                    hs[:size],
                    gs[:size],
                    ws[:size],
                    f[:size],
                    scan,
                )
            nugget, sill, _ = _two(
                (models[m], best, smoothness), hs[:size], gs[:size], ws[:size], f[:size]
            )
            found[0, m, s], found[1, m, s] = nugget * largest_g, sill * largest_g
            found[2, m, s] = math.exp(best) * largest_h
            near = min(best - low, high - best) < 1e-6
            found[3, m, s] = 1.0 if near and models[m] != LINEAR else 0.0


@kernel
def curves(models, smoothness, found, h, fitted):
    """Write the semivariance of fitted models at `h` (n_lag, n_series).

    `fitted` is (n_model, n_lag, n_series). At a lag of 0 it is the nugget, the limit from above.
    """
    for m in range(models.size):
        for k in range(h.shape[0]):
            for s in range(h.shape[1]):
                u = h[k, s] / found[2, m, s]
                rise = found[1, m, s] * shape(models[m], u, smoothness)
                fitted[m, k, s] = found[0, m, s] + rise
