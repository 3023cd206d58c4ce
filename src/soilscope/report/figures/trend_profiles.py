"""Slopes of regions or sites against depth, with their confidence intervals."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from soilscope.report.layout import Margins, sheet, signed
from soilscope.report.plates import Plate
from soilscope.report.profile import depth_axis, middles
from soilscope.report.reading import Frame, Study, as_places, place_names
from soilscope.report.style import SERIES, TREND_LINE, WIDTH
from soilscope.report.trends import (
    TrendWords,
    first_of_series,
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
    limit = _limit(words)
    for k, ax in enumerate(out.flat):
        if k >= len(places):
            ax.remove()
            continue
        depth_axis(ax, bounds, labels=k % cols == 0)
        ax.axvline(0, color="#b8bec2", linewidth=0.6, zorder=0)
        for i, at in enumerate(words.cells[k]):
            if not np.isfinite(at.slope):
                continue
            colour = TREND_LINE if at.firm else SERIES
            ax.plot([at.slope] * 2, bounds[i] * 100, color=colour, linewidth=0.6, alpha=0.5)
            if np.isfinite(at.low) and np.isfinite(at.high):
                ax.plot([at.low, at.high], [middle[i]] * 2, color=colour, linewidth=1.0)
            ax.plot(
                at.slope, middle[i], marker="o", markersize=3.6, color=colour, linestyle="",
                markerfacecolor=colour if at.firm else "white", markeredgewidth=0.9,
            )  # fmt: skip
        ax.set_xlim(-limit, limit)
        ax.locator_params(axis="x", nbins=4)
        ax.xaxis.set_major_formatter(signed)
        ax.set_title(places[k], loc="left", fontsize=7 if width > 1.2 else 6, fontweight="bold")
        if k % cols == 0:
            ax.set_ylabel("depth (cm)")
    out.label_below(label)
    return out.figure


def _limit(words: TrendWords) -> float:
    values = [abs(v) for row in words.cells for at in row for v in (at.slope, at.low, at.high)]
    finite = [v for v in values if np.isfinite(v)]
    return 1.08 * max(finite, default=1.0) or 1.0


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make one sheet of profiles, if the layers' edges are known."""
    ds = as_places(study.data(name))
    bounds = study.bounds(ds)
    if bounds is None or ds.sizes["depth"] < 2 or name != first_of_series(study, name):
        return
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
