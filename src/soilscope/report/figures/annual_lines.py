"""Annual series with their Theil-Sen line: layers down, regions or sites across."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from soilscope.report.layout import Margins, sheet, signed
from soilscope.report.plates import Plate
from soilscope.report.reading import (
    Frame,
    Study,
    as_places,
    decimal_years,
    is_annual,
    place_dim,
    place_names,
)
from soilscope.report.style import QUIET, SERIES, TREND_LINE, WIDTH
from soilscope.report.trends import (
    TrendWords,
    first_of_series,
    level_text,
    subtitle_of,
    test_text,
    trend_words,
)
from soilscope.report.words import (
    SHORT_STATUS,
    file_stem,
    number,
    p_equals,
    p_text,
    unit_text,
    with_unit,
)

PER_SHEET = 3  # columns
MOST = 12


def annual_lines(
    annual: xr.DataArray,
    words: TrendWords,
    *,
    layers: Sequence[str],
    label: str,
    title: str,
    subtitle: str,
    frame: Frame,
    spread: bool = False,
) -> Figure:
    """Draw `annual` (place, depth, time) with slope, intercept and interval of `words`.

    Panels share their limits, or, if `spread`, only the length of their axes.
    """
    names = place_names(annual)
    n_layers = annual.sizes["depth"]
    height = float(np.clip(8.0 / n_layers - 0.26, 0.48, 1.15))
    left = 0.5
    gap = 0.4 if spread else 0.22
    cols = max(2, len(names))
    panel = (WIDTH - left - 0.1 - gap * (cols - 1)) / cols
    out = sheet(
        n_layers, len(names), panel=(panel, height), title=title, subtitle=subtitle,
        note="Solid line: significant slope after every correction that was made; dashed: not. "
        "Band: confidence interval of the slope. "
        "unc.: p without correction for serial correlation.",
        frame=frame,
        margins=Margins(left=left, right=0.1, top=0.4, bottom=0.22, gap_x=gap, gap_y=0.26),
    )  # fmt: skip
    years = decimal_years(annual["time"])
    for column, name in enumerate(names):
        for row in range(n_layers):
            ax = out.axes[row, column]
            _series(ax, years, annual.values[column, row], words.at(column, row))
            ax.set_title(_text(words.at(column, row), layers[row]), loc="left", fontsize=5.9, pad=2)
            ax.tick_params(labelbottom=row == n_layers - 1, labelleft=spread or column == 0)
            ax.yaxis.set_major_formatter(signed)
            ax.locator_params(axis="y", nbins=4)
            ax.xaxis.set_major_locator(MaxNLocator(5, integer=True, steps=[1, 2, 5, 10]))
            ax.set_xlim(years[0] - 0.8, years[-1] + 0.8)
        top = out.axes[0, column].get_position()
        out.figure.text(top.x0, top.y1 + 0.2 / out.height, name, fontsize=7.5, fontweight="bold")
    if spread:
        _share_spans(out.axes, annual.values)
    else:
        _share_limits(out.flat, annual.values)
    first = out.axes[0, 0].get_position()
    out.figure.text(
        first.x0 - 0.38 / out.width, (first.y0 + first.y1) / 2, label, rotation=90, ha="center",
        va="center", fontsize=6.5,
    )  # fmt: skip
    return out.figure


def _series(ax: Axes, years: np.ndarray[Any, Any], values: np.ndarray[Any, Any], at: Any) -> None:
    if np.nanmin(values, initial=0.0) < 0:
        ax.axhline(0, color="#c4c9cd", linewidth=0.5, zorder=0)
    ax.plot(years, values, color=SERIES, linewidth=0.8, marker="o", markersize=1.6)
    ax.spines[["top", "right"]].set_visible(False)
    if not np.isfinite(at.slope):
        return
    seen = years[np.isfinite(values)]
    ends = np.array([seen[0], seen[-1]])
    line = at.intercept + at.slope * ends
    ax.plot(ends, line, color=TREND_LINE, linewidth=1.1, linestyle="-" if at.firm else (0, (4, 2)))
    if np.isfinite(at.low) and np.isfinite(at.high):
        pivot = float(np.median(seen))
        level = at.intercept + at.slope * pivot
        across = np.linspace(ends[0], ends[1], 41)
        one, other = (level + s * (across - pivot) for s in (at.low, at.high))
        ax.fill_between(
            across, np.minimum(one, other), np.maximum(one, other), color=TREND_LINE, alpha=0.14,
            linewidth=0,
        )  # fmt: skip


def _text(at: Any, layer: str) -> str:
    head = f"{layer}   " if layer else ""
    if not np.isfinite(at.slope):
        return f"{head}{SHORT_STATUS.get(at.status, at.verdict)}"
    tail = p_equals(at.p) if np.isfinite(at.p) else "no test"
    if at.p_uncorrected is not None and np.isfinite(at.p_uncorrected):
        tail += f" (unc. {p_text(at.p_uncorrected)})"
    return f"{head}{number(at.slope, 2)}, {tail}"


def _share_limits(axes: Sequence[Axes], values: np.ndarray[Any, Any]) -> None:
    if np.isfinite(values).any():
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        pad = 0.08 * (high - low or 1.0)
        for ax in axes:
            ax.set_ylim(low - pad, high + pad)
    for ax in axes:
        ax.tick_params(colors=QUIET)


def _share_spans(axes: np.ndarray[Any, Any], values: np.ndarray[Any, Any]) -> None:
    """Give every panel an axis of one length, so that slopes compare, about its own middle."""
    ends = [
        (float(np.nanmin(one)), float(np.nanmax(one))) if np.isfinite(one).any() else (0.0, 0.0)
        for one in values.reshape(-1, values.shape[-1])
    ]
    half = 0.54 * max(high - low for low, high in ends) or 1.0
    for ax, (low, high) in zip(axes.T.ravel(), ends, strict=True):
        middle = (low + high) / 2
        ax.set_ylim(middle - half, middle + half)
        ax.tick_params(colors=QUIET)


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make a sheet for every three places of a trend on an annual series."""
    reference = study.records[name].inputs.get("da")
    source = str(reference).split(".")[0]
    if source not in study.analyses or not is_annual(study.data(source)):
        return
    if name != first_of_series(study, name):
        return
    series = study.primary(source)
    annual = as_places(series.to_dataset(name="value"))["value"].assign_attrs(series.attrs)
    dim = str(place_dim(annual))
    annual = annual.transpose(dim, "depth", "time")
    index = study.reference_text(name)
    what = "Annual soil moisture index" if index else f"Annual {series.name}".replace("_", " ")
    test = test_text(study, name)
    units = study.data(name)["slope"].attrs.get("units")
    unit = unit_text(units)
    count = min(annual.sizes[dim], MOST)
    for part, start in enumerate(range(0, count, PER_SHEET)):
        window = slice(start, min(start + PER_SHEET, count))
        words = trend_words(study, name, places=window)
        suffix = () if count <= PER_SHEET else (str(part + 1),)
        title = f"{what} and trend ({name})"
        chosen = annual.isel({dim: window})
        yield Plate(
            key=file_stem("lines", name, *suffix),
            title=title,
            seen=words.seen(
                place_names(chosen), study.layers(annual), units, level_text(study, name)
            ),
            how=(
                f"Annual series with the Theil-Sen line; each panel gives the slope"
                f"{f' ({unit})' if unit else ''} and the p of the {test}"
                + (", the uncorrected p in brackets" if words.corrected else "")
                + (f"; index against {index}." if index else ".")
            ),
            alt="Lines of annual values. "
            + words.by_depth(place_names(chosen), study.layers(annual)),
            draw=partial(
                annual_lines, chosen, words, layers=study.layers(annual),
                label=with_unit("index" if index else str(series.name).replace("_", " "),
                                series.attrs.get("units")),
                title=title, frame=study.frame, spread=not index,
                subtitle=f"Slope{f' in {unit}' if unit else ''}. {subtitle_of(study, name)}",
            ),
        )  # fmt: skip
