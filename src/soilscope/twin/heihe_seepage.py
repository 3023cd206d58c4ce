"""Water that seeps down the slopes of the Heihe twin's forest, and follows a course of its own.

It is why moisture under forest has little to do with the weather that skin temperature feels.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from soilscope.twin.heihe_cover import FOREST, Cover
from soilscope.twin.heihe_noise import SEEPAGE, SlowFields, SmoothFields
from soilscope.twin.heihe_place import Place

Array = npt.NDArray[Any]

MOST = 2.6  # mm a day
REACH, KNOT = 20.0, 12  # km and days between independent values


@dataclass(frozen=True)
class Seepage:
    """Where it seeps, and the fields by which it does."""

    inside: Array  # (y, x)
    forest: Array  # cells of the basin
    fields: SlowFields

    def course(self, day: int) -> Array:
        """Water (mm) that would seep on a day in each cell of the basin, were it thawed forest."""
        return np.asarray(MOST * special.ndtr(1.5 * self.fields.on(day)[self.inside]))

    def into(self, soil_temperature: Array, course: Array) -> Array:
        """Water (mm) that a day brings: none where it is frozen, and to forest alone."""
        thawed = np.clip(soil_temperature, 0.0, 1.0)
        return np.asarray(course * thawed * self.forest, dtype=np.float32)


def seepage(where: Place, ground: Cover, *, seed: int) -> Seepage:
    """Prepare the seepage of a basin."""
    fields = SmoothFields.over(where.rows, where.columns, length=where.grain(REACH))
    slow = SlowFields(fields, seed, SEEPAGE, KNOT)
    return Seepage(where.inside, ground.is_(FOREST)[where.inside], slow)
