"""A map that drives each season, planted in the water of the Heihe twin with a known share."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from soilscope.errors import InputError
from soilscope.twin.heihe_bucket import DEPTH, frozen_share, liquid_moisture
from soilscope.twin.heihe_model import Land, Moment, Wet, moment_of, waters_of
from soilscope.twin.heihe_soil import Soil

Array = npt.NDArray[Any]

SEASONS = ("winter", "spring", "summer", "autumn")
SHARE = 0.8  # of the variance in space that the driving map makes
RAIN = "precipitation"
MAPS = (RAIN, *(f.name for f in fields(Soil)))
DRYING = ("sand", "bulk_density", "saturated_conductivity")  # more of it, less water


def require_planted(planted: Mapping[str, str]) -> None:
    """Refuse seasons without a map, and maps that the twin does not have."""
    if set(planted) != set(SEASONS) or not set(planted.values()) <= set(MAPS):
        raise InputError(
            f"planted is {dict(planted)}; name a map for each of {', '.join(SEASONS)}, "
            f"out of {', '.join(MAPS)}."
        )


def planted_days(
    land: Land, planted: Mapping[str, str], *, first: int, number: int
) -> Iterator[Moment]:
    """Run the model as `days_of` does, and give the water of each day the map of its season.

    What is planted changes the water of a day and what is seen of it, not that of the day after.
    """
    month, drive = (0, 0), np.empty(0)
    for (wet,) in waters_of([land], first=first, number=number):
        day = date.fromordinal(wet.day)
        if (day.year, day.month) != month:
            month = (day.year, day.month)
            drive = driving_map(land, planted[SEASONS[day.month % 12 // 3]], *month)
        yield moment_of(land, driven(land, wet, drive))


def driving_map(land: Land, name: str, year: int, month: int) -> Array:
    """Ranks of a map, in cells with soil, of mean 0 and variance 1; rain is that of the month."""
    values = _rain_of(land, year, month) if name == RAIN else getattr(land.cell_soil, name)
    ranks = stats.rankdata(-values[land.bare] if name in DRYING else values[land.bare])
    return np.asarray((ranks - ranks.mean()) / ranks.std())


def driven(land: Land, wet: Wet, drive: Array) -> Wet:
    """Return a day whose liquid moisture has the map: the rest of its pattern is the model's own.

    The mean stays. The spread is at most that of the model, and less where any thawed cell would be
    drier than dry or wetter than its pores; where so much ice has no room, the pores are full.
    """
    bare, ground = land.bare, land.cell_soil
    liquid = liquid_moisture(wet.state)[bare].astype(np.float64)
    mean, spread = liquid.mean(), liquid.std()
    rest = liquid - mean - (liquid * drive).mean() * drive
    mixed = np.sqrt(SHARE) * drive + np.sqrt(1.0 - SHARE) * rest / rest.std()
    low, high = ground.residual_water_content[bare], ground.porosity[bare]
    room = np.where(mixed < 0.0, mean - low, high - mean) / np.maximum(np.abs(mixed), 1e-12)
    thawed = frozen_share(wet.state)[bare] == 0.0
    spread = min(spread, room.min(initial=spread, where=thawed & (room > 0.0)))
    total = (mean + spread * mixed) * wet.state.water[bare] / (DEPTH * liquid)
    water = wet.state.water.copy()
    water[bare] = DEPTH * np.clip(total, low, high)
    return replace(wet, state=replace(wet.state, water=water))


def _rain_of(land: Land, year: int, month: int) -> Array:
    """Rain (mm) of a month in the cells of the basin."""
    first = date(year, month, 1).toordinal()
    last = date(year + month // 12, month % 12 + 1, 1).toordinal()
    weather = land.climate
    days = (weather.under(weather.sky(day), day) for day in range(first, last))
    return np.asarray(sum(day.precipitation for day in days))
