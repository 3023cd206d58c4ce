"""ERA5-Land in its layouts before and since 2024, and its accumulated precipitation."""

import json
import warnings
import zipfile

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope.errors import InputError, SoilscopeWarning, SourceError
from soilscope.grid.align import align
from soilscope.grid.crs import crs_of
from soilscope.grid.depth import layer_bounds, layer_coordinates
from soilscope.sources.catalogue import open_source
from soilscope.study.runner import run_study
from soilscope.study.store import Store
from soilscope.twin.layouts.era5_land import LAYERS, write_era5_land

# Two bytes for a range r of values hold each to within r / 65530 / 2.
PACKED = 2e-3


def made(time: pd.DatetimeIndex, *, west: float = 104.0) -> xr.Dataset:
    """Four layers and three drivers on 3 x 4 cells of 0.1 degrees, one of them sea."""
    rng = np.random.default_rng(3)
    shape = (time.size, 3, 4)
    grid = ("latitude", "longitude")
    ds = xr.Dataset(
        {
            "soil_moisture": (
                ("time", "depth", *grid),
                rng.uniform(0.05, 0.4, (time.size, 4, 3, 4)),
                {"units": "m3 m-3"},
            ),
            "temperature": (("time", *grid), rng.uniform(-20, 30, shape), {"units": "degC"}),
            "dewpoint": (("time", *grid), rng.uniform(-25, 15, shape), {"units": "degC"}),
            "precipitation": (
                ("time", *grid),
                rng.uniform(0, 90, shape),
                {"units": "mm month-1"},
            ),
        },
        {
            "time": time,
            **layer_coordinates(LAYERS),
            "latitude": [38.0, 38.1, 38.2],
            "longitude": west + np.array([0.0, 0.1, 0.2, 0.3]),
        },
    )
    return ds.where((ds.latitude > 38.05) | (ds.longitude > west + 0.05))


MONTHS = pd.date_range("2001-01", periods=24, freq="MS")


def assert_same(found: xr.Dataset, expected: xr.Dataset, *, share: float = 1e-5) -> None:
    expected = expected.sortby("latitude", ascending=False)
    for name, da in expected.data_vars.items():
        wanted = da.transpose(*found[name].dims).values
        room = share * (np.nanmax(wanted) - np.nanmin(wanted))
        np.testing.assert_allclose(found[name].values, wanted, atol=room)


@pytest.mark.parametrize("by", ["year", "variable", "all"])
@pytest.mark.parametrize("layout", ["valid_time", "time"])
def test_what_was_written_is_read_in_both_layouts_however_it_is_split(tmp_path, layout, by):
    ds = made(MONTHS)
    files = write_era5_land(ds, tmp_path / "数据", layout=layout, by=by)
    found = open_source("era5_land", files)
    assert set(found.data_vars) == set(ds.data_vars)
    assert_same(found, ds, share=1e-5 if layout == "valid_time" else PACKED)
    assert layer_bounds(found).tolist() == [list(layer) for layer in LAYERS]
    assert {n: da.units for n, da in found.data_vars.items()} == {
        "soil_moisture": "m3 m-3",
        "temperature": "degC",
        "dewpoint": "degC",
        "precipitation": "mm month-1",
    }
    assert all(da.chunks for da in found.data_vars.values())
    assert crs_of(found) == "EPSG:4326"
    assert not {"number", "expver", "final"} & set(found.variables)


def test_longitudes_from_0_to_360_become_western(tmp_path):
    ds = made(MONTHS, west=-104.0)
    files = write_era5_land(ds, tmp_path, layout="time", by="all")
    with xr.open_dataset(files[0]) as raw:
        assert raw.longitude.values[0] == 256.0
    found = open_source("era5_land", files)
    np.testing.assert_allclose(found.longitude.values, ds.longitude.values)
    assert_same(found, ds, share=PACKED)


def test_lineage_and_source_names_are_kept(tmp_path):
    found = open_source("era5_land", write_era5_land(made(MONTHS), tmp_path))
    assert json.loads(found.attrs["lineage"]) == ["ERA5"]
    assert found.soil_moisture.attrs["source_name"] == "swvl1, swvl2, swvl3, swvl4"
    assert found.precipitation.attrs["source_units"] == "m d-1"
    assert "monthly mean of daily totals" in found.attrs["processing"]


def test_day_numbers_in_place_of_dates_are_read(tmp_path):
    (path,) = write_era5_land(made(MONTHS), tmp_path, by="all")
    with xr.open_dataset(path) as raw:
        numbers = raw.valid_time.dt.strftime("%Y%m%d").astype(int).values
        dated = raw.drop_vars("expver").rename(valid_time="date").load()
    dated.assign_coords(date=numbers).to_netcdf(tmp_path / "date.nc", engine="h5netcdf")
    found = open_source("era5_land", tmp_path / "date.nc")
    assert found.time.values.tolist() == MONTHS.astype("datetime64[ns]").to_numpy().tolist()


@pytest.mark.parametrize("version", [np.int64(5), "0005"])
def test_one_version_for_the_whole_file_counts_for_all_its_stamps(tmp_path, version):
    (path,) = write_era5_land(made(MONTHS), tmp_path, by="all")
    with xr.open_dataset(path) as raw:
        raw.load().assign_coords(expver=version).to_netcdf(tmp_path / "t.nc", engine="h5netcdf")
    with pytest.warns(SoilscopeWarning, match="24 of 24 time steps"):
        found = open_source("era5_land", tmp_path / "t.nc")
    assert set(found.expver_status.values.tolist()) == {1}


# -- expver -----------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", ["valid_time", "expver"])
def test_preliminary_months_are_merged_told_and_kept_as_a_status(tmp_path, layout):
    ds = made(MONTHS)
    files = write_era5_land(ds, tmp_path, layout=layout, by="all", preliminary=3)
    with pytest.warns(SoilscopeWarning, match=r"3 of 24 time steps \(2002-10-01 to 2002-12-01\)"):
        found = open_source("era5_land", files)
    assert_same(found, ds, share=PACKED)
    status = found["expver_status"]
    assert status.dtype == np.int8
    assert status.attrs["flag_meanings"] == "unknown final preliminary"
    assert status.values.tolist() == [0] * 21 + [1] * 3
    assert found.attrs["preliminary"] == "3 of 24 time steps (2002-10-01 to 2002-12-01)"


@pytest.mark.parametrize("preliminary", [0, 1, 24])
def test_any_number_of_preliminary_months_is_found(tmp_path, preliminary):
    files = write_era5_land(
        made(MONTHS), tmp_path, layout="expver", by="all", preliminary=preliminary
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SoilscopeWarning)
        found = open_source("era5_land", files)
    assert int(found["expver_status"].sum()) == preliminary
    assert int(found.temperature.notnull().any(("latitude", "longitude")).sum()) == 24


def test_a_period_before_the_preliminary_months_is_not_warned_of(tmp_path):
    files = write_era5_land(made(MONTHS), tmp_path, layout="expver", by="all", preliminary=3)
    found = open_source("era5_land", files, period=("2001-01", "2002-09"))
    assert found["expver_status"].values.tolist() == [0] * 21
    assert "preliminary" not in found.attrs


def test_the_status_goes_on_to_the_cube_and_its_record(tmp_path):
    ds = made(MONTHS)
    write_era5_land(ds[["soil_moisture"]], tmp_path / "sm", layout="expver", preliminary=3)
    write_era5_land(ds[["precipitation"]], tmp_path / "rain", by="all")
    (tmp_path / "study.yaml").write_text(
        "title: Status\n"
        "inputs:\n"
        "  sm: {product: era5_land, paths: sm/*.nc}\n"
        "  rain: {product: era5_land, paths: rain/*.nc}\n"
        "analyses:\n"
        "  annual: {step: composite, da: soil_moisture, freq: YS}\n"
    )
    with pytest.warns(SoilscopeWarning, match="preliminary"):
        results = run_study(tmp_path / "study.yaml", results=tmp_path / "results")
    store = Store(results)
    cube = store.open("cube")
    assert cube.expver_status.dtype == np.int8
    assert cube.expver_status.values.tolist() == [0] * 21 + [1] * 3
    record = store.record("cube")
    sm, rain = record.sources
    assert sm["preparation"] == ["preliminary: 3 of 24 time steps (2002-10-01 to 2002-12-01)"]
    assert rain["preparation"] == ["total precipitation read as a monthly mean of daily totals"]
    assert any("preliminary (ERA5T)" in text for text in record.warnings)


def test_a_month_is_preliminary_as_soon_as_one_of_its_days_is(tmp_path):
    days = pd.date_range("2001-01-01", "2001-03-31", freq="D")
    write_era5_land(made(days), tmp_path, by="all", preliminary=4 * 40)  # 40 days, from 20 February
    (tmp_path / "study.yaml").write_text(
        "title: Days\n"
        "calendar: month\n"
        "inputs:\n"
        "  land: {product: era5_land, paths: era5_land_all.nc}\n"
        "analyses:\n"
        "  annual: {step: composite, da: soil_moisture, freq: YS}\n"
    )
    with pytest.warns(SoilscopeWarning, match=r"\(2001-02-20 to 2001-03-31\)"):
        results = run_study(tmp_path / "study.yaml", results=tmp_path / "results")
    cube = Store(results).open("cube")
    assert cube.expver_status.values.tolist() == [0, 1, 1]
    month = made(days).sel(time="2001-02").precipitation.sum("time", skipna=False)
    found = cube.precipitation.sel(time="2001-02-01").sortby("latitude")
    np.testing.assert_allclose(found.values, month.values, rtol=1e-5)


def test_the_status_of_months_that_an_input_lacks_is_unknown(tmp_path):
    ds = made(MONTHS)
    moisture = open_source("era5_land", write_era5_land(ds, tmp_path / "a", layout="time"))
    rain = ds[["precipitation"]].isel(time=slice(0, 12))
    files = write_era5_land(rain, tmp_path / "b")
    joined = align([moisture.drop_vars("precipitation"), open_source("era5_land", files)])
    assert joined.expver_status.values.tolist() == [0] * 12 + [-1] * 12
    assert joined.expver_status.dtype == np.int8


def test_an_old_file_without_expver_has_no_status(tmp_path):
    files = write_era5_land(made(MONTHS), tmp_path, layout="time")
    assert "expver_status" not in open_source("era5_land", files).coords


def test_other_versions_along_a_dimension_are_refused(tmp_path):
    (path,) = write_era5_land(made(MONTHS), tmp_path, layout="expver", by="all", preliminary=3)
    ds = xr.load_dataset(path).assign_coords(expver=[1, 70])
    ds.to_netcdf(tmp_path / "odd.nc", engine="h5netcdf")
    with pytest.raises(SourceError, match=r"versions \[1, 70\].*choose one"):
        open_source("era5_land", tmp_path / "odd.nc")


# -- precipitation ----------------------------------------------------------------------------


def single(time, values, units: str = "m") -> xr.Dataset:
    """Precipitation of one cell (twice, so that there is a grid)."""
    field = np.repeat(np.asarray(values, float)[:, None], 2, axis=1)[:, None, :]
    return xr.Dataset(
        {"tp": (("valid_time", "latitude", "longitude"), field, {"units": units})},
        {"valid_time": time, "latitude": [38.0], "longitude": [104.0, 104.1]},
    )


def opened(ds: xr.Dataset, path, **options) -> xr.Dataset:
    ds.to_netcdf(path, engine="h5netcdf")
    return open_source("era5_land", path, **options)


def test_monthly_means_of_daily_totals_become_sums_of_the_month(tmp_path):
    months = pd.date_range("2004-01", periods=12, freq="MS")
    found = opened(single(months, [0.001] * 12), tmp_path / "tp.nc")
    assert found.precipitation.isel(latitude=0, longitude=0).values.tolist() == pytest.approx(
        [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    )
    assert found.precipitation.units == "mm month-1"


def test_monthly_sums_are_sums_where_the_user_says_so(tmp_path):
    months = pd.date_range("2004-01", periods=12, freq="MS")
    ds = single(months, [0.05] * 12)
    found = opened(ds, tmp_path / "tp.nc", accumulation="step")
    np.testing.assert_allclose(found.precipitation.values, 50.0)


def test_the_total_of_a_day_is_the_value_at_00_utc_of_the_next(tmp_path):
    # 1 mm an hour on 1 May, 2 mm an hour on 2 May, growing from 00 UTC on
    hours = pd.date_range("2001-05-01", periods=49, freq="h")
    grown = [0.0, *np.arange(1, 25), *(2.0 * np.arange(1, 25))]
    found = opened(single(hours, np.array(grown) / 1000.0), tmp_path / "tp.nc")
    one = found.precipitation.isel(latitude=0, longitude=0)
    assert dict(zip(one.time.dt.strftime("%m-%d").values, one.values, strict=True)) == {
        "04-30": 0.0,
        "05-01": pytest.approx(24.0),
        "05-02": pytest.approx(48.0),
    }
    assert one.units == "mm d-1"


def test_hours_summed_singly_are_added_up_to_days(tmp_path):
    # each value is the sum of the hour before: 01 to 24 (00 of the next day) belong to a day
    hours = pd.date_range("2001-05-01T01:00", periods=48, freq="h")
    values = np.r_[np.full(24, 0.001), np.full(24, 0.002)]
    found = opened(single(hours, values), tmp_path / "tp.nc", accumulation="step")
    one = found.precipitation.isel(latitude=0, longitude=0)
    assert one.time.dt.day.values.tolist() == [1, 2]
    assert one.values.tolist() == pytest.approx([24.0, 48.0])


def test_daily_data_survive_the_way_through_six_hourly_files(tmp_path):
    ds = made(pd.date_range("2001-06-01", periods=20, freq="D"))
    found = open_source("era5_land", write_era5_land(ds, tmp_path, by="all"))
    assert found.time.values.tolist() == ds.time.values.astype("datetime64[ns]").tolist()
    assert_same(found, ds)
    assert found.precipitation.units == "mm d-1"


def test_one_value_a_day_is_not_guessed_at(tmp_path):
    days = pd.date_range("2001-05-01", periods=10, freq="D")
    ds = single(days, [0.004] * 10)
    with pytest.raises(SourceError, match=r"write accumulation: step .* accumulation: from_midn"):
        opened(ds, tmp_path / "a.nc")
    shifted = opened(ds, tmp_path / "b.nc", accumulation="from_midnight")
    assert str(shifted.time.values[0])[:10] == "2001-04-30"
    same = opened(ds, tmp_path / "c.nc", accumulation="step")
    assert str(same.time.values[0])[:10] == "2001-05-01"
    assert float(same.precipitation[0, 0, 0]) == pytest.approx(4.0)


def test_missing_hours_are_told(tmp_path):
    hours = pd.date_range("2001-05-01T01:00", periods=48, freq="h").delete(30)
    ds = single(hours, np.full(47, 0.001))
    with pytest.raises(
        SourceError, match=r"hours are missing .* 2001-05-02 06:00:00 and 2001-05-02"
    ):
        opened(ds, tmp_path / "tp.nc", accumulation="step")


def test_means_under_another_stamp_join_the_months_of_the_others(tmp_path):
    ds = made(MONTHS)
    files = write_era5_land(ds, tmp_path, by="variable")
    rain = next(f for f in files if f.name.endswith("tp.nc"))
    with xr.open_dataset(rain) as raw:
        later = raw.load().assign_coords(valid_time=raw.valid_time + np.timedelta64(6, "h"))
    rain.unlink()
    later.to_netcdf(rain.with_name("later.nc"), engine="h5netcdf")
    found = open_source("era5_land", [f for f in files if f != rain] + [rain.with_name("later.nc")])
    assert_same(found, ds)


# -- layers -----------------------------------------------------------------------------------


def test_files_may_hold_some_layers_only(tmp_path):
    files = write_era5_land(made(MONTHS), tmp_path, by="variable")
    upper = [f for f in files if f.name in ("era5_land_swvl1.nc", "era5_land_swvl2.nc")]
    found = open_source("era5_land", upper)
    assert layer_bounds(found).tolist() == [[0.0, 0.07], [0.07, 0.28]]


def test_a_layer_that_lacks_in_the_middle_is_told(tmp_path):
    files = write_era5_land(made(MONTHS), tmp_path, by="variable")
    with pytest.warns(SoilscopeWarning, match=r"no layer between 0.07 and 0.28 m"):
        found = open_source("era5_land", [f for f in files if "swvl2" not in f.name])
    assert layer_bounds(found).tolist() == [[0.0, 0.07], [0.28, 1.0], [1.0, 2.89]]


def test_layers_that_are_named_must_be_there(tmp_path):
    files = write_era5_land(made(MONTHS), tmp_path, by="variable")
    upper = [f for f in files if f.name == "era5_land_swvl1.nc"]
    with pytest.raises(SourceError, match="holds no variable 'swvl2' for soil_moisture"):
        open_source("era5_land", upper, variables={"soil_moisture": ["swvl1", "swvl2"]})


def test_long_names_of_other_archives_are_understood(tmp_path):
    (path,) = write_era5_land(made(MONTHS), tmp_path, by="all")
    with xr.open_dataset(path) as raw:
        names = {"swvl1": "volumetric_soil_water_layer_1", "t2m": "2m_temperature"}
        raw[["swvl1", "t2m"]].rename(names).to_netcdf(tmp_path / "arco.nc", engine="h5netcdf")
    found = open_source("era5_land", tmp_path / "arco.nc")
    assert set(found.data_vars) == {"soil_moisture", "temperature"}
    assert found.temperature.units == "degC"


# -- files that are something else ------------------------------------------------------------


def test_a_file_of_another_product_is_told(tmp_path):
    xr.Dataset(
        {"SoilMoi0_10cm_inst": (("time", "lat", "lon"), np.ones((1, 2, 2)), {"units": "kg m-2"})},
        {"time": MONTHS[:1], "lat": [38.0, 39.0], "lon": [104.0, 105.0]},
    ).to_netcdf(tmp_path / "gldas.nc", engine="h5netcdf")
    with pytest.raises(
        SourceError, match=r"none of the variables of this product \(swvl1, .*it ho"
    ):
        open_source("era5_land", tmp_path / "gldas.nc")


def test_percent_under_the_units_of_a_share_name_the_words_to_write(tmp_path):
    ds = made(MONTHS)
    ds["soil_moisture"] = ds.soil_moisture * 100.0
    files = write_era5_land(ds, tmp_path)
    with pytest.raises(SourceError, match=r"percent: write variables: \{soil_moisture: \{units: "):
        open_source("era5_land", files)
    found = open_source("era5_land", files, override={"soil_moisture": {"units": "%"}})
    assert float(found.soil_moisture.max()) < 0.41


def test_cells_of_another_reanalysis_are_doubted(tmp_path):
    ds = made(MONTHS)
    ds = ds.assign_coords(latitude=[38.0, 38.25, 38.5], longitude=[104.0, 104.25, 104.5, 104.75])
    files = write_era5_land(ds, tmp_path)
    with pytest.warns(SoilscopeWarning, match=r"0.25 degrees wide.*write product: era5"):
        open_source("era5_land", files)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert open_source("era5", files).attrs["product"] == "era5"


def test_a_zip_archive_under_the_name_of_a_netcdf_file_is_told(tmp_path):
    with zipfile.ZipFile(tmp_path / "download.nc", "w") as archive:
        archive.writestr("data_0.nc", b"CDF")
    with pytest.raises(SourceError, match="it is a zip archive; unpack it"):
        open_source("era5_land", tmp_path / "download.nc")


def test_grib_is_told(tmp_path):
    (tmp_path / "download.grib").write_bytes(b"GRIB\0\0\0\1" + b"\0" * 64)
    with pytest.raises(SourceError, match="it is GRIB; convert it to NetCDF"):
        open_source("era5_land", tmp_path / "download.grib")


def test_forecasts_with_steps_are_told(tmp_path):
    ds = xr.Dataset(
        {"tp": (("time", "step", "latitude", "longitude"), np.zeros((2, 3, 2, 2)), {"units": "m"})},
        {
            "time": MONTHS[:2],
            "step": [1, 2, 3],
            "latitude": [38.0, 38.1],
            "longitude": [104.0, 104.1],
        },
    )
    with pytest.raises(SourceError, match="3 values along 'step'"):
        opened(ds, tmp_path / "steps.nc")


def test_options_of_other_products_are_refused(tmp_path):
    with pytest.raises(InputError, match="reliability is an option of modis; era5_land has none"):
        open_source("era5_land", tmp_path, reliability=[0])


# -- real files -------------------------------------------------------------------------------


@pytest.mark.real
@pytest.mark.parametrize(
    ("product", "name", "step"),
    [
        ("era5", "ERA5_20100101_00_12_swvl12_china.nc", 0.25),
        ("era_interim", "ERAInterim_20000101_00_12_swvl12_china.nc", 0.75),
    ],
)
def test_real_files_open_as_what_they_are(shared_data, product, name, step):
    path = shared_data / "era5-snapshot" / name
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r".*holds -0\.000", category=SoilscopeWarning)
        ds = open_source(product, path)
    with xr.open_dataset(path) as raw:
        for layer, source in enumerate(("swvl1", "swvl2")):
            np.testing.assert_array_equal(ds.soil_moisture.values[:, layer], raw[source].values)
    assert layer_bounds(ds).tolist() == [[0.0, 0.07], [0.07, 0.28]]
    assert ds.longitude.values[1] - ds.longitude.values[0] == step
