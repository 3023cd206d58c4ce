"""Elevation written as GEBCO files."""

from pathlib import Path
from typing import Literal, get_args

import numpy as np
import xarray as xr

from soilscope.checks import require_choice
from soilscope.grid.crs import stamp
from soilscope.twin.layouts.image import write_image

Layout = Literal["netcdf", "cutout", "geotiff"]


def write_gebco(ds: xr.Dataset, folder: str | Path, *, layout: Layout = "netcdf") -> Path:
    """Write `elevation` as one GEBCO file, in whole metres.

    Parameters
    ----------
    ds
        With `elevation` (m) on (latitude, longitude).
    folder
        Where the file is written; made if it does not exist.
    layout
        "netcdf" (as the global file: NetCDF-4), "cutout" (as the download of a region: classic
        NetCDF) or "geotiff"; rows of NetCDF run from south to north.

    Returns
    -------
    Path
        ``GEBCO_2023.nc``, or named by its edges as in
        ``gebco_2023_n40.0_s38.0_w104.0_e106.0.tif``.

    Examples
    --------
    >>> import tempfile
    >>> import xarray as xr
    >>> lat, lon = [38.125, 38.375], [105.125, 105.375]
    >>> ds = xr.Dataset(
    ...     {"elevation": (("latitude", "longitude"), [[1100.0, 1150.0], [1200.0, 1300.0]])},
    ...     {"latitude": lat, "longitude": lon},
    ... )
    >>> write_gebco(ds, tempfile.mkdtemp(), layout="cutout").name
    'gebco_2023_n38.5_s38.0_w105.0_e105.5.nc'
    """
    require_choice(layout, get_args(Layout), name="layout")
    Path(folder).mkdir(parents=True, exist_ok=True)
    da = ds["elevation"].transpose("latitude", "longitude")
    da = da.sortby("latitude", ascending=layout != "geotiff").sortby("longitude")
    metres = np.round(da.values).astype("i2")
    edges = _edges(da)
    if layout == "geotiff":
        path = Path(folder) / f"gebco_2023_{edges}.tif"
        return write_image(path, stamp(da, "EPSG:4326"), metres, nodata=-32767)
    name = "GEBCO_2023.nc" if layout == "netcdf" else f"gebco_2023_{edges}.nc"
    out = xr.Dataset(
        {
            "elevation": (
                ("lat", "lon"),
                metres,
                {
                    "standard_name": "height_above_mean_sea_level",
                    "long_name": "Elevation relative to sea level",
                    "units": "m",
                    "sdn_uom_name": "Metres",
                    "grid_mapping": "crs",
                },
            )
        },
        {
            "lat": ("lat", da["latitude"].values, {"units": "degrees_north", "axis": "Y"}),
            "lon": ("lon", da["longitude"].values, {"units": "degrees_east", "axis": "X"}),
        },
        {"title": "GEBCO layout, written from synthetic data", "node_offset": 1.0, "synthetic": 1},
    )
    attrs = {"grid_mapping_name": "latitude_longitude", "epsg_code": "EPSG:4326"}
    out["crs"] = ((), np.int8(0), attrs | {"semi_major_axis": 6378137.0})
    path = Path(folder) / name
    if layout == "netcdf":
        out.to_netcdf(path, engine="h5netcdf")
    else:
        out.to_netcdf(path, engine="netcdf4", format="NETCDF3_CLASSIC")
    return path


def _edges(da: xr.DataArray) -> str:
    """Name the outer edges of the grid as the provider does."""
    south, north, west, east = (
        float(end(da[dim].values)) + sign * abs(float(np.diff(da[dim].values)[0])) / 2
        for dim in ("latitude", "longitude")
        for end, sign in ((np.min, -1), (np.max, 1))
    )
    return f"n{north:.1f}_s{south:.1f}_w{west:.1f}_e{east:.1f}"
