"""Finer inputs become calendar months: how each variable is composited, and what is said of it."""

import warnings

import numpy as np
import xarray as xr

from soilscope.errors import InputError, SoilscopeWarning
from soilscope.prepare.composites import composite, days_in_months
from soilscope.prepare.vapour import vapour_pressure_deficit
from soilscope.sources.canonical import CANONICAL
from soilscope.study.place import CalendarSpec
from soilscope.times import is_monthly, month_count


def is_finer(ds: xr.Dataset) -> bool:
    """Whether the time steps of `ds` are shorter than months."""
    return "time" in ds.dims and ds.sizes["time"] > 1 and not is_monthly(ds["time"])


def to_months(ds: xr.Dataset, spec: CalendarSpec) -> xr.Dataset:
    """Composite every variable with time to calendar months.

    Amounts per day become amounts per month: the mean of the days that are there times the days of
    the month, so that a missing day is no dry day.
    """
    if "vpd" in spec.derive and "dewpoint" in ds:
        ds = ds.assign(vpd=_daily_deficit(ds))
    codes = [c for c in ds.coords if c != "time" and ds[c].dims == ("time",)]  # as expver_status
    ds = ds.reset_coords([c for c in codes if ds[c].dtype.kind in "iu"])
    parts = {}
    for name, da in ds.data_vars.items():
        if "time" not in da.dims:
            parts[name] = da
            continue
        known = CANONICAL.get(str(name))
        is_amount = known is not None and known.kind == "flux"
        how = spec.how.get(str(name), "sum" if is_amount else "mean")
        is_class = da.dtype.kind in "iu"
        values = da.where(da >= 0) if is_class else da
        month = composite(
            values,
            freq="MS",
            how="max" if is_class else "mean" if how == "sum" else how,
            min_share=spec.min_share if _is_daily(ds) else 0.0,
        )
        if how == "sum":
            days = xr.DataArray(days_in_months(month["time"]), {"time": month["time"]}, ("time",))
            attrs = month.attrs
            month = (month * days.astype(month.dtype)).transpose(*month.dims)
            month.attrs = attrs | {"units": _per_month(str(attrs.get("units", "")))}
        if is_class:
            month = month.fillna(-1).astype(da.dtype).assign_attrs(da.attrs)
        parts[name] = month
    return xr.Dataset(parts, attrs=ds.attrs).set_coords([c for c in codes if c in parts])


def months_of(ds: xr.Dataset, months: xr.DataArray) -> xr.Dataset:
    """Return the source stamps that lie in these months."""
    wanted = month_count(months)
    own = month_count(ds["time"])
    first, stop = np.searchsorted(own, [wanted[0], wanted[-1] + 1])
    return ds.isel(time=slice(int(first), int(stop)))


def months_note(ds: xr.Dataset, spec: CalendarSpec, name: str) -> list[str]:
    """Say how months are made, and warn of those with too few days."""
    derived = ["vapour pressure deficit of every day"] if spec.derive and "dewpoint" in ds else []
    return derived + _composite_note(ds, spec, name)


def _daily_deficit(ds: xr.Dataset) -> xr.DataArray:
    """Vapour pressure deficit of every day (or hour), by the best temperatures that there are."""
    if "temperature_max" in ds and "temperature_min" in ds:
        return vapour_pressure_deficit(
            ds["dewpoint"],
            temperature_max=ds["temperature_max"],
            temperature_min=ds["temperature_min"],
        )["vpd"]
    if "temperature" not in ds:
        raise InputError(
            "derive: [vpd] needs temperature_max and temperature_min, or temperature, beside "
            "dewpoint in one input."
        )
    mean = vapour_pressure_deficit(
        ds["dewpoint"], temperature=ds["temperature"], method="mean_temperature"
    )
    note = "from daily mean temperatures: too low" if _is_daily(ds) else ""
    return mean["vpd"].assign_attrs({"comment": note} if note else {})


def _is_daily(ds: xr.Dataset) -> bool:
    steps = np.diff(ds["time"].values)
    return bool(steps.size and np.median(steps) == np.timedelta64(1, "D"))


def _per_month(units: str) -> str:
    amount, _, per = units.rpartition(" ")
    return f"{amount} month-1" if per in ("d-1", "day-1") else units


def _composite_note(ds: xr.Dataset, spec: CalendarSpec, name: str) -> list[str]:
    if not _is_daily(ds):
        return [f"composited to calendar months{_by_what(ds)}"]
    months, counts = np.unique(month_count(ds["time"]), return_counts=True)
    stamps = (months - 1970 * 12).astype("datetime64[M]")
    days = days_in_months(xr.DataArray(stamps.astype("datetime64[ns]"), dims="time"))
    short = np.flatnonzero(counts < np.ceil(spec.min_share * days - 1e-9))
    if short.size:
        listed = ", ".join(f"{stamps[i]} ({counts[i]} of {days[i]} days)" for i in short[:4])
        warnings.warn(
            f"{name}: {short.size} month(s) have too few days and are missing: {listed}"
            f"{' ...' if short.size > 4 else ''}.",
            SoilscopeWarning,
            stacklevel=4,
        )
    return [f"daily values to calendar months (at least {spec.min_share:.0%} of the days)"]


def _by_what(ds: xr.Dataset) -> str:
    """Say by which day composites of several days belong to a month."""
    composites = [name for name, da in ds.data_vars.items() if "composite_days" in da.attrs]
    if not composites:
        return ""
    by_day = any(f"{name}_day" in ds for name in composites)
    return " by the day of each observation" if by_day else " by the middle of each composite"
