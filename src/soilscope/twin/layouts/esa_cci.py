"""Daily soil moisture written as files of ESA CCI (COMBINED)."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from soilscope.checks import require_dims
from soilscope.twin.layouts.global_grid import on_global_grid

Array = npt.NDArray[Any]
FROZEN = 1
_MEANINGS = (
    "snow_coverage_or_temperature_below_zero dense_vegetation "
    "others_no_convergence_in_the_model_thus_no_valid_sm_estimates "
    "soil_moisture_value_exceeds_physical_boundary weight_of_measurement_below_threshold "
    "all_datasets_deemed_unreliable barren_ground_advisory_flag"
)


def write_esa_cci(
    ds: xr.Dataset, folder: str | Path, *, version: str = "09.1", whole_globe: bool = False
) -> list[Path]:
    """Write daily soil moisture as ``ESACCI-SOILMOISTURE-L3S-SSMV-COMBINED-...nc``, a file a day.

    Parameters
    ----------
    ds
        Daily, on (time, latitude, longitude) at 0.25 degrees: `soil_moisture` (m3 m-3), and if it
        is there `soil_moisture_uncertainty` and `flag` (bits; missing as NaN or -1).
    folder
        Where the files are written.
    version
        Version in the names.
    whole_globe
        Write all 720 x 1440 cells as the provider does, else those of `ds` alone.

    Returns
    -------
    list of Path
        NetCDF-4: `sm`, `sm_uncertainty` (float32, -9999 missing), `flag` (bytes, 127 missing), `t0`
        (days since 1970), rows from north to south.

    Examples
    --------
    >>> import tempfile
    >>> import soilscope as ss
    >>> dims = ("time", "latitude", "longitude")
    >>> days = pd.date_range("2015-01-01", periods=2)
    >>> sm = xr.DataArray(
    ...     np.full((2, 1, 2), 0.2),
    ...     {"time": days, "latitude": [38.125], "longitude": [100.125, 100.375]},
    ...     dims,
    ... )
    >>> files = write_esa_cci(sm.to_dataset(name="soil_moisture"), tempfile.mkdtemp())
    >>> files[0].name
    'ESACCI-SOILMOISTURE-L3S-SSMV-COMBINED-20150101000000-fv09.1.nc'
    """
    require_dims(ds, "time", "latitude", "longitude", name="ds")
    Path(folder).mkdir(parents=True, exist_ok=True)
    ds = ds.transpose("time", "latitude", "longitude", ...).sortby("latitude", ascending=False)
    ds = on_global_grid(ds, first=-179.875, step=0.25) if whole_globe else ds
    paths = []
    for number, day in enumerate(pd.DatetimeIndex(ds["time"].values)):
        name = f"ESACCI-SOILMOISTURE-L3S-SSMV-COMBINED-{day:%Y%m%d}000000-fv{version}.nc"
        paths.append(Path(folder) / name)
        _write(ds.isel(time=number), day, paths[-1], version)
    return paths


def _write(ds: xr.Dataset, day: pd.Timestamp, path: Path, version: str) -> None:
    moisture = ds["soil_moisture"].values.astype("f4")
    flag = _flags(ds, moisture)
    since = float((day - pd.Timestamp("1970-01-01")) / pd.Timedelta(days=1))
    units = {"units": "m3 m-3"}
    dims = ("time", "lat", "lon")
    fields: dict[str, tuple[Any, ...]] = {
        "sm": (dims, moisture[None], units | {"long_name": "Volumetric Soil Moisture"}),
        "flag": (
            dims,
            flag[None],
            {"long_name": "Flag", "flag_masks": np.array(_BITS, "i1"), "flag_meanings": _MEANINGS},
        ),
        "t0": (
            dims,
            np.where(np.isfinite(moisture), since, np.nan)[None],
            {"long_name": "Observation Timestamp"},
        ),
    }
    if "soil_moisture_uncertainty" in ds:
        values = ds["soil_moisture_uncertainty"].values.astype("f4")[None]
        long_name = {"long_name": "Volumetric Soil Moisture Uncertainty"}
        fields["sm_uncertainty"] = (dims, values, units | long_name)
    out = xr.Dataset(
        fields,
        {
            "time": ("time", [since], {"units": "days since 1970-01-01 00:00:00 UTC"}),
            "lat": ("lat", ds["latitude"].values, {"units": "degrees_north"}),
            "lon": ("lon", ds["longitude"].values, {"units": "degrees_east"}),
        },
        {
            "title": "ESA CCI Surface Soil Moisture COMBINED layout, written from synthetic data",
            "product_version": version,
            "synthetic": 1,
        },
    )
    out["t0"].attrs["units"] = "days since 1970-01-01 00:00:00 UTC"
    packed: dict[str, Any] = {
        str(name): {"_FillValue": np.float32(-9999.0) if name != "t0" else -9999.0}
        | {"compression": "gzip"}
        for name in out.data_vars
    }
    packed["flag"] = {"_FillValue": np.int8(127), "compression": "gzip"}
    out.to_netcdf(path, engine="h5netcdf", encoding=packed)


_BITS = (1, 2, 4, 8, 16, 32, 64)


def _flags(ds: xr.Dataset, moisture: Array) -> Array:
    if "flag" not in ds:
        return np.where(np.isfinite(moisture), 0, 127).astype("i1")
    flag = ds["flag"].values.astype("f8")
    return np.where(np.isfinite(flag) & (flag >= 0), flag, 127).astype("i1")
