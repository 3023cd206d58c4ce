"""Weather of the Heihe twin, day by day: temperature, rain by fronts and showers, cloud."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from soilscope.twin.heihe_noise import (
    CLOUD,
    SHOWERS,
    WARMTH,
    WEATHER,
    RememberedFields,
    SmoothFields,
)
from soilscope.twin.heihe_place import Place
from soilscope.twin.heihe_terrain import Terrain

Array = npt.NDArray[Any]

# Rain of a normal year, mm, by elevation, m: the desert has a tenth of the mountains.
RAIN = np.array(
    [(900, 40), (1200, 75), (1500, 120), (2000, 215), (2600, 330), (3200, 430), (4000, 500)]
)
SHARE = np.array([10, 15, 30, 50, 100, 170, 220, 200, 130, 45, 20, 10]) / 1000.0  # January on
DAYS_IN_MONTH = 365.25 / 12.0
FRONTS, SHOWER, CLOUDS = 110.0, 9.0, 80.0  # km that they reach
SUMMER_SHOWERS = 0.65  # share of the variance of the rain's field in July; a fifth of it in January


@dataclass(frozen=True)
class Day:
    """Weather of a day in the cells of the basin."""

    temperature: Array  # degC, mean of the day
    precipitation: Array  # mm
    cloud: Array  # share of the sky


@dataclass(frozen=True)
class Sky:
    """Random part of a day's weather: standard normal, in the cells of the basin."""

    front: Array
    showers: Array
    warmth: Array
    cloud: Array


@dataclass(frozen=True)
class Climate:
    """What the weather of any day is made from; normals are those of the cells of the basin."""

    inside: Array  # (y, x)
    elevation: Array
    annual_rain: Array  # mm
    latitude: Array
    fronts: RememberedFields
    showers: RememberedFields
    warmth: RememberedFields
    own_cloud: RememberedFields

    def sky(self, day: int) -> Sky:
        """Random part of the weather of a day (an ordinal), the same whatever was asked before."""
        drawn = (self.fronts, self.showers, self.warmth, self.own_cloud)
        return Sky(*(fields.on(day)[self.inside] for fields in drawn))

    def under(self, sky: Sky, day: int) -> Day:
        """Weather of a day under a sky."""
        turn = day_of_year(day)
        part = np.float32(shower_share(turn))
        field = np.sqrt(1 - part) * sky.front + np.sqrt(part) * sky.showers
        normal = self.annual_rain * np.float32(share_of_day(turn))
        # showers fall after the view by day: of the rain, only fronts bring the cloud that it meets
        wet = 0.70 * sky.front + 0.714 * sky.cloud
        cloud = special.ndtr(1.6 * (wet - np.float32(0.45))).astype(np.float32)
        warmth = np.float32(2.6) * sky.warmth
        normal_warmth = normal_temperature(self.elevation, self.latitude, turn)
        return Day(normal_warmth + warmth, rain(field, normal), cloud)


def climate(where: Place, land: Terrain, annual: Array, *, seed: int) -> Climate:
    """Prepare the weather over the cells of the basin."""

    def remembered(purpose: int, km: float, rho: float) -> RememberedFields:
        fields = SmoothFields.over(where.rows, where.columns, length=km)
        return RememberedFields(fields, seed, purpose, rho)

    inside = where.inside
    return Climate(
        inside,
        land.elevation[inside].astype(np.float32),
        annual[inside].astype(np.float32),
        where.latitude[inside].astype(np.float32),
        remembered(WEATHER, FRONTS, 0.45),
        remembered(SHOWERS, where.grain(SHOWER), 0.0),
        remembered(WARMTH, 300.0, 0.75),
        remembered(CLOUD, CLOUDS, 0.3),
    )


def annual_rain(where: Place, land: Terrain) -> Array:
    """Rain of a normal year (y, x), mm: it grows with height and eastwards."""
    rain = np.interp(land.elevation, RAIN[:, 0], RAIN[:, 1])
    return np.asarray(rain * (1.0 + 0.06 * (where.longitude - 99.5)))


def day_of_year(day: int) -> int:
    """Days since 1 January."""
    return day - date(date.fromordinal(day).year, 1, 1).toordinal()


def share_of_day(turn: int) -> float:
    """Share of a normal year's rain that falls on a day, linear between middles of months."""
    middles = (np.arange(-1, 13) + 0.5) * DAYS_IN_MONTH
    return float(np.interp(turn, middles, np.concatenate([SHARE[-1:], SHARE, SHARE[:1]])) / 30.44)


def shower_share(turn: int) -> float:
    """Share of showers in the variance of the field of rain."""
    return float(SUMMER_SHOWERS * (0.6 - 0.4 * np.cos(2.0 * np.pi * (turn - 15) / 365.25)))


def rain(field: Array, normal: Array) -> Array:
    """Rain (mm) where a standard normal field is above a threshold, with `normal` as its mean.

    Wet days are those with field > c, and the amount grows with (field - c)^2, whose mean is
    (1 + c^2) P(field > c) - c phi(c).
    """
    often = np.clip(0.05 + 0.16 * normal, 0.02, 0.5)
    c = special.ndtri(1.0 - often)
    density = np.exp(-0.5 * c**2) / np.sqrt(2.0 * np.pi)
    mean = (1.0 + c**2) * often - c * density
    return np.asarray(normal / mean * np.maximum(field - c, 0.0) ** 2, dtype=np.float32)


def normal_temperature(elevation: Array, latitude: Array, turn: int) -> Array:
    """Mean air temperature of a day in a normal year, degC; 17 January is the coldest."""
    mean = 7.8 - 5.3e-3 * (elevation - 1500.0) - 0.6 * (latitude - 39.0)
    swing = 17.5 - 1.5e-3 * (elevation - 1000.0)
    return np.asarray(mean - swing * np.cos(2.0 * np.pi * (turn - 16) / 365.25), np.float32)
