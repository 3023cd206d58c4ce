"""Weather and vegetation of the Helan twin: a normal year, and anomalies without a trend."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from soilscope.twin.fields import GaussianFields, autoregress, without_trend
from soilscope.twin.oasis import Oasis

Array = npt.NDArray[Any]

# Normal year, January to December.
RAIN = np.array([1.5, 2.2, 5.5, 10.0, 18.0, 23.0, 42.0, 45.0, 26.0, 11.0, 3.6, 1.2])  # mm month-1
WARMTH = np.array([-7.8, -3.6, 3.6, 11.4, 17.5, 22.0, 23.9, 21.9, 16.6, 9.7, 1.5, -5.6])  # degC
DRYNESS = np.array([0.21, 0.29, 0.50, 0.86, 1.15, 1.33, 1.26, 1.02, 0.74, 0.54, 0.34, 0.22])  # kPa
GREEN = np.array([0.11, 0.11, 0.12, 0.15, 0.26, 0.43, 0.57, 0.58, 0.45, 0.28, 0.15, 0.12])
WIND = np.array([2.0, 2.3, 2.8, 3.1, 3.0, 2.7, 2.5, 2.3, 2.1, 2.0, 2.1, 2.0])  # m s-1

# Share of the variance of an anomaly that the whole oasis has in common. Wind, which serves to
# count false positives, has none: cells with a common driver err together.
SHARED = {"rain": 0.35, "warmth": 0.35, "dryness": 0.35, "green": 0.35, "wind": 0.0, "decoy": 0.0}
REACH = 40.0  # km over which the rest correlates by exp(-(h / REACH)^2)
# Lag-1 autocorrelation of the monthly anomalies. Small, as weather has it: the error of a
# coefficient grows with memory of driver times memory of noise, and Newey-West with few lags
# catches part of that only.
MEMORY = {"rain": 0.0, "warmth": 0.05, "dryness": 0.05, "green": 0.05, "wind": 0.0, "decoy": 0.0}


@dataclass(frozen=True)
class Driver:
    """A driver as it would be measured, and its anomaly; both (time, latitude, longitude)."""

    value: Array
    anomaly: Array


def weather(place: Oasis, *, month: Array, rng: np.random.Generator) -> dict[str, Driver]:
    """Draw the drivers for the months `month` (1..12 each), by name.

    Cell by cell, anomalies have mean zero in every calendar month, and their annual means have no
    linear trend. Values are never cut: the anomalies of a cell where rain, dryness or wind would
    fall below zero are made smaller instead, all by one factor.
    """
    fields = GaussianFields.over(place.latitude, place.longitude, length=REACH)
    raw = {name: _noise(fields, len(month), name, rng) for name in MEMORY}
    warmth = raw["warmth"]
    dryness = 0.55 * warmth - 0.25 * raw["rain"] + 0.78 * raw["dryness"]
    green = 0.30 * raw["rain"] + 0.95 * raw["green"]
    height = _mountain(place)
    season = month - 1
    rain = RAIN[season, None, None] * (0.93 + 0.12 * height)
    vpd = DRYNESS[season, None, None] * (1.03 - 0.12 * height)
    plants = 0.08 + (GREEN[season, None, None] - 0.08) * _greenness(place)
    out = {
        "precipitation": _driver(
            rain,
            0.44 * np.sqrt(rain * np.minimum(rain, 15.0)),  # wet months vary less, relatively
            _skewed(raw["rain"]),
            month,
            floor=0.0,
        ),
        "temperature": _driver(
            WARMTH[season, None, None] - 1.5 * height,
            np.full((len(month), 1, 1), 1.5),
            warmth,
            month,
            floor=-60.0,
        ),
        "vpd": _driver(vpd, 0.05 + 0.08 * vpd, dryness, month, floor=0.1 * vpd),
        "ndvi": _driver(plants, 0.018 + 0.03 * plants, green, month, floor=0.0),
        "wind": _driver(
            WIND[season, None, None] * (0.9 + 0.3 * height),
            np.full((len(month), 1, 1), 0.35),
            raw["wind"],
            month,
            floor=0.0,
        ),
    }
    return out | {"relative_dryness": _decoy(out["vpd"], vpd, raw["decoy"], place, month)}


def _driver(
    normal: Array, spread: Array, unit: Array, month: Array, *, floor: Array | float
) -> Driver:
    """Add to the `normal` year `spread` times the trend-free part of `unit`, above `floor`."""
    spread = np.broadcast_to(spread, unit.shape)
    anomaly = spread * without_trend(unit, spread=spread, month=month)
    # how far an anomaly goes, over how far it may go; one factor a cell keeps it trend-free
    reach = (-anomaly / (0.97 * (normal - floor))).max(axis=0)
    anomaly /= np.maximum(reach, 1.0)
    return Driver(normal + anomaly, anomaly)


def _decoy(vpd: Driver, normal: Array, noise: Array, place: Oasis, month: Array) -> Driver:
    """Half of `vpd`: exactly so in the Weining Plain, with a trace of its own elsewhere."""
    spread = np.broadcast_to(0.006 * normal * (place.zone != 0), noise.shape)
    own = spread * without_trend(noise, spread=np.maximum(spread, 1e-9), month=month)
    # a half is exact in binary, so the copy stays collinear to the last bit
    value = (vpd.value.astype(np.float32) / np.float32(2.0)).astype(np.float64)
    return Driver(value + own, vpd.anomaly / 2.0 + own)


def _noise(fields: GaussianFields, n: int, name: str, rng: np.random.Generator) -> Array:
    unit = fields.draw(n, rng)
    unit *= np.float32(np.sqrt(1.0 - SHARED[name]))
    common = rng.standard_normal((n, 1, 1), dtype=np.float32)
    unit += np.float32(np.sqrt(SHARED[name])) * common
    return autoregress(unit, MEMORY[name])


def _skewed(unit: Array) -> Array:
    """Bend a normal variable into one of mean 0 and variance 1 with a longer wet tail."""
    bend = 0.1
    return np.asarray((unit + bend * (unit**2 - 1.0)) / np.sqrt(1.0 + 2.0 * bend**2))


def _mountain(place: Oasis) -> Array:
    """0 in the plain east of the river, 1 at the foot of the mountains (west)."""
    return np.clip(0.5 - 0.5 * place.across, 0.0, 1.0)


def _greenness(place: Oasis) -> Array:
    """Fraction of the full green season: the irrigated core is greenest."""
    return 0.55 + 0.45 * np.exp(-((place.across / 0.6) ** 2))
