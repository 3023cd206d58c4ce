"""Maps of the mean of soil moisture in the stratum of each cell, a map a factor."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import xarray as xr

from soilscope.report.detector import (
    dagger_note,
    dates,
    labels_of,
    names_of,
    on_date,
    parts,
)
from soilscope.report.drivers import CIRCULAR
from soilscope.report.figures.layer_maps import layer_maps
from soilscope.report.plates import Plate
from soilscope.report.reading import Study, grid_dims
from soilscope.report.references import at, factors_of
from soilscope.report.risk import CAUTION, differing, widest
from soilscope.report.seen import at_layer
from soilscope.report.style import WETNESS, Scale
from soilscope.report.words import file_stem, number, sentences, unit_text, with_unit

MOST = 12  # maps of a sheet
LONGEST = 21  # letters of a factor above its map
Array = np.ndarray[Any, Any]


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make one sheet of the first layer, of the date on which strata differ most."""
    strata = factors_of(study, study.records[name].inputs.get("strata"))
    strata = {key: da for key, da in strata.items() if grid_dims(da) is not None}
    if not strata:
        return
    layer, one = next(parts(study, study.data(name)))
    one = one[["count", "mean", "p_value_adjusted"]].load()
    one = one.transpose("factor", "stratum", "stratum_2", "time")
    t, order = widest(one)
    when = dates(one)[t]
    one = one.isel(time=[t])
    keys = [str(key) for key in one["factor"].values]
    chosen = [int(i) for i in order if keys[int(i)] in strata][:MOST]
    fields, heads = [], []
    for i in chosen:
        here = one.isel(factor=i, time=0)
        fields.append(_painted(strata[keys[i]], here))
        heads.append(_head(labels_of(one)[i], here))
    if not any(bool(field.notnull().any()) for field in fields):
        return
    units = study.data(name)["mean"].attrs.get("units")
    field = xr.concat(fields, "depth").assign_attrs(units=units)
    title = f"Mean of soil moisture in the stratum of each cell ({name}{at_layer(layer)})"
    seen = _seen(one, chosen[0], units)
    yield Plate(
        key=file_stem("risk-maps", name),
        title=title,
        seen=seen,
        how="Risk detector: every cell has the mean of its stratum"
        f"{f' in {when}, when strata differ most' if when else ''}. In brackets: pairs of "
        f"strata that differ by Welch's test with Holm's correction. {CAUTION}.",
        alt=f"{len(chosen)} maps, one for each factor. {seen}",
        draw=partial(
            layer_maps, field, layers=heads, scale=_scale(field), title=title,
            label=with_unit("mean of the stratum", units), frame=study.frame, zone=study.zone,
            subtitle=sentences(
                f"{when}, when strata differ most." if when else "",
                "In brackets: pairs of strata that differ by the test, of those tested.",
            ),
            note=sentences(
                f"{CAUTION}.", dagger_note(one),
                f"The {MOST} of {len(keys)} factors whose strata differ most."
                if len(chosen) < len(keys) else "",
            ),
        ),
    )  # fmt: skip


def _scale(field: xr.DataArray) -> Scale:
    """Limits of the factor whose strata differ most; what goes beyond are small strata."""
    first, low, high = field.isel(depth=0), float(field.min()), float(field.max())
    least, most = float(first.min()), float(first.max())
    if least == most:
        return Scale(least - 0.5, most + 0.5, WETNESS)
    ends = {(False, False): "neither", (True, False): "min", (False, True): "max"}
    return Scale(least, most, WETNESS, ends.get((low < least, high > most), "both"))


def _head(label: str, here: xr.Dataset) -> str:
    """Name of a factor, cut to fit above a map, with the pairs of strata that differ."""
    differ, tested = differing(here["p_value_adjusted"].values)
    dagger = CIRCULAR if label.endswith(CIRCULAR) else ""
    name = label.removesuffix(CIRCULAR)
    short = (
        name if len(name) <= LONGEST else f"{name[: LONGEST - 1].rstrip()}\N{HORIZONTAL ELLIPSIS}"
    )
    return f"{short}{dagger} ({differ}/{tested})"


def _painted(codes: xr.DataArray, here: xr.Dataset) -> xr.DataArray:
    """Give each cell the mean of its stratum on the date of `here`."""
    labels = {n: here[n].values for n in ("time", "depth") if n in here.coords}
    chosen = at(codes, labels).reset_coords(drop=True)
    places = _places(chosen.values)
    mean = here["mean"].values
    inside = (places >= 0) & (places < mean.size)
    return chosen.copy(data=np.where(inside, mean[np.where(inside, places, 0)], np.nan))


def _places(values: Array) -> Array:
    """Strata as the detector counts them: whole numbers as they are, others in their order."""
    if values.dtype.kind in "iub":
        return values.astype(np.int64)
    if values.dtype.kind != "f":
        return np.unique(values.astype(str), return_inverse=True)[1].reshape(values.shape)
    found = np.unique(values[np.isfinite(values)])
    place = np.searchsorted(found, np.where(np.isfinite(values), values, found[:1].sum()))
    return np.where(np.isfinite(values), place, -1)


def _seen(one: xr.Dataset, i: int, units: str | None) -> str:
    mean = one["mean"].values[i, :, 0]
    return (
        f"Strata of {names_of(one)[i]} differ most{on_date(dates(one)[0])}: "
        f"{number(float(np.nanmin(mean)), 2)} to {number(float(np.nanmax(mean)), 2)} "
        f"{unit_text(units)}".rstrip()
        + "."
    )
