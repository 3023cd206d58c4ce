"""Heatmap of an annual series: layers down, years across, a panel for each region or site."""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from soilscope.report.layout import Margins, sheet
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
from soilscope.report.seen import at_layer, where
from soilscope.report.style import WIDTH, Scale, symmetric
from soilscope.report.words import file_stem, listed, number, place_word

PER_SHEET = 8  # panels
MOST = 24  # places that are drawn; the tables hold all


def index_heatmap(
    annual: xr.DataArray,
    *,
    layers: Sequence[str],
    scale: Scale,
    label: str,
    title: str,
    subtitle: str,
    frame: Frame,
) -> Figure:
    """Draw `annual` (place, depth, time); rows are of equal height, whatever the layers measure."""
    names = place_names(annual)
    n_layers = annual.sizes["depth"]
    height = max(0.5, 0.17 * n_layers)
    out = sheet(
        len(names), 1, panel=(WIDTH - 1.7, height), title=title, subtitle=subtitle,
        note="Grey: no value (incomplete year).", frame=frame,
        margins=Margins(left=0.85, right=0.85, top=0.18, bottom=0.2, gap_x=0, gap_y=0.2),
    )  # fmt: skip
    years = np.floor(decimal_years(annual["time"])).astype(int)
    values = np.full((len(names), n_layers, years[-1] - years[0] + 1), np.nan)
    values[..., years - years[0]] = annual.values
    for row, (ax, name) in enumerate(zip(out.flat, names, strict=True)):
        ax.imshow(
            np.ma.masked_invalid(values[row]), cmap=scale.colours, vmin=scale.low, vmax=scale.high,
            aspect="auto", interpolation="nearest",
            extent=(years[0] - 0.5, years[-1] + 0.5, n_layers - 0.5, -0.5),
        )  # fmt: skip
        ax.set_yticks(range(n_layers), layers)
        ax.tick_params(axis="y", length=0)
        ax.set_xticks([y for y in range(years[0], years[-1] + 1) if y % 5 == 0])
        ax.tick_params(axis="x", labelbottom=row == len(names) - 1)
        ax.set_title(name, loc="left", fontsize=7, fontweight="bold", pad=2)
        for edge in range(1, n_layers):
            ax.axhline(edge - 0.5, color="white", linewidth=0.4)
    out.bar_right(scale, label)
    return out.figure


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make a sheet for every eight places of an annual series."""
    if not is_annual(study.data(name)) or study.upstream(name, "standardize") is None:
        return
    annual = ordered(study.primary(name))
    scale = symmetric(annual.values)
    what = "Annual soil moisture index"
    reference = study.reference_text(name)
    count = min(annual.sizes[place_dim(annual)], MOST)
    for part, start in enumerate(range(0, count, PER_SHEET)):
        chosen = annual.isel({place_dim(annual): slice(start, min(start + PER_SHEET, count))})
        places = listed(place_names(chosen), most=8)
        suffix = () if count <= PER_SHEET else (str(part + 1),)
        title = f"{what} by layer and year ({name})"
        yield Plate(
            key=file_stem("heatmap", name, *suffix),
            title=title,
            seen=_seen(chosen, study.layers(annual)),
            how=(
                f"{what} of each soil layer in {places}; "
                f"index against {reference}; one colour scale for all panels, "
                "incomplete years are grey."
            ),
            alt=_alt(chosen, study.layers(annual)),
            draw=partial(
                index_heatmap, chosen, layers=study.layers(annual), scale=scale,
                label="index (below zero: drier)", title=title, frame=study.frame,
                subtitle=f"Reference of the index: {reference}.",
            ),
        )  # fmt: skip


def ordered(annual: xr.DataArray) -> xr.DataArray:
    """Put dimensions into the order place, depth, time."""
    ds = as_places(annual.to_dataset(name="value"))
    out = ds["value"].rename(annual.name)
    return out.transpose(place_dim(out), "depth", "time").assign_attrs(annual.attrs)


def _alt(annual: xr.DataArray, layers: Sequence[str]) -> str:
    """Say where the lowest value of each place lies."""
    said = []
    years = annual["time"].dt.year.values
    for name, panel in zip(place_names(annual), annual.values, strict=True):
        if np.isfinite(panel).any():
            layer, year = divmod(int(np.nanargmin(panel)), panel.shape[1])
            lowest = number(np.nanmin(panel), 3)
            said.append(f"{name}: lowest in {years[year]} at {layers[layer]} ({lowest})")
    return (
        f"Heatmap with a panel for each {place_word(str(place_dim(annual)), 1)}. {'; '.join(said)}."
    )


def _seen(annual: xr.DataArray, layers: Sequence[str]) -> str:
    """Name the driest and the wettest year of the sheet."""
    if not np.isfinite(annual.values).any():
        return "No year has a value."
    years, places = annual["time"].dt.year.values, place_names(annual)
    said = []
    for word, pick in (("lowest", np.nanargmin), ("highest", np.nanargmax)):
        i, j, k = where(pick(annual.values), annual.shape)
        series = f"{places[i]}{at_layer(layers[j])}"
        said.append(f"{word} in {years[k]} in {series} ({number(annual.values[i, j, k], 2)})")
    return f"The annual index is {said[0]} and {said[1]}."
