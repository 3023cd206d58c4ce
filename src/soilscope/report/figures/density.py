"""Density of pairs by layer with the 1:1 line: the sheet of agreement and of recovery."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from soilscope.report.canvas import Box, Canvas
from soilscope.report.layout import Margins, columns_for, sheet, signed
from soilscope.report.reading import Frame
from soilscope.report.style import ALARM, DENSITY, INK, TREND_LINE, WIDTH

Array = np.ndarray[Any, Any]
LINE = 0.105  # inches that a line above a panel takes


@dataclass(frozen=True)
class Pairs:
    """What one panel shows."""

    counts: Array  # (vertical, horizontal)
    edges: Array  # of the bins of both axes
    lines: tuple[str, ...]  # above the panel, the layer first
    fitted: tuple[float, float] | None = None  # slope and intercept of a line


def pairs_of(
    ds: xr.Dataset,
    lines: Sequence[Callable[[xr.Dataset], Sequence[str]] | str],
    *,
    counts: tuple[str, str, str],
    edges: str,
) -> Pairs:
    """Take what a panel shows from `ds`; `counts`: variable, vertical and horizontal dimension."""
    said = [text for line in lines for text in ([line] if isinstance(line, str) else line(ds))]
    fitted = None
    if "line_slope" in ds and np.isfinite(float(ds["line_slope"])):
        fitted = (float(ds["line_slope"]), float(ds["line_intercept"]))
    variable, up, across = counts
    return Pairs(
        ds[variable].transpose(up, across).values.astype(float),
        ds[edges].values.astype(float),
        tuple(text for text in said if text),
        fitted,
    )


def density(
    panels: Sequence[Pairs],
    *,
    labels: tuple[str, str],
    what: str,
    title: str,
    subtitle: str,
    note: str,
    frame: Frame,
    alarm: str = "",
) -> Figure:
    """Draw a panel a layer, each with its own axes; `labels`: horizontal, vertical."""
    count = len(panels)
    head = LINE * max(len(one.lines) for one in panels) + 0.05
    alike = all(np.array_equal(one.edges, panels[0].edges) for one in panels)
    gap = 0.14 if alike else 0.34
    cols, width = columns_for(count, aspect=1.0, available=WIDTH - 0.7, gap=gap, tallest=6.0,
                              widest=2.1, row_gap=head + 0.3)  # fmt: skip
    rows = -(-count // cols)
    below = 0.1 if alike else 0.24
    out = sheet(
        rows, cols, panel=(width, width), title=title, subtitle=subtitle, note=note, frame=frame,
        foot=0.5 + (0.17 if alarm else 0), panels=False,
        margins=Margins(left=0.6, right=0.1, top=head, bottom=0.36, gap_x=gap,
                        gap_y=head + below),
    )  # fmt: skip
    canvas = Canvas(out.figure)
    norm = LogNorm(1, max([2.0, *(float(one.counts.max(initial=0)) for one in panels)]))
    for k, one in enumerate(panels):
        box = out.place(*divmod(k, cols))
        _panel(canvas, box, one, norm, left=not alike or k % cols == 0,
               bottom=not alike or k + cols >= count)  # fmt: skip
        canvas.text(box.left, box.top + 0.03, "\n".join(one.lines), va="bottom", fontsize=5.8,
                    linespacing=1.2)  # fmt: skip
    first, last = out.place(0, 0), out.place(rows - 1, cols - 1)
    canvas.text(first.left - 0.5, (first.top + last.bottom) / 2, labels[1], rotation=90,
                ha="center", va="center", fontsize=7)  # fmt: skip
    canvas.text((first.left + last.right) / 2, last.bottom - 0.18, labels[0], ha="center",
                va="top", fontsize=7)  # fmt: skip
    if alarm:
        canvas.text(0.06, out.note + 0.54, alarm, fontsize=6.2, color=ALARM, fontweight="bold",
                    va="center")  # fmt: skip
    bar = out.figure.add_axes(out.box(out.width / 2 - 1.3, out.note + 0.33, 2.6, 0.08))
    out.figure.colorbar(
        ScalarMappable(norm, DENSITY), cax=bar, orientation="horizontal", label=what,
        format=FuncFormatter(signed),
    )  # fmt: skip
    bar.minorticks_off()
    canvas.done()
    return out.figure


def _panel(
    canvas: Canvas, box: Box, one: Pairs, norm: LogNorm, *, left: bool, bottom: bool
) -> None:
    canvas.frame(box)
    if not np.isfinite(one.edges).all():
        canvas.text((box.left + box.right) / 2, (box.bottom + box.top) / 2, "no values",
                    ha="center", va="center", fontsize=6.5)  # fmt: skip
        return
    ends = (float(one.edges[0]), float(one.edges[-1]))
    shown = np.where(one.counts > 0, one.counts, np.nan)
    canvas.image(box, shown, colours=DENSITY, norm=norm, upward=True)
    corners = [[(box.left, box.bottom), (box.right, box.top)]]
    canvas.lines(np.asarray(corners), INK, 0.7)
    if one.fitted is not None:
        _fitted(canvas, box, ends, one.fitted)
    ticks = np.asarray(MaxNLocator(4).tick_values(*ends))
    edge = 0.08 * (ends[1] - ends[0])
    ticks = ticks[(ticks >= ends[0] + edge) & (ticks <= ends[1] - edge)]
    texts = [signed(tick) for tick in ticks]
    canvas.ticks_below(box, box.across(ticks, *ends), texts if bottom else [])
    canvas.ticks_left(box, box.up(ticks, *ends), texts if left else [])


def _fitted(
    canvas: Canvas, box: Box, ends: tuple[float, float], fitted: tuple[float, float]
) -> None:
    """Draw the part of a line that lies inside the panel, in dashes."""
    x = np.linspace(*ends, 81)
    y = fitted[0] * x + fitted[1]
    inside = (y >= ends[0]) & (y <= ends[1])
    points = np.stack([box.across(x, *ends), box.up(y, *ends)], axis=1)
    segments = np.stack([points[:-1], points[1:]], axis=1)[inside[1:] & inside[:-1]]
    canvas.lines(segments[np.arange(len(segments)) % 3 != 2], TREND_LINE, 0.9)
