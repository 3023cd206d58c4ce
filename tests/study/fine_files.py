"""A folder of what daily soil moisture on fine cells is made from, in the products' own layouts."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from soilscope import set_layers
from soilscope.grid.crs import stamp
from soilscope.twin.layouts.era5_land import write_era5_land
from soilscope.twin.layouts.esa_cci import write_esa_cci
from soilscope.twin.layouts.fvc_china import write_fvc_china
from soilscope.twin.layouts.gebco import write_gebco
from soilscope.twin.layouts.gldas import write_gldas
from soilscope.twin.layouts.modis import write_modis
from soilscope.twin.layouts.modis_et import write_modis_et
from soilscope.twin.layouts.modis_land_cover import write_modis_land_cover
from soilscope.twin.layouts.modis_lst import write_modis_lst
from soilscope.twin.layouts.peng_precipitation import write_peng_precipitation
from soilscope.twin.layouts.smops import write_smops
from soilscope.twin.layouts.soil_hydraulics import write_soil_hydraulics
from soilscope.twin.layouts.soilgrids import write_soilgrids
from soilscope.twin.layouts.trims_lst import ALBERS, write_trims_lst

DAYS = pd.date_range("2019-06-01", periods=40)
MONTHS = pd.date_range("2019-01", periods=12, freq="MS")
NORTH = 38.98 - 0.04 * np.arange(25)
EAST = 100.02 + 0.04 * np.arange(25)
_HOURS = pd.date_range("2019-06-01", periods=40 * 8, freq="3h")
_DIMS = ("time", "latitude", "longitude")


def field(
    time: Sequence[object], low: float, high: float, *, step: float = 0.04, seed: int = 0
) -> xr.DataArray:
    """Draw values on cells of `step` degrees between 38 and 39 N, 100 and 101 E."""
    n = round(1.0 / step)
    north = 39.0 - step * (np.arange(n) + 0.5)
    east = 100.0 + step * (np.arange(n) + 0.5)
    values = np.random.default_rng(seed).uniform(low, high, (len(time), n, n))
    return xr.DataArray(values, dict(zip(_DIMS, (time, north, east), strict=True)), _DIMS)


def located(**variables: xr.DataArray) -> xr.Dataset:
    """Put variables into a Dataset in degrees."""
    return stamp(xr.Dataset(variables), "EPSG:4326")


def write_daily(folder: Path, *, satellite: bool = True) -> None:
    """Write hourly reanalysis, day and night temperatures, NDVI, land cover, satellite moisture.

    Dry soil is warm by day: a relation that can be found.
    """
    wet = field(DAYS, 0.1, 0.4, step=0.1, seed=1)
    hours = wet.reindex(time=_HOURS, method="ffill")
    hour = xr.DataArray(_HOURS.hour.to_numpy() + 100.5 / 15.0, {"time": _HOURS}, "time")
    swing = np.cos((hour - 13.5) * np.pi / 12.0)
    skin = (15.0 + (12.0 - 20.0 * hours) * swing).transpose(*_DIMS)
    layers = set_layers(hours.expand_dims(depth=1, axis=1), [[0.0, 0.07]])
    write_era5_land(
        located(soil_moisture=layers, surface_temperature=skin), folder / "ERA5-Land", by="all"
    )
    fine = wet.interp(latitude=NORTH, longitude=EAST, method="nearest")
    day, night = 27.0 - 20.0 * fine, 3.0 + 20.0 * fine
    write_modis_lst(located(lst_day=day, lst_night=night), folder / "LST", product="MYD11A1")
    write_modis(located(ndvi=field(MONTHS, 0.35, 0.55)), folder / "NDVI")
    write_cover(folder)
    if satellite:
        write_esa_cci(located(soil_moisture=field(DAYS, 0.1, 0.4, step=0.25)), folder / "CCI")


def write_cover(folder: Path, *, year: int = 2019) -> None:
    """Write a map of grass in the west and barren land in the east."""
    codes = xr.where(field([pd.Timestamp(year, 1, 1)], 0.0, 1.0).longitude < 100.5, 10, 16)
    codes = codes.expand_dims(time=[pd.Timestamp(year, 1, 1)], latitude=NORTH)
    write_modis_land_cover(located(land_cover=codes.astype("int16")), folder / "COVER")


def write_others(folder: Path) -> None:
    """Write the products that stand beside: soil, terrain, more temperature, rain, evaporation."""
    smops = located(soil_moisture=field(DAYS[:4], 0.1, 0.4, step=0.25))
    write_smops(smops.isel(time=[0, 1, 3]), folder / "SMOPS")
    write_gldas(located(surface_temperature=field(_HOURS[1:5], 5, 9, step=0.25)), folder / "GLDAS")
    periods = [pd.Timestamp(2019, 1, 1) + pd.Timedelta(days=8 * k) for k in range(46)]
    rates = located(potential_evapotranspiration=field(periods, 1.0, 3.0))
    for path in write_modis_et(rates, folder / "PET")[20:22]:
        path.unlink()
    y, x = 4.3e6 - 1000.0 * np.arange(9), 1e4 + 1000.0 * np.arange(9)
    lst = xr.DataArray(np.full((3, 9, 9), 20.0), {"time": DAYS[:3], "y": y, "x": x})
    trims = stamp(xr.Dataset({"lst_day": lst, "lst_night": lst - 15.0}), ALBERS)
    write_trims_lst(trims, folder / "TRIMS")
    height = field(DAYS[:1], 900.0, 4000.0).isel(time=0, drop=True).sortby("latitude")
    write_gebco(xr.Dataset({"elevation": height}), folder / "DEM", layout="cutout")
    clay = field(DAYS[:2], 10.0, 30.0).rename(time="depth").drop_vars("depth")
    write_soilgrids(located(clay=set_layers(clay, [[0, 0.05], [0.05, 0.15]])), folder / "SOIL")
    pores = field(DAYS[:2], 0.3, 0.5).rename(time="depth").assign_coords(depth=[0.05, 0.15])
    write_soil_hydraulics(xr.Dataset({"porosity": pores}), folder / "HYDRAULICS")
    rain = xr.Dataset({"precipitation": field(MONTHS, 0.0, 50.0)})
    write_peng_precipitation(rain, folder / "PRE", years=1)
    write_fvc_china(located(fvc=field(MONTHS, 0.1, 0.6)), folder / "FVC")
