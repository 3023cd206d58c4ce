"""Land surface temperature by day less that by night."""

import json
import warnings

import numpy as np
import xarray as xr

from soilscope.checks import require_numeric, same_along
from soilscope.errors import InputError, SoilscopeWarning
from soilscope.labelled import label
from soilscope.lineage import inherit

#: A median difference beyond this (K) is one between kelvin and degrees Celsius.
_UNITS_APART = 150.0
#: Values, at least, before their sign is judged.
_FEW = 10
_UNITS = {"degC": "degC", "celsius": "degC", "C": "degC", "K": "K", "kelvin": "K", "Kelvin": "K"}


def lst_difference(day: xr.DataArray, night: xr.DataArray) -> xr.Dataset:
    """Land surface temperature by day less that by night, the same sign everywhere.

    The ground warms by day, so the difference is positive nearly everywhere; over wet soil it is
    small, over dry soil large.

    Parameters
    ----------
    day, night
        Land surface temperature by day and by night, both in degC or both in K, on the same
        coordinates and of the same satellite (whose nights lie 12 hours from its days).

    Returns
    -------
    Dataset
        `lst_difference` (K), day less night and never its absolute value, and `n_negative`, how
        many of the differences along `time` are below zero: fog, snow and polar nights make few,
        days and nights that were exchanged nearly all. Both carry the lineage of day and night;
        the attribute ``sky`` is "clear" where one of them is.

    Raises
    ------
    InputError
        If the units of day and night differ, or their coordinates (as stamps at the hours of their
        views).

    Warns
    -----
    SoilscopeWarning
        If most of the differences are negative (looked at only where the values are in memory), or
        day and night come from two satellites.

    References
    ----------
    Fang et al. (2018), Vadose Zone Journal 17, 170198, https://doi.org/10.2136/vzj2017.11.0198

    Examples
    --------
    >>> def celsius(values):
    ...     return xr.DataArray(values, dims="time", attrs={"units": "degC"})
    >>> found = lst_difference(celsius([31.0, 28.0, 2.0]), celsius([11.0, 12.0, 3.0]))
    >>> found.lst_difference.values.tolist(), found.n_negative.item()
    ([20.0, 16.0, -1.0], 1)
    """
    for name, da in (("day", day), ("night", night)):
        require_numeric(da, name=name)
    _require_same_units(day, night)
    _require_same_place(day, night)
    _tell_satellites(day, night)
    difference = (day.reset_coords(drop=True) - night.reset_coords(drop=True)).transpose(*day.dims)
    difference = difference.assign_coords(day.coords)
    _judge(difference)
    negative = (difference < 0).where(difference.notnull(), False)
    counted = negative.sum("time") if "time" in negative.dims else negative.astype(np.int64)
    ds = xr.Dataset({"lst_difference": difference, "n_negative": counted})
    for variable in ds.data_vars.values():
        variable.attrs = {}  # those of the day
    ds["lst_difference"].attrs = _told(day, night)
    return label(
        inherit(ds, day, night),
        units="K",
        method="lst_difference",
        options=json.dumps({}),
        references="Fang et al. (2018), Vadose Zone Journal 17, 170198",
    )


def _require_same_units(day: xr.DataArray, night: xr.DataArray) -> None:
    stated = [str(da.attrs["units"]) for da in (day, night) if "units" in da.attrs]
    for units in stated:
        if units not in _UNITS:
            raise InputError(f"day or night is in {units!r}; bring both to degC first.")
    if len({_UNITS[units] for units in stated}) > 1:
        raise InputError(f"day is in {stated[0]}, night in {stated[1]}; bring both to degC first.")


def _require_same_place(day: xr.DataArray, night: xr.DataArray) -> None:
    """Refuse other coordinates: arithmetic would keep what they share, often nothing."""
    if set(day.dims) != set(night.dims):
        raise InputError(
            f"day has the dimensions {', '.join(map(str, day.dims))}, night "
            f"{', '.join(map(str, night.dims))}; give both the same."
        )
    for dim in day.dims:
        if not same_along(day, night, dim):
            raise InputError(
                f"day and night differ along {dim!r}; bring them together with "
                'xarray.align(..., join="inner"), stamps to the date before.'
            )


def _tell_satellites(day: xr.DataArray, night: xr.DataArray) -> None:
    platforms = [str(da.attrs["platform"]) for da in (day, night) if "platform" in da.attrs]
    if len(set(platforms)) > 1:
        warnings.warn(
            f"day is of {platforms[0]}, night of {platforms[1]}: they pass at other hours, and the "
            "difference is not comparable with that of one satellite; take both from one.",
            SoilscopeWarning,
            stacklevel=3,
        )


def _judge(difference: xr.DataArray) -> None:
    """Look at the sign and size of differences in memory; lazy ones are not computed."""
    if difference.chunks is not None:
        return
    values = difference.data
    found = values[np.isfinite(values)]
    if found.size < _FEW:
        return
    median = float(np.median(found))
    if abs(median) > _UNITS_APART:
        raise InputError(
            f"day less night is {median:.4g} K at its median, so one of them is in K and the other "
            "in degC; bring both to degC first."
        )
    share = float((found < 0).mean())
    if share > 0.5:
        warnings.warn(
            f"day less night is negative for {share:.0%} of {found.size} values (median "
            f"{median:.3g} K): day and night seem exchanged; look at the names of the files, and "
            "give day first.",
            SoilscopeWarning,
            stacklevel=3,
        )


def _told(day: xr.DataArray, night: xr.DataArray) -> dict[str, object]:
    """Return what attributes of day and night say of their difference."""
    told: dict[str, object] = {}
    skies = {str(da.attrs["sky"]) for da in (day, night) if "sky" in da.attrs}
    if skies:
        told["sky"] = "clear" if "clear" in skies else min(skies)
    for key in ("platform", "composite_days"):
        held = [da.attrs[key] for da in (day, night) if key in da.attrs]
        if held and all(value == held[0] for value in held):
            told[key] = held[0]
    return told
