"""The relations of a downscaling: slope of each stratum with its bound, and whether it is used."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from soilscope.report.layout import Margins, sheet
from soilscope.report.plates import Plate
from soilscope.report.reading import Frame, Study
from soilscope.report.style import ALARM, INK, QUIET, SERIES
from soilscope.report.words import MINUS, decimals, file_stem, number

ROW = 0.17  # inches


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make one sheet of all strata that have cell days."""
    ds = study.data(name).load()
    ds = ds.isel(stratum=np.flatnonzero(ds["n_obs"].values > 0))
    if not ds.sizes["stratum"]:
        return
    alpha = float(study.records[name].options.get("alpha") or 0.05)
    used = int(ds["usable"].sum())
    steep = ds["coefficient"].where(ds["usable"] == 1)
    seen = f"{used} of {ds.sizes['stratum']} relations with data are used."
    if used:
        k = int(np.nanargmin(steep.values))
        where = str(ds["stratum"].values[k]).replace("_", " ")
        seen += (
            f" Moisture falls most with warming in {where}: by "
            f"{number(-1000 * float(steep[k]), 2)} \u00b7 10\u207b\u00b3 m\u00b3 m\u207b\u00b3 per "
            "K."
        )
    title = f"Soil moisture against the day-night difference of temperature ({name})"
    yield Plate(
        key=file_stem("relations", name),
        title=title,
        seen=seen,
        how=f"Least squares in each stratum; the line ends at the one-sided bound (level "
        f"{number(alpha, 2)}) of a bootstrap of blocks of days. A relation is used where this is "
        "below zero.",
        alt=f"Slopes of {ds.sizes['stratum']} strata with bounds. {seen}",
        draw=partial(_draw, ds, title=title, frame=study.frame),
    )


def _draw(ds: xr.Dataset, *, title: str, frame: Frame) -> Figure:
    n = ds.sizes["stratum"]
    names = [str(label).replace("_", " ") for label in ds["stratum"].values]
    left = min(2.3, 0.3 + 0.052 * max(map(len, names)))
    out = sheet(
        1, 1, panel=(3.0, ROW * n + 0.1), title=title, frame=frame,
        subtitle="Slope of each stratum, of each land cover, and of all together.",
        note="Full mark: the relation is used; open: it is not (not significantly below zero, or "
        "too few cell days). RMSE: on months and places that the fit had not seen.",
        margins=Margins(left=left, right=2.0, top=0.25, bottom=0.3),
    )  # fmt: skip
    axes = out.flat[0]
    y = np.arange(n)[::-1]
    slope, high = (1000 * ds[v].values for v in ("coefficient", "coefficient_high"))
    used = ds["usable"].values == 1
    axes.axvline(0, color=QUIET, lw=0.6)
    for at, a, b, ok in zip(y, slope, high, used, strict=True):
        colour = SERIES if ok else ALARM
        if np.isfinite(b):
            axes.plot([a, b], [at, at], color=colour, lw=1.0)
        axes.plot(a, at, "o", ms=3.5, mec=colour, mfc=colour if ok else "white")
    axes.set_ylim(-0.7, n - 0.3)
    axes.set_yticks(y, names)
    axes.set_xlabel("slope, 10\u207b\u00b3 m\u00b3 m\u207b\u00b3 K\u207b\u00b9")
    axes.xaxis.set_major_formatter(lambda v, _: f"{v:g}".replace("-", MINUS))
    axes.spines[["top", "right"]].set_visible(False)
    for place, head in ((1.12, "n"), (1.30, "r\u00b2"), (1.58, "RMSE, m\u00b3 m\u207b\u00b3")):
        axes.text(
            place, n - 0.1, head, transform=axes.get_yaxis_transform(), ha="right", fontsize=6.2,
            color=INK, va="bottom",
        )  # fmt: skip
    for i, at in enumerate(y):
        one = ds.isel(stratum=i)
        for place, text in (
            (1.12, f"{int(one['n_obs']):,}"),
            (1.30, decimals(float(one["r_squared"]), 2)),
            (1.58, decimals(float(one["rmse_cv"]), 3)),
        ):
            axes.text(
                place, at, "" if text == "nan" else text, va="center", ha="right", fontsize=6.2,
                transform=axes.get_yaxis_transform(),
            )  # fmt: skip
    return out.figure
