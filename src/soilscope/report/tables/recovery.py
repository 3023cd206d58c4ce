"""Table of what was planted and found."""

import numpy as np
import pandas as pd

from soilscope.report.drivers import driver_names
from soilscope.report.reading import Study
from soilscope.report.tables.table import Table, count, three, two
from soilscope.report.words import file_stem, with_unit


def recoveries(study: Study, name: str) -> Table:
    """List what was planted and found, by layer (and driver), and over all layers."""
    ds = study.data(name).load()
    names = ("coverage_planted", "detected_share", "false_positive_share", "agreement", "n_planted",
             "n_null", "n_obs", "bias", "rmse", "correlation")  # fmt: skip
    held = [v for v in names if v in ds]
    group = ds[held]
    group = group if "depth" in group.dims else group.expand_dims("depth")
    layers = study.layers(group) if "depth" in ds.dims else ["all"]
    rows = []
    has_driver = "driver" in group.dims
    for k, driver in enumerate(driver_names(ds) if has_driver else [""]):
        one = group.isel(driver=k) if has_driver else group
        for j, layer in enumerate(layers):
            head = {"driver": driver} if has_driver else {}
            rows.append(head | {"layer": layer} | {v: float(one[v][j]) for v in held})
    pooled = {v: float(ds[f"{v}_pooled"]) for v in held
              if f"{v}_pooled" in ds and ds[f"{v}_pooled"].ndim == 0}  # fmt: skip
    if pooled:
        head = {"driver": "all"} if has_driver else {}
        rows.append(head | {"layer": "all"} | pooled)
    unit = ds["rmse"].attrs.get("units") if "rmse" in ds else None
    shares = ("coverage_planted", "detected_share", "false_positive_share", "agreement")
    return Table(
        file_stem("recovery", name), name, "recovery", f"Planted against found ({name})",
        "Covered: planted values inside their interval; false alarms: cells without a planted "
        "value that are significant, each for itself, before the false discovery rate.",
        pd.DataFrame(rows),
        {"coverage_planted": "covered", "detected_share": "detected",
         "false_positive_share": "false alarms", "n_planted": "planted cells",
         "n_null": "cells without", "n_obs": "cells", "bias": with_unit("bias", unit),
         "rmse": with_unit("RMSE", unit)},
        dict.fromkeys(shares, lambda v: f"{100 * v:.1f} %" if np.isfinite(v) else "")
        | dict.fromkeys(("n_planted", "n_null", "n_obs"), count)
        | {"bias": three, "rmse": three, "correlation": two},
    )  # fmt: skip
