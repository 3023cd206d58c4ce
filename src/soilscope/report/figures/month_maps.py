"""Maps of what is daily: the mean of each month, or of each calendar month."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import xarray as xr

from soilscope.report.figures.layer_maps import layer_maps
from soilscope.report.plates import Plate
from soilscope.report.reading import Study, grid_dims
from soilscope.report.seen import with_units
from soilscope.report.style import DRYNESS, WETNESS, Scale, spread
from soilscope.report.words import MONTHS, file_stem, number, percent, unit_text, with_unit

MOST = 12


@dataclass(frozen=True)
class _Sheet:
    """What the monthly maps of one variable say of themselves."""

    key: str
    title: str
    label: str
    subtitle: str
    how: str


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make a sheet of monthly means of a downscaling, and one of their uncertainty."""
    ds = study.data(name)
    units = ds["soil_moisture"].attrs.get("units")
    how = (
        f"Means of the days that have a value, residual: {study.records[name].options['residual']}"
    )
    worst = f"{number(_worst(ds), 2)} {unit_text(units)}"
    about = _Sheet(
        file_stem("downscaled", name), f"Downscaled soil moisture by month ({name})",
        with_unit("soil moisture", units), f"{how}.",
        f"{how}; the largest difference of a coarse value and the mean of its cells is {worst}.",
    )  # fmt: skip
    field, labels = monthly(ds["soil_moisture"])
    seen = _seen(field, labels, units)
    yield _plate(study, field, labels, about, seen=seen, scale=wetness_scale(field))
    about = _Sheet(
        file_stem("downscaled-uncertainty", name),
        f"Uncertainty of downscaled soil moisture ({name})",
        with_unit("standard uncertainty", units),
        "Of the relation on months and places that it has not seen.",
        "Error of the relation on months and places that it had not seen, and that of the coarse "
        "product where it is known; mean over the days of a month.",
    )  # fmt: skip
    field, labels = monthly(ds["uncertainty"])
    seen = (
        f"The standard uncertainty is {number(float(field.median()), 2)} {unit_text(units)} in the "
        f"median cell, and more than {number(float(field.quantile(0.9)), 2)} in a tenth of the "
        "cells."
    )
    yield _plate(study, field, labels, about, seen=seen, scale=spread(field.values))


def dryness_plates(study: Study, name: str) -> Iterator[Plate]:
    """Make a sheet of monthly means of the temperature vegetation dryness index."""
    ds = study.data(name)
    field, labels = monthly(ds["tvdi"])
    about = _Sheet(
        file_stem("dryness", name), f"Temperature vegetation dryness index by month ({name})",
        "dryness index: 0 wet edge, 1 dry edge", "Means of the days that have a value.",
        "Place between the wet and the dry edge of each day's temperatures at like NDVI; edges "
        "differ from day to day, so that days compare places, not times.",
    )  # fmt: skip
    used = int((ds["status"] == 0).sum())
    seen = _seen(field, labels, None) + f" {used} of {ds.sizes['time']} days have edges."
    yield _plate(study, field, labels, about, seen=seen, scale=Scale(0.0, 1.0, DRYNESS))


def _plate(
    study: Study, field: xr.DataArray, labels: list[str], about: _Sheet, *, seen: str, scale: Scale
) -> Plate:
    return Plate(
        key=about.key,
        title=about.title,
        seen=seen,
        how=about.how,
        alt=f"Maps, one for each of {len(labels)} months. {seen}",
        draw=partial(
            layer_maps, field, layers=labels, scale=scale, title=about.title, label=about.label,
            frame=study.frame, zone=study.zone, subtitle=about.subtitle,
        ),
    )  # fmt: skip


def monthly(da: xr.DataArray) -> tuple[xr.DataArray, list[str]]:
    """Return means of months as layers, at most twelve (else of calendar months), and names."""
    months = da["time"].dt.year * 12 + da["time"].dt.month - 1
    keys = np.unique(months.values)
    by_calendar = keys.size > MOST
    if by_calendar:
        months, keys = months % 12, np.unique(keys % 12)
    dims = grid_dims(da) or ()
    parts = [da.isel(time=np.flatnonzero(months.values == k)).mean("time").compute() for k in keys]
    field = xr.concat(parts, "depth", coords="minimal", compat="override")
    labels = [MONTHS[int(k) % 12] + ("" if by_calendar else f" {int(k) // 12}") for k in keys]
    return field.transpose("depth", *dims).assign_attrs(da.attrs), labels


def wetness_scale(field: xr.DataArray) -> Scale:
    """Limits that all but the outermost cells keep, in colours from dry to wet."""
    finite = field.values[np.isfinite(field.values)]
    if finite.size == 0:
        return Scale(0.0, 1.0, WETNESS)
    low, high = (float(np.percentile(finite, q)) for q in (1, 99))
    low, high = np.floor(low * 50) / 50, np.ceil(high * 50) / 50
    ends = (bool(finite.min() < low), bool(finite.max() > high))
    extend = {(False, False): "neither", (True, False): "min", (False, True): "max"}
    return Scale(low, max(high, low + 0.02), WETNESS, extend.get(ends, "both"))


def _worst(ds: xr.Dataset) -> float:
    error = ds["conservation_error"].compute()
    return float(error.max()) if bool(error.notnull().any()) else np.nan


def _seen(field: xr.DataArray, labels: list[str], units: str | None) -> str:
    means = field.mean([d for d in field.dims if d != "depth"]).values
    if not np.isfinite(means).any():
        return "No month has a value."
    wet, dry = int(np.nanargmax(means)), int(np.nanargmin(means))
    known = float(field.notnull().any("depth").mean())
    return (
        f"The mean goes from {number(float(means[dry]), 2)} in {labels[dry]} to "
        f"{with_units(float(means[wet]), units)} in {labels[wet]}; "
        f"{percent(known)} of the cells have a value in some month."
    )
