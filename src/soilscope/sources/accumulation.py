"""Accumulated precipitation: what a stored value is the sum of, and from hours to days."""

from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.checks import require_choice
from soilscope.errors import SourceError
from soilscope.sources.timeaxis import Step, show, time_step
from soilscope.sources.units import canonical_units

#: "daily_mean": mean of daily totals, as monthly means are; "from_midnight": grows from 00 UTC on,
#: so that the value at 00 UTC is the total of the day before; "step": sum over the time step.
Accumulation = Literal["daily_mean", "from_midnight", "step"]

Stamps = npt.NDArray[np.datetime64]
_DAY = np.timedelta64(1, "D")
_WORDS = {
    "daily_mean": "a monthly mean of daily totals",
    "from_midnight": "the total of the day before, at 00 UTC",
    "step": "the sum over the time step",
}


def with_totals(
    ds: xr.Dataset, *, accumulation: str | None, hourly: Accumulation | None, file: str
) -> xr.Dataset:
    """Return `ds` with its precipitation as a sum of its day or month, in the file's units.

    `accumulation` is what the user says, `hourly` what hourly files of the product hold. Where
    precipitation comes by the hour, the result is daily: other variables are means over the day.
    """
    if "precipitation" not in ds or "time" not in ds.dims:
        return ds
    step = time_step(ds["time"])
    how = accumulation or _usual(ds["time"], step, hourly, file)
    require_choice(how, get_args(Accumulation), name="accumulation")
    if how == "daily_mean" and step not in ("month", "one"):
        raise SourceError(
            f"accumulation is 'daily_mean', but {file} is not monthly; write accumulation: "
            "from_midnight or step."
        )
    if how == "daily_mean":
        ds = _as_rate(ds)
    elif how == "from_midnight":
        if step not in ("day", "other"):
            raise SourceError(
                f"accumulation is 'from_midnight', but {file} is not hourly or daily; write "
                "accumulation: daily_mean or step."
            )
        ds = _with_daily(ds, _at_midnight(ds["precipitation"], file), file=file)
    elif step == "other":
        ds = _with_daily(ds, _summed(ds["precipitation"], file), file=file)
    return ds.assign_attrs(processing=f"total precipitation read as {_WORDS[how]}")


def _usual(time: xr.DataArray, step: Step, hourly: Accumulation | None, file: str) -> Accumulation:
    """Return what precipitation is on this time axis; refuse where that cannot be known."""
    first = time.values[0].astype("datetime64[M]")
    if step == "month" or (step == "one" and time.values[0] == first):
        return "daily_mean"
    if step == "other" and hourly is not None and (np.diff(time.values) < _DAY).mean() > 0.5:
        return hourly
    raise SourceError(
        f"whether precipitation in {file} is a total of its own time step or of the day before "
        "cannot be seen; write accumulation: step if it was summed to days already, accumulation: "
        "from_midnight if these are values at 00 UTC, or leave precipitation out of variables."
    )


def _as_rate(ds: xr.Dataset) -> xr.Dataset:
    """Name the units of a total of a day as what they are: per day."""
    da = ds["precipitation"]
    units = str(da.attrs["source_units"])
    if len(canonical_units(units)[1].split()) > 1 and canonical_units(units)[1] != "kg m-2":
        return ds  # a rate already
    return ds.assign(precipitation=da.assign_attrs(source_units=f"{units} d-1"))


def _at_midnight(da: xr.DataArray, file: str) -> xr.DataArray:
    """Return the daily totals: the value at 00 UTC, one day earlier."""
    time = da["time"].values
    at = np.flatnonzero(time == time.astype("datetime64[D]"))
    if not at.size:
        raise SourceError(
            f"{file} holds no value at 00 UTC, where ERA5-Land tells the total of the day before; "
            "download that hour too, or write accumulation: step."
        )
    totals = da.isel(time=at)
    return totals.assign_coords(time=("time", time[at] - _DAY))


def _summed(da: xr.DataArray, file: str) -> xr.DataArray:
    """Return the sums over days of values that stand at the end of their time step."""
    step = _regular(da["time"].values, file)
    return _by_day(da.assign_coords(time=("time", da["time"].values - step)), "sum", file)


def _with_daily(ds: xr.Dataset, totals: xr.DataArray, *, file: str) -> xr.Dataset:
    """Join daily totals with the daily means of all other variables."""
    others = ds.drop_vars("precipitation")
    dated = {str(n): da for n, da in others.data_vars.items() if "time" in da.dims}
    if dated:
        means = {name: _by_day(da, "mean", file) for name, da in dated.items()}
        days = next(iter(means.values()))["time"].values
        totals = totals.reindex(time=days)
        others = others.drop_dims("time").assign(means)
    else:
        others = others.drop_vars("time", errors="ignore")
    return _as_rate(others.assign(precipitation=totals))


def _by_day(da: xr.DataArray, how: Literal["mean", "sum"], file: str) -> xr.DataArray:
    """Reduce the whole days of an even time axis; days begun or cut short are left out."""
    time = da["time"].values
    step = _regular(time, file)
    per_day = max(1, round(_DAY / step))
    first = int(np.flatnonzero(time - time.astype("datetime64[D]") < step)[0])
    n = (time.size - first) // per_day
    if not n:
        raise SourceError(f"{file} holds no whole day ({show(time[0])} to {show(time[-1])}).")
    whole = da.isel(time=slice(first, first + n * per_day))
    days = whole["time"].values[::per_day].astype("datetime64[D]").astype("datetime64[ns]")
    parts = whole.drop_vars("time").coarsen(time=per_day).construct(time=("time", "part"))
    reduced = parts.mean("part", skipna=False) * (per_day if how == "sum" else 1)
    return reduced.assign_coords(time=("time", days)).assign_attrs(da.attrs)


def _regular(time: Stamps, file: str) -> np.timedelta64:
    """Return the time step of an even time axis of hours."""
    gaps = np.diff(time)
    step: np.timedelta64 = gaps.min()
    if (gaps != step).any():
        at = int((gaps != step).argmax())
        raise SourceError(
            f"hours are missing in {file} between {show(time[at])} and {show(time[at + 1])}, so "
            "daily values cannot be made; download them, or leave precipitation out of variables."
        )
    if _DAY % step:
        raise SourceError(f"the time step of {file} does not divide a day.")
    return step
