"""Dates of composites: how many days each spans, and at which day its value stands."""

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


def days_after(time: xr.DataArray, n: int) -> npt.NDArray[Any]:
    """Return the stamps of `n` days from the first stamp on, in the data's own calendar."""
    first = time.values[0]
    if np.issubdtype(time.dtype, np.datetime64):
        begin = first.astype("datetime64[D]")
        return (begin + np.arange(n)).astype(time.dtype)  # type: ignore[no-any-return]
    begin = first.replace(hour=0, minute=0, second=0, microsecond=0)
    return np.array([begin + timedelta(days=k) for k in range(n)], dtype=object)


def lengths_in_days(da: xr.DataArray, *, dim: str, composite_days: int | None) -> Floats:
    """Return the days that each value of `da` stands for.

    They are `composite_days`, else the attribute of that name; without both, monthly values stand
    for their month and daily ones for their day.
    """
    time = da[dim]
    require_dates(time)
    given = composite_days if composite_days is not None else da.attrs.get("composite_days")
    if given is not None:
        require_at_least(given, 1, name="composite_days")
        return np.full(time.size, float(given))
    if is_monthly(time):
        return np.asarray(time.dt.days_in_month.values, dtype=np.float64)
    if time.size > 1 and abs(float(np.median(np.diff(elapsed_days(time)))) - 1.0) < 1e-6:
        return np.ones(time.size)
    raise InputError(
        "da does not say how many days a value stands for; write them to its attribute "
        "composite_days."
    )


def middles(lengths: Floats) -> Floats:
    """Return the days from each stamp to the middle of its composite: 7.5 of 16 (0, 1, ... 15)."""
    return 0.5 * (lengths - 1.0)
