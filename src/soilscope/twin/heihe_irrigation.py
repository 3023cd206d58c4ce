"""When the fields of the Heihe twin are watered: by turns in summer, once before winter."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from soilscope.twin.heihe_bucket import IRRIGATION
from soilscope.twin.heihe_cover import CROP, Cover
from soilscope.twin.heihe_noise import FIELDS, SmoothFields, stream
from soilscope.twin.heihe_place import Place

Array = npt.NDArray[Any]

TURN = 21  # days from one irrigation to the next
SUMMER = (115, 255)  # days from 1 January
WINTER = 300  # first day of the winter irrigation, which takes one turn
DISTRICT = 6.0  # km, size of a district that is watered on one day


@dataclass(frozen=True)
class Irrigation:
    """Turns of the cells of the basin."""

    field: Array  # bool: irrigated
    turn: Array  # day of its turn, 0 to TURN - 1

    def on(self, day_of_year: int) -> Array:
        """Water (mm) that a day brings to each cell."""
        summer = SUMMER[0] <= day_of_year < SUMMER[1]
        winter = WINTER <= day_of_year < WINTER + TURN
        now = self.field & (self.turn == day_of_year % TURN) & (summer or winter)
        return np.asarray(now * np.float32(IRRIGATION))


def irrigation(where: Place, ground: Cover, *, seed: int) -> Irrigation:
    """Divide the cropland into districts with ragged borders, and give each its turn."""
    rng = stream(seed, FIELDS)
    width = where.grain(DISTRICT)
    ragged = SmoothFields.over(where.rows, where.columns, length=width)
    down, right = (0.35 * width * ragged.draw(rng) for _ in range(2))
    row = (where.rows[:, np.newaxis] + down) // width
    column = (where.columns + right) // width
    number = (row - row.min()) * 1000 + (column - column.min())
    _, district = np.unique(number, return_inverse=True)
    turn = rng.integers(0, TURN, size=district.max() + 1)[district].astype(np.int8)
    inside = where.inside
    return Irrigation(ground.is_(CROP)[inside], turn[inside])
