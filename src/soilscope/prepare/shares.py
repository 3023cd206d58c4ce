"""Values of several days shared among months or years by the days that they have in each."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.prepare.spans import daily_stamps, spans_of
from soilscope.times import month_count

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Shares:
    """Pieces of values: each lies in one period, and has so many days in it."""

    steps: Array  # the value that a piece is of
    keys: Array  # its period: calendar months since year 0, or years
    days: Array


def shares_of(da: xr.DataArray, *, months: int) -> Shares:
    """Split each value of `da` along `time` at the ends of periods of 1 or 12 `months`.

    A value ends where the next one begins, at the latest. What lies behind the period of the last
    stamp is left out, since the rest of that period is not there.
    """
    time = da["time"]
    spans = spans_of(da)
    first = spans.starts.astype(np.int64)
    ends = np.minimum(first + spans.lengths.astype(np.int64), np.append(first[1:], spans.n_days))
    owner = np.repeat(np.arange(time.size), np.maximum(ends - first, 0))
    day = np.arange(owner.size) - np.searchsorted(owner, owner) + first[owner]
    stamps = xr.DataArray(daily_stamps(time.values[0], spans), dims="time", name="time")
    keys = month_count(stamps)[day] // months
    inside = keys <= month_count(time)[-1] // months
    owner, keys = owner[inside], keys[inside]
    begins = np.flatnonzero(np.diff(owner, prepend=-1) | np.diff(keys, prepend=-1))
    return Shares(owner[begins], keys[begins], np.diff(np.append(begins, owner.size)))
