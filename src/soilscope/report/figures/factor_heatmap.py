"""What each factor explains of the pattern in space: factors down, dates across."""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from soilscope.report.detector import (
    by_size,
    circular_words,
    claim,
    dagger_note,
    dates,
    labels_of,
    leading,
    names_of,
    on_date,
    parts,
    share_scale,
)
from soilscope.report.fields import spaced_out
from soilscope.report.layout import Margins, sheet
from soilscope.report.matrix import LETTER, draw_matrix
from soilscope.report.plates import Plate
from soilscope.report.reading import Frame, Study
from soilscope.report.robust import as_factors
from soilscope.report.seen import at_layer
from soilscope.report.style import WIDTH
from soilscope.report.words import decimals, file_stem, listed, number, sentences

MOST = 24  # dates of a sheet
SHEETS = 4
CELL = 0.46  # inches: widest cell
ROW = 0.19
SIZE = 5.8
WAYS = {
    "factor_detector": "Factor detector: q is one less the share of the sum of squares that lies "
    "within the strata of a factor.",
    "rgd": "Robust detector: q of the cuts of a factor that explain most. As soil moisture itself "
    "chooses them, q is large by chance too.",
    "gozh": "Zones of a regression tree: q of the leaves of a tree of one factor. As soil moisture "
    "itself chooses them, q is large by chance too.",
}


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make a sheet for each of the first layers."""
    said = claim(study, name)
    ds = as_factors(study.data(name))
    ds = ds.assign(firm=said.firm) if said.firm is not None else ds
    for k, (layer, one) in enumerate(list(parts(study, ds))[:SHEETS]):
        one = one.transpose("factor", "time", ...).load()
        if not bool(one["q"].notnull().any()):
            continue
        title = f"Share of the variance in space that factors explain ({name}{at_layer(layer)})"
        seen = _seen(one)
        tested = f"p: {said.test}. " if said.p is not None else ""
        yield Plate(
            key=file_stem("factor-heatmap", name, *([layer] if k else [])),
            title=title,
            seen=sentences(seen, circular_words(one)),
            how=f"{WAYS[study.records[name].step]} {tested}{said.hatched}",
            alt=f"Matrix of {one.sizes['factor']} factors and {one.sizes['time']} dates. {seen}",
            draw=partial(
                _draw, one, title=title, frame=study.frame,
                note=sentences(said.hatched, "Grey: no estimate.", dagger_note(one)),
            ),
        )  # fmt: skip


def _seen(one: xr.Dataset) -> str:
    """Say which factor explains most on which share of the dates, and the largest q."""
    q, names, when = one["q"].values, names_of(one), dates(one)
    firm = one["firm"].values if "firm" in one else np.ones(q.shape, bool)
    first = leading(one["q_adjusted" if "q_adjusted" in one else "q"].values, np.isfinite(q))
    known = first[first >= 0]
    counts = np.bincount(known, minlength=len(names))
    most = int(counts.argmax())
    i, j = np.unravel_index(int(np.nanargmax(q)), q.shape)
    often = f"On {counts[most]} of {known.size} dates {names[most]} explains most"
    largest = f"largest q: {number(float(q[i, j]), 2)} of {names[i]}{on_date(when[j])}"
    said = (
        f"{often}; {largest}"
        if when != [""]
        else f"Of the factors {names[i]} explains most (q {q[i, j]:.2f})"
    )
    if "firm" not in one:
        return f"{said}."
    never = [n for n, row in zip(names, firm, strict=True) if not row.any()]
    return f"{said}{f'; never significant: {listed(never, most=6)}' if never else ''}."


def _draw(one: xr.Dataset, *, title: str, note: str, frame: Frame) -> Figure:
    count = one.sizes["time"]
    shown = one.isel(time=spaced_out(count, MOST)).isel(factor=by_size(one["q"].values))
    labels, when = labels_of(shown), dates(shown)
    values = shown["q"].values
    left = min(2.4, 0.25 + max(map(len, labels)) * LETTER * 6.5 / 72)
    width = min(CELL * len(when), WIDTH - left - 0.15)
    inches = width / len(when)
    out = sheet(
        1, 1, panel=(width, ROW * len(labels)), title=title, frame=frame, foot=0.5,
        subtitle=_subtitle(shown, of=count),
        note=note,
        margins=Margins(left=left, right=0.15, top=0.3, bottom=0.06),
    )  # fmt: skip
    draw_matrix(
        out.flat[0], values, share_scale(values), rows=labels, columns=_headings(when, inches),
        texts=[[decimals(float(v), 2) if inches > 0.22 else "" for v in row] for row in values],
        hatched=~shown["firm"].values if "firm" in shown else None,
        fontsize=6.2 if inches > 0.3 else 5.0,
    )  # fmt: skip
    out.flat[0].tick_params(axis="x", labelsize=SIZE)
    out.bar_below(share_scale(values), "q, share of the variance between the strata")
    return out.figure


def _subtitle(shown: xr.Dataset, *, of: int) -> str:
    cells = shown["n_obs"].values[shown["q"].notnull().any("factor").values]
    least, most = int(cells.min()), int(cells.max())
    counted = f"{most:,} cells" if least == most else f"{least:,} to {most:,} cells"
    return sentences(
        f"Factors by their mean q; {counted}.",
        f"{shown.sizes['time']} of {of} dates, evenly spread." if shown.sizes["time"] < of else "",
    )


def _headings(when: Sequence[str], inches: float) -> list[str]:
    """Leave out headings that would touch."""
    wide = max(map(len, when)) * LETTER * SIZE / 72 + 0.04
    step = max(1, int(np.ceil(wide / inches)))
    return [name if k % step == 0 else "" for k, name in enumerate(when)]
