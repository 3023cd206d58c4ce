"""Table of the relations of a downscaling, and of what its satellite sees of the reanalysis."""

import numpy as np
import pandas as pd

from soilscope.report.reading import Study
from soilscope.report.tables.table import Table, count, p_value, three, two
from soilscope.report.words import STATUS, file_stem, flags

_COLUMNS = {
    "n_obs": "cell days",
    "coefficient": "slope, m\u00b3 m\u207b\u00b3 K\u207b\u00b9",
    "coefficient_high": "upper bound",
    "p_value": "p",
    "intercept": "at 0 K, m\u00b3 m\u207b\u00b3",
    "r_squared": "r\u00b2",
    "rmse_cv": "RMSE unseen, m\u00b3 m\u207b\u00b3",
    "dlst_bias": "satellite less reanalysis, K",
    "dlst_slope": "slope of both",
}


def relations(study: Study, name: str) -> Table | None:
    """List each stratum with data: its line, its error on the unseen, and whether it is used."""
    ds = study.data(name).load()
    ds = ds.isel(stratum=np.flatnonzero(ds["n_obs"].values > 0))
    if not ds.sizes["stratum"]:
        return None
    words = flags(ds["status"])
    rows = []
    for i, stratum in enumerate(ds["stratum"].values):
        one = ds.isel(stratum=i)
        said = words[int(one["status"])].replace(" ", "_")
        rows.append(
            {"stratum": str(stratum)}
            | {c: float(one[c]) for c in _COLUMNS if c in ds}
            | {"used": "yes" if int(one["usable"]) else "no", "status": STATUS.get(said) or said}
        )
    return Table(
        file_stem("relations", name), name, "downscaling", f"Relations by stratum ({name})",
        "Slope of soil moisture on the day-night difference of surface temperature; p: share of "
        "resampled slopes that are not negative. What is not used falls back to the land cover, "
        "then to all together. The CSV holds more.",
        pd.DataFrame(rows),
        _COLUMNS,
        dict.fromkeys(("coefficient", "coefficient_high", "intercept", "rmse_cv"), three)
        | dict.fromkeys(("r_squared", "dlst_bias", "dlst_slope"), two)
        | {"n_obs": count, "p_value": p_value},
        aside=("dlst_bias", "dlst_slope", "intercept"),
    )  # fmt: skip
