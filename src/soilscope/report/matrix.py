"""Matrix panels: a coloured cell for each layer (down) and place or driver (across)."""

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize, to_rgba

from soilscope.report.canvas import Box, hatch_lines
from soilscope.report.style import MASKED, Scale, ink_on

Array = np.ndarray[Any, Any]
HATCH_INK = "#6b6b6b"
LETTER = 0.55  # width of a letter over its size, on the safe side
STEEP = 60.0  # degrees of headings that are too long to lie


def draw_matrix(
    ax: Axes,
    values: Array,
    scale: Scale,
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    texts: Sequence[Sequence[str]] | None = None,
    hatched: Array | None = None,
    fontsize: float = 6.2,
    label_rows: bool = True,
) -> Axes:
    """Draw `values` (rows, columns) with `texts` in the cells, hatched where nothing is claimed."""
    norm = Normalize(scale.low, scale.high)
    colours = np.asarray(scale.colours(norm(np.ma.masked_invalid(values))), float)
    colours[~np.isfinite(values)] = to_rgba(MASKED)
    marked = None if hatched is None else np.asarray(hatched, bool) & np.isfinite(values)
    _cells(ax, colours, marked)
    if texts is not None:
        _write(ax, colours, texts, fontsize, marked)
    _frame(ax, rows if label_rows else [""] * len(rows), columns)
    return ax


def draw_words(
    ax: Axes,
    colours: Sequence[Sequence[str]],
    texts: Sequence[Sequence[str]],
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    fontsize: float = 6.2,
) -> Axes:
    """Draw cells in given colours with given texts."""
    rgba = np.array([[to_rgba(colour) for colour in line] for line in colours])
    _cells(ax, rgba, None)
    _write(ax, rgba, texts, fontsize, None)
    _frame(ax, rows, columns)
    return ax


def _cells(ax: Axes, colours: Array, marked: Array | None) -> None:
    """Fill the cells, hatch those that are marked, and part them by white lines."""
    n_rows, n_cols = colours.shape[:2]
    ax.imshow(colours, aspect="auto", interpolation="nearest")
    if marked is not None and marked.any():
        figure = ax.get_figure(root=True)
        across, up = figure.get_size_inches() if figure is not None else (1.0, 1.0)
        position = ax.get_position()
        width, height = position.width * across, position.height * up
        lines = hatch_lines(marked, Box(0, 0, width, height))
        lines[..., 0] = lines[..., 0] / width * n_cols - 0.5
        lines[..., 1] = n_rows - 0.5 - lines[..., 1] / height * n_rows
        ax.add_collection(LineCollection(list(lines), colors=HATCH_INK, linewidths=0.35))
    white = [[(-0.5, i - 0.5), (n_cols - 0.5, i - 0.5)] for i in range(1, n_rows)]
    white += [[(j - 0.5, -0.5), (j - 0.5, n_rows - 0.5)] for j in range(1, n_cols)]
    ax.add_collection(LineCollection(white, colors="white", linewidths=0.7))


def _write(
    ax: Axes,
    colours: Array,
    texts: Sequence[Sequence[str]],
    fontsize: float,
    marked: Array | None,
) -> None:
    for i, j in np.ndindex(colours.shape[:2]):
        if not texts[i][j]:
            continue
        colour = tuple(map(float, colours[i, j]))
        halo = marked is not None and bool(marked[i, j])
        ax.text(
            j, i, texts[i][j], ha="center", va="center", fontsize=fontsize, color=ink_on(colour),
            linespacing=1.1, bbox=_halo(colour) if halo else None,
        )  # fmt: skip


def _halo(colour: Any) -> dict[str, Any]:
    return {"boxstyle": "round,pad=0.12", "facecolor": colour, "edgecolor": "none"}


def _frame(ax: Axes, rows: Sequence[str], columns: Sequence[str]) -> None:
    ax.set_xlim(-0.5, len(columns) - 0.5)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_xticks(range(len(columns)), columns)
    ax.set_yticks(range(len(rows)), rows)
    ax.tick_params(length=0, top=False, labeltop=True, bottom=False, labelbottom=False)
    ax.spines[:].set_visible(False)


def wrapped(name: str, *, inches: float, fontsize: float = 6.5) -> str:
    """Break a name into lines that fit into `inches`."""
    fits = max(4, int(inches * 72 / (fontsize * LETTER)))
    return "\n".join(textwrap.wrap(name, fits, break_long_words=False)) or name


def lie_flat(names: Sequence[str], *, inches: float, fontsize: float) -> bool:
    """Whether the longest word of `names` fits into `inches`."""
    longest = max((len(word) for name in names for word in name.split()), default=0)
    return longest * fontsize * LETTER / 72 <= inches


def steep(ax: Axes) -> None:
    """Turn the headings of the columns upwards."""
    for label in ax.get_xticklabels():
        label.set(rotation=STEEP, ha="left", va="baseline", rotation_mode="anchor")


def steep_height(names: Sequence[str], *, fontsize: float) -> float:
    """Inches that headings take that were turned upwards."""
    longest = max((len(name) for name in names), default=0)
    return float((longest * LETTER * np.sin(np.deg2rad(STEEP)) + 0.6) * fontsize / 72)
