"""Composites: days to months, months to years."""

from typing import Any, Literal, TypeVar, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from soilscope.checks import require_between, require_choice, require_dims
from soilscope.errors import InputError
from soilscope.prepare.periods import How, Runs, reduce_runs
from soilscope.times import is_monthly, month_count

Array = npt.NDArray[Any]
Data = TypeVar("Data", xr.DataArray, xr.Dataset)
Frequency = Literal["MS", "YS"]

_CF_METHOD = {"mean": "mean", "sum": "sum", "max": "maximum", "min": "minimum"}


def composite(
    da: Data,
    *,
    freq: Frequency = "MS",
    how: How = "mean",
    min_count: int = 1,
    min_share: float = 0.0,
) -> Data:
    """Combine the values of each calendar month or year.

    Parameters
    ----------
    da
        Data with dates along `time`; in a Dataset the variables without `time` pass through.
    freq
        "MS" (calendar month) or "YS" (calendar year).
    how
        "mean", "sum", "max" (the maximum value composite of vegetation indices) or "min".
    min_count
        Fewest valid values of a period; with fewer it is NaN. On monthly data ``freq="YS",
        min_count=12`` leaves partial years out.
    min_share
        Least share of the days (on monthly data: the months) of a period, 0 to 1; both conditions
        hold.

    Returns
    -------
    same type as `da`
        `time` holds the first day of every period between the first and the last one, those
        without data included. Lazy data may have any chunks along `time`, and each is read by
        itself. Units and attributes stay; ``cell_methods`` says what was done. The
        sum of monthly values in ``mm month-1`` over years is in ``mm year-1``.

    Raises
    ------
    InputError
        If `time` is missing, empty, not dates, or out of order; if a rate (``mm day-1``) is summed
        that has not one value for each of its units of time.

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
    if min_count < 1:
        raise InputError(f"min_count is {min_count}; it must be at least 1.")
    if not da.sizes["time"]:
        raise InputError("da has no time steps; choose a period that the data hold.")
    require_between(min_share, 0.0, 1.0, name="min_share")
    least = _least(da["time"], freq, min_count, min_share)
    if isinstance(da, xr.DataArray):
        return _composite_array(da, freq, how, least)
    parts = {
        name: _composite_array(variable, freq, how, least) if "time" in variable.dims else variable
        for name, variable in da.data_vars.items()
    }
    fixed = {name: c for name, c in da.coords.items() if "time" not in c.dims}
    return xr.Dataset(parts, attrs=da.attrs).assign_coords(fixed)


def days_in_months(time: xr.DataArray) -> Array:
    """Return the number of days of the month of each stamp, in the data's own calendar."""
    return np.asarray(time.dt.days_in_month.values)


def _least(time: xr.DataArray, freq: Frequency, min_count: int, min_share: float) -> Array:
    """Return the fewest valid values of each period that has data."""
    keys = month_count(time) // (1 if freq == "MS" else 12)
    starts = np.flatnonzero(np.diff(keys, prepend=keys[0] - 1))
    least = np.full(starts.size, min_count)
    if min_share == 0.0:
        return least
    if is_monthly(time):
        whole = np.full(starts.size, 1 if freq == "MS" else 12)
    elif time.size > 1 and _is_daily(time):
        days = days_in_months(time)[starts]
        whole = days if freq == "MS" else np.asarray(time.dt.days_in_year.values)[starts]
    else:
        raise InputError(
            "min_share counts days or months, and 'time' has steps of neither; use min_count."
        )
    enough: Array = np.maximum(least, np.ceil(min_share * whole - 1e-9).astype(int))
    return enough


def _composite_array(da: xr.DataArray, freq: Frequency, how: How, least: Array) -> xr.DataArray:
    keys = month_count(da["time"])
    if freq == "YS":
        keys = keys // 12
    first, n_periods = int(keys[0]), int(keys[-1] - keys[0]) + 1
    starts = np.flatnonzero(np.diff(keys, prepend=first - 1))
    runs = Runs(np.append(starts, keys.size), keys[starts] - first, least, n_periods)
    stamps = ("time", _stamps(da["time"], first, n_periods, freq), da["time"].attrs)
    result = reduce_runs(da, runs, how=how).assign_coords(time=stamps)
    done = (
        f"time: {_CF_METHOD[how]} ({'months' if freq == 'MS' else 'years'}, at least {least.min()})"
    )
    before = da.attrs.get("cell_methods")
    result.attrs = da.attrs | {"cell_methods": f"{before} {done}" if before else done}
    if how == "sum" and "units" in da.attrs:
        result.attrs["units"] = _units_of_sum(da, freq)
    return result


def _units_of_sum(da: xr.DataArray, freq: Frequency) -> str:
    """Units of a sum: that of a rate is per period, and needs one value for each unit of time."""
    units = str(da.attrs["units"])
    amount, _, per = units.rpartition(" ")
    if per not in ("day-1", "d-1", "month-1"):
        return units
    time = da["time"]
    if time.size > 1 and not (is_monthly(time) if per == "month-1" else _is_daily(time)):
        raise InputError(
            f"a sum of values in {units!r} needs one value per {per.split('-')[0]}; use "
            "how='mean', or convert the values to amounts first."
        )
    return f"{amount} {'month-1' if freq == 'MS' else 'year-1'}".strip()


def _is_daily(time: xr.DataArray) -> bool:
    steps = np.sort(np.diff(time.values))
    return bool(pd.Timedelta(steps[steps.size // 2]) == pd.Timedelta(days=1))


def _stamps(time: xr.DataArray, first: int, n: int, freq: Frequency) -> Array:
    """First day of each period, in the data's own calendar."""
    months = (first + np.arange(n)) * (1 if freq == "MS" else 12)
    if np.issubdtype(time.dtype, np.datetime64):
        return (months - 1970 * 12).astype("datetime64[M]").astype(time.dtype)
    midnight = time.values[0].replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return np.array(
        [midnight.replace(year=int(m) // 12, month=int(m) % 12 + 1) for m in months], dtype=object
    )
