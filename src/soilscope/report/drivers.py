"""Words about a regression on drivers."""

import numpy as np
import xarray as xr

from soilscope.report.reading import Study
from soilscope.report.words import ALPHA, listed

NAMES = {
    "precipitation": "precipitation",
    "temperature": "temperature",
    "vpd": "VPD",
    "ndvi": "NDVI",
    "pet": "PET",
    "lst": "LST",
    "evi": "EVI",
    "twi": "TWI",
    "smci": "SMCI",
}
ERRORS = {"hac": "Newey-West (HAC) errors", "ols": "ordinary errors"}
CIRCULAR = "\N{DAGGER}"  # marks a driver that the response was made from


def driver_name(name: str) -> str:
    """Name of a driver with the usual capitals."""
    return " ".join(NAMES.get(word, word) for word in name.split("_"))


def driver_names(ds: xr.Dataset) -> list[str]:
    """Names of the drivers, with the usual capitals."""
    return [driver_name(str(d)) for d in ds["driver"].values]


def circular(ds: xr.Dataset) -> list[bool]:
    """Whether the response was made from each driver, or from the driver's product."""
    if "circular" not in ds.coords or ds["circular"].dims != ("driver",):
        return [False] * ds.sizes["driver"]
    return [bool(code) for code in np.asarray(ds["circular"].values)]


def driver_labels(ds: xr.Dataset) -> list[str]:
    """Names of the drivers as figures and tables show them: a dagger marks circular ones."""
    return [f"{name}{CIRCULAR * mark}" for name, mark in zip(driver_names(ds), circular(ds),
                                                             strict=True)]  # fmt: skip


def circular_note(ds: xr.Dataset) -> str:
    """Say what the dagger means; nothing where no driver bears it."""
    if not any(circular(ds)):
        return ""
    return (
        f"{CIRCULAR} circular: the soil moisture product was made from this driver or its product, "
        "so their association is partly built in."
    )


def circular_words(ds: xr.Dataset) -> str:
    """Name the circular drivers in a sentence; nothing where there are none."""
    named = [name for name, mark in zip(driver_names(ds), circular(ds), strict=True) if mark]
    if not named:
        return ""
    return (
        f"Soil moisture was made from {listed(named)}, or from the same product: "
        f"{'these associations are' if len(named) > 1 else 'this association is'} partly built in."
    )


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
