"""Maps of downscaled soil moisture: the mean of each month, or of each calendar month."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import xarray as xr

from soilscope.report.figures.layer_maps import layer_maps
from soilscope.report.plates import Plate
from soilscope.report.reading import Study, grid_dims
from soilscope.report.style import WETNESS, Scale, spread
from soilscope.report.words import MONTHS, file_stem, number, percent, unit_text, with_unit

MOST = 12


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make a sheet of monthly means, and one of the uncertainty."""
    ds = study.data(name)
    field, labels = monthly(ds["soil_moisture"])
    units = ds["soil_moisture"].attrs.get("units")
    residual = str(study.records[name].options.get("residual"))
    title = f"Downscaled soil moisture by month ({name})"
    seen = _seen(field, labels, units)
    how = (
        f"Means of the days that have a value, residual: {residual}; the largest difference of a "
        f"coarse value and the mean of its cells is {number(_worst(ds), 2)} {unit_text(units)}"
    )
    yield Plate(
        key=file_stem("downscaled", name),
        title=title,
        seen=seen,
        how=f"{how}.",
        alt=f"Maps of soil moisture, one for each of {len(labels)} months. {seen}",
        draw=partial(
            layer_maps, field, layers=labels, scale=wetness_scale(field), title=title,
            label=with_unit("soil moisture", units), frame=study.frame, zone=study.zone,
            subtitle=f"Means of the days that have a value; residual: {residual}.",
        ),
    )  # fmt: skip
    doubt, labels = monthly(ds["uncertainty"])
    yield Plate(
        key=file_stem("downscaled-uncertainty", name),
        title=f"Uncertainty of downscaled soil moisture ({name})",
        seen=f"The standard uncertainty is {number(float(doubt.median()), 2)} {unit_text(units)} "
        f"in the median cell, and more than {number(float(doubt.quantile(0.9)), 2)} in a tenth of "
        "the cells.",
        how="Error of the relation on months and places that it had not seen, and that of the "
        "coarse product where it is known; mean over the days of a month.",
        alt=f"Maps of the standard uncertainty, one for each of {len(labels)} months.",
        draw=partial(
            layer_maps, doubt, layers=labels, scale=spread(doubt.values),
            title=f"Uncertainty of downscaled soil moisture ({name})",
            label=with_unit("standard uncertainty", units), frame=study.frame, zone=study.zone,
            subtitle="Of the relation on months and places that it has not seen.",
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
        f"{number(float(means[wet]), 2)} {unit_text(units)} in {labels[wet]}; "
        f"{percent(known)} of the cells have a value in some month."
    )
