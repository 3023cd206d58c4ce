"""Fractional vegetation cover written as images of one date each."""

from pathlib import Path

import numpy as np
import rasterio
import xarray as xr

from soilscope.errors import InputError
from soilscope.grid.crs import geobox_of, grid_dims


def write_fvc_china(
    ds: xr.Dataset,
    folder: str | Path,
    *,
    scale: float = 0.0001,
    missing: int = 32767,
    stated: bool = False,
) -> list[Path]:
    """Write `fvc` as ``FVC_{year}{month}.tif``, whole numbers of 16 bits.

    Parameters
    ----------
    ds
        With `fvc` (1) on (time, latitude, longitude) or (time, y, x), and a reference system.
    folder
        Where the files are written; made if it does not exist.
    scale
        What a stored number is multiplied with to become a share.
    missing
        Number that stands for a missing value.
    stated
        Whether the files say their scale and missing number.

    Returns
    -------
    list of Path
        In the order of time.

    Examples
    --------
    >>> import tempfile
    >>> from soilscope.twin.helan import helan
    >>> twin = helan(spacing=0.25, months=36).isel(time=slice(0, 2)).rename(ndvi="fvc")
    >>> [file.name for file in write_fvc_china(twin, tempfile.mkdtemp())]
    ['FVC_200001.tif', 'FVC_200002.tif']
    """
    dims = grid_dims(ds)
    if dims is None:
        raise InputError("ds has no grid.")
    Path(folder).mkdir(parents=True, exist_ok=True)
    da = ds["fvc"].transpose("time", *dims)
    box = geobox_of(da)
    paths = []
    for stamp in da.indexes["time"]:
        values = da.sel(time=stamp).values
        whole = np.round(np.nan_to_num(values) / scale)
        path = Path(folder) / f"FVC_{stamp:%Y%m}.tif"
        with rasterio.open(
            path,
            "w",
            driver="GTiff",
            dtype="int16",
            count=1,
            height=values.shape[0],
            width=values.shape[1],
            crs=None if box.crs is None else box.crs.to_wkt(),
            transform=box.affine,
            nodata=missing if stated else None,
            compress="deflate",
        ) as file:
            file.write(np.where(np.isfinite(values), whole, missing).astype("i2"), 1)
            if stated:
                file.scales = (scale,)
        paths.append(path)
    return paths
