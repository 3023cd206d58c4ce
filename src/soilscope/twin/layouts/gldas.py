"""Data on 0.25 degrees written as files of GLDAS Noah, 3-hourly or monthly."""

from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
import xarray as xr

from soilscope.checks import require_choice, require_dims
from soilscope.grid.depth import layer_bounds

Step = Literal["3H", "M"]

#: Our name -> theirs, units, cell_methods, and theirs = ours * factor + offset.
_FLAT = {
    "surface_temperature": ("AvgSurfT_inst", "K", "time: point", 1.0, 273.15),
    "temperature": ("Tair_f_inst", "K", "time: point", 1.0, 273.15),
    "precipitation": ("Rainf_f_tavg", "kg m-2 s-1", "time: mean", 1 / 86400, 0.0),
    "evapotranspiration": ("Evap_tavg", "kg m-2 s-1", "time: mean", 1 / 86400, 0.0),
    "snow_water_equivalent": ("SWE_inst", "kg m-2", "time: point", 1.0, 0.0),
    "pressure": ("Psurf_f_inst", "Pa", "time: point", 1000.0, 0.0),
}
_LAYERED = {
    "soil_moisture": ("SoilMoi{}_{}cm_inst", "kg m-2"),
    "soil_temperature": ("SoilTMP{}_{}cm_inst", "K"),
}
_MISSING = np.float32(-9999.0)


def write_gldas(
    ds: xr.Dataset, folder: str | Path, *, step: Step = "3H", early: int = 0
) -> list[Path]:
    """Write data as ``GLDAS_NOAH025_3H.A{YYYYMMDD}.{HHMM}.021.nc4``, a file a time.

    Parameters
    ----------
    ds
        On (time, latitude, longitude), and `depth` (layers of Noah: 0-0.1, 0.1-0.4, 0.4-1, 1-2 m)
        for `soil_moisture` (m3 m-3) and `soil_temperature`; `surface_temperature`, `temperature`
        (degC), `precipitation`, `evapotranspiration` (mm d-1), `snow_water_equivalent` (mm),
        `pressure` (kPa). What it lacks is left out.
    folder
        Where the files are written.
    step
        "3H", or "M" (``GLDAS_NOAH025_M.A{YYYYMM}.021.nc4``).
    early
        How many of the last files are early products.

    Returns
    -------
    list of Path
        NetCDF-4 with rows from south to north, float32, -9999 missing, time in minutes since
        2000-01-01 03:00.

    Examples
    --------
    >>> import tempfile
    >>> lst = xr.DataArray(
    ...     [[[20.0, 21.0]]],
    ...     {"time": pd.to_datetime(["2015-01-01 03:00"]), "latitude": [38.125],
    ...      "longitude": [100.125, 100.375]},
    ...     ("time", "latitude", "longitude"),
    ... )
    >>> write_gldas(lst.to_dataset(name="surface_temperature"), tempfile.mkdtemp())[0].name
    'GLDAS_NOAH025_3H.A20150101.0300.021.nc4'
    """
    require_choice(step, get_args(Step), name="step")
    require_dims(ds, "time", "latitude", "longitude", name="ds")
    Path(folder).mkdir(parents=True, exist_ok=True)
    theirs = _renamed(ds).sortby("latitude")
    stamps = pd.DatetimeIndex(ds["time"].values)
    paths = []
    for number, stamp in enumerate(stamps):
        record = "_EP" if number >= len(stamps) - early else ""
        when = f"{stamp:%Y%m%d}.{stamp:%H%M}" if step == "3H" else f"{stamp:%Y%m}"
        paths.append(Path(folder) / f"GLDAS_NOAH025_{step}{record}.A{when}.021.nc4")
        _write(theirs.isel(time=[number]), paths[-1])
    return paths


def _renamed(ds: xr.Dataset) -> xr.Dataset:
    theirs: dict[str, xr.DataArray] = {}
    for ours, (name, units, how, factor, offset) in _FLAT.items():
        if ours in ds:
            theirs[name] = (ds[ours] * factor + offset).assign_attrs(units=units, cell_methods=how)
    for ours, (pattern, units) in _LAYERED.items():
        if ours not in ds:
            continue
        for number, (top, bottom) in enumerate(layer_bounds(ds[ours])):
            name = pattern.format(round(100 * top), round(100 * bottom))
            layer = ds[ours].isel(depth=number, drop=True)
            water = layer * 1000.0 * (bottom - top) if units == "kg m-2" else layer + 273.15
            theirs[name] = water.assign_attrs(units=units, cell_methods="time: point")
    whole = xr.Dataset(theirs).drop_vars(["spatial_ref", "depth"], errors="ignore")
    return whole.transpose("time", "latitude", "longitude").astype(np.float32, keep_attrs=True)


def _write(theirs: xr.Dataset, path: Path) -> None:
    units = {"latitude": "degrees_north", "longitude": "degrees_east"}
    out = theirs.assign_coords(
        {
            name: (name, theirs[name].values.astype(np.float32), {"units": text})
            for name, text in units.items()
        }
    ).rename(latitude="lat", longitude="lon")
    out.attrs = {
        "title": "GLDAS2.1 LIS land surface model output layout, written from synthetic data",
        "missing_value": _MISSING,
        "MAP_PROJECTION": "EQUIDISTANT CYLINDRICAL",
        "synthetic": 1,
    }
    encoding: dict[str, Any] = {
        str(name): {"_FillValue": _MISSING, "missing_value": _MISSING, "compression": "gzip"}
        for name in out.data_vars
    }
    encoding["time"] = {"units": "minutes since 2000-01-01 03:00:00", "dtype": "f8"}
    out.to_netcdf(path, engine="h5netcdf", encoding=encoding)
