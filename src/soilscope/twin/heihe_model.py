"""The Heihe twin as a model: its land, made once, and its days, carried from one to the next."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from soilscope.twin.heihe_bucket import (
    Canopy,
    Fluxes,
    State,
    first_state,
    frozen_share,
    liquid_moisture,
    step,
)
from soilscope.twin.heihe_climate import (
    Climate,
    Day,
    Sky,
    annual_rain,
    climate,
    day_of_year,
    normal_temperature,
)
from soilscope.twin.heihe_cover import FOREST, ICE, WATER, Cover, cover
from soilscope.twin.heihe_energy import Ground, Surface, clear_day, skin_temperature
from soilscope.twin.heihe_irrigation import Irrigation, irrigation
from soilscope.twin.heihe_noise import SKIN, stream
from soilscope.twin.heihe_place import Place
from soilscope.twin.heihe_seepage import Seepage, seepage
from soilscope.twin.heihe_soil import Soil, soil
from soilscope.twin.heihe_terrain import Terrain, terrain

Array = npt.NDArray[Any]

RUN_UP = 100  # days before the first, in which the guess of the state is forgotten
FOREST_ROOTED, FOREST_CAUGHT = 0.3, 0.5  # shares: of its water from the bucket, of rain on leaves
CLEAR_NOISE, CLOUD_NOISE = 0.7, 2.0  # K, of skin temperature, and what full cloud adds


@dataclass(frozen=True)
class Land:
    """What stays the same: fields (y, x), and cells of the basin where said so."""

    place: Place
    terrain: Terrain
    annual_rain: Array
    cover: Cover
    soil: Soil
    climate: Climate
    surface: Surface  # cells
    cell_soil: Soil  # cells
    cell_cover: Cover  # cells
    canopy: Canopy
    irrigation: Irrigation
    seepage: Seepage
    bare: Array  # cells, bool: no water and no ice, so there is soil


@dataclass(frozen=True)
class Wet:
    """Weather and water of a day, in the cells of the basin."""

    day: int  # ordinal
    weather: Day
    state: State
    fluxes: Fluxes
    ndvi: Array


@dataclass(frozen=True)
class Moment:
    """A day of the model, in the cells of the basin."""

    wet: Wet
    moisture: Array  # liquid, m3 m-3
    frozen: Array  # share
    skin: tuple[Array, Array]  # by day and by night, degC, without noise


def land_of(where: Place, *, seed: int, of_rock: bool = False) -> Land:
    """Draw everything that stays the same; with `of_rock`, soil that does not follow climate."""
    ground = terrain(where, seed=seed)
    rain = annual_rain(where, ground)
    growth = cover(where, ground, rain, seed=seed)
    earth = soil(where, growth, rain, seed=seed, of_rock=of_rock)
    inside = where.inside
    code = growth.code[inside]
    surface = Surface(
        where.latitude[inside].astype(np.float32),
        ground.slope[inside].astype(np.float32),
        ground.northness[inside].astype(np.float32),
        ground.eastness[inside].astype(np.float32),
        code == FOREST,
        np.isin(code, (WATER, ICE)),
    )
    return Land(
        where,
        ground,
        rain,
        growth,
        earth,
        climate(where, ground, rain, seed=seed),
        surface,
        Soil(*(getattr(earth, f.name)[inside] for f in fields(Soil))),
        Cover(*(getattr(growth, f.name)[inside] for f in fields(Cover))),
        Canopy(
            np.where(surface.forest, FOREST_ROOTED, 1.0).astype(np.float32),
            np.where(surface.forest, FOREST_CAUGHT, 0.0).astype(np.float32),
        ),
        irrigation(where, growth, seed=seed),
        seepage(where, growth, seed=seed),
        ~surface.wet,
    )


def waters_of(lands: Sequence[Land], *, first: int, number: int) -> Iterator[list[Wet]]:
    """Run the water balance of lands that differ in single maps, all under the same skies.

    `number` days from the ordinal `first`, after a run-up that is not given.
    """
    states = [_start(land, first - RUN_UP) for land in lands]
    for day in range(first - RUN_UP, first + number):
        sky, course = lands[0].climate.sky(day), lands[0].seepage.course(day)
        wets = [
            _carry(land, state, day, sky, course) for land, state in zip(lands, states, strict=True)
        ]
        states = [wet.state for wet in wets]
        if day >= first:
            yield wets


def _carry(land: Land, state: State, day: int, sky: Sky, course: Array) -> Wet:
    turn = day_of_year(day)
    weather, ndvi = land.climate.under(sky, day), land.cell_cover.ndvi(turn)
    after, fluxes = step(
        state,
        weather,
        ground=land.cell_soil,
        ndvi=ndvi,
        sun=clear_day(land.surface.latitude, turn),
        inflow=land.irrigation.on(turn) + land.seepage.into(state.soil_temperature, course),
        canopy=land.canopy,
    )
    return Wet(day, weather, after, fluxes, ndvi)


def days_of(land: Land, *, first: int, number: int) -> Iterator[Moment]:
    """Run the model: `number` days from the ordinal `first`."""
    return (moment_of(land, wet) for (wet,) in waters_of([land], first=first, number=number))


def seen_skin(moment: Moment, seed: int) -> tuple[Array, Array]:
    """Skin temperature as a satellite measures it: noise grows with cloud."""
    rng = stream(seed, SKIN, moment.wet.day)
    spread = np.float32(CLEAR_NOISE) + np.float32(CLOUD_NOISE) * moment.wet.weather.cloud
    by_day, by_night = (
        t + spread * rng.standard_normal(t.shape, dtype=np.float32) for t in moment.skin
    )
    return by_day, by_night


def _start(land: Land, day: int) -> State:
    weather = land.climate
    warmth = normal_temperature(weather.elevation, weather.latitude, day_of_year(day))
    return first_state(land.cell_soil, weather.annual_rain, warmth)


def moment_of(land: Land, wet: Wet) -> Moment:
    """Take what is seen of the water of a day: its liquid part, and surface temperature."""
    moisture = liquid_moisture(wet.state)
    skin = skin_temperature(
        land.surface,
        land.cell_soil,
        ground=Ground(moisture, wet.ndvi, wet.state.snow, wet.state.soil_temperature),
        day=wet.weather,
        turn=day_of_year(wet.day),
    )
    return Moment(wet, moisture, frozen_share(wet.state), skin)
