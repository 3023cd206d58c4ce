"""Two products against each other: density of pairs, 1:1 line and measures, by layer."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from soilscope.report.layout import Margins, columns_for, sheet, signed
from soilscope.report.plates import Plate
from soilscope.report.reading import Frame, Study, as_places, place_names
from soilscope.report.seen import at_layer
from soilscope.report.style import ALARM, DENSITY, INK, TREND_LINE, WIDTH
from soilscope.report.words import decimals, file_stem, number, unit_text, with_unit


def agreement_density(
    ds: xr.Dataset,
    *,
    layers: Sequence[str],
    names: tuple[str, str],
    title: str,
    subtitle: str,
    dependent: str,
    frame: Frame,
) -> Figure:
    """Draw a panel a layer from `pair_density` (depth, reference_bin, product_bin)."""
    count = len(layers)
    cols, width = columns_for(count, aspect=1.0, available=WIDTH - 0.7, gap=0.42, tallest=6.0,
                              widest=2.4, row_gap=0.62)  # fmt: skip
    rows = -(-count // cols)
    out = sheet(
        rows, cols, panel=(width, width), title=title, subtitle=subtitle, frame=frame, foot=0.6,
        note="Every panel has its own axes. Black line: 1:1; broken: least squares. "
        "The outer bins hold what lies beyond.",
        margins=Margins(left=0.6, right=0.1, top=0.62, bottom=0.34, gap_x=0.42, gap_y=0.8),
    )  # fmt: skip
    most = max(float(ds["pair_density"].max()), 2.0)
    for k, ax in enumerate(out.flat):
        if k >= count:
            ax.remove()
            continue
        one = ds.isel(depth=k)
        _panel(ax, one, most)
        text = "\n".join(part for part in (layers[k], *_measures(one)) if part)
        ax.set_title(text, loc="left", fontsize=5.8, pad=2, linespacing=1.2)
        if k % cols == 0:
            ax.set_ylabel(names[0])
        if k + cols >= count:
            ax.set_xlabel(names[1], labelpad=1)
    if dependent:
        out.figure.text(
            0.06 / out.width, (out.note + 0.52) / out.height, f"Not independent: {dependent}.",
            fontsize=6.2, color=ALARM, fontweight="bold", va="center",
        )  # fmt: skip
    bar = out.figure.add_axes(out.box(out.width / 2 - 1.3, out.note + 0.33, 2.6, 0.08))
    out.figure.colorbar(
        ScalarMappable(LogNorm(1, most), DENSITY), cax=bar, orientation="horizontal",
        label="pairs", format=FuncFormatter(signed),
    )  # fmt: skip
    bar.minorticks_off()
    return out.figure


def _panel(ax: Axes, one: xr.Dataset, most: float) -> None:
    edges = one["pair_edge"].values
    if not np.isfinite(edges).all():
        ax.text(0.5, 0.5, "no pairs", ha="center", va="center", transform=ax.transAxes)
        return
    low, high = float(edges[0]), float(edges[-1])
    counts = one["pair_density"].transpose("product_bin", "reference_bin").values.astype(float)
    ax.imshow(
        np.ma.masked_equal(counts, 0), origin="lower", extent=(low, high, low, high),
        cmap=DENSITY, norm=LogNorm(1, most), aspect="auto", interpolation="nearest",
    )  # fmt: skip
    ends = np.array([low, high])
    ax.plot(ends, ends, color=INK, linewidth=0.7)
    if "line_slope" in one and np.isfinite(float(one["line_slope"])):
        fitted = float(one["line_intercept"]) + float(one["line_slope"]) * ends
        ax.plot(ends, fitted, color=TREND_LINE, linewidth=0.9, linestyle=(0, (4, 2)))
    ax.set_xlim(low, high)
    ax.set_ylim(low, high)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(signed)
    ax.locator_params(nbins=4, prune="both")
    ax.tick_params(labelsize=5.6)


def _measures(one: xr.Dataset) -> tuple[str, str, str]:
    return (
        f"r² {decimals(float(one['r_squared']), 2)}, NSE {decimals(float(one['nse']), 2)}",
        f"RMSE {number(float(one['rmse']), 2)}, bias {number(float(one['bias']), 2)}",
        f"n {int(one['n_obs']):,}",
    )


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make a sheet for each region of a pooled agreement."""
    if "pair_density" not in study.data(name):
        return
    ds = as_places(study.data(name)).load()
    dim = "region" if "region" in ds.dims else "site"
    inputs = study.records[name].inputs
    names = (_said(inputs.get("product")), _said(inputs.get("reference")))
    dependent = str(ds.attrs.get("dependent", ""))
    layers, units = study.layers(ds), ds["rmse"].attrs.get("units")
    sample = study.records[name].options.get("sample")
    cells = f"{sample:,} randomly drawn cells" if sample else "all cells"
    places = place_names(ds)
    for k, place in enumerate(places):
        one = ds.isel({dim: k})
        where = "" if len(places) == 1 else f" in {place}"
        title = f"{names[0]} against {names[1]}{where} ({name})"
        seen = _seen(one, layers, units, names)
        yield Plate(
            key=file_stem("agreement", name, *([] if len(places) == 1 else [str(k + 1)])),
            title=title,
            seen=seen + (f" The two are not independent: {dependent}." if dependent else ""),
            how=f"Density of all pairs in time of at most {cells}, pooled; NSE is not r²; a pooled "
            "correlation mixes differences between places, season and anomaly.",
            alt=f"Density of pairs with the 1:1 line. {seen}",
            draw=partial(
                agreement_density, one, layers=layers, title=title, dependent=dependent,
                names=(with_unit(names[0], units), with_unit(names[1], units)),
                subtitle=f"Pairs of at most {cells}, pooled over time{where}.", frame=study.frame,
            ),
        )  # fmt: skip


def _said(reference: Any) -> str:
    return str(reference).replace("_", " ")


def _seen(ds: xr.Dataset, layers: Sequence[str], units: str | None, names: tuple[str, str]) -> str:
    """Say the range of r², where it is highest, and the RMSE and bias there."""
    r = ds["r_squared"].values
    if not np.isfinite(r).any():
        return "No layer has enough pairs."
    k = int(np.nanargmax(r))
    bias = float(ds["bias"].values[k])
    side = "wetter" if bias > 0 else "drier"
    return (
        f"r² is {decimals(float(np.nanmin(r)), 2)} to {decimals(float(r[k]), 2)}, highest"
        f"{at_layer(layers[k])}, where NSE is {decimals(float(ds['nse'].values[k]), 2)}, the RMSE "
        f"{number(float(ds['rmse'].values[k]), 2)} {unit_text(units)} and {names[0]} "
        f"{number(abs(bias), 2)} {unit_text(units)} {side} than {names[1]} "
        f"(n = {int(ds['n_obs'].values[k]):,})."
    )
