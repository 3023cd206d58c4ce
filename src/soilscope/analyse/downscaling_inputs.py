"""Whether what is given to downscaling lies on one grid and on the same days."""

import warnings

import numpy as np
import xarray as xr

from soilscope.checks import require_dims, require_numeric
from soilscope.errors import GridError, InputError, SoilscopeWarning
from soilscope.grid.crs import PLANAR, grid_dims, require_same_crs

#: Share of a cell by which coordinates of one grid may differ: files round them.
_APART = 0.05
_FEW = 10  # values, at least, before their sign is judged
_DAYS = 12  # that are looked at, or up to twice as many


def require_field(da: xr.DataArray, *, name: str) -> None:
    """Refuse what is not numbers on (time, y, x) or (time, latitude, longitude)."""
    require_numeric(da, name=name)
    require_dims(da, "time", name=name)
    dims = grid_dims(da)
    if dims is None:
        raise GridError(f"{name} has no grid: no dims (y, x) or (latitude, longitude).")
    others = [dim for dim in da.dims if dim not in ("time", *dims)]
    if others:
        raise InputError(
            f"{name} has the dimension {str(others[0])!r} beside time and its grid; choose one, as "
            f"in {name}.isel({others[0]}=0)."
        )


def one_layer(da: xr.DataArray, *, name: str) -> xr.DataArray:
    """Return soil moisture without a dimension of depth; refuse several layers."""
    require_numeric(da, name=name)
    if "depth" not in da.dims:
        return da
    if da.sizes["depth"] > 1:
        raise InputError(
            f"{name} has {da.sizes['depth']} soil layers; choose one, as in {name}.isel(depth=0): "
            "surface temperature knows the uppermost alone."
        )
    return da.isel(depth=0, drop=True)


def require_kelvin(dlst: xr.DataArray, *, name: str) -> None:
    """Refuse differences of temperature in other units."""
    units = str(dlst.attrs.get("units", "K"))
    if units not in ("K", "degC"):
        raise InputError(f"{name} is in {units!r}; a difference of temperatures is in K.")


def tell_sign(dlst: xr.DataArray, *, name: str) -> None:
    """Warn where most differences in memory are negative; lazy ones are not computed."""
    if dlst.chunks is not None:
        return
    some = dlst.isel(time=slice(None, None, max(1, dlst.sizes["time"] // _DAYS)))
    counted = int(some.notnull().sum())
    share = int((some < 0).sum()) / max(counted, 1)
    if counted >= _FEW and share > 0.5:
        warnings.warn(
            f"{name} is negative for {share:.0%} of {counted} values: day and night seem "
            "exchanged; it is the temperature by day less that by night.",
            SoilscopeWarning,
            stacklevel=3,
        )


def lies_on(da: xr.DataArray, like: xr.DataArray) -> bool:
    """Whether a field lies on the cells of another."""
    for dim in grid_dims(like) or PLANAR:
        if dim not in da.dims or da.sizes[dim] != like.sizes[dim]:
            return False
        ours, theirs = (np.asarray(a[dim].values, dtype=np.float64) for a in (like, da))
        step = np.abs(np.diff(ours)).min() if ours.size > 1 else 1.0
        if not (np.abs(ours - theirs) <= _APART * step).all():
            return False
    return True


def require_cells(da: xr.DataArray, like: xr.DataArray, *, name: str, of: str) -> None:
    """Refuse a field that does not lie on the cells of another."""
    require_same_crs({of: like, name: da})
    if not lies_on(da, like):
        raise GridError(
            f"{name} does not lie on the grid of {of}; bring it there first, as with "
            "soilscope.regrid."
        )


def on_days(da: xr.DataArray, time: xr.DataArray, *, name: str) -> xr.DataArray:
    """Return `da` on the days of `time`; without time it serves all days."""
    if "time" not in da.dims:
        return da
    lacking = ~np.isin(time.values, da["time"].values)
    if lacking.any():
        raise InputError(
            f"{name} lacks {int(lacking.sum())} of {time.size} days, the first of them "
            f"{str(time.values[lacking][0])[:10]}; soilscope.interpolate_daily makes daily values "
            "of composites."
        )
    return da if same_days(da, time) else da.sel(time=time.values)


def where_known(da: xr.DataArray, time: xr.DataArray, *, name: str, of: str) -> xr.DataArray:
    """Return `da` on the days of `time`, missing on those that it lacks; refuse to lack all."""
    if "time" not in da.dims or same_days(da, time):
        return da
    if not np.isin(da["time"].values, time.values).any():
        first = [str(t.values[0])[:16] for t in (da["time"], time) if t.size]
        raise InputError(
            f"{name} and {of} share no day: one begins at {first[0]}, the other at {first[-1]}; "
            "where stamps bear hours, bring both to the date, as with "
            "assign_coords(time=da.time.dt.floor('D'))."
        )
    # a kind of its own is kept: flags with NaN would become objects
    missing = {"i": -1, "b": False}.get(da.dtype.kind, np.nan)
    return da.reindex(time=time.values, fill_value=missing)


def maps_of_years(cover: xr.DataArray, time: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray]:
    """Return maps (_map, ...) and which of them each day has: that of its year, or the only one."""
    if "time" not in cover.dims:
        return cover.expand_dims("_map"), xr.zeros_like(time, dtype=np.int64)
    years = cover["time"].dt.year.values
    wanted = time.dt.year.values
    absent = sorted(set(wanted.tolist()) - set(years.tolist()))
    if absent:
        raise InputError(
            f"land_cover has no map of {absent[0]}; it has: {', '.join(map(str, years))}. Give the "
            "map of that year, or one map without time."
        )
    at = {int(year): i for i, year in enumerate(years)}
    chosen = xr.DataArray([at[int(year)] for year in wanted], {"time": time}, dims="time")
    return cover.drop_vars("time").rename(time="_map"), chosen


def same_days(da: xr.DataArray, time: xr.DataArray) -> bool:
    """Whether both have the same days in the same order."""
    return bool(np.array_equal(da["time"].values, time.values))
