"""Slopes of regions or sites against depth, with their confidence intervals."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from soilscope.report.layout import Margins, sheet, signed
from soilscope.report.plates import Plate
from soilscope.report.profile import depth_axis, middles
from soilscope.report.reading import Frame, Study, as_places, place_names
from soilscope.report.style import SERIES, TREND_LINE, WIDTH
from soilscope.report.trends import (
    At,
    TrendWords,
    first_of_series,
    in_a_pair,
    subtitle_of,
    test_text,
    trend_words,
)
from soilscope.report.words import file_stem, with_unit

MOST = 12
LEFT = 0.5
GAP = 0.16


def trend_profiles(
    words: TrendWords,
    bounds: np.ndarray[Any, Any],
    *,
    places: Sequence[str],
    label: str,
    title: str,
    subtitle: str,
    frame: Frame,
) -> Figure:
    """Draw a panel a place: slope across, depth downwards; one horizontal scale for all."""
    cols = min(len(places), 6 if len(places) in (5, 6, 11, 12) else 4)
    rows = -(-len(places) // cols)
    width = min(2.2, (WIDTH - LEFT - 0.15 - (cols - 1) * GAP) / cols)
    out = sheet(
        rows, cols, panel=(width, 1.9), title=title, subtitle=subtitle,
        note="Filled: significant after every correction that was made; open: not. "
        "Lines: confidence interval of the slope, and extent of the layer.",
        frame=frame, margins=Margins(left=LEFT, right=0.15, top=0.22, bottom=0.42, gap_x=GAP,
                                     gap_y=0.6),
    )  # fmt: skip
    middle = middles(bounds)
    limit = slope_limit(words)
    for k, ax in enumerate(out.flat):
        if k >= len(places):
            ax.remove()
            continue
        draw_slopes(ax, words.cells[k], bounds, middle, labels=k % cols == 0)
        ax.set_xlim(-limit, limit)
        ax.set_title(places[k], loc="left", fontsize=7 if width > 1.2 else 6, fontweight="bold")
        if k % cols == 0:
            ax.set_ylabel("depth (cm)")
    out.label_below(label)
    return out.figure


def draw_slopes(
    ax: Axes,
    cells: Sequence[At],
    bounds: np.ndarray[Any, Any],
    middle: np.ndarray[Any, Any],
    *,
    labels: bool,
    factor: float = 1.0,
) -> None:
    """Draw the slopes of one place, times `factor`, at the middles of their layers."""
    depth_axis(ax, bounds, labels=labels)
    ax.axvline(0, color="#b8bec2", linewidth=0.6, zorder=0)
    for i, at in enumerate(cells):
        if not np.isfinite(at.slope):
            continue
        colour = TREND_LINE if at.firm else SERIES
        slope, low, high = (factor * v for v in (at.slope, at.low, at.high))
        ax.plot([slope] * 2, bounds[i] * 100, color=colour, linewidth=0.6, alpha=0.5)
        if np.isfinite(low) and np.isfinite(high):
            ax.plot([low, high], [middle[i]] * 2, color=colour, linewidth=1.0)
        ax.plot(
            slope, middle[i], marker="o", markersize=3.6, color=colour, linestyle="",
            markerfacecolor=colour if at.firm else "white", markeredgewidth=0.9,
        )  # fmt: skip
    ax.locator_params(axis="x", nbins=4)
    ax.xaxis.set_major_formatter(signed)


def slope_limit(words: TrendWords) -> float:
    """Half the width of an axis about zero that holds every slope and interval."""
    values = [abs(v) for row in words.cells for at in row for v in (at.slope, at.low, at.high)]
    finite = [v for v in values if np.isfinite(v)]
    return 1.08 * max(finite, default=1.0) or 1.0


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make one sheet of profiles, if the layers' edges are known."""
    ds = as_places(study.data(name))
    bounds = study.bounds(ds)
    if bounds is None or ds.sizes["depth"] < 2 or name != first_of_series(study, name):
        return
    if in_a_pair(study, name):
        return  # the slopes of index and soil moisture stand side by side
    places = place_names(ds)[:MOST]
    words = trend_words(study, name, places=slice(0, MOST))
    test = test_text(study, name)
    reference = study.reference_text(name)
    title = f"Trend against depth ({name})"
    yield Plate(
        key=file_stem("trend-profiles", name),
        title=title,
        seen=TrendWords(words.cells[:2], words.corrected).by_depth(places[:2], study.layers(ds)),
        how=(
            f"Theil-Sen slope against depth with its confidence interval, {test}"
            + (f"; index against {reference}." if reference else ".")
        ),
        alt=f"Profiles of the slope. {words.by_depth(places, study.layers(ds))}",
        draw=partial(
            trend_profiles, words, bounds, places=places,
            label=with_unit("Theil-Sen slope", ds["slope"].attrs.get("units")), title=title,
            subtitle=subtitle_of(study, name),
            frame=study.frame,
        ),
    )  # fmt: skip
