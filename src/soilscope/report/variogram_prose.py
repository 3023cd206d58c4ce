"""The methods of semivariograms as sentences."""

from collections.abc import Mapping
from typing import Any

import xarray as xr

from soilscope.report.citations import dois
from soilscope.report.reading import Study
from soilscope.report.variogram_words import azimuth_word, exactly
from soilscope.report.variograms import model_word, told
from soilscope.report.words import listed, number

_ESTIMATORS = {
    "matheron": "half the mean squared difference",
    "cressie": "the robust estimator of Cressie and Hawkins",
}
_WEIGHTS = {
    "equal": "equal weights",
    "n_pairs": "weights by the number of pairs",
    "n_pairs_over_h2": "weights by the number of pairs over the squared distance",
}
_SELECT = {
    "rss": "the sum of squared residuals",
    "wss": "the weighted sum of squared residuals",
    "aicc": "Akaike's criterion for few data",
}


def classes_text(options: Mapping[str, Any]) -> str:
    """Say how the points of a semivariogram were made."""
    how = _ESTIMATORS.get(str(options.get("estimator")), str(options.get("estimator")))
    text = f"{how[0].upper()}{how[1:]} over every pair of cells or sites"
    width, longest = options.get("lag_width"), options.get("max_lag")
    if width and longest:
        text += f", in classes of {exactly(float(width))} to {exactly(float(longest))}"
    if options.get("azimuths"):
        ways = listed([azimuth_word(float(a)) for a in options["azimuths"]])
        text += f", in the directions {ways} (\u00b1 {number(float(options['tolerance']), 3)}°)"
    surface = options.get("detrend")
    return text + (
        f", after a {surface} surface was taken off" if surface not in (None, "none") else ""
    )


def weights_text(fits: xr.Dataset) -> str:
    """Say which models were fitted, how, and by what the best was chosen."""
    options = told(fits)
    models = listed([model_word(m) for m in options.get("models", fits["model"].values)])
    weights = _WEIGHTS.get(str(options.get("weights")), str(options.get("weights")))
    select = _SELECT.get(str(options.get("select")), str(options.get("select")))
    return f"the models {models} with {weights}, by {select}"


def variogram_methods(study: Study, name: str) -> str:
    """Tell how semivariances were computed."""
    ds = study.data(name)
    text = classes_text(told(ds))
    return f"Semivariances are {text[0].lower()}{text[1:]} ({dois(ds)})."


def lag_map_methods(study: Study, name: str) -> str:
    """Tell how maps of semivariances were made."""
    longest = float(told(study.data(name)).get("max_lag") or 0)
    return (
        "For maps of the semivariance by direction every pair of cells was taken, step by step of "
        f"rows and columns to {exactly(longest)} ({dois(study.data(name))})."
    )


def fit_methods(study: Study, name: str) -> str:
    """Tell how models were fitted."""
    ds = study.data(name)
    return (
        f"Semivariograms were described by the best of {weights_text(ds)}; each is the least over "
        "all ranges, with nugget and partial sill at least zero. The effective range is where 95 % "
        "of the partial sill is reached; the nugget ratio is nugget over sill, the structural "
        f"proportion one less it ({dois(ds)})."
    )
