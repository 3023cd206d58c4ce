"""Terrain of the Heihe twin: mountains in the south, an oasis corridor, desert in the north."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from soilscope.twin.heihe_noise import TERRAIN, SmoothFields, stream
from soilscope.twin.heihe_place import Place, distance_to_line, into_mountains

Array = npt.NDArray[Any]

# Plain before the mountains by latitude, m.
PLAIN = np.array(
    [(38.2, 2100), (38.8, 1600), (39.4, 1380), (40.3, 1200), (41.2, 1040), (42.7, 920)]
)
HEIGHT, REACH = 2500.0, 38.0  # of the mountains over the plain, m, and how soon, km
RIDGE = np.array([(99.0, 40.15), (99.9, 39.75), (101.0, 39.3), (101.6, 38.95)])  # Heli, Longshou
HILLS = (98.1, 41.7)  # Mazong hills in the north-west
# Relief: length on the real map, km, and height where mountains are full, m.
RELIEF = ((60.0, 260.0), (22.0, 280.0), (8.0, 150.0), (3.0, 60.0))


@dataclass(frozen=True)
class Terrain:
    """Fields (y, x)."""

    elevation: Array  # m
    slope: Array  # m m-1
    northness: Array  # cosine of the aspect, 0 where flat
    eastness: Array
    mountains: Array  # 0 in the plain to 1


def terrain(where: Place, *, seed: int) -> Terrain:
    """Draw the terrain: a fixed shape after the real map, with relief drawn over it."""
    behind = into_mountains(where)
    mountains = 1.0 - np.exp(-np.maximum(behind + 4.0, 0.0) / REACH)
    plain = np.interp(where.latitude, PLAIN[:, 0], PLAIN[:, 1])
    ridge = np.exp(-((distance_to_line(where, RIDGE) / 9.0) ** 2))
    hills = np.exp(
        -(((where.longitude - HILLS[0]) / 0.7) ** 2) - ((where.latitude - HILLS[1]) / 0.5) ** 2
    )
    elevation = plain + HEIGHT * mountains + 650.0 * ridge + 700.0 * hills
    rough = np.maximum(mountains, 0.05 + 0.5 * ridge + 0.35 * hills)
    rng = stream(seed, TERRAIN)
    for length, height in RELIEF:
        fields = SmoothFields.over(where.rows, where.columns, length=where.grain(length))
        elevation = elevation + height * rough * fields.draw(rng)
    elevation = np.maximum(elevation, 850.0)
    return Terrain(elevation, *_slopes(elevation, where.cell * 1000.0), mountains)


def _slopes(elevation: Array, cell: float) -> tuple[Array, Array, Array]:
    """Slope, northness and eastness by central differences; rows run southwards."""
    down, right = np.gradient(elevation, cell)
    slope = np.hypot(down, right)
    steep = np.maximum(slope, 1e-6)
    return slope, down / steep, -right / steep
