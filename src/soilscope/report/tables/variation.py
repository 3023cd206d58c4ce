"""Tables of variation: statistics of each field with its normality, and stability by layer."""

import numpy as np
import pandas as pd
import xarray as xr

from soilscope.report.fields import date_names, groups
from soilscope.report.reading import Study, grid_dims, place_dim
from soilscope.report.stability import class_shares, class_words
from soilscope.report.tables.table import Table, count, share, three, two
from soilscope.report.words import file_stem, unit_text

_STATISTICS = {
    "n_obs": "cells", "minimum": "min", "maximum": "max", "mean": "mean", "std": "SD", "cv": "CV",
    "lower_quartile": "Q1", "median": "median", "upper_quartile": "Q3", "skewness": "skewness",
    "iqr_to_std": "IQR/SD", "qq_correlation": "QQ r",
}  # fmt: skip


def statistics(study: Study, name: str) -> Table | None:
    """List the statistics of each date, region and layer."""
    ds = study.data(name).load()
    rows = []
    for label, one in groups(study, ds):
        dates = date_names(one["time"]) if "time" in one.dims else [""]
        for i, date in enumerate(dates):
            row = one.isel(time=i) if "time" in one.dims else one
            head = {"date": date} | ({"part": label} if label else {})
            rows.append(head | {v: float(row[v]) for v in _STATISTICS})
    if not rows:
        return None
    units = unit_text(ds["mean"].attrs.get("units"))
    return Table(
        file_stem("statistics", name), name, "variation", f"Statistics and normality ({name})",
        f"{f'In {units}. ' if units else ''}SD with n - 1; skewness of the population. A normal "
        "distribution has an IQR/SD of 1.35 and a QQ correlation of 1; tests of normality are not "
        "given, as with more than about 2000 values, which are not independent, they always "
        "reject.",
        pd.DataFrame(rows),
        _STATISTICS | {"part": "region, layer"},
        dict.fromkeys(_STATISTICS, three)
        | dict.fromkeys(("cv", "skewness", "iqr_to_std"), two)
        | {"n_obs": count, "qq_correlation": _correlation},
    )  # fmt: skip


def _correlation(value: float) -> str:
    return f"{value:.4f}" if np.isfinite(value) else ""


def stabilities(study: Study, name: str) -> Table | None:
    """List for each layer the shares of the classes, and the cell that stands for the field."""
    ds = study.data(name).load()
    words = class_words(ds)
    shares = class_shares(ds)
    rows = []
    for k, layer in enumerate(study.layers(ds)):
        one = ds.isel(depth=k, drop=True) if "depth" in ds.dims else ds
        rows.append(
            ({"layer": layer} if layer else {})
            | dict(zip(words, map(float, shares[k]), strict=True))
            | {
                "std": float(one["std"].median()),
                "n_cells": float(one["n_cells"]),
                "rank_stability": float(one["rank_stability"]),
            }
            | _best(one)
        )
    return Table(
        file_stem("stability", name), name, "variation", f"Stability in time ({name})",
        "Shares of cells by the class of their SD over the months; rank stability: mean rank "
        "correlation between dates, over the cells valid on all used dates.",
        pd.DataFrame(rows),
        {
            "std": "median SD, m³ m⁻³", "n_cells": "cells compared",
            "rank_stability": "rank stability", "place": "representative",
            "mean_relative_difference": "its mean difference",
            "std_relative_difference": "SD of it",
        },
        dict.fromkeys(words, share)
        | {"std": three, "n_cells": count, "rank_stability": two}
        | dict.fromkeys(("mean_relative_difference", "std_relative_difference"), three),
    )  # fmt: skip


def _best(one: xr.Dataset) -> dict[str, object]:
    """Where the representative cell lies, and how far it is from the field."""
    dims = list(grid_dims(one) or (place_dim(one),))
    found = np.argwhere(one["representative"].transpose(*dims).values == 1)
    if len(found) == 0:
        return {"place": ""}
    at = dict(zip(map(str, dims), map(int, found[0]), strict=True))
    cell = one.isel(at)
    values = [cell[d].item() for d in at if d in cell.coords]
    place = ", ".join(f"{v:.9g}" if isinstance(v, float) else str(v) for v in values)
    names = ("mean_relative_difference", "std_relative_difference")
    return {"place": place} | {v: float(cell[v]) for v in names}
