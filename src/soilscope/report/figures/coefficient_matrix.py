"""Standardised coefficients of regions or sites: layers down, drivers across."""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from soilscope.report.drivers import driver_method, driver_names, significance
from soilscope.report.lags import stands_for_family
from soilscope.report.layout import Margins, sheet
from soilscope.report.matrix import draw_matrix, wrapped
from soilscope.report.plates import Plate
from soilscope.report.reading import Frame, Study, as_places, place_dim, place_names
from soilscope.report.seen import largest_of_drivers
from soilscope.report.style import SIGNED, WIDTH, Scale, symmetric
from soilscope.report.words import decimals, file_stem, number

PER_SHEET = 6
MOST = 24
LEFT = 0.85


def coefficient_matrix(
    coefficient: xr.DataArray,
    firm: xr.DataArray,
    *,
    drivers: Sequence[str],
    layers: Sequence[str],
    scale: Scale,
    title: str,
    subtitle: str,
    note: str,
    frame: Frame,
) -> Figure:
    """Draw a panel a place from `coefficient` (place, depth, driver) and where it is `firm`."""
    places = place_names(coefficient)
    cols = min(len(places), 3)
    rows = -(-len(places) // cols)
    gap = 0.15
    width = min(0.62 * len(drivers), (WIDTH - LEFT - 0.1 - (cols - 1) * gap) / cols)
    names = [wrapped(d, inches=width / len(drivers), fontsize=5.8) for d in drivers]
    out = sheet(
        rows, cols, panel=(width, 0.24 * len(layers)), title=title, subtitle=subtitle, note=note,
        frame=frame, margins=Margins(left=LEFT, right=0.1, top=0.42, bottom=0.1, gap_x=gap,
                                     gap_y=0.5), foot=0.5,
    )  # fmt: skip
    for k, ax in enumerate(out.flat):
        if k >= len(places):
            ax.remove()
            continue
        values = coefficient.values[k]
        draw_matrix(
            ax, values, scale, rows=layers, columns=names, label_rows=k % cols == 0,
            texts=[[decimals(v, 2) for v in row] for row in values],
            hatched=~firm.values[k],
        )  # fmt: skip
        ax.tick_params(axis="x", labelsize=5.8)
        ax.set_title(places[k], loc="left", fontsize=7, fontweight="bold", pad=4)
    out.bar_below(scale, "standardised partial regression coefficient")
    return out.figure


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make a sheet for every six places."""
    if not stands_for_family(study, name):
        return  # the lag profile shows it
    ds = as_places(study.data(name))
    dim = str(place_dim(ds))
    coefficient = ds["standardized_coefficient"].transpose(dim, "depth", "driver")
    firm, test = significance(study, name)
    firm = as_places(firm.to_dataset(name="firm"))["firm"].transpose(dim, "depth", "driver")
    drivers, layers = driver_names(ds), study.layers(ds)
    scale = symmetric(coefficient.values, SIGNED)
    method = driver_method(study, name)
    count = min(ds.sizes[dim], MOST)
    for part, start in enumerate(range(0, count, PER_SHEET)):
        window = {dim: slice(start, min(start + PER_SHEET, count))}
        chosen = coefficient.isel(window)
        seen = largest_of_drivers(chosen.values, place_names(chosen), layers, drivers)
        suffix = () if count <= PER_SHEET else (str(part + 1),)
        title = f"Association of soil moisture with its drivers ({name})"
        yield Plate(
            key=file_stem("coefficient-matrix", name, *suffix),
            title=title,
            seen=seen,
            how=f"Standardised coefficients, {method}; hatched: {test}.",
            alt=f"{seen} {_alt(chosen, drivers, layers)}",
            draw=partial(
                coefficient_matrix, chosen, firm.isel(window), drivers=drivers,
                layers=layers, scale=scale, title=title,
                subtitle=f"{method[0].upper()}{method[1:]}.",
                note=f"Hatched: {test}. Association, not effect.", frame=study.frame,
            ),
        )  # fmt: skip


def _alt(coefficient: xr.DataArray, drivers: Sequence[str], layers: Sequence[str]) -> str:
    """Name the largest coefficient of each layer."""
    said = []
    for place, block in zip(place_names(coefficient), coefficient.values, strict=True):
        for layer, row in zip(layers, block, strict=True):
            if np.isfinite(row).any():
                k = int(np.nanargmax(np.abs(row)))
                said.append(f"{place} {layer}: largest {drivers[k]} ({number(row[k], 2)})")
    return "; ".join(said) + "."
