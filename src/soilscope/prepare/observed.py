"""Composites of several days at the dates at which they were seen, before they become months."""

from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.times import month_count

_DAY = np.timedelta64(1, "D")


def by_observation(ds: xr.Dataset) -> xr.Dataset:
    """Give composites of several days the dates at which they were seen.

    Parameters
    ----------
    ds
        Data stamped with the first day of composites, whose length in days is the attribute
        ``composite_days`` of a variable. Where `ds` holds the days from the stamp to the
        observation (``ndvi_day`` beside ``ndvi``), each value goes to the month in which it was
        seen; else a composite goes to its middle, hence to the month of most of its days.

    Returns
    -------
    Dataset
        The same values, each in its own month, without the days. What belongs behind the month of
        the last stamp is left out, since the rest of that month is not there. Data without
        ``composite_days`` are returned as they are.

    Examples
    --------
    >>> time = xr.date_range("2001-05-25", periods=2, freq="16D")
    >>> ndvi = xr.DataArray([0.3, 0.4], {"time": time}, attrs={"composite_days": 16}, name="ndvi")
    >>> by_observation(ndvi.to_dataset()).time.dt.strftime("%m-%d").values.tolist()
    ['06-02', '06-18']
    """
    lengths = [int(da.attrs["composite_days"]) for da in _composites(ds)]
    if not lengths:
        return ds
    length = max(lengths)
    if ds.sizes["time"] > 1 and np.median(np.diff(ds["time"].values)) > length * _DAY:
        return ds  # months already
    own = [f"{da.name}_day" for da in _composites(ds)]
    days = [name for name in (*own, "ndvi_day") if name in ds][:1]  # EVI is seen on NDVI's day
    time, last = ds["time"], month_count(ds["time"])[-1]
    middle = _at(ds, time.values + length // 2 * _DAY)
    found = _in_their_months(ds, days[0], length) if days else middle
    return found.isel(time=month_count(found["time"]) <= last).drop_vars(days)


def _composites(ds: xr.Dataset) -> list[xr.DataArray]:
    return [da for da in ds.data_vars.values() if "composite_days" in da.attrs]


def _at(ds: xr.Dataset, stamps: npt.NDArray[Any]) -> xr.Dataset:
    return ds.assign_coords(time=("time", stamps, ds["time"].attrs))


def _in_their_months(ds: xr.Dataset, name: str, length: int) -> xr.Dataset:
    """Split each composite that ends in another month: what was seen there has a stamp there."""
    first = ds["time"].values.astype("datetime64[D]")
    begins = (first.astype("datetime64[M]") + 1).astype("datetime64[D]")  # the next month
    before = xr.DataArray((begins - first) // _DAY, {"time": ds["time"]}, ("time",))
    day = ds[name]
    later = day.fillna(length // 2) >= before
    is_split = np.flatnonzero(before.values < length)
    held = _where(ds, ~later)
    moved = _where(ds, later).isel(time=is_split)
    # an hour before the end of the composite, when no other composite begins
    ends = moved["time"].values + length * _DAY - np.timedelta64(1, "h")
    parts: list[xr.Dataset] = [held, _at(moved, ends)]
    return xr.concat(parts, dim="time", data_vars="minimal").sortby("time")


def _where(ds: xr.Dataset, mask: xr.DataArray) -> xr.Dataset:
    """Keep the values of every variable with time where `mask` holds, and all attributes."""
    kept = {
        name: da.where(mask).transpose(*da.dims).assign_attrs(da.attrs)
        for name, da in ds.data_vars.items()
        if "time" in da.dims
    }
    return ds.assign(kept)
