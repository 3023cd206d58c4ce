"""Weather and vegetation of the Helan twin: a normal year, and anomalies without a trend."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from soilscope.twin.fields import autoregress, gaussian_fields, without_trend
from soilscope.twin.oasis import Oasis

Array = npt.NDArray[Any]

# Normal year, January to December.
RAIN = np.array([1.5, 2.2, 5.5, 10.0, 18.0, 23.0, 42.0, 45.0, 26.0, 11.0, 3.6, 1.2])  # mm month-1
WARMTH = np.array([-7.8, -3.6, 3.6, 11.4, 17.5, 22.0, 23.9, 21.9, 16.6, 9.7, 1.5, -5.6])  # degC
DRYNESS = np.array([0.21, 0.29, 0.50, 0.86, 1.15, 1.33, 1.26, 1.02, 0.74, 0.54, 0.34, 0.22])  # kPa
GREEN = np.array([0.11, 0.11, 0.12, 0.15, 0.26, 0.43, 0.57, 0.58, 0.45, 0.28, 0.15, 0.12])
WIND = np.array([2.0, 2.3, 2.8, 3.1, 3.0, 2.7, 2.5, 2.3, 2.1, 2.0, 2.1, 2.0])  # m s-1

REACH = 90.0  # km over which anomalies of weather correlate by exp(-(h / REACH)^2)
# lag-1 autocorrelation of the anomalies, by month
MEMORY = {"rain": 0.05, "warmth": 0.15, "dryness": 0.15, "green": 0.25, "wind": 0.05, "decoy": 0.1}


@dataclass(frozen=True)
class Driver:
    """A driver as it would be measured, and its anomaly; both (time, latitude, longitude)."""

    value: Array
    anomaly: Array


def weather(place: Oasis, *, month: Array, rng: np.random.Generator) -> dict[str, Driver]:
    """Draw the drivers for the months `month` (1..12 each), by name.

    Anomalies have zero mean and no linear trend in every calendar month, cell by cell, exactly;
    the values are never cut: an anomaly that would make rain, dryness or wind negative shrinks.
    """
    raw = {name: _noise(place, len(month), rho, rng) for name, rho in MEMORY.items()}
    warmth = raw["warmth"]
    dryness = 0.55 * warmth - 0.25 * raw["rain"] + 0.78 * raw["dryness"]
    green = 0.30 * raw["rain"] + 0.95 * raw["green"]
    height = _mountain(place)
    season = month - 1
    rain = RAIN[season, None, None] * (0.93 + 0.12 * height)
    vpd = DRYNESS[season, None, None] * (1.03 - 0.12 * height)
    plants = 0.08 + (GREEN[season, None, None] - 0.08) * _greenness(place)
    out = {
        "precipitation": _driver(rain, 0.48 * rain, _skewed(raw["rain"]), month, floor=0.0),
        "temperature": _driver(
            WARMTH[season, None, None] - 1.5 * height,
            np.full((len(month), 1, 1), 1.5),
            warmth,
            month,
            floor=-60.0,
        ),
        "vpd": _driver(vpd, 0.05 + 0.10 * vpd, dryness, month, floor=0.0),
        "ndvi": _driver(plants, 0.012 + 0.06 * plants, green, month, floor=0.0),
        "wind": _driver(
            WIND[season, None, None] * (0.9 + 0.3 * height),
            np.full((len(month), 1, 1), 0.35),
            raw["wind"],
            month,
            floor=0.0,
        ),
    }
    return out | {"relative_dryness": _decoy(out["vpd"], raw["decoy"], place, month)}


def _driver(normal: Array, spread: Array, unit: Array, month: Array, *, floor: float) -> Driver:
    """Add to the `normal` year `spread` times the trend-free part of `unit`, above `floor`."""
    unit = without_trend(unit, month)
    lowest = (normal - floor) / spread  # how far below the normal an anomaly may reach
    for m in np.unique(month):
        at = month == m
        depth = (-unit[at] / (0.95 * lowest[at])).max(axis=0)
        unit[at] /= np.maximum(depth, 1.0)  # one factor a cell and month keeps it trend-free
    anomaly = spread * unit
    return Driver(normal + anomaly, anomaly)


def _decoy(vpd: Driver, noise: Array, place: Oasis, month: Array) -> Driver:
    """Half of `vpd`: exactly so in the Weining Plain, with a trace of its own elsewhere."""
    own = 0.004 * without_trend(noise, month) * (place.zone != 0)
    # both halves are exact in binary, so the copy stays collinear to the last bit
    value = (vpd.value.astype(np.float32) / np.float32(2.0)).astype(np.float64)
    return Driver(value + own, vpd.anomaly / 2.0 + own)


def _noise(place: Oasis, n: int, rho: float, rng: np.random.Generator) -> Array:
    fields = gaussian_fields(
        n, latitude=place.latitude, longitude=place.longitude, length=REACH, rng=rng
    )
    return autoregress(fields, rho)


def _skewed(unit: Array) -> Array:
    """Turn a normal variable into one of mean 0 and variance 1 with a long wet tail."""
    shape = 0.45
    spread = np.sqrt((np.exp(shape**2) - 1.0) * np.exp(shape**2))
    return np.asarray((np.exp(shape * unit) - np.exp(shape**2 / 2.0)) / spread)


def _mountain(place: Oasis) -> Array:
    """0 in the plain east of the river, 1 at the foot of the mountains (west)."""
    return np.clip(0.5 - 0.5 * place.across, 0.0, 1.0)


def _greenness(place: Oasis) -> Array:
    """Fraction of the full green season: the irrigated core is greenest."""
    return 0.55 + 0.45 * np.exp(-((place.across / 0.6) ** 2))
