"""Words about a regression on drivers."""

import xarray as xr

from soilscope.report.reading import Study
from soilscope.report.words import ALPHA

NAMES = {
    "precipitation": "precipitation",
    "temperature": "temperature",
    "vpd": "VPD",
    "ndvi": "NDVI",
    "pet": "PET",
}
ERRORS = {"hac": "Newey-West (HAC) errors", "ols": "ordinary errors"}


def driver_names(ds: xr.Dataset) -> list[str]:
    """Names of the drivers, with the usual capitals."""
    return [NAMES.get(str(d), str(d).replace("_", " ")) for d in ds["driver"].values]


def driver_method(study: Study, name: str) -> str:
    """Say how the regression `name` was made."""
    options = study.records[name].options
    parts = ["partial regression"]
    anomaly = options.get("driver_anomaly")
    parts.append(f"drivers as anomalies by {anomaly}" if anomaly else "drivers as they are")
    if options.get("detrend"):
        parts.append("detrended")
    if options.get("lags"):
        lags = ", ".join(f"{d} {n} months" for d, n in dict(options["lags"]).items())
        parts.append(f"lagged ({lags})")
    parts.append(ERRORS.get(str(options.get("errors")), str(options.get("errors"))))
    reference = study.reference_text(name)
    if reference:
        parts.append(f"response is the index against {reference}")
    return ", ".join(parts)


def significance(study: Study, name: str) -> tuple[xr.DataArray, str]:
    """Where coefficients are significant, and what the other ones are called."""
    adjusted = study.adjusted(name)
    if adjusted is not None:
        return adjusted < ALPHA, f"p after the false discovery rate is not below {ALPHA:g}"
    return study.data(name)["p_value"] < ALPHA, f"p is not below {ALPHA:g} (each for itself)"
