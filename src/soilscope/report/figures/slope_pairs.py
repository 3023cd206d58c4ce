"""Slopes of the index and of soil moisture itself, side by side against depth."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from soilscope.report.figures.trend_profiles import draw_slopes, slope_limit
from soilscope.report.layout import Margins, sheet
from soilscope.report.plates import Plate
from soilscope.report.profile import middles
from soilscope.report.reading import Frame, Study, as_places, place_names
from soilscope.report.style import WIDTH
from soilscope.report.trends import (
    TrendWords,
    first_of_series,
    level_text,
    moisture_partner,
    test_text,
    trend_words,
)
from soilscope.report.words import file_stem, unit_text

PER_SHEET = 4
MOST = 12
LEFT = 0.55
GAP = 0.2


def slope_pairs(
    index: TrendWords,
    moisture: TrendWords,
    bounds: np.ndarray[Any, Any],
    *,
    places: Sequence[str],
    labels: tuple[str, str],
    title: str,
    subtitle: str,
    frame: Frame,
) -> Figure:
    """Draw two rows of panels, a column a place: slopes of the index, and of soil moisture."""
    cols = len(places)
    width = min(2.2, (WIDTH - LEFT - 0.15 - (cols - 1) * GAP) / cols)
    below = 0.36 if cols < 4 else 0.46  # labels of narrow panels take two lines
    out = sheet(
        2, cols, panel=(width, 1.9), title=title, subtitle=subtitle,
        note="Filled: significant after every correction that was made; open: not. Lines: "
        "confidence interval of the slope, and extent of the layer.", frame=frame,
        margins=Margins(left=LEFT, right=0.15, top=0.22, gap_x=GAP, bottom=below,
                        gap_y=below + 0.14),
    )  # fmt: skip
    middle = middles(bounds)
    for row, (words, factor) in enumerate(((index, 1.0), (moisture, 10.0))):
        limit = factor * slope_limit(words)
        for k, place in enumerate(places):
            ax = out.axes[row, k]
            draw_slopes(ax, words.cells[k], bounds, middle, factor=factor, labels=k == 0)
            ax.set_xlim(-limit, limit)
            ax.set_xlabel(labels[row] if cols < 4 else labels[row].replace(" (", "\n("))
            if row == 0:
                ax.set_title(place, loc="left", fontsize=7, fontweight="bold")
            if k == 0:
                ax.set_ylabel("depth (cm)")
    return out.figure


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make a sheet for every four places of an index whose soil moisture has a trend, too."""
    partner = moisture_partner(study, name)
    ds = as_places(study.data(name))
    bounds = study.bounds(ds)
    if partner is None or bounds is None or name != first_of_series(study, name):
        return
    layers = study.layers(ds)
    unit = study.data(partner)["slope"].attrs.get("units")
    decade = unit_text(str(unit).removesuffix(" year-1"))
    title = f"Slopes of the index and of soil moisture ({name}, {partner})"
    test, other = test_text(study, name), test_text(study, partner)
    tests = test if test == other else f"{test} for the index, {other} for soil moisture"
    count = min(len(place_names(ds)), MOST)
    for part, start in enumerate(range(0, count, PER_SHEET)):
        window = slice(start, min(start + PER_SHEET, count))
        places = place_names(ds)[window]
        index, moisture = (trend_words(study, n, places=window) for n in (name, partner))
        seen = (
            f"Soil moisture: {moisture.seen(places, layers, unit, level_text(study, partner))} "
            f"Index: {index.tally()}."
        )
        yield Plate(
            key=file_stem("slope-pairs", name, *([] if count <= PER_SHEET else [str(part + 1)])),
            title=title,
            seen=seen,
            how=f"Theil-Sen slopes, {tests}; index against {study.reference_text(name)}, per "
            "standard deviation of it; soil moisture per decade.",
            alt=f"Profiles of the slopes of soil moisture. {moisture.by_depth(places, layers)}",
            draw=partial(
                slope_pairs, index, moisture, bounds, places=places, title=title, frame=study.frame,
                labels=("index (year⁻¹)", f"soil moisture ({decade} per decade)"),
                subtitle=f"{tests[0].upper()}{tests[1:]}. Reference of the index: "
                f"{study.reference_text(name)}.",
            ),
        )  # fmt: skip
