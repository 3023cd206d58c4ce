"""Daily soil moisture written as files of SMOPS."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from soilscope.checks import require_dims
from soilscope.twin.layouts.global_grid import on_global_grid

_THEIRS = {"soil_moisture": "Blended_SM", "soil_moisture_uncertainty": "Blended_SM_SD"}
_UNIT = 0.0001  # m3 m-3
_MISSING = -999


def write_smops(ds: xr.Dataset, folder: str | Path, *, packed: bool = True) -> list[Path]:
    """Write daily soil moisture as ``NPR_SMOPS_CMAP_D{YYYYMMDD}.nc``, a file of the globe a day.

    Parameters
    ----------
    ds
        Daily, on (time, latitude, longitude) at 0.25 degrees: `soil_moisture` (m3 m-3), and if it
        is there `soil_moisture_uncertainty`.
    folder
        Where the files are written.
    packed
        Whether the files state their scale; extracts of users often have lost it.

    Returns
    -------
    list of Path
        16-bit integers of 0.0001 m3 m-3 on 720 x 1440 cells (`Latitude`, `Longitude`, without
        coordinates), rows from north to south, -999 where missing; no date inside.

    Examples
    --------
    >>> import tempfile
    >>> dims = ("time", "latitude", "longitude")
    >>> days = pd.date_range("2018-01-01", periods=1)
    >>> sm = xr.DataArray(
    ...     [[[0.2, 0.3]]],
    ...     {"time": days, "latitude": [38.125], "longitude": [100.125, 100.375]},
    ...     dims,
    ... )
    >>> write_smops(sm.to_dataset(name="soil_moisture"), tempfile.mkdtemp())[0].name
    'NPR_SMOPS_CMAP_D20180101.nc'
    """
    require_dims(ds, "time", "latitude", "longitude", name="ds")
    Path(folder).mkdir(parents=True, exist_ok=True)
    paths = []
    for day in pd.DatetimeIndex(ds["time"].values):
        field = on_global_grid(ds.sel(time=day), first=-179.875, step=0.25)
        paths.append(Path(folder) / f"NPR_SMOPS_CMAP_D{day:%Y%m%d}.nc")
        _write(field, paths[-1], packed)
    return paths


def _write(ds: xr.Dataset, path: Path, packed: bool) -> None:
    scale: dict[str, Any] = {"scale_factor": _UNIT} if packed else {}
    fields = {}
    for ours, theirs in _THEIRS.items():
        if ours in ds:
            values = ds[ours].transpose("latitude", "longitude").values
            whole = np.where(np.isfinite(values), np.rint(values / _UNIT), _MISSING)
            fields[theirs] = (("Latitude", "Longitude"), whole.astype("i2"), scale)
    out = xr.Dataset(fields, attrs={"title": "SMOPS layout, written from synthetic data"})
    out.attrs["synthetic"] = 1
    compressed = {name: {"compression": "gzip"} for name in out.data_vars}
    out.to_netcdf(path, engine="h5netcdf", encoding=compressed)
