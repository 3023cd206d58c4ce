"""Lineage of the inputs: what they were made from, and the variables that came of them."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from textwrap import wrap
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, PathPatch
from matplotlib.path import Path

from soilscope.report.canvas import Canvas
from soilscope.report.drivers import driver_name
from soilscope.report.layout import Margins, sheet
from soilscope.report.lineage import Lineage, inputs_of, lineage
from soilscope.report.plates import Plate
from soilscope.report.reading import Frame, Study
from soilscope.report.style import ALARM, INK, QUIET, WIDTH
from soilscope.report.words import listed, sentences

ROW = 0.24  # inches
LETTER = 0.052  # inches
HIGH = 0.17  # of a box
SIDE = 0.15
FILL = "#e8eef3"  # of products of the study


def lineage_graph(known: Lineage, *, title: str, subtitle: str, note: str, frame: Frame) -> Figure:
    """Draw ancestors, products and variables as boxes in columns with lines between them."""
    variables = [(owner, v) for owner, mine in known.variables.items() for v in mine]
    deepest = max(map(known.level, known.parents), default=0)
    columns = [[n for n in known.parents if known.level(n) == k] for k in range(deepest + 1)]
    rows = max(len(variables), *map(len, columns), 1)
    out = sheet(
        1, 1, panel=(WIDTH - 2 * SIDE, ROW * rows + 0.3), title=title, subtitle=subtitle,
        note=note, frame=frame, panels=False,
        margins=Margins(left=SIDE, right=SIDE, top=0.05, bottom=0.05),
    )  # fmt: skip
    canvas, box = Canvas(out.figure), out.place(0, 0)
    shown = {n: n for n in known.parents} | {_of(o, v): driver_name(v) for o, v in variables}
    named = [*columns, [driver_name(v) for _, v in variables]]
    widths = _fitting([max(map(len, c), default=1) * LETTER + 0.14 for c in named], box.width)
    lefts = _lefts(widths, box.left, box.width)
    top = box.top - 0.25
    heights = _heights(known, variables, columns, rows)
    place = {n: (lefts[k], widths[k]) for k, column in enumerate(columns) for n in column}
    place |= {_of(o, v): (lefts[-1], widths[-1]) for o, v in variables}
    heads = {len(widths) - 1: "variables", 0: "made from" if deepest else "products"}
    for k, head in heads.items():
        canvas.text(lefts[k], box.top - 0.06, head, fontsize=6.5, color=QUIET, va="center")
    links = [(p, n, p in known.shared) for n, mine in known.parents.items() for p in mine]
    links += [(o, _of(o, v), False) for o, v in variables]
    for start, end, alarmed in links:
        _link(canvas, place[start], top - ROW * heights[start], place[end],
              top - ROW * heights[end], alarmed)  # fmt: skip
    for name, text in shown.items():
        colour = ALARM if name in known.shared else INK
        _box(canvas, place[name], top - ROW * heights[name], text, colour,
             FILL if name in known.variables else "white")  # fmt: skip
    canvas.done()
    return out.figure


def _of(owner: str, variable: str) -> str:
    return f"{owner}\n{variable}"


def _fitting(widths: Sequence[float], available: float) -> list[float]:
    """Narrow the widest columns until all of them fit, with a gap between."""
    room = available - 0.3 * (len(widths) - 1)
    most = max(widths)
    while sum(min(w, most) for w in widths) > room and most > 0.5:
        most -= 0.02
    return [min(w, most) for w in widths]


def _lefts(widths: Sequence[float], start: float, width: float) -> list[float]:
    """Left edges of columns with equal gaps; few columns stand close together."""
    gaps = max(1, len(widths) - 1)
    gap = min(1.1, max(0.3, (width - sum(widths)) / gaps))
    first = start + max(0.0, (width - sum(widths) - gap * gaps) / 2)
    return [first + sum(widths[:k]) + gap * k for k in range(len(widths))]


def _heights(
    known: Lineage,
    variables: Sequence[tuple[str, str]],
    columns: Sequence[Sequence[str]],
    rows: int,
) -> dict[str, float]:
    """Rows of every box: each in the middle of what came of it, none upon another."""
    at = {_of(o, v): k + (rows - len(variables)) / 2 for k, (o, v) in enumerate(variables)}
    for column in reversed(columns):
        wanted = {}
        for name in column:
            below = [at[c] for c in known.children(name)]
            below += [at[_of(name, v)] for v in known.variables.get(name, ())]
            wanted[name] = float(np.mean(below)) if below else 0.0
        at |= _apart(wanted, rows)
    return at


def _apart(wanted: Mapping[str, float], rows: int) -> dict[str, float]:
    """Push rows apart until none is nearer than one to the next, all within `rows`."""
    names = sorted(wanted, key=lambda name: wanted[name])
    heights = [wanted[name] for name in names]
    for k in range(1, len(heights)):
        heights[k] = max(heights[k], heights[k - 1] + 1)
    over = max(0.0, heights[-1] - (rows - 1)) if heights else 0.0
    for k in reversed(range(len(heights))):
        heights[k] = min(heights[k] - (over if k == len(heights) - 1 else 0.0),
                         heights[k + 1] - 1 if k + 1 < len(heights) else np.inf)  # fmt: skip
    return dict(zip(names, heights, strict=True))


def _box(
    canvas: Canvas, place: tuple[float, float], y: float, text: str, colour: str, fill: str
) -> None:
    left, width = place
    style: Any = "round,pad=0,rounding_size=0.03"
    canvas.ax.add_patch(
        FancyBboxPatch((left, y - HIGH / 2), width, HIGH, boxstyle=style, facecolor=fill,
                       edgecolor=colour, linewidth=0.7, zorder=3)
    )  # fmt: skip
    if len(text) * LETTER + 0.12 > width:  # two smaller lines
        text = "\n".join(wrap(text, max(8, int((width - 0.1) / (0.75 * LETTER))))[:2])
        canvas.text(left + 0.06, y, text, fontsize=4.8, color=colour, va="center", zorder=4,
                    linespacing=1.05)  # fmt: skip
        return
    canvas.text(left + 0.06, y, text, fontsize=6.5, color=colour, va="center_baseline", zorder=4)


def _link(
    canvas: Canvas,
    start: tuple[float, float],
    low: float,
    end: tuple[float, float],
    high: float,
    alarmed: bool,
) -> None:
    x0, x1 = start[0] + start[1], end[0]
    bend = min(0.45, (x1 - x0) * 0.6)
    path = Path(
        [(x0, low), (x0 + bend, low), (x1 - bend, high), (x1, high)],
        [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4],
    )
    canvas.ax.add_patch(
        PathPatch(path, facecolor="none", edgecolor=ALARM if alarmed else QUIET,
                  linewidth=0.9 if alarmed else 0.6, zorder=1)
    )  # fmt: skip


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make one graph of all inputs."""
    inputs = inputs_of(study)
    if not inputs:
        return
    known = lineage(inputs)
    if len(known.parents) == 1:
        return  # one product of which nothing is known
    count = sum(map(len, known.variables.values()))
    products = known.products
    made = [
        f"{product} was made from {listed(list(known.parents[product]))}"
        for product in products
        if known.parents[product]
    ]
    seen = sentences(
        f"{len(products)} {'products give' if len(products) > 1 else 'product gives'} {count} "
        f"variable{'s' * (count != 1)}{': ' if made else '; no ancestor is declared'}"
        f"{'; '.join(made)}.",
        f"{listed(known.shared)} {'stand' if len(known.shared) > 1 else 'stands'} behind several "
        "of them, which are not independent." if known.shared else "",
    )  # fmt: skip
    alt = "; ".join(
        f"{product} gives {listed([driver_name(v) for v in known.variables[product]])}"
        for product in products
    )
    yield Plate(
        key="lineage",
        title="Lineage of the inputs",
        seen=seen,
        how="Ancestors as the study and the products declare them; what is made from the same data "
        "is not independent, and its agreement is no proof.",
        alt=f"Graph. {seen} {alt}.",
        draw=partial(
            lineage_graph, known, title="Lineage of the inputs", subtitle="", frame=study.frame,
            note=sentences(
                "Filled: products of the study.",
                "Red: what several of them were made from; these are not independent of each other."
                if known.shared else "",
            ),
        ),
    )  # fmt: skip
    del name
