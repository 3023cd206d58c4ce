"""Slots of the year (calendar months, days of the year), and the baseline of an index."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.errors import InputError
from soilscope.kernels.index import count_years
from soilscope.times import is_time_like, require_dates, require_increasing

By = Literal["month", "dayofyear"]
Reference = (
    Literal["own", "pooled", "pooled_profile"] | tuple[str | int, str | int] | list[str | int]
)

Integers = npt.NDArray[np.int64]

_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DAYS_IN_YEAR = {"noleap": 365, "365_day": 365, "360_day": 360}
NO_YEARS = np.empty((0, 0), dtype=np.int32)


@dataclass(frozen=True, eq=False)
class Slots:
    """The slot of each time step, and which steps the baseline of each slot is made of."""

    size: int
    slot: Integers
    base_slot: Integers  # -1 outside the baseline
    year: Integers  # 0, 1, ... for each time step
    half: int  # slots on either side that a slot's reference includes
    baseline: str  # its first and last stamp, ISO 8601: "1991-01-01/2020-12-01"

    @property
    def n_years(self) -> int:
        """How many years the time axis touches."""
        return int(self.year.max(initial=-1)) + 1

    def most_values(self) -> int:
        """Return the largest number of time steps in any slot's reference."""
        count = np.bincount(self.base_slot[self.base_slot >= 0], minlength=self.size)
        around = range(-self.half, self.half + 1)
        return int(np.sum([np.roll(count, shift) for shift in around], axis=0).max())

    def years(self, x: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
        """Years behind each slot of each series; nothing if every value is a year of its own."""
        inside = self.base_slot >= 0
        pairs = self.base_slot[inside] * self.n_years + self.year[inside]
        if self.half == 0 and np.unique(pairs).size == pairs.size:
            return NO_YEARS
        years: npt.NDArray[np.int32] = count_years(
            x, self.base_slot, self.year, self.size, self.n_years, self.half
        )
        return years


def slots(time: xr.DataArray, *, by: By | None, window: int | None, reference: Reference) -> Slots:
    """Sort the time steps into slots of the year and into the baseline."""
    slot, size = slot_of(time, by=by)
    inside = _baseline(time, reference)
    year = _year(time)
    stamps = time[inside]
    return Slots(
        size=size,
        slot=slot,
        base_slot=np.where(inside, slot, -1),
        year=year - year.min(),
        half=_half(window, by=by, size=size),
        baseline=f"{_iso(stamps[0])}/{_iso(stamps[-1])}",
    )


def slot_of(time: xr.DataArray, *, by: By | None) -> tuple[Integers, int]:
    """Slot of each time step, and the number of slots in a year.

    Days are counted in a leap year (February always has 29), so 1 March is day 61 in every year.
    """
    if by is None:
        return np.zeros(time.size, dtype=np.int64), 1
    require_dates(time)
    month = np.asarray(time.dt.month.values, dtype=np.int64) - 1
    if by == "month":
        return month, 12
    size = _DAYS_IN_YEAR.get(str(time.dt.calendar), 366)
    days = np.asarray(_DAYS, dtype=np.int64)
    if size == 360:
        days[:] = 30
    elif size == 365:
        days[1] = 28
    before = np.cumsum(days) - days
    return before[month] + np.asarray(time.dt.day.values, dtype=np.int64) - 1, size


def _half(window: int | None, *, by: By | None, size: int) -> int:
    if window is None:
        return 0
    if by != "dayofyear":
        raise InputError(f"window is {window!r}; it is for by='dayofyear' only, so leave it out.")
    if not 0 <= window <= (size - 1) // 2:
        raise InputError(f"window is {window!r} days; it must be between 0 and {(size - 1) // 2}.")
    return int(window)


def _year(time: xr.DataArray) -> Integers:
    """Calendar year of each stamp; plain numbers are decimal years."""
    if is_time_like(time):
        return np.asarray(time.dt.year.values, dtype=np.int64)
    if not np.issubdtype(time.dtype, np.number):
        raise InputError(f"{time.name!r} holds {time.dtype}; give dates or decimal years.")
    return np.asarray(np.floor(time.values), dtype=np.int64)


def _baseline(time: xr.DataArray, reference: Reference) -> npt.NDArray[np.bool_]:
    """Which time steps the reference is made of."""
    if time.size == 0:
        raise InputError(f"{time.name!r} is empty; an index needs at least one time step.")
    require_increasing(time)
    inside = np.zeros(time.size, dtype=bool)
    if isinstance(reference, str):
        inside[:] = True
        return inside
    first, last = period(reference)
    if is_time_like(time):
        try:
            inside[time.to_index().slice_indexer(first, last)] = True
        except (ValueError, TypeError, KeyError) as fault:
            raise InputError(
                f"reference {first!r} to {last!r} is not a period; write it as ('2000', '2009')."
            ) from fault
    else:
        inside = (time.values >= float(first)) & (np.floor(time.values) <= float(last))
    if not inside.any():
        raise InputError(
            f"reference {first!r} to {last!r} holds no time step; the data run from "
            f"{_iso(time[0])} to {_iso(time[-1])}."
        )
    return inside


def period(reference: tuple[str | int, str | int] | list[str | int]) -> tuple[str, str]:
    """First and last stamp of a reference period, as text."""
    if len(reference) != 2:
        raise InputError(
            f"reference is {reference!r}; a period has a first and a last stamp: ('2000', '2009')."
        )
    first, last = (str(stamp) for stamp in reference)
    return first, last


def lies_within(time: xr.DataArray, baseline: str) -> bool:
    """Whether all of `time` lies in a baseline ("1991-01-01/2020-12-01")."""
    if time.size == 0:
        return True
    first, last = baseline.split("/")
    begin, end = _iso(time[0]), _iso(time[-1])
    if is_time_like(time):
        return first <= begin and end <= last
    return float(first) <= float(begin) and float(end) <= float(last)


def _iso(stamp: xr.DataArray) -> str:
    if not is_time_like(stamp.expand_dims("one")):
        return str(stamp.item())
    return str(stamp.dt.strftime("%Y-%m-%d").item())
