"""Table of the coefficients of drivers."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import xarray as xr

from soilscope.report.drivers import circular_note, driver_labels, significance
from soilscope.report.lags import stands_for_family
from soilscope.report.reading import Study, as_places, grid_dims, place_dim, place_names
from soilscope.report.tables.table import Table, count, p_value, three, two
from soilscope.report.words import STATUS, file_stem, flags, sentences


def drivers(study: Study, name: str) -> Table | None:
    """List the coefficients of each place, layer and driver."""
    ds = study.data(name)
    if grid_dims(ds) is not None or not stands_for_family(study, name):
        return None
    firm, test = significance(study, name)
    adjusted = study.adjusted(name)
    ds = ds.assign(firm=firm)
    if adjusted is not None:
        ds = ds.assign(p_after_fdr=adjusted)
    ds = as_places(ds).load()
    dim = str(place_dim(ds))
    units = ds["driver_units"].values if "driver_units" in ds.coords else None
    rows = []
    for i, place in enumerate(place_names(ds)):
        for j, layer in enumerate(study.layers(ds)):
            for k, driver in enumerate(driver_labels(ds)):
                one = ds.isel({dim: i, "depth": j, "driver": k})
                unit = "" if units is None else f" (per {units[k]})"
                rows.append({dim: place, "layer": layer, "driver": driver + unit} | _numbers(one))
    status = flags(ds["status"])
    data = pd.DataFrame(rows)
    codes = ds["status"].transpose(dim, "depth").values.ravel().repeat(ds.sizes["driver"])
    data["status"] = [STATUS.get(_code(status, c)) or _code(status, c) for c in codes]
    columns = ("coefficient", "stderr", "coefficient_low", "coefficient_high",
               "standardized_coefficient", "partial_r", "vif", "r_squared",
               "r_squared_share")  # fmt: skip
    errors = "Newey-West" if study.records[name].options.get("errors") == "hac" else "ordinary"
    return Table(
        file_stem("drivers", name), name, "drivers", f"Coefficients of the drivers ({name})",
        f"Partial regression; errors are {errors}; VIF: variance inflation factor; "
        + sentences(f"not significant: {test}.", circular_note(ds)),
        data,
        {"stderr": "std. error", "coefficient_low": "from", "coefficient_high": "to",
         "standardized_coefficient": "standardised", "partial_r": "partial r", "vif": "VIF",
         "r_squared": "R\u00b2 of all", "r_squared_share": "share of R\u00b2",
         "p_value": "p", "p_after_fdr": "p, after FDR"},
        dict.fromkeys(columns, three)
        | {"p_value": p_value, "p_after_fdr": p_value, "n": count, "vif": lambda v: two(v),
           "standardized_coefficient": two, "partial_r": two, "r_squared": two,
           "r_squared_share": two},
    )  # fmt: skip


def _code(table: Mapping[int, str], code: int) -> str:
    return table.get(int(code), "ok").replace(" ", "_")


def _numbers(one: xr.Dataset) -> dict[str, Any]:
    wanted = (
        "coefficient", "stderr", "coefficient_low", "coefficient_high",
        "standardized_coefficient", "partial_r", "p_value", "p_after_fdr", "vif", "r_squared",
        "r_squared_share",
    )  # fmt: skip
    cells: dict[str, Any] = {"n": float(one["n_obs"])}
    cells |= {v: float(one[v]) for v in wanted if v in one}
    cells["significant"] = "yes" if bool(one["firm"]) else "no"
    return cells
