"""The search for classes: q against the number of classes by every method, a panel a factor."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from soilscope.report.classes import chosen_most, method_words
from soilscope.report.detector import by_size, dagger_note, labels_of, parts
from soilscope.report.layout import Margins, sheet, signed
from soilscope.report.plates import Plate
from soilscope.report.reading import Frame, Study
from soilscope.report.robust import ONE_WAY, as_search
from soilscope.report.seen import at_layer
from soilscope.report.style import INK, LINES, MARKERS
from soilscope.report.words import file_stem, listed, number, sentences

MOST = 24  # factors of a sheet
SHEETS = 3
COLUMNS = 5
Array = np.ndarray[Any, Any]
SELECT = {
    "max": "the largest q",
    "adjusted": "the largest adjusted q",
    "elbow": "the first number of classes that gains at most 5 % on the one before",
    "cross_validated": "the fewest classes that foretell cells which were held out as well as the "
    "best, but for one standard error",
}


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make a sheet for each of the first layers."""
    chosen_by = SELECT.get(str(study.records[name].options.get("select", "max")), "")
    for k, (layer, one) in enumerate(list(parts(study, as_search(study.data(name))))[:SHEETS]):
        one = one[["q", "best_method", "best_n_classes"]]
        one = one.transpose("factor", "method", "n_classes", "time", ...).load()
        if one.sizes["n_classes"] < 2 or not bool(one["q"].notnull().any()):
            continue
        title = f"Search for the best classes ({name}{at_layer(layer)})"
        seen = _seen(one)
        yield Plate(
            key=file_stem("class-search", name, *([layer] if k else [])),
            title=title,
            seen=seen,
            how=f"{_way(one)}; chosen is {chosen_by}. More classes explain more by chance alone.",
            alt=f"q against the number of classes by {_methods(one)} for {one.sizes['factor']} "
            f"factors. {seen}",
            draw=partial(_draw, one, title=title, frame=study.frame),
        )


def _way(one: xr.Dataset) -> str:
    if one.sizes["method"] == 1 and str(one["method"].values[0]) == ONE_WAY:
        return (
            "Robust detector: of all cuts between values of a factor those with the largest q, "
            "which soil moisture itself chooses"
        )
    return "Optimal parameters: every factor is cut by every method"


def _methods(one: xr.Dataset) -> str:
    return (
        f"{one.sizes['method']} methods"
        if one.sizes["method"] > 1
        else str(one["method"][0].item())
    )


def _seen(one: xr.Dataset) -> str:
    """Say how often each method was chosen, and how often the most classes."""
    words = method_words(one)
    codes, numbers = one["best_method"].values, one["best_n_classes"].values
    known = codes >= 0
    if not known.any():
        return "No classes could be chosen."
    counts = {w: int((codes == c).sum()) for c, w in words.items() if c >= 0}
    said = [f"{w} {n}" for w, n in sorted(counts.items(), key=lambda one: -one[1]) if n]
    most = int(one["n_classes"].values.max())
    # a factor's own classes were no choice
    cut = known & ~np.isin(codes, [c for c, w in words.items() if w == "own"])
    full = int((numbers[cut] == most).sum())
    # the choice among few classes gives away how flat the curves are
    q = one["q"].mean("time")
    best, least = q.max(("method", "n_classes")), q.max("method").isel(n_classes=0)
    share = float((least / best.where(best > 0)).median())
    several = one.sizes["method"] > 1
    chosen = f"Methods chosen: {listed(said)} times; the" if several else "Chosen: the"
    return (
        f"{chosen} most classes ({most}) in {full} of {int(cut.sum())} choices. With "
        f"{int(one['n_classes'].values[0])} classes the median factor reaches "
        f"{number(100 * share, 2)} % of its best q."
    )


def _draw(one: xr.Dataset, *, title: str, frame: Frame) -> Figure:
    mean_q = one["q"].mean("time")
    order = by_size(mean_q.max(("method", "n_classes")).values[:, None])[:MOST]
    one = one.isel(factor=order)
    q = mean_q.isel(factor=order).values
    labels, count, total = labels_of(one), len(order), mean_q.sizes["factor"]
    cols = min(COLUMNS, count)
    rows = -(-count // cols)
    n_dates = int(one["q"].notnull().any(("factor", "method", "n_classes")).sum())
    ring = "the choice that was made most often, and on how many dates" if n_dates > 1 else "chosen"
    mean = f"Mean over {n_dates} dates. " if n_dates > 1 else ""
    out = sheet(
        rows, cols, panel=(1.0, 0.85), title=title, frame=frame, foot=0.36,
        subtitle=f"q against the number of classes. {mean}Ring: {ring}. "
        "Every panel has a scale of its own.",
        note=sentences(
            f"The first {count} of {total} factors." if count < total else "",
            dagger_note(one),
        ),
        margins=Margins(left=0.42, right=0.1, top=0.2, bottom=0.34, gap_x=0.38, gap_y=0.42),
    )  # fmt: skip
    n_classes = one["n_classes"].values
    methods = [str(m) for m in one["method"].values]
    for k, axes in enumerate(out.flat):
        if k >= count:
            axes.remove()
            continue
        _panel(axes, n_classes, q[k])
        _ring(axes, one.isel(factor=k), q[k])
        axes.set_title(labels[k], loc="left", fontsize=6.5, pad=3)
        axes.set_ylim(0, (float(np.nanmax(q[k])) if np.isfinite(q[k]).any() else 0.0) * 1.15 or 1.0)
        axes.set_xticks(n_classes[:: -(-len(n_classes) // 8)])
        axes.yaxis.set_major_formatter(signed)
        axes.yaxis.set_major_locator(MaxNLocator(3))
        axes.spines[["top", "right"]].set_visible(False)
    out.label_below("number of classes")
    _legend(out.figure, methods, at=(out.note + 0.04) / out.height)
    return out.figure


def _panel(axes: Axes, n_classes: Array, q: Array) -> None:
    for m, line in enumerate(q):
        axes.plot(n_classes, line, color=LINES[m % 7], marker=MARKERS[m % 7], markersize=2.2,
                  linewidth=0.8)  # fmt: skip


def _ring(axes: Axes, factor: xr.Dataset, q: Array) -> None:
    """Ring what was chosen most often."""
    found = chosen_most(factor)
    if found is None:
        return
    m, c, often, of = found
    x = factor["n_classes"].values
    axes.plot([x[c]], [q[m, c]], "o", markersize=6, markerfacecolor="none", markeredgecolor=INK,
              markeredgewidth=0.8)  # fmt: skip
    if of > 1:
        axes.text(
            0.97, 0.05, f"{often} of {of}", transform=axes.transAxes, ha="right", fontsize=5.5
        )


def _legend(figure: Figure, methods: list[str], *, at: float) -> None:
    handles = [
        Line2D([], [], color=LINES[m % 7], marker=MARKERS[m % 7], markersize=3, linewidth=0.9,
               label=word)
        for m, word in enumerate(methods)
    ]  # fmt: skip
    handles.append(Line2D([], [], linestyle="", marker="o", markersize=6, markerfacecolor="none",
                          markeredgecolor=INK, label="chosen"))  # fmt: skip
    figure.legend(handles=handles, loc="lower center", ncols=len(handles), frameon=False,
                  bbox_to_anchor=(0.5, at), columnspacing=1.4)  # fmt: skip
