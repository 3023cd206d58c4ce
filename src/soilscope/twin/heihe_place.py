"""Where the Heihe twin lies: its grid, its outline, its river."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj
from affine import Affine
from odc.geo.geobox import GeoBox

Array = npt.NDArray[Any]

#: Albers equal area conic as maps of China use it, on WGS 84.
ALBERS = (
    "+proj=aea +lat_1=25 +lat_2=47 +lat_0=0 +lon_0=105 +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs"
)
SIZE = (560, 490)  # rows and columns of the whole basin at 1 km
MIDDLE = (99.55, 40.2)  # degrees east and north
ZHANGYE = (100.1, 38.95)
ORIGIN = (-750.0, 4700.0)  # km in the plane, north-west of the basin: positions count from here
KM_NORTH, KM_EAST = 111.2, 84.9  # of a degree, in the middle of the map

# Longitude and latitude of way points; drawn by hand after maps of the basin.
OUTLINE = np.array(
    [
        (100.2, 37.75), (101.0, 37.75), (101.6, 38.15), (101.95, 38.7), (101.7, 39.2),
        (101.0, 39.45), (100.6, 39.9), (100.7, 40.4), (101.2, 40.9), (101.6, 41.4),
        (101.85, 42.0), (101.6, 42.5), (101.0, 42.65), (100.1, 42.6), (99.3, 42.35),
        (98.7, 41.95), (98.15, 41.5), (97.95, 41.0), (97.7, 40.5), (97.35, 40.0),
        (97.15, 39.6), (97.5, 39.15), (98.1, 38.9), (98.7, 38.45), (99.3, 38.05),
    ]
)  # fmt: skip
FRONT = np.array(
    [(97.0, 39.95), (98.2, 39.6), (99.3, 38.95), (100.2, 38.65), (101.0, 38.3), (102.1, 37.95)]
)  # foot of the Qilian Mountains
RIVER = np.array(
    [
        (98.9, 38.65), (99.7, 38.5), (100.17, 38.8), (100.45, 38.98), (100.1, 39.2),
        (99.8, 39.4), (99.47, 39.8), (99.5, 40.3), (99.95, 40.8), (100.3, 41.2),
        (100.7, 41.6), (101.05, 42.0), (101.2, 42.25),
    ]
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """A grid over the basin or a part of it; fields are (y, x)."""

    geobox: GeoBox
    latitude: Array  # degrees
    longitude: Array

    @property
    def inside(self) -> Array:
        """Whether a cell belongs to the basin."""
        return _within(self.longitude, self.latitude, OUTLINE)

    @property
    def cell(self) -> float:
        """Width of a cell in km."""
        return float(self.geobox.affine.a) / 1000.0

    def grain(self, km: float) -> float:
        """Return a length in km that the grid can hold: two cells at least."""
        return max(km, 2.0 * self.cell)

    @property
    def rows(self) -> Array:
        """Position of the rows in km, increasing southwards, the same in any part of the basin."""
        top = float(self.geobox.affine.f) / 1000.0
        return ORIGIN[1] - top + (np.arange(self.geobox.shape[0]) + 0.5) * self.cell

    @property
    def columns(self) -> Array:
        """Position of the columns in km, increasing eastwards."""
        left = float(self.geobox.affine.c) / 1000.0
        return left - ORIGIN[0] + (np.arange(self.geobox.shape[1]) + 0.5) * self.cell


def place(
    *, size: tuple[int, int], resolution: float, middle: tuple[float, float] | None = None
) -> Place:
    """Lay a grid of `size` cells (rows, columns) of `resolution` m around `middle` (east, north).

    Without `middle`, a grid that is at least as tall as half of the basin lies in its middle, a
    smaller one around Zhangye, where mountains, forest, oasis and desert meet.
    """
    to_plane = pyproj.Transformer.from_crs("EPSG:4326", ALBERS, always_xy=True)
    rows, columns = size
    if middle is None:
        middle = MIDDLE if rows * resolution >= 500.0 * SIZE[0] else ZHANGYE
    x0, y0 = (round(v / resolution) * resolution for v in to_plane.transform(*middle))
    left, top = x0 - columns // 2 * resolution, y0 + rows // 2 * resolution
    box = GeoBox(size, Affine(resolution, 0.0, left, 0.0, -resolution, top), ALBERS)
    x = left + (np.arange(columns) + 0.5) * resolution
    y = top - (np.arange(rows) + 0.5) * resolution
    back = pyproj.Transformer.from_crs(ALBERS, "EPSG:4326", always_xy=True)
    longitude, latitude = back.transform(*np.meshgrid(x, y))
    return Place(box, latitude, longitude)


def distance_to_line(where: Place, line: Array) -> Array:
    """Km to the nearest point of a line of way points."""
    nearest = np.full(where.longitude.shape, np.inf)
    x, y = where.longitude * KM_EAST, where.latitude * KM_NORTH
    for (x0, y0), (x1, y1) in zip(
        line[:-1] * (KM_EAST, KM_NORTH), line[1:] * (KM_EAST, KM_NORTH), strict=True
    ):
        dx, dy = x1 - x0, y1 - y0
        part = np.clip(((x - x0) * dx + (y - y0) * dy) / (dx**2 + dy**2), 0.0, 1.0)
        nearest = np.minimum(nearest, np.hypot(x - x0 - part * dx, y - y0 - part * dy))
    return nearest


def into_mountains(where: Place) -> Array:
    """Km behind the foot of the Qilian Mountains, negative before it."""
    foot = np.interp(where.longitude, FRONT[:, 0], FRONT[:, 1])
    return np.where(where.latitude < foot, 1.0, -1.0) * distance_to_line(where, FRONT)


def _within(x: Array, y: Array, outline: Array) -> Array:
    """Whether points lie inside a polygon: an odd number of its edges lies to their east."""
    inside = np.zeros(x.shape, dtype=bool)
    for (x0, y0), (x1, y1) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        if y0 != y1:
            crosses = (y0 > y) != (y1 > y)
            inside ^= crosses & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    return inside
