"""Soil of the Heihe twin: texture and carbon by landscape, and the limits that follow."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from soilscope.twin.heihe_cover import CROP, FOREST, GRASS, Cover
from soilscope.twin.heihe_noise import SOIL, SmoothFields, stream
from soilscope.twin.heihe_place import Place

Array = npt.NDArray[Any]

ROCK, CRACKS = 45.0, 0.4  # km between kinds of rock; spread of log10 of conductivity by cracks


@dataclass(frozen=True)
class Soil:
    """Fields (y, x), or the cells of the basin."""

    sand: Array  # %
    clay: Array  # %
    bulk_density: Array  # g cm-3
    organic_carbon: Array  # g kg-1
    porosity: Array  # m3 m-3
    field_capacity: Array  # m3 m-3
    wilting_point: Array  # m3 m-3
    residual_water_content: Array  # m3 m-3, what evaporation leaves behind
    saturated_conductivity: Array  # cm d-1


def soil(
    where: Place, ground: Cover, annual_rain: Array, *, seed: int, of_rock: bool = False
) -> Soil:
    """Draw texture and carbon; the limits are smooth functions of them, of usual size only.

    With `of_rock`, sand follows rock alone, not climate and fields, and conductivity follows cracks
    and roots, not sand: so that these maps can be told from each other and from climate.
    """
    rng = stream(seed, SOIL)
    broad, fine, other = (
        SmoothFields.over(where.rows, where.columns, length=where.grain(km)).draw(rng)
        for km in (30.0, 5.0, 12.0)
    )
    moist = np.clip((annual_rain - 60.0) / 380.0, 0.0, 1.0)
    sand = 62.0 - 16.0 * moist - 10.0 * ground.is_(CROP) + 11.0 * broad + 4.0 * fine
    wide = SmoothFields.over(where.rows, where.columns, length=ROCK)
    if of_rock:
        sand = 55.0 + 18.0 * wide.draw(rng) + 4.0 * fine
    sand = np.clip(sand, 8.0, 93.0)
    clay = np.clip((100.0 - sand) * (0.34 + 0.04 * other), 2.0, 50.0)
    carbon = (3.0 + 32.0 * moist**2) * np.exp(0.22 * other + 0.08 * fine)
    carbon *= 1.0 + 0.15 * ground.is_(FOREST) + 0.25 * ground.is_(GRASS) * moist
    density = np.clip(1.56 - 0.0125 * carbon + 0.03 * broad, 0.85, 1.7)
    porosity = 1.0 - density / 2.65
    wilting = 0.018 + 0.0042 * clay + 0.0004 * carbon
    capacity = wilting + 0.055 + 0.0016 * (100.0 - sand) + 0.0009 * carbon
    conductivity = 10.0 ** (0.6 + 0.0185 * sand - 0.006 * clay)
    if of_rock:
        conductivity = 10.0 ** (1.5 + CRACKS * wide.draw(rng))
    made = (
        sand,
        clay,
        density,
        carbon,
        porosity,
        np.minimum(capacity, 0.85 * porosity),
        wilting,
        0.4 * wilting,
        conductivity,
    )
    return Soil(*(np.asarray(v, dtype=np.float32) for v in made))
