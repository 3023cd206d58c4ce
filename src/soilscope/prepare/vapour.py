"""Vapour pressure deficit from temperature and dew point."""

import json
import warnings
from typing import Literal, get_args

import numpy as np
import xarray as xr

from soilscope.checks import require_choice, same_along
from soilscope.errors import InputError, SoilscopeWarning
from soilscope.labelled import label
from soilscope.lineage import inherit
from soilscope.times import is_monthly

Method = Literal["extremes", "mean_temperature"]


def vapour_pressure_deficit(
    dewpoint: xr.DataArray,
    *,
    temperature_max: xr.DataArray | None = None,
    temperature_min: xr.DataArray | None = None,
    temperature: xr.DataArray | None = None,
    method: Method = "extremes",
) -> xr.Dataset:
    """Vapour pressure deficit: what the air could hold more than it holds (FAO-56).

    Parameters
    ----------
    dewpoint, temperature_max, temperature_min, temperature
        In degC, on the same coordinates; daily (or hourly) values, of which means are taken
        afterwards.
    method
        "extremes": [es(Tmax) + es(Tmin)] / 2 - es(Tdew), for daily data. "mean_temperature":
        es(Tmean) - es(Tdew), right for hourly data; from daily means it is too low (by some 13 %
        over a year in a dry climate), because es bends upwards.

    Returns
    -------
    Dataset
        `vpd` (kPa), with negative values (dew point above temperature) set to 0, and `n_clipped`,
        how many these were along `time`. Both carry the lineage of all inputs.

    Raises
    ------
    InputError
        If the temperatures that the method needs are missing, values are in kelvin by their
        units, or coordinates differ (as stamps at noon from those at midnight).

    References
    ----------
    Allen et al. (1998), FAO Irrigation and Drainage Paper 56, equations 11, 12 and 14.

    Examples
    --------
    FAO-56, example 5, with the dew point of its actual vapour pressure (1.70 kPa):

    >>> def celsius(value):
    ...     return xr.DataArray(value, attrs={"units": "degC"})
    >>> fit = vapour_pressure_deficit(
    ...     celsius(14.94), temperature_max=celsius(25.0), temperature_min=celsius(18.0)
    ... )
    >>> round(fit.vpd.item(), 1)
    0.9
    """
    require_choice(method, get_args(Method), name="method")
    needed = {
        "extremes": {"temperature_max": temperature_max, "temperature_min": temperature_min},
        "mean_temperature": {"temperature": temperature},
    }[method]
    given = {name: da for name, da in needed.items() if da is not None}
    missing = [name for name in needed if name not in given]
    if missing:
        raise InputError(
            f"method={method!r} needs {' and '.join(missing)}; give "
            f"{'it' if len(missing) == 1 else 'them'}"
            + (", or use method='mean_temperature'." if method == "extremes" else ".")
        )
    for name, da in {"dewpoint": dewpoint, **given}.items():
        _require_celsius(da, name)
        _require_on_dewpoint(da, dewpoint, name)
    if "time" in dewpoint.dims and is_monthly(dewpoint["time"]):
        warnings.warn(
            "the vapour pressure deficit of monthly means is lower than the mean of daily "
            "deficits; derive it from daily data where there are any.",
            SoilscopeWarning,
            stacklevel=2,
        )
    saturation = [_saturation(da) for da in given.values()]
    deficit = sum(saturation[1:], saturation[0]) / len(saturation) - _saturation(dewpoint)
    negative = (deficit < 0).where(deficit.notnull(), False)
    counted = negative.sum("time") if "time" in negative.dims else negative.astype(np.int64)
    ds = xr.Dataset({"vpd": deficit.clip(min=0.0), "n_clipped": counted})
    for variable in ds.data_vars.values():
        variable.attrs = {}  # those of the temperatures
    return label(
        inherit(ds, dewpoint, *given.values()),
        units="kPa",
        method="vapour_pressure_deficit",
        options=json.dumps({"method": method}),
        references="Allen et al. (1998), FAO Irrigation and Drainage Paper 56",
    )


def _saturation(celsius: xr.DataArray) -> xr.DataArray:
    """Saturation vapour pressure in kPa."""
    t = celsius.reset_coords(drop=True)
    exponent = 17.27 * t / (t + 237.3)
    growth: xr.DataArray = xr.apply_ufunc(np.exp, exponent, dask="allowed")
    return 0.6108 * growth


def _require_on_dewpoint(da: xr.DataArray, dewpoint: xr.DataArray, name: str) -> None:
    """Refuse other coordinates: arithmetic would keep what they share, often nothing."""
    for dim in da.dims:
        if dim in dewpoint.dims and not same_along(da, dewpoint, dim):
            raise InputError(
                f"{name} and dewpoint differ along {dim!r}; bring them together with "
                'xarray.align(..., join="inner"), stamps to one time of the day before.'
            )


def _require_celsius(da: xr.DataArray, name: str) -> None:
    units = da.attrs.get("units")
    if units is not None and units not in ("degC", "celsius", "degree_Celsius", "degrees_C", "C"):
        raise InputError(f"{name} is in {units!r}; bring it to degC first.")
