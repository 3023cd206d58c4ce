"""Land cover of the Heihe twin in IGBP codes, and the green season of each class."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from soilscope.twin.heihe_noise import COVER, SmoothFields, stream
from soilscope.twin.heihe_place import RIVER, Place, distance_to_line
from soilscope.twin.heihe_terrain import Terrain

Array = npt.NDArray[Any]

FOREST, GRASS, CROP, URBAN, ICE, BARREN, WATER = 1, 10, 12, 13, 15, 16, 17
IGBP = {
    FOREST: "evergreen_needleleaf_forests",
    GRASS: "grasslands",
    CROP: "croplands",
    URBAN: "urban_and_built-up_lands",
    ICE: "permanent_snow_and_ice",
    BARREN: "barren",
    WATER: "water_bodies",
}
# Oases: a line of way points, and how far (km) the fields reach from it.
OASES = (
    (np.array([(100.75, 38.75), (100.45, 38.98), (100.1, 39.2), (99.7, 39.45)]), 22.0),
    (np.array([(98.3, 39.72), (98.6, 39.85), (98.95, 40.1)]), 18.0),
    (np.array([(100.75, 38.4), (101.2, 38.7)]), 13.0),
    (np.array([(101.0, 41.85), (101.1, 42.05)]), 12.0),
)
TOWNS = np.array([(100.45, 38.93), (98.5, 39.74), (98.28, 39.8), (102.0, 38.5), (101.07, 41.95)])
LAKES = np.array([(101.25, 42.28), (99.6, 39.95), (98.85, 40.25), (100.75, 39.25)])
# Green season by class: NDVI in winter, at its peak, days from 1 January to the rise and the fall.
# Grass and barren take their peak from the rain that falls there.
SEASON = {FOREST: (0.40, 0.78, 128, 282), CROP: (0.11, 0.84, 140, 258)}


@dataclass(frozen=True)
class Cover:
    """Fields (y, x)."""

    code: Array  # IGBP, -1 outside the basin
    low: Array  # NDVI in winter
    peak: Array  # and at its peak
    rise: Array  # days from 1 January to half of the rise
    fall: Array

    def ndvi(self, day_of_year: int) -> Array:
        """NDVI of a day: a rise and a fall, each over about a month."""
        rise = 1.0 / (1.0 + np.exp(-(day_of_year - self.rise) / 9.0))
        fall = 1.0 / (1.0 + np.exp((day_of_year - self.fall) / 10.0))
        return np.asarray(self.low + (self.peak - self.low) * rise * fall)

    def is_(self, *codes: int) -> Array:
        """Whether a cell has one of these codes."""
        return np.isin(self.code, codes)


def cover(where: Place, land: Terrain, annual_rain: Array, *, seed: int) -> Cover:
    """Draw the land cover from terrain, rain (mm a year) and the way points of oases."""
    rng = stream(seed, COVER)
    patch, speckle = (
        SmoothFields.over(where.rows, where.columns, length=where.grain(km)).draw(rng)
        for km in (16.0, 5.0)
    )
    code = np.where(annual_rain + 25.0 * patch > 215.0, GRASS, BARREN)
    river = distance_to_line(where, RIVER)
    code[(river < 4.0 + 1.5 * patch) & (land.mountains < 0.2)] = GRASS
    belt = np.abs(land.elevation - 2950.0) < 620.0 + 90.0 * patch + 60.0 * land.northness
    code[belt & (land.mountains > 0.2)] = FOREST
    for line, reach in OASES:
        wide = reach * (1.0 + 0.20 * patch + 0.08 * speckle)
        code[(distance_to_line(where, line) < wide) & (land.elevation < 2500.0)] = CROP
    code[land.elevation + 60.0 * speckle > 4750.0] = ICE
    code[(land.elevation + 60.0 * speckle > 4350.0) & (code == GRASS)] = BARREN
    for points, reach, kind in ((TOWNS, 5.0, URBAN), (LAKES, 6.0, WATER)):
        for point in points:
            code[distance_to_line(where, np.stack([point, point + 1e-3])) < reach] = kind
    return _green(np.where(where.inside, code, -1).astype(np.int16), land, annual_rain, patch)


def _green(code: Array, land: Terrain, annual_rain: Array, patch: Array) -> Cover:
    """Give every cell its green season; mountains are green later and for less long."""
    high = np.maximum(land.elevation / 1000.0 - 1.5, 0.0)
    low = 0.06 + 0.05 * np.clip(annual_rain / 400.0, 0.0, 1.0)
    peak = np.where(
        code == GRASS,
        0.27 + 0.48 * np.clip((annual_rain - 190.0) / 210.0, 0.0, 1.0),
        low + 0.02 + 0.12 * np.clip(annual_rain / 250.0, 0.0, 1.0),
    )
    rise, fall = 118.0 + 14.0 * high, 280.0 - 10.0 * high
    for kind, (winter, summer, up, down) in SEASON.items():
        at = code == kind
        low, peak = np.where(at, winter, low), np.where(at, summer, peak)
        rise, fall = np.where(at, up, rise), np.where(at, down, fall)
    bare = np.isin(code, (ICE, WATER, URBAN))
    low, peak = np.where(bare, 0.03, low), np.where(bare, 0.06, peak)
    peak = np.where(code == URBAN, 0.22, peak) * (1.0 + 0.06 * np.clip(patch, -2.0, 2.0))
    made = (v.astype(np.float32) for v in (low, np.clip(peak, low, 0.9), rise, fall))
    return Cover(code, *made)
