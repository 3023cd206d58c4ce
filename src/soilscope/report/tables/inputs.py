"""Table 1: the inputs, and what was done to them on the way into the cube."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from soilscope.report.lineage import inputs_of
from soilscope.report.reading import Study, grid_dims, place_dim
from soilscope.report.tables.table import Table
from soilscope.report.words import number, unit_text
from soilscope.study.store import CUBE


def inputs_table(study: Study, name: str) -> Table | None:
    """List every variable of every input with units, resolution, period and missing share."""
    ancestors = {one.name: ", ".join(one.ancestors) for one in inputs_of(study)}
    cube = study.data(name)
    rows = [
        _row(about, variable, fields, cube, study.period)
        | {"made_from": ancestors.get(str(about.get("name", "")), "") or "not declared"}
        | {"source": str(about.get("source") or about.get("title") or "")}
        for about in study.records[name].sources
        for variable, fields in about.get("variables", {}).items()
    ]
    if not rows:
        return None
    return Table(
        "inputs", CUBE, "area", "Table 1. Inputs and preprocessing",
        "Variables as they enter the study, on its grid or sites and in its calendar; missing: "
        "share of all values, cells outside the study area included.",
        pd.DataFrame(rows),
        {"made_from": "made from", "units_before": "units in the file",
         "units_after": "units in the study", "name_in_file": "name in the file"},
        {"missing": lambda v: f"{100 * v:.1f} %" if np.isfinite(v) else ""},
    )  # fmt: skip


def _row(
    about: Mapping[str, Any],
    variable: str,
    fields: Mapping[str, Any],
    cube: xr.Dataset,
    period: str,
) -> dict[str, Any]:
    counts = fields.get("counts") or {}
    n = float(counts.get("n", 0))
    da = cube.get(variable)
    dated = da is not None and "time" in da.dims
    return {
        "variable": variable.replace("_", " "),
        "product": str(about.get("product", "")),
        "name_in_file": str(fields.get("source_name") or ""),
        "units_before": unit_text(fields.get("source_units")) or fields.get("source_units") or "",
        "units_after": unit_text(fields.get("units")) or str(fields.get("units") or ""),
        "resolution": "" if da is None else _resolution(da),
        "period": period if dated else "",
        "missing": float(counts.get("missing", 0)) / n if n else np.nan,
    }


def _resolution(da: xr.DataArray) -> str:
    """Say the spacing of grid and time, and the number of layers."""
    parts = []
    dims = grid_dims(da)
    if dims is not None:
        unit = "°" if dims[0] in ("latitude", "lat") else " m"
        steps = [_step(da[d]) for d in dims]
        if all(np.isfinite(steps)):
            parts.append(" \u00d7 ".join(f"{number(s)}{unit}" for s in steps))
    elif place_dim(da) is not None:
        parts.append(f"{da.sizes[str(place_dim(da))]} sites")
    if "depth" in da.dims:
        parts.append(f"{da.sizes['depth']} layers")
    if "time" in da.dims and da.sizes["time"] > 1:
        months = da["time"].dt.year.values * 12 + da["time"].dt.month.values
        step = int(np.median(np.diff(months)))
        parts.append({0: "days", 1: "months", 12: "years"}.get(step, f"every {step} months"))
    return ", ".join(parts)


def _step(axis: xr.DataArray) -> float:
    return float(np.median(np.abs(np.diff(axis.values)))) if axis.size > 1 else np.nan
