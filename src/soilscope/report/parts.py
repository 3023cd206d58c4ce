"""Words about parts of a record: windows of a trend, and changes of level."""

import numpy as np
import xarray as xr

from soilscope.report.reading import Study
from soilscope.report.words import ALPHA, number


def window_names(ds: xr.Dataset) -> list[str]:
    """Names of the windows of a trend, such as '2000 to 2010'."""
    starts, ends = ds["window_start"].values, ds["window_end"].values
    return [f"{start} to {end}" for start, end in zip(starts, ends, strict=True)]


def firm_and_test(study: Study, name: str) -> tuple[xr.DataArray, str]:
    """Where p allows a claim, after the false discovery rate if the study has it, and the rule."""
    adjusted, p = study.adjusted(name), study.data(name)["p_value"]
    if adjusted is not None and adjusted.sizes == p.sizes:
        return adjusted < ALPHA, f"p after the false discovery rate is not below {ALPHA:g}"
    return p < ALPHA, f"p is not below {ALPHA:g} (each for itself)"


def change_method(study: Study, name: str) -> str:
    """Name the test of a change."""
    whitened = study.records[name].options.get("prewhiten", True)
    return "Pettitt's test" + (" of the pre-whitened series" if whitened else "")


def year_text(value: float) -> str:
    """Year of a change; short times are counted from the start of the record."""
    if not np.isfinite(value):
        return ""
    return f"{value:.0f}" if value >= 1000 else number(value, 3)


def windows_seen(slope: xr.DataArray, firm: xr.DataArray, names: list[str], what: str) -> str:
    """Say for each window how many series rise and fall significantly."""
    said = []
    for k, name in enumerate(names):
        one, sure = slope.isel(window=k), firm.isel(window=k)
        known = int(one.notnull().sum())
        up, down = (int((sure & side).sum()) for side in (one > 0, one < 0))
        said.append(f"{up:,} rise and {down:,} fall significantly from {name}")
    return f"Of {known:,} {what}: {'; '.join(said)}."
