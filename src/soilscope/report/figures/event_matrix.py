"""Drought events of regions or sites: a matrix for each measure, layers down, places across."""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from soilscope.report.events import (
    MEASURES,
    event_method,
    measure_label,
    measure_units,
    measures_of,
)
from soilscope.report.layout import Margins, sheet
from soilscope.report.matrix import draw_matrix, wrapped
from soilscope.report.plates import Plate
from soilscope.report.reading import Frame, Study, as_places, place_dim, place_names
from soilscope.report.seen import extremes
from soilscope.report.style import WIDTH, from_zero
from soilscope.report.words import file_stem, listed

PER_SHEET = 12
MOST = 36
LEFT = 0.85


def event_matrix(
    events: xr.Dataset,
    *,
    layers: Sequence[str],
    title: str,
    subtitle: str,
    frame: Frame,
) -> Figure:
    """Draw the measures of `events` (depth, place), each with its own colours."""
    shown = measures_of(events)
    places = place_names(events)
    cell = min(0.9, (WIDTH - LEFT - 0.1) / len(places))
    names = [wrapped(place, inches=cell, fontsize=6) for place in places]
    lines = max(name.count("\n") + 1 for name in names)
    out = sheet(
        len(shown), 1, panel=(cell * len(places), 0.2 * len(layers)), title=title,
        subtitle=subtitle, note="Darker: more. Each matrix has its own colours.", frame=frame,
        margins=Margins(left=LEFT, right=0.1, top=0.26 + 0.11 * lines, bottom=0.1,
                        gap_y=0.36 + 0.11 * lines),
    )  # fmt: skip
    for ax, variable in zip(out.flat, shown, strict=True):
        values = events[variable].values.astype(float)
        draw_matrix(
            ax, values, from_zero(values), rows=layers, columns=names,
            texts=[[_text(v) for v in row] for row in values],
        )  # fmt: skip
        ax.tick_params(axis="x", labelsize=6)
        ax.set_title(measure_label(events, variable),
                     loc="left", fontsize=7, fontweight="bold", pad=4)  # fmt: skip
    return out.figure


def _text(value: float) -> str:
    if not np.isfinite(value):
        return ""
    return f"{value:.0f}" if value == round(value) else f"{value:.1f}"


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make a sheet for every twelve places."""
    ds = as_places(study.data(name))
    if not measures_of(ds):
        return
    dim = str(place_dim(ds))
    ds = ds[measures_of(ds)].transpose("depth", dim, ...)
    method = event_method(study, name)
    title = f"Drought events ({name})"
    count = min(ds.sizes[dim], MOST)
    for part, start in enumerate(range(0, count, PER_SHEET)):
        window = ds.isel({dim: slice(start, min(start + PER_SHEET, count))}).load()
        suffix = () if count <= PER_SHEET else (str(part + 1),)
        seen = _seen(window, study.layers(ds))
        yield Plate(
            key=file_stem("event-matrix", name, *suffix),
            title=title,
            seen=seen,
            how=f"Number, mean duration and mean severity of drought events; {method}.",
            alt=f"Matrices of {listed([MEASURES[v] for v in measures_of(ds)])} "
            f"for {listed(place_names(window))}. {seen}",
            draw=partial(
                event_matrix, window, layers=study.layers(ds), title=title,
                subtitle=f"{method[0].upper()}{method[1:]}.", frame=study.frame,
            ),
        )  # fmt: skip


def _seen(window: xr.Dataset, layers: Sequence[str]) -> str:
    """Where droughts are longest, else where the first measure is largest."""
    shown = measures_of(window)
    variable = "mean_duration" if "mean_duration" in shown else shown[0]
    values = window[variable].values.astype(float).T
    units = measure_units(window, variable)
    return extremes(values, place_names(window), layers, MEASURES[variable], units)
