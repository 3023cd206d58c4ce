"""Water balance of the Heihe twin: a bucket of 0.1 m of soil under snow, day by day."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from soilscope.twin.heihe_climate import Day
from soilscope.twin.heihe_soil import Soil

Array = npt.NDArray[Any]

DEPTH = 100.0  # mm of soil
MELT = 3.5  # mm of snow a day per degree above 0 degC
SNOW_FULL, SNOW_NONE = -1.0, 2.0  # degC: all snow below, all rain above
LAG = 6.0  # days by which the soil's temperature follows the air's
THAWED, THROUGH = 1.0, -2.0  # degC: no frost above, soil frozen through below
# Share of the water of frozen soil that is liquid: when it is just frozen through, and in the end.
HELD, FILM, FADE = 0.5, 0.12, 6.0  # FADE in K
IRRIGATION = 38.0  # mm of one irrigation
PEAK = 5.2  # mm: potential evapotranspiration of a clear day at 20 degC in July


@dataclass(frozen=True)
class State:
    """What a day hands to the next, in the cells of the basin."""

    water: Array  # mm in the soil, ice included
    snow: Array  # mm of water
    soil_temperature: Array  # degC


@dataclass(frozen=True)
class Canopy:
    """What plants do to the water of the bucket, in the cells of the basin."""

    rooted: Array  # share of evapotranspiration that the bucket supplies; the rest is deeper
    caught: Array  # share of rain that evaporates from leaves


@dataclass(frozen=True)
class Fluxes:
    """Water of a day, mm: in = out + what stays."""

    precipitation: Array
    inflow: Array  # irrigation, and what seeps from slopes above
    evapotranspiration: Array
    drainage: Array
    runoff: Array
    potential: Array  # evapotranspiration of a wet surface; no part of the balance


def first_state(ground: Soil, annual_rain: Array, temperature: Array) -> State:
    """Guess the state of a day in winter: wetter where more rain falls."""
    share = np.clip(annual_rain / 420.0, 0.05, 1.0)
    low = ground.residual_water_content
    water = DEPTH * (low + share * (ground.field_capacity - low))
    zero = np.zeros_like(water)
    return State(water.astype(np.float32), zero, temperature.astype(np.float32))


def frozen_share(state: State) -> Array:
    """Share of the soil that is frozen, 0 to 1."""
    return np.asarray(np.clip((THAWED - state.soil_temperature) / (THAWED - THROUGH), 0.0, 1.0))


def liquid_moisture(state: State) -> Array:
    """Volumetric liquid water, m3 m-3: a satellite sees no ice."""
    below = np.minimum(state.soil_temperature - THROUGH, 0.0)
    unfrozen = FILM + (HELD - FILM) * np.exp(below / FADE)
    share = 1.0 - (1.0 - unfrozen) * frozen_share(state)
    return np.asarray(state.water / np.float32(DEPTH) * share, dtype=np.float32)


def step(
    state: State,
    day: Day,
    *,
    ground: Soil,
    ndvi: Array,
    sun: Array,
    inflow: Array,
    canopy: Canopy,
) -> tuple[State, Fluxes]:
    """Carry the water over one day.

    `sun` is the sunshine of a clear day over that of midsummer, `inflow` (mm) comes onto the soil
    like rain. Water above the pores runs off, that above field capacity drains.
    """
    warm = state.soil_temperature + (day.temperature - state.soil_temperature) / np.float32(LAG)
    state = replace(state, soil_temperature=warm)
    frozen = frozen_share(state)
    solid = np.clip((SNOW_NONE - day.temperature) / (SNOW_NONE - SNOW_FULL), 0.0, 1.0)
    snow = state.snow + solid * day.precipitation
    melt = np.minimum(snow, MELT * np.maximum(day.temperature, 0.0))
    rain = (1.0 - solid) * day.precipitation
    caught = canopy.caught * rain
    arriving = rain - caught + melt + inflow
    room = np.maximum(DEPTH * ground.porosity - state.water, 0.0) * (1.0 - 0.7 * frozen)
    entering = np.minimum(arriving, room)
    water = state.water + entering
    potential = potential_evapotranspiration(day, sun)
    leaving = potential * _limit(water, frozen, ground, ndvi, canopy.rooted) * (snow <= melt)
    leaving = np.minimum(leaving, np.maximum(water - DEPTH * ground.residual_water_content, 0.0))
    water = water - leaving
    above = np.maximum(water - DEPTH * ground.field_capacity, 0.0)
    drainage = above * drained_share(ground) * (1.0 - frozen)
    after = State(water - drainage, snow - melt, warm)
    runoff = arriving - entering
    return after, Fluxes(day.precipitation, inflow, leaving + caught, drainage, runoff, potential)


def potential_evapotranspiration(day: Day, sun: Array) -> Array:
    """Evapotranspiration of a wet surface, mm: it grows with sunshine and warmth."""
    warmth = np.clip((day.temperature + 5.0) / 25.0, 0.0, 1.5)
    return np.asarray(PEAK * sun * (1.0 - 0.6 * day.cloud) * warmth, dtype=np.float32)


def drained_share(ground: Soil) -> Array:
    """Share of the water above field capacity that a day drains."""
    return np.asarray(1.0 - np.exp(-0.25 * np.sqrt(ground.saturated_conductivity / 20.0)))


def _limit(water: Array, frozen: Array, ground: Soil, ndvi: Array, rooted: Array) -> Array:
    """Share of potential evapotranspiration that the soil can give; ice gives none."""
    theta = water / DEPTH
    low, high = ground.residual_water_content, 0.8 * ground.field_capacity
    bare = np.clip((theta - low) / (high - low), 0.0, 1.0) ** 1.6
    wilting = ground.wilting_point
    plants = np.clip((theta - wilting) / (0.75 * (ground.field_capacity - wilting)), 0.0, 1.0)
    green = np.clip((ndvi - 0.08) / 0.75, 0.0, 1.0)
    share = (1.0 - green) * 0.75 * bare + green * plants
    return np.asarray(share * rooted * (1.0 - frozen))
