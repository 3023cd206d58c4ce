"""Words about drought events."""

import xarray as xr

from soilscope.report.reading import Study
from soilscope.report.words import MINUS, with_unit

#: What is drawn of a result of step drought_events, and what it is called.
MEASURES = {
    "n_events": "number of events",
    "mean_duration": "mean duration",
    "mean_severity": "mean severity",
}


def measures_of(ds: xr.Dataset) -> list[str]:
    """Names of the measures that `ds` holds, in the order of MEASURES."""
    return [name for name in MEASURES if name in ds]


def measure_units(ds: xr.Dataset, name: str) -> str | None:
    """Units of a measure in words; severity sums an index over months."""
    units = ds[name].attrs.get("units")
    if name == "mean_severity":
        return "index \u00d7 months"
    return "months" if units == "month" else units


def measure_label(ds: xr.Dataset, name: str) -> str:
    """Label of a measure with its unit."""
    return with_unit(MEASURES[name], measure_units(ds, name))


def event_method(study: Study, name: str) -> str:
    """Say what counts as an event."""
    options = study.records[name].options
    threshold = f"{options.get('threshold', -1.0):g}".replace("-", MINUS)
    end = options.get("end_threshold")
    text = f"an event begins when the index falls to {threshold} or below"
    if end is not None:
        text += f" and ends above {end:g}".replace("-", MINUS)
    least = int(options.get("min_duration", 1) or 1)
    if least > 1:
        text += f"; at least {least} months"
    reference = study.reference_text(name)
    return text + (f"; index against {reference}" if reference else "")


def onset_method(study: Study, name: str) -> str:
    """Say what counts as a delay."""
    longest = int(study.records[name].options.get("max_delay", 6))
    return (
        f"months from an onset in the layer above to the next onset below, at most {longest}; "
        f"{event_method(study, name)}"
    )
