"""Findings of grids without zones: what most cells show, with the spread among the cells."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import xarray as xr

from soilscope.report.drivers import circular, driver_names
from soilscope.report.reading import Study, grid_dims, is_annual
from soilscope.report.seen import at_layer, with_units
from soilscope.report.trends import significant
from soilscope.report.words import number, percent

Array = np.ndarray[Any, Any]
LEAST = 0.01  # share of the cells below which a finding is none


def map_trends(study: Study) -> Iterator[tuple[str, str]]:
    """Layers in which most cells of the first index (or series) rise and fall significantly."""
    names = [
        name
        for name in study.of_step("trend")
        if grid_dims(study.data(name)) is not None and "window" not in study.data(name).dims
    ]
    of_index = [n for n in names if study.upstream(n, "standardize") is not None]
    for name in (of_index or names)[:1]:
        what = _what(study, name, bool(of_index))
        adjusted = study.adjusted(name)
        slope = _layered(study.data(name)["slope"].compute())
        layers, units = study.layers(study.data(name)), slope.attrs.get("units")
        if adjusted is None:
            yield name, f"{what}: {_median_slope(slope, layers, units)}"
            continue
        firm = significant(_layered(adjusted))
        found = False
        for verb, side in (("rises", slope > 0), ("falls", slope < 0)):
            text = _largest_share(slope, (firm & side).compute(), layers, units)
            if text:
                yield name, f"{what} {verb} significantly (after FDR) in {text}."
                found = True
        if not found:
            yield name, f"{what} has a significant trend (after FDR) in less than 1 % of the cells."


def _what(study: Study, name: str, of_index: bool) -> str:
    source = str(study.records[name].inputs.get("da")).split(".")[0]
    annual = source in study.analyses and is_annual(study.data(source))
    noun = "index" if of_index else "soil moisture" if study.is_moisture(name) else "series"
    return (
        f"The annual {noun}"
        if annual
        else noun[0].upper() + noun[1:]
        if not of_index
        else "The index"
    )


def _layered(field: xr.DataArray) -> xr.DataArray:
    field = field if "depth" in field.dims else field.expand_dims("depth")
    return field.transpose("depth", ...)


def _largest_share(
    slope: xr.DataArray, firm: xr.DataArray, layers: Sequence[str], units: str | None
) -> str:
    """Layer with the largest share of `firm` cells, and the slopes of these."""
    known = slope.notnull().sum([d for d in slope.dims if d != "depth"]).values
    count = firm.sum([d for d in firm.dims if d != "depth"]).values
    share = count / np.maximum(known, 1)
    k = int(share.argmax())
    if share[k] < LEAST:
        return ""
    values = slope.values[k][firm.values[k]]
    return (
        f"{percent(share[k])} of the cells{at_layer(layers[k])}, where it does so most: the median "
        f"slope of these cells is {with_units(float(np.median(values)), units)} "
        f"({_half(values)})"
    )


def _half(values: Array) -> str:
    low, high = np.quantile(values, [0.25, 0.75])
    return f"half of them between {number(low, 2)} and {number(high, 2)}"


def _median_slope(slope: xr.DataArray, layers: Sequence[str], units: str | None) -> str:
    values = slope.values.reshape(slope.sizes["depth"], -1)
    middle = np.array([np.median(v[np.isfinite(v)]) if np.isfinite(v).any() else 0 for v in values])
    k = int(np.abs(middle).argmax())
    finite = values[k][np.isfinite(values[k])]
    if not finite.size:
        return "no slope could be estimated."
    return (
        f"the slope of the median cell is steepest{at_layer(layers[k])}, "
        f"{with_units(float(middle[k]), units)} ({_half(finite)}); no significance is claimed, "
        "since no p-values were adjusted for the many cells."
    )


def map_drivers(study: Study, name: str) -> str:
    """Driver with the largest coefficient of the median cell, and the largest independent one."""
    ds = study.data(name)
    coefficient = _layered(ds["standardized_coefficient"]).transpose("driver", "depth", ...)
    values = coefficient.values.reshape(ds.sizes["driver"], -1, coefficient[0, 0].size)
    names, marks, layers = driver_names(ds), circular(ds), study.layers(ds)
    said = _leader(values, list(range(len(names))), names, layers)
    if not said:
        return "No coefficient could be estimated."
    text = f"Largest coefficient of the median cell: {said}"
    free = [d for d, mark in enumerate(marks) if not mark]
    if any(marks):
        rest = _leader(values, free, names, layers) if free else ""
        text += "; among drivers that soil moisture was not made from, " + (rest or "none")
    return f"{text}."


def _leader(
    values: Array, drivers: Sequence[int], names: Sequence[str], layers: Sequence[str]
) -> str:
    best, said = 0.0, ""
    for d in drivers:
        for j, layer in enumerate(layers):
            finite = values[d, j][np.isfinite(values[d, j])]
            middle = float(np.median(finite)) if finite.size else 0.0
            if abs(middle) > best:
                best = abs(middle)
                half = _half(finite).removeprefix("half of them ")
                said = (
                    f"{names[d]}{at_layer(layer)}, {number(middle, 2)} (half of the cells {half})"
                )
    return said


def map_states(study: Study) -> Iterator[tuple[str, str]]:
    """Driest and wettest layer by the mean index of the median cell."""
    for name in list(study.of_step("index_state"))[:1]:
        if grid_dims(study.data(name)) is None:
            continue
        mean = _layered(study.primary(name).compute())
        layers = study.layers(study.data(name))
        flat = [v[np.isfinite(v)] for v in mean.values.reshape(mean.sizes["depth"], -1)]
        middle = [float(np.median(v)) if v.size else np.nan for v in flat]
        if not np.isfinite(middle).any():
            continue
        said = [
            f"{number(middle[k], 2)}{at_layer(layers[k])} "
            f"({_half(flat[k]).replace('them', 'the cells')})"
            for k in dict.fromkeys((int(np.nanargmin(middle)), int(np.nanargmax(middle))))
        ]
        span = f"from {said[0]} to {said[1]}" if len(said) > 1 else said[0]
        yield (
            name,
            (
                f"Against {study.reference_text(name)} the mean index of the median cell "
                f"{'goes' if len(said) > 1 else 'is'} {span}."
            ),
        )
