"""What was planted in synthetic data against what was found: density and 1:1 line by layer."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import xarray as xr

from soilscope.report.drivers import driver_names
from soilscope.report.figures.density import density, pairs_of
from soilscope.report.plates import Plate
from soilscope.report.reading import Study
from soilscope.report.words import file_stem, number, percent, with_unit

NOTE = (
    "Line: 1:1. Covered: share of the intervals that hold the planted value. False alarms: share "
    "of the cells without a planted value that are significant, each for itself."
)


def _numbers(one: xr.Dataset) -> list[str]:
    parts = []
    for variable, word in (
        ("coverage_planted", "covered"),
        ("false_positive_share", "false alarms"),
    ):
        value = float(one[variable])
        if np.isfinite(value):
            parts.append(f"{word} {percent(value)}")
    return parts


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make a sheet for a recovery with numbers; for coefficients one for each driver."""
    ds = study.data(name)
    if "density" not in ds:
        return
    variable = str(study.records[name].options.get("variable", "slope"))
    word = variable.replace("_", " ")
    layers = study.layers(ds)
    drivers: list[str | None] = list(driver_names(ds)) if "driver" in ds.dims else [None]
    for d, driver in enumerate(drivers):
        one = (ds if driver is None else ds.isel(driver=d)).load()
        group = one.rename(depth="group") if "depth" in one.dims else one.expand_dims("group")
        if "group" not in group["bin_edge"].dims:
            group["bin_edge"] = group["bin_edge"].expand_dims(group=group.sizes["group"])
        label = with_unit(word, _unit(ds))
        title = f"Planted and found {word}" + (f", {driver}" if driver else "") + f" ({name})"
        yield Plate(
            key=file_stem("recovery", name, *([str(ds["driver"].values[d])] if driver else [])),
            title=title,
            seen=_seen(group, layers, word),
            how=(
                f"Density of cells by planted and found {word}, with the share of the "
                "intervals that hold the planted value and the share of false alarms, by layer."
            ),
            alt=_alt(group, layers),
            draw=partial(
                density,
                [pairs_of(group.isel(group=k), [layer, _numbers], edges="bin_edge",
                          counts=("density", "recovered_bin", "planted_bin"))
                 for k, layer in enumerate(layers)],
                labels=(f"planted {label}", f"found {label}"), what="cells", title=title,
                frame=study.frame, subtitle=_pooled(one), note=NOTE,
            ),
        )  # fmt: skip


def _unit(ds: xr.Dataset) -> str | None:
    units: Any = ds["rmse"].attrs.get("units") if "rmse" in ds else None
    return None if units is None else str(units)


def _pooled(ds: xr.Dataset) -> str:
    parts = []
    for variable, text in (
        ("coverage_planted_pooled", "intervals hold the planted value in {} of the planted cells"),
        ("false_positive_share_pooled", "{} of the cells without one are significant"),
        ("detected_share_pooled", "{} of the planted are detected"),
    ):
        if variable in ds and ds[variable].ndim == 0 and np.isfinite(float(ds[variable])):
            parts.append(text.format(f"{100 * float(ds[variable]):.1f} %"))
    where = "Over all drivers and layers" if "driver" in ds.coords else "Over all layers"
    return f"{where}: {'; '.join(parts)}." if parts else ""


def _alt(group: xr.Dataset, layers: Sequence[str]) -> str:
    said = [
        f"{layer}: {', '.join(_numbers(group.isel(group=k)))}" for k, layer in enumerate(layers)
    ]
    return "Density of found against planted values. " + "; ".join(said) + "."


def _seen(group: xr.Dataset, layers: Sequence[str], word: str) -> str:
    """Range over the layers of the share of intervals that hold the planted value."""
    covered = group["coverage_planted"].values
    r = group["correlation"].values if "correlation" in group else np.array([np.nan])
    said = []
    if np.isfinite(covered).any():
        low, high = percent(np.nanmin(covered)), percent(np.nanmax(covered))
        much = low if low == high else f"{low[:-2]} to {high}"
        where = "every layer" if len(layers) > 1 else "the cells"
        said.append(f"the intervals hold the planted {word} in {much} of the cells of {where}")
    if np.isfinite(r).any():
        least = number(np.nanmin(r), 2)
        said.append(f"the correlation of found with planted is at least {least}")
    text = "; ".join(said) or f"nothing was planted, and the found {word} scatters about zero"
    return text[0].upper() + text[1:] + "."
