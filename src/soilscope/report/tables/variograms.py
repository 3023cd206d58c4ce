"""Tables of semivariograms: the best models, the points, and what differs by direction."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from soilscope.report.fields import spaced_out
from soilscope.report.lag_directions import DIRECTIONS, by_direction, ring_of
from soilscope.report.reading import Study
from soilscope.report.tables.table import Format, Table, share, three, two
from soilscope.report.variogram_words import (
    azimuth_word,
    dependence,
    distance,
    power_of,
    scaled_units,
    squared,
)
from soilscope.report.variograms import (
    BOUNDS,
    PARAMETERS,
    Panel,
    Series,
    has_points,
    is_fitted,
    lag_maps_of,
    panels_of,
    source_of,
)
from soilscope.report.words import file_stem, number, sentences

MOST = 8  # classes of distance on the page; the CSV holds all
KM = 1000.0
_HEADS = ("date", "part", "direction")
_HEADINGS = {
    "part": "region, layer", "sill": "sill", "nugget": "nugget",
    "structural_proportion": "structural proportion", "nugget_ratio": "nugget ratio",
    "dependence": "dependence", "effective_range": "range, km", "interval": "95 % interval, km",
    "r_squared": "R²",
    "rss": "RSS",
}  # fmt: skip
_ASIDE = ("range_parameter", "sill_ratio", "aicc")


def models(study: Study, name: str) -> Table | None:
    """List the best model of each semivariogram."""
    panels = panels_of(study, name)
    rows = [_row(panel, one) for panel in panels for one in panel.series]
    if not rows:
        return None
    data = pd.DataFrame(rows)
    data = data.drop(columns=[c for c in (*_HEADS, "interval") if not data[c].any()])
    units = squared(study.data(name)["sill"].attrs.get("units"))
    power, scaled = _scaled(data["sill"])
    return Table(
        file_stem("variograms", name), name, "variogram", f"Models of semivariograms ({name})",
        sentences(
            _told("Nugget and sill", power, units), _NOTE, _SURE if "interval" in data else ""
        ),
        data,
        _HEADINGS,
        dict.fromkeys(("nugget", "sill"), scaled)
        | dict.fromkeys(("structural_proportion", "nugget_ratio"), share)
        | {"r_squared": _four, "effective_range": _km, "rss": three},
        (*_ASIDE, *BOUNDS, *(c for c in data.columns if c.startswith("rss_"))),
    )  # fmt: skip


_NOTE = (
    "The structural proportion is partial sill over sill, the nugget ratio nugget over sill; both "
    "add up to 100 %. Table 3 of the study of the Heihe basin (Yin et al. 2023, "
    "doi:10.3390/rs15245768) prints the structural proportion under the name nugget coefficient "
    "(its January: (0.00173 \N{MINUS SIGN} 0.00103) / 0.00173 = 40.5 %) and reads it as the nugget "
    "ratio: where it is high, as in summer, structure leads there, not chance. Dependence is by "
    "the nugget ratio: strong below 25 %, weak above 75 % (Cambardella et al. 1994, "
    "doi:10.2136/sssaj1994.03615995005800050033x). Ranges are effective ones (beyond: farther "
    "than the points); a linear model has none, and a range at the bound of its search is none. "
    "R² and RSS are without weights."
)

_SURE = (
    "Intervals of ranges come from resampled tiles: in simulated fields those of 95 % held the "
    "range in 90 to 97 of 100. Those of the other parameters stand in the CSV."
)


def _row(panel: Panel, one: Series) -> dict[str, Any]:
    fit = one.fit
    values = dict.fromkeys(PARAMETERS, np.nan) if fit is None else fit.values
    shown: dict[str, Any] = {
        "date": panel.name,
        "part": panel.part,
        "direction": "" if one.azimuth is None else azimuth_word(one.azimuth),
        "model": "" if fit is None else fit.model,
    }
    shown |= {v: values[v] for v in ("nugget", "sill", "structural_proportion", "nugget_ratio")}
    sure = fit is not None and bool(np.isfinite(fit.range))
    shown["dependence"] = dependence(values["nugget_ratio"]) if sure else ""
    shown["effective_range"] = values["effective_range"]
    shown["interval"] = _interval(values) if sure else ""
    shown["note"] = (one.status or "no fit") if fit is None else fit.note
    shown |= {v: values[v] for v in ("r_squared", "rss", *_ASIDE, *BOUNDS) if v in values}
    every = {} if fit is None else fit.rss
    return shown | {f"rss_{model.replace(' ', '_')}": value for model, value in every.items()}


def _interval(values: Mapping[str, float]) -> str:
    """Write the interval of the range, where resamples gave one."""
    low, high = (values.get(name, np.nan) for name in BOUNDS[:2])
    if not np.isfinite(low):
        return ""
    return f"{_km(low)} to {_km(high)}" if np.isfinite(high) else f"above {_km(low)}"


def _scaled(values: Any) -> tuple[int, Format]:
    """Power of ten by which the page divides `values`, and how it writes them."""
    known = np.asarray(values, dtype=float)
    power = power_of(float(known[np.isfinite(known)].max(initial=0.0)))
    return power, lambda value: three(value / 10.0**power)


def _told(what: str, power: int, units: str) -> str:
    """Say in what the page gives numbers; the CSV has them undivided."""
    unit = scaled_units(power, units)
    apart = f" (in the CSV: {units or 'undivided'})" if power else ""
    return f"{what} in {unit}{apart}." if unit else ""


def _km(metres: float) -> str:
    return number(metres / KM, 3) if np.isfinite(metres) else ""


def _four(value: float) -> str:
    return f"{value:.4f}" if np.isfinite(value) else ""


def points(study: Study, name: str) -> Table | None:
    """List semivariances, a row for each semivariogram and a column for each class of distance."""
    if study.records[name].step == "fit_variogram":
        source = source_of(study, name)
        same = (f for f in study.of_step("fit_variogram") if source_of(study, f) == source)
        if next(same) != name:
            return None  # other models of the same points
        name = source
    elif is_fitted(study, name):
        return None  # stands behind the table of the models
    rows = [
        _points(panel, one.points)
        | {"direction": "" if one.azimuth is None else azimuth_word(one.azimuth)}
        for panel in (panels_of(study, name) if name in study.analyses else ())
        for one in panel.series
        if has_points(one.points)
    ]
    if not rows:
        return None
    ds = study.data(name)
    data = pd.DataFrame(rows)
    data = data[["date", "part", "direction", *(c for c in data if c not in _HEADS)]]
    data = data.drop(columns=[c for c in _HEADS if not data[c].any()])
    classes = _classes(ds)
    power, scaled = _scaled(data[classes].to_numpy())
    shown = {classes[k] for k in spaced_out(len(classes), MOST)}
    units = squared(ds["semivariance"].attrs.get("units"))
    return Table(
        file_stem("semivariances", name), name, "variogram",
        f"Semivariance by distance ({name})",
        sentences(
            _told("Semivariances", power, units),
            "Columns are classes of distance, so that rows can be compared at the same one; the "
            "CSV holds every class, and the number of pairs.",
        ),
        data,
        {"part": "region, layer"},
        dict.fromkeys(classes, scaled),
        [c for c in data if c not in (*_HEADS, *shown)],
    )  # fmt: skip


def _classes(ds: xr.Dataset) -> list[str]:
    """Name the classes of distance: '2-4 km'."""
    low, high = ds["lag_low"].values, ds["lag_high"].values
    unit, word = (KM, "km") if float(high[-1]) >= KM else (1.0, "m")
    return [f"{a / unit:g}-{b / unit:g} {word}" for a, b in zip(low, high, strict=True)]


def _points(panel: Panel, ds: xr.Dataset | None) -> dict[str, Any]:
    head: dict[str, Any] = {"date": panel.name, "part": panel.part}
    if ds is None:
        return head
    names = _classes(ds)
    gamma = dict(zip(names, map(float, ds["semivariance"].values), strict=True))
    pairs = [f"pairs, {name}" for name in names]
    return head | gamma | dict(zip(pairs, map(int, ds["n_pairs"].values), strict=True))


def directions(study: Study, name: str) -> Table | None:
    """List the semivariance half of the way out, in four directions."""
    maps = lag_maps_of(study, name)
    rows = []
    for one in maps:
        ways = by_direction(one.ds)
        known = [v for v in ways.values() if np.isfinite(v)]
        ratio = max(known) / min(known) if known and min(known) > 0 else np.nan
        rows.append({"date": one.label or "all", **ways, "contrast": ratio})
    if not rows:
        return None
    data = pd.DataFrame(rows)
    low, high = ring_of(maps[0].ds)
    power, scaled = _scaled(data[list(DIRECTIONS.values())].to_numpy())
    units = squared(maps[0].ds["semivariance"].attrs.get("units"))
    return Table(
        file_stem("directions", name), name, "variogram", f"Semivariance by direction ({name})",
        sentences(
            _told("Semivariances", power, units),
            f"Means over the pairs that lie {distance(low)} to {distance(high)} apart, within "
            "22.5° of each direction. Contrast: largest over smallest.",
        ),
        data,
        {},
        dict.fromkeys(DIRECTIONS.values(), scaled) | {"contrast": two},
    )  # fmt: skip
