"""Hourly inputs become days: of which steps, and what is said of it."""

import warnings

import numpy as np
import xarray as xr

from soilscope.errors import InputError, SoilscopeWarning
from soilscope.study.composited import composited, steps_a_day, steps_needed
from soilscope.study.derived import (
    DAY,
    at_overpass,
    derived_notes,
    evened,
    in_hours,
    usual_step,
    with_deficit,
)
from soilscope.study.place import CalendarSpec
from soilscope.times import is_monthly


def becomes_days(ds: xr.Dataset, spec: CalendarSpec) -> bool:
    """Whether days are made of `ds`: its steps are shorter, or something is derived of its days."""
    if "time" not in ds.dims or ds.sizes["time"] < 2:
        return False
    step = usual_step(ds["time"])
    return bool(step < DAY) or ("vpd" in spec.derive and "dewpoint" in ds)


def to_days(
    ds: xr.Dataset, spec: CalendarSpec, *, step: np.timedelta64 | None = None
) -> xr.Dataset:
    """Composite every variable with time to days of UTC; `step` is that of the whole record.

    States and rates are means, and what is derived is derived of the steps first.
    """
    step = usual_step(ds["time"]) if step is None else step
    ds = with_deficit(evened(ds, step), spec, step)
    days = composited(ds, spec, freq="D", step=step)
    overpass = at_overpass(ds, spec, step)
    return days if overpass is None else days.assign(overpass.data_vars)


def refuse_coarse(ds: xr.Dataset, name: str) -> None:
    """Refuse an input of which no days can be made without a rule for what lies between."""
    if "time" not in ds.dims or ds.sizes["time"] < 2:
        return
    if np.diff(ds["time"].values).min() <= DAY:
        return  # days with gaps are days
    step = usual_step(ds["time"])
    often = "one value a month" if is_monthly(ds["time"]) else f"a value every {step / DAY:g} days"
    first = next((v for v, da in ds.data_vars.items() if "time" in da.dims), "VARIABLE")
    is_class = first in ds and ds[first].dtype.kind in "iu"
    steps = "" if is_class else ", or as days by the step smooth or interpolate_daily"
    raise InputError(
        f"{name} has {often}, and the study has calendar: day; write calendar: own in that input "
        f"and name its values {name}.{first}{steps}."
    )


def days_note(ds: xr.Dataset, spec: CalendarSpec, name: str) -> list[str]:
    """Say how days are made, and warn of those with too few steps."""
    step = usual_step(ds["time"])
    notes = derived_notes(ds, spec, step)
    if step >= DAY:
        return notes
    days, counts = np.unique(ds["time"].values.astype("datetime64[D]"), return_counts=True)
    whole = steps_a_day(step)
    short = np.flatnonzero(counts < steps_needed(spec, step))
    if short.size:
        listed = ", ".join(f"{days[i]} ({counts[i]} of {whole} values)" for i in short[:4])
        warnings.warn(
            f"{name}: {short.size} day(s) have too few values and are missing: {listed}"
            f"{' ...' if short.size > 4 else ''}.",
            SoilscopeWarning,
            stacklevel=5,
        )
    share = f"at least {spec.min_share:.0%} of {whole} values"
    return [*notes, f"values of every {in_hours(step)} to days in UTC ({share})"]
