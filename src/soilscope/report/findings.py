"""What the study found, in at most six sentences with number, interval and a link to the figure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from soilscope.report.detector_findings import factors_found, pairs_found
from soilscope.report.downscaling_findings import borders_found, relations_found
from soilscope.report.driver_findings import largest_at_places
from soilscope.report.drivers import driver_names
from soilscope.report.figures.agreement_density import names_of, panels_of
from soilscope.report.figures.change_matrix import changes_seen
from soilscope.report.figures.onset_profile import seen_of_onsets
from soilscope.report.map_findings import map_drivers, map_states, map_trends
from soilscope.report.reading import (
    Study,
    as_places,
    grid_dims,
    is_annual,
    place_dim,
    place_names,
)
from soilscope.report.seen import at_layer, where
from soilscope.report.trends import (
    At,
    TrendWords,
    first_of_series,
    level_text,
    moisture_partner,
    trend_words,
)
from soilscope.report.variogram_findings import ranges_found
from soilscope.report.words import number, percent, unit_text

MOST = 6
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Finding:
    """One sentence, and the anchor of the figure that shows it."""

    text: str
    anchor: str


def findings(study: Study, anchors: Mapping[str, str]) -> list[Finding]:
    """Return up to six findings; `anchors` is result -> its first figure on the page."""
    said: list[Finding] = []
    for kind in _KINDS:
        for name, text in kind(study):
            if name in anchors:
                said.append(Finding(text, anchors[name]))
    return said[:MOST]


def place_trends(study: Study) -> Iterator[str]:
    """Trends of annual series at places, the first of each series."""
    for name in study.of_step("trend"):
        ds = study.data(name)
        source = str(study.records[name].inputs.get("da")).split(".")[0]
        annual = source in study.analyses and is_annual(study.data(source))
        whole = "window" not in ds.dims
        if grid_dims(ds) is None and annual and whole and name == first_of_series(study, name):
            yield name


def _trends(study: Study) -> Iterator[tuple[str, str]]:
    """Steepest significant rise and fall of the first index (or series) with trends at places."""
    names = list(place_trends(study))
    if not names:
        yield from map_trends(study)
    of_index = [n for n in names if study.upstream(n, "standardize") is not None]
    for name in (of_index or names)[:1]:
        ds = as_places(study.data(name))
        words = trend_words(study, name)
        places, layers = place_names(ds), study.layers(ds)
        what = "The annual index" if of_index else "The annual mean"
        partner = moisture_partner(study, name)
        own = trend_words(study, partner) if partner is not None else None
        units = study.data(name)["slope"].attrs.get("units")
        level = level_text(study, name)
        found = False
        for sign, verb in ((1.0, "rises"), (-1.0, "falls")):
            best = _steepest(words, sign)
            if best is None:
                continue
            i, j = best
            text = (
                f"{what} {verb} most in {places[i]}{at_layer(layers[j])}: "
                f"{words.at(i, j).interval(units, level)}"
            )
            if own is not None and partner is not None:
                text += f"; soil moisture itself by {_per_decade(study, partner, own.at(i, j))}"
            yield name, f"{text}; {words.tally()}." if not found else f"{text}."
            found = True
        if not found:
            yield name, f"{what}: {_lower(words.seen(places, layers, units, level))}"


def _steepest(words: TrendWords, sign: float) -> tuple[int, int] | None:
    """Place and layer of the steepest significant slope of one sign."""
    slopes = np.array([[sign * at.slope if at.firm else -1.0 for at in row] for row in words.cells])
    if slopes.size == 0 or np.nanmax(slopes) <= 0:
        return None
    i, j = where(np.nanargmax(slopes), slopes.shape)
    return i, j


def _per_decade(study: Study, name: str, at: At) -> str:
    unit = unit_text(str(study.data(name)["slope"].attrs.get("units", "")).removesuffix(" year-1"))
    text = f"{number(10 * at.slope, 2)} {unit} per decade"
    if np.isfinite(at.low) and np.isfinite(at.high):
        text += f" ({number(10 * at.low, 2)} to {number(10 * at.high, 2)})"
    return text


def _drivers(study: Study) -> Iterator[tuple[str, str]]:
    """Largest significant coefficient at places, else that of the median cell."""
    names = list(study.of_step("partial_regression"))
    at_places = [n for n in names if grid_dims(study.data(n)) is None]
    for name in at_places[:1]:
        yield name, largest_at_places(study, name)
    if not at_places and names:
        yield names[0], map_drivers(study, names[0])


def _states(study: Study) -> Iterator[tuple[str, str]]:
    """Region with the widest range of the mean state, else the states of the maps."""
    if not any(True for _ in study.of_step("depth_pattern")):
        yield from map_states(study)
    for name in list(study.of_step("depth_pattern"))[:1]:
        ds = study.data(name).load().transpose("region", "depth", ...)
        mean = ds["state_mean"].values
        if not np.isfinite(mean).any():
            continue
        spread = np.nanmax(mean, axis=1) - np.nanmin(mean, axis=1)
        i = int(np.nanargmax(spread))
        layers = study.layers(ds)
        low, high = int(np.nanargmin(mean[i])), int(np.nanargmax(mean[i]))
        pattern = str(ds["state_pattern"].values[i]).replace(" -> ", ", then ")
        yield (
            name,
            (
                f"From the surface down {place_names(ds)[i]} has {pattern}: the mean index "
                f"goes from {number(mean[i, low], 2)} at {layers[low]} "
                f"({_share(ds, mean, i, low)}) to "
                f"{number(mean[i, high], 2)} at {layers[high]} ({_share(ds, mean, i, high)})."
            ),
        )


def _share(ds: xr.Dataset, mean: Array, i: int, j: int) -> str:
    state = "deficit" if mean[i, j] < 0 else "surplus"
    if f"{state}_share" not in ds:
        return state
    share = float(ds[f"{state}_share"].values[i, j])
    return f"{percent(share)} of the area in {state}" if np.isfinite(share) else state


def _agreements(study: Study) -> Iterator[tuple[str, str]]:
    """Layer in which two products agree best, with its interval, and what they share."""
    for name in list(study.of_step("pooled_agreement"))[:1]:
        ds, layers = panels_of(study, study.data(name))
        ds = ds.isel({str(place_dim(ds)): 0})
        r = ds["r_squared"].values
        if not np.isfinite(r).any():
            continue
        k = int(np.nanargmax(r))
        one = ds.isel(depth=k)
        names = names_of(study, name)
        inside = [f"RMSE {number(float(one['rmse']), 2)} {unit_text(one['rmse'].attrs['units'])}"]
        if "r_squared_low" in one:
            level = percent(float(study.records[name].options.get("confidence") or 0.95))
            low, high = (number(float(one[f"r_squared_{end}"]), 2) for end in ("low", "high"))
            inside.insert(0, f"{level} interval {low} to {high}")
        highest = f"is highest{at_layer(layers[k])}:" if len(layers) > 1 else "is"
        text = (
            f"r\u00b2 of {names[0]} and {names[1]} {highest} {number(float(r[k]), 2)} "
            f"({', '.join(inside)})"
        )
        dependent = ds.attrs.get("dependent")
        yield name, text + ("; the two are not independent." if dependent else ".")


def _changes(study: Study) -> Iterator[tuple[str, str]]:
    """Largest significant change of level at places."""
    for name in list(study.of_step("change_point"))[:1]:
        if grid_dims(study.data(name)) is None:
            yield name, changes_seen(study, name)


def _onsets(study: Study) -> Iterator[tuple[str, str]]:
    for name in list(study.of_step("onset_delay"))[:1]:
        ds = study.data(name)
        if grid_dims(ds) is None:
            ds = as_places(ds)
            ds = ds.transpose(str(place_dim(ds)), "depth").load()
            yield (
                name,
                f"Droughts from layer to layer: {_lower(seen_of_onsets(ds, study.layers(ds)))}",
            )


def _lower(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]


def _recoveries(study: Study) -> Iterator[tuple[str, str]]:
    """Share of planted values inside their intervals."""
    for name in study.of_step("recovery"):
        ds = study.data(name)
        if "coverage_planted_pooled" not in ds or ds["coverage_planted_pooled"].ndim:
            continue
        covered, false = (
            float(ds[f"{v}_pooled"]) if f"{v}_pooled" in ds else np.nan
            for v in ("coverage_planted", "false_positive_share")
        )
        if not np.isfinite(covered):
            continue
        word = str(study.records[name].options.get("variable", "slope")).replace("_", " ")
        count = float(ds["n_planted_pooled"]) if "n_planted_pooled" in ds else np.nan
        of = f" of {count:,.0f} planted values" if np.isfinite(count) else " of the planted values"
        text = f"The intervals of the {word} hold {100 * covered:.1f} %{of} ({name})"
        if np.isfinite(false):
            text += f"; {100 * false:.1f} % of the cells without one are called significant"
        yield name, f"{text}."
        return


def layer_notes(study: Study) -> dict[str, list[tuple[str, str, str]]]:
    """Theme -> (anchor, layer, what was found there), so that every layer can be linked to."""
    notes: dict[str, list[tuple[str, str, str]]] = {}
    for name in list(place_trends(study))[:1]:
        ds = as_places(study.data(name))
        words, places = trend_words(study, name), place_names(ds)
        units = study.data(name)["slope"].attrs.get("units")
        rows = [[words.at(i, j) for i in range(len(places))] for j in range(ds.sizes["depth"])]
        notes["trend"] = [
            (f"trend-{layer.replace(' ', '')}", layer, _row(places, row, units))
            for layer, row in zip(study.layers(ds), rows, strict=True)
            if layer
        ]
    for name in list(study.of_step("partial_regression"))[:1]:
        ds = study.data(name)
        if "depth" not in ds.dims:
            continue
        coefficient = ds["standardized_coefficient"].transpose("driver", "depth", ...).values
        notes["drivers"] = [
            (f"drivers-{layer.replace(' ', '')}", layer, _coefficients(coefficient[:, j], ds))
            for j, layer in enumerate(study.layers(ds))
        ]
    return notes


def _row(places: list[str], row: list[At], units: str | None) -> str:
    most = [f"{place} {number(at.slope, 2)} {unit_text(units)} ({at.verdict})"
            for place, at in list(zip(places, row, strict=True))[:8]]  # fmt: skip
    return "; ".join(most) + "."


def _coefficients(values: Array, ds: xr.Dataset) -> str:
    flat = values.reshape(values.shape[0], -1)
    said = []
    for driver, one in zip(driver_names(ds), flat, strict=True):
        finite = one[np.isfinite(one)]
        middle = float(np.median(finite)) if finite.size else np.nan
        said.append(f"{driver} {number(middle, 2)}")
    return f"median coefficients: {', '.join(said)}."


_KINDS = (
    _trends,
    _drivers,
    _states,
    relations_found,
    borders_found,
    ranges_found,
    factors_found,
    pairs_found,
    _agreements,
    _onsets,
    _changes,
    _recoveries,
)
