"""Monthly precipitation written as the files of Peng et al."""

from pathlib import Path

import numpy as np
import xarray as xr

FILL = -32768


def write_peng_precipitation(
    ds: xr.Dataset, folder: str | Path, *, years: int = 3, dates: bool = True
) -> list[Path]:
    """Write `precipitation` as ``pre_{first}_{last}.nc``, whole tenths of a millimetre.

    Parameters
    ----------
    ds
        With `precipitation` (mm month-1) on (time, latitude, longitude), in whole years of months.
    folder
        Where the files are written; made if it does not exist.
    years
        Years in a file.
    dates
        Whether the files hold dates; else months are numbered from 1.

    Returns
    -------
    list of Path
        In the order of time; rows run from north to south.

    Examples
    --------
    >>> import tempfile
    >>> from soilscope.twin.helan import helan
    >>> twin = helan(spacing=0.25, months=36)
    >>> [file.name for file in write_peng_precipitation(twin, tempfile.mkdtemp())]
    ['pre_2000_2002.nc']
    """
    Path(folder).mkdir(parents=True, exist_ok=True)
    da = ds["precipitation"].transpose("time", "latitude", "longitude")
    da = da.sortby("latitude", ascending=False)
    paths = []
    for start in range(0, da.sizes["time"], 12 * years):
        part = da.isel(time=slice(start, start + 12 * years))
        stored = np.round(10 * part.values)
        stored = np.where(np.isfinite(stored), stored, FILL).astype("i2")
        first, last = (int(part["time"].dt.year[at]) for at in (0, -1))
        path = Path(folder) / f"pre_{first}_{last}.nc"
        months = part["time"].values if dates else np.arange(1, part.sizes["time"] + 1)
        out = xr.Dataset(
            {"pre": (("time", "lat", "lon"), stored, {"units": "0.1mm"})},
            {
                "time": ("time", months),
                "lat": ("lat", part["latitude"].values, {"units": "degrees_north"}),
                "lon": ("lon", part["longitude"].values, {"units": "degrees_east"}),
            },
            {"title": "monthly precipitation, written from synthetic data", "synthetic": 1},
        )
        out["pre"].attrs["_FillValue"] = np.int16(FILL)
        out.to_netcdf(path, engine="h5netcdf")
        paths.append(path)
    return paths
