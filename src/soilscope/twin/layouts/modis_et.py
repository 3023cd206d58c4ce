"""MODIS evapotranspiration (MOD16A2GF, MOD16A2) as delivered, and as AppEEARS exports it."""

from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pandas as pd
import xarray as xr

from soilscope.checks import require_choice
from soilscope.errors import InputError
from soilscope.grid.crs import grid_dims
from soilscope.twin.layouts.hdf_eos import Field, tiles_of, write_hdf_eos
from soilscope.twin.layouts.image import write_image

Layout = Literal["appeears", "hdf"]
Short = Literal["MOD16A2GF", "MOD16A2"]
SCALE, FILL, BARREN = 0.1, 32767, 32765
_LAYERS = {"evapotranspiration": "ET_500m", "potential_evapotranspiration": "PET_500m"}


def write_modis_et(
    ds: xr.Dataset,
    folder: str | Path,
    *,
    product: Short = "MOD16A2GF",
    layout: Layout = "appeears",
) -> list[Path]:
    """Write rates of evapotranspiration as files of MOD16, and return their paths.

    Parameters
    ----------
    ds
        `evapotranspiration`, `potential_evapotranspiration` or both in mm d-1 on
        (time, latitude, longitude) or (time, y, x), stamped with the first days of periods (days
        1, 9, 17 ... 361 of a year); with a reference system. Missing values are written as the
        class of barren land.
    folder
        Where to write; made if it does not exist.
    product
        Name of the product in the names of the files.
    layout
        "appeears" (a GeoTIFF a layer and date), or "hdf" (HDF-EOS as delivered, a file a date and
        tile, or the part of a tile that `ds` covers; on the sinusoidal grid alone, with pyhdf).

    Returns
    -------
    list of Path
        In the order of time, for each layer.

    Examples
    --------
    >>> import tempfile
    >>> from soilscope.grid.crs import stamp
    >>> coords = {"time": xr.date_range("2019", periods=2, freq="8D"), "latitude": [38.5, 38.4]}
    >>> rates = xr.DataArray(
    ...     np.ones((2, 2, 1)), coords | {"longitude": [100.0]}, ("time", "latitude", "longitude")
    ... )
    >>> ds = stamp(rates.to_dataset(name="evapotranspiration"))
    >>> write_modis_et(ds, tempfile.mkdtemp())[1].name
    'MOD16A2GF.061_ET_500m_doy2019009_aid0001.tif'
    """
    require_choice(layout, get_args(Layout), name="layout")
    require_choice(product, get_args(Short), name="product")
    Path(folder).mkdir(parents=True, exist_ok=True)
    stored = _stored(ds)
    if layout == "hdf":
        return _as_hdf(stored, Path(folder), product)
    paths = []
    for name, da in stored.data_vars.items():
        for stamp in stored.indexes["time"]:
            path = Path(folder) / f"{product}.061_{name}_doy{stamp:%Y%j}_aid0001.tif"
            write_image(path, stored, da.sel(time=stamp).values, nodata=FILL)
            paths.append(path)
    return paths


def _stored(ds: xr.Dataset) -> xr.Dataset:
    """Return sums of the periods in stored numbers, under the names of the product."""
    rates = ds[[name for name in _LAYERS if name in ds]].rename(
        {name: theirs for name, theirs in _LAYERS.items() if name in ds}
    )
    stamps = pd.DatetimeIndex(rates["time"].values)
    if ((stamps.day_of_year - 1) % 8).any():
        raise InputError("ds has stamps on which no period of 8 days begins.")
    left = 366 + stamps.is_leap_year - stamps.day_of_year
    days = xr.DataArray(np.minimum(8, left), {"time": rates["time"]}, ("time",))
    rows, columns = grid_dims(rates) or ("y", "x")
    sums = (rates * days / SCALE).round().fillna(BARREN).astype("i2")
    return sums.transpose("time", rows, columns).sortby(rows, ascending=False)


def _as_hdf(stored: xr.Dataset, folder: Path, product: Short) -> list[Path]:
    paths = []
    for name, part, corners in tiles_of(stored, name="evapotranspiration"):
        for stamp in part.indexes["time"]:
            about = {"units": "kg/m^2/8day", "_FillValue": FILL, "valid_range": [-32767, 32700]}
            about |= {"scale_factor": SCALE, "add_offset": 0.0}
            fields = {
                str(layer): Field(da.sel(time=stamp).values, about)
                for layer, da in part.data_vars.items()
            }
            first = next(iter(fields.values())).values
            fields["ET_QC_500m"] = Field(np.zeros(first.shape, "u1"), {"_FillValue": 255})
            path = folder / f"{product}.A{stamp:%Y%j}.{name}.061.{stamp.year + 1}001000000.hdf"
            paths.append(write_hdf_eos(path, fields, grid="MOD_Grid_MOD16A2", corners=corners))
    return paths
