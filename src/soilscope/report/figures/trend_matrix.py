"""Trends of regions or sites as a matrix: layers down, places across."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from soilscope.report.layout import Margins, sheet
from soilscope.report.matrix import LETTER, draw_matrix, wrapped
from soilscope.report.plates import Plate
from soilscope.report.reading import Frame, Study, as_places, place_names
from soilscope.report.style import WIDTH, Scale, symmetric
from soilscope.report.trends import At, level_text, subtitle_of, test_text, trend_words
from soilscope.report.words import (
    MINUS,
    SHORT_STATUS,
    file_stem,
    number,
    p_text,
    with_unit,
)

PER_SHEET = 8
MOST = 32
LEFT = 0.85

Array = np.ndarray[Any, Any]


def series_matrix(
    values: Array,
    texts: Sequence[Sequence[str]],
    hatched: Array,
    *,
    places: Sequence[str],
    layers: Sequence[str],
    scale: Scale,
    label: str,
    title: str,
    subtitle: str,
    note: str,
    frame: Frame,
) -> Figure:
    """Draw `values` (layer, place) with two lines of text in each cell."""
    cell = min(1.25, (WIDTH - LEFT - 0.1) / len(places))
    names = [wrapped(place, inches=cell) for place in places]
    lines = max(name.count("\n") + 1 for name in names)
    longest = max(len(line) for row in texts for text in row for line in text.split("\n"))
    out = sheet(
        1, 1, panel=(cell * len(places), 0.34 * len(layers)), title=title, subtitle=subtitle,
        note=note, frame=frame, foot=0.5,
        margins=Margins(left=LEFT, right=0.1, top=0.12 + 0.11 * lines, bottom=0.1),
    )  # fmt: skip
    draw_matrix(
        out.flat[0], values, scale, rows=layers, columns=names, texts=texts, hatched=hatched,
        fontsize=min(6.0, cell * 72 / (LETTER * max(longest, 1))),
    )  # fmt: skip
    out.bar_below(scale, label)
    return out.figure


def _text(at: At) -> str:
    if not np.isfinite(at.slope):
        return SHORT_STATUS.get(at.status, at.verdict).replace(" (", "\n(")
    tail = p_text(at.p) if np.isfinite(at.p) else "no test"
    if at.p_uncorrected is not None and np.isfinite(at.p_uncorrected):
        tail += f" ({p_text(at.p_uncorrected)})"
    return f"{number(at.slope, 2).replace('-', MINUS)}\n{tail}"


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make a sheet for every eight places."""
    ds = as_places(study.data(name))
    places, layers = place_names(ds), study.layers(ds)
    scale = symmetric(ds["slope"].values)
    test = test_text(study, name)
    reference = study.reference_text(name)
    units = ds["slope"].attrs.get("units")
    count = min(len(places), MOST)
    for part, start in enumerate(range(0, count, PER_SHEET)):
        window = slice(start, min(start + PER_SHEET, count))
        words = trend_words(study, name, places=window)
        cells = [[row[i] for row in words.cells] for i in range(len(layers))]
        suffix = () if count <= PER_SHEET else (str(part + 1),)
        title = f"Trend by layer ({name})"
        yield Plate(
            key=file_stem("trend-matrix", name, *suffix),
            title=title,
            seen=words.seen(places[window], layers, units, level_text(study, name)),
            how=(
                f"Theil-Sen slope of each layer, {test}; hatched cells are not significant"
                + (f"; index against {reference}." if reference else ".")
            ),
            alt=f"Matrix of slopes. {words.by_depth(places[window], layers)}",
            draw=partial(
                series_matrix, np.array([[at.slope for at in row] for row in cells]),
                [[_text(at) for at in row] for row in cells],
                np.array([[not at.firm for at in row] for row in cells]),
                places=places[window], layers=layers, scale=scale,
                label=with_unit("Theil-Sen slope", units), title=title,
                subtitle=subtitle_of(study, name), frame=study.frame,
                note="In each cell: the slope, below it p"
                + (" and, in brackets, p without correction." if words.corrected else ".")
                + " Hatched: not significant after every correction that was made.",
            ),
        )  # fmt: skip
