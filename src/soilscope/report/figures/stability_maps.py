"""Maps of stability in time: classes of the SD over months, and the mean relative difference."""

import itertools
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import xarray as xr
from matplotlib.colors import BoundaryNorm, ListedColormap, to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from soilscope.report.canvas import HATCH_INK
from soilscope.report.figures.layer_maps import layer_maps
from soilscope.report.mapping import MapSheet, area_of, map_columns, map_sheet
from soilscope.report.plates import Plate
from soilscope.report.reading import Frame, Study, grid_dims
from soilscope.report.seen import map_count, said_runs, span
from soilscope.report.stability import BOUNDS, class_shares, class_words
from soilscope.report.style import AMOUNT, INK, MASKED, WETNESS, symmetric
from soilscope.report.words import decimals, file_stem, listed, number, percent, sentences

#: Pale is stable, dark is not.
COLOURS = tuple(to_hex(AMOUNT(k)) for k in (0.04, 0.28, 0.5, 0.72, 0.98))


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make a sheet of classes and one of relative differences."""
    ds = study.data(name)
    if grid_dims(ds) is None:
        return
    layers = study.layers(ds)
    bounds = study.records[name].options.get("class_bounds") or BOUNDS
    seen = _seen(ds, layers)
    title = f"Stability in time ({name})"
    yield Plate(
        key=file_stem("stability-maps", name),
        title=title,
        seen=seen,
        how=f"Classes of the SD over the months (ddof 1), at {listed([f'{b:g}' for b in bounds])} "
        "m³ m⁻³. It holds the season: a cell that is wet in summer and dry in winter every year is "
        "less stable than one that is always dry.",
        alt=f"{map_count(layers)} of classes of stability. {seen}",
        draw=partial(class_maps, ds, layers=layers, bounds=bounds, title=title, frame=study.frame,
                     zone=study.zone),
    )  # fmt: skip
    difference = ds["mean_relative_difference"].compute()
    if not bool(difference.notnull().any()):
        return
    apart = f"Relative difference from the mean of the field ({name})"
    said = _representative(ds, layers)
    yield Plate(
        key=file_stem("stability-differences", name),
        title=apart,
        seen=said,
        how="Mean over the dates of (cell less field) over field, for cells with a value on every "
        "used date (Vachaud et al. 1985, doi:10.2136/sssaj1985.03615995004900040006x).",
        alt=f"{map_count(layers)} of mean relative differences. {said}",
        draw=partial(
            layer_maps, difference, layers=layers, scale=symmetric(difference.values, WETNESS),
            label="mean relative difference (brown: drier than the field)", title=apart,
            subtitle="Cells with a value on every used date.", frame=study.frame, zone=study.zone,
        ),
    )  # fmt: skip


def _seen(ds: xr.Dataset, layers: Sequence[str]) -> str:
    shares = class_shares(ds)
    words = class_words(ds)
    said = []
    for row in shares:
        some = [(word, s) for word, s in zip(words, row, strict=True) if s > 0]
        said.append(listed([f"{percent(s)} {word}" for word, s in some]) or "without a class")
    return f"Stability of the cells: {said_runs(said, layers)}."


def _representative(ds: xr.Dataset, layers: Sequence[str]) -> str:
    ranks = np.atleast_1d(ds["rank_stability"].values)
    known = np.isfinite(ranks)
    said = (
        f"The mean rank correlation between dates is {decimals(float(ranks[known].min()), 2)}"
        if known.any() else ""
    )  # fmt: skip
    if known.sum() > 1 and said:
        said += f" to {decimals(float(ranks[known].max()), 2)} ({span(list(layers))})"
    root = ds["representativeness"]
    best = (
        "the cell marked on the map of classes stands best for the field (root of squared mean and "
        f"SD of its relative differences: {number(float(root.min()), 2)})"
    )
    return sentences(f"{said}; {best}." if said else f"{best[0].upper()}{best[1:]}.")


def class_maps(
    ds: xr.Dataset,
    *,
    layers: Sequence[str],
    bounds: Sequence[float],
    title: str,
    frame: Frame,
    zone: xr.DataArray | None,
) -> Figure:
    """Draw the classes of `ds`, a map a layer, with a cross on the representative cell."""
    code = ds["stability"].compute()
    area = area_of(ds["std"].compute(), zone)
    count = len(layers)
    cols, width = map_columns(count, area)
    rows = -(-count // cols)
    out = map_sheet(
        rows, cols, area, width=width, title=title, frame=frame, foot=0.28,
        subtitle="Classes of the standard deviation over the months, m³ m⁻³.",
        note="Cross: the cell that stands best for its field (smallest root of squared mean and SD "
        "of the relative differences). Grey: no value.",
    )  # fmt: skip
    cmap = ListedColormap([MASKED, *COLOURS])
    norm = BoundaryNorm(np.arange(-1.5, len(COLOURS)), cmap.N)
    chosen = ds["representative"].compute()
    for i, layer in enumerate(layers):
        row, col = divmod(i, cols)
        here = {"depth": i} if "depth" in code.dims else {}
        out.draw_categories(row, col, area.cells(code.isel(here)), cmap, norm)
        out.degrees(row, col, bottom=i + cols >= count, left=col == 0)
        out.title(row, col, layer)
        _cross(out, row, col, chosen.isel(here))
    out.figure.legend(
        handles=[
            Patch(facecolor=c, edgecolor=HATCH_INK, linewidth=0.4, label=label)
            for c, label in zip(COLOURS, class_labels(class_words(ds), bounds), strict=True)
        ],
        loc="lower center", ncols=5, frameon=False, handlelength=1.6, columnspacing=1.2,
        bbox_to_anchor=(0.5, (out.sheet.note + 0.02) / out.sheet.height),
    )  # fmt: skip
    return out.done()


def class_labels(words: Sequence[str], bounds: Sequence[float]) -> list[str]:
    """Name the classes with their ranges: 'stable (below 0.03)'."""
    inner = [f"{a:g} to {b:g}" for a, b in itertools.pairwise(bounds)]
    ranges = [f"below {bounds[0]:g}", *inner, f"from {bounds[-1]:g}"]
    return [f"{word} ({text})" for word, text in zip(words, ranges, strict=True)]


def _cross(out: MapSheet, row: int, col: int, chosen: xr.DataArray) -> None:
    """Mark the representative cell."""
    field = chosen.transpose(*out.area.dims)
    found = np.argwhere(field.values == 1)
    if len(found) == 0:
        return
    y, x = (float(field[d].values[k]) for d, k in zip(out.area.dims, found[0], strict=True))
    left, right, bottom, top = out.area.extent
    box = out.place(row, col)
    across, up = box.across(np.array([x]), left, right), box.up(np.array([y]), bottom, top)
    out.canvas.text(float(across[0]), float(up[0]), "\N{MULTIPLICATION SIGN}", ha="center",
                    va="center", fontsize=11, fontweight="bold", color=INK)  # fmt: skip
