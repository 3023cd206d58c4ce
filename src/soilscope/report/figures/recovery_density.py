"""What was planted in synthetic data against what was found: density and 1:1 line by layer."""

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

from soilscope.report.drivers import driver_names
from soilscope.report.layout import Margins, columns_for, sheet, signed
from soilscope.report.plates import Plate
from soilscope.report.reading import Frame, Study
from soilscope.report.style import DENSITY, INK, WIDTH
from soilscope.report.words import file_stem, number, percent, with_unit


def recovery_density(
    result: xr.Dataset,
    *,
    names: Sequence[str],
    label: str,
    title: str,
    subtitle: str,
    frame: Frame,
) -> Figure:
    """Draw a panel a group from `density` (group, planted_bin, recovered_bin) and `bin_edge`."""
    count = len(names)
    cols, width = columns_for(count, aspect=1.0, available=WIDTH - 0.65, gap=0.14, tallest=4.8,
                              widest=1.8, row_gap=0.55)  # fmt: skip
    rows = -(-count // cols)
    out = sheet(
        rows, cols, panel=(width, width), title=title, subtitle=subtitle, frame=frame, foot=0.6,
        note="Line: 1:1. Covered: share of the intervals that hold the planted value. False "
        "alarms: share of the cells without a planted value that are significant, each for itself.",
        margins=Margins(left=0.55, right=0.1, top=0.45, bottom=0.34, gap_x=0.14, gap_y=0.55),
    )  # fmt: skip
    most = max(float(result["density"].max()), 2.0)
    for k, ax in enumerate(out.flat):
        if k >= count:
            ax.remove()
            continue
        one = result.isel(group=k)
        _panel(ax, one, most)
        ax.set_title(
            "\n".join([names[k], *_numbers(one)]), loc="left", fontsize=5.8, pad=2, linespacing=1.2
        )
        if k % cols == 0:
            ax.set_ylabel("found")
        ax.tick_params(labelleft=k % cols == 0)
        if k + cols >= count:
            ax.set_xlabel("planted", labelpad=1)
    out.figure.text(
        0.06 / out.width, (out.note + 0.34) / out.height, label, fontsize=6.5, va="center"
    )
    bar = out.figure.add_axes(out.box(out.width / 2 - 1.3, out.note + 0.36, 2.6, 0.09))
    out.figure.colorbar(
        ScalarMappable(LogNorm(1, most), DENSITY), cax=bar, orientation="horizontal",
        label="cells", format=FuncFormatter(signed),
    )  # fmt: skip
    bar.minorticks_off()
    return out.figure


def _panel(ax: Axes, one: xr.Dataset, most: float) -> None:
    edges = one["bin_edge"].values
    if not np.isfinite(edges).all():
        ax.text(0.5, 0.5, "no cells", ha="center", va="center", transform=ax.transAxes)
        return
    low, high = float(edges[0]), float(edges[-1])
    counts = one["density"].transpose("recovered_bin", "planted_bin").values.astype(float)
    ax.imshow(
        np.ma.masked_equal(counts, 0), origin="lower", extent=(low, high, low, high),
        cmap=DENSITY, norm=LogNorm(1, most), aspect="auto", interpolation="nearest",
    )  # fmt: skip
    ax.plot([low, high], [low, high], color=INK, linewidth=0.6)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(signed)
    ax.locator_params(nbins=4, prune="both")
    ax.tick_params(labelsize=5.6)


def _numbers(one: xr.Dataset) -> list[str]:
    parts = []
    for variable, word in (
        ("coverage_planted", "covered"),
        ("false_positive_share", "false alarms"),
    ):
        value = float(one[variable])
        if np.isfinite(value):
            parts.append(f"{word} {percent(value)}")
    return parts


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make a sheet for a recovery with numbers; for coefficients one for each driver."""
    ds = study.data(name)
    if "density" not in ds:
        return
    variable = str(study.records[name].options.get("variable", "slope"))
    word = variable.replace("_", " ")
    layers = study.layers(ds)
    drivers: list[str | None] = list(driver_names(ds)) if "driver" in ds.dims else [None]
    for d, driver in enumerate(drivers):
        one = (ds if driver is None else ds.isel(driver=d)).load()
        group = one.rename(depth="group") if "depth" in one.dims else one.expand_dims("group")
        if "group" not in group["bin_edge"].dims:
            group["bin_edge"] = group["bin_edge"].expand_dims(group=group.sizes["group"])
        title = f"Planted and found {word}" + (f", {driver}" if driver else "") + f" ({name})"
        yield Plate(
            key=file_stem("recovery", name, *([str(ds["driver"].values[d])] if driver else [])),
            title=title,
            seen=_seen(group, layers, word),
            how=(
                f"Density of cells by planted and found {word}, with the share of the "
                "intervals that hold the planted value and the share of false alarms, by layer."
            ),
            alt=_alt(group, layers),
            draw=partial(
                recovery_density, group, names=layers, title=title, frame=study.frame,
                label=with_unit(word, _unit(ds)), subtitle=_pooled(one),
            ),
        )  # fmt: skip


def _unit(ds: xr.Dataset) -> str | None:
    units: Any = ds["rmse"].attrs.get("units") if "rmse" in ds else None
    return None if units is None else str(units)


def _pooled(ds: xr.Dataset) -> str:
    parts = []
    for variable, text in (
        ("coverage_planted_pooled", "intervals hold the planted value in {} of the planted cells"),
        ("false_positive_share_pooled", "{} of the cells without one are significant"),
        ("detected_share_pooled", "{} of the planted are detected"),
    ):
        if variable in ds and ds[variable].ndim == 0 and np.isfinite(float(ds[variable])):
            parts.append(text.format(f"{100 * float(ds[variable]):.1f} %"))
    where = "Over all drivers and layers" if "driver" in ds.coords else "Over all layers"
    return f"{where}: {'; '.join(parts)}." if parts else ""


def _alt(group: xr.Dataset, layers: Sequence[str]) -> str:
    said = [
        f"{layer}: {', '.join(_numbers(group.isel(group=k)))}" for k, layer in enumerate(layers)
    ]
    return "Density of found against planted values. " + "; ".join(said) + "."


def _seen(group: xr.Dataset, layers: Sequence[str], word: str) -> str:
    """Range over the layers of the share of intervals that hold the planted value."""
    covered = group["coverage_planted"].values
    r = group["correlation"].values if "correlation" in group else np.array([np.nan])
    said = []
    if np.isfinite(covered).any():
        low, high = percent(np.nanmin(covered)), percent(np.nanmax(covered))
        much = low if low == high else f"{low[:-2]} to {high}"
        where = "every layer" if len(layers) > 1 else "the cells"
        said.append(f"the intervals hold the planted {word} in {much} of the cells of {where}")
    if np.isfinite(r).any():
        least = number(np.nanmin(r), 2)
        said.append(f"the correlation of found with planted is at least {least}")
    text = "; ".join(said) or f"nothing was planted, and the found {word} scatters about zero"
    return text[0].upper() + text[1:] + "."
