"""The time axis as numbers: decimal years and calendar months."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.errors import InputError


def is_time_like(time: xr.DataArray) -> bool:
    """Whether `time` holds dates (numpy or cftime) and not plain numbers."""
    return np.issubdtype(time.dtype, np.datetime64) or (
        time.dtype == object and time.size > 0 and hasattr(time.values[0], "timetuple")
    )


def month_count(time: xr.DataArray) -> npt.NDArray[np.int64]:
    """Calendar months since year 0 of each stamp (12 * year + month - 1)."""
    require_dates(time)
    months = time.dt.year.values * 12 + time.dt.month.values - 1
    return np.asarray(months, dtype=np.int64)


def require_dates(time: xr.DataArray) -> None:
    """Refuse a time axis without dates, and one that is not strictly increasing."""
    if not is_time_like(time):
        raise InputError(
            f"{time.name!r} holds {time.dtype}, not dates; decode it with xarray.decode_cf, or "
            "assign a datetime coordinate."
        )
    require_increasing(time)


def require_increasing(time: xr.DataArray) -> None:
    """Refuse duplicate or unsorted stamps."""
    values = time.values
    if values.size > 1 and not (values[1:] > values[:-1]).all():
        if np.unique(values).size < values.size:
            raise InputError(
                f"{time.name!r} holds a stamp twice; drop one of them with "
                f"drop_duplicates({time.name!r})."
            )
        raise InputError(f"{time.name!r} is not in ascending order; use sortby({time.name!r}).")


def is_monthly(time: xr.DataArray) -> bool:
    """Whether `time` has one stamp a month (gaps allowed)."""
    if not is_time_like(time) or time.size < 2:
        return False
    return bool(
        np.diff(month_count(time)).min() >= 1 and np.median(np.diff(month_count(time))) == 1
    )


def decimal_year(time: xr.DataArray) -> npt.NDArray[np.float64]:
    """Time in years: the year and its elapsed fraction in the data's own calendar.

    Monthly series with one stamp a month use year + (month - 0.5) / 12, so that months are evenly
    spaced whatever day they are stamped with. Plain numbers are taken as decimal years.
    """
    if not is_time_like(time):
        if not np.issubdtype(time.dtype, np.number):
            raise InputError(f"{time.name!r} holds {time.dtype}; give dates or decimal years.")
        require_increasing(time)
        return np.asarray(time.values, dtype=np.float64)
    require_dates(time)
    if is_monthly(time):
        return np.asarray((month_count(time) + 0.5) / 12.0, dtype=np.float64)
    return np.asarray(time.dt.decimal_year.values, dtype=np.float64)


def calendar_steps(time: xr.DataArray) -> npt.NDArray[np.int64] | None:
    """Return the step of each stamp on an evenly spaced axis, from 0; None if it is uneven.

    Gaps stay open. With at most one stamp a month the steps are counted in calendar months,
    whatever day each is stamped with (annual means: twelve months); otherwise in elapsed time.
    """
    if time.size < 2:
        return np.zeros(time.size, dtype=np.int64)
    if not is_time_like(time):
        values = decimal_year(time)
    elif (np.diff(month_count(time)) >= 1).all():
        values = month_count(time).astype(np.float64)
    else:
        elapsed = time.values - time.values[0]
        values = np.asarray(elapsed / np.abs(elapsed[1]), dtype=np.float64)
    gaps = np.diff(values)
    steps = np.rint(gaps / gaps.min())
    if np.abs(gaps - steps * gaps.min()).max() > 1e-3 * gaps.min():
        return None
    return np.concatenate([[0], np.cumsum(steps)]).astype(np.int64)


def steps_on(time: xr.DataArray, dates: Sequence[object]) -> list[int]:
    """Return the places of the time steps that lie on `dates`, in the order of the dates."""
    require_dates(time)
    if isinstance(dates, str) or not dates:
        raise InputError(f"dates is {dates!r}; give a list of days, as in ['2020-07-15'].")
    days = time.dt.strftime("%Y-%m-%d").values
    found: list[int] = []
    for date in map(str, dates):
        steps = np.flatnonzero(days == date)
        if not steps.size:
            raise InputError(
                f"the data have no time step on {date!r} (they go from {days[0]} to {days[-1]}); "
                "write dates as in '2020-07-15'."
            )
        found += steps.tolist()
    return found
