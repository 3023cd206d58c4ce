"""What pairs of factors explain together, date by date, and which of it noise alone would give."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize, to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from soilscope.report.canvas import Box, hatch_lines
from soilscope.report.detector import (
    by_size,
    dagger_note,
    dates,
    labels_of,
    on_date,
    on_grid,
    parts,
    share_scale,
)
from soilscope.report.fields import spaced_out
from soilscope.report.interactions import TYPES, by_chance, counted, strongest
from soilscope.report.layout import Margins, Sheet, columns_for, sheet
from soilscope.report.matrix import LETTER
from soilscope.report.plates import Plate
from soilscope.report.reading import Frame, Study
from soilscope.report.seen import at_layer
from soilscope.report.style import MASKED, WIDTH, Scale, ink_on
from soilscope.report.words import decimals, file_stem, percent, sentences

MOST = 12  # dates of a sheet
SHEETS = 3
TALLEST = 6.9  # inches for all panels
CELL = 0.36  # inches: widest cell
GAP = 0.12  # inches between panels
WRITTEN = 0.22  # inches: a cell that holds a number
HATCH = "#4a4a4a"
Array = np.ndarray[Any, Any]


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make a sheet for each of the first layers."""
    options = study.records[name].options
    for k, (layer, one) in enumerate(list(parts(study, study.data(name)))[:SHEETS]):
        one = one.transpose("factor", "factor_2", "time", ...).load()
        if one.sizes["factor"] < 2 or not bool(one["q12"].notnull().any()):
            continue
        title = f"What pairs of factors explain together ({name}{at_layer(layer)})"
        seen = _seen(one)
        hatched = _hatched(one, options, gridded=on_grid(study, name))
        yield Plate(
            key=file_stem("interactions", name, *([layer] if k else [])),
            title=title,
            seen=seen,
            how="Interaction detector: q of the overlay of two factors, types by Wang et al. "
            f"(2010) on adjusted q. Hatched: {hatched}",
            alt=f"Matrices of pairs of {one.sizes['factor']} factors on {one.sizes['time']} dates. "
            f"{seen}",
            draw=partial(
                _draw, one, title=title, frame=study.frame,
                note=sentences(f"Hatched: {hatched}", dagger_note(one)),
            ),
        )  # fmt: skip


def _hatched(one: xr.Dataset, options: Mapping[str, Any], *, gridded: bool) -> str:
    if bool(one["p_excess"].notnull().any()):
        block = int(options.get("block") or 1)
        caution = (
            " Deals of single cells break the patches of a map, so that too few are hatched."
            if block == 1 and gridded else ""
        )  # fmt: skip
        return (
            f"the weaker factor, dealt out at random by {_pieces(block)}, adds as much in more "
            f"than {percent(float(options.get('alpha') or 0.05))} of "
            f"{int(options.get('n_permutations') or 0)} deals, or adjusted q sees no "
            f"enhancement.{caution}"
        )
    return (
        "plain q calls it an enhancement, adjusted q does not: as many strata at random would add "
        "as much."
    )


def _pieces(block: int) -> str:
    return f"blocks of {block} by {block} cells" if block > 1 else "cells"


def _seen(one: xr.Dataset) -> str:
    plain, kept, noise = counted(one)
    i, j, t = strongest(one)
    labels, when = labels_of(one), dates(one)
    q = float(one["q12"].values[i, j, t])
    best = f"{labels[i]} and {labels[j]}{on_date(when[t])}"
    return (
        f"Most is explained by {best} (q {decimals(q, 2)}). Plain q calls {plain:,} "
        f"{_pairs(plain)} enhanced; {kept} remain by adjusted q, and {noise} are what noise "
        "alone would give."
    )


def _pairs(n: int) -> str:
    return "pair" if n == 1 else "pairs"


def _draw(one: xr.Dataset, *, title: str, note: str, frame: Frame) -> Figure:
    one = one.isel(time=np.flatnonzero(one["q12"].notnull().any(("factor", "factor_2")).values))
    total = one.sizes["time"]
    diagonal = np.einsum("iit->it", one["q12"].values)
    order = by_size(diagonal)
    one = one.isel(time=spaced_out(total, MOST), factor=order, factor_2=order)
    labels, when = labels_of(one), dates(one)
    k, n = len(labels), len(when)
    size = 5.0 if k > 8 else 6.0
    room = max(map(len, labels)) * LETTER * size / 72 + 0.1
    cols, width = _columns(n, k, available=WIDTH - room - 0.1)
    rows = -(-n // cols)
    out = sheet(
        rows, cols, panel=(width, width), title=title, note=note, frame=frame, foot=0.92 + room,
        subtitle=sentences(
            "Lower left: q of both factors together; diagonal: q of one alone. Upper right: type "
            "of the interaction by adjusted q.",
            f"{n} of {total} dates, evenly spread." if n < total else "",
        ),
        margins=Margins(left=room, right=0.1, top=0.18, bottom=0.02, gap_x=GAP, gap_y=0.22),
    )  # fmt: skip
    scale = share_scale(one["q12"].values)
    for p, ax in enumerate(out.flat):
        if p >= n:
            ax.remove()
            continue
        part = one.isel(time=p)
        _panel(ax, part, scale, inches=width, labels=labels, size=size,
               left=p % cols == 0, below=p + cols >= n)  # fmt: skip
        if when[p]:
            ax.set_title(when[p], loc="left", fontsize=6.5, pad=2)
    out.bar_below(scale, "q of both factors", row=0)
    _key(out, one)
    return out.figure


def _columns(n: int, k: int, *, available: float) -> tuple[int, float]:
    """Columns and width of panels: side by side where that costs little of their size."""
    best, width = columns_for(
        n, aspect=1.0, available=available, gap=GAP, tallest=TALLEST, widest=CELL * k, row_gap=0.24
    )
    for cols in range(n, best, -1):
        narrower = min((available - (cols - 1) * GAP) / cols, CELL * k)
        if narrower >= 0.87 * width:
            return cols, narrower
    return best, width


def _panel(
    ax: Axes,
    part: xr.Dataset,
    scale: Scale,
    *,
    inches: float,
    labels: Sequence[str],
    size: float,
    left: bool,
    below: bool,
) -> None:
    q, types = part["q12"].values, part["interaction_adjusted"].values
    k = len(labels)
    colours = np.asarray(scale.colours(Normalize(scale.low, scale.high)(q)), float)
    upper = np.triu(np.ones((k, k), bool), 1)
    for code, (_, colour) in TYPES.items():
        colours[upper & (types == code)] = to_rgba(colour)
    colours[~np.isfinite(q)] = to_rgba(MASKED)
    ax.imshow(colours, aspect="auto", interpolation="nearest")
    noise = by_chance(part)
    if noise.any():
        lines = hatch_lines(noise, Box(0, 0, inches, inches), gap=min(0.045, inches / k / 2.2))
        lines[..., 0] = lines[..., 0] / inches * k - 0.5
        lines[..., 1] = k - 0.5 - lines[..., 1] / inches * k
        ax.add_collection(LineCollection(list(lines), colors=HATCH, linewidths=0.35))
    edges = np.arange(1, k) - 0.5
    width = 0.6 if inches / k > 0.15 else 0.35
    ax.hlines(edges, -0.5, k - 0.5, colors="white", linewidths=width)
    ax.vlines(edges, -0.5, k - 0.5, colors="white", linewidths=width)
    if inches / k >= WRITTEN:
        _numbers(ax, q, colours, noise)
    ax.set_xlim(-0.5, k - 0.5)
    ax.set_ylim(k - 0.5, -0.5)
    ax.set_yticks(range(k), labels if left else [""] * k, fontsize=size)
    ax.set_xticks(range(k), labels if below else [""] * k, fontsize=size, rotation=90)
    ax.tick_params(length=0, pad=1.5)
    ax.spines[:].set_visible(False)


def _numbers(ax: Axes, q: Array, colours: Array, noise: Array) -> None:
    """Write q into the lower left half."""
    for i, j in zip(*np.tril_indices(len(q)), strict=True):
        if not np.isfinite(q[i, j]):
            continue
        colour = tuple(map(float, colours[i, j]))
        halo = {"boxstyle": "round,pad=0.1", "facecolor": colour, "edgecolor": "none"}
        ax.text(int(j), int(i), decimals(float(q[i, j]), 2), ha="center", va="center", fontsize=5.2,
                color=ink_on(colour), bbox=halo if noise[i, j] else None)  # fmt: skip


def _key(out: Sheet, one: xr.Dataset) -> None:
    """Explain the colours of the types that occur."""
    there = set(np.unique(one["interaction_adjusted"].values).tolist())
    handles = [
        Patch(facecolor=colour, edgecolor=HATCH, linewidth=0.4, label=word)
        for code, (word, colour) in TYPES.items()
        if code in there
    ]
    handles.append(Patch(facecolor="white", edgecolor=HATCH, hatch="//////", linewidth=0.4,
                         label="noise alone would give it"))  # fmt: skip
    out.figure.legend(
        handles=handles, loc="lower center", ncols=min(4, len(handles)), frameon=False,
        handlelength=1.6, columnspacing=1.2, bbox_to_anchor=(0.5, (out.note + 0.44) / out.height),
    )  # fmt: skip
