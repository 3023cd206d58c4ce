"""Table of the driest years of every layer."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from soilscope.report.reading import Study, as_places, grid_dims, is_annual, place_dim, place_names
from soilscope.report.tables.table import Table, count
from soilscope.report.words import decimals, file_stem

DRIEST = 5


def driest_years(study: Study, name: str) -> Table | None:
    """List the lowest years of every layer of an annual index."""
    ds = study.data(name)
    if grid_dims(ds) is not None or not is_annual(ds):
        return None
    if study.upstream(name, "standardize") is None:
        return None
    annual = as_places(study.primary(name).to_dataset(name="value"))["value"]
    dim = str(place_dim(annual))
    annual = annual.transpose(dim, "depth", "time")
    years = annual["time"].dt.year.values
    rows = []
    for place, block in zip(place_names(annual), annual.values, strict=True):
        for layer, series in zip(study.layers(annual), block, strict=True):
            order = np.argsort(series, kind="stable")[:DRIEST]  # NaN come last
            found = [k for k in order if np.isfinite(series[k])]
            cells = {f"year_{r + 1}": int(years[k]) for r, k in enumerate(found)}
            values = {f"index_{r + 1}": float(series[k]) for r, k in enumerate(found)}
            rows.append({dim: place, "layer": layer} | _interleaved(cells, values))
    data = pd.DataFrame(rows)
    ranks = range(1, DRIEST + 1)
    return Table(
        file_stem("driest-years", name), name, "index", f"Five driest years ({name})",
        f"Lowest annual means of the index against {study.reference_text(name)}.",
        data, {f"year_{r}": f"{r}." for r in ranks} | {f"index_{r}": "index" for r in ranks},
        {f"index_{r}": lambda v: decimals(v, 3) for r in ranks}
        | {f"year_{r}": count for r in ranks},
    )  # fmt: skip


def _interleaved(years: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    cells: dict[str, Any] = {}
    for rank in range(1, DRIEST + 1):
        cells[f"year_{rank}"] = years.get(f"year_{rank}", np.nan)
        cells[f"index_{rank}"] = values.get(f"index_{rank}", np.nan)
    return cells
