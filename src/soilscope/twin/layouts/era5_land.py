"""ERA5-Land as the Climate Data Store delivers it, before and since the change of 2024."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from soilscope.checks import require_choice
from soilscope.grid.depth import layer_bounds

Layout = Literal["valid_time", "time", "expver"]
By = Literal["year", "variable", "all"]
Array = npt.NDArray[Any]

_DAY = np.timedelta64(1, "D")
LAYERS = ((0.0, 0.07), (0.07, 0.28), (0.28, 1.0), (1.0, 2.89))
#: Our variable -> theirs, units, long name, and theirs = ours * factor + offset.
_FLAT = {
    "temperature": ("t2m", "K", "2 metre temperature", 1.0, 273.15),
    "dewpoint": ("d2m", "K", "2 metre dewpoint temperature", 1.0, 273.15),
    "surface_temperature": ("skt", "K", "Skin temperature", 1.0, 273.15),
    "precipitation": ("tp", "m", "Total precipitation", 0.001, 0.0),
    "pressure": ("sp", "Pa", "Surface pressure", 1000.0, 0.0),
}
_LAYERED = {
    "soil_moisture": ("swvl{}", "m**3 m**-3", "Volumetric soil water layer {}", 0.0),
    "soil_temperature": ("stl{}", "K", "Soil temperature level {}", 273.15),
}


def write_era5_land(
    ds: xr.Dataset,
    folder: str | Path,
    *,
    layout: Layout = "valid_time",
    by: By = "year",
    preliminary: int = 0,
) -> list[Path]:
    """Write monthly, daily or hourly data as files of ERA5-Land, and return their paths.

    Parameters
    ----------
    ds
        Data in our names and units on (time, depth, latitude, longitude); other variables are left
        out. Monthly precipitation (mm month-1) becomes the mean of daily totals; daily data (mm
        d-1) become values at 00, 06, 12 and 18 UTC, with precipitation growing from 00 UTC on;
        hourly data are written as they are, without precipitation.
    folder
        Where to write; made if it does not exist.
    layout
        "valid_time" (since 2024: NetCDF-4, `valid_time`, `number`, `expver` as texts along time),
        "time" (before: classic NetCDF, packed, hours since 1900, longitudes from 0 to 360), or
        "expver" (before, with ERA5 and ERA5T along a dimension).
    by
        One file a year, a variable, or for all.
    preliminary
        How many of the last stamps are ERA5T.

    Returns
    -------
    list of Path
        In the order of time or of variables.

    Examples
    --------
    >>> import tempfile
    >>> from soilscope.twin.helan import helan
    >>> files = write_era5_land(helan(spacing=0.25, months=36), tempfile.mkdtemp())
    >>> [path.name for path in files]
    ['era5_land_2000.nc', 'era5_land_2001.nc', 'era5_land_2002.nc']
    """
    require_choice(layout, get_args(Layout), name="layout")
    require_choice(by, get_args(By), name="by")
    step = np.median(np.diff(ds["time"].values))
    make = _renamed_hours if step < _DAY else _hourly if step == _DAY else _monthly
    theirs = make(ds)
    theirs = theirs.sortby("latitude", ascending=False)
    final = np.arange(theirs.sizes["time"]) < theirs.sizes["time"] - preliminary
    theirs = theirs.assign_coords(final=("time", final))
    paths = []
    for name, part in _parts(theirs, by):
        path = Path(folder) / f"era5_land_{name}.nc"
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(part, path, layout)
        paths.append(path)
    return paths


def _renamed_hours(ds: xr.Dataset) -> xr.Dataset:
    return _renamed(ds.drop_vars("precipitation", errors="ignore"))


def _monthly(ds: xr.Dataset) -> xr.Dataset:
    theirs = _renamed(ds)
    if "tp" in theirs:  # the mean of daily totals, under the units m
        theirs["tp"] = (theirs["tp"] / ds["time"].dt.days_in_month).assign_attrs(theirs["tp"].attrs)
    return theirs


def _hourly(ds: xr.Dataset) -> xr.Dataset:
    """Four values a day, and 00 UTC of the day after the last, where its total stands."""
    theirs = _renamed(ds)
    time = pd.date_range(ds.indexes["time"][0], periods=4 * ds.sizes["time"] + 1, freq="6h")
    hourly = theirs.reindex(time=time, method="ffill")
    if "tp" in theirs:
        share = xr.DataArray((time.hour.to_numpy() / 24.0), dims="time")
        shifted = theirs["tp"].assign_coords(time=theirs["time"] + np.timedelta64(1, "D"))
        before = xr.concat([theirs["tp"][:1] * 0.0, shifted], "time").reindex(time=time)
        growing = before.where(share == 0.0, hourly["tp"] * share)
        hourly["tp"] = growing.transpose(*theirs["tp"].dims).assign_attrs(theirs["tp"].attrs)
    return hourly


def _renamed(ds: xr.Dataset) -> xr.Dataset:
    theirs: dict[str, xr.DataArray] = {}
    for ours, (name, units, long_name, factor, offset) in _FLAT.items():
        if ours in ds:
            da = ds[ours] * factor + offset
            theirs[name] = da.assign_attrs(units=units, long_name=long_name)
    for ours, (pattern, units, long_name, offset) in _LAYERED.items():
        if ours not in ds:
            continue
        for number, layer in enumerate(LAYERS, start=1):
            da = _of_layer(ds[ours], layer) + offset
            about = {"units": units, "long_name": long_name.format(number)}
            theirs[pattern.format(number)] = da.assign_attrs(about)
    whole = xr.Dataset(theirs).drop_vars(["spatial_ref"], errors="ignore")
    return whole.transpose("time", "latitude", "longitude").astype(np.float32, keep_attrs=True)


def _of_layer(da: xr.DataArray, layer: tuple[float, float]) -> xr.DataArray:
    """Mean of the layers of `da`, by their overlap with `layer`; the deepest reaches on down."""
    top, bottom = layer_bounds(da).T.copy()
    bottom[-1] = max(bottom[-1], LAYERS[-1][1])
    overlap = np.clip(np.minimum(bottom, layer[1]) - np.maximum(top, layer[0]), 0.0, None)
    weights = xr.DataArray(overlap / overlap.sum(), dims="depth")
    return (da * weights).sum("depth", skipna=False)


def _parts(theirs: xr.Dataset, by: By) -> Iterator[tuple[str, xr.Dataset]]:
    if by == "all":
        yield "all", theirs
    elif by == "variable":
        for name in theirs.data_vars:
            yield str(name), theirs[[name]]
    else:
        for year, part in theirs.groupby("time.year"):
            yield str(year), part


def _write(part: xr.Dataset, path: Path, layout: Layout) -> None:
    if layout == "valid_time":
        _since_2024(part).to_netcdf(path, engine="h5netcdf")
        return
    final = part["final"]
    part = part.drop_vars("final")
    part = part.assign_coords(longitude=part["longitude"] % 360.0)
    if layout == "expver":
        versions = [part.where(final), part.where(~final)]
        part = xr.concat(versions, pd.Index([1, 5], name="expver"), combine_attrs="override")
        part = part.transpose("time", "expver", "latitude", "longitude")
    for name in ("latitude", "longitude"):
        units = {"latitude": "degrees_north", "longitude": "degrees_east"}[name]
        values = part[name].values.astype(np.float32)
        part = part.assign_coords({name: (name, values, {"units": units, "long_name": name})})
    part.attrs = {"Conventions": "CF-1.6", "history": "written in the layout of grib_to_netcdf"}
    time = {"units": "hours since 1900-01-01 00:00:00.0", "calendar": "gregorian", "dtype": "i4"}
    packed = {str(name): _packing(da.values) for name, da in part.data_vars.items()}
    part.to_netcdf(path, engine="scipy", encoding=packed | {"time": time})


def _since_2024(part: xr.Dataset) -> xr.Dataset:
    texts = np.where(part["final"].values, "0001", "0005").astype(object)
    part = part.drop_vars("final").rename(time="valid_time")
    part = part.assign_coords(number=0, expver=("valid_time", texts))
    part["latitude"].attrs = {
        "units": "degrees_north",
        "standard_name": "latitude",
        "stored_direction": "decreasing",
    }
    part["longitude"].attrs = {"units": "degrees_east", "standard_name": "longitude"}
    part["valid_time"].encoding = {
        "units": "seconds since 1970-01-01",
        "calendar": "proleptic_gregorian",
        "dtype": "i8",
    }
    for da in part.data_vars.values():
        da.attrs |= {"GRIB_gridType": "regular_ll"}
        da.encoding["_FillValue"] = np.float32(np.nan)
    return part.assign_attrs(
        {"Conventions": "CF-1.7", "institution": "ecmf", "GRIB_centre": "ecmf"}
    )


def _packing(values: Array) -> dict[str, Any]:
    """Two bytes a value, as grib_to_netcdf packs them."""
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    scale = (high - low) / 65530.0 or 1.0
    return {
        "dtype": "i2",
        "scale_factor": scale,
        "add_offset": (low + high) / 2.0,
        "_FillValue": np.int16(-32767),
        "missing_value": np.int16(-32767),
    }
