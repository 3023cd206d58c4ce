"""QQ plots: the values of a field against those of a normal distribution."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from soilscope.report.fields import date_names, groups, spaced_out
from soilscope.report.layout import Margins, sheet, signed
from soilscope.report.plates import Plate
from soilscope.report.reading import Frame, Study
from soilscope.report.style import QUIET, SERIES
from soilscope.report.words import decimals, file_stem, with_unit

MOST = 12  # dates of a sheet
SHEETS = 3
COLUMNS = 4


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make a sheet for each of the first regions and layers."""
    ds = study.data(name).load()
    made = 0
    for label, whole in groups(study, ds):
        known = np.flatnonzero(whole["qq_correlation"].notnull().values)
        if known.size == 0 or made == SHEETS:
            continue
        one = whole.isel(time=known[spaced_out(known.size, MOST)])
        made += 1
        title = (
            f"QQ plots against a normal distribution ({', '.join(w for w in (name, label) if w)})"
        )
        seen = _seen(whole.isel(time=known))
        yield Plate(
            key=file_stem("qq", name, *([] if made == 1 else [str(made)])),
            title=title,
            seen=seen,
            how="Quantiles of all cells against those of the standard normal distribution; line: "
            "mean and SD of the cells; r: correlation of all ordered values with normal order "
            "statistics (Filliben 1975, doi:10.1080/00401706.1975.10489279). No test is given: "
            "with thousands of dependent cells every test rejects.",
            alt=f"QQ plots of {one.sizes['time']} dates. {seen}",
            draw=partial(_draw, one, there=known.size, title=title, frame=study.frame),
        )


def _seen(one: xr.Dataset) -> str:
    r, ratio = one["qq_correlation"].values, one["iqr_to_std"].values
    dates = date_names(one["time"])
    low = int(np.argmin(r))
    return (
        f"The correlation is lowest in {dates[low]} ({decimals(float(r[low]), 3)}) and at most "
        f"{decimals(float(r.max()), 3)}; the interquartile range is "
        f"{decimals(float(ratio.min()), 2)} to {decimals(float(ratio.max()), 2)} SD (normal: 1.35)."
    )


def _draw(ds: xr.Dataset, *, there: int, title: str, frame: Frame) -> Figure:
    count = ds.sizes["time"]
    cols = min(COLUMNS, count)
    rows = -(-count // cols)
    units = ds["sample_quantile"].attrs.get("units")
    out = sheet(
        rows, cols, panel=(1.45, 1.25), title=title, frame=frame,
        subtitle="The closer the points lie to the line, the more normal the values. r: their "
        "correlation; IQR/SD is 1.35 for a normal distribution.",
        note=f"{count} of {there} dates, spread evenly." if count < there else "",
        margins=Margins(left=0.55, right=0.1, top=0.22, bottom=0.4, gap_x=0.14, gap_y=0.34),
    )  # fmt: skip
    z = ds["normal_quantile"].values
    low = float(ds["sample_quantile"].min())
    high = float(ds["sample_quantile"].max())
    pad = 0.06 * (high - low)
    names = date_names(ds["time"])
    for k, axes in enumerate(out.flat):
        if k >= count:
            axes.set_axis_off()
            continue
        one = ds.isel(time=k)
        axes.plot(z, float(one["mean"]) + float(one["std"]) * z, color=QUIET, linewidth=0.7)
        axes.plot(z, one["sample_quantile"].values, "o", markersize=1.5, color=SERIES)
        said = f"r = {decimals(float(one['qq_correlation']), 3)}"
        ratio = f"IQR/SD = {decimals(float(one['iqr_to_std']), 2)}"
        axes.text(0.04, 0.96, f"{said}\n{ratio}", transform=axes.transAxes, va="top", fontsize=6)
        axes.set_title(names[k], loc="left", fontsize=7)
        axes.set_ylim(low - pad, high + pad)
        axes.xaxis.set_major_formatter(signed)
        axes.yaxis.set_major_formatter(signed)
        axes.tick_params(labelleft=k % cols == 0, labelbottom=k + cols >= count)
        if k % cols == 0:
            axes.set_ylabel(with_unit("", units).strip().strip("()") or "value")
        axes.spines[["top", "right"]].set_visible(False)
    out.label_below("quantile of the standard normal distribution")
    return out.figure
