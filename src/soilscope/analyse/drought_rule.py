"""What a drought is: the rule of run theory, and the months in which its length is counted."""

from typing import NamedTuple

import numpy as np
import xarray as xr

from soilscope.checks import require_at_least, require_number
from soilscope.errors import InputError
from soilscope.labelled import Array
from soilscope.times import is_monthly, is_time_like, month_count

REFERENCES = "Yevjevich (1967), Hydrology Papers 23, Colorado State University"


class DroughtRule(NamedTuple):
    """When a drought begins and ends, in values of the index and in months."""

    threshold: float
    end_threshold: float
    min_duration: int
    pool_gap: int


def drought_rule(
    threshold: float, end_threshold: float | None, min_duration: int, pool_gap: int
) -> DroughtRule:
    """Check the options of a drought; it ends at the threshold where no other is given."""
    require_number(threshold, name="threshold")
    end = threshold if end_threshold is None else end_threshold
    require_number(end, name="end_threshold")
    if not end >= threshold:
        raise InputError(
            f"end_threshold is {end}, below threshold {threshold}; an event would end as it begins."
        )
    require_at_least(min_duration, 1, name="min_duration")
    require_at_least(pool_gap, 0, name="pool_gap")
    return DroughtRule(float(threshold), float(end), int(min_duration), int(pool_gap))


def drought_months(time: xr.DataArray) -> Array:
    """Month count of each stamp; positions where time is not dates."""
    if not is_time_like(time):
        return np.arange(time.size, dtype=np.int64)
    months = month_count(time)
    if time.size > 1 and not is_monthly(time):
        raise InputError(
            f"{time.name!r} does not have one stamp a month, and droughts last months; use "
            "soilscope.composite(ssmi, freq='MS') first."
        )
    return months
