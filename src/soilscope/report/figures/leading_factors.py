"""The leading factors through the year: what they explain, and which of them leads when."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from soilscope.report.detector import (
    by_size,
    claim,
    dagger_note,
    dates,
    labels_of,
    leading,
    marks_of,
    names_of,
    parts,
)
from soilscope.report.layout import Margins, sheet, signed
from soilscope.report.matrix import LETTER
from soilscope.report.plates import Plate
from soilscope.report.reading import Frame, Study
from soilscope.report.seen import at_layer, runs
from soilscope.report.style import LINES, MARKERS, MASKED, QUIET, WIDTH, ink_on
from soilscope.report.words import file_stem, listed, sentences

SHEETS = 4
LEFT, RIGHT = 1.05, 1.35
NAMED = len(LINES)  # factors with a colour of their own
STRIP = 0.3  # inches
NAME = 5.8  # points
LETTERS = 76  # of the dates that stand side by side
Array = np.ndarray[Any, Any]


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make a sheet for each of the first layers, where there are several dates."""
    said = claim(study, name)
    ds = study.data(name)
    ds = ds.assign(firm=said.firm) if said.firm is not None else ds
    for k, (layer, one) in enumerate(list(parts(study, ds))[:SHEETS]):
        one = one.transpose("factor", "time", ...).load()
        if one.sizes["time"] < 2 or not bool(one["q"].notnull().any()):
            continue
        title = f"Leading factors through the year ({name}{at_layer(layer)})"
        seen = _seen(one)
        yield Plate(
            key=file_stem("leading-factors", name, *([layer] if k else [])),
            title=title,
            seen=seen,
            how="The leading factor has the largest adjusted q (q beyond what as many strata at "
            f"random explain){' of those that are significant' if 'firm' in one else ''}. "
            f"p: {said.test}.",
            alt=f"Lines of adjusted q over {one.sizes['time']} dates, and the leading factor of "
            f"each. {seen}",
            draw=partial(
                _draw, one, title=title, frame=study.frame,
                note=sentences(
                    "" if "firm" in one else said.hatched, "Grey lines: factors that never lead.",
                    dagger_note(one.isel(factor=np.unique(leaders(one)[0][leaders(one)[0] >= 0]))),
                ),
            ),
        )  # fmt: skip


def leaders(one: xr.Dataset) -> tuple[Array, Array]:
    """Leading factor of each date among all, and among those that are not circular; -1: none."""
    score = one["q_adjusted"].values
    allowed = one["firm"].values if "firm" in one else np.ones(score.shape, bool)
    return leading(score, allowed), leading(score, allowed & ~marks_of(one)[:, None])


def _seen(one: xr.Dataset) -> str:
    names, when = names_of(one), dates(one)
    every, free = leaders(one)
    known = np.isfinite(one["q_adjusted"].values).any(axis=0)
    said = f"Leading: {_told(every, names, when, known)}"
    if (every == free).all():
        return f"{said}."
    rest = _told(free, names, when, known)
    return f"{said}; of those that soil moisture was not made from: {rest}."


def _told(first: Array, names: Sequence[str], when: Sequence[str], known: Array) -> str:
    words = [
        names[k] if k >= 0 else "none" if there else "no estimate"
        for k, there in zip(first, known, strict=True)
    ]
    return listed([f"{word} ({at})" for word, at in runs(words, when)])


def _draw(one: xr.Dataset, *, title: str, note: str, frame: Frame) -> Figure:
    score, when, labels = one["q_adjusted"].values, dates(one), labels_of(one)
    every, free = leaders(one)
    both = not (every == free).all()
    order = by_size(score)
    led = [int(k) for k in order if k in every or k in free][:NAMED]
    looks = {k: (LINES[i], MARKERS[i]) for i, k in enumerate(led)}
    strips = 2 if both else 1
    foot = strips * STRIP + 0.25
    out = sheet(
        1, 1, panel=(WIDTH - LEFT - RIGHT, 2.4), title=title, frame=frame, note=note, foot=foot,
        subtitle="Above: adjusted q of each factor. Below: the factor that leads on each date.",
        margins=Margins(left=LEFT, right=RIGHT, top=0.12, bottom=0.22),
    )  # fmt: skip
    axes = out.flat[0]
    _lines(axes, score, looks, order=order)
    axes.set_xlim(-0.5, len(when) - 0.5)
    step = -(-len(when) * max(map(len, when)) // LETTERS)
    axes.set_xticks(range(0, len(when), step), [when[k] for k in range(0, len(when), step)])
    axes.set_ylabel("adjusted q")
    axes.yaxis.set_major_formatter(signed)
    axes.spines[["top", "right"]].set_visible(False)
    _legend(axes, labels, looks)
    box = out.place(0, 0)
    told = [("leading", every), ("leading, not\ncircular", free)][:strips]
    for i, (word, first) in enumerate(told):
        low = out.note + foot - 0.12 - (i + 1) * STRIP
        strip = out.figure.add_axes(out.box(box.left, low, box.width, STRIP - 0.05))
        _strip(strip, word, first, labels, looks, inches=box.width / len(when))
    return out.figure


def _lines(axes: Axes, score: Array, looks: dict[int, tuple[str, str]], *, order: Array) -> None:
    x = np.arange(score.shape[1])
    small = 3.2 if x.size <= 36 else 0.0
    for k in reversed([int(k) for k in order]):
        if k not in looks:
            axes.plot(x, score[k], color="#c9ced2", linewidth=0.7, zorder=1)
    for k, (colour, mark) in looks.items():
        axes.plot(x, score[k], color=colour, marker=mark, markersize=small, linewidth=1.1, zorder=3)
    axes.axhline(0, color=QUIET, linewidth=0.5, zorder=0)


def _legend(axes: Axes, labels: Sequence[str], looks: dict[int, tuple[str, str]]) -> None:
    for i, (k, (colour, mark)) in enumerate(looks.items()):
        y = 0.96 - 0.085 * i
        axes.plot(
            [1.03], [y], marker=mark, markersize=3.6, color=colour, transform=axes.transAxes,
            clip_on=False, scalex=False, scaley=False,
        )  # fmt: skip
        axes.text(1.055, y, labels[k], transform=axes.transAxes, va="center_baseline",
                  fontsize=6.5, color=colour)  # fmt: skip


def _strip(
    ax: Axes,
    word: str,
    first: Array,
    labels: Sequence[str],
    looks: dict[int, tuple[str, str]],
    *,
    inches: float,
) -> None:
    """Draw a coloured bar for each run of dates with one leading factor, with its name."""
    starts = np.flatnonzero(np.diff(first, prepend=-2))
    for a, b in zip(starts, [*starts[1:], len(first)], strict=True):
        k = int(first[a])
        colour = looks[k][0] if k in looks else MASKED
        ax.barh(0, b - a, left=a - 0.5, height=1, color=colour, edgecolor="white", linewidth=0.8)
        text = labels[k] if k >= 0 else "none"
        if len(text) * LETTER * NAME / 72 < inches * (b - a):
            ax.text((a + b - 1) / 2, 0, text, ha="center", va="center", fontsize=NAME,
                    color=ink_on(to_rgba(colour)))  # fmt: skip
    ax.set_xlim(-0.5, len(first) - 0.5)
    ax.set_ylim(-0.5, 0.5)
    ax.set_yticks([0], [word])
    ax.set_xticks([])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
