"""Surface temperature at the local solar hours at which a satellite passes."""

import json
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.checks import require_between, require_choice, require_dims, require_numeric
from soilscope.errors import GridError, InputError
from soilscope.grid.crs import GEOGRAPHIC, grid_dims, require_crs
from soilscope.labelled import label
from soilscope.lineage import inherit
from soilscope.prepare.cell_methods import done_to
from soilscope.times import require_dates

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
DateOf = Literal["local", "utc"]

_HOUR = np.timedelta64(1, "h")
_DAY = np.timedelta64(1, "D")
_LONGEST = 3.0  # hours between two steps that are joined
_DEGREES_PER_HOUR = 15.0
_FEWEST_DAYS = 16  # that are worked on at once
_TOUCH = 1e-6  # hours; instants closer than this are the same


def overpass_temperature(
    da: xr.DataArray, *, day: float = 13.5, night: float = 1.5, date: DateOf = "local"
) -> xr.Dataset:
    """Surface temperature of each day at two local solar hours.

    A reanalysis has the whole globe at one instant, a satellite passes everywhere at one local
    hour. The local (mean) solar hour is UTC plus an hour for each 15 degrees of longitude; the
    equation of time (up to 16 minutes) is left out.

    Parameters
    ----------
    da
        Surface temperature (degC or K) at instants (UTC) of at most 3 hours apart, on (time,
        latitude, longitude), on (time, y, x) with a reference system, or on anything with the
        coordinate `longitude` (degrees), as sites have it.
    day, night
        Local solar hours, 0 to 24: 13.5 and 1.5 for Aqua, 10.5 and 22.5 for Terra.
    date
        What a value's date is. "local": the local solar day that holds its hour, so that night
        (1.5) is the one in whose course the day begins, 12 hours before the day (13.5), while 22.5
        follows its day. "utc": the day in UTC that holds the instant, as tiles that are made of the
        granules of a UTC day are dated; which of day and night comes first then depends on the
        longitude.

    Returns
    -------
    Dataset
        `lst_day` and `lst_night` in the units of `da`, on `time` (the dates, at midnight): every
        date of `da`. Straight lines join neighbouring steps; a value is NaN where one of these is,
        where they are more than 3 hours apart, and where the record begins later or ends earlier.
        Lazy if `da` is, by blocks of days, whatever its chunks.

    Raises
    ------
    InputError
        If steps are usually more than 3 hours apart, the hours are none, or time is not dates in
        ascending order.
    GridError
        If the longitudes are not known.

    References
    ----------
    Overpass hours: Wan (2014), https://doi.org/10.1016/j.rse.2013.08.027

    Examples
    --------
    A temperature that rises by one degree an hour (UTC); 90 degrees east is 6 hours ahead:

    >>> hours = np.arange("2020-07-01", "2020-07-04", 3, dtype="datetime64[h]").astype("M8[ns]")
    >>> da = xr.DataArray(
    ...     np.arange(24.0)[:, None] * 3,
    ...     {"time": hours, "longitude": ("site", [90.0])},
    ...     ("time", "site"),
    ...     attrs={"units": "degC"},
    ... )
    >>> found = overpass_temperature(da)
    >>> found.lst_day.values[:, 0].tolist(), found.lst_night.values[:, 0].tolist()
    ([7.5, 31.5, 55.5], [nan, 19.5, 43.5])
    """
    require_dims(da, "time", name="da")
    require_numeric(da, name="da")
    require_choice(date, get_args(DateOf), name="date")
    for name, hour in (("day", day), ("night", night)):
        require_between(hour, 0.0, 24.0, name=name)
    hours, days = _axis(da["time"])
    offset = _longitudes(da) / _DEGREES_PER_HOUR
    made = {}
    for name, hour in (("lst_day", day), ("lst_night", night)):
        blocks = [
            _of_days(da, hours, part, offset, hour=hour, date=date)
            for part in _parts(da, hours, days)
        ]
        whole = _joined(blocks)
        how = f"time: point (comment: local solar hour {hour:g}, linear between steps)"
        made[name] = whole.transpose(*da.dims).assign_attrs(_kept(da, how))
    stamps = da["time"].values[0].astype("M8[D]") + days.astype(int) * _DAY
    ds = inherit(xr.Dataset(made), da).assign_coords(time=stamps.astype("datetime64[ns]"))
    return label(
        ds,
        units=da.attrs.get("units"),
        method="overpass_temperature",
        options=json.dumps({"day": day, "night": night, "date": date}),
        references="Wan (2014), https://doi.org/10.1016/j.rse.2013.08.027",
    )


def _joined(blocks: list[xr.DataArray]) -> xr.DataArray:
    if len(blocks) == 1:
        return blocks[0]
    return xr.concat(blocks, "time", coords="minimal", compat="override", join="override")


def _kept(da: xr.DataArray, how: str) -> dict[Any, Any]:
    attrs = {k: v for k, v in da.attrs.items() if k not in ("long_name", "standard_name")}
    return done_to(attrs, how)


def _axis(time: xr.DataArray) -> tuple[Floats, Floats]:
    """Return the hours of the steps since midnight of the first day, and the numbers of days."""
    require_dates(time)
    stamps = time.values
    if not np.issubdtype(stamps.dtype, np.datetime64):
        raise InputError("da has dates of another calendar than ours, which has no solar hours.")
    hours: Floats = (stamps - stamps[:1].astype("M8[D]")) / _HOUR
    step = float(np.median(np.diff(hours))) if hours.size > 1 else np.inf
    if step > _LONGEST + _TOUCH:
        apart = "are a single one" if hours.size < 2 else f"are {step:g} hours apart"
        raise InputError(
            f"the steps of da {apart}; between instants more than {_LONGEST:g} hours apart the "
            "surface warms and cools by a curve: give hourly or 3-hourly values."
        )
    return hours, np.arange(int(hours[-1] // 24.0) + 1, dtype=np.float64)


def _parts(da: xr.DataArray, hours: Floats, days: Floats) -> list[Floats]:
    """Split the days into blocks of about as many as a chunk of `da` holds."""
    if da.chunks is None:
        return [days]
    longest = max(da.variable.chunksizes["time"])
    spacing = float(np.median(np.diff(hours)))
    size = max(_FEWEST_DAYS, round(longest * spacing / 24.0))
    return [days[at : at + size] for at in range(0, days.size, size)]


def _of_days(
    da: xr.DataArray,
    hours: Floats,
    days: Floats,
    offset: xr.DataArray,
    *,
    hour: float,
    date: DateOf,
) -> xr.DataArray:
    """Interpolate the instants of some days, from the steps around these alone."""
    low, high = float(offset.min()), float(offset.max())
    first = 24.0 * days[0] + min(hour - high, 0.0)
    last = 24.0 * days[-1] + max(hour - low, 24.0)
    # one step more on each side: an instant that is a step may be the last of a block
    begin = max(0, int(np.searchsorted(hours, first, side="right")) - 2)
    end = int(np.searchsorted(hours, last, side="left")) + 2
    near = da.isel(time=slice(begin, end)).reset_coords(drop=True)
    dtype = np.dtype("f4") if da.dtype == np.float32 else np.dtype("f8")
    if near.chunks is not None:
        near = near.chunk(time=-1)
        offset = offset.chunk({d: near.variable.chunksizes[d] for d in offset.dims})
    values: xr.DataArray = xr.apply_ufunc(
        _interpolated,
        near,
        offset,
        input_core_dims=[["time"], []],
        output_core_dims=[["day"]],
        kwargs={
            "hours": hours[begin:end],
            "days": days,
            "hour": hour,
            "utc": date == "utc",
            "dtype": dtype,
        },
        dask="parallelized",
        output_dtypes=[dtype],
        dask_gufunc_kwargs={"output_sizes": {"day": days.size}},
        keep_attrs=False,
    )
    kept = {name: c for name, c in da.coords.items() if "time" not in c.dims}
    return values.rename(day="time").assign_coords(kept)


def _interpolated(
    values: Array,
    offset: Floats,
    *,
    hours: Floats,
    days: Floats,
    hour: float,
    utc: bool,
    dtype: np.dtype[Any],
) -> Array:
    """Return (..., day) of `values` (..., time) at the instants of a local hour."""
    out = np.full((*values.shape[:-1], days.size), np.nan, dtype)
    if hours.size < 2:
        return out
    shape = np.shape(offset)  # often of columns alone, which saves the same for every row
    ahead = np.reshape(offset, (1,) * (values.ndim - 1 - len(shape)) + shape)[..., np.newaxis]
    clock = (hour - ahead) % 24.0 if utc else hour - ahead
    instant = 24.0 * days + clock
    after = np.clip(np.searchsorted(hours, instant - _TOUCH), 1, hours.size - 1)
    before = after - 1
    width = hours[after] - hours[before]
    # from midnight of its day: the same to the last bit, wherever the record begins
    share = np.clip((clock - (hours[before] - 24.0 * days)) / width, 0.0, 1.0)
    share = np.where(np.abs(share - np.rint(share)) * width < _TOUCH, np.rint(share), share)
    left = np.take_along_axis(values, before, axis=-1).astype(np.float64)
    right = np.take_along_axis(values, after, axis=-1).astype(np.float64)
    left, right = (np.where(np.isfinite(side), side, np.nan) for side in (left, right))
    inside = (instant >= hours[0] - _TOUCH) & (instant <= hours[-1] + _TOUCH)
    # a step that is met exactly needs no neighbour
    line = np.where(
        share == 0.0, left, np.where(share == 1.0, right, left + share * (right - left))
    )
    near = (width <= _LONGEST + _TOUCH) | (share == 0.0) | (share == 1.0)
    out[...] = np.where(inside & near, line, np.nan)
    return out


def _longitudes(da: xr.DataArray) -> xr.DataArray:
    """Return the longitude of each cell, degrees: a coordinate, or from the reference system."""
    for name in ("longitude", "lon"):
        if name in da.coords:
            bare = da[name].reset_coords(drop=True).astype(np.float64).load()
            return _wrapped(bare)
    dims = grid_dims(da)
    if dims is None or dims == GEOGRAPHIC:
        raise GridError(
            "da does not say how far east it is; assign its longitudes, as in "
            "da.assign_coords(longitude=...) in degrees."
        )
    crs = require_crs(da, name="da", purpose="a local solar hour")
    import pyproj

    x, y = np.meshgrid(da[dims[1]].values, da[dims[0]].values)
    to_degrees = pyproj.Transformer.from_crs(str(crs.to_wkt()), "EPSG:4326", always_xy=True)
    longitude, _ = to_degrees.transform(x, y)
    if not np.isfinite(longitude).all():
        raise GridError("some cells of da have no longitude in their reference system; cut them.")
    places = {dim: da[dim].variable for dim in dims}
    return _wrapped(xr.DataArray(longitude, places, dims))


def _wrapped(longitude: xr.DataArray) -> xr.DataArray:
    """Return longitudes from -180 to 180: 270 east would be a day ahead of 90 west."""
    return (longitude + 180.0) % 360.0 - 180.0
