"""Monthly climate written as TerraClimate files."""

from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import xarray as xr

from soilscope.checks import require_choice
from soilscope.errors import InputError

Version = Literal["1.1", "1.0", "unknown"]

#: Our name -> (their name, units, packed unit), as the provider packs them.
_PACKED = {
    "vpd": ("vpd", "kPa", 0.01),
    "precipitation": ("ppt", "mm", 0.1),
    "temperature_max": ("tmax", "degC", 0.01),
    "temperature_min": ("tmin", "degC", 0.01),
    "evapotranspiration": ("aet", "mm", 0.1),
    "potential_evapotranspiration": ("pet", "mm", 0.1),
    "soil_water": ("soil", "mm", 0.1),
}
_SUMMARY = {
    "1.1": "TerraClimate v1.1: time-varying anomalies of ERA5 on the climatology of WorldClim",
    "1.0": "climatology of WorldClim version 2, with time-varying data of CRU Ts4.0 and JRA-55",
    "unknown": "monthly climate and climatic water balance",
}


def write_terraclimate(
    ds: xr.Dataset, folder: str | Path, *, version: Version = "1.1", margin: int = 3
) -> list[Path]:
    """Write monthly variables as ``TerraClimate_{var}_{year}.nc``, one file a variable and year.

    Parameters
    ----------
    ds
        Monthly, on (time, latitude, longitude) in our units: any of `vpd`, `precipitation`,
        `temperature_max`, `temperature_min`, `evapotranspiration`, `potential_evapotranspiration`,
        `soil_water` (mm).
    folder
        Where the files are written.
    version
        What the files say of themselves: anomalies of ERA5 ("1.1"), of CRU TS and JRA-55 ("1.0"),
        or nothing.
    margin
        Rows and columns of missing values around the grid, as a global file has more than a
        region.

    Returns
    -------
    list of Path
        Stored as 16-bit integers with ``scale_factor``, ``add_offset`` and ``_FillValue``; time in
        days since 1900-01-01.

    Examples
    --------
    >>> import tempfile
    >>> from soilscope.twin.helan import helan
    >>> twin = helan(spacing=0.25, months=36).isel(time=slice(0, 12))
    >>> [file.name for file in write_terraclimate(twin, tempfile.mkdtemp())]
    ['TerraClimate_vpd_2000.nc', 'TerraClimate_ppt_2000.nc']
    """
    require_choice(version, get_args(Version), name="version")
    held = [name for name in _PACKED if name in ds]
    if not held:
        raise InputError(f"ds holds none of {', '.join(_PACKED)}.")
    Path(folder).mkdir(parents=True, exist_ok=True)
    paths = []
    for name in held:
        wide = _padded(ds[name].transpose("time", "latitude", "longitude"), margin)
        for year in np.unique(wide["time"].dt.year.values):
            path = Path(folder) / f"TerraClimate_{_PACKED[name][0]}_{year}.nc"
            paths.append(_write(wide.sel(time=str(year)), name, path, _SUMMARY[version]))
    return paths


def _padded(da: xr.DataArray, margin: int) -> xr.DataArray:
    coordinates = {}
    for dim in ("latitude", "longitude"):
        values = da[dim].values
        step = (values[-1] - values[0]) / (values.size - 1)
        coordinates[dim] = values[0] + step * np.arange(-margin, values.size + margin)
    width = dict.fromkeys(("latitude", "longitude"), (margin, margin))
    padded = da.drop_vars(list(coordinates)).pad(width, constant_values=np.nan)
    return padded.assign_coords(coordinates)


def _write(da: xr.DataArray, name: str, path: Path, summary: str) -> Path:
    theirs, units, unit = _PACKED[name]
    out = xr.Dataset(
        {theirs: (("time", "lat", "lon"), da.values, {"units": units, "grid_mapping": "crs"})},
        {
            "time": da["time"].values,
            "lat": ("lat", da["latitude"].values, {"units": "degrees_north"}),
            "lon": ("lon", da["longitude"].values, {"units": "degrees_east"}),
        },
        {"title": "TerraClimate layout, written from synthetic data", "summary": summary},
    )
    out["crs"] = (
        (),
        np.int16(0),
        {
            "grid_mapping_name": "latitude_longitude",
            "longitude_of_prime_meridian": 0.0,
            "semi_major_axis": 6378137.0,
            "inverse_flattening": 298.257223563,
        },
    )
    out.attrs["synthetic"] = 1
    packing: dict[str, Any] = {
        "dtype": "int16",
        "scale_factor": unit,
        "add_offset": 0.0,
        "_FillValue": -32768,
        "compression": "gzip",
    }
    days = {"units": "days since 1900-01-01", "dtype": "float64", "_FillValue": None}
    out.to_netcdf(path, engine="h5netcdf", encoding={theirs: packing, "time": days})
    return path
