"""One Axes in inches for all panels of a sheet: hundreds of small Axes take most of the time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure

from soilscope.report.style import INK, QUIET

Array = np.ndarray[Any, Any]
HATCH_INK = "#3a3a3a"
HATCH_GAP = 0.045  # inches between the lines of a hatch
TICK = 0.022  # inches


@dataclass(frozen=True)
class Box:
    """A panel: inches from the lower left corner of the sheet."""

    left: float
    bottom: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Right edge."""
        return self.left + self.width

    @property
    def top(self) -> float:
        """Upper edge."""
        return self.bottom + self.height

    def across(self, values: Any, low: float, high: float) -> Array:
        """Inches of `values` on a horizontal axis from `low` to `high`."""
        return self.left + (np.asarray(values, float) - low) / (high - low) * self.width

    def up(self, values: Any, low: float, high: float) -> Array:
        """Inches of `values` on a vertical axis from `low` to `high`."""
        return self.bottom + (np.asarray(values, float) - low) / (high - low) * self.height

    def frame(self) -> Array:
        """Four segments around the panel."""
        x = [self.left, self.right, self.right, self.left, self.left]
        y = [self.bottom, self.bottom, self.top, self.top, self.bottom]
        corners = np.stack([x, y], axis=1)
        return np.stack([corners[:-1], corners[1:]], axis=1)


class Canvas:
    """Draws into boxes of a figure; lines of one style are drawn together at the end."""

    def __init__(self, figure: Figure) -> None:
        self.width, self.height = map(float, figure.get_size_inches())
        self.ax = figure.add_axes((0, 0, 1, 1))
        self.ax.set_axis_off()
        self.ax.set_autoscale_on(False)
        self._lines: dict[tuple[str, float, float], list[Array]] = {}
        self._areas: dict[str, list[Array]] = {}

    def image(
        self, box: Box, values: Array, *, colours: Colormap, norm: Normalize, upward: bool = False
    ) -> None:
        """Fill `box` with cells; the first row is the uppermost, or the lowest if `upward`."""
        self.ax.imshow(
            np.ma.masked_invalid(values), origin="lower" if upward else "upper", cmap=colours,
            extent=(box.left, box.right, box.bottom, box.top), aspect="auto", norm=norm,
            interpolation="nearest", clip_on=False,
        )  # fmt: skip

    def lines(self, segments: Array, colour: str, width: float, *, above: float = 2.0) -> None:
        """Add straight segments (n, 2, 2) in inches; those with a higher `above` cover others."""
        if len(segments):
            self._lines.setdefault((colour, width, above), []).append(np.asarray(segments))

    def marks(self, points: Array, colour: str, size: float, **look: Any) -> None:
        """Draw round marks at points (n, 2) in inches."""
        self.ax.plot(points[:, 0], points[:, 1], linestyle="", marker="o", markersize=size,
                     color=colour, clip_on=False, **look)  # fmt: skip

    def area(self, corners: Array, colour: str) -> None:
        """Add a pale area with corners (n, 2) in inches."""
        self._areas.setdefault(colour, []).append(corners)

    def text(self, x: float, y: float, text: str, **look: Any) -> None:
        """Write at a place in inches."""
        self.ax.text(x, y, text, **look)

    def ticks_below(self, box: Box, at: Array, texts: Sequence[str], colour: str = INK) -> None:
        """Draw ticks at the lower edge, at `at` inches, with their texts (none: no texts)."""
        ends = [[(x, box.bottom), (x, box.bottom - TICK)] for x in at]
        self.lines(np.asarray(ends), colour, 0.5)
        for x, text in zip(at, texts, strict=False):
            self.text(x, box.bottom - 0.05, text, ha="center", va="top", fontsize=5.8, color=colour)

    def ticks_left(self, box: Box, at: Array, texts: Sequence[str], colour: str = INK) -> None:
        """Draw ticks at the left edge, at `at` inches, with their texts (none: no texts)."""
        ends = [[(box.left, y), (box.left - TICK, y)] for y in at]
        self.lines(np.asarray(ends), colour, 0.5)
        for y, text in zip(at, texts, strict=False):
            self.text(
                box.left - 0.05,
                y,
                text,
                ha="right",
                va="center_baseline",
                fontsize=5.8,
                color=colour,
            )

    def frame(self, box: Box) -> None:
        """Draw the edges of a panel."""
        self.lines(box.frame(), QUIET, 0.5, above=2.5)

    def done(self) -> None:
        """Draw the lines that were added; the last call."""
        for (colour, width, above), parts in self._lines.items():
            ends = "butt" if colour == HATCH_INK else "projecting"
            drawn = LineCollection(
                list(np.concatenate(parts)),
                colors=colour,
                linewidths=width,
                capstyle=ends,
                zorder=above,
            )
            self.ax.add_collection(drawn, autolim=False)
        for colour, corners in self._areas.items():
            pale = PolyCollection(corners, facecolors=colour, alpha=0.14, linewidths=0, zorder=1.5)
            self.ax.add_collection(pale, autolim=False)
        self.ax.set_xlim(0, self.width)
        self.ax.set_ylim(0, self.height)


def hatch_lines(hatched: Array, box: Box, *, upward: bool = False, gap: float = HATCH_GAP) -> Array:
    """Return the parts (n, 2, 2) of diagonals of `box` that cross cells where `hatched`.

    >>> lines = hatch_lines(np.array([[True]]), Box(0, 0, 1, 1), gap=0.75)
    >>> (lines.round(2) + 0.0).tolist()  # no negative zeros
    [[[0.75, 0.0], [1.0, 0.25]], [[0.0, 0.0], [1.0, 1.0]], [[0.0, 0.75], [0.25, 1.0]]]
    """
    rows, cols = hatched.shape
    mask = hatched if upward else hatched[::-1]
    step = min(box.width / cols / 3, box.height / rows / 3, gap / 3, 0.004)
    count = int(np.ceil(box.width / step))
    x = (np.arange(count) + 0.5) / count * box.width
    starts = np.arange(-box.width + gap * (box.width / gap % 1), box.height, gap)
    y = starts[:, None] + x[None, :]
    column = np.minimum((x / box.width * cols).astype(int), cols - 1)
    row = np.floor(y / box.height * rows).astype(int)
    inside = (row >= 0) & (row < rows)
    drawn = np.zeros((len(starts), count + 2), bool)
    drawn[:, 1:-1] = inside & mask[np.clip(row, 0, rows - 1), column[None, :]]
    change = np.diff(drawn.astype(np.int8), axis=1)
    which, begin = np.nonzero(change == 1)
    _, end = np.nonzero(change == -1)
    edges = np.arange(count + 1) / count * box.width
    first, last = edges[begin], edges[end]
    ends = [
        np.stack([box.left + first, box.bottom + starts[which] + first], axis=1),
        np.stack([box.left + last, box.bottom + starts[which] + last], axis=1),
    ]
    return np.stack(ends, axis=1)
