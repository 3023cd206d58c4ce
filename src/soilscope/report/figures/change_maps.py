"""Maps of the likeliest change of level: its year, and its size."""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import xarray as xr

from soilscope.report.figures.layer_maps import layer_maps
from soilscope.report.parts import change_method, firm_and_test, year_text
from soilscope.report.plates import Plate
from soilscope.report.reading import Study
from soilscope.report.seen import at_layer, map_count
from soilscope.report.style import YEARS, Scale, symmetric
from soilscope.report.words import file_stem, percent, sentences, with_unit


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make a sheet of years and one of shifts, a map a layer."""
    ds = study.data(name)[["change_time", "shift"]].compute()
    firm, test = firm_and_test(study, name)
    firm = firm.compute()
    layers, method = study.layers(ds["shift"]), change_method(study, name)
    units = ds["shift"].attrs.get("units")
    seen = _seen(ds, firm, layers)
    for variable, scale, label, title in (
        ("change_time", _years(ds["change_time"]), "last year before the change",
         "Year of the likeliest change of level"),
        ("shift", symmetric(ds["shift"].values), with_unit("shift of the median", units),
         "Size of the likeliest change of level"),
    ):  # fmt: skip
        yield Plate(
            key=file_stem("change-maps", name, variable),
            title=f"{title} ({name})",
            seen=seen,
            how=f"{method}; hatched where {test}. A trend is found as a change too: read both.",
            alt=f"{map_count(layers)} of the {label}. {seen}",
            draw=partial(
                layer_maps, ds[variable], layers=layers, scale=scale, label=label,
                title=f"{title} ({name})", subtitle=f"{method}.", frame=study.frame,
                zone=study.zone, hatched=~firm,
                note=sentences(f"Hatched: {test}.", "A trend is found as a change too."),
            ),
        )  # fmt: skip


def _years(time: xr.DataArray) -> Scale:
    """Limits from the first to the last change."""
    values = time.values[np.isfinite(time.values)]
    if values.size == 0:
        return Scale(0.0, 1.0, YEARS)
    low, high = float(np.floor(values.min())), float(np.ceil(values.max()))
    return Scale(low, max(high, low + 1), YEARS)


def _seen(ds: xr.Dataset, firm: xr.DataArray, layers: Sequence[str]) -> str:
    """Say in which layer most cells have a change, and in which year the median of them."""
    best, said = -1.0, "No cell has a significant change of level."
    for k, layer in enumerate(layers):
        one = ds.isel(depth=k) if "depth" in ds.dims else ds
        sure = firm.isel(depth=k) if "depth" in firm.dims else firm
        known = int(one["shift"].notnull().sum())
        share = int(sure.sum()) / known if known else 0.0
        if share > max(best, 0.0):
            best = share
            year = float(one["change_time"].where(sure).median())
            up = float((one["shift"].where(sure) > 0).sum() / sure.sum())
            said = (
                f"The level changes significantly in at most {percent(share)} of the cells"
                f"{at_layer(layer)}, where the median change comes after {year_text(year)} and "
                f"{percent(up)} of the changes are upwards."
            )
    return said
