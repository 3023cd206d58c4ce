"""The Savitzky-Golay filter: a polynomial fitted to each window, and the upper envelope by it."""

import numpy as np
import numpy.typing as npt

from soilscope.kernels.compile import kernel
from soilscope.kernels.gaps import bridge
from soilscope.kernels.strips import STRIP, take_strip


def window_fits(window: int, order: int) -> npt.NDArray[np.float64]:
    """Matrix (window, window) that makes fitted values of a window's values, by least squares."""
    steps = np.linspace(-1.0, 1.0, window)
    basis, _ = np.linalg.qr(np.vander(steps, order + 1))
    return np.asarray(basis @ basis.T)


@kernel
def _filter(y, fits, out):
    """Filter the series `y` (n,), which has no gaps and is no shorter than the window.

    Row k of `fits` (window, window) gives the value at step k of a window. The ends take the
    polynomial of the first and of the last window.
    """
    window = fits.shape[0]
    half = window // 2
    n = y.size
    middle = fits[half]
    inner = out[half : n - half]
    inner[:] = 0.0
    for k in range(window):
        part = y[k : k + inner.size]
        for i in range(inner.size):
            inner[i] += middle[k] * part[i]
    for i in range(half):
        head = 0.0
        tail = 0.0
        for k in range(window):
            head += fits[i, k] * y[k]
            tail += fits[half + 1 + i, k] * y[n - window + k]
        out[i] = head
        out[n - half + i] = tail


@kernel
def savitzky_golay(y, fits, least, out):
    """Filter each column of `y` (n_time, n_series), its inner gaps bridged by lines, into `out`.

    A series with fewer than `least` values, or shorter than the window, is NaN, and so is each
    before its first and behind its last value.
    """
    n, n_series = y.shape
    strip = np.empty((STRIP, n))
    smooth = np.empty((STRIP, n))
    for a in range(0, n_series, STRIP):
        width = take_strip(y, a, strip)
        for s in range(width):
            first, behind, count = bridge(strip[s])
            smooth[s] = np.nan
            if count >= least and behind - first >= fits.shape[0]:
                _filter(strip[s, first:behind], fits, smooth[s, first:behind])
        _put_strip(smooth, width, a, out)


@kernel
def upper_envelope(y, trend_fits, fits, most, least, out):
    """Fit the upper envelope of each column of `y` (n_time, n_series) (Chen et al. 2004).

    A value below the trend counts less the further below it is. The series, raised to its last fit
    where it is lower, is filtered again and again: until the weighted distance of the fit from the
    data grows (the fit before that is taken), or `most` fits are made.
    """
    n, n_series = y.shape
    strip = np.empty((STRIP, n))
    smooth = np.empty((STRIP, n))
    work = np.empty((3, n))
    for a in range(0, n_series, STRIP):
        width = take_strip(y, a, strip)
        for s in range(width):
            first, behind, count = bridge(strip[s])
            smooth[s] = np.nan
            longest = max(fits.shape[0], trend_fits.shape[0])
            if count >= least and behind - first >= longest:
                _envelope(
                    strip[s, first:behind],
                    trend_fits,
                    fits,
                    most,
                    work[:, : behind - first],
                    smooth[s, first:behind],
                )
        _put_strip(smooth, width, a, out)


@kernel
def _envelope(y, trend_fits, fits, most, work, best):
    fit, weight, raised = work
    _filter(y, trend_fits, fit)
    lowest = 0.0
    for i in range(y.size):
        lowest = max(lowest, fit[i] - y[i])
    for i in range(y.size):
        below = fit[i] - y[i]
        weight[i] = 1.0 - below / lowest if below > 0.0 else 1.0
    least = np.inf
    for _ in range(most):
        for i in range(y.size):
            raised[i] = max(y[i], fit[i])
        _filter(raised, fits, fit)
        distance = 0.0
        for i in range(y.size):
            distance += weight[i] * abs(fit[i] - y[i])
        if not distance < least:
            return
        least = distance
        best[:] = fit


@kernel
def _put_strip(strip, width, first, out):
    for i in range(out.shape[0]):
        for s in range(width):
            out[i, first + s] = strip[s, i]
