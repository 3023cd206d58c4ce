"""The finding of a regression at places: which driver leads, and which of those that may."""

from typing import Any

import numpy as np
import xarray as xr

from soilscope.report.drivers import circular, driver_names, significance
from soilscope.report.reading import Study, as_places, place_dim, place_names
from soilscope.report.seen import at_layer, where
from soilscope.report.words import number, percent, unit_text


def largest_at_places(study: Study, name: str) -> str:
    """Say which driver has the largest coefficient, and which of those that are not circular."""
    firm, _ = significance(study, name)
    ds = as_places(study.data(name).assign(firm=firm)).load()
    ds = ds.transpose(str(place_dim(ds)), "depth", "driver", ...)
    size = np.abs(ds["standardized_coefficient"].where(ds["firm"]).values)
    if not np.isfinite(size).any():
        return "No driver has a significant coefficient."
    names, marks = driver_names(ds), circular(ds)
    leading, text = _told(study, name, ds, size)
    response = "the index" if study.reference_text(name) else "soil moisture"
    said = f"Of all drivers {names[leading]} is most strongly associated with {response}, in {text}"
    if not marks[leading]:
        return f"{said}."
    said += f"; soil moisture was made from {names[leading]} or its product"
    free = np.where(np.array(marks), np.nan, size)
    if np.isfinite(free).any():
        leading, text = _told(study, name, ds, free)
        said += f", and of the drivers it was not made from {names[leading]} leads, in {text}"
    return f"{said}."


def _told(study: Study, name: str, ds: xr.Dataset, size: np.ndarray[Any, Any]) -> tuple[int, str]:
    """Driver with the largest of `size` (place, depth, driver), and its coefficient in words."""
    i, j, k = where(np.nanargmax(size), size.shape)
    one = ds.isel({str(place_dim(ds)): i, "depth": j, "driver": k})
    text = (
        f"{place_names(ds)[i]}{at_layer(study.layers(ds)[j])}: standardised coefficient "
        f"{number(float(one['standardized_coefficient']), 2)}"
    )
    if "coefficient_low" not in one:
        return k, text
    units = str(one["driver_units"].item()) if "driver_units" in one.coords else ""
    unit = f" per {unit_text(units) or 'unit'}"
    level = percent(1 - float(study.records[name].options.get("alpha", 0.05)))
    return k, (
        f"{text}, that is {number(float(one['coefficient']), 2)}{unit} ({level} interval "
        f"{number(float(one['coefficient_low']), 2)} to "
        f"{number(float(one['coefficient_high']), 2)})"
    )
