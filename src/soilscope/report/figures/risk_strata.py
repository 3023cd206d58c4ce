"""Mean of soil moisture in each stratum of each factor, and which strata differ."""

from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from soilscope.report.detector import (
    dagger_note,
    dates,
    labels_of,
    names_of,
    on_date,
    on_grid,
    parts,
)
from soilscope.report.layout import Margins, sheet, signed
from soilscope.report.plates import Plate
from soilscope.report.reading import Frame, Study
from soilscope.report.risk import CAUTION, categories, differing, letters, stratum_word, widest
from soilscope.report.seen import at_layer
from soilscope.report.style import QUIET, SERIES
from soilscope.report.words import file_stem, number, sentences, unit_text, with_unit

MOST = 20  # factors of a sheet
SHEETS = 3
COLUMNS = 4
Categories = Mapping[str, Mapping[int, str]]


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make a sheet for each of the first layers."""
    units = study.data(name)["mean"].attrs.get("units")
    caution = f"{CAUTION}." if on_grid(study, name) else ""
    own = categories(study, name)
    for k, (layer, one) in enumerate(list(parts(study, study.data(name)))[:SHEETS]):
        one = one[["mean", "std", "count", "p_value_adjusted"]].load()
        one = one.transpose("factor", "stratum", "stratum_2", "time", ...)
        if not bool(one["mean"].notnull().any()):
            continue
        title = f"Soil moisture in the strata of each factor ({name}{at_layer(layer)})"
        seen = _seen(one, units, own)
        yield Plate(
            key=file_stem("risk-strata", name, *([layer] if k else [])),
            title=title,
            seen=seen,
            how="Risk detector: mean of each stratum; letters: Welch's test of each pair of strata "
            f"with Holm's correction. {caution}".strip(),
            alt=f"Means of the strata of {one.sizes['factor']} factors. {seen}",
            draw=partial(
                _draw, one, units=units, title=title, caution=caution, frame=study.frame, own=own
            ),
        )


def _seen(one: xr.Dataset, units: str | None, own: Categories) -> str:
    """Say between which strata the means differ most, and how many pairs differ."""
    t, order = widest(one)
    i = int(order[0])
    mean = one["mean"].values[i, :, t]
    low, high = int(np.nanargmin(mean)), int(np.nanargmax(mean))
    names = own.get(str(one["factor"].values[i]))
    lowest, highest = (stratum_word(int(one["stratum"].values[k]), names) for k in (low, high))
    pairs = [differing(square) for square in one["p_value_adjusted"].values[..., t]]
    differ, tested = (sum(counts) for counts in zip(*pairs, strict=True))
    return (
        f"The strata of {names_of(one)[i]} differ most{on_date(dates(one)[t])}: from "
        f"{number(float(mean[low]), 2)} (stratum {lowest}) to {number(float(mean[high]), 2)} "
        f"{unit_text(units)}".rstrip()
        + f" (stratum {highest}). {differ:,} of {tested:,} pairs of strata differ by the test."
    )


def _draw(
    one: xr.Dataset,
    *,
    units: str | None,
    title: str,
    caution: str,
    frame: Frame,
    own: Categories,
) -> Figure:
    t, order = widest(one)
    count = min(len(order), MOST)
    cols = min(COLUMNS, count)
    rows = -(-count // cols)
    when, labels = dates(one), labels_of(one)
    dated = when != [""]
    out = sheet(
        rows, cols, panel=(1.4, 0.95), title=title, frame=frame,
        subtitle=sentences(
            "Dot: mean; bar: one standard deviation of the cells. Strata that share a letter are "
            "not told apart by the test.",
            f"Dots: {when[t]}, when strata differ most; grey: other dates." if dated else "",
        ),
        note=sentences(
            caution, f"The first {MOST} of {len(order)} factors." if count < len(order) else "",
            _codes_note(one, own), dagger_note(one),
        ),
        margins=Margins(left=0.55, right=0.1, top=0.22, bottom=0.4, gap_x=0.2, gap_y=0.42),
    )  # fmt: skip
    low, high = _limits(one, t)
    for k, axes in enumerate(out.flat):
        if k >= count:
            axes.remove()
            continue
        i = int(order[k])
        first = 0 if str(one["factor"].values[i]) in own else 1
        _panel(axes, one.isel(factor=i), t, first=first)
        axes.set_title(labels[i], loc="left", fontsize=6.5, pad=3)
        axes.set_ylim(low, high)
        axes.yaxis.set_major_formatter(signed)
        axes.tick_params(labelleft=k % cols == 0)
        axes.spines[["top", "right"]].set_visible(False)
        if k % cols == 0:
            axes.set_ylabel(with_unit("", units).strip().strip("()") or "mean")
    out.label_below("stratum")
    return out.figure


def _limits(one: xr.Dataset, t: int) -> tuple[float, float]:
    """Limits that hold every mean, and the bars of the date `t`."""
    mean, std = one["mean"].values, np.nan_to_num(one["std"].values)
    shown, bar = mean[..., t], std[..., t]
    low = min(float(np.nanmin(mean)), float(np.nanmin(shown - bar)))
    high = max(float(np.nanmax(mean)), float(np.nanmax(shown + bar)))
    return low - 0.03 * (high - low), high + 0.16 * (high - low)


def _codes_note(one: xr.Dataset, own: Categories) -> str:
    """Say what the numbers of categories mean that the figure holds."""
    keys, told = list(map(str, one["factor"].values)), []
    for key, label in zip(keys, names_of(one), strict=True):
        held = (one["count"].isel(factor=keys.index(key)) > 0).any("time").values
        words = [
            f"{code} {own[key].get(int(code), '')}".rstrip()
            for code in one["stratum"].values[held]
            if key in own
        ]
        told += [f"{label}: {', '.join(words)}."] if 0 < len(words) <= MOST else []
    return sentences(*told)


def _panel(axes: Axes, factor: xr.Dataset, t: int, *, first: int) -> None:
    mean, std = factor["mean"].values, factor["std"].values[:, t]
    known = np.flatnonzero(np.isfinite(mean).any(axis=1))
    x = np.arange(1, known.size + 1)
    for other in range(mean.shape[1]):
        if other != t:
            axes.plot(x, mean[known, other], color="#d4d9dd", linewidth=0.6, zorder=1)
    axes.vlines(x, mean[known, t] - std[known], mean[known, t] + std[known], color=QUIET,
                linewidth=0.7, zorder=2)  # fmt: skip
    axes.plot(x, mean[known, t], "o", markersize=2.8, color=SERIES, zorder=3)
    words = letters(mean[:, t], factor["p_value_adjusted"].values[..., t])
    size = 5.6 if known.size < 9 else 4.2
    for place, k in zip(x, known, strict=True):
        axes.text(float(place), 0.99, words[k], transform=axes.get_xaxis_transform(), ha="center",
                  va="top", fontsize=size)  # fmt: skip
    axes.set_xlim(0.4, known.size + 0.6)
    step = -(-known.size // 10)
    codes = factor["stratum"].values[known[::step]]
    axes.set_xticks(x[::step], [str(int(code) + first) for code in codes])
