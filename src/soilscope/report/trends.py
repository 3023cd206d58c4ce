"""A trend result as numbers and words for each place and layer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from soilscope.report.reading import Study, as_places, place_dim
from soilscope.report.seen import at_layer, said_runs, with_units
from soilscope.report.words import ALPHA, CORRECTIONS, flags, number, p_equals, percent, verdict

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class At:
    """The trend of one place and layer."""

    slope: float
    intercept: float
    low: float
    high: float
    p: float
    p_uncorrected: float | None
    p_adjusted: float | None
    n_obs: float
    status: str
    verdict: str

    @property
    def firm(self) -> bool:
        """Whether the trend is significant after every correction that was made."""
        return self.verdict.startswith("significant")

    def interval(self, units: str | None, level: str) -> str:
        """'0.045 year⁻¹ (95 % interval 0.031 to 0.059, p = 0.0002)'."""
        inside = [p_equals(self.p)] if np.isfinite(self.p) else []
        if np.isfinite(self.low) and np.isfinite(self.high):
            inside.insert(0, f"{level} interval {number(self.low, 2)} to {number(self.high, 2)}")
        text = with_units(self.slope, units)
        return f"{text} ({', '.join(inside)})" if inside else text


@dataclass(frozen=True)
class TrendWords:
    """Trends of several places and layers."""

    cells: tuple[tuple[At, ...], ...]  # place, layer
    corrected: bool  # an uncorrected p stands beside the p

    def at(self, place: int, layer: int) -> At:
        """Trend of one place and layer."""
        return self.cells[place][layer]

    def by_depth(self, places: Sequence[str], layers: Sequence[str]) -> str:
        """Say the verdicts of each place from the surface down, with the range of its slopes."""
        said = []
        for place, row in zip(places, self.cells, strict=True):
            slopes = [at.slope for at in row if np.isfinite(at.slope)]
            words = said_runs([at.verdict for at in row], layers)
            if len(slopes) > 1:
                words += f" (slopes {number(min(slopes), 2)} to {number(max(slopes), 2)})"
            said.append(f"{place}: {words}")
        return "; ".join(said) + "."

    def tally(self) -> str:
        """Count the series that rise and fall significantly: '13 of 30 series rise ...'."""
        every = [at for row in self.cells for at in row]
        up = sum(at.firm and at.slope > 0 for at in every)
        down = sum(at.firm and at.slope < 0 for at in every)
        if not up + down:
            return f"none of {len(every)} series has a significant trend"
        rise, fall = "rises" if up == 1 else "rise", "falls" if down == 1 else "fall"
        return f"{up} of {len(every)} series {rise} significantly and {down} {fall}"

    def steepest(
        self, places: Sequence[str], layers: Sequence[str], units: str | None, level: str
    ) -> str:
        """Name the steepest significant series, or the steepest of all where there is none."""
        every = [
            (at, place, layer)
            for place, row in zip(places, self.cells, strict=True)
            for layer, at in zip(layers, row, strict=True)
            if np.isfinite(at.slope)
        ]
        if not every:
            return "no slope could be estimated"
        firm = [one for one in every if one[0].firm]
        at, place, layer = max(firm or every, key=lambda one: abs(one[0].slope))
        return f"the steepest is {place}{at_layer(layer)} with {at.interval(units, level)}"

    def seen(
        self, places: Sequence[str], layers: Sequence[str], units: str | None, level: str
    ) -> str:
        """Say how many series have a significant trend, and which is the steepest."""
        text = f"{self.tally()}; {self.steepest(places, layers, units, level)}."
        return text[0].upper() + text[1:]


def first_of_series(study: Study, name: str) -> str:
    """Name the first trend of the series of `name`: the others would only repeat its line."""
    mine = study.records[name].inputs
    same = [n for n in study.of_step("trend") if study.records[n].inputs == mine]
    return next((n for n in same if "window" not in study.data(n).dims), name)


def moisture_partner(study: Study, name: str) -> str | None:
    """Trend of soil moisture itself at the places and layers of `name`, a trend of its index."""
    if study.upstream(name, "standardize") is None:
        return None
    mine = study.data(name)
    for other in study.of_step("trend"):
        ds = study.data(other)
        if (
            study.upstream(other, "standardize") is None
            and study.is_moisture(other)
            and study.records[other].options.get("season")
            == study.records[name].options.get("season")
            and ds["slope"].sizes == mine["slope"].sizes
            and all(ds[d].equals(mine[d]) for d in mine["slope"].dims)
        ):
            return other
    return None


def in_a_pair(study: Study, name: str) -> bool:
    """Whether `name` is drawn beside the other slopes of its places, index or soil moisture."""
    firsts = [n for n in study.of_step("trend") if n == first_of_series(study, n)]
    pairs = {n: moisture_partner(study, n) for n in firsts}
    return any(name in (one, other) for one, other in pairs.items() if other is not None)


def test_text(study: Study, name: str) -> str:
    """Name the test of the trend `name`, such as 'Mann-Kendall test with pre-whitening'."""
    options = study.records[name].options
    correction = str(options.get("correction"))
    seasonal = "Seasonal " if options.get("season") else ""
    text = f"{seasonal}Mann-Kendall test {CORRECTIONS.get(correction, correction)}"
    return text.replace("Seasonal Mann", "seasonal Mann")


def subtitle_of(study: Study, name: str) -> str:
    """Return test and reference as a figure's second line."""
    test, reference = test_text(study, name), study.reference_text(name)
    text = f"{test[0].upper()}{test[1:]}."
    return text + (f" Reference of the index: {reference}." if reference else "")


def level_text(study: Study, name: str) -> str:
    """Level of the interval of a slope, such as '95 %'."""
    return percent(float(study.records[name].options.get("confidence") or 0.95))


def trend_words(study: Study, name: str, *, places: slice | None = None) -> TrendWords:
    """Gather what the result `name` of step trend says of each place and layer."""
    ds = study.data(name)
    adjusted = study.adjusted(name)
    if adjusted is not None and adjusted.sizes == ds["p_value"].sizes:
        ds = ds.assign(_adjusted=adjusted)
    doubts = _doubts(study, name)
    ds = as_places(ds.assign({f"_doubt_{k}": p for k, p in doubts.items()}))
    dim = str(place_dim(ds))
    ds = ds.isel({dim: places or slice(None)}).load()
    get = {v: _rows(ds, v, dim) for v in ("slope", "intercept", "p_value")}
    optional = {
        v: _rows(ds, v, dim) if v in ds else None
        for v in ("slope_low", "slope_high", "p_value_uncorrected", "_adjusted", "n_obs", "status")
    }
    doubters = {k: _rows(ds, f"_doubt_{k}", dim) for k in doubts}
    meanings = flags(ds["status"]) if "status" in ds else {}
    moisture = study.is_moisture(name)
    shape = get["slope"].shape
    cells = tuple(
        tuple(_at(get, optional, meanings, (i, j), moisture, doubters) for j in range(shape[1]))
        for i in range(shape[0])
    )
    return TrendWords(cells, optional["p_value_uncorrected"] is not None)


def _doubts(study: Study, name: str) -> dict[str, xr.DataArray]:
    """p-values of the other corrected trends of the same series, after FDR where there is one."""
    mine = study.records[name]
    shape = study.data(name)["p_value"].sizes
    found = {}
    for other in study.of_step("trend"):
        record = study.records[other]
        if other == name or record.inputs != mine.inputs:
            continue
        adjusted = study.adjusted(other)
        p = study.data(other)["p_value"] if adjusted is None else adjusted
        if record.options.get("correction") != "none" and p.sizes == shape:
            found[other] = p
    return found


def _rows(ds: xr.Dataset, variable: str, dim: str) -> Array:
    return np.asarray(ds[variable].transpose(dim, "depth").values)


def _at(
    get: dict[str, Array],
    optional: dict[str, Array | None],
    meanings: dict[int, str],
    where: tuple[int, int],
    moisture: bool,
    doubters: dict[str, Array],
) -> At:
    def value(name: str) -> float | None:
        array = optional[name]
        return None if array is None else float(array[where])

    status = value("status")
    word = "ok" if status is None else meanings.get(int(status), "ok").replace(" ", "_")
    slope, p = float(get["slope"][where]), float(get["p_value"][where])
    low, high = value("slope_low"), value("slope_high")
    return At(
        slope=slope,
        intercept=float(get["intercept"][where]),
        low=np.nan if low is None else low,
        high=np.nan if high is None else high,
        p=p,
        p_uncorrected=value("p_value_uncorrected"),
        p_adjusted=value("_adjusted"),
        n_obs=value("n_obs") or 0.0,
        status=word,
        verdict=verdict(
            slope,
            p=p,
            p_uncorrected=value("p_value_uncorrected"),
            p_adjusted=value("_adjusted"),
            status=word,
            words=("drying", "wetting") if moisture else ("decrease", "increase"),
            doubted_by=next((k for k, ps in doubters.items() if not ps[where] < ALPHA), None),
        ),
    )


def significant(p: xr.DataArray) -> xr.DataArray:
    """Whether each p is below the level of the report; missing p are not."""
    return p < ALPHA
