"""Finer inputs become calendar months: of which days, and what is said of it."""

import warnings

import numpy as np
import xarray as xr

from soilscope.errors import SoilscopeWarning
from soilscope.prepare.composites import days_in_months
from soilscope.study.composited import composited
from soilscope.study.derived import (
    DAY,
    at_overpass,
    derived_notes,
    evened,
    usual_step,
    with_deficit,
)
from soilscope.study.place import CalendarSpec
from soilscope.times import is_monthly, month_count


def is_finer(ds: xr.Dataset) -> bool:
    """Whether the time steps of `ds` are shorter than months."""
    return "time" in ds.dims and ds.sizes["time"] > 1 and not is_monthly(ds["time"])


def to_months(
    ds: xr.Dataset, spec: CalendarSpec, *, step: np.timedelta64 | None = None
) -> xr.Dataset:
    """Composite every variable with time to calendar months; `step` is that of the whole record.

    What is derived is derived of the steps (hours or days) first.
    """
    step = usual_step(ds["time"]) if step is None else step
    ds = with_deficit(evened(ds, step), spec, step)
    months = composited(ds, spec, freq="MS", step=step)
    overpass = at_overpass(ds, spec, step)
    if overpass is None:
        return months
    return months.assign(composited(overpass, spec, freq="MS", step=DAY).data_vars)


def months_note(ds: xr.Dataset, spec: CalendarSpec, name: str) -> list[str]:
    """Say how months are made, and warn of those with too few days."""
    return derived_notes(ds, spec, usual_step(ds["time"])) + _composite_note(ds, spec, name)


def _composite_note(ds: xr.Dataset, spec: CalendarSpec, name: str) -> list[str]:
    if usual_step(ds["time"]) != DAY:
        return [f"composited to calendar months{_by_what(ds)}"]
    months, counts = np.unique(month_count(ds["time"]), return_counts=True)
    stamps = (months - 1970 * 12).astype("datetime64[M]")
    days = days_in_months(xr.DataArray(stamps.astype("datetime64[ns]"), dims="time"))
    short = np.flatnonzero(counts < np.ceil(spec.min_share * days - 1e-9))
    if short.size:
        listed = ", ".join(f"{stamps[i]} ({counts[i]} of {days[i]} days)" for i in short[:4])
        warnings.warn(
            f"{name}: {short.size} month(s) have too few days and are missing: {listed}"
            f"{' ...' if short.size > 4 else ''}.",
            SoilscopeWarning,
            stacklevel=5,
        )
    return [f"daily values to calendar months (at least {spec.min_share:.0%} of the days)"]


def _by_what(ds: xr.Dataset) -> str:
    """Say by which day composites of several days belong to a month."""
    composites = [name for name, da in ds.data_vars.items() if "composite_days" in da.attrs]
    if not composites:
        return ""
    by_day = any(f"{name}_day" in ds for name in composites)
    return " by the day of each observation" if by_day else " by the middle of each composite"
