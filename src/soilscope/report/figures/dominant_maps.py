"""Maps of the driver with the largest significant coefficient."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from soilscope.report.canvas import HATCH_INK
from soilscope.report.drivers import (
    circular,
    circular_note,
    circular_words,
    driver_labels,
    driver_method,
    driver_names,
)
from soilscope.report.mapping import area_of, map_columns, map_sheet
from soilscope.report.plates import Plate
from soilscope.report.reading import Frame, Study
from soilscope.report.seen import map_count, most_frequent
from soilscope.report.style import CATEGORIES, MASKED
from soilscope.report.words import file_stem, flags, listed, sentences

NONE = "#ffffff"  # no driver is significant


def dominant_maps(
    codes: xr.DataArray,
    valid: xr.DataArray,
    *,
    names: dict[int, str],
    layers: Sequence[str],
    title: str,
    subtitle: str,
    note: str,
    frame: Frame,
    circular_codes: Sequence[int] = (),
    zone: xr.DataArray | None = None,
) -> Figure:
    """Draw `codes` (depth, vertical, horizontal) where `valid`; code -> name in `names`."""
    area = area_of(codes.where(valid), zone)
    count = len(layers)
    cols, width = map_columns(count, area)
    rows = -(-count // cols)
    out = map_sheet(
        rows, cols, area, width=width, title=title, subtitle=subtitle, frame=frame, foot=0.28,
        note=note,
    )  # fmt: skip
    colours = [driver_colour(code, names) for code in sorted(names)]
    order = sorted(names)
    marked = [order.index(code) for code in circular_codes if code in order]
    cmap = ListedColormap([MASKED, *colours])
    norm = BoundaryNorm(np.arange(-1.5, len(order)), cmap.N)
    for i, layer in enumerate(layers):
        row, col = divmod(i, cols)
        here = {"depth": i} if "depth" in codes.dims else {}
        shown = _positions(area.cells(codes.isel(here)), order)
        shown = np.where(area.cells(valid.isel(here)), shown, -1)
        out.draw_categories(row, col, shown, cmap, norm, hatched=np.isin(shown, marked))
        out.degrees(row, col, bottom=i + cols >= count, left=col == 0)
        out.title(row, col, layer)
    handles = [
        Patch(facecolor=c, edgecolor=HATCH_INK, linewidth=0.4, label=names[code],
              hatch="//////" if code in circular_codes else None)
        for c, code in zip(colours, order, strict=True)
    ]  # fmt: skip
    out.figure.legend(
        handles=handles, loc="lower center", ncols=min(len(handles), 8), frameon=False,
        bbox_to_anchor=(0.5, (out.sheet.note + 0.02) / out.sheet.height),
        fontsize=7 if len(handles) < 7 else 6.2,
        handlelength=1.6, columnspacing=1.2,
    )  # fmt: skip
    return out.done()


def driver_colour(code: int, names: dict[int, str]) -> str:
    """Return the colour of the driver `code`; white for none."""
    if code < 0:
        return NONE
    drivers = [c for c in sorted(names) if c >= 0]
    return CATEGORIES[drivers.index(code) % len(CATEGORIES)]


def _positions(codes: np.ndarray[Any, Any], order: list[int]) -> np.ndarray[Any, Any]:
    positions = np.full(codes.shape, -1)
    for position, code in enumerate(order):
        positions[codes == code] = position
    return positions


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make a sheet of maps of the dominant driver, a layer each."""
    ds = study.data(name)
    if "dominant_driver" not in ds:
        return
    codes = ds["dominant_driver"].compute()
    valid = ds["r_squared"].notnull().compute()
    names = dominant_names(ds)
    layers = study.layers(ds)
    title = f"Dominant driver in each layer ({name})"
    method = driver_method(study, name)
    labels = dict(zip(driver_names(ds), driver_labels(ds), strict=True))
    marks = {n for n, mark in zip(driver_names(ds), circular(ds), strict=True) if mark}
    known = codes.where(valid, -99).transpose("depth", ..., missing_dims="ignore").values
    seen = most_frequent(known, names, layers)
    alpha = study.records[name].options.get("alpha", 0.05)
    yield Plate(
        key=file_stem("dominant-maps", name),
        title=title,
        seen=sentences(seen, circular_words(ds)),
        how=(
            "Driver with the largest absolute standardised coefficient among those with "
            f"p < {alpha:g} in the cell (before the false discovery rate), {method}."
        ),
        alt=f"{map_count(layers)} of the dominant driver among {listed(driver_names(ds))}. {seen}",
        draw=partial(
            dominant_maps, codes, valid, layers=layers, title=title,
            names={code: labels.get(word, word) for code, word in names.items()},
            circular_codes=[code for code, word in names.items() if word in marks],
            note=sentences(
                "White: no driver is significant. Grey: no value.",
                "Hatched: a circular driver leads." if marks else "", circular_note(ds),
            ),
            subtitle=f"{method[0].upper()}{method[1:]}. Cell-wise p < {alpha:g}, not adjusted for "
            "the many cells.",
            frame=study.frame, zone=study.zone,
        ),
    )  # fmt: skip


def dominant_names(ds: xr.Dataset) -> dict[int, str]:
    """Code -> driver, with the usual capitals."""
    known = dict(zip((str(d).replace("_", " ") for d in ds["driver"].values), driver_names(ds),
                     strict=True))  # fmt: skip
    return {
        code: known.get(word, "none significant" if code < 0 else word)
        for code, word in flags(ds["dominant_driver"]).items()
        if word != "not estimated"
    }
