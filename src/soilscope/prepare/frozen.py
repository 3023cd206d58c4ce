"""Days on which the soil, or its surface, is frozen or under snow."""

import json
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.checks import require_choice, require_dims, require_numeric, same_along
from soilscope.errors import InputError
from soilscope.lineage import inherit
from soilscope.names import describe
from soilscope.prepare.periods import Runs, reduce_runs
from soilscope.times import require_dates

Array = npt.NDArray[Any]
OfDay = Literal["mean", "min", "max"]

UNKNOWN, THAWED, FROZEN = -1, 0, 1
_KELVIN = 273.15
_TEMPERATURES = {None: 0.0, "degC": 0.0, "celsius": 0.0, "C": 0.0, "K": _KELVIN, "kelvin": _KELVIN}
_WATERS = (None, "mm", "kg m-2")
#: Bit of the ESA CCI flag: snow, or temperature below zero.
_CCI_BIT, _CCI_FILL = 1, 127


def frozen_mask(
    temperature: xr.DataArray,
    *,
    threshold: float = 0.0,
    how: OfDay = "mean",
    snow: xr.DataArray | None = None,
    snow_threshold: float = 1.0,
    flag: xr.DataArray | None = None,
) -> xr.DataArray:
    """Say when soil counts as frozen: cold, under snow, or flagged so by the satellite.

    Microwaves see no water in frozen soil, and a reanalysis counts its ice as water: such days are
    left out, with ``soil_moisture.where(frozen_mask(...) != 1)`` (or ``== 0``, which also drops
    what is unknown).

    Parameters
    ----------
    temperature
        Of the soil or its surface, degC or K, with dates along `time`. Steps shorter than a day
        become days; days and longer steps are taken as they are.
    threshold
        Frozen is what is colder than this, degC.
    how
        Which temperature of a day counts, where steps are shorter: its "mean", "min" (frozen at
        some hour) or "max" (frozen all day). At least half of its steps must be there.
    snow
        Snow water equivalent, mm, on the same cells and on the days or the steps of `temperature`;
        of a day, its mean.
    snow_threshold
        Under snow is what has more than this, mm.
    flag
        Flag of ESA CCI soil moisture (bits), on the same cells and days: bit 1 is frozen.

    Returns
    -------
    xarray.DataArray
        `frozen`, int8 codes: 1 frozen (by one of the inputs at least), 0 not frozen, -1 unknown
        (the temperature is missing, and nothing else says frozen). Lazy if `temperature` is.

    Raises
    ------
    InputError
        If units are none of the above, coordinates differ, or time is not dates in ascending order.

    References
    ----------
    Dorigo et al. (2017), https://doi.org/10.1016/j.rse.2017.07.001 (masking of frozen ground)

    Examples
    --------
    >>> da = xr.DataArray(
    ...     [-4.0, 0.0, 3.0, np.nan],
    ...     {"time": xr.date_range("2020-03-01", periods=4, freq="D")},
    ...     attrs={"units": "degC"},
    ... )
    >>> frozen_mask(da).values.tolist()
    [1, 0, 0, -1]
    """
    require_choice(how, get_args(OfDay), name="how")
    require_dims(temperature, "time", name="temperature")
    require_numeric(temperature, name="temperature")
    require_dates(temperature["time"])
    shift = _TEMPERATURES.get(temperature.attrs.get("units"))
    if shift is None:
        raise InputError(
            f"temperature is in {temperature.attrs['units']!r}; bring it to degC first."
        )
    if snow is not None and snow.attrs.get("units") not in _WATERS:
        raise InputError(f"snow is in {snow.attrs['units']!r}; give its water in mm.")
    daily = _by_day(temperature, how)
    others = {
        name: _beside(_by_day(da, "mean") if name == "snow" else da, daily, name)
        for name, da in (("snow", snow), ("flag", flag))
        if da is not None
    }
    frozen: xr.DataArray = xr.apply_ufunc(
        _codes,
        daily,
        *others.values(),
        kwargs={
            "names": tuple(others),
            "cold": threshold + shift,
            "deep": snow_threshold,
        },
        dask="parallelized",
        output_dtypes=[np.int8],
        join="override",
        keep_attrs=False,
    )
    inputs = [da for da in (temperature, snow, flag) if da is not None]
    frozen = inherit(frozen.to_dataset(name="frozen"), *inputs)["frozen"]
    frozen = frozen.transpose(*temperature.dims).assign_coords(daily.coords)
    options = {"threshold": threshold, "how": how, "snow_threshold": snow_threshold}
    frozen.attrs |= describe("frozen") | {"method": "frozen_mask", "options": json.dumps(options)}
    return frozen


def _codes(
    temperature: Array, *others: Array, names: tuple[str, ...], cold: float, deep: float
) -> Array:
    """Return the codes of values in memory."""
    known = np.isfinite(temperature)
    frozen = known & (temperature < cold)
    for name, values in zip(names, others, strict=True):
        if name == "snow":
            frozen = frozen | (np.isfinite(values) & (values > deep))
        else:
            told = np.isfinite(values) & (values >= 0) & (values != _CCI_FILL)
            bits = np.where(told, values, 0).astype(np.int64)
            frozen = frozen | (bits & _CCI_BIT > 0)
    return np.where(frozen, FROZEN, np.where(known, THAWED, UNKNOWN)).astype(np.int8)


def _by_day(da: xr.DataArray, how: OfDay) -> xr.DataArray:
    """Return `da` by days where its steps are shorter, else as it is."""
    require_dims(da, "time", name="snow")
    stamps = da["time"].values
    if stamps.size < 2 or not np.issubdtype(stamps.dtype, np.datetime64):
        return da
    step = float(np.median(np.diff(stamps)) / np.timedelta64(1, "D"))
    if step > 1.0 - 1e-6:
        return da
    days = stamps.astype("M8[D]").astype(np.int64)
    rows, starts = np.unique(days, return_index=True)
    n = int(rows[-1] - rows[0]) + 1
    least = np.full(rows.size, int(np.ceil(0.5 / step)))
    runs = Runs(np.append(starts, days.size), rows - rows[0], least, n)
    dates = (rows[0] + np.arange(n)).astype("M8[D]").astype("M8[ns]")
    return reduce_runs(da, runs, how=how).assign_coords(time=("time", dates, da["time"].attrs))


def _beside(da: xr.DataArray, daily: xr.DataArray, name: str) -> xr.DataArray:
    """Return `da` on the dimensions of the temperature; refuse other cells and days."""
    require_numeric(da, name=name)
    for dim in da.dims:
        if dim not in daily.dims or not same_along(da, daily, dim):
            raise InputError(
                f"{name} and temperature differ along {dim!r}; bring them onto the same cells and "
                'days, with soilscope.regrid and xarray.align(..., join="inner").'
            )
    bare = da.reset_coords(drop=True)
    if daily.chunks is None or bare.chunks is None:
        return bare
    return bare.chunk({dim: daily.variable.chunksizes[dim] for dim in bare.dims})
