"""Inputs brought to the calendar of a study, days or months, as a whole or in parts."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.errors import InputError
from soilscope.prepare.observed import by_observation
from soilscope.study.config import Study
from soilscope.study.days import becomes_days, days_note, refuse_coarse, to_days
from soilscope.study.derived import DAY, has_overpass, usual_step
from soilscope.study.months import is_finer, months_note, to_months
from soilscope.study.place import CalendarSpec

Stamps = npt.NDArray[Any]
_UNITS = {"day": "datetime64[D]", "month": "datetime64[M]"}


def calendar_of(study: Study, name: str, ds: xr.Dataset) -> CalendarSpec | None:
    """Return the calendar that an input is brought to, or None where it stays as it is."""
    spec = study.place.calendar
    if spec is None or study.inputs[name].calendar == "own":
        return None
    if spec.step == "month":
        return spec if is_finer(ds) else None
    refuse_coarse(ds, name)
    return spec if becomes_days(ds, spec) else None


def require_derived(study: Study, opened: Mapping[str, xr.Dataset]) -> None:
    """Refuse to derive temperatures at local hours where no input has hourly ones."""
    spec = study.place.calendar
    if spec is None or "overpass" not in spec.derive:
        return
    held = {
        name: usual_step(ds["time"])
        for name, ds in opened.items()
        if "surface_temperature" in ds
        and "time" in ds["surface_temperature"].dims
        and study.inputs[name].calendar == "study"
    }
    if any(has_overpass(opened[name], spec, step) for name, step in held.items()):
        return
    for name, step in held.items():
        rain = "precipitation" in opened[name] and step == DAY
        because = (
            " because precipitation makes days of all that is beside it: take precipitation from "
            "an input of its own, with variables: [precipitation]"
            if rain
            else "; give hourly or 3-hourly files"
        )
        raise InputError(
            f"{name} has surface_temperature every {_in_words(step)}, and derive: [overpass] "
            f"needs it every 3 hours or more often{because}."
        )
    raise InputError(
        "derive: [overpass] makes lst_day and lst_night of hourly surface_temperature, and no "
        "input on the study's calendar has that; name it among the variables of one, or leave "
        "overpass out."
    )


def _in_words(step: np.timedelta64) -> str:
    return "day" if step == DAY else f"{step / np.timedelta64(1, 'h'):g} hours"


def ready(ds: xr.Dataset, spec: CalendarSpec | None) -> xr.Dataset:
    """Return an input with its stamps where they belong: composites in the month they were seen."""
    return by_observation(ds) if spec is not None and spec.step == "month" else ds


def in_calendar(ds: xr.Dataset, spec: CalendarSpec, *, step: np.timedelta64) -> xr.Dataset:
    """Bring `ds`, which may be a part of a record with that usual step, to days or months."""
    make = to_months if spec.step == "month" else to_days
    return make(ds, spec, step=step)


def calendar_notes(ds: xr.Dataset, spec: CalendarSpec, name: str) -> list[str]:
    """Say how days or months are made of an input, and warn of those that will be missing."""
    note = months_note if spec.step == "month" else days_note
    return note(ds, spec, name)


def periods_of(stamps: Stamps, spec: CalendarSpec) -> Stamps:
    """Return the day or month of each stamp, as a number."""
    return stamps.astype(_UNITS[spec.step]).astype(np.int64)


def source_of(ds: xr.Dataset, periods: xr.DataArray, spec: CalendarSpec) -> xr.Dataset:
    """Return the stamps that these days or months are made of: their own, and those around.

    A local day ends up to 12 hours before or behind that of UTC, and a line needs both its ends.
    """
    around = DAY if has_overpass(ds, spec, usual_step(ds["time"])) else 0 * DAY
    unit = _UNITS[spec.step]
    ends = periods.values[[0, -1]].astype(unit) + np.array([0, 1])
    first, last = ends.astype("datetime64[ns]") + np.array([-1, 1]) * around
    start, stop = np.searchsorted(ds["time"].values, [first, last])
    return ds.isel(time=slice(int(start), int(stop)))
