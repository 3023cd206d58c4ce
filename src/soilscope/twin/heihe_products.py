"""The Heihe twin as the files that paper B was made from: every product in its own layout."""

import json
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pyproj
import xarray as xr
from scipy.ndimage import distance_transform_edt
from shapely.geometry import box

from soilscope.grid.crs import geobox_of, stamp
from soilscope.grid.depth import set_layers
from soilscope.twin.heihe import Heihe
from soilscope.twin.heihe_place import ALBERS
from soilscope.twin.layouts.era5_land import write_era5_land
from soilscope.twin.layouts.esa_cci import write_esa_cci
from soilscope.twin.layouts.fvc_china import write_fvc_china
from soilscope.twin.layouts.gebco import write_gebco
from soilscope.twin.layouts.modis import write_modis
from soilscope.twin.layouts.modis_et import write_modis_et
from soilscope.twin.layouts.modis_land_cover import write_modis_land_cover
from soilscope.twin.layouts.modis_lst import write_modis_lst
from soilscope.twin.layouts.peng_precipitation import write_peng_precipitation
from soilscope.twin.layouts.smci import write_smci_tiles
from soilscope.twin.layouts.smops import write_smops
from soilscope.twin.layouts.soil_hydraulics import write_soil_hydraulics
from soilscope.twin.layouts.soilgrids import write_soilgrids
from soilscope.twin.layouts.trims_lst import write_trims_lst

BARREN = 16
SUB_BASINS = ["上游", "中游"]


def write_products(folder: Path, twin: Heihe, *, first: str, last: str) -> None:
    """Write the 14 products that `examples/heihe.yaml` names, in the layouts in which they come.

    Parameters
    ----------
    folder
        Where files and folders are made.
    twin
        As `heihe` draws it.
    first, last
        Days of surface temperature and soil moisture; composites are made of all days of the twin.
    """
    days = slice(first, last)
    fine = twin.fine.sel(time=days)
    write_trims_lst(fine[["lst_day", "lst_night"]], folder / "TRIMS_LST")
    write_era5_land(_hours(twin.reanalysis.sel(time=days)), folder / "ERA5-Land", by="all")
    cci = twin.cci.sel(time=days)
    cci = cci.assign(flag=(cci.flag == 1).astype("i1"))
    write_esa_cci(_around(cci), folder / "ESA_CCI")
    write_smops(twin.smops.sel(time=days), folder / "SMOPS")
    learned = twin.smci.soil_moisture.sel(time=days).expand_dims(depth=1, axis=1)
    learned = set_layers(learned, [[0.0, 0.1]]).to_dataset(name="soil_moisture")
    learned = in_degrees(learned, 0.01)
    rows, columns = (max(32, -(-learned.sizes[d] // 4)) for d in ("latitude", "longitude"))
    write_smci_tiles(learned, folder, tile=(rows, columns))
    _write_satellites(folder, twin.fine)
    _write_still(folder, twin.fine)
    west, south, east, north = _bounds(twin.fine)
    middle = (south + north) / 2
    halves = [box(west, south, east, middle), box(west, middle, east, north)]
    basins = geopandas.GeoDataFrame({"NAME": SUB_BASINS}, geometry=halves, crs="EPSG:4326")
    basins.to_file(folder / "sub_basins.shp", engine="pyogrio", encoding="UTF-8")


def _write_satellites(folder: Path, fine: xr.Dataset) -> None:
    """Write composites of vegetation, surface temperature and evaporation, months of rain."""
    seen = in_degrees(fine[["ndvi", "lst_day", "lst_night", "potential_evapotranspiration"]], 0.01)
    barren = in_degrees(fine[["land_cover"]], 0.01).land_cover == BARREN
    rng = np.random.default_rng(5)
    green = seen.ndvi + rng.normal(0.0, 0.01, seen.ndvi.shape)
    greens = xr.Dataset({"ndvi": green, "evi": 0.62 * seen.ndvi + 0.02})
    write_modis(stamp(greens, "EPSG:4326"), folder / "MOD13A2", cloud_share=0.02)
    eights = pd.date_range("2020-01-01", periods=46, freq="8D")
    means = seen.resample(time="8D", origin=eights[0]).mean()
    means = means.sel(time=np.isin(means.time, eights))
    surface = stamp(means[["lst_day", "lst_night"]], "EPSG:4326")
    write_modis_lst(surface, folder / "MOD11A2", product="MOD11A2")
    # the product has no estimate where nothing grows
    thirst = means[["potential_evapotranspiration"]].where(~barren)
    write_modis_et(stamp(thirst, "EPSG:4326"), folder / "MOD16A2GF")
    months = in_degrees(fine[["precipitation", "ndvi"]], 1 / 120).resample(time="MS")
    rain = months.sum().precipitation.astype("f4").to_dataset(name="precipitation")
    write_peng_precipitation(rain, folder / "PRE", years=1)
    cover = ((months.max().ndvi - 0.05) / 0.8).clip(0.0, 1.0).to_dataset(name="fvc")
    write_fvc_china(stamp(cover, "EPSG:4326"), folder / "FVC")


def _write_still(folder: Path, fine: xr.Dataset) -> None:
    """Write land cover, soil and elevation."""
    cover = in_degrees(fine[["land_cover"]], 1 / 240).expand_dims(time=[pd.Timestamp(2020, 1, 1)])
    write_modis_land_cover(stamp(cover, "EPSG:4326"), folder / "MCD12Q1")
    soil = fine[["sand", "clay", "bulk_density", "organic_carbon"]]
    soil = soil.assign(silt=100.0 - soil.sand - soil.clay).expand_dims("depth")
    soil = set_layers(in_degrees(soil, 1 / 120), [[0.0, 0.05]])
    write_soilgrids(stamp(soil, "EPSG:4326"), folder / "SoilGrids")
    hydraulics = fine[["porosity", "residual_water_content", "saturated_conductivity"]]
    hydraulics = in_degrees(hydraulics, 1 / 120)
    # Mualem and van Genuchten: the finer the soil, the flatter its curve
    clay = soil.clay.isel(depth=0, drop=True)
    curve = {"van_genuchten_alpha": 0.045 - 0.001 * clay, "van_genuchten_n": 1.9 - 0.02 * clay}
    hydraulics = hydraulics.assign(curve).expand_dims(depth=[0.05])
    write_soil_hydraulics(hydraulics, folder / "Hydraulics")
    heights = in_degrees(_without_edge(fine[["elevation"]]), 1 / 240)
    write_gebco(heights, folder / "GEBCO", layout="cutout")


def _without_edge(ds: xr.Dataset) -> xr.Dataset:
    """Give cells beyond the basin the height of the nearest inside: land has no edge."""
    inside = ds.elevation.notnull().values
    _, (row, column) = distance_transform_edt(~inside, return_indices=True)
    return ds.assign(elevation=ds.elevation.copy(data=ds.elevation.values[row, column]))


def in_degrees(ds: xr.Dataset, step: float) -> xr.Dataset:
    """Take the nearest cell of the twin on a grid of `step` degrees; beyond it, its edge.

    `step` fits cells of 1 km; the steps of larger ones are wider, yet three times as fine as they.
    """
    west, south, east, north = _bounds(ds)
    step *= max(geobox_of(ds).resolution.x / 3000.0, 1.0)
    latitude = np.arange(np.ceil(north / step), np.floor(south / step), -1) * step - step / 2
    longitude = np.arange(np.floor(west / step), np.ceil(east / step)) * step + step / 2
    plane = pyproj.Transformer.from_crs("EPSG:4326", ALBERS, always_xy=True)
    x, y = plane.transform(*np.meshgrid(longitude, latitude))
    affine, (n_row, n_column) = geobox_of(ds).affine, geobox_of(ds).shape
    row = np.clip(np.floor((affine.f - y) / -affine.e).astype(int), 0, n_row - 1)
    column = np.clip(np.floor((x - affine.c) / affine.a).astype(int), 0, n_column - 1)
    places = {"latitude": latitude, "longitude": longitude}
    at = {
        "y": xr.DataArray(row, places, tuple(places)),
        "x": xr.DataArray(column, places, tuple(places)),
    }
    return ds.drop_vars(["spatial_ref", "y", "x"]).isel(at)


def _bounds(ds: xr.Dataset) -> tuple[float, float, float, float]:
    """West, south, east and north of the twin in degrees."""
    edges = geobox_of(ds).extent.boundingbox
    back = pyproj.Transformer.from_crs(ALBERS, "EPSG:4326", always_xy=True)
    return back.transform_bounds(*edges)


def _around(ds: xr.Dataset) -> xr.Dataset:
    """Put the cells of a satellite into a cut-out that is larger than the basin."""
    latitude, longitude = np.arange(44.875, 35.0, -0.25), np.arange(95.125, 105.0, 0.25)
    places = {"latitude": latitude, "longitude": longitude}
    return ds.reindex(places, method="nearest", tolerance=0.01, fill_value={"flag": 0})


def _hours(reanalysis: xr.Dataset) -> xr.Dataset:
    """Hourly values whose surface temperature is that of day and night at 13.5 and 1.5 h."""
    known = reanalysis[["soil_moisture", "lst_day", "lst_night"]]
    first, last = known.indexes["time"][[0, -1]]
    stamps = pd.date_range(first, last + pd.Timedelta(hours=23), freq="h")
    utc = xr.DataArray((stamps - first) / pd.Timedelta(days=1), {"time": stamps}, "time")
    local = utc + known.longitude / 360.0
    day = np.clip(np.floor(local), 0, known.sizes["time"] - 1).astype(int)
    hour = 24.0 * (local - np.floor(local))
    by_number = known.assign_coords(time=np.arange(known.sizes["time"]))
    at = by_number.sel(time=day, longitude=known.longitude).transpose("time", "latitude", ...)
    swing = np.cos((hour - 13.5) * np.pi / 12.0)
    skin = (at.lst_day + at.lst_night) / 2 + (at.lst_day - at.lst_night) / 2 * swing
    moist = set_layers(at.soil_moisture.expand_dims(depth=1, axis=1), [[0.0, 0.07]])
    skin = skin.transpose("time", "latitude", "longitude")
    made = xr.Dataset({"surface_temperature": skin, "soil_moisture": moist})
    made = made.drop_vars(
        [c for c in made.coords if c not in (*made.dims, "depth_top", "depth_bottom")]
    )
    made.attrs["lineage"] = json.dumps(["ERA5-Land"])
    return made
