"""The methods of a study as a paragraph, ready to paste: what was done, with options and DOIs."""

from collections.abc import Callable, Mapping
from typing import Any

from soilscope.report.citations import dois
from soilscope.report.detector_prose import (
    comparison_methods,
    cut_methods,
    factor_methods,
    interaction_methods,
    risk_methods,
    robust_methods,
    scale_methods,
    search_methods,
    zone_methods,
)
from soilscope.report.drivers import driver_name
from soilscope.report.lags import lag_family, stands_for_family
from soilscope.report.reading import Study, grid_dims
from soilscope.report.variogram_prose import fit_methods, lag_map_methods, variogram_methods
from soilscope.report.words import CORRECTIONS, listed, number, percent, product_name
from soilscope.study.store import CUBE

_ERRORS = {
    "hac": "Newey-West errors (doi:10.2307/1907330; doi:10.2307/1913610)",
    "ols": "ordinary standard errors",
}


def methods_paragraph(study: Study) -> str:
    """Return the methods as prose; each sentence once, in the order of the study."""
    said = [_data(study)] if CUBE in study.records else []
    for name, record in study.analyses.items():
        teller = _TELLERS.get(record.step)
        if teller is not None:
            said.append(teller(study, name))
    version = study.records[CUBE].versions.get("soilscope", "") if CUBE in study.records else ""
    said.append(f"All computations were made with soilscope {version}".rstrip() + ".")
    return " ".join(dict.fromkeys(text for text in said if text))


def _options(study: Study, name: str) -> Mapping[str, Any]:
    return study.records[name].options


def _data(study: Study) -> str:
    cube = study.cube
    sources = study.sources
    titles = [product_name(about) for about in sources]
    grid = grid_dims(cube)
    where = f"a grid of {cube.sizes[grid[0]]} by {cube.sizes[grid[1]]} cells" if grid else (
        f"{cube.sizes['site']} sites" if "site" in cube.dims else "one series"
    )  # fmt: skip
    layers = [layer for layer in study.layers(cube) if layer]
    deep = f" in {len(layers)} layers ({listed(layers)})" if layers else ""
    made = " (synthetic data)" if study.frame.synthetic else ""
    return (
        f"Soil moisture and its drivers were taken from {listed(list(dict.fromkeys(titles)))}"
        f"{made}, on {where}{deep}, {study.period}."
    )


def _merge(study: Study, name: str) -> str:
    bounds = _options(study, name).get("bounds") or ()
    cm = [f"{number(100 * t)}-{number(100 * b)} cm" for t, b in bounds]
    return (
        f"Layers were merged to {listed(cm)} by the mean weighted with the thickness of the "
        "overlap."
    )


def _index(study: Study, name: str) -> str:
    options = dict(_options(study, name))
    parameters = study.upstream(name, "index_parameters")
    if parameters is not None:
        options = dict(_options(study, parameters))
    by = {"month": "of the calendar month", "dayofyear": "of the day of the year"}.get(
        str(options.get("by")), "of the record"
    )
    method = str(options.get("method", "zscore"))
    how = {
        "zscore": f"the mean was subtracted and the result divided by the standard deviation {by}",
        "empirical": f"the Gringorten plotting position {by} was turned into a normal quantile",
    }.get(method, f"values were standardised by the {method} distribution {by}")
    least = options.get("min_years")
    few = f", where at least {least} years were present" if least else ""
    return (
        f"For the standardised soil moisture index {how} (reference: "
        f"{study.reference_text(name)}{few})."
    )


def _composite(study: Study, name: str) -> str:
    options = _options(study, name)
    word = {"YS": "Annual", "MS": "Monthly"}.get(str(options.get("freq")), "Composite")
    how = {"mean": "means", "max": "maxima", "sum": "sums"}.get(str(options.get("how")), "values")
    least = options.get("min_count")
    return f"{word} {how} were taken" + (f" of at least {least} values." if least else ".")


def _events(study: Study, name: str) -> str:
    options = _options(study, name)
    start, end = options.get("threshold", -1.0), options.get("end_threshold")
    stop = f"above {number(float(start if end is None else end), 2)}"
    return (
        f"Drought events began when the index fell to {number(float(start), 2)} or below and ended "
        f"{stop} (run theory, Yevjevich 1967)."
    )


def _onsets(study: Study, name: str) -> str:
    longest = _options(study, name).get("max_delay", 6)
    return (
        "The delay of a drought was counted in months from its onset in the layer above to the "
        f"next onset below, at most {longest} months, without droughts under way below."
    )


def _trend(study: Study, name: str) -> str:
    options = _options(study, name)
    correction = str(options.get("correction"))
    seasonal = "seasonal " if options.get("season") else ""
    level = options.get("confidence")
    interval = f" with {percent(float(level))} intervals" if level else ""
    found = dois(study.data(name))
    return (
        f"Trends were estimated by the Theil-Sen slope{interval} and the {seasonal}Mann-Kendall "
        f"test {CORRECTIONS.get(correction, correction)}{f' ({found})' if found else ''}."
    )


def _fdr(study: Study, name: str) -> str:
    method = str(_options(study, name).get("method", "bh"))
    word = {"bh": "Benjamini-Hochberg", "by": "Benjamini-Yekutieli"}.get(method, method)
    owner = next((owner for _, owner in study.parents(name)), "")
    of_factors = "factor" in study.data(owner).dims if owner else False
    what = "all factors and dates" if of_factors else "each map"
    found = dois(study.data(name))
    return (
        f"The p-values of {what} were adjusted for the false discovery rate ({word}"
        f"{f'; {found}' if found else ''})."
    )


def _drivers(study: Study, name: str) -> str:
    if not stands_for_family(study, name):
        return ""
    options = _options(study, name)
    inputs = study.records[name].inputs.get("drivers", ())
    given = [str(d).split(".")[-1] for d in ([inputs] if isinstance(inputs, str) else inputs)]
    words = [driver_name(d) for d in given]
    anomaly = options.get("driver_anomaly")
    text = f"Partial regression on {listed(words)}"
    text += f", as anomalies from the means of the calendar {anomaly}," if anomaly else ""
    text += f" was fitted with {_ERRORS.get(str(options.get('errors')), 'standard errors')}"
    if options.get("errors") == "hac" and options.get("max_lag") is not None:
        text += f", {options['max_lag']} lags"
    text += "; series were detrended before" if options.get("detrend") else ""
    family = lag_family(study, name)
    if family is not None:
        lags = listed([str(lag) for lag in family.lags])
        text += f"; {family.driver.replace('_', ' ')} was lagged by {lags} months"
    return f"{text}."


def _region(study: Study, name: str) -> str:
    return (
        "Regional means were weighted by the area of the cells."
        if study.records[name].inputs.get("regions") is not None else ""
    )  # fmt: skip


def _depth(study: Study, name: str) -> str:
    options = _options(study, name)
    return (
        "Depth patterns give for each region and layer the sign of the mean index (neutral within "
        f"{number(float(options.get('dead_band', 0.05)), 2)} of zero), of the trend of the "
        f"regional mean (neutral unless p < {number(float(options.get('alpha', 0.05)), 2)}) and "
        "the size of the area-mean standardised coefficient of each driver."
    )


def _relation(study: Study, name: str) -> str:
    options = _options(study, name)
    edges = [number(float(e), 2) for e in options.get("ndvi_edges") or ()]
    within = " within each day" if options.get("day_effects") else ""
    by = {"month": " and calendar month", "cell": " and coarse cell"}.get(
        str(options.get("by")), ""
    )
    return (
        "Soil moisture was regressed on the difference of land surface temperature between day and "
        f"night{within} in each class of land cover and NDVI (edges {listed(edges)}){by}; slopes "
        "were used where a bootstrap of blocks of days found them below zero (one-sided, level "
        f"{number(float(options.get('alpha') or 0.05), 2)}; {dois(study.data(name))})."
    )


def _downscaled(study: Study, name: str) -> str:
    options = _options(study, name)
    how = {
        "block": "one number for each coarse cell",
        "smooth": "a smooth surface that keeps the mean of each coarse cell (after Tobler 1979)",
        "none": "nothing",
    }[str(options.get("residual"))]
    return (
        "The relations were applied to the fine cells, and the difference to the coarse product "
        f"was added as {how}."
    )


def _statistics(study: Study, name: str) -> str:
    weighted = _options(study, name).get("weights") == "area"
    return (
        f"Cells were described date by date{', weighted by area' if weighted else ''}; "
        "their distribution was compared with a normal one by the ratio of interquartile range and "
        "standard deviation and by the correlation of the probability plot "
        f"({dois(study.data(name))})."
    )


def _stability(study: Study, name: str) -> str:
    return (
        "Stability in time was classed by the standard deviation of each cell over the months, and "
        "cells were compared with the mean of the field by relative differences and rank "
        f"correlations ({dois(study.data(name))})."
    )


_TELLERS: Mapping[str, Callable[[Study, str], str]] = {
    "merge_layers": _merge,
    "fit_downscaling": _relation,
    "downscale": _downscaled,
    "spatial_statistics": _statistics,
    "time_stability": _stability,
    "variogram": variogram_methods,
    "fit_variogram": fit_methods,
    "variogram_map": lag_map_methods,
    "optimize_strata": search_methods,
    "discretize": cut_methods,
    "factor_detector": factor_methods,
    "rgd": robust_methods,
    "gozh": zone_methods,
    "scale_check": scale_methods,
    "interaction_detector": interaction_methods,
    "risk_detector": risk_methods,
    "ecological_detector": comparison_methods,
    "standardize": _index,
    "composite": _composite,
    "drought_events": _events,
    "onset_delay": _onsets,
    "trend": _trend,
    "adjust_p_values": _fdr,
    "partial_regression": _drivers,
    "regional_mean": _region,
    "depth_pattern": _depth,
}
