"""Spread of a field from date to date: extremes, quartiles, median and mean."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from soilscope.report.fields import date_names, groups
from soilscope.report.layout import Margins, sheet, signed
from soilscope.report.plates import Plate
from soilscope.report.reading import Frame, Study
from soilscope.report.style import LINES, SERIES, TREND_LINE, WIDTH
from soilscope.report.words import file_stem, number, sentences, unit_text, with_unit

MOST = 6  # panels of a sheet
BOXES = 40  # dates up to which each has a box of its own
LABELS = 12
LEFT, RIGHT = 0.6, 0.15


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make one sheet with a panel for each region and layer."""
    ds = study.data(name).load()
    every = [(label, one) for label, one in groups(study, ds) if _known(one)]
    parts = every[:MOST]
    if not parts:
        return
    units = ds["mean"].attrs.get("units")
    title = f"Spread over the cells by date ({name})"
    seen = _seen(parts[0][1], units)
    yield Plate(
        key=file_stem("field-statistics", name),
        title=title,
        seen=seen,
        how="Statistics of all cells with a value on each date; quartiles of type 7.",
        alt=f"Boxes of the values of the cells for {ds.sizes['time']} dates. {seen}",
        draw=partial(
            _draw,
            parts,
            units=units,
            title=title,
            frame=study.frame,
            note=_note(study, name, len(parts), len(every)),
        ),
    )


def _note(study: Study, name: str, shown: int, there: int) -> str:
    by_area = study.records[name].options.get("weights") == "area"
    return sentences(
        "Cells count by their area." if by_area else "",
        f"The first {shown} of {there} regions and layers." if shown < there else "",
    )


def _known(one: xr.Dataset) -> bool:
    return bool(one["mean"].notnull().any())


def _seen(one: xr.Dataset, units: str | None) -> str:
    dates, mean, cv = date_names(one["time"]), one["mean"].values, one["cv"].values
    wet, dry = int(np.nanargmax(mean)), int(np.nanargmin(mean))
    said = (
        f"The mean over the cells goes from {number(float(mean[dry]))} ({dates[dry]}) to "
        f"{number(float(mean[wet]))} {unit_text(units)} ({dates[wet]})".rstrip()
    )
    if not np.isfinite(cv).any():
        return f"{said}."
    most, least = int(np.nanargmax(cv)), int(np.nanargmin(cv))
    return (
        f"{said}; the coefficient of variation from {number(float(cv[least]), 2)} ({dates[least]}) "
        f"to {number(float(cv[most]), 2)} ({dates[most]})."
    )


def _draw(
    parts: Sequence[tuple[str, xr.Dataset]],
    *,
    units: str | None,
    title: str,
    note: str,
    frame: Frame,
) -> Figure:
    n_dates = parts[0][1].sizes["time"]
    boxes = n_dates <= BOXES
    out = sheet(
        len(parts), 1, panel=(WIDTH - LEFT - RIGHT, 1.9 if len(parts) < 4 else 1.05), title=title,
        subtitle="Box: lower to upper quartile; bar: median; dot: mean; line: smallest to largest."
        if boxes else "Dark: quartiles; pale: smallest to largest; line: median; dashes: mean.",
        note=note, frame=frame,
        margins=Margins(left=LEFT, right=RIGHT, top=0.22, bottom=0.28, gap_y=0.42),
    )  # fmt: skip
    low = min(float(one["minimum"].min()) for _, one in parts)
    high = max(float(one["maximum"].max()) for _, one in parts)
    pad = 0.04 * (high - low) or 1.0
    label = with_unit("", units).strip().strip("()") or "value"
    for axes, (place, one) in zip(out.flat, parts, strict=True):
        (_boxes if boxes else _bands)(axes, {str(k): one[k].values for k in one.data_vars})
        if place:
            axes.set_title(place, loc="left", fontsize=7, fontweight="bold")
        axes.set_xlim(-0.7, n_dates - 0.3)
        names = date_names(one["time"])
        ticks = range(0, n_dates, -(-n_dates * max(map(len, names)) // (7 * LABELS)))
        axes.set_ylim(low - pad, high + pad)
        axes.set_xticks(ticks, [names[k] for k in ticks])
        axes.yaxis.set_major_formatter(signed)
        axes.set_ylabel(label)
        axes.spines[["top", "right"]].set_visible(False)
    return out.figure


def _boxes(axes: Axes, one: dict[str, Any]) -> None:
    x = np.arange(one["mean"].size)
    axes.vlines(x, one["minimum"], one["maximum"], color=SERIES, linewidth=0.7)
    height = one["upper_quartile"] - one["lower_quartile"]
    axes.bar(x, height, 0.6, bottom=one["lower_quartile"], color="#c8d9e8", edgecolor=SERIES,
             linewidth=0.6, zorder=2)  # fmt: skip
    axes.hlines(one["median"], x - 0.3, x + 0.3, color=SERIES, linewidth=1.4, zorder=3)
    axes.plot(x, one["mean"], "o", markersize=2.8, color=TREND_LINE, zorder=4)


def _bands(axes: Axes, one: dict[str, Any]) -> None:
    x = np.arange(one["mean"].size)
    axes.fill_between(x, one["minimum"], one["maximum"], color="#e3ecf4", linewidth=0)
    axes.fill_between(x, one["lower_quartile"], one["upper_quartile"], color="#a9c6df", linewidth=0)
    axes.plot(x, one["median"], color=LINES[0], linewidth=0.9)
    axes.plot(x, one["mean"], color=TREND_LINE, linewidth=0.8, linestyle=(0, (3, 2)))
