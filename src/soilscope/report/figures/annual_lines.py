"""Annual series with their Theil-Sen line: layers down, regions or sites across."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from soilscope.report.canvas import Box, Canvas
from soilscope.report.layout import Margins, sheet, signed
from soilscope.report.plates import Plate
from soilscope.report.reading import (
    Frame,
    Study,
    as_places,
    decimal_years,
    is_annual,
    place_dim,
    place_names,
)
from soilscope.report.style import QUIET, SERIES, TREND_LINE, WIDTH
from soilscope.report.trends import (
    At,
    TrendWords,
    first_of_series,
    level_text,
    subtitle_of,
    test_text,
    trend_words,
)
from soilscope.report.words import (
    SHORT_STATUS,
    file_stem,
    number,
    p_equals,
    p_text,
    unit_text,
    with_unit,
)

PER_SHEET = 3  # columns
MOST = 12
LEFT = 0.55
ZERO = "#c4c9cd"  # line at zero

Array = np.ndarray[Any, Any]


def annual_lines(
    annual: xr.DataArray,
    words: TrendWords,
    *,
    layers: Sequence[str],
    label: str,
    title: str,
    subtitle: str,
    frame: Frame,
    spread: bool = False,
) -> Figure:
    """Draw `annual` (place, depth, time) with slope, intercept and interval of `words`.

    Panels share their limits, or, if `spread`, only the length of their axes.
    """
    names = place_names(annual)
    n_layers = annual.sizes["depth"]
    height = float(np.clip(8.0 / n_layers - 0.26, 0.48, 1.15))
    gap = 0.4 if spread else 0.22
    cols = max(2, len(names))
    width = (WIDTH - LEFT - 0.1 - gap * (cols - 1)) / cols
    out = sheet(
        n_layers, len(names), panel=(width, height), title=title, subtitle=subtitle,
        note="Solid line: significant slope after every correction that was made; dashed: not. "
        "Band: confidence interval of the slope."
        + (" In brackets: p without correction for serial correlation." if words.corrected else ""),
        frame=frame, panels=False,
        margins=Margins(left=LEFT, right=0.1, top=0.38, bottom=0.18, gap_x=gap, gap_y=0.24),
    )  # fmt: skip
    canvas = Canvas(out.figure)
    years = decimal_years(annual["time"])
    across = (float(years[0]) - 0.8, float(years[-1]) + 0.8)
    limits = _spans(annual.values) if spread else _common(annual.values)
    texts = [[_text(words.at(c, r), layer) for r, layer in enumerate(layers)]
             for c in range(len(names))]  # fmt: skip
    size = min(5.9, (width + 0.08) * 72 / (0.6 * max(len(t) for column in texts for t in column)))
    for column, row in np.ndindex(len(names), n_layers):
        panel = Panel(canvas, out.place(row, column), across, tuple(limits[column, row]))
        panel.series(years, annual.values[column, row], words.at(column, row))
        panel.ticks(bottom=row == n_layers - 1, left=spread or column == 0)
        box = panel.box
        canvas.text(box.left, box.top + 0.025, texts[column][row], va="bottom", fontsize=size)
        if row == 0:
            canvas.text(box.left, box.top + 0.17, names[column], va="bottom", fontsize=7.5,
                        fontweight="bold")  # fmt: skip
    first, last = out.place(0, 0), out.place(n_layers - 1, 0)
    canvas.text(0.1, (first.top + last.bottom) / 2, label, rotation=90, ha="center", va="center",
                fontsize=6.5)  # fmt: skip
    canvas.done()
    return out.figure


@dataclass(frozen=True)
class Panel:
    """One small diagram of a canvas: where it lies, and the ends of its axes."""

    canvas: Canvas
    box: Box
    across: tuple[float, float]
    up: tuple[float, float]

    def places(self, x: Array, y: Array) -> Array:
        """Inches (n, 2) of points; what lies beyond the axes is drawn at their ends."""
        inside = np.clip(y, *self.up)
        return np.stack([self.box.across(x, *self.across), self.box.up(inside, *self.up)], axis=1)

    def series(self, years: Array, values: Array, at: At) -> None:
        """Draw the values of years, joined where none is missing, and the line of the slope."""
        low, high = self.up
        edges = [[(self.box.left, self.box.bottom), (self.box.right, self.box.bottom)],
                 [(self.box.left, self.box.bottom), (self.box.left, self.box.top)]]  # fmt: skip
        self.canvas.lines(np.asarray(edges), QUIET, 0.5)
        if low < 0 < high:
            self.canvas.lines(_joined(self.places(np.array(self.across), np.zeros(2))), ZERO, 0.5,
                              above=1.0)  # fmt: skip
        points = self.places(years, values)
        known = np.isfinite(values)
        self.canvas.lines(_joined(points)[known[1:] & known[:-1]], SERIES, 0.8)
        self.canvas.marks(points[known], SERIES, 1.6)
        if np.isfinite(at.slope) and known.any():
            self._slope(years[known], at)

    def _slope(self, years: Array, at: At) -> None:
        ends = np.array([years[0], years[-1]])
        line = self.places(ends, at.intercept + at.slope * ends)
        if at.firm:
            self.canvas.lines(_joined(line), TREND_LINE, 1.1, above=2.1)
        else:
            self.canvas.lines(_dashed(line), TREND_LINE, 1.1, above=2.1)
        if np.isfinite(at.low) and np.isfinite(at.high):
            pivot = float(np.median(years))
            level = at.intercept + at.slope * pivot
            x = np.linspace(ends[0], ends[1], 41)
            one, other = (level + s * (x - pivot) for s in (at.low, at.high))
            upper, lower = np.maximum(one, other), np.minimum(one, other)
            self.canvas.area(
                np.concatenate([self.places(x, upper), self.places(x, lower)[::-1]]), TREND_LINE
            )

    def ticks(self, *, bottom: bool, left: bool) -> None:
        """Mark years and values."""
        span = self.up[1] - self.up[0]
        whole = MaxNLocator(5, integer=True, steps=[1, 2, 5, 10])
        x = np.asarray(whole.tick_values(*self.across))
        y = np.asarray(MaxNLocator(4).tick_values(*self.up))
        x = x[(x >= self.across[0]) & (x <= self.across[1])]
        y = y[(y >= self.up[0]) & (y <= self.up[1] - 0.03 * span)]
        self.canvas.ticks_below(self.box, self.box.across(x, *self.across),
                                [signed(v) for v in x] if bottom else [], QUIET)  # fmt: skip
        self.canvas.ticks_left(self.box, self.box.up(y, *self.up),
                               [signed(v) for v in y] if left else [], QUIET)  # fmt: skip


def _joined(points: Array) -> Array:
    return np.stack([points[:-1], points[1:]], axis=1)


def _dashed(line: Array) -> Array:
    """Dashes of 4 points and gaps of 2 along a straight line in inches."""
    length = float(np.hypot(*(line[1] - line[0]))) * 72
    begin = np.arange(0, max(length, 1e-6), 6.6) / max(length, 1e-6)
    end = np.minimum(begin + 4.4 / max(length, 1e-6), 1)
    step = line[1] - line[0]
    return np.stack([line[0] + begin[:, None] * step, line[0] + end[:, None] * step], axis=1)


def _text(at: At, layer: str) -> str:
    head = f"{layer}  " if layer else ""
    if not np.isfinite(at.slope):
        return f"{head}{SHORT_STATUS.get(at.status, at.verdict)}"
    tail = p_equals(at.p) if np.isfinite(at.p) else "no test"
    if at.p_uncorrected is not None and np.isfinite(at.p_uncorrected):
        tail += f" ({p_text(at.p_uncorrected)})"
    return f"{head}{number(at.slope, 2)}, {tail}"


def _common(values: Array) -> Array:
    """Give every panel (place, depth) the same ends, and a margin."""
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    pad = 0.08 * (high - low or 1.0)
    return np.broadcast_to([low - pad, high + pad], (*values.shape[:2], 2))


def _spans(values: Array) -> Array:
    """Give every panel an axis of one length, so that slopes compare, about its own middle."""
    known = np.isfinite(values)
    low = np.where(known, values, np.inf).min(axis=-1)
    high = np.where(known, values, -np.inf).max(axis=-1)
    empty = ~known.any(axis=-1)
    low, high = np.where(empty, 0.0, low), np.where(empty, 0.0, high)
    half = 0.54 * float((high - low).max(initial=0.0)) or 1.0
    middle = (low + high) / 2
    return np.stack([middle - half, middle + half], axis=-1)


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make a sheet for every three places of a trend on an annual series."""
    reference = study.records[name].inputs.get("da")
    source = str(reference).split(".")[0]
    if source not in study.analyses or not is_annual(study.data(source)):
        return
    if name != first_of_series(study, name):
        return
    series = study.primary(source)
    annual = as_places(series.to_dataset(name="value"))["value"].assign_attrs(series.attrs)
    dim = str(place_dim(annual))
    annual = annual.transpose(dim, "depth", "time")
    index = study.reference_text(name)
    what = "Annual soil moisture index" if index else f"Annual {series.name}".replace("_", " ")
    test = test_text(study, name)
    units = study.data(name)["slope"].attrs.get("units")
    unit = unit_text(units)
    count = min(annual.sizes[dim], MOST)
    for part, start in enumerate(range(0, count, PER_SHEET)):
        window = slice(start, min(start + PER_SHEET, count))
        words = trend_words(study, name, places=window)
        suffix = () if count <= PER_SHEET else (str(part + 1),)
        title = f"{what} and trend ({name})"
        chosen = annual.isel({dim: window})
        yield Plate(
            key=file_stem("lines", name, *suffix),
            title=title,
            seen=words.seen(
                place_names(chosen), study.layers(annual), units, level_text(study, name)
            ),
            how=(
                f"Annual series with the Theil-Sen line; each panel gives the slope"
                f"{f' ({unit})' if unit else ''} and the p of the {test}"
                + (", the uncorrected p in brackets" if words.corrected else "")
                + (f"; index against {index}." if index else ".")
            ),
            alt="Lines of annual values. "
            + words.by_depth(place_names(chosen), study.layers(annual)),
            draw=partial(
                annual_lines, chosen, words, layers=study.layers(annual),
                label=with_unit("index" if index else str(series.name).replace("_", " "),
                                series.attrs.get("units")),
                title=title, frame=study.frame, spread=not index,
                subtitle=f"Slope{f' in {unit}' if unit else ''}. {subtitle_of(study, name)}",
            ),
        )  # fmt: skip
