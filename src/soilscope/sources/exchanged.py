"""Whether two variables that are ordered by nature seem exchanged."""

import warnings
from collections.abc import Mapping

import numpy as np
import xarray as xr

from soilscope.errors import SoilscopeWarning

#: The first lies above the second nearly everywhere.
PAIRS = (
    ("lst_day", "lst_night"),
    ("temperature_max", "temperature_min"),
    ("temperature", "dewpoint"),
    ("porosity", "field_capacity"),
    ("field_capacity", "wilting_point"),
)
ORDERED = frozenset(name for pair in PAIRS for name in pair)
#: Values, at least, before their order is judged.
_FEW = 10


def tell_exchanged(blocks: Mapping[str, xr.DataArray], *, file: str) -> None:
    """Warn of variables (in memory) of which most of the higher one lies below the lower one.

    >>> day = xr.DataArray(np.arange(12.0), dims="time")
    >>> with warnings.catch_warnings(record=True) as heard:
    ...     warnings.simplefilter("always")
    ...     tell_exchanged({"lst_day": day, "lst_night": day + 9.0}, file="a.nc")
    >>> str(heard[0].message)[:47]
    'lst_day in a.nc lies below lst_night in 100% of'
    """
    for high, low in PAIRS:
        if high not in blocks or low not in blocks or blocks[high].shape != blocks[low].shape:
            continue
        difference = blocks[high].reset_coords(drop=True) - blocks[low].reset_coords(drop=True)
        found = difference.values[np.isfinite(difference.values)]
        share = float((found < 0).mean()) if found.size >= _FEW else 0.0
        if share > 0.5:
            warnings.warn(
                f"{high} in {file} lies below {low} in {share:.0%} of {found.size} values: the two "
                "seem exchanged; look at the names of the files and at variables, and exchange "
                f"them there ({high} first).",
                SoilscopeWarning,
                stacklevel=4,
            )
