"""Real files of several makers, declared by hand; numbers come from the files' own libraries."""

import warnings

import numpy as np
import pandas as pd
import pytest
import rasterio
import xarray as xr

from soilscope import open_source
from soilscope.errors import SoilscopeWarning, SourceError
from soilscope.grid.crs import crs_of, geobox_of

pytestmark = pytest.mark.real
NOAH = [
    "SoilMoi0_10cm_inst",
    "SoilMoi10_40cm_inst",
    "SoilMoi40_100cm_inst",
    "SoilMoi100_200cm_inst",
]
NOAH_LAYERS = [[0, 0.1], [0.1, 0.4], [0.4, 1.0], [1.0, 2.0]]


def test_gldas_noah_water_per_area_becomes_a_volume_share(shared_data):
    path = shared_data / "gldas-noah-snapshot" / "GLDAS_NOAH025_3H_20150101T0000_china.nc"
    names = {
        "soil_moisture": NOAH,
        "temperature": "Tair_f_inst",
        "precipitation": "Rainf_f_tavg",
        "pressure": "Psurf_f_inst",
    }
    ds = open_source("raster", path, variables=names, depth_bounds=NOAH_LAYERS)
    with xr.open_dataset(path) as raw:
        for layer, (name, thickness) in enumerate(zip(NOAH, (0.1, 0.3, 0.6, 1.0), strict=True)):
            expected = raw[name].values[:, ::-1] / (1000.0 * thickness)
            np.testing.assert_allclose(ds.soil_moisture.values[:, layer], expected, rtol=1e-6)
        np.testing.assert_allclose(
            ds.temperature.values, raw.Tair_f_inst.values[:, ::-1] - 273.15, atol=1e-4
        )
    assert ds.precipitation.attrs["units"] == "mm d-1"
    assert ds.pressure.attrs["units"] == "kPa"
    assert ds.latitude.values[[0, -1]].tolist() == [54.375, 17.125]
    assert crs_of(ds) == "EPSG:4326"


def test_gldas_noah_without_layers_says_what_is_missing(shared_data):
    path = shared_data / "gldas-noah-snapshot" / "GLDAS_NOAH025_3H_20160101_7steps_china.nc"
    with pytest.raises(SourceError, match=r"kg m-2, water per area, .* write depth_bounds"):
        open_source("raster", path, variables={"soil_moisture": NOAH[0]})
    ds = open_source(
        "raster", path, variables={"soil_moisture": NOAH[:2]}, depth_bounds=NOAH_LAYERS[:2]
    )
    assert dict(ds.sizes) == {"time": 7, "depth": 2, "latitude": 150, "longitude": 256}


def test_era5_packing_noise_below_zero_warns_and_stays(shared_data):
    path = shared_data / "era5-snapshot" / "ERA5_20100101_00_12_swvl12_china.nc"
    with pytest.warns(SoilscopeWarning, match=r"holds -0.000314961 to .* \(7 of 155228 values"):
        ds = open_source(
            "raster",
            path,
            variables={"soil_moisture": ["swvl1", "swvl2"]},
            depth_bounds=[[0, 0.07], [0.07, 0.28]],
        )
    with xr.open_dataset(path) as raw:
        np.testing.assert_array_equal(ds.soil_moisture.values[:, 1], raw.swvl2.values)
    assert geobox_of(ds).resolution.x == 0.25


def test_single_precision_tenths_of_a_degree_are_exact(shared_data):
    path = shared_data / "era5-snapshot" / "ERA5_landmask_0.1_0.1_china.nc"
    ds = open_source("raster", path, variables={"land": {"name": "land", "units": "1"}})
    np.testing.assert_allclose(ds.longitude.values, 72 + np.arange(641) / 10, rtol=1e-13)


def test_modis_temperatures_of_eight_days_open_as_they_are(shared_data):
    path = shared_data / "modis-lst-istra" / "modis_lst_8day_2008_istra_1km.nc"
    ds = open_source("raster", path, variables={"surface_temperature": "lst"})
    with xr.open_dataset(path) as raw:
        np.testing.assert_array_equal(ds.surface_temperature.values, raw.lst.values)


def test_climate_zones_of_a_geotiff_are_codes(shared_data):
    path = shared_data / "nwchina-static" / "koppen_1km.tif"
    ds = open_source("raster", path, variables={"zone": 1})
    with rasterio.open(path) as file:
        values = file.read(1)
        assert ds.longitude.values[0] == pytest.approx(file.bounds.left + file.res[0] / 2)
    np.testing.assert_array_equal(ds.zone.values, np.where(values == 0, -1, values))


def test_named_bands_in_an_albers_projection_are_found(shared_data):
    path = shared_data / "nwchina-static" / "spEDM_npp_china_10km_albers.tif"
    ds = open_source("raster", path, variables={"elevation": {"name": "elev", "units": "m"}})
    with rasterio.open(path) as file:
        expected = file.read(4)
    np.testing.assert_array_equal(ds.elevation.values, expected)
    assert crs_of(ds).projected
    assert ds.elevation.dims == ("y", "x")
    assert ds.x.values[0] == -2625763.225 + 5000.0


def test_static_maps_state_no_units_and_are_asked_for_them(shared_data):
    path = shared_data / "nwchina-static" / "nwchina_static_005deg.nc"
    with pytest.raises(SourceError, match=r"elevation .* has no units; write"):
        open_source("raster", path, variables={"elevation": "china10km_elev"})
    names = {
        "land_cover": "landcover_igbp",
        "ndvi": "ndvi_max",
        "elevation": {"name": "china10km_elev", "units": "m"},
    }
    ds = open_source("raster", path, variables=names, region=(105, 37, 107, 40))
    assert ds.land_cover.dtype == np.int16
    assert dict(ds.sizes) == {"latitude": 60, "longitude": 40}


def test_points_of_era5_land_come_from_rows(shared_data):
    path = shared_data / "era5land-srdb-points" / "era5land_points_monthly_wide.parquet"
    names = {
        "soil_moisture": {"name": ["VWC_lev1", "VWC_lev2"], "units": "m3 m-3"},
        "temperature": {"name": "Tair", "units": "K"},
    }
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ds = open_source("table", path, variables=names, depth_bounds=[[0, 0.07], [0.07, 0.28]])
    rows = pd.read_parquet(path)
    assert dict(ds.sizes) == {"time": 444, "depth": 2, "site": 1587}
    assert int(ds.temperature.notnull().sum()) == int(rows.Tair.notna().sum())
    one = rows.iloc[12345]
    found = ds.sel(site=str(one.site), time=one.time)
    assert found.soil_moisture.values.tolist() == [one.VWC_lev1, one.VWC_lev2]
    assert float(found.temperature) == pytest.approx(one.Tair - 273.15)
    assert (float(found.latitude), float(found.longitude)) == (one.Latitude, one.Longitude)


def test_farm_sensors_have_depths_at_points(shared_data):
    path = shared_data / "cookfarm-3dt" / "cookfarm_daily.nc"
    names = {"soil_moisture": "vwc", "soil_temperature": "tsoil", "precipitation": "precip"}
    ds = open_source("table", path, variables=names, dims={"site": "station", "y": "northing"})
    assert ds.depth.values.tolist() == [0.3, 0.6, 0.9, 1.2, 1.5]
    assert "depth_top" not in ds.coords
    assert ds.site.values[0] == "CAF003"
    assert ds.y.values[0] > 5e6


def test_farm_rows_of_several_readings_a_day_are_refused(shared_data):
    path = shared_data / "cookfarm-3dt" / "CAST_cookfarm_2010_2012_long.csv.gz"
    with pytest.raises(SourceError, match=r"twice .* keep one of them"):
        open_source(
            "table",
            path,
            variables={"soil_moisture": {"name": "VW", "units": "1"}},
            dims={"site": "SOURCEID", "time": "Date"},
        )
    ds = open_source(
        "table",
        path,
        variables={"soil_moisture": {"name": "VW", "units": "1"}},
        dims={"site": "SOURCEID", "time": "Date", "depth": "altitude"},
        depth_bounds={"units": "m"},
    )
    assert ds.depth.values.tolist() == [0.3, 0.6, 0.9, 1.2, 1.5]  # heights of -0.3 m and so on
    assert (
        float(ds.soil_moisture.sel(site="CAF357", depth=0.6, time="2010-01-01").squeeze()) == 0.328
    )
