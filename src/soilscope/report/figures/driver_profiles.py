"""Standardised coefficients of regions or sites against depth, a line for each driver."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from soilscope.report.drivers import (
    circular_note,
    circular_words,
    driver_labels,
    driver_method,
    driver_names,
    significance,
)
from soilscope.report.lags import stands_for_family
from soilscope.report.layout import Margins, sheet, signed
from soilscope.report.plates import Plate
from soilscope.report.profile import depth_axis, middles
from soilscope.report.reading import Frame, Study, as_places, place_dim, place_names
from soilscope.report.seen import largest_of_drivers
from soilscope.report.style import LINES, MARKERS, WIDTH
from soilscope.report.words import file_stem, listed, sentences

MOST = 12
LEFT = 0.5
GAP = 0.16


def driver_profiles(
    coefficient: xr.DataArray,
    firm: xr.DataArray,
    bounds: np.ndarray[Any, Any],
    *,
    drivers: Sequence[str],
    title: str,
    subtitle: str,
    note: str,
    frame: Frame,
) -> Figure:
    """Draw a panel a place from `coefficient` (place, depth, driver) and where it is `firm`."""
    places = place_names(coefficient)
    cols = min(len(places), 6 if len(places) in (5, 6, 11, 12) else 4)
    rows = -(-len(places) // cols)
    width = min(2.2, (WIDTH - LEFT - 0.15 - (cols - 1) * GAP) / cols)
    out = sheet(
        rows, cols, panel=(width, 2.0), title=title, subtitle=subtitle, note=note, frame=frame,
        foot=0.3, margins=Margins(left=LEFT, right=0.15, top=0.22, bottom=0.34, gap_x=GAP,
                                  gap_y=0.6),
    )  # fmt: skip
    middle = middles(bounds)
    finite = np.abs(coefficient.values[np.isfinite(coefficient.values)])
    limit = 1.1 * float(finite.max(initial=0.1))
    for k, ax in enumerate(out.flat):
        if k >= len(places):
            ax.remove()
            continue
        depth_axis(ax, bounds, labels=k % cols == 0)
        ax.axvline(0, color="#b8bec2", linewidth=0.6, zorder=0)
        for d in range(len(drivers)):
            colour = LINES[d % len(LINES)]
            values, sure = coefficient.values[k, :, d], firm.values[k, :, d]
            ax.plot(values, middle, color=colour, linewidth=0.9)
            for depth, value, filled in zip(middle, values, sure, strict=True):
                ax.plot(
                    value, depth, marker=MARKERS[d % len(MARKERS)], markersize=3.4, color=colour,
                    markerfacecolor=colour if filled else "white", markeredgewidth=0.8,
                )  # fmt: skip
        ax.set_xlim(-limit, limit)
        ax.locator_params(axis="x", nbins=4)
        ax.xaxis.set_major_formatter(signed)
        ax.set_title(places[k], loc="left", fontsize=7 if width > 1.2 else 6, fontweight="bold")
        if k % cols == 0:
            ax.set_ylabel("depth (cm)")
    out.label_below("standardised partial regression coefficient")
    _legend(out.figure, drivers, y=(out.note + 0.02) / out.height)
    return out.figure


def _legend(figure: Figure, drivers: Sequence[str], *, y: float) -> None:
    handles = [
        Line2D([], [], color=LINES[d % 7], marker=MARKERS[d % 7], markersize=4, linewidth=1,
               label=driver)
        for d, driver in enumerate(drivers)
    ]  # fmt: skip
    figure.legend(
        handles=handles, loc="lower center", ncols=min(7, len(handles)), frameon=False,
        bbox_to_anchor=(0.5, y), fontsize=7,
    )  # fmt: skip


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make one sheet of profiles, if the layers' edges are known."""
    if not stands_for_family(study, name):
        return  # the lag profile shows it
    ds = as_places(study.data(name))
    bounds = study.bounds(ds)
    if bounds is None or ds.sizes["depth"] < 2:
        return
    dim = str(place_dim(ds))
    window = {dim: slice(0, MOST)}
    coefficient = ds["standardized_coefficient"].transpose(dim, "depth", "driver")
    firm, test = significance(study, name)
    firm = as_places(firm.to_dataset(name="firm"))["firm"].transpose(dim, "depth", "driver")
    method = driver_method(study, name)
    drivers = driver_names(ds)
    chosen = coefficient.isel(window)
    seen = largest_of_drivers(chosen.values, place_names(chosen), study.layers(ds), drivers)
    title = f"Drivers against depth ({name})"
    yield Plate(
        key=file_stem("driver-profiles", name),
        title=title,
        seen=sentences(seen, circular_words(ds)),
        how=f"Standardised coefficients against depth, {method}; open marks: {test}.",
        alt=f"Profiles of the coefficients of {listed(drivers)} in "
        f"{listed(place_names(chosen))}. {seen}",
        draw=partial(
            driver_profiles, chosen, firm.isel(window), bounds, drivers=driver_labels(ds),
            title=title,
            subtitle=f"{method[0].upper()}{method[1:]}.",
            note=sentences(f"Open: {test}.", "Association, not effect.", circular_note(ds)),
            frame=study.frame,
        ),
    )  # fmt: skip
