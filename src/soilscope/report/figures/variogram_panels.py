"""Semivariograms: a panel for each month or layer, with the curve of the best model."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from soilscope.report.fields import spaced_out
from soilscope.report.layout import Margins, Sheet, sheet, signed
from soilscope.report.plates import Plate
from soilscope.report.reading import Frame, Study
from soilscope.report.style import INK, LINES, MARKERS, SERIES, TREND_LINE, WIDTH
from soilscope.report.variogram_prose import classes_text, weights_text
from soilscope.report.variogram_words import (
    apart_seen,
    azimuth_word,
    distance,
    power_of,
    ranges_seen,
    scaled_units,
    squared,
)
from soilscope.report.variograms import Fit, Panel, is_fitted, panels_of, parts_of, told
from soilscope.report.words import file_stem, sentences

MOST = 12  # panels of a sheet
SHEETS = 3
COLUMNS = 3
APART = 5.0  # highest over lowest panel from which each has an axis of its own
LINE_SHARE = 0.08  # of the height of a panel that a line of text takes
LEFT, RIGHT, GAP_X = 0.55, 0.12, 0.16


@dataclass(frozen=True)
class Axis:
    """What the axes of a sheet say: units, and the numbers that values are divided by."""

    metres: float  # of a unit of the horizontal axis
    power: int  # of ten, of the vertical axis
    units: str
    shared: bool  # one vertical axis for all panels

    @property
    def scale(self) -> float:
        """Semivariance of a unit of the vertical axis."""
        return float(10.0**self.power)

    @property
    def across(self) -> str:
        """Label of the horizontal axis."""
        return f"distance, {'km' if self.metres > 1 else 'm'}"

    @property
    def up(self) -> str:
        """Label of the vertical axis."""
        unit = scaled_units(self.power, self.units)
        return f"semivariance, {unit}" if unit else "semivariance"


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make a sheet for each of the first regions and layers, of all dates or layers."""
    if study.records[name].step == "variogram" and is_fitted(study, name):
        return  # the figure of the models shows the points, too
    every = [panel for panel in panels_of(study, name) if panel.known]
    parts = [list(group) for _, group in groupby(every, key=lambda panel: panel.part)]
    for k, group in enumerate(parts[:SHEETS]):
        yield _plate(study, name, group, number=k, of=len(parts))


def _plate(study: Study, name: str, there: list[Panel], *, number: int, of: int) -> Plate:
    points, fits = parts_of(study, name)
    part = there[0].part
    shown = [there[k] for k in spaced_out(len(there), MOST)]
    title = f"Semivariograms ({', '.join(w for w in (name, part) if w)})"
    fitted = any(one.fit for panel in shown for one in panel.series)
    seen = sentences(ranges_seen(there) if fits is not None else "", apart_seen(there))
    ways = len(there[0].series)
    count = "Semivariogram" if len(shown) == 1 else f"Semivariograms, {len(shown)} panels"
    alt = f"{count}{f', {ways} directions each' if ways > 1 else ''}: semivariance by distance"
    return Plate(
        key=file_stem("variograms", name, *([str(number + 1)] if number else [])),
        title=title,
        seen=seen,
        how=sentences(
            "" if points is None else f"{classes_text(told(points))}.",
            "" if fits is None else f"Best of {weights_text(fits)}. The effective range is the "
            "distance at which 95 % of the rise is reached; one value stands for the whole field, "
            "and fields that hold few ranges say little about it.",
            f"Of {of} regions and layers the first {SHEETS} are drawn." if of > SHEETS else "",
        ),
        alt=f"{alt}{', with the curve of the best model' if fitted else ''}. {seen}",
        draw=partial(
            _draw, shown, title=title, frame=study.frame, there=len(there),
            units=None if points is None else points["semivariance"].attrs.get("units"),
        ),
    )  # fmt: skip


def _tops(panels: Sequence[Panel]) -> list[float]:
    """Highest semivariance of each panel."""
    tops = []
    for panel in panels:
        parts = [
            one.points["semivariance"].values for one in panel.series if one.points is not None
        ]
        parts += [one.fit.curve for one in panel.series if one.fit is not None]
        tops.append(float(np.nanmax(np.concatenate(parts))))
    return tops


def _end(panels: Sequence[Panel]) -> float:
    """Where the last class ends, m."""
    ends = [0.0]
    for one in (one for panel in panels for one in panel.series):
        if one.points is not None:
            ends.append(float(one.points["lag_high"].max()))
        elif one.fit is not None:
            ends.append(float(one.fit.lag.max()))
    return max(ends)


def _axis(panels: Sequence[Panel], units: str | None) -> Axis:
    tops = [top for top in _tops(panels) if top > 0] or [1.0]
    metres = 1000.0 if _end(panels) >= 5000 else 1.0
    return Axis(metres, power_of(max(tops)), squared(units), max(tops) <= APART * min(tops))


def _draw(
    panels: Sequence[Panel], *, title: str, frame: Frame, there: int, units: str | None
) -> Figure:
    axis = _axis(panels, units)
    cols = 2 if len(panels) == 4 else min(COLUMNS, len(panels))
    rows = -(-len(panels) // cols)
    ways = len(panels[0].series) > 1
    gap = GAP_X if axis.shared else 0.5
    width = min(3.4, (WIDTH - LEFT - RIGHT - (cols - 1) * gap) / cols)
    fitted = any(one.fit for panel in panels for one in panel.series)
    out = sheet(
        rows, cols, panel=(width, 0.68 * width), title=title, frame=frame,
        subtitle="The larger a point, the more pairs"
        + ("; line: the best model; dashes: its effective range "
        "(beyond: farther than the points)." if fitted else "."),
        note=_note(panels, there=there, shared=axis.shared),
        margins=Margins(left=LEFT, right=RIGHT, top=0.22, bottom=0.4, gap_x=gap, gap_y=0.34),
        foot=0.36 if ways else 0.0,
    )  # fmt: skip
    tops, end = _tops(panels), _end(panels) / axis.metres
    for k, axes in enumerate(out.flat):
        if k >= len(panels):
            axes.set_axis_off()
            continue
        top = max(tops) if axis.shared else tops[k]
        axes.set_xlim(0, 1.02 * end)
        words = len(panels[k].series) if fitted else 0
        room = max(0.4, 0.97 - LINE_SHARE * words)
        axes.set_ylim(0, (top or 1.0) / axis.scale / room)
        _panel(axes, panels[k], axis)
        axes.tick_params(
            labelleft=k % cols == 0 or not axis.shared, labelbottom=k + cols >= len(panels)
        )
        if k == (rows - 1) // 2 * cols:  # one for all rows: it is longer than a panel is high
            axes.set_ylabel(axis.up)
    out.label_below(axis.across)
    if ways:
        _legend(out, panels[0])
    return out.figure


def _note(panels: Sequence[Panel], *, there: int, shared: bool) -> str:
    pairs = [
        int(one.points["n_pairs"].max())
        for panel in panels for one in panel.series if one.points is not None
    ]  # fmt: skip
    return sentences(
        f"The largest point: {max(pairs):,} pairs." if pairs else "",
        "" if shared else "Each panel has an axis of its own.",
        f"{len(panels)} of {there} panels, spread evenly." if len(panels) < there else "",
    )


def _panel(axes: Axes, panel: Panel, axis: Axis) -> None:
    many = len(panel.series) > 1
    said = []
    most = max([1, *(int(s.points["n_pairs"].max()) for s in panel.series if s.points is not None)])
    for k, one in enumerate(panel.series):
        colour = LINES[k % len(LINES)] if many else SERIES
        if one.points is not None:
            axes.scatter(
                one.points["distance"].values / axis.metres,
                one.points["semivariance"].values / axis.scale,
                s=2.0 + 9.0 * one.points["n_pairs"].values / most,
                marker=MARKERS[k % len(MARKERS)], color=colour, linewidths=0, zorder=3.5,
            )  # fmt: skip
        line = colour if many else TREND_LINE
        if one.fit is not None:
            _curve(axes, one.fit, axis, line)
        words = _words(one.fit, one.status)
        said.append((f"{azimuth_word(one.azimuth)} {words}" if one.azimuth is not None else words,
                     line if many else INK))  # fmt: skip
    if any(one.fit for one in panel.series):
        _write(axes, said)
    axes.set_title(panel.name or panel.part, loc="left", fontsize=7)
    axes.xaxis.set_major_formatter(signed)
    axes.yaxis.set_major_formatter(signed)
    axes.spines[["top", "right"]].set_visible(False)


def _curve(axes: Axes, fit: Fit, axis: Axis, colour: str) -> None:
    x, y = fit.lag / axis.metres, fit.curve / axis.scale
    axes.plot(x, y, color=colour, linewidth=1.0, zorder=3)
    reach = fit.range / axis.metres
    if np.isfinite(reach) and reach <= x[-1]:
        axes.vlines(reach, 0, float(np.interp(reach, x, y)), color=colour, linewidth=0.8,
                    linestyles=(0, (3, 2)), zorder=2.5)  # fmt: skip


def _words(fit: Fit | None, status: str) -> str:
    if fit is None:
        return status or "no fit"
    if not np.isfinite(fit.range):
        return f"{fit.model}, {'range at its bound' if fit.at_bound else 'no range'}"
    return f"{fit.model}, {distance(fit.range)}{' (beyond)' if fit.beyond else ''}"


def _write(axes: Axes, said: Sequence[tuple[str, str]]) -> None:
    """Write lines at the top, where the axis leaves room above the curves."""
    for k, (text, colour) in enumerate(said):
        axes.annotate(
            text, (0, 1), (4.0, -1 - 7.5 * k), xycoords="axes fraction",
            textcoords="offset points", ha="left", va="top", fontsize=6, color=colour, zorder=4,
        )  # fmt: skip


def _legend(out: Sheet, panel: Panel) -> None:
    handles = [
        Line2D([], [], color=LINES[k % len(LINES)], marker=MARKERS[k % len(MARKERS)],
               markersize=3.5, linewidth=1.0, label=azimuth_word(one.azimuth))
        for k, one in enumerate(panel.series) if one.azimuth is not None
    ]  # fmt: skip
    out.figure.legend(
        handles=handles, loc="lower center", ncols=len(handles), frameon=False,
        title="clockwise from north", title_fontsize=6.2, columnspacing=1.4,
        bbox_to_anchor=(0.5, (out.note - 0.06) / out.height),
    )  # fmt: skip
