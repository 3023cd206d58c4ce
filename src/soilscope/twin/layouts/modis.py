"""MODIS NDVI and EVI (MOD13A2, MOD13A3) as delivered, and as AppEEARS or Earth Engine export it."""

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

Layout = Literal["appeears", "appeears_netcdf", "earth_engine", "hdf"]
Short = Literal["MOD13A2", "MOD13A3"]
Array = npt.NDArray[Any]

FILL, SCALE = -3000, 0.0001
GOOD, CLOUDY, NO_PIXEL = 0, 3, -1
_GRIDS = {"MOD13A2": "MODIS_Grid_16DAY_1km_VI", "MOD13A3": "MOD_Grid_monthly_1km_VI"}
_WORDS = {"MOD13A2": "_1_km_16_days_", "MOD13A3": "_1_km_monthly_"}
_LAYERS = {
    "ndvi": ("NDVI", "i2", FILL),
    "evi": ("EVI", "i2", FILL),
    "reliability": ("pixel_reliability", "i1", NO_PIXEL),
    "day": ("composite_day_of_the_year", "i2", -1),
}


def write_modis(
    ds: xr.Dataset,
    folder: str | Path,
    *,
    product: Short = "MOD13A2",
    layout: Layout = "appeears",
    cloud_share: float = 0.0,
    seed: int = 0,
) -> list[Path]:
    """Write `ndvi` (and `evi`) of monthly or daily data as MODIS files, and return their paths.

    Parameters
    ----------
    ds
        With `ndvi`, and `evi` if there is any, on (time, latitude, longitude) or (time, y, x), and
        a reference system.
    folder
        Where to write; made if it does not exist.
    product
        "MOD13A2": composites of 16 days that begin anew on each 1 January, interpolated from the
        middles of the months and seen i modulo 16 days after their first day in cell i (row by
        row); "MOD13A3": the months as they are, without a day.
    layout
        "appeears" (a GeoTIFF a layer and date), "appeears_netcdf" (all in one file),
        "earth_engine" (a GeoTIFF a date, with the layers as bands), or "hdf" (HDF-EOS as delivered,
        a file a date and tile, or the part of a tile that `ds` covers; on the sinusoidal grid
        alone, with pyhdf).
    cloud_share
        Share of pixels that clouds hide: their NDVI is 0.05, their reliability 3.
    seed
        Seed of the clouds.

    Returns
    -------
    list of Path
        In the order of time, for each layer.

    Examples
    --------
    >>> import tempfile
    >>> from soilscope.twin.helan import helan
    >>> twin = helan(spacing=0.25, months=36)
    >>> files = write_modis(twin, tempfile.mkdtemp(), product="MOD13A3")
    >>> len(files), files[1].name
    (72, 'MOD13A3.061__1_km_monthly_NDVI_doy2000032_aid0001.tif')
    """
    require_choice(product, get_args(Short), name="product")
    require_choice(layout, get_args(Layout), name="layout")
    Path(folder).mkdir(parents=True, exist_ok=True)
    stored = _stored(ds, product, cloud_share, np.random.default_rng(seed))
    if layout == "hdf":
        return _as_hdf(stored, Path(folder), product)
    if layout == "appeears_netcdf":
        return [_as_netcdf(stored, Path(folder), product)]
    if layout == "earth_engine":
        return _as_bands(stored, Path(folder))
    return _as_images(stored, Path(folder), product)


def _stored(
    ds: xr.Dataset, product: Short, cloud_share: float, rng: np.random.Generator
) -> xr.Dataset:
    """Make the layers of the product in stored numbers, rows from north to south."""
    dims = grid_dims(ds["ndvi"])
    if dims is None:
        raise ValueError("ndvi has no grid.")
    names = [name for name in ("ndvi", "evi") if name in ds]
    indices = ds[names].transpose("time", *dims).sortby(dims[0], ascending=False)
    if product == "MOD13A2":
        indices = _in_composites(indices)
    ndvi = indices["ndvi"]
    cloudy = rng.random(ndvi.shape) < cloud_share
    missing = ~np.isfinite(ndvi.values)
    ranks = np.where(missing, NO_PIXEL, np.where(cloudy, CLOUDY, GOOD)).astype("i1")
    stored = xr.Dataset(coords=ndvi.coords)
    for name in names:
        values = np.where(cloudy, 0.05, indices[name].values)
        number = np.where(missing, FILL, np.round(np.nan_to_num(values) / SCALE)).astype("i2")
        stored[name] = (ndvi.dims, number)
    stored["reliability"] = (ndvi.dims, ranks)
    if product == "MOD13A2":
        later = np.arange(ranks[0].size).reshape(ranks[0].shape) % 16
        seen = ndvi["time"].values[:, None, None] + later.astype("timedelta64[D]")
        days = pd.DatetimeIndex(seen.ravel()).day_of_year.to_numpy().reshape(ranks.shape)
        stored["day"] = (ndvi.dims, np.where(missing, -1, days).astype("i2"))
    return stored


def _in_composites(ndvi: xr.Dataset) -> xr.Dataset:
    time = ndvi.indexes["time"]
    monthly = np.median(np.diff(time)) > np.timedelta64(20, "D")
    centres = time + pd.Timedelta(days=15) if monthly else time
    starts = pd.DatetimeIndex(
        [
            pd.Timestamp(year, 1, 1) + pd.Timedelta(days=16 * k)
            for year in range(time[0].year, time[-1].year + 1)
            for k in range(23)
        ]
    )
    end = time[-1] + (pd.offsets.MonthEnd(1) if monthly else pd.Timedelta(0))
    starts = starts[(starts >= time[0]) & (starts <= end)]
    middles = (starts + pd.Timedelta(days=8)).to_numpy()
    inside = np.clip(middles, centres[0].to_datetime64(), centres[-1].to_datetime64())
    found = ndvi.assign_coords(time=centres).interp(time=xr.DataArray(inside, dims="time"))
    return found.assign_coords(time=starts)


def _as_images(stored: xr.Dataset, folder: Path, product: Short) -> list[Path]:
    paths = []
    for layer in stored.data_vars:
        word, dtype, fill = _LAYERS[str(layer)]
        for stamp in stored.indexes["time"]:
            name = f"{product}.061_{_WORDS[product]}{word}_doy{stamp:%Y%j}_aid0001.tif"
            image = stored[layer].sel(time=stamp).values[None]
            write_image(folder / name, stored, image.astype(dtype), nodata=fill)
            paths.append(folder / name)
    return paths


def _as_bands(stored: xr.Dataset, folder: Path) -> list[Path]:
    paths = []
    names = {"ndvi": "NDVI", "evi": "EVI", "reliability": "SummaryQA", "day": "DayOfYear"}
    for stamp in stored.indexes["time"]:
        image = np.stack([da.sel(time=stamp).values for da in stored.data_vars.values()])
        path = folder / f"{stamp:%Y_%m_%d}.tif"
        bands = [names[str(layer)] for layer in stored.data_vars]
        write_image(path, stored, image.astype("i2"), nodata=None, bands=bands)
        paths.append(path)
    return paths


def _as_hdf(stored: xr.Dataset, folder: Path, product: Short) -> list[Path]:
    """Write a file a date and tile; the scale is a divisor there, unlike in exports."""
    paths = []
    for name, part, corners in tiles_of(stored, name="ndvi"):
        for stamp in part.indexes["time"]:
            fields = {}
            for layer, da in part.data_vars.items():
                word, _, fill = _LAYERS[str(layer)]
                long_name = (_WORDS[product] + word).replace("_", " ").strip()
                about: dict[str, Any] = {"long_name": long_name, "_FillValue": fill}
                if layer in ("ndvi", "evi"):
                    about |= {
                        "units": str(layer).upper(),
                        "valid_range": [-2000, 10000],
                        "scale_factor": 10000.0,
                        "add_offset": 0.0,
                    }
                fields[long_name] = Field(da.sel(time=stamp).values, about)
            path = folder / f"{product}.A{stamp:%Y%j}.{name}.061.{stamp.year + 1}001000000.hdf"
            paths.append(write_hdf_eos(path, fields, grid=_GRIDS[product], corners=corners))
    return paths


def _as_netcdf(stored: xr.Dataset, folder: Path, product: Short) -> Path:
    """Write one file; AppEEARS calls the calendar julian, and counts the days of our own."""
    box = geobox_of(stored)
    rows, columns = grid_dims(stored) or ("y", "x")
    planar = rows == "y"
    ours = {rows: "ydim" if planar else "lat", columns: "xdim" if planar else "lon"}
    file = stored.drop_vars(["spatial_ref"], errors="ignore").rename(ours)
    names = {layer: f"{_WORDS[product]}{_LAYERS[str(layer)][0]}" for layer in file.data_vars}
    for layer, da in file.data_vars.items():
        da.attrs = {"grid_mapping": "crs", "_FillValue": da.dtype.type(_LAYERS[str(layer)][2])}
    for name in {"ndvi", "evi"} & set(file.data_vars):
        file[name].attrs |= {
            "scale_factor": SCALE,
            "add_offset": 0.0,
            "units": name.upper(),
            "valid_min": np.int16(-2000),
            "valid_max": np.int16(10000),
        }
    days = (file.indexes["time"] - pd.Timestamp(2000, 1, 1)).days.to_numpy().astype("i4")
    about = {"units": "days since 2000-01-01 00:00:00", "calendar": "julian"}
    file = file.rename(names).assign_coords(time=("time", days, about))
    if box.crs is not None:
        file["crs"] = ((), np.int8(0), {"crs_wkt": box.crs.to_wkt()})
    path = folder / f"{product}.061_1km_aid0001.nc"
    file.to_netcdf(path, engine="h5netcdf")
    return path
