"""Sheets of panels measured in inches, so that nothing overlaps and every sheet fits on A4."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from soilscope.report.canvas import Box
from soilscope.report.reading import Frame
from soilscope.report.style import ALARM, QUIET, WIDTH, Scale

LINE = 0.125  # inches: height of a line of small text
SOURCE_CHARACTERS = 162  # that fit on a line of the sheet


@dataclass(frozen=True)
class Margins:
    """Inches around the panels, besides title and source line."""

    left: float = 0.55
    right: float = 0.1
    top: float = 0.15
    bottom: float = 0.25
    gap_x: float = 0.15
    gap_y: float = 0.25


@dataclass
class Sheet:
    """A figure with its panels (n_rows, n_cols), and the places of what stands around them."""

    figure: Figure
    axes: np.ndarray[Any, Any]
    width: float
    height: float
    margins: Margins
    panel: tuple[float, float]
    foot: float  # inches kept for colour bars or a legend
    note: float  # inches that the small print takes
    right: float  # inches from the left edge to the end of the panels
    start: tuple[float, float]  # left edge of the first column, upper edge of the first row

    def place(self, row: int, col: int) -> Box:
        """Return where the panel in `row` and `col` lies, in inches."""
        (left, top), (width, height) = self.start, self.panel
        return Box(
            left + col * (width + self.margins.gap_x),
            top - row * (height + self.margins.gap_y) - height,
            width,
            height,
        )

    @property
    def flat(self) -> list[Axes]:
        """Panels, row by row."""
        return list(self.axes.ravel())

    def box(
        self, left: float, bottom: float, width: float, height: float
    ) -> tuple[float, float, float, float]:
        """Inches from the lower left as fractions of the figure."""
        return left / self.width, bottom / self.height, width / self.width, height / self.height

    def bar_below(self, scale: Scale, label: str, *, row: int = 0) -> None:
        """Draw a horizontal colour bar in the foot."""
        width = min(3.6, 0.55 * self.width)
        ax = self.figure.add_axes(
            self.box((self.width - width) / 2, self.note + 0.33 + 0.5 * row, width, 0.09)
        )
        self._bar(scale, label, ax, "horizontal")

    def label_below(self, label: str) -> None:
        """Write one label for the horizontal axes of all panels."""
        middle = (self.right - self._content / 2) / self.width
        y = (self.note + self.foot + 0.02) / self.height
        self.figure.text(middle, y, label, ha="center", va="bottom", fontsize=7)

    @property
    def _content(self) -> float:
        cols = self.axes.shape[1]
        return float(cols * self.panel[0] + (cols - 1) * self.margins.gap_x)

    def bar_right(self, scale: Scale, label: str) -> None:
        """Draw a vertical colour bar in the right margin."""
        low = self.note + self.foot + self.margins.bottom
        rows = self.axes.shape[0]
        total = rows * self.panel[1] + (rows - 1) * self.margins.gap_y
        height = min(3.0, total)
        ax = self.figure.add_axes(
            self.box(self.right + 0.14, low + (total - height) / 2, 0.1, height)
        )
        self._bar(scale, label, ax, "vertical")

    def _bar(self, scale: Scale, label: str, ax: Axes, orientation: str) -> None:
        mappable = ScalarMappable(Normalize(scale.low, scale.high), scale.colours)
        bar = self.figure.colorbar(
            mappable, cax=ax, orientation=orientation, extend=scale.extend, label=label
        )
        bar.outline.set_linewidth(0.4)
        bar.locator = MaxNLocator(5)
        bar.formatter = FuncFormatter(signed)
        bar.update_ticks()


def signed(value: float, _: Any = None) -> str:
    """Tick label with a true minus sign."""
    return f"{value:.6g}".replace("-", "\N{MINUS SIGN}")


def sheet(
    rows: int,
    cols: int,
    *,
    panel: tuple[float, float],
    title: str,
    subtitle: str,
    note: str,
    frame: Frame,
    margins: Margins | None = None,
    foot: float = 0.0,
    panels: bool = True,
) -> Sheet:
    """Make a figure of `rows` x `cols` panels of `panel` inches, with its title and source line.

    Panels that do not fill the width are centred. `foot` inches are kept below the panels for
    colour bars or a legend; `note` says in small print, above the source line, how to read the
    marks. Without `panels` no Axes are made: a canvas draws into the places.
    """
    margins = margins or Margins()
    title_lines = textwrap.wrap(title, 78) or [""]
    subtitle_lines = textwrap.wrap(subtitle, 132)
    note_lines = textwrap.wrap(f"{note} {frame.source}".strip(), SOURCE_CHARACTERS)
    head = 0.17 * len(title_lines) + LINE * len(subtitle_lines) + 0.12
    tail = LINE * len(note_lines) + 0.08
    height = (
        head
        + margins.top
        + rows * panel[1]
        + (rows - 1) * margins.gap_y
        + margins.bottom
        + foot
        + tail
    )
    width = WIDTH
    figure = Figure(figsize=(width, height))
    figure.set_facecolor("white")
    axes = np.empty((rows, cols), dtype=object)
    content = cols * panel[0] + (cols - 1) * margins.gap_x
    spare = max(0.0, (width - margins.left - margins.right - content) / 2)
    right = spare + margins.left + content
    start = (spare + margins.left, height - head - margins.top)
    out = Sheet(figure, axes, width, height, margins, panel, foot, tail, right, start)
    for r, c in np.ndindex(rows, cols) if panels else ():
        place = out.place(r, c)
        out.axes[r, c] = figure.add_axes(
            out.box(place.left, place.bottom, place.width, place.height)
        )
    _head(out, title_lines, subtitle_lines, frame)
    figure.text(
        0.06 / width,
        0.05 / height,
        "\n".join(note_lines),
        fontsize=5.8,
        color=QUIET,
        va="bottom",
        linespacing=1.25,
    )
    return out


def _head(out: Sheet, title: Sequence[str], subtitle: Sequence[str], frame: Frame) -> None:
    y = out.height - 0.05
    out.figure.text(
        0.06 / out.width,
        y / out.height,
        "\n".join(title),
        fontsize=9,
        fontweight="bold",
        va="top",
        linespacing=1.2,
    )
    y -= 0.17 * len(title)
    out.figure.text(
        0.06 / out.width,
        y / out.height,
        "\n".join(subtitle),
        fontsize=6.6,
        color=QUIET,
        va="top",
        linespacing=1.25,
    )
    if frame.synthetic:
        out.figure.text(
            1 - 0.08 / out.width,
            (out.height - 0.06) / out.height,
            "SYNTHETIC",
            fontsize=8,
            fontweight="bold",
            color="white",
            ha="right",
            va="top",
            bbox={"boxstyle": "round,pad=0.25", "facecolor": ALARM, "edgecolor": "none"},
        )


def columns_for(
    count: int,
    *,
    aspect: float,
    available: float,
    gap: float = 0.15,
    tallest: float = 6.6,
    widest: float = 2.6,
    row_gap: float = 0.28,
) -> tuple[int, float]:
    """Choose the columns, and the panel width, that fill the sheet best with `count` panels.

    `aspect` is height over width of a panel. Wide panels are good, empty places are not.
    """
    best, best_score = (1, 0.0), 0.0
    for cols in range(1, count + 1):
        rows = -(-count // cols)
        by_width = (available - (cols - 1) * gap) / cols
        by_height = (tallest / rows - row_gap) / aspect
        width = min(by_width, by_height, widest)
        score = width * (count / (rows * cols)) ** 1.5  # empty places count against it
        if score > best_score + 1e-6:
            best, best_score = (cols, width), score
    return best
