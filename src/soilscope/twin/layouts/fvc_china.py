"""Fractional vegetation cover written as images of one date each."""

from pathlib import Path

import numpy as np
import xarray as xr

from soilscope.errors import InputError
from soilscope.grid.crs import grid_dims
from soilscope.twin.layouts.image import write_image


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
    paths = []
    for stamp in da.indexes["time"]:
        values = da.sel(time=stamp).values
        whole = np.round(np.nan_to_num(values) / scale)
        path = Path(folder) / f"FVC_{stamp:%Y%m}.tif"
        image = np.where(np.isfinite(values), whole, missing).astype("i2")
        nodata, told = (missing, scale) if stated else (None, None)
        write_image(path, da, image, nodata=nodata, scale=told)
        paths.append(path)
    return paths
