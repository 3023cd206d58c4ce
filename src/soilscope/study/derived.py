"""What a study derives from an input at its own steps, before these become days or months."""

import numpy as np
import xarray as xr

from soilscope.errors import InputError
from soilscope.prepare.overpass import overpass_temperature
from soilscope.prepare.vapour import vapour_pressure_deficit
from soilscope.study.place import CalendarSpec

DAY = np.timedelta64(1, "D")
_HOUR = np.timedelta64(1, "h")
#: Steps further apart are not joined by a line, and so tell nothing of a local hour.
_JOINED = np.timedelta64(3, "h")


def usual_step(time: xr.DataArray) -> np.timedelta64:
    """Return the time between most stamps; a day, where there is one stamp."""
    steps = np.sort(np.diff(time.values))
    return steps[steps.size // 2] if steps.size else DAY


def in_hours(step: np.timedelta64) -> str:
    """Write a step in words.

    >>> in_hours(np.timedelta64(1, "h")), in_hours(np.timedelta64(180, "m"))
    ('hour', '3 hours')
    """
    hours = float(step / _HOUR)
    return "day" if hours == 24.0 else "hour" if hours == 1.0 else f"{hours:g} hours"


def has_overpass(ds: xr.Dataset, spec: CalendarSpec, step: np.timedelta64) -> bool:
    """Whether temperatures at local hours are made of `ds`."""
    asked = "overpass" in spec.derive and "surface_temperature" in ds
    return asked and bool(step <= _JOINED)


def at_overpass(ds: xr.Dataset, spec: CalendarSpec, step: np.timedelta64) -> xr.Dataset | None:
    """Surface temperature of each day at the local solar hours of the study, if it is asked for."""
    if not has_overpass(ds, spec, step):
        return None
    day, night = spec.overpass
    made = overpass_temperature(
        ds["surface_temperature"], day=day, night=night, date=spec.overpass_date
    )
    return made.drop_attrs(deep=False)


def with_deficit(ds: xr.Dataset, spec: CalendarSpec, step: np.timedelta64) -> xr.Dataset:
    """Add the vapour pressure deficit of every step, if it is asked for and can be made."""
    if "vpd" not in spec.derive or "dewpoint" not in ds:
        return ds
    return ds.assign(vpd=_deficit(ds, step))


def _deficit(ds: xr.Dataset, step: np.timedelta64) -> xr.DataArray:
    """Vapour pressure deficit of every step, by the best temperatures that there are."""
    of_days = step >= DAY
    extremes = "temperature_max" in ds and "temperature_min" in ds
    if extremes and (of_days or "temperature" not in ds):
        return vapour_pressure_deficit(
            ds["dewpoint"],
            temperature_max=ds["temperature_max"],
            temperature_min=ds["temperature_min"],
        )["vpd"]
    if "temperature" not in ds:
        raise InputError(
            "derive: [vpd] needs temperature_max and temperature_min, or temperature, beside "
            "dewpoint in one input."
        )
    mean = vapour_pressure_deficit(
        ds["dewpoint"], temperature=ds["temperature"], method="mean_temperature"
    )
    note = "from daily mean temperatures: too low" if step == DAY else ""
    return mean["vpd"].assign_attrs({"comment": note} if note else {})


def derived_notes(ds: xr.Dataset, spec: CalendarSpec, step: np.timedelta64) -> list[str]:
    """Say what is derived from `ds`."""
    notes = []
    if "vpd" in spec.derive and "dewpoint" in ds:
        notes.append(f"vapour pressure deficit of every {in_hours(step)}")
    if has_overpass(ds, spec, step):
        day, night = spec.overpass
        notes.append(
            f"lst_day and lst_night of every day in {spec.overpass_date.replace('utc', 'UTC')} "
            f"time at the local solar hours {day:g} and {night:g}, from a value every "
            f"{in_hours(step)}"
        )
    return notes


def evened(ds: xr.Dataset, step: np.timedelta64) -> xr.Dataset:
    """Give a part of a record the usual step of the whole: long gaps hold missing values.

    What is made of a part must not depend on the few stamps that it happens to hold.
    """
    time = ds["time"].values
    longest = max(step, _JOINED)
    if step > DAY or (time.size > 1 and usual_step(ds["time"]) <= longest):
        return ds
    gaps = np.flatnonzero(np.diff(time) > longest)
    extra = [np.arange(time[at] + step, time[at + 1], step) for at in gaps]
    behind = time[-1] + step * np.arange(1, 3)  # two: one in the next month would look monthly
    stamps = np.union1d(time, np.concatenate([behind, *extra]))
    return ds.reindex(time=stamps, fill_value=missing(ds))


def missing(ds: xr.Dataset) -> dict[object, object]:
    """Return what stands for a missing value in each variable: NaN, or -1 in integers."""
    return {
        name: np.array(-1).astype(da.dtype).item() if da.dtype.kind in "iu" else np.nan
        for name, da in ds.variables.items()
        if da.dtype.kind in "fiu"
    }
