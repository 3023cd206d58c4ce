"""What `partial_regression` is asked for, checked and brought to the numbers of its kernel."""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from soilscope.checks import (
    require_at_least,
    require_choice,
    require_dims,
    require_numeric,
    require_single_chunk,
    same_along,
)
from soilscope.errors import InputError
from soilscope.kernels.newey_west import AUTOMATIC_LAG, NO_HAC
from soilscope.labelled import Array
from soilscope.times import is_monthly, month_count

Drivers = xr.Dataset | Mapping[str, xr.DataArray]
MOST_SHARED = 10  # drivers that can share R squared: each one more doubles the work


def named_drivers(drivers: Drivers, y: xr.DataArray, dim: str) -> dict[str, xr.DataArray]:
    """Return the drivers by name, checked against the response."""
    items = drivers.data_vars if isinstance(drivers, xr.Dataset) else drivers
    if not isinstance(items, Mapping):
        raise InputError(
            f"drivers is a {type(drivers).__name__}; give a Dataset, or the drivers by name, as in "
            "{'precipitation': precipitation}."
        )
    given = {str(name): driver for name, driver in items.items()}
    if not given:
        raise InputError("drivers is empty; give at least one driver.")
    for name, array in {"y": y, **{f"drivers[{n!r}]": d for n, d in given.items()}}.items():
        require_dims(array, dim, name=name)
        require_single_chunk(array, dim, name=name)
        require_numeric(array, name=name)
        _require_on_y(array, y, name=name)
    return {name: driver.reset_coords(drop=True) for name, driver in given.items()}


def _require_on_y(driver: xr.DataArray, y: xr.DataArray, *, name: str) -> None:
    """Refuse a driver with dimensions or coordinates that differ from the response's."""
    for d in driver.dims:
        if d not in y.dims:
            raise InputError(f"{name} has the dimension {d!r}, which y lacks; select along it.")
        if not same_along(driver, y, d):
            raise InputError(
                f"{name} and y differ along {d!r}; bring them together with "
                'xarray.align(..., join="inner").'
            )


def require_months(time: xr.DataArray) -> None:
    """Refuse time that is not monthly."""
    if not is_monthly(time):
        raise InputError(
            f"{time.name!r} is not monthly, so calendar-month anomalies and lags in months have no "
            "meaning; use composite(...) beforehand, or leave them out."
        )


def lags_of(lags: Mapping[str, int] | None, drivers: list[str]) -> list[int]:
    """Return the lag of each driver in months."""
    for name, lag in (lags or {}).items():
        require_choice(name, drivers, name="a driver in lags")
        if not isinstance(lag, int | np.integer) or lag < 0:
            raise InputError(f"lags[{name!r}] is {lag!r}; give whole months, 0 or more.")
    return [int((lags or {}).get(name, 0)) for name in drivers]


def month_groups(time: xr.DataArray, by_month: list[bool]) -> Array:
    """Return the calendar month of each stamp for each column, all 0 where it does not matter."""
    month = month_count(time) % 12 if any(by_month) else np.zeros(time.size, dtype=np.int64)
    return np.array([month if wanted else np.zeros_like(month) for wanted in by_month])


def source_rows(steps: Array | None, lags: list[int], n_time: int) -> Array:
    """Return the row that each driver takes at each time, -1 where the calendar has none."""
    rows = np.tile(np.arange(n_time), (len(lags), 1))
    for row, lag in zip(rows, lags, strict=True):
        if lag and steps is not None:
            found = np.searchsorted(steps, steps - lag)
            row[:] = np.where(steps[found] == steps - lag, found, -1)
    return rows


def rows_of_steps(steps: Array | None, n_time: int) -> Array:
    """Return the row at each step of the calendar, -1 where it is absent."""
    if steps is None:
        return np.arange(n_time)
    rows = np.full(steps[-1] + 1 if n_time else 0, -1)
    rows[steps] = np.arange(n_time)
    return rows


def fewest_rows(min_obs: int | None, k: int) -> int:
    """Return the fewest complete rows that are fitted."""
    if min_obs is None:
        return max(10, 3 * (k + 1))
    if min_obs < k + 2:
        raise InputError(
            f"min_obs is {min_obs}; with {k} drivers and an intercept it must be at least {k + 2}."
        )
    return min_obs


def shares_wanted(shares: str | None, k: int) -> bool:
    """Whether R squared is to be divided among `k` drivers."""
    require_choice(shares, (None, "lmg"), name="shares")
    if shares is not None and k > MOST_SHARED:
        raise InputError(
            f'shares="lmg" divides R squared among {MOST_SHARED} drivers at most, and there are '
            f"{k}; leave some of them, or shares, out."
        )
    return shares is not None


def lags_of_errors(max_lag: int | None, errors: str) -> int:
    """Return the kernel's code for the lags of the errors."""
    if errors == "ols":
        if max_lag is not None:
            raise InputError('max_lag belongs to errors="hac"; set that, or leave max_lag out.')
        return NO_HAC
    if max_lag is None:
        return AUTOMATIC_LAG
    require_at_least(max_lag, 0, name="max_lag")
    return int(max_lag)
