"""Tables of semivariograms: the best models, the points, and what differs by direction."""

from typing import Any

import numpy as np
import pandas as pd

from soilscope.report.lag_directions import DIRECTIONS, by_direction, ring_of
from soilscope.report.reading import Study
from soilscope.report.tables.table import Format, Table, count, share, three, two
from soilscope.report.variogram_words import (
    azimuth_word,
    dependence,
    distance,
    power_of,
    scaled_units,
    squared,
)
from soilscope.report.variograms import PARAMETERS, Panel, Series, lag_maps_of, panels_of
from soilscope.report.words import file_stem, number, sentences

MOST = 12  # columns of points on the page; the CSV holds all
_HEADINGS = {
    "part": "region, layer", "sill": "sill", "nugget": "nugget",
    "structural_proportion": "structural proportion", "nugget_ratio": "nugget ratio",
    "dependence": "dependence", "effective_range": "effective range, km", "r_squared": "R²",
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
    data = data.drop(columns=[c for c in ("date", "part", "direction") if not data[c].any()])
    units = squared(study.data(name)["sill"].attrs.get("units"))
    power, scaled = _scaled(data["sill"])
    return Table(
        file_stem("variograms", name), name, "variogram", f"Models of semivariograms ({name})",
        sentences(_told("Nugget and sill", power, units), _NOTE),
        data,
        _HEADINGS,
        dict.fromkeys(("nugget", "sill"), scaled)
        | dict.fromkeys(("structural_proportion", "nugget_ratio"), share)
        | {"r_squared": _four, "effective_range": _km, "rss": three},
        (*_ASIDE, *(c for c in data.columns if c.startswith("rss_"))),
    )  # fmt: skip


_NOTE = (
    "The structural proportion is partial sill over sill, the nugget ratio nugget over sill; both "
    "add up to 100 %. Table 3 of the study of the Heihe basin (Yin et al. 2023, "
    "doi:10.3390/rs15245768) prints the structural proportion under the name nugget coefficient "
    "(its January: (0.00173 \N{MINUS SIGN} 0.00103) / 0.00173 = 40.5 %) and reads it as the nugget "
    "ratio: where it is high, as in summer, structure leads there, not chance. Dependence is by "
    "the nugget ratio: strong below 25 %, weak above 75 % (Cambardella et al. 1994, "
    "doi:10.2136/sssaj1994.03615995005800050033x). A linear model has no range, and a range at "
    "the bound of its search is none. R² and RSS are those of the classes, without weights."
)


def _row(panel: Panel, one: Series) -> dict[str, Any]:
    fit = one.fit
    head: dict[str, Any] = {
        "date": panel.name,
        "part": panel.part,
        "direction": "" if one.azimuth is None else azimuth_word(one.azimuth),
    }
    if fit is None:
        empty = dict.fromkeys(PARAMETERS, np.nan)
        return head | {"model": ""} | empty | {"dependence": "", "note": one.status or "no fit"}
    return (
        head
        | {"model": fit.model}
        | {v: fit.values[v] for v in PARAMETERS}
        | {"dependence": dependence(fit.values["nugget_ratio"]) if np.isfinite(fit.range) else ""}
        | {"note": fit.note}
        | {f"rss_{model.replace(' ', '_')}": value for model, value in fit.rss.items()}
    )


def _scaled(values: Any) -> tuple[int, Format]:
    """Power of ten by which the page divides `values`, and how it writes them."""
    power = power_of(float(np.nanmax(values, initial=0.0)))
    return power, lambda value: three(value / 10.0**power)


def _told(what: str, power: int, units: str) -> str:
    """Say in what the page gives numbers; the CSV has them undivided."""
    unit = scaled_units(power, units)
    apart = f" (in the CSV: {units or 'undivided'})" if power else ""
    return f"{what} in {unit}{apart}." if unit else ""


def _km(metres: float) -> str:
    return number(metres / 1000, 3) if np.isfinite(metres) else ""


def _four(value: float) -> str:
    return f"{value:.4f}" if np.isfinite(value) else ""


def points(study: Study, name: str) -> Table | None:
    """List semivariances by class of distance, a column for each semivariogram."""
    series = [
        (_column(panel, one), one.points)
        for panel in panels_of(study, name) if panel.known
        for one in panel.series if one.points is not None
    ]  # fmt: skip
    if not series:
        return None
    first = series[0][1]
    edges = {f"lag_{end}": first[f"lag_{end}"].values for end in ("low", "high")}
    values = {label: ds["semivariance"].values for label, ds in series}
    pairs = {f"pairs, {label}": ds["n_pairs"].values for label, ds in series}
    units = squared(first["semivariance"].attrs.get("units"))
    power, scaled = _scaled(np.stack(list(values.values())))
    hidden = list(values)[MOST:]
    return Table(
        file_stem("semivariances", name), name, "variogram",
        f"Semivariance by distance ({name})",
        sentences(
            _told("Semivariances", power, units),
            "Each row is a class of distances, so that columns can be compared at the same one. "
            "The CSV holds the number of pairs as well"
            f"{f', and {len(hidden)} more columns' if hidden else ''}.",
        ),
        pd.DataFrame(edges | values | pairs),
        {"lag_low": "from, km", "lag_high": "to, km"},
        {"lag_low": _edge, "lag_high": _edge} | dict.fromkeys(values, scaled)
        | dict.fromkeys(pairs, count),
        (*hidden, *pairs),
    )  # fmt: skip


def _edge(metres: float) -> str:
    return f"{metres / 1000:g}"


def _column(panel: Panel, one: Series) -> str:
    way = "" if one.azimuth is None else azimuth_word(one.azimuth)
    return ", ".join(word for word in (panel.label, way) if word) or "semivariance"


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
