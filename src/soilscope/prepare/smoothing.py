"""Smooth series of composites: Savitzky-Golay, its upper envelope, and Whittaker."""

from typing import Literal, get_args

import numpy as np
import xarray as xr

from soilscope.checks import (
    require_at_least,
    require_between,
    require_choice,
    require_dims,
    require_numeric,
)
from soilscope.errors import InputError
from soilscope.labelled import Output, over_series
from soilscope.prepare.beside import require_beside
from soilscope.prepare.cell_methods import done_to
from soilscope.prepare.smoothers import Whittaker, Windows, positions_of
from soilscope.prepare.spans import elapsed_days
from soilscope.times import calendar_steps, require_increasing

Method = Literal["savgol", "chen", "whittaker"]

_WINDOWS = {"savgol": (7, 2), "chen": (9, 6)}


def smooth(
    da: xr.DataArray,
    *,
    dim: str = "time",
    method: Method = "savgol",
    window: int | None = None,
    order: int | None = None,
    trend_window: int = 9,
    trend_order: int = 2,
    max_iterations: int = 20,
    smoothness: float = 2.0,
    weights: xr.DataArray | None = None,
    days: xr.DataArray | None = None,
    max_gap: int | None = None,
    min_obs: int = 10,
) -> xr.DataArray:
    """Smooth series, as of a vegetation index seen through clouds, and fill their inner gaps.

    Parameters
    ----------
    da
        Series along `dim`, any units, any other dimensions. Infinite values count as missing.
    dim
        Dimension of time; its coordinate holds dates or plain numbers.
    method
        ``"savgol"``: a polynomial fitted to each window of steps, after gaps were bridged by
        straight lines. ``"chen"``: the upper envelope by repeated Savitzky-Golay filters (Chen et
        al. 2004), for data that clouds make too low. ``"whittaker"``: least squares with a
        penalty on second differences; takes weights and true dates.
    window, order
        Steps of the window (odd) and order of its polynomial: 7 and 2 for ``"savgol"``, 9 and 6
        for the repeated filter of ``"chen"``.
    trend_window, trend_order
        The same for the first filter of ``"chen"``, which tells what is too low.
    max_iterations
        Most filters of ``"chen"``; it ends before when the fit gets no better.
    smoothness
        Weight of the penalty of ``"whittaker"`` (lambda), for time in the usual step.
    weights
        For ``"whittaker"``: weight of each value, as of its quality; a value with a weight of 0,
        below or missing counts as missing.
    days
        For ``"whittaker"``: days from each stamp to the day that was seen (`ndvi_day`). The
        result stands at these days, missing days at the middle of their composite.
    max_gap
        Gaps of more steps than this stay open. Default: all inner gaps are filled.
    min_obs
        Series with fewer valid values are NaN.

    Returns
    -------
    xarray.DataArray
        Like `da`, with its name and attributes; lazy if `da` is. Nothing is extrapolated: a
        series is NaN before its first and behind its last valid value, and wholly where these
        span less than a window. Its ends take the polynomial of the first and the last window.

    Raises
    ------
    InputError
        If an option does not belong to the method, time is out of order, `da` is split into
        chunks along `dim`, or steps are uneven or left out (but with ``"whittaker"``).

    References
    ----------
    Savitzky and Golay (1964), https://doi.org/10.1021/ac60214a047; Chen et al. (2004),
    https://doi.org/10.1016/j.rse.2004.03.014; Eilers (2003), https://doi.org/10.1021/ac034173t

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> time = xr.date_range("2001-01-01", periods=23, freq="16D")
    >>> ndvi = xr.DataArray(0.3 + 0.01 * np.arange(23.0), {"time": time}, "time")
    >>> cloudy = ndvi.where(ndvi.time != ndvi.time[5])
    >>> cloudy[12] = 0.1
    >>> quality = xr.ones_like(ndvi).where(cloudy > 0.2, 0.0)
    >>> round(float(smooth(cloudy, method="whittaker", weights=quality)[12]), 6)
    0.42
    """
    require_dims(da, dim, name="da")
    require_numeric(da, name="da")
    require_choice(method, get_args(Method), name="method")
    require_between(min_obs, 3, 10**6, name="min_obs")
    require_increasing(da[dim])
    if max_gap is not None:
        require_at_least(max_gap, 0, name="max_gap")
    others = {name: a for name, a in {"weights": weights, "days": days}.items() if a is not None}
    for name, other in others.items():
        _require_for_whittaker(method, name)
        require_beside(other, da, dim, name=name)
    block: Windows | Whittaker
    if method == "whittaker":
        require_between(smoothness, 1e-6, 1e12, name="smoothness")
        if window is not None or order is not None:
            raise InputError("window and order are not for method='whittaker'; set smoothness.")
        places = positions_of(da, dim, dated=days is not None)
        block = Whittaker(places, smoothness, min_obs, max_gap, weights is not None)
    else:
        shape = (
            _WINDOWS[method][0] if window is None else window,
            _WINDOWS[method][1] if order is None else order,
        )
        _require_window(*shape, "window", "order")
        _require_window(trend_window, trend_order, "trend_window", "trend_order")
        require_at_least(max_iterations, 1, name="max_iterations")
        _require_even(da[dim])
        trend = (trend_window, trend_order) if method == "chen" else None
        block = Windows(shape, trend, int(max_iterations), min_obs, max_gap)
    kind = "f4" if da.dtype == np.float32 else "f8"
    outputs = {"smooth": Output(kind, dim)}
    made = over_series(block, da, *others.values(), dim=dim, outputs=outputs)["smooth"]
    made.attrs = done_to(da.attrs, f"{dim}: point (comment: {block})")
    return made.rename(da.name)


def _require_for_whittaker(method: Method, name: str) -> None:
    if method != "whittaker":
        raise InputError(
            f"{name} are for method='whittaker' alone; leave them out, or use that method."
        )


def _require_window(window: int, order: int, name: str, order_name: str) -> None:
    if not isinstance(window, int) or window < 3 or window % 2 == 0:
        raise InputError(f"{name} is {window!r}; it must be an odd number of steps, 3 or more.")
    if not isinstance(order, int) or not 0 <= order < window:
        raise InputError(f"{order_name} is {order!r}; it must be from 0 to {window - 1}.")


def _require_even(time: xr.DataArray) -> None:
    """Refuse steps that are left out: a window counts steps, not days."""
    if time.size < 3:
        return
    even = calendar_steps(time)
    gaps = np.diff(elapsed_days(time) if even is None else even.astype(np.float64))
    gaps = gaps / np.median(gaps)
    wrong = np.flatnonzero((gaps > 1.5) | (gaps < 0.5))
    if wrong.size:
        first, last = time.values[wrong[0] : wrong[0] + 2]
        raise InputError(
            f"the step from {first} to {last} is {gaps[wrong[0]]:.3g} times the usual one; fill "
            "the axis with reindex, or use method='whittaker', which takes uneven steps."
        )
