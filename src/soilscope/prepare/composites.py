"""Composites: hours to days, days to months, months to years."""

from dataclasses import dataclass
from typing import Any, Literal, TypeVar, get_args

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.checks import require_at_least, require_between, require_choice, require_dims
from soilscope.errors import InputError
from soilscope.prepare.beside import require_beside
from soilscope.prepare.cell_methods import done_to
from soilscope.prepare.observed import by_observation
from soilscope.prepare.periods import How, Runs, reduce_runs
from soilscope.prepare.shares import shares_of
from soilscope.times import is_monthly, month_count, require_dates

Array = npt.NDArray[Any]
Data = TypeVar("Data", xr.DataArray, xr.Dataset)
Frequency = Literal["D", "MS", "YS"]
Dates = Literal["stamp", "seen", "shared"]

_DAY = np.timedelta64(1, "D")
_PER = {"D": "d-1", "MS": "month-1", "YS": "year-1"}
_WORDS = {"D": "days", "MS": "months", "YS": "years"}
_CF_METHOD = {"mean": "mean", "sum": "sum", "max": "maximum", "mvc": "maximum", "min": "minimum"}


def composite(
    da: Data,
    *,
    freq: Frequency = "MS",
    how: How = "mean",
    min_count: int = 1,
    min_share: float = 0.0,
    dates: Dates = "stamp",
    days: xr.DataArray | None = None,
) -> Data:
    """Combine the values of each day, calendar month or year.

    Parameters
    ----------
    da
        Data with dates along `time`; in a Dataset the variables without `time` pass through.
    freq
        "D" (day, midnight to midnight, of steps of a day or less), "MS" (calendar month) or "YS"
        (calendar year).
    how
        "mean", "sum", "max", "min", or "mvc": the maximum value composite of vegetation indices,
        the same numbers as "max".
    min_count
        Fewest valid values of a period; with fewer it is NaN. On monthly data ``freq="YS",
        min_count=12`` leaves partial years out.
    min_share
        Least share of the days (on monthly data: the months; with "D": the steps that a day has
        usually) of a period, 0 to 1; both conditions hold.
    dates
        Where a value of several days belongs. "stamp": to the period of its stamp. "seen": to that
        of the day on which it was seen, by `days` or by the variable ``ndvi_day`` beside ``ndvi``,
        else of its middle; needs the attribute ``composite_days``. "shared": to each period by
        the days that it has there, for "mean" and "sum"; its days are those of
        ``composite_days``, without it monthly values have their month.
    days
        Days from each stamp to the day that was seen, for ``dates="seen"``.

    Returns
    -------
    same type as `da`
        `time` holds the first day of every period between the first and the last one, those
        without data included. Lazy data may have any chunks along `time`, and each is read by
        itself. Units and attributes stay (a clear-sky mean is one still); ``cell_methods`` says
        what was done. The sum of monthly values in ``mm month-1`` over years is in ``mm year-1``.
        A shared sum is of rates per day: their mean, weighted by days, times the days of the
        period, so that a missing value is no dry one.

    Raises
    ------
    InputError
        If `time` is missing, empty, not dates, or out of order; if a rate (``mm day-1``) is summed
        that has not one value for each of its units of time (or, shared, is none per day); if
        nothing tells how long a value of several days is.

    Examples
    --------
    >>> import pandas as pd
    >>> months = pd.date_range("2001-03", periods=22, freq="MS")
    >>> da = xr.DataArray(np.arange(22.0), {"time": months}, name="soil_moisture")
    >>> annual = composite(da, freq="YS", how="mean", min_count=12)
    >>> dict(zip(annual.time.dt.year.values.tolist(), annual.values.tolist()))
    {2001: nan, 2002: 15.5}
    """
    require_dims(da, "time", name="da")
    require_choice(freq, get_args(Frequency), name="freq")
    require_choice(how, get_args(How), name="how")
    require_choice(dates, get_args(Dates), name="dates")
    require_at_least(min_count, 1, name="min_count")
    if not da.sizes["time"]:
        raise InputError("da has no time steps; choose a period that the data hold.")
    require_between(min_share, 0.0, 1.0, name="min_share")
    if days is not None and dates != "seen":
        raise InputError("days are for dates='seen'; write that, or leave them out.")
    if dates == "shared" and how not in ("mean", "sum"):
        raise InputError(f"how={how!r} takes one value, which is not shared; use dates='seen'.")
    if freq == "D":
        _require_days(da["time"], dates)
    rule = _Rule(freq, how, min_count, min_share, dates == "shared")
    if dates == "seen":
        da = _seen(da, days)
    if isinstance(da, xr.DataArray):
        return _composite_array(da, rule)
    parts = {
        name: _composite_array(variable, rule) if "time" in variable.dims else variable
        for name, variable in da.data_vars.items()
    }
    fixed = {name: c for name, c in da.coords.items() if "time" not in c.dims}
    return xr.Dataset(parts, attrs=da.attrs).assign_coords(fixed)


def _require_days(time: xr.DataArray, dates: Dates) -> None:
    """Refuse what no day can be made of."""
    if dates != "stamp":
        raise InputError(f"dates={dates!r} goes with months and years; leave it out for days.")
    require_dates(time)
    if not np.issubdtype(time.dtype, np.datetime64):
        raise InputError("da has dates of another calendar than ours; its days are not real ones.")
    step = _usual_step(time)
    if step > _DAY:
        raise InputError(
            f"the steps of da are {step / _DAY:g} days apart, and freq='D' makes days of shorter "
            "ones; interpolate_daily makes days of longer ones."
        )


def _usual_step(time: xr.DataArray) -> np.timedelta64:
    """Return the step between most stamps; a day, where there is one stamp."""
    steps = np.sort(np.diff(time.values))
    return steps[steps.size // 2] if steps.size else _DAY


@dataclass(frozen=True)
class _Rule:
    """What becomes of the values of a period."""

    freq: Frequency
    how: How
    min_count: int
    min_share: float
    shared: bool

    @property
    def months(self) -> int:
        return 12 if self.freq == "YS" else 1

    def keys(self, time: xr.DataArray) -> Array:
        """Return the period of each stamp as days since 1970, months or years since year 0."""
        if self.freq == "D":
            return time.values.astype("datetime64[D]").astype(np.int64)
        return month_count(time) // self.months


def _seen(da: Data, days: xr.DataArray | None) -> Data:
    """Give composites of several days the dates at which they were seen."""
    named = da.to_dataset(name="value") if isinstance(da, xr.DataArray) else da
    if not any("composite_days" in variable.attrs for variable in named.data_vars.values()):
        raise InputError(
            "da does not say how long its composites are; write their days to the attribute "
            "composite_days, or use dates='stamp'."
        )
    if isinstance(da, xr.DataArray):
        if days is not None:
            require_beside(days, da, "time", name="days")
            named = named.assign(value_day=days.reset_coords(drop=True))
        return by_observation(named)["value"].rename(da.name)
    if days is not None:
        raise InputError("days go with a DataArray; in a Dataset name them as ndvi_day.")
    return by_observation(named)


def days_in_months(time: xr.DataArray) -> Array:
    """Return the number of days of the month of each stamp, in the data's own calendar."""
    return np.asarray(time.dt.days_in_month.values)


def _composite_array(da: xr.DataArray, rule: _Rule) -> xr.DataArray:
    units = _units_of_sum(da, rule) if rule.how == "sum" and "units" in da.attrs else None
    values, runs, first = _shared_runs(da, rule) if rule.shared else _runs(da, rule)
    stamps = _stamps(da["time"], first, runs.n, rule.freq)
    time = xr.DataArray(stamps, dims="time", name="time", attrs=da["time"].attrs)
    result = reduce_runs(values, runs, how=rule.how).assign_coords(time=time)
    if rule.shared and rule.how == "sum":
        n_days = xr.DataArray(_days_in(time, rule).astype(result.dtype), {"time": time})
        result = (result * n_days).transpose(*result.dims).rename(da.name)
    by = ", weighted by days" if rule.shared else ""
    done = f"time: {_CF_METHOD[rule.how]} ({_WORDS[rule.freq]}{by}, at least {runs.least.min()})"
    result.attrs = done_to(da.attrs, done)
    if units is not None:
        result.attrs["units"] = units
    return result


def _runs(da: xr.DataArray, rule: _Rule) -> tuple[xr.DataArray, Runs, int]:
    """Return the runs of `da`, and the key of the first period."""
    keys = rule.keys(da["time"])
    first, n = int(keys[0]), int(keys[-1] - keys[0]) + 1
    starts = np.flatnonzero(np.diff(keys, prepend=first - 1))
    least = _least(da["time"], starts, rule)
    return da, Runs(np.append(starts, keys.size), keys[starts] - first, least, n), first


def _shared_runs(da: xr.DataArray, rule: _Rule) -> tuple[xr.DataArray, Runs, int]:
    """Return `da` with a step for each piece of a value, the weighted runs, and the first key."""
    pieces = shares_of(da, months=rule.months)
    first, n = int(pieces.keys[0]), int(pieces.keys[-1] - pieces.keys[0]) + 1
    starts = np.flatnonzero(np.diff(pieces.keys, prepend=first - 1))
    rows = pieces.keys[starts] - first
    stamps = xr.DataArray(_stamps(da["time"], first, n, rule.freq), dims="time", name="time")
    least_days = rule.min_share * _days_in(stamps, rule)[rows] - 1e-9
    runs = Runs(
        np.append(starts, pieces.keys.size),
        rows,
        np.full(starts.size, rule.min_count),
        n,
        pieces.days.astype(np.float64),
        least_days,
    )
    return da.isel(time=pieces.steps), runs, first


def _days_in(time: xr.DataArray, rule: _Rule) -> Array:
    """Return the days of the period of each stamp."""
    return np.asarray((time.dt.days_in_month if rule.months == 1 else time.dt.days_in_year).values)


def _least(time: xr.DataArray, starts: Array, rule: _Rule) -> Array:
    """Return the fewest valid values of each period that has data."""
    least = np.full(starts.size, rule.min_count)
    if rule.min_share == 0.0:
        return least
    if rule.freq == "D":
        whole = np.full(starts.size, max(1, round(_DAY / _usual_step(time))))
    elif is_monthly(time):
        whole = np.full(starts.size, rule.months)
    elif time.size > 1 and _usual_step(time) == _DAY:
        whole = _days_in(time, rule)[starts]
    else:
        raise InputError(
            "min_share counts days or months, and 'time' has steps of neither; use min_count, "
            "or dates='shared'."
        )
    enough: Array = np.maximum(least, np.ceil(rule.min_share * whole - 1e-9).astype(int))
    return enough


def _units_of_sum(da: xr.DataArray, rule: _Rule) -> str:
    """Units of a sum: that of a rate is per period, and needs one value for each unit of time."""
    units = str(da.attrs["units"])
    amount, _, per = units.rpartition(" ")
    period = _PER[rule.freq]
    if rule.shared:
        if per not in ("day-1", "d-1"):
            raise InputError(
                f"da is in {units!r}; a shared sum is of rates per day, as in 'mm d-1': convert "
                "the values, or use dates='stamp'."
            )
        return f"{amount} {period}".strip()
    if per not in ("h-1", "hour-1", "day-1", "d-1", "month-1"):
        return units
    time = da["time"]
    unit = _DAY if per in ("day-1", "d-1") else np.timedelta64(1, "h")
    one_each = is_monthly(time) if per == "month-1" else _usual_step(time) == unit
    if time.size > 1 and not one_each:
        raise InputError(
            f"a sum of values in {units!r} needs one value per {per.split('-')[0]}; use "
            "how='mean', or convert the values to amounts first."
        )
    return f"{amount} {period}".strip()


def _stamps(time: xr.DataArray, first: int, n: int, freq: Frequency) -> Array:
    """First day of each period, in the data's own calendar."""
    if freq == "D":
        return (first + np.arange(n)).astype("datetime64[D]").astype(time.dtype)
    months = (first + np.arange(n)) * (1 if freq == "MS" else 12)
    if np.issubdtype(time.dtype, np.datetime64):
        return (months - 1970 * 12).astype("datetime64[M]").astype(time.dtype)
    midnight = time.values[0].replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return np.array(
        [midnight.replace(year=int(m) // 12, month=int(m) % 12 + 1) for m in months], dtype=object
    )
