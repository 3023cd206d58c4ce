"""Table 1: the inputs, and what was done to them on the way into the cube."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from soilscope.report.drivers import driver_name
from soilscope.report.lineage import inputs_of
from soilscope.report.reading import Study, grid_dims, place_dim
from soilscope.report.tables.table import Table
from soilscope.report.words import product_name, unit_text
from soilscope.study.store import CUBE, INPUT


def inputs_table(study: Study, name: str) -> Table | None:
    """List every variable of every input as its product has it, and what was done to it."""
    ancestors = {one.name: ", ".join(one.ancestors) for one in inputs_of(study)}
    cube = study.data(name)
    rows = [
        _row(about, variable, fields, _holder(study, about, cube), study.period)
        | {"made_from": ancestors.get(str(about.get("name", "")), "") or "not declared"}
        for about in study.sources
        for variable, fields in about.get("variables", {}).items()
    ]
    if not rows:
        return None
    data = pd.DataFrame(rows)
    grid = _resolution(cube["soil_moisture"]) if "soil_moisture" in cube else ""
    return Table(
        "inputs", CUBE, "area", "Table 1. Inputs and preprocessing",
        "Resolution and period are those of the product's files, inside the region and period of "
        f"the study. {f'The study: {grid}, {study.period}. ' if grid else ''}Missing: share of all "
        "values in the study, cells outside the study area included.",
        data.drop(columns=[c for c in ("name_in_file", "units_before") if not data[c].any()]),
        {"made_from": "made from", "units_before": "units in the file",
         "units_after": "units in the study", "name_in_file": "name in the file"},
        {"missing": lambda v: f"{100 * v:.1f} %" if np.isfinite(v) else ""},
    )  # fmt: skip


def _holder(study: Study, about: Mapping[str, Any], cube: xr.Dataset) -> xr.Dataset:
    """Return where an input is: in the cube, or in a result of its own."""
    record = study.records.get(str(about.get("name", "")))
    return study.data(record.name) if record is not None and record.step == INPUT else cube


def _row(
    about: Mapping[str, Any],
    variable: str,
    fields: Mapping[str, Any],
    cube: xr.Dataset,
    period: str,
) -> dict[str, Any]:
    before = str(fields.get("source_units") or "").replace("**", "")
    counts = fields.get("counts") or {}
    n = float(counts.get("n", 0))
    da = cube.get(variable)
    dated = da is not None and "time" in da.dims
    return {
        "variable": driver_name(variable),
        "product": product_name(about),
        "name_in_file": str(fields.get("source_name") or ""),
        "units_before": unit_text(before) or before,
        "units_after": unit_text(fields.get("units")) or str(fields.get("units") or ""),
        "resolution": _native(about, da),
        "period": (_months(about.get("period")) or period) if dated else "",
        "preprocessing": _prepared(about, fields),
        "missing": float(counts.get("missing", 0)) / n if n else np.nan,
    }


def _native(about: Mapping[str, Any], da: xr.DataArray | None) -> str:
    """Say the size of a product's cells as its files have them, and its layers or sites."""
    told = str(about.get("resolution") or "").replace(" degrees", "\u00b0")
    if da is None:
        return told
    if not told:
        return _resolution(da)
    layers = [d for d in da.dims if str(d).startswith("depth")]
    words = (f"{da.sizes[d]} layer{'s' if da.sizes[d] > 1 else ''}" for d in layers)
    return ", ".join([told, *words])


def _months(period: Any) -> str:
    """Return '2000-01 to 2020-12' of two dates."""
    ends = [str(day)[:7] for day in period or () if day]
    return " to ".join(ends) if len(ends) == 2 else ""


def _prepared(about: Mapping[str, Any], fields: Mapping[str, Any]) -> str:
    """Say what was done to an input on its way into the study."""
    said = [str(one) for one in about.get("preparation", ())]
    before, after = str(fields.get("source_units") or ""), str(fields.get("units") or "")
    if before and unit_text(before.replace("**", "")) != unit_text(after):
        said.insert(0, f"{unit_text(before) or before} to {unit_text(after) or after}")
    return "; ".join(said) or "none"


def _resolution(da: xr.DataArray) -> str:
    """Say the spacing of grid and time, and the number of layers."""
    parts = []
    dims = grid_dims(da)
    if dims is not None:
        unit = "°" if dims[0] in ("latitude", "lat") else " m"
        steps = [_step(da[d]) for d in dims]
        if all(np.isfinite(steps)):
            parts.append(" \u00d7 ".join(f"{s:.4g}{unit}" for s in steps))
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
