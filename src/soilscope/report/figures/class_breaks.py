"""Where the chosen edges of classes lie on the histogram of each factor."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from soilscope.report.classes import chosen_edges, method_words
from soilscope.report.detector import dagger_note, dates, labels_of, parts
from soilscope.report.layout import Margins, sheet, signed
from soilscope.report.plates import Plate
from soilscope.report.reading import Frame, Study
from soilscope.report.references import array_of, at, factors_of
from soilscope.report.robust import as_search
from soilscope.report.style import TREND_LINE
from soilscope.report.words import file_stem, listed, unit_text

MOST = 24
COLUMNS = 4
BINS = 40
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Cut:
    """One factor and how it was cut."""

    label: str
    said: str  # method, classes, date
    units: str
    values: Array  # finite, of the cells of the sample
    edges: Array


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make one sheet: of the first layer, each factor on the date on which its q is largest."""
    if study.records[name].step == "discretize":
        cuts, note = _cut_once(study, name), ""
    else:
        cuts, note = _cut_best(study, name)
    if not cuts:
        return
    title = f"Edges of the classes ({name})"
    seen = _seen(cuts)
    yield Plate(
        key=file_stem("class-breaks", name),
        title=title,
        seen=seen,
        how="Histogram of the cells of the sample; lines: edges between classes. A class holds its "
        "upper edge.",
        alt=f"Histograms of {len(cuts)} factors with the edges of their classes. {seen}",
        draw=partial(_draw, cuts[:MOST], title=title, note=note, frame=study.frame),
    )


def _cut_best(study: Study, name: str) -> tuple[list[Cut], str]:
    layer, one = next(parts(study, as_search(study.data(name))))
    one = one.transpose("factor", ...)
    factors = factors_of(study, study.records[name].inputs.get("factors"))
    words, when = method_words(one), dates(one)
    best = one["q"].max(("method", "n_classes")).fillna(-1.0).argmax("time").values
    cuts = []
    for i, (key, label) in enumerate(zip(one["factor"].values, labels_of(one), strict=True)):
        here = one.isel(factor=i, time=int(best[i]))
        edges, values = chosen_edges(here), factors.get(str(key))
        if values is None or edges.size == 0:
            continue
        date = when[int(best[i])]
        said = f"{words[int(here['best_method'])]}, {edges.size - 1} classes"
        chosen = at(values, _labels(here))
        kept = _sample(chosen, here["codes"])
        cuts.append(Cut(label, f"{said}{f', {date}' if date else ''}", _units(values), kept, edges))
    said = "Each factor on the date on which its q is largest." if when != [""] else ""
    return cuts, " ".join(
        w for w in (said, f"Layer {layer}." if layer else "", dagger_note(one)) if w
    )


def _labels(here: xr.Dataset) -> dict[str, Any]:
    """Labels of the date and layer of a part, to select them in a factor."""
    return {n: here[n].values for n in ("time", "depth") if n in here.coords}


def _sample(values: xr.DataArray, codes: xr.DataArray) -> Array:
    kept = values.where(codes.reset_coords(drop=True) >= 0).values.astype(float)
    return np.asarray(kept[np.isfinite(kept)])


def _units(da: xr.DataArray) -> str:
    return unit_text(da.attrs.get("units"))


def _cut_once(study: Study, name: str) -> list[Cut]:
    """Read a result of `discretize`: a panel for each date."""
    record = study.records[name]
    x = array_of(study, str(record.inputs.get("x")))
    if x is None:
        return []
    _, one = next(parts(study, study.data(name)))
    label = str(record.inputs["x"]).split(".")[-1].replace("_", " ")
    cuts = []
    for t, date in enumerate(dates(one)):
        here = one.isel(time=t)
        edges = here["breaks"].values
        edges = edges[np.isfinite(edges)]
        if edges.size:
            said = f"{record.options.get('method')}, {int(here['n_obtained'])} classes"
            kept = _sample(at(x, _labels(here)), here["codes"])
            cuts.append(Cut(f"{label}{f', {date}' if date else ''}", said, _units(x), kept, edges))
    return cuts


def _seen(cuts: Sequence[Cut]) -> str:
    """Say how unequal the classes are: where a class holds a hundredth of the cells or less."""
    small = []
    for cut in cuts:
        counts = _members(cut)
        if counts.size and counts.min() <= 0.01 * counts.sum():
            small.append(cut.label)
    classes = _span([cut.edges.size - 1 for cut in cuts])
    said = f"{len(cuts)} histogram{'s' * (len(cuts) > 1)} cut into {classes} classes"
    if not small:
        return f"{said}; every class holds more than 1 % of the cells."
    have = "has" if len(small) == 1 else "have"
    return f"{said}; {listed(small)} {have} a class of at most 1 % of the cells."


def _members(cut: Cut) -> Array:
    inner = np.searchsorted(cut.edges[1:-1], cut.values, side="left")
    return np.bincount(inner, minlength=cut.edges.size - 1)


def _span(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low} to {high}"


def _draw(cuts: Sequence[Cut], *, title: str, note: str, frame: Frame) -> Figure:
    cols = min(COLUMNS, len(cuts))
    rows = -(-len(cuts) // cols)
    out = sheet(
        rows, cols, panel=(1.5, 0.72), title=title, note=note, frame=frame,
        subtitle="Bars: number of cells. Lines: edges between the chosen classes.",
        margins=Margins(left=0.35, right=0.1, top=0.32, bottom=0.3, gap_x=0.22, gap_y=0.66),
    )  # fmt: skip
    for k, axes in enumerate(out.flat):
        if k >= len(cuts):
            axes.remove()
            continue
        _panel(axes, cuts[k])
    return out.figure


def _panel(axes: Axes, cut: Cut) -> None:
    low, high = float(cut.edges[0]), float(cut.edges[-1])
    counts, bins = np.histogram(cut.values, bins=BINS, range=(low, high))
    axes.stairs(counts, bins, fill=True, color="#a9c6df")
    for edge in cut.edges[1:-1]:
        axes.axvline(edge, color=TREND_LINE, linewidth=0.8)
    axes.set_xlim(low, high)
    axes.set_ylim(0, counts.max() * 1.08)
    axes.set_yticks([])
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter(signed)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.set_title(f"{cut.label}\n", loc="left", fontsize=6.5, fontweight="bold", pad=2)
    axes.text(0, 1.06, cut.said, transform=axes.transAxes, fontsize=5.6, va="bottom")
    if cut.units:
        axes.set_xlabel(cut.units, fontsize=5.8, labelpad=1)
