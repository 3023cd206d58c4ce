"""The likeliest change of level of regions or sites: layers down, places across."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import xarray as xr

from soilscope.report.figures.trend_matrix import MOST, PER_SHEET, series_matrix
from soilscope.report.parts import change_method, firm_and_test, year_text
from soilscope.report.plates import Plate
from soilscope.report.reading import Study, as_places, place_dim, place_names
from soilscope.report.seen import at_layer, where, with_units
from soilscope.report.style import symmetric
from soilscope.report.words import STATUS, file_stem, flags, number, p_equals, p_text, with_unit


def changes_seen(study: Study, name: str) -> str:
    """Count the significant changes of a result at places, and name the largest of them."""
    firm, _ = firm_and_test(study, name)
    variables = ["change_time", "shift", "p_value"]
    ds = as_places(study.data(name)[variables].assign(firm=firm)).load()
    units = study.data(name)["shift"].attrs.get("units")
    return _seen(ds.transpose("depth", str(place_dim(ds)), ...), study.layers(ds), units)


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make a sheet for every eight places."""
    firm, test = firm_and_test(study, name)
    variables = ["change_time", "shift", "p_value", "status"]
    ds = as_places(study.data(name)[variables].assign(firm=firm)).load()
    dim, layers = str(place_dim(ds)), study.layers(ds)
    ds = ds.transpose("depth", dim, ...)
    units = study.data(name)["shift"].attrs.get("units")
    method = change_method(study, name)
    title = f"Likeliest change of level ({name})"
    scale = symmetric(ds["shift"].values)
    count = min(ds.sizes[dim], MOST)
    for part, start in enumerate(range(0, count, PER_SHEET)):
        one = ds.isel({dim: slice(start, min(start + PER_SHEET, count))})
        seen = _seen(one, layers, units)
        suffix = () if count <= PER_SHEET else (str(part + 1),)
        yield Plate(
            key=file_stem("change-matrix", name, *suffix),
            title=title,
            seen=seen,
            how=f"{method}; hatched where {test}. A trend is found as a change too: read both.",
            alt=f"Matrix of changes. {seen}",
            draw=partial(
                series_matrix, one["shift"].values, _texts(one), ~one["firm"].values,
                places=place_names(one), layers=layers, scale=scale, title=title,
                label=with_unit("shift of the median", units), subtitle=f"{method}.",
                note=f"In each cell: the last year before the change and the shift, below them p. "
                f"Hatched: {test}.", frame=study.frame,
            ),
        )  # fmt: skip


def _texts(ds: xr.Dataset) -> list[list[str]]:
    words = flags(ds["status"])
    texts = []
    for i in range(ds.sizes["depth"]):
        row = []
        for j in range(ds["shift"].shape[1]):
            time, shift, p = (
                float(ds[v].values[i, j]) for v in ("change_time", "shift", "p_value")
            )
            if np.isfinite(shift):
                row.append(f"{year_text(time)}: {number(shift, 2)}\n{p_text(p)}")
            else:
                word = words.get(int(ds["status"].values[i, j]), "").replace(" ", "_")
                row.append(STATUS.get(word, word))
        texts.append(row)
    return texts


def _seen(ds: xr.Dataset, layers: list[str], units: str | None) -> str:
    """Count the significant changes, and name the largest of them."""
    shift, firm = ds["shift"].values, ds["firm"].values
    size = np.where(firm & np.isfinite(shift), np.abs(shift), -1.0)
    known = int(np.isfinite(shift).sum())
    if size.size == 0 or size.max() < 0:
        return f"None of {known} series has a significant change of level."
    i, j = where(size.argmax(), size.shape)
    year = year_text(float(ds["change_time"].values[i, j]))
    return (
        f"{int((size >= 0).sum())} of {known} series have a significant change of level; the "
        f"largest is that of {place_names(ds)[j]}{at_layer(layers[i])}: "
        f"{with_units(shift[i, j], units)} after {year} "
        f"({p_equals(float(ds['p_value'].values[i, j]))})."
    )
