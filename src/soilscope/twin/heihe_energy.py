"""Surface energy balance of the Heihe twin: skin temperature by day and by night.

(1 - albedo) S + e L - e sigma T^4 = H + LE + G, solved for T by Newton's method at 13:30 and at
01:30 local solar time. Moisture enters twice, and never in a line: evaporation takes a share of the
energy that bends with moisture, and the heat that goes into the ground grows with the thermal
inertia of wet soil. Under forest neither depends on it: roots reach deeper, and a canopy stores
little heat.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from soilscope.twin.heihe_climate import Day
from soilscope.twin.heihe_soil import Soil

Array = npt.NDArray[Any]

DAY_HOUR, NIGHT_HOUR = 13.5, 1.5  # local solar time of the views
SIGMA = 5.670374e-8  # W m-2 K-4
EMISSIVITY = 0.96
OMEGA = np.sqrt(2.0 * np.pi / 86400.0)  # s-1/2
FOREST_SHARE = 0.62  # of the energy that a forest evaporates
FOREST_INERTIA = 500.0  # J m-2 K-1 s-1/2


@dataclass(frozen=True)
class Surface:
    """What of the surface does not change from day to day, in the cells of the basin."""

    latitude: Array  # degrees
    slope: Array  # m m-1
    northness: Array
    eastness: Array
    forest: Array  # bool
    wet: Array  # bool: water and ice, which evaporate freely and hold heat


@dataclass(frozen=True)
class Ground:
    """State of the surface on a day."""

    moisture: Array  # liquid water, m3 m-3
    ndvi: Array
    snow: Array  # mm
    temperature: Array  # of the soil, degC


def skin_temperature(
    surface: Surface, soil: Soil, *, ground: Ground, day: Day, turn: int
) -> tuple[Array, Array]:
    """Skin temperature (degC) at the view by day and by night; `turn` is days from 1 January."""
    green = np.clip((ground.ndvi - 0.08) / 0.75, 0.0, 1.0)
    swing = np.where(surface.forest, 8.3, 6.5 - 3.25 * day.cloud)
    inertia = _ground_inertia(surface, soil, ground, green)
    sun = sunshine(surface, turn) * (0.76 - 0.56 * day.cloud)
    absorbed = sun * (1.0 - _albedo(surface, ground, green))
    share = evaporated_share(surface, soil, ground, green)
    exchange = np.where(surface.forest, 150.0, 17.0 + 14.0 * green)
    by_day = solve_balance(
        absorbed, day.temperature + swing, day, ground, inertia, share=share, exchange=exchange
    )
    by_night = solve_balance(
        np.zeros_like(sun), day.temperature - swing, day, ground, inertia,
        share=np.zeros_like(sun), exchange=np.where(surface.forest, 90.0, 8.0),
    )  # fmt: skip
    return by_day, by_night


def sunshine(surface: Surface, turn: int) -> Array:
    """Sunshine above the air (W m-2) on the slope of each cell, at the hour of the view by day."""
    declination = np.deg2rad(23.45) * np.sin(2.0 * np.pi * (turn - 80) / 365.25)
    latitude = np.deg2rad(surface.latitude)
    hour = np.deg2rad(15.0 * (DAY_HOUR - 12.0))
    up = np.sin(latitude) * np.sin(declination)
    up = up + np.cos(latitude) * np.cos(declination) * np.cos(hour)
    west = np.cos(declination) * np.sin(hour)
    south = np.sin(latitude) * np.cos(declination) * np.cos(hour)
    south = south - np.cos(latitude) * np.sin(declination)
    tilt = surface.slope * (-surface.northness * south - surface.eastness * west)
    level = np.sqrt(1.0 + surface.slope**2)
    direct = np.maximum((up + tilt) / level, 0.0)
    return np.asarray(1361.0 * (0.8 * direct + 0.2 * np.maximum(up, 0.0)), dtype=np.float32)


def clear_day(latitude: Array, turn: int) -> Array:
    """Sunshine of a whole day on level ground over that of midsummer."""
    declination = np.deg2rad(23.45) * np.sin(2.0 * np.pi * (turn - 80) / 365.25)

    def total(lat: Array, tilt: float) -> Array:
        sunset = np.arccos(np.clip(-np.tan(lat) * np.tan(tilt), -1.0, 1.0))
        part = sunset * np.sin(lat) * np.sin(tilt)
        return np.asarray(part + np.cos(lat) * np.cos(tilt) * np.sin(sunset))

    here = np.deg2rad(latitude)
    most = total(np.deg2rad(np.array([40.0])), np.deg2rad(23.45))
    return np.asarray(total(here, float(declination)) / most, dtype=np.float32)


def evaporated_share(surface: Surface, soil: Soil, ground: Ground, green: Array) -> Array:
    """Share of the available energy that evaporates water.

    Bare soil after Lee and Pielke (1992): (1 - cos(pi theta / theta_fc))^2 / 4.
    """
    relative = np.clip(ground.moisture / soil.field_capacity, 0.0, 1.0)
    bare = 0.25 * (1.0 - np.cos(np.pi * relative)) ** 2
    wilting = soil.wilting_point
    plants = (ground.moisture - wilting) / (0.75 * (soil.field_capacity - wilting))
    share = (1.0 - green) * 0.85 * bare + green * 0.92 * np.clip(plants, 0.0, 1.0)
    share = np.where(surface.forest, FOREST_SHARE, share)
    return np.where(surface.wet, 0.7, share) * np.clip((ground.temperature + 4.0) / 5.0, 0.0, 1.0)


def thermal_inertia(soil: Soil, moisture: Array) -> Array:
    """Thermal inertia of soil, J m-2 K-1 s-1/2: root of conductivity times heat capacity.

    Conductivity after Lu et al. (2007).
    """
    pores = soil.porosity
    filled = np.clip(moisture / pores, 1e-3, 1.0)
    coarse = np.where(soil.sand > 40.0, 0.96, 0.27)
    kersten = np.exp(coarse * (1.0 - filled ** (coarse - 1.33)))
    quartz = soil.sand / 100.0
    grains = 7.7**quartz * 2.0 ** (1.0 - quartz)
    wet = grains ** (1.0 - pores) * 0.57**pores
    dry = 0.51 - 0.56 * pores
    conductivity = dry + kersten * (wet - dry)
    return np.asarray(np.sqrt(conductivity * (2.0e6 * (1.0 - pores) + 4.2e6 * moisture)))


def _ground_inertia(surface: Surface, soil: Soil, ground: Ground, green: Array) -> Array:
    """Heat that goes into the ground per degree, W m-2 K-1: shade takes some of it."""
    bare = thermal_inertia(soil, ground.moisture) * (1.0 - 0.5 * green)
    inertia = np.where(surface.forest, FOREST_INERTIA, bare)
    inertia = np.where(surface.wet, 1800.0, inertia)
    return np.asarray(inertia * OMEGA)


def _albedo(surface: Surface, ground: Ground, green: Array) -> Array:
    cover = np.clip(ground.snow / 12.0, 0.0, 1.0)
    bare = np.where(surface.forest, 0.12, 0.26 - 0.06 * green)
    return np.asarray(bare + (np.where(surface.forest, 0.2, 0.65) - bare) * cover)


def solve_balance(
    absorbed: Array,
    air: Array,
    day: Day,
    ground: Ground,
    inertia: Array,
    *,
    share: Array,
    exchange: Array,
) -> Array:
    """Solve the balance for the skin temperature (degC), from that of the air."""
    kelvin = air + 273.15
    curve = 4098.0 * 0.6108 * np.exp(17.27 * air / (air + 237.3)) / (air + 237.3) ** 2
    wet = share * np.minimum(1.26 * curve / (curve + 0.054), 0.95)
    sky = EMISSIVITY * SIGMA * (0.72 + 0.23 * day.cloud) * kelvin**4
    skin = air + 2.0
    for _ in range(4):
        up = EMISSIVITY * SIGMA * (skin + 273.15) ** 4
        free = absorbed + sky - up - inertia * (skin - ground.temperature)
        growth = 4.0 * up / (skin + 273.15) + inertia
        fault = (1.0 - wet) * free - exchange * (skin - air)
        skin = skin + fault / ((1.0 - wet) * growth + exchange)
    return np.asarray(skin, dtype=np.float32)
