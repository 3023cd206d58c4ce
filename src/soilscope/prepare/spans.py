"""Dates of composites: how many days each spans, and at which day its value stands."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.checks import require_at_least
from soilscope.errors import InputError
from soilscope.times import is_monthly, is_time_like, require_dates

Floats = npt.NDArray[np.float64]


def elapsed_days(time: xr.DataArray) -> Floats:
    """Return the days from the first stamp to each stamp; plain numbers count as they are."""
    if not is_time_like(time):
        return np.asarray(time.values - time.values[:1], dtype=np.float64)
    elapsed = time.values - time.values[:1]
    if elapsed.dtype == object:
        return np.array([step.total_seconds() / 86400.0 for step in elapsed], dtype=np.float64)
    return np.asarray(elapsed / np.timedelta64(1, "D"), dtype=np.float64)


@dataclass(frozen=True)
class Spans:
    """The days that values stand for, counted from the first day of the first of them."""

    stamps: Floats  # days of the stamps
    starts: Floats
    lengths: Floats

    @property
    def middles(self) -> Floats:
        """Days at which composites stand: 7.5 for one of the days 0, 1, ... 15."""
        return self.starts + 0.5 * (self.lengths - 1.0)

    @property
    def n_days(self) -> int:
        """Days from the first day of the first composite to the last day of the last one."""
        return int(self.starts[-1] + self.lengths[-1])


def spans_of(da: xr.DataArray, *, dim: str = "time", composite_days: int | None = None) -> Spans:
    """Return the days that each value of `da` stands for, from its stamp on.

    They are `composite_days` many, else as many as the attribute of that name says; without both,
    a monthly value stands for its month, whatever day it is stamped with, and a daily one for its
    day.
    """
    time = da[dim]
    require_dates(time)
    elapsed = elapsed_days(time)
    hours = time[:1].dt.hour.values + time[:1].dt.minute.values / 60.0
    stamps = np.floor(elapsed + hours / 24.0 + 1e-9)
    given = composite_days if composite_days is not None else da.attrs.get("composite_days")
    if given is not None:
        require_at_least(given, 1, name="composite_days")
        return Spans(stamps, stamps, np.full(time.size, float(given)))
    if is_monthly(time):
        before = time.dt.day.values - 1.0
        stamps = stamps + before[0]
        return Spans(stamps, stamps - before, time.dt.days_in_month.values.astype(np.float64))
    if time.size > 1 and abs(float(np.median(np.diff(elapsed))) - 1.0) < 1e-6:
        return Spans(stamps, stamps, np.ones(time.size))
    raise InputError(
        f"da does not say how many days each value along {dim!r} stands for; write them to its "
        "attribute composite_days."
    )


def daily_stamps(first: Any, spans: Spans) -> npt.NDArray[Any]:
    """Return the stamps of all days of `spans`, whose first stamp is `first`; in its calendar."""
    begin, n = -int(spans.stamps[0]), spans.n_days
    if isinstance(first, np.datetime64):
        days = first.astype("datetime64[D]") + np.arange(begin, begin + n)
        return np.asarray(days.astype(first.dtype))
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
    return np.array([midnight + timedelta(days=begin + k) for k in range(n)], dtype=object)
