"""Fields of bits in numbers of quality layers."""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
#: What `bit_field` gives where there is no whole number of 0 or more.
NO_FIELD = -1


def bit_field(values: Array, first: int, last: int) -> npt.NDArray[np.int64]:
    """Return the number that the bits `first` to `last` of each value make; bit 0 is the lowest.

    It is -1 where a value is missing, negative or no whole number.

    >>> bit_field(np.array([0b01000001, 65.5, np.nan]), 6, 7).tolist()
    [1, -1, -1]
    """
    if values.dtype.kind in "ub":
        whole = values.astype(np.int64)
        return (whole >> first) & ((1 << (last - first + 1)) - 1)
    with np.errstate(invalid="ignore"):
        sound = (values >= 0) & (values < 2.0**53) & (np.floor(values) == values)
    whole = np.where(sound, values, 0).astype(np.int64)
    field = (whole >> first) & ((1 << (last - first + 1)) - 1)
    return np.where(sound, field, NO_FIELD)
