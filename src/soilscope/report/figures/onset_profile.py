"""Droughts from layer to layer: delay of the onset, and how many arrive, against depth."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from soilscope.report.events import onset_method
from soilscope.report.layout import Margins, sheet
from soilscope.report.plates import Plate
from soilscope.report.profile import depth_axis, middles
from soilscope.report.reading import Frame, Study, as_places, place_dim, place_names
from soilscope.report.seen import at_layer
from soilscope.report.style import SERIES, TREND_LINE, WIDTH
from soilscope.report.words import file_stem, number, percent

PER_SHEET = 4
MOST = 12
LEFT = 0.55
GAP = 0.2

Array = np.ndarray[Any, Any]


def onset_profile(
    ds: xr.Dataset, bounds: Array, *, longest: int, title: str, subtitle: str, frame: Frame
) -> Figure:
    """Draw delay (upper row) and share that arrives (lower row) of `ds` (place, depth)."""
    places = place_names(ds)
    cols = len(places)
    width = min(2.2, (WIDTH - LEFT - 0.15 - (cols - 1) * GAP) / cols)
    out = sheet(
        2, cols, panel=(width, 1.9), title=title, subtitle=subtitle,
        note="Upper row: median and quartiles of the delay behind the layer above. Lower row, "
        "filled: share of droughts of the layer above that arrive; open: share that chance gives.",
        frame=frame, margins=Margins(left=LEFT, right=0.15, top=0.22, bottom=0.36, gap_x=GAP,
                                     gap_y=0.5),
    )  # fmt: skip
    middle = middles(bounds)
    for k, place in enumerate(places):
        one = {str(v): ds[v].values[k] for v in ds.data_vars}
        top, low = out.axes[0, k], out.axes[1, k]
        _delays(top, one, middle, longest)
        _shares(low, one, middle)
        for ax in (top, low):
            depth_axis(ax, bounds, labels=k == 0)
            if k == 0:
                ax.set_ylabel("depth (cm)")
        top.set_title(place, loc="left", fontsize=7, fontweight="bold")
        top.set_xlabel("delay (months)")
        low.set_xlabel("share that arrives (%)")
    return out.figure


def _delays(ax: Axes, one: dict[str, Array], middle: Array, longest: int) -> None:
    for depth, low, mid, high in zip(
        middle, one["onset_delay_low"], one["onset_delay"], one["onset_delay_high"], strict=True
    ):
        ax.plot([low, high], [depth, depth], color=SERIES, linewidth=1.1)
        ax.plot(mid, depth, marker="o", markersize=4, color=SERIES, linestyle="", clip_on=False)
    ax.set_xlim(-0.3, max(1, longest) + 0.3)


def _shares(ax: Axes, one: dict[str, Array], middle: Array) -> None:
    for depth, share, chance in zip(
        middle, one["reached_share"], one["reached_share_chance"], strict=True
    ):
        ax.plot([100 * chance, 100 * share], [depth, depth], color=TREND_LINE, linewidth=0.6)
        ax.plot(100 * share, depth, marker="o", markersize=4, color=TREND_LINE, clip_on=False)
        ax.plot(100 * chance, depth, marker="o", markersize=4, color=TREND_LINE,
                markerfacecolor="white", clip_on=False)  # fmt: skip
    ax.set_xlim(0, 100)


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make a sheet for every four places."""
    ds = as_places(study.data(name))
    bounds = study.bounds(ds)
    if bounds is None:
        return
    dim = str(place_dim(ds))
    shown = ("onset_delay", "onset_delay_low", "onset_delay_high", "reached_share",
             "reached_share_chance", "n_onsets")  # fmt: skip
    ds = ds[list(shown)].transpose(dim, "depth")
    longest = int(study.records[name].options.get("max_delay", 6))
    method = onset_method(study, name)
    layers = study.layers(ds)
    title = f"Droughts from layer to layer ({name})"
    count = min(ds.sizes[dim], MOST)
    for part, start in enumerate(range(0, count, PER_SHEET)):
        window = ds.isel({dim: slice(start, min(start + PER_SHEET, count))}).load()
        seen = seen_of_onsets(window, layers)
        yield Plate(
            key=file_stem("onset-profile", name, *([] if count <= PER_SHEET else [str(part + 1)])),
            title=title,
            seen=seen,
            how=f"{method[0].upper()}{method[1:]}.",
            alt=f"Profiles of delay and of the share that arrives. {seen}",
            draw=partial(
                onset_profile, window, bounds, longest=longest, title=title, frame=study.frame,
                subtitle=f"{method[0].upper()}{method[1:]}.",
            ),
        )  # fmt: skip


def seen_of_onsets(ds: xr.Dataset, layers: Sequence[str]) -> str:
    """Say the range of the delays, the longest of them, and how many droughts arrive."""
    delay, share, chance = (
        ds[v].values for v in ("onset_delay", "reached_share", "reached_share_chance")
    )
    if not np.isfinite(delay).any():
        return "No layer has enough droughts for a delay behind the layer above."
    low, high = float(np.nanmin(delay)), float(np.nanmax(delay))
    if low == high:
        text = (
            "the median drought begins in the same month as in the layer above"
            if high == 0
            else f"the median drought begins {number(high, 2)} months after the layer above"
        ) + " in every layer"
    else:
        i, j = np.unravel_index(int(np.nanargmax(delay)), delay.shape)
        text = (
            f"the median delay behind the layer above is {number(low, 2)} to {number(high, 2)} "
            f"months, longest in {place_names(ds)[int(i)]}{at_layer(layers[int(j)])}"
        )
    return (
        f"{text[0].upper()}{text[1:]}; {_range(share)} arrive where chance gives {_range(chance)}."
    )


def _range(shares: Array) -> str:
    """Say the lowest and the highest share: '48 to 97 %'."""
    low, high = percent(float(np.nanmin(shares))), percent(float(np.nanmax(shares)))
    return low if low == high else f"{low[:-2]} to {high}"
