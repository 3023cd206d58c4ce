"""TRIMS LST: a GeoTIFF a satellite, date and half of the day, in an Albers system."""

from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pandas as pd
import xarray as xr

from soilscope.checks import require_choice
from soilscope.grid.crs import grid_dims
from soilscope.twin.layouts.image import write_image

Platform = Literal["Terra", "Aqua"]
#: An Albers system of China as its maps use it; that of the product is stated in its own files.
ALBERS = "+proj=aea +lat_1=25 +lat_2=47 +lat_0=0 +lon_0=105 +x_0=0 +y_0=0 +datum=WGS84 +units=m"
SCALE, MISSING = 0.01, 0
_HALVES = {"lst_day": "D", "lst_night": "N"}


def write_trims_lst(
    ds: xr.Dataset, folder: str | Path, *, platform: Platform = "Aqua", nodata: bool = False
) -> list[Path]:
    """Write daily `lst_day` and `lst_night` as files of TRIMS LST, and return their paths.

    Parameters
    ----------
    ds
        With `lst_day` and `lst_night` (degC) on (time, y, x), and a reference system; the
        product's own is an Albers one, such as `ALBERS`.
    folder
        Where to write; made if it does not exist.
    platform
        The satellite in the names.
    nodata
        Whether the files state that 0 is missing.

    Returns
    -------
    list of Path
        In the order of time, day before night.

    Examples
    --------
    >>> import tempfile
    >>> from soilscope.grid.crs import stamp
    >>> cells = {"y": [4.3e6, 4.299e6], "x": [1e4, 1.1e4], "time": pd.date_range("2020", periods=1)}
    >>> lst = xr.DataArray(np.full((1, 2, 2), 20.0), cells, ("time", "y", "x"))
    >>> twin = stamp(xr.Dataset({"lst_day": lst, "lst_night": lst - 15.0}), ALBERS)
    >>> [path.name for path in write_trims_lst(twin, tempfile.mkdtemp())]
    ['TRIMS_Aqua2020001D.tif', 'TRIMS_Aqua2020001N.tif']
    """
    require_choice(platform, get_args(Platform), name="platform")
    Path(folder).mkdir(parents=True, exist_ok=True)
    dims = grid_dims(ds)
    if dims is None:
        raise ValueError("ds has no grid.")
    ds = ds.sortby(dims[0], ascending=False)
    paths = []
    for number, stamp in enumerate(pd.DatetimeIndex(ds["time"].values)):
        for name, half in _HALVES.items():
            kelvin = ds[name].transpose("time", *dims).isel(time=number).values + 273.15
            image = np.where(np.isfinite(kelvin), np.round(np.nan_to_num(kelvin) / SCALE), MISSING)
            path = Path(folder) / f"TRIMS_{platform}{stamp:%Y%j}{half}.tif"
            write_image(
                path,
                ds[name],
                image.astype("u2"),
                nodata=MISSING if nodata else None,
                compress="lzw",
            )
            paths.append(path)
    return paths
