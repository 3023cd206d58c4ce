"""MODIS land cover (MCD12Q1) as delivered, and as AppEEARS exports it."""

from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pandas as pd
import xarray as xr

from soilscope.checks import require_choice
from soilscope.grid.crs import grid_dims
from soilscope.twin.layouts.hdf_eos import Field, tiles_of, write_hdf_eos
from soilscope.twin.layouts.image import write_image

Layout = Literal["appeears", "hdf"]
FILL = 255


def write_modis_land_cover(
    ds: xr.Dataset, folder: str | Path, *, layout: Layout = "appeears"
) -> list[Path]:
    """Write yearly `land_cover` as files of MCD12Q1, and return their paths.

    Parameters
    ----------
    ds
        With `land_cover` (codes of the IGBP, 1 to 17; negative where missing) on
        (time, latitude, longitude) or (time, y, x), and a reference system.
    folder
        Where to write; made if it does not exist.
    layout
        "appeears" (a GeoTIFF a year), or "hdf" (HDF-EOS as delivered, a file a year and tile, or
        the part of a tile that `ds` covers; on the sinusoidal grid alone, with pyhdf).

    Returns
    -------
    list of Path
        In the order of time.

    Examples
    --------
    >>> import tempfile
    >>> from soilscope.grid.crs import stamp
    >>> coords = {"time": xr.date_range("2019", periods=1), "latitude": [38.5, 38.4]}
    >>> codes = xr.DataArray(
    ...     [[[10, 12], [16, -1]]],
    ...     coords | {"longitude": [100.0, 100.1]},
    ...     ("time", "latitude", "longitude"),
    ... )
    >>> ds = stamp(codes.to_dataset(name="land_cover"))
    >>> write_modis_land_cover(ds, tempfile.mkdtemp())[0].name
    'MCD12Q1.061_LC_Type1_doy2019001_aid0001.tif'
    """
    require_choice(layout, get_args(Layout), name="layout")
    Path(folder).mkdir(parents=True, exist_ok=True)
    codes = ds["land_cover"]
    rows, columns = grid_dims(codes) or ("y", "x")
    codes = codes.transpose("time", rows, columns).sortby(rows, ascending=False)
    stored = codes.where(codes >= 0, FILL).astype("u1").to_dataset(name="land_cover")
    paths = []
    if layout == "appeears":
        for stamp in stored.indexes["time"]:
            path = Path(folder) / f"MCD12Q1.061_LC_Type1_doy{stamp:%Y%j}_aid0001.tif"
            image = stored["land_cover"].sel(time=stamp).values[None]
            write_image(path, stored, image.astype("u1"), nodata=FILL)
            paths.append(path)
        return paths
    for name, part, corners in tiles_of(stored, name="land_cover"):
        for stamp in pd.DatetimeIndex(part["time"].values):
            values = part["land_cover"].sel(time=stamp).values
            about = {"long_name": "Land_Cover_Type_1", "units": "class number", "_FillValue": FILL}
            fields = {
                "LC_Type1": Field(values, about | {"valid_range": [1, 17]}),
                "LC_Type5": Field(np.where(values == FILL, FILL, 11).astype("u1"), about),
                "QC": Field(np.zeros(values.shape, "u1"), {"_FillValue": FILL}),
            }
            path = Path(folder) / f"MCD12Q1.A{stamp:%Y%j}.{name}.061.{stamp.year + 2}001000000.hdf"
            paths.append(write_hdf_eos(path, fields, grid="MCD12Q1", corners=corners))
    return paths
