"""MODIS land surface temperature (MOD11A1, MOD11A2 and those of Aqua) as delivered or exported."""

from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from soilscope.checks import require_choice
from soilscope.grid.crs import geobox_of, grid_dims
from soilscope.twin.layouts.hdf_eos import Field, tiles_of, write_hdf_eos
from soilscope.twin.layouts.image import write_image

Short = Literal["MOD11A1", "MOD11A2", "MYD11A1", "MYD11A2"]
Layout = Literal["appeears", "appeears_netcdf", "earth_engine", "hdf_eos"]
Array = npt.NDArray[Any]

SCALE, FILL = 0.02, 0
#: Numbers of quality: good, an error of at most 1, 2, 3 K and above, not produced for clouds.
GOOD, WITHIN, CLOUD = 0, (1, 65, 129, 193), 2
_GRID = {"A1": "MODIS_Grid_Daily_1km_LST", "A2": "MODIS_Grid_8Day_1km_LST"}
_HOURS = {"O": (10.5, 22.5), "Y": (13.5, 1.5)}  # of Terra and Aqua, by day and by night
_TIMES = {"scale_factor": 0.1, "add_offset": 0.0, "units": "hrs"}
_ANGLES = {"scale_factor": 1.0, "add_offset": -65.0, "units": "deg"}
_KELVIN = {"scale_factor": SCALE, "add_offset": 0.0, "units": "K"}


def write_modis_lst(
    ds: xr.Dataset,
    folder: str | Path,
    *,
    product: Short = "MOD11A2",
    layout: Layout = "appeears",
    error_class: xr.DataArray | None = None,
) -> list[Path]:
    """Write `lst_day` and `lst_night` as files of MODIS, and return their paths.

    Parameters
    ----------
    ds
        With `lst_day` and `lst_night` (degC) on (time, latitude, longitude) or (time, y, x), and a
        reference system; the dates of the product itself: each day, or each eighth of a year.
    folder
        Where to write; made if it does not exist.
    product
        The satellite (MOD: Terra, MYD: Aqua) and the days of a composite (A1: 1, A2: 8) in the
        names, the hours of the views.
    layout
        "appeears" (a GeoTIFF a layer and date), "appeears_netcdf" (all in one file), "earth_engine"
        (a GeoTIFF a date, with the layers as bands) or "hdf_eos" (a file a date and tile; only on
        the sinusoidal grid of MODIS).
    error_class
        Class of the error of each value, 0 to 3 (at most 1, 2, 3 K, and above), shaped like
        `lst_day`; good everywhere where left out.

    Returns
    -------
    list of Path
        In the order of time, for each layer.

    Examples
    --------
    >>> import tempfile
    >>> from soilscope.grid.crs import stamp
    >>> cells = {"latitude": [39.0, 38.0], "longitude": [100.0, 101.0]}
    >>> dates = pd.to_datetime(["2020-01-01", "2020-01-09"])
    >>> lst = xr.DataArray(np.full((2, 2, 2), 20.0), {"time": dates} | cells, ("time", *cells))
    >>> twin = stamp(xr.Dataset({"lst_day": lst, "lst_night": lst - 15.0}), "EPSG:4326")
    >>> files = write_modis_lst(twin, tempfile.mkdtemp())
    >>> len(files), files[0].name
    (16, 'MOD11A2.061_LST_Day_1km_doy2020001000000_aid0001.tif')
    """
    require_choice(product, get_args(Short), name="product")
    require_choice(layout, get_args(Layout), name="layout")
    Path(folder).mkdir(parents=True, exist_ok=True)
    stored = _stored(ds, product, error_class)
    if layout == "appeears_netcdf":
        return [_as_netcdf(stored, Path(folder), product)]
    if layout == "earth_engine":
        return _as_bands(stored, Path(folder))
    if layout == "hdf_eos":
        return _as_hdf(stored, Path(folder), product)
    return _as_images(stored, Path(folder), product)


def _stored(ds: xr.Dataset, product: Short, error_class: xr.DataArray | None) -> xr.Dataset:
    """Make the layers of the product in stored numbers, rows from north to south."""
    dims = grid_dims(ds)
    if dims is None:
        raise ValueError("ds has no grid.")
    order = ("time", *dims)
    ds = ds.sortby(dims[0], ascending=False)
    made = xr.Dataset(coords=ds.coords)
    for half, hour in zip(("Day", "Night"), _HOURS[product[1]], strict=True):
        kelvin = ds[f"lst_{half.lower()}"].transpose(*order).values + 273.15
        held = np.isfinite(kelvin)
        number = np.where(held, np.round(np.nan_to_num(kelvin) / SCALE), FILL).astype("u2")
        quality = np.full(kelvin.shape, GOOD)
        if error_class is not None:
            classes = error_class.sortby(dims[0], ascending=False).transpose(*order).values
            quality = np.array(WITHIN)[classes]
        layers = {
            f"LST_{half}_1km": (number, _KELVIN | {"_FillValue": FILL}),
            # files state the fill value 0, which is that of good pixels too
            f"QC_{half}": (np.where(held, quality, CLOUD).astype("u1"), {"_FillValue": 0}),
            f"{half}_view_time": (
                np.where(held, round(hour * 10), 255).astype("u1"),
                _TIMES | {"_FillValue": 255},
            ),
            f"{half}_view_angl": (
                np.where(held, 65 + 20, 255).astype("u1"),
                _ANGLES | {"_FillValue": 255},
            ),
        }
        made = made.assign({name: (order, values, a) for name, (values, a) in layers.items()})
    return made


def _as_images(stored: xr.Dataset, folder: Path, product: Short) -> list[Path]:
    paths = []
    for layer, da in stored.data_vars.items():
        for stamp in stored.indexes["time"]:
            path = folder / f"{product}.061_{layer}_doy{stamp:%Y%j}000000_aid0001.tif"
            image = da.sel(time=stamp).values[None]
            nodata = None if str(layer).startswith("QC") else da.attrs["_FillValue"]
            write_image(path, stored, image, nodata=nodata)
            paths.append(path)
    return paths


def _as_bands(stored: xr.Dataset, folder: Path) -> list[Path]:
    """Write bands of one type and no fill value, as exports of images with masks have none."""
    paths = []
    bands = [str(name).replace("angl", "angle") for name in stored.data_vars]
    for stamp in stored.indexes["time"]:
        image = np.stack([da.sel(time=stamp).values for da in stored.data_vars.values()])
        path = folder / f"{stamp:%Y_%m_%d}.tif"
        write_image(path, stored, image.astype("u2"), nodata=None, bands=bands)
        paths.append(path)
    return paths


def _as_netcdf(stored: xr.Dataset, folder: Path, product: Short) -> Path:
    """Write one file; AppEEARS calls the calendar julian, and counts the days of our own."""
    box = geobox_of(stored)
    rows, columns = grid_dims(stored) or ("y", "x")
    ours = {rows: "ydim", columns: "xdim"} if rows == "y" else {rows: "lat", columns: "lon"}
    file = stored.drop_vars(["spatial_ref"], errors="ignore").rename(ours)
    for da in file.data_vars.values():
        da.encoding = {}
        fill = da.dtype.type(da.attrs["_FillValue"])
        da.attrs |= {"grid_mapping": "crs", "_FillValue": fill}
    days = (file.indexes["time"] - pd.Timestamp(2000, 1, 1)).days.to_numpy().astype("i4")
    about = {"units": "days since 2000-01-01 00:00:00", "calendar": "julian"}
    file = file.assign_coords(time=("time", days, about))
    if box.crs is not None:
        file["crs"] = ((), np.int8(0), {"crs_wkt": box.crs.to_wkt()})
    path = folder / f"{product}.061_1km_aid0001.nc"
    file.to_netcdf(path, engine="h5netcdf")
    return path


def _as_hdf(stored: xr.Dataset, folder: Path, product: Short) -> list[Path]:
    paths = []
    for tile in tiles_of(stored, name="ds"):
        for stamp in stored.indexes["time"]:
            one = tile.part.sel(time=stamp)
            fields = {str(name): Field(da.values, da.attrs) for name, da in one.data_vars.items()}
            path = folder / f"{product}.A{stamp:%Y%j}.{tile.name}.061.2021001000000.hdf"
            grid = _GRID[product[-2:]]
            paths.append(write_hdf_eos(path, fields, grid=grid, corners=tile.corners))
    return paths
