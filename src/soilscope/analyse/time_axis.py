"""What the stamps of a record mean to the kernels: years, regular steps, seasons."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.checks import require_dims
from soilscope.errors import InputError
from soilscope.times import decimal_year, is_monthly, month_count

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class TimeAxis:
    """The stamps of a record as numbers."""

    years: Floats  # decimal years
    position: Integers  # number of regular steps since the first stamp
    season: Integers  # season of each stamp, from 0 (all 0 without seasons)
    step: Integers  # row of the stamp in a table of years by seasons
    n_seasons: int = 1
    n_steps: int = 1

    @property
    def elapsed(self) -> Floats:
        """Years since the first stamp, (n_time, 1)."""
        return np.asarray((self.years - self.years[:1])[:, np.newaxis])

    def part(self, first: int, behind: int) -> "TimeAxis":
        """Return the axis of the stamps from `first` up to, and without, `behind`."""
        rows = slice(first, behind)
        step = self.step[rows] - self.step[first]
        n_steps = int(step[-1]) + 1 if self.n_seasons > 1 else 1
        position = self.position[rows] - self.position[first]
        years, season = self.years[rows], self.season[rows]
        return TimeAxis(years, position, season, step, self.n_seasons, n_steps)


def time_axis(da: xr.DataArray, dim: str, season: str | None = None) -> TimeAxis:
    """Return the axis of `da` along `dim`; `season="month"` needs one stamp a month."""
    require_dims(da, dim, name="da")
    if dim not in da.coords:
        raise InputError(f"da has no coordinate {dim!r}; assign the dates of its stamps.")
    years = decimal_year(da[dim])
    position = _positions(years)
    if season is None:
        zeros = np.zeros(years.size, dtype=np.int64)
        return TimeAxis(years, position, zeros, zeros)
    if not is_monthly(da[dim]):
        raise InputError(
            f"season='month' needs one stamp a month along {dim!r}; make monthly values first, "
            "e.g. with composite(da, freq='MS')."
        )
    months = month_count(da[dim])
    first_year = months[0] // 12
    row = months // 12 - first_year
    return TimeAxis(years, position, months % 12, row, 12, int(row.max()) + 1)


def _positions(years: Floats) -> Integers:
    """Count the regular steps since the first stamp; the regular step is the median one."""
    if years.size < 2:
        return np.zeros(years.size, dtype=np.int64)
    gaps = np.diff(years)
    steps = np.maximum(np.rint(gaps / np.median(gaps)), 1).astype(np.int64)
    return np.concatenate([[0], np.cumsum(steps)])
