"""The smoothers with their options, to be called on (n_time, n_series) arrays."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.errors import InputError
from soilscope.kernels.gaps import open_gaps
from soilscope.kernels.savitzky_golay import savitzky_golay, upper_envelope, window_fits
from soilscope.kernels.whittaker import whittaker, whittaker_dated
from soilscope.prepare.spans import elapsed_days, spans_of
from soilscope.times import calendar_steps, is_time_like

Array = npt.NDArray[Any]

_NO_WEIGHTS = np.empty((0, 0))


@dataclass(frozen=True)
class Windows:
    """The filters that work on windows of steps; each window with the order of its polynomial."""

    window: tuple[int, int]
    trend: tuple[int, int] | None  # of the upper envelope
    most: int
    least: int
    max_gap: int | None

    def __str__(self) -> str:
        name = "Savitzky-Golay filter" if self.trend is None else "upper envelope"
        return f"{name}, window {self.window[0]}, order {self.window[1]}"

    def __call__(self, y: Array) -> tuple[Array]:
        """Return the smoothed series."""
        out = np.empty_like(y)
        fits = window_fits(*self.window)
        if self.trend is None:
            savitzky_golay(y, fits, self.least, out)
        else:
            upper_envelope(y, window_fits(*self.trend), fits, self.most, self.least, out)
        return (_opened(y, _NO_WEIGHTS, self.max_gap, out),)


@dataclass(frozen=True)
class Positions:
    """Where the values of a series stand, in its usual steps."""

    stamps: tuple[float, ...]
    day: float = 1.0
    middles: tuple[float, ...] | None = None  # from each stamp; with it, days are given

    def of_days(self, days: Array) -> Array:
        """Return the positions of the days (n_time, n_series) after the stamps."""
        stamps, middle = np.array((self.stamps, self.middles))[:, :, None]
        return np.asarray(stamps + np.where(np.isfinite(days), days * self.day, middle))


def positions_of(da: xr.DataArray, dim: str, *, dated: bool) -> Positions:
    """Return the positions of the stamps of `da`; `dated`: each value has a day of its own."""
    time = da[dim]
    even = calendar_steps(time)
    elapsed = elapsed_days(time)
    step = float(np.median(np.diff(elapsed))) if time.size > 1 else 1.0
    if not dated:
        places = elapsed / step if even is None else even.astype(np.float64)
        return Positions(tuple(places.tolist()))
    if not is_time_like(time):
        raise InputError(f"days need dates along {dim!r}, which holds {time.dtype}.")
    spans = spans_of(da, dim=dim)
    stamps, middle = spans.stamps / step, (spans.middles - spans.stamps) / step
    return Positions(tuple(stamps.tolist()), 1.0 / step, tuple(middle.tolist()))


@dataclass(frozen=True)
class Whittaker:
    """The Whittaker smoother; takes weights, if it is `weighted`, and days, if positions do."""

    positions: Positions
    smoothness: float
    least: int
    max_gap: int | None
    weighted: bool

    def __str__(self) -> str:
        return f"Whittaker smoother, lambda {self.smoothness:g}"

    def __call__(self, y: Array, *others: Array) -> tuple[Array]:
        """Return the smoothed series."""
        out = np.full_like(y, np.nan)
        weights = others[0] if self.weighted else _NO_WEIGHTS
        if self.positions.middles is not None:
            x = self.positions.of_days(others[-1])
            whittaker_dated(y, weights, x, self.smoothness, self.least, out)
        elif len(y) > 2:
            x = np.array(self.positions.stamps)
            whittaker(y, weights, x, self.smoothness, self.least, out)
        return (_opened(y, weights, self.max_gap, out),)


def _opened(y: Array, weights: Array, max_gap: int | None, out: Array) -> Array:
    if max_gap is not None:
        open_gaps(y, weights, max_gap, out)
    return out
