"""Every variable of an input composited to days or calendar months, each as fits it."""

from typing import Literal

import numpy as np
import xarray as xr

from soilscope.prepare.composites import composite, days_in_months
from soilscope.sources.canonical import CANONICAL
from soilscope.study.derived import DAY
from soilscope.study.place import CalendarSpec

Frequency = Literal["D", "MS"]


def composited(
    ds: xr.Dataset, spec: CalendarSpec, *, freq: Frequency, step: np.timedelta64
) -> xr.Dataset:
    """Composite every variable with time; `step` is that of the record which `ds` is a part of.

    Amounts per day become amounts per month: the mean of the days that are there times the days of
    the month, so that a missing day is no dry one.
    """
    codes = [c for c in ds.coords if c != "time" and ds[c].dims == ("time",)]  # as expver_status
    ds = ds.reset_coords([c for c in codes if ds[c].dtype.kind in "iu"])
    parts = {}
    for name, da in ds.data_vars.items():
        if "time" not in da.dims:
            parts[name] = da
            continue
        known = CANONICAL.get(str(name))
        is_amount = known is not None and known.kind == "flux"
        how = spec.how.get(str(name), "sum" if is_amount else "mean")
        is_class = da.dtype.kind in "iu"
        made = composite(
            da.where(da >= 0) if is_class else da,
            freq=freq,
            how="max" if is_class else "mean" if how == "sum" else how,
            min_count=steps_needed(spec, step) if freq == "D" else 1,
            min_share=spec.min_share if freq == "MS" and step == DAY else 0.0,
        )
        if how == "sum" and not is_class:
            made = _amounts(made, step) if freq == "D" else _monthly_amounts(made)
        if is_class:
            made = made.fillna(-1).astype(da.dtype).assign_attrs(da.attrs)
        parts[name] = made
    return xr.Dataset(parts, attrs=ds.attrs).set_coords([c for c in codes if c in parts])


def steps_a_day(step: np.timedelta64) -> int:
    """Return how many steps a whole day has."""
    return max(1, round(DAY / step))


def steps_needed(spec: CalendarSpec, step: np.timedelta64) -> int:
    """Return how many valid steps a day needs."""
    return max(1, int(np.ceil(spec.min_share * steps_a_day(step) - 1e-9)))


def _monthly_amounts(month: xr.DataArray) -> xr.DataArray:
    """Make means of amounts per day the amounts of months."""
    days = xr.DataArray(days_in_months(month["time"]), {"time": month["time"]}, ("time",))
    attrs = month.attrs
    amount, _, per = str(attrs.get("units", "")).rpartition(" ")
    month = (month * days.astype(month.dtype)).transpose(*month.dims)
    units = f"{amount} month-1" if per in ("d-1", "day-1") else str(attrs.get("units", ""))
    return month.assign_attrs(attrs | {"units": units})


def _amounts(day: xr.DataArray, step: np.timedelta64) -> xr.DataArray:
    """Make means of rates, or of amounts per step, the amounts of days."""
    amount, _, per = str(day.attrs.get("units", "")).rpartition(" ")
    if per in ("d-1", "day-1"):
        return day
    if per in ("h-1", "hour-1"):
        return (day * 24.0).assign_attrs(day.attrs | {"units": f"{amount} d-1"})
    return (day * float(steps_a_day(step))).assign_attrs(day.attrs)
