"""Lineage of the inputs: what they were made from, and the variables that came of them."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from soilscope.report.layout import Margins, sheet
from soilscope.report.lineage import Input, inputs_of, shared_ancestors
from soilscope.report.plates import Plate
from soilscope.report.reading import Frame, Study
from soilscope.report.style import ALARM, INK, QUIET, WIDTH
from soilscope.report.words import listed

ROW = 0.24  # inches
COLUMNS = (0.02, 0.37, 0.74)  # left edges of the boxes, as shares of the width
BOX = (0.22, 0.25, 0.24)  # their widths
HEADS = ("made from", "input", "variables of the study")


def lineage_graph(
    inputs: Sequence[Input],
    shared: Mapping[str, Sequence[str]],
    *,
    title: str,
    subtitle: str,
    frame: Frame,
) -> Figure:
    """Draw ancestors, inputs and variables as boxes in three columns with lines between them."""
    ancestors = list(dict.fromkeys(a for one in inputs for a in one.ancestors))
    variables = [(one.name, v) for one in inputs for v in one.variables]
    rows = max(len(ancestors), len(inputs), len(variables), 1)
    out = sheet(
        1, 1, panel=(WIDTH - 0.3, ROW * (rows + 1)), title=title, subtitle=subtitle,
        note="Red: what several inputs were made from; these inputs are not independent of each "
        "other." if shared else "", frame=frame,
        margins=Margins(left=0.15, right=0.15, top=0.05, bottom=0.05),
    )  # fmt: skip
    ax = out.flat[0]
    ax.set_axis_off()
    ax.set_xlim(0, 1)
    ax.set_ylim(rows + 0.2, -0.8)
    heights = (_spread(len(ancestors), rows), _centres(inputs, rows), _spread(len(variables), rows))
    for k, head in enumerate(HEADS):
        if (ancestors, inputs, variables)[k]:
            ax.text(COLUMNS[k], -0.45, head, fontsize=6.5, color=QUIET, va="center")
    for i, one in enumerate(inputs):
        for ancestor in one.ancestors:
            _line(ax, 0, heights[0][ancestors.index(ancestor)], heights[1][i], ancestor in shared)
        for j, (owner, _) in enumerate(variables):
            if owner == one.name:
                _line(ax, 1, heights[1][i], heights[2][j], alarmed=False)
    for y, text in zip(heights[0], ancestors, strict=True):
        _box(ax, 0, y, text, ALARM if text in shared else INK)
    for y, one in zip(heights[1], inputs, strict=True):
        _box(ax, 1, y, f"{one.name} ({one.product})", INK)
    for y, (_, text) in zip(heights[2], variables, strict=True):
        _box(ax, 2, y, text.replace("_", " "), INK)
    return out.figure


def _spread(count: int, rows: int) -> list[float]:
    """Heights of `count` boxes over `rows` rows."""
    return [(k + 0.5) * rows / count for k in range(count)]


def _centres(inputs: Sequence[Input], rows: int) -> list[float]:
    """Heights of the inputs: the middle of their variables."""
    total = sum(len(one.variables) for one in inputs) or 1
    at, found = 0.0, []
    for one in inputs:
        found.append((at + len(one.variables) / 2) * rows / total)
        at += len(one.variables)
    return found


def _box(ax: Axes, column: int, y: float, text: str, colour: str) -> None:
    fits = int(BOX[column] * (WIDTH - 0.3) * 72 / (6.5 * 0.56))
    shown = text if len(text) <= fits else f"{text[: fits - 1]}\N{HORIZONTAL ELLIPSIS}"
    style: Any = {"boxstyle": "round,pad=0.3", "facecolor": "white", "edgecolor": colour}
    ax.text(COLUMNS[column] + 0.005, y, shown, fontsize=6.5, color=colour, va="center",
            bbox=style | {"linewidth": 0.7})  # fmt: skip


def _line(ax: Axes, column: int, start: float, end: float, alarmed: bool) -> None:
    left, right = COLUMNS[column] + BOX[column], COLUMNS[column + 1] - 0.005
    ax.plot(
        [COLUMNS[column] + 0.01, left, right], [start, start, end],
        color=ALARM if alarmed else QUIET, linewidth=0.9 if alarmed else 0.6, zorder=0,
    )  # fmt: skip


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make one graph of all inputs."""
    inputs = inputs_of(study)
    if not inputs:
        return
    shared = shared_ancestors(inputs)
    count = sum(len(one.variables) for one in inputs)
    known = [one for one in inputs if one.ancestors]
    seen = (
        f"{len(inputs)} {'inputs give' if len(inputs) > 1 else 'input gives'} {count} "
        f"variable{'s' * (count != 1)}"
        + (f"; {listed(sorted(shared))} stands behind several of them" if shared else "")
        + ("." if known else "; no ancestor is declared.")
    )
    alt = "; ".join(
        f"{one.name}: made from {listed(list(one.ancestors)) or 'nothing declared'}, gives "
        f"{listed([v.replace('_', ' ') for v in one.variables])}"
        for one in inputs
    )
    yield Plate(
        key="lineage",
        title="Lineage of the inputs",
        seen=seen,
        how="Ancestors as the study and the products declare them; what is made from the same data "
        "is not independent, and its agreement is no proof.",
        alt=f"Graph. {alt}.",
        draw=partial(lineage_graph, inputs, shared, title="Lineage of the inputs", subtitle="",
                     frame=study.frame),
    )  # fmt: skip
    del name
