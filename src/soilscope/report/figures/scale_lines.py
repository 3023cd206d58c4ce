"""How q changes with the size of cells and with their spacing: a panel a factor."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from soilscope.report.detector import by_size, dagger_note, labels_of, names_of, parts
from soilscope.report.layout import Margins, sheet, signed
from soilscope.report.plates import Plate
from soilscope.report.reading import Frame, Study
from soilscope.report.seen import at_layer
from soilscope.report.style import LINES, MARKERS
from soilscope.report.words import decimals, file_stem, sentences

MOST = 24  # factors of a sheet
SHEETS = 3
COLUMNS = 4
BLOCKS, NETS = LINES[0], LINES[1]
BAND = "#f3d9c4"
Array = np.ndarray[Any, Any]
_BY_GRAIN = ("q_by_grain", "q_adjusted_by_grain")
_BY_SPACING = ("q_by_spacing", "q_by_spacing_low", "q_by_spacing_high", "q_adjusted_by_spacing")


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make a sheet for each of the first layers."""
    for k, (layer, one) in enumerate(list(parts(study, study.data(name)))[:SHEETS]):
        one = one.transpose("factor", "grain", "spacing", "time", ...).load()
        if not bool(one["q_by_grain"].notnull().any() | one["q_by_spacing"].notnull().any()):
            continue
        title = f"What factors explain with larger or fewer cells ({name}{at_layer(layer)})"
        seen = _seen(one)
        yield Plate(
            key=file_stem("scale", name, *([layer] if k else [])),
            title=title,
            seen=seen,
            how="Blocks: so many cells along each edge become one, by their mean. Net: every so "
            "many cells are kept as they are; the band goes over the places where the net can "
            "begin. Factors are cut into classes anew each time. Where q of a net lies depends on "
            "chance as far as its band is wide.",
            alt=f"Lines of q against the size of blocks and the spacing of a net, in cells, for "
            f"{one.sizes['factor']} factors. {seen}",
            draw=partial(_draw, one, title=title, frame=study.frame),
        )


def _mean(one: xr.Dataset, names: Sequence[str]) -> list[Array]:
    """Means over the dates (factor, size) of some of the variables."""
    return [one[v].mean("time").values for v in names]


def _seen(one: xr.Dataset) -> str:
    """Say which factor changes most with the size of cells, and which band is widest."""
    names = names_of(one)
    by_grain, _ = _mean(one, _BY_GRAIN)
    _, low, high, _ = _mean(one, _BY_SPACING)
    said = []
    sizes = one["grain"].values
    change = by_grain[:, -1] - by_grain[:, 0]
    if sizes.size > 1 and np.isfinite(change).any():
        k = int(np.nanargmax(np.abs(change)))
        said.append(
            f"From {_cells(sizes[0])} to blocks of {sizes[-1]} by {sizes[-1]} q changes most for "
            f"{names[k]}: from {decimals(by_grain[k, 0], 2)} to {decimals(by_grain[k, -1], 2)}."
        )
    width = high - low
    if np.isfinite(width).any() and np.nanmax(width) > 0:
        i, j = (int(v) for v in np.unravel_index(int(np.nanargmax(width)), width.shape))
        count = int(np.median(one["n_by_spacing"].values[j]))
        said.append(
            f"With a net of every {_ordinal(int(one['spacing'][j]))} cell ({count:,} cells) q of "
            f"{names[i]} lies between {decimals(low[i, j], 2)} and {decimals(high[i, j], 2)}, "
            "depending on where the net begins."
        )
    return sentences(*said) or "One size and one spacing were tried."


def _cells(size: int) -> str:
    return "single cells" if size == 1 else f"blocks of {size} by {size}"


def _ordinal(n: int) -> str:
    """Say 2 as 'second'.

    >>> [_ordinal(n) for n in (2, 11, 21, 8)]
    ['second', '11th', '21st', '8th']
    """
    if n in (2, 3):
        return {2: "second", 3: "third"}[n]
    ending = {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{'th' if n % 100 in (11, 12, 13) else ending}"


def _draw(one: xr.Dataset, *, title: str, frame: Frame) -> Figure:
    grain, net = _mean(one, _BY_GRAIN), _mean(one, _BY_SPACING)
    order = by_size(grain[0])[:MOST]
    labels, count, total = labels_of(one), len(order), one.sizes["factor"]
    cols = min(COLUMNS, count)
    n_dates = int((one["n_obs"] > 0).sum())
    out = sheet(
        -(-count // cols), cols, panel=(1.35, 0.95), title=title, frame=frame, foot=0.36,
        subtitle=sentences(
            "Blocks: cells are put together. Net: cells are left out.",
            f"Mean over {n_dates} dates." if n_dates > 1 else "",
            "Dashed: adjusted q, beyond what as many strata at random explain.",
        ),
        note=sentences(
            f"Cells: {_counts(one)}.",
            f"The first {count} of {total} factors." if count < total else "",
            dagger_note(one.isel(factor=order)),
        ),
        margins=Margins(left=0.42, right=0.1, top=0.2, bottom=0.34, gap_x=0.2, gap_y=0.42),
    )  # fmt: skip
    top = _top([v[order] for v in (*grain, *net)])
    sizes = sorted({*one["grain"].values.tolist(), *one["spacing"].values.tolist()})
    for k, axes in enumerate(out.flat):
        if k >= count:
            axes.remove()
            continue
        i = int(order[k])
        _panel(axes, one, [v[i] for v in grain], [v[i] for v in net])
        axes.set_title(labels[i], loc="left", fontsize=6.5, pad=3)
        axes.set_ylim(*top)
        axes.set_xscale("log", base=2)
        axes.set_xlim(min(sizes) / 1.15, max(sizes) * 1.15)
        axes.set_xticks(
            sizes[:: -(-len(sizes) // 6)], [str(v) for v in sizes[:: -(-len(sizes) // 6)]]
        )
        axes.minorticks_off()
        axes.yaxis.set_major_locator(MaxNLocator(4))
        axes.yaxis.set_major_formatter(signed)
        axes.tick_params(labelleft=k % cols == 0)
        axes.spines[["top", "right"]].set_visible(False)
        if k % cols == 0:
            axes.set_ylabel("q")
    out.label_below("edge of blocks, or spacing of the net, in cells")
    _legend(out.figure, at=(out.note + 0.04) / out.height)
    return out.figure


def _counts(one: xr.Dataset) -> str:
    """How many cells are left at the largest size and spacing."""
    blocks, nets = (
        int(np.median(one[v].isel({dim: -1}).values))
        for v, dim in (("n_by_grain", "grain"), ("n_by_spacing", "spacing"))
    )
    return (
        f"{int(np.median(one['n_obs'].values)):,} in all, {blocks:,} blocks of the largest edge, "
        f"{nets:,} at the widest spacing"
    )


def _top(values: Sequence[Array]) -> tuple[float, float]:
    """Limits that all panels share: from 0, or below it where adjusted q is."""
    known = np.concatenate([v[np.isfinite(v)] for v in values])
    high = float(known.max()) if known.size else 1.0
    return min(0.0, float(known.min()) if known.size else 0.0), 1.06 * high or 1.0


def _panel(axes: Axes, one: xr.Dataset, grain: list[Array], net: list[Array]) -> None:
    x, z = one["grain"].values, one["spacing"].values
    middle, low, high, fair = net
    axes.fill_between(z, low, high, color=BAND, linewidth=0, zorder=1)
    lines: tuple[tuple[Array, Array, Array, str, str], ...] = (
        (z, middle, fair, NETS, MARKERS[2]),
        (x, grain[0], grain[1], BLOCKS, MARKERS[0]),
    )
    for where, q, adjusted, colour, mark in lines:
        axes.plot(where, adjusted, color=colour, linewidth=0.7, linestyle=(0, (3, 2)), zorder=2)
        axes.plot(where, q, color=colour, marker=mark, markersize=2.8, linewidth=1.0, zorder=3)


def _legend(figure: Figure, *, at: float) -> None:
    handles = [
        Line2D([], [], color=BLOCKS, marker=MARKERS[0], markersize=3, linewidth=1, label="blocks"),
        Line2D([], [], color=NETS, marker=MARKERS[2], markersize=3, linewidth=1,
               label="net, median over its places"),
        Patch(facecolor=BAND, label="net, smallest to largest"),
    ]  # fmt: skip
    figure.legend(handles=handles, loc="lower center", ncols=3, frameon=False,
                  bbox_to_anchor=(0.5, at), columnspacing=1.6)  # fmt: skip
