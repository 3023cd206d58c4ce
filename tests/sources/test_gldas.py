"""GLDAS Noah: layers, names, versions, early products; real files against hand computation."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope import open_source, set_layers
from soilscope.errors import SoilscopeWarning, SourceError
from soilscope.grid.crs import crs_of
from soilscope.twin.layouts.gldas import write_gldas

LAYERS = [[0.0, 0.1], [0.1, 0.4], [0.4, 1.0], [1.0, 2.0]]


def land(time: pd.DatetimeIndex | None = None) -> xr.Dataset:
    """Soil water that tells its layer, and a surface temperature that tells its hour."""
    time = pd.date_range("2015-01-01", periods=9, freq="3h") if time is None else time
    lat, lon = 38.625 - 0.25 * np.arange(3), 100.125 + 0.25 * np.arange(4)
    places = {"time": time, "latitude": lat, "longitude": lon}
    step, layer, row, column = np.indices((time.size, 4, 3, 4))
    water = 0.1 + 0.05 * layer + 0.001 * step + 0.01 * row + 0.002 * column
    dims = ("time", "depth", "latitude", "longitude")
    sm = set_layers(xr.DataArray(water, places, dims), LAYERS)
    flat = xr.DataArray(0.5 * step[:, 0] + row[:, 0], places, ("time", "latitude", "longitude"))
    return xr.Dataset(
        {
            "soil_moisture": sm,
            "soil_temperature": sm * 10 - 5,
            "surface_temperature": flat - 3.0,
            "precipitation": flat,
            "snow_water_equivalent": flat,
        }
    )


@pytest.fixture
def files(tmp_path):
    write_gldas(land(), tmp_path)
    return tmp_path


def test_values_come_back_in_our_names_units_and_layers(files):
    ds = open_source("gldas", files)
    truth = land()
    assert set(ds.data_vars) == set(truth.data_vars)
    for name in truth.data_vars:
        expected = truth[name].transpose(*ds[name].dims)
        np.testing.assert_allclose(ds[name].values, expected.values, rtol=1e-5, atol=1e-4)
    assert {name: da.attrs["units"] for name, da in ds.data_vars.items()} == {
        "soil_moisture": "m3 m-3",
        "soil_temperature": "degC",
        "surface_temperature": "degC",
        "precipitation": "mm d-1",
        "snow_water_equivalent": "mm",
    }
    assert ds.soil_moisture.dims == ("time", "depth", "latitude", "longitude")
    assert ds.depth_bottom.values.tolist() == [0.1, 0.4, 1.0, 2.0]
    assert ds.latitude.values[0] > ds.latitude.values[-1]
    np.testing.assert_array_equal(ds.time.values, truth.time.values)
    assert crs_of(ds) == "EPSG:4326"
    assert json.loads(ds.attrs["lineage"]) == ["GLDAS-Noah", "GDAS", "GPCP", "AGRMET"]
    assert ds.soil_moisture.chunks is not None


def test_some_layers_are_enough_and_the_others_are_missing(tmp_path):
    ds = land().isel(depth=slice(0, 2))
    ds["soil_temperature"] = ds.soil_temperature.where(ds.depth < 0.1)
    write_gldas(ds, tmp_path)
    for path in tmp_path.iterdir():
        with xr.open_dataset(path) as raw:
            kept = raw.load().drop_vars("SoilTMP10_40cm_inst")
        path.unlink()
        kept.to_netcdf(path, engine="h5netcdf")
    found = open_source("gldas", tmp_path, variables=["soil_moisture", "soil_temperature"])
    assert found.depth_bottom.values.tolist() == [0.1, 0.4]
    assert found.soil_temperature.isel(depth=1).isnull().all()
    np.testing.assert_allclose(
        found.soil_moisture.isel(depth=1).values, ds.soil_moisture.isel(depth=1).values, rtol=1e-5
    )


def test_months_have_monthly_sums(tmp_path):
    months = pd.date_range("2015-01", periods=3, freq="MS")
    paths = write_gldas(land(months), tmp_path, step="M")
    assert paths[0].name == "GLDAS_NOAH025_M.A201501.021.nc4"
    ds = open_source("gldas", tmp_path, variables=["precipitation", "soil_moisture"])
    assert ds.precipitation.attrs["units"] == "mm month-1"
    days = np.array([31, 28, 31])[:, None, None]
    np.testing.assert_allclose(
        ds.precipitation.values, land(months).precipitation * days, rtol=1e-5
    )


def test_files_that_were_cut_by_the_provider_are_known_by_their_names(tmp_path):
    for path in write_gldas(land(), tmp_path):
        path.rename(path.with_name(path.name + ".SUB.nc4"))
    assert open_source("gldas", tmp_path).sizes["time"] == 9


def test_early_products_are_told_and_marked(tmp_path):
    write_gldas(land(), tmp_path, early=2)
    text = r"2 of 9 files \(2015-01-01 21:00:00 to 2015-01-02\) in .* are early products, made with"
    with pytest.warns(SoilscopeWarning, match=text):
        ds = open_source("gldas", tmp_path)
    assert ds.record_status.values.tolist() == [0] * 7 + [1] * 2
    assert ds.record_status.attrs["flag_meanings"] == "unknown final preliminary"
    assert ds.attrs["preliminary"].startswith("2 of 9 files")


def test_mixed_versions_are_told(tmp_path):
    for path in write_gldas(land(), tmp_path)[:4]:
        path.rename(path.with_name(path.name.replace(".021.", ".020.")))
    with pytest.warns(SoilscopeWarning, match=r"mix GLDAS 2.0 and 2.1, which are driven by"):
        ds = open_source("gldas", tmp_path)
    assert "Princeton forcing" in ds.attrs["lineage"]


def test_mixed_steps_are_refused(files):
    write_gldas(land(pd.date_range("2015-01", periods=1, freq="MS")), files / "m", step="M")
    with pytest.raises(SourceError, match=r"are both of 2015-01-01 in GLDAS"):
        open_source("gldas", files)
    for path in (files / "m").iterdir():
        path.rename(path.with_name(path.name.replace("201501", "201502")))
    with pytest.raises(SourceError, match=r"have different time steps \(3H, M\); open them as two"):
        open_source("gldas", files)


def test_other_land_models_are_refused(files, tmp_path):
    path = next(files.iterdir())
    with xr.open_dataset(path) as raw:
        other = raw.load()[["SWE_inst"]].rename(SWE_inst="SoilMoist_S_tavg")
    other.to_netcdf(tmp_path / "GLDAS_CLSM025_D.A20150101.022.nc4", engine="h5netcdf")
    with pytest.raises(SourceError, match=r"holds none of the variables of this product"):
        open_source("gldas", tmp_path / "GLDAS_CLSM025_D.A20150101.022.nc4")


def test_a_variable_that_is_not_known_can_be_declared(files):
    path = sorted(files.iterdir())[0]
    with xr.open_dataset(path) as raw:
        more = raw.load().assign(Root=raw.SWE_inst * 0 + 200.0)
    more.Root.attrs["units"] = "kg m-2"
    path.unlink()
    more.to_netcdf(path, engine="h5netcdf")
    ds = open_source("gldas", path, variables={"soil_water": {"name": "Root", "units": "mm"}})
    assert float(ds.soil_water.max()) == 200.0


SNAPSHOT = "GLDAS_NOAH025_3H_20150101T0000_china.nc"


@pytest.mark.real
@pytest.mark.parametrize("named", [True, False])
def test_a_real_field_is_what_hand_computation_gives(shared_data, tmp_path, named):
    path = shared_data / "gldas-noah-snapshot" / SNAPSHOT
    if named:  # as the provider names it: read by its header alone
        path = shutil.copy(path, tmp_path / "GLDAS_NOAH025_3H.A20150101.0000.021.nc4")
    ds = open_source("gldas", path)
    with xr.open_dataset(path) as raw:
        lat, lon = 38.125, 100.375  # a cell of the middle Heihe
        cell = raw.sel(lat=lat, lon=lon, method="nearest").isel(time=0)
        ours = ds.sel(latitude=lat, longitude=lon, method="nearest").isel(time=0)
        # kg m-2 of a layer over 1000 kg m-3 and its thickness in m
        for layer, (name, thickness) in enumerate(
            {"0_10": 0.1, "10_40": 0.3, "40_100": 0.6, "100_200": 1.0}.items()
        ):
            water = float(cell[f"SoilMoi{name}cm_inst"])
            assert float(ours.soil_moisture[layer]) == pytest.approx(water / 1000 / thickness)
            kelvin = float(cell[f"SoilTMP{name}cm_inst"])
            assert float(ours.soil_temperature[layer]) == pytest.approx(kelvin - 273.15, abs=1e-4)
        assert float(ours.surface_temperature) == pytest.approx(
            float(cell.AvgSurfT_inst) - 273.15, abs=1e-4
        )
        np.testing.assert_allclose(
            ds.precipitation.values[0], raw.Rainf_f_tavg.values[0, ::-1] * 86400, rtol=1e-5
        )
        np.testing.assert_allclose(
            ds.soil_moisture.values[0, 1], raw.SoilMoi10_40cm_inst.values[0, ::-1] / 300, rtol=1e-5
        )
    assert set(ds.data_vars) >= {"evapotranspiration", "pressure", "temperature"}
    assert json.loads(ds.attrs["lineage"])[0] == "GLDAS-Noah"
    assert "GPCP" in ds.attrs["lineage"]


@pytest.mark.real
def test_the_real_steps_of_two_layers_are_read(shared_data):
    path = shared_data / "gldas-noah-snapshot" / "GLDAS_NOAH025_3H_20160101_7steps_china.nc"
    ds = open_source("gldas", path)
    assert dict(ds.sizes) == {"time": 7, "depth": 2, "latitude": 150, "longitude": 256}
    assert ds.time.dt.hour.values.tolist() == [3, 6, 9, 12, 15, 18, 21]
    with xr.open_dataset(path) as raw:
        np.testing.assert_allclose(
            ds.soil_moisture.values[:, 0], raw.SoilMoi0_10cm_inst.values[:, ::-1] / 100, rtol=1e-5
        )


@pytest.mark.real
def test_the_real_globe_is_cut_to_a_region(shared_data):
    path = (
        shared_data / "gldas-noah-snapshot" / "GLDAS_NOAH025_3H_20150101T0000_global_sm_layers.nc"
    )
    ds = open_source(
        "gldas", path, region=(97, 37, 103, 43), variables=["soil_moisture", "soil_temperature"]
    )
    assert dict(ds.sizes) == {"time": 1, "depth": 4, "latitude": 24, "longitude": 24}
    assert ds.soil_temperature.isel(depth=slice(1, None)).isnull().all()  # one layer is there
