"""The shape of the oasis east of the Helan Mountains: two plains along the Yellow River."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from soilscope.twin.fields import KM_PER_DEGREE

Array = npt.NDArray[Any]

WEST, EAST, SOUTH, NORTH = 104.26, 106.98, 36.65, 39.39
ZONES = ("Weining_Plain", "Southern_Yinchuan_Plain", "Northern_Yinchuan_Plain")
OUTSIDE = -1

# Way points of the river: longitude, latitude, and how far (km) the oasis reaches to the left
# (north-west, the side of the Helan Mountains) and to the right of it.
RIVER = np.array(
    [
        (104.42, 37.36, 9.0, 8.0),  # Shapotou
        (104.75, 37.45, 21.0, 21.0),
        (105.18, 37.50, 30.0, 32.0),  # Zhongwei
        (105.55, 37.47, 26.0, 34.0),
        (105.78, 37.58, 19.0, 25.0),  # Zhongning
        (105.97, 37.82, 12.0, 12.0),  # Qingtongxia gorge
        (106.14, 38.02, 38.0, 31.0),
        (106.32, 38.20, 59.0, 34.0),
        (106.50, 38.45, 72.0, 31.0),  # Yinchuan
        (106.62, 38.70, 72.0, 28.0),
        (106.76, 38.95, 65.0, 21.0),
        (106.80, 39.15, 50.0, 15.0),
        (106.83, 39.33, 20.0, 10.0),  # Huinong
    ]
)
GORGE = 5  # way point between the two plains
MIDDLE = 8  # way point between the southern and the northern Yinchuan Plain
CORE = 0.45  # share of the way from the river to the margin that is the irrigated core


@dataclass(frozen=True)
class Oasis:
    """A grid over the oasis; fields are (latitude, longitude)."""

    latitude: Array  # degrees north, ascending
    longitude: Array  # degrees east, ascending
    zone: Array  # int8: number in ZONES, OUTSIDE elsewhere
    along: Array  # km down the river from Shapotou
    across: Array  # distance from the river over that of the margin: -1 west, 0 river, 1 east
    length: float  # km of river

    @property
    def inside(self) -> Array:
        """Whether a cell belongs to the oasis."""
        return np.asarray(self.zone != OUTSIDE)

    @property
    def core(self) -> Array:
        """Whether a cell belongs to the irrigated core along the river."""
        return self.inside & (np.abs(self.across) < CORE)


def oasis(*, spacing: float) -> Oasis:
    """Lay a grid with cells of `spacing` degrees over the oasis."""
    latitude = np.round(np.arange(SOUTH + spacing / 2, NORTH, spacing), 6)
    longitude = np.round(np.arange(WEST + spacing / 2, EAST, spacing), 6)
    lon, lat = np.meshgrid(longitude, latitude)
    along, distance, left, right = _river_coordinates(lon, lat)
    at_node = _length_to_nodes()
    # the margin follows alluvial fans and sand fingers, not a ruler
    wiggle = 1.0 + 0.10 * np.sin(along / 6.5) + 0.07 * np.sin(along / 3.1 + 1.0)
    across = distance / (np.where(distance < 0, left, right) * wiggle)
    zone = np.digitize(along, [at_node[GORGE], at_node[MIDDLE]]).astype(np.int8)
    pieces, _ = ndimage.label(np.abs(across) <= 1.0)
    largest = np.bincount(pieces[pieces > 0]).argmax()  # the wiggle may cut off a tip
    zone[pieces != largest] = OUTSIDE
    return Oasis(latitude, longitude, zone, along, across, float(at_node[-1]))


def zone_weights(place: Oasis) -> Array:
    """Weights (zone, latitude, longitude): sharp at the gorge, gradual to the north."""
    at_node = _length_to_nodes()
    past = [
        1.0 / (1.0 + np.exp(-(place.along - at_node[node]) / width))
        for node, width in ((GORGE, 4.0), (MIDDLE, 9.0))
    ]
    return np.stack([1.0 - past[0], past[0] * (1.0 - past[1]), past[0] * past[1]])


def _plane(lon: Array, lat: Array) -> tuple[Array, Array]:
    """Kilometres east and north of the south-western corner."""
    shrink = np.cos(np.deg2rad((SOUTH + NORTH) / 2.0))
    return (lon - WEST) * KM_PER_DEGREE * shrink, (lat - SOUTH) * KM_PER_DEGREE


def _length_to_nodes() -> Array:
    x, y = _plane(RIVER[:, 0], RIVER[:, 1])
    return np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])


def _river_coordinates(lon: Array, lat: Array) -> tuple[Array, Array, Array, Array]:
    """Km along the river to the nearest point of it, signed distance (left < 0), both margins."""
    x, y = _plane(lon, lat)
    node_x, node_y = _plane(RIVER[:, 0], RIVER[:, 1])
    at_node = _length_to_nodes()
    nearest = np.full(lon.shape, np.inf)
    along, side = np.zeros(lon.shape), np.ones(lon.shape)
    for i in range(len(RIVER) - 1):
        dx, dy = node_x[i + 1] - node_x[i], node_y[i + 1] - node_y[i]
        step = np.hypot(dx, dy)
        part = np.clip(((x - node_x[i]) * dx + (y - node_y[i]) * dy) / step**2, 0.0, 1.0)
        off_x, off_y = x - node_x[i] - part * dx, y - node_y[i] - part * dy
        distance = np.hypot(off_x, off_y)
        closer = distance < nearest
        nearest = np.where(closer, distance, nearest)
        along = np.where(closer, at_node[i] + part * step, along)
        side = np.where(closer, np.where(dx * off_y - dy * off_x > 0, -1.0, 1.0), side)
    left = np.interp(along, at_node, RIVER[:, 2])
    right = np.interp(along, at_node, RIVER[:, 3])
    return along, side * nearest, left, right
