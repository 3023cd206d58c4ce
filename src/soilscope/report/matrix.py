"""Matrix panels: a coloured cell for each layer (down) and place or driver (across)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.patches import Rectangle

from soilscope.report.style import MASKED, Scale, ink_on

Array = np.ndarray[Any, Any]
HATCH_INK = "#6b6b6b"


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
    n_rows, n_cols = values.shape
    for i in range(n_rows):
        for j in range(n_cols):
            finite = bool(np.isfinite(values[i, j]))
            colour = scale.colours(norm(values[i, j])) if finite else _rgba(MASKED)
            marked = hatched is not None and bool(hatched[i, j]) and finite
            _cell(ax, i, j, colour, hatched=marked)
            if texts is not None:
                ax.text(
                    j, i, texts[i][j], ha="center", va="center", fontsize=fontsize,
                    color=ink_on(colour), linespacing=1.1,
                    bbox=_halo(colour) if marked and texts[i][j] else None,
                )  # fmt: skip
    _frame(ax, rows if label_rows else [""] * n_rows, columns)
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
    for i, (line, words) in enumerate(zip(colours, texts, strict=True)):
        for j, (colour, text) in enumerate(zip(line, words, strict=True)):
            _cell(ax, i, j, _rgba(colour), hatched=False)
            ax.text(j, i, text, ha="center", va="center", fontsize=fontsize,
                    color=ink_on(_rgba(colour)), linespacing=1.1)  # fmt: skip
    _frame(ax, rows, columns)
    return ax


def _cell(ax: Axes, i: int, j: int, colour: Any, *, hatched: bool) -> None:
    ax.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, facecolor=colour, edgecolor="none"))
    if hatched:
        ax.add_patch(
            Rectangle((j - 0.5, i - 0.5), 1, 1, fill=False, hatch="/////", edgecolor=HATCH_INK,
                      linewidth=0)
        )  # fmt: skip
    ax.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, fill=False, edgecolor="white", linewidth=0.7))


def _halo(colour: Any) -> dict[str, Any]:
    return {"boxstyle": "round,pad=0.12", "facecolor": colour, "edgecolor": "none"}


def _frame(ax: Axes, rows: Sequence[str], columns: Sequence[str]) -> None:
    ax.set_xlim(-0.5, len(columns) - 0.5)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_xticks(range(len(columns)), columns)
    ax.set_yticks(range(len(rows)), rows)
    ax.tick_params(length=0, top=False, labeltop=True, bottom=False, labelbottom=False)
    ax.spines[:].set_visible(False)


def _rgba(colour: str) -> tuple[float, ...]:
    from matplotlib.colors import to_rgba

    return tuple(to_rgba(colour))


def wrapped(name: str, *, inches: float, fontsize: float = 6.5) -> str:
    """Break a name into lines that fit into `inches`."""
    import textwrap

    fits = max(4, int(inches * 72 / (fontsize * 0.58)))
    return "\n".join(textwrap.wrap(name, fits, break_long_words=False)) or name
