"""MODIS NDVI as GeoTIFF and NetCDF: names, numbers, reliability, and the day of the observation."""

import json
import shutil
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio
import xarray as xr
from affine import Affine

from soilscope.errors import InputError, SoilscopeWarning, SourceError
from soilscope.grid.crs import crs_of, stamp
from soilscope.sources.catalogue import open_source
from soilscope.twin.layouts.modis import write_modis

SINUSOIDAL = "+proj=sinu +lon_0=0 +x_0=0 +y_0=0 +R=6371007.181 +units=m +no_defs"
MONTHS = pd.date_range("2003-01", periods=12, freq="MS")
LAYOUTS = ("appeears", "appeears_netcdf", "earth_engine")


def made(*, sinusoidal: bool = False) -> xr.Dataset:
    """NDVI of a year on 4 x 5 cells, one of them without values."""
    rng = np.random.default_rng(5)
    values = rng.uniform(-0.1, 0.9, (12, 4, 5))
    values[:, 0, 0] = np.nan
    if sinusoidal:
        coords = {"y": 4.4e6 - 926.625 * np.arange(4), "x": 9.2e6 + 926.625 * np.arange(5)}
        ds = xr.Dataset({"ndvi": (("time", "y", "x"), values)}, {"time": MONTHS, **coords})
        return stamp(ds, SINUSOIDAL)
    coords = {"latitude": 38.5 - 0.01 * np.arange(4), "longitude": 105.0 + 0.01 * np.arange(5)}
    ds = xr.Dataset(
        {"ndvi": (("time", "latitude", "longitude"), values)}, {"time": MONTHS, **coords}
    )
    return stamp(ds, "EPSG:4326")


def write_band(path: Path, values, *, dtype: str = "int16", description: str = "") -> Path:
    """Write one band of 2 x 2 cells in EPSG:4326."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        dtype=dtype,
        count=1,
        height=2,
        width=2,
        crs="EPSG:4326",
        transform=Affine(0.01, 0.0, 105.0, 0.0, -0.01, 38.0),
    ) as file:
        file.write(np.array(values, dtype).reshape(2, 2), 1)
        if description:
            file.set_band_description(1, description)
    return path


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("sinusoidal", [False, True])
def test_what_was_written_is_read_from_every_export(tmp_path, layout, sinusoidal):
    ds = made(sinusoidal=sinusoidal)
    files = write_modis(ds, tmp_path / "植被 NDVI", product="MOD13A3", layout=layout)
    found = open_source("modis", files)
    np.testing.assert_allclose(found.ndvi.values, ds.ndvi.values, atol=0.5001e-4)
    assert found.ndvi.dims == ds.ndvi.dims
    assert found.time.values.tolist() == ds.time.values.astype("datetime64[ns]").tolist()
    assert found.ndvi.chunks
    assert found.ndvi.units == "1"
    assert crs_of(found) == crs_of(ds)
    assert json.loads(found.attrs["lineage"]) == ["MODIS NDVI"]


def test_a_grid_of_modis_without_reference_system_is_sinusoidal(tmp_path):
    ds = made(sinusoidal=True)
    (path,) = write_modis(ds, tmp_path, product="MOD13A3", layout="appeears_netcdf")
    with xr.open_dataset(path, decode_times=False, mask_and_scale=False) as raw:
        bare = raw.drop_vars("crs").load()
    for da in bare.data_vars.values():
        da.attrs.pop("grid_mapping")
    bare.to_netcdf(tmp_path / "bare.nc", engine="h5netcdf")
    assert crs_of(open_source("modis", tmp_path / "bare.nc")) == crs_of(ds)


# -- reliability ------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
def test_clouds_are_masked_by_the_reliability(tmp_path, layout):
    ds = made()
    files = write_modis(ds, tmp_path, product="MOD13A3", layout=layout, cloud_share=0.3)
    clear = open_source("modis", files)
    everything = open_source("modis", files, reliability=[])
    cloudy = np.isclose(everything.ndvi.values, 0.05) & ~np.isclose(ds.ndvi.values, 0.05, atol=1e-3)
    assert 0.2 < cloudy.mean() < 0.4
    assert np.isnan(clear.ndvi.values[cloudy]).all()
    kept = np.isfinite(ds.ndvi.values) & ~cloudy
    np.testing.assert_allclose(clear.ndvi.values[kept], ds.ndvi.values[kept], atol=0.5001e-4)
    assert clear.attrs["processing"] == "pixels of reliability 0, 1 kept"
    assert everything.attrs["processing"].startswith("all pixels kept")


def test_the_ranks_that_are_kept_can_be_chosen(tmp_path):
    ndvi = write_band(tmp_path / "NDVI_2003_01_01.tif", [1000, 2000, 3000, 4000])
    ranks = write_band(tmp_path / "pixel_reliability_2003_01_01.tif", [0, 1, 2, 3], dtype="int8")
    for kept, expected in (
        (None, [0.1, 0.2, np.nan, np.nan]),
        ([0], [0.1, np.nan, np.nan, np.nan]),
        ([0, 1, 2], [0.1, 0.2, 0.3, np.nan]),
    ):
        found = open_source("modis", [ndvi, ranks], reliability=kept)
        np.testing.assert_allclose(found.ndvi.values.ravel(), expected, rtol=1e-6)


def test_files_without_reliability_are_told(tmp_path):
    files = write_modis(made(), tmp_path, product="MOD13A3")
    ndvi = [f for f in files if "NDVI" in f.name]
    with pytest.warns(SoilscopeWarning, match="no layer of pixel reliability, so clouds and snow"):
        open_source("modis", ndvi)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        open_source("modis", ndvi, reliability=[])
    with pytest.raises(SourceError, match="names a layer of pixel reliability nowhere"):
        open_source("modis", ndvi, reliability=[0])


def test_a_date_without_reliability_is_told(tmp_path):
    files = write_modis(made(), tmp_path, product="MOD13A3")
    with pytest.raises(SourceError, match=r"no pixel reliability for 2003-12-01 \(1 of 12 dates\)"):
        open_source("modis", files[:-1])


# -- composites -------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
def test_composites_begin_anew_each_year_and_tell_their_day(tmp_path, layout):
    files = write_modis(made(), tmp_path, product="MOD13A2", layout=layout)
    found = open_source("modis", files, variables=["ndvi", "ndvi_day"])
    assert found.sizes["time"] == 23
    assert found.time.dt.dayofyear.values.tolist() == list(range(1, 354, 16))
    later = np.arange(20).reshape(4, 5) % 16.0
    later[0, 0] = np.nan
    for days in found.ndvi_day.values:
        np.testing.assert_array_equal(days, later)
    assert found.ndvi_day.units == "d"
    assert found.ndvi.composite_days == 16


def test_a_day_of_the_next_year_is_counted_on(tmp_path):
    ndvi = write_band(tmp_path / "NDVI_doy2004353.tif", [1000] * 4)
    day = write_band(
        tmp_path / "composite_day_of_the_year_doy2004353.tif", [353, 366, 1, 3]
    )  # 2004 has 366 days
    found = open_source("modis", [ndvi, day], variables=["ndvi", "ndvi_day"], reliability=[])
    assert found.ndvi_day.values.ravel().tolist() == [0, 13, 14, 16]


def test_the_day_is_left_out_unless_it_is_asked_for(tmp_path):
    files = write_modis(made(), tmp_path, product="MOD13A2", layout="earth_engine")
    assert list(open_source("modis", files).data_vars) == ["ndvi"]


def test_files_may_come_in_any_order(tmp_path):
    files = write_modis(made(), tmp_path, product="MOD13A3")
    xr.testing.assert_identical(
        open_source("modis", files[::-1]).ndvi, open_source("modis", files).ndvi
    )


@pytest.mark.parametrize(
    ("name", "date"),
    [
        ("MOD13A2.061__1_km_16_days_NDVI_doy2020033_aid0001", "2020-02-02"),
        ("MOD13A2.061__1_km_16_days_NDVI_doy2020033000000_aid0001", "2020-02-02"),
        ("MOD13A2.A2005017.h25v05.006.2015141234212.1_km_16_days_NDVI", "2005-01-17"),
        ("reg_mosaiced_MOD13A2_A2012353__005_1_km_16_days_NDVI", "2012-12-18"),
        ("MOD13A2_NDVI_2005_353", "2005-12-19"),
        ("2020_02_18_NDVI", "2020-02-18"),
        ("NDVI_2020-02-18", "2020-02-18"),
        ("NDVI_20200218", "2020-02-18"),
        ("2005001.1_km_16_days_NDVI", "2005-01-01"),
        ("NDVI_2003_07_v2", "2003-07-01"),
    ],
)
def test_dates_are_read_from_the_names_that_tools_give(tmp_path, name, date):
    path = write_band(tmp_path / f"{name}.tif", [1000, 2000, 3000, -3000])
    found = open_source("modis", path, reliability=[])
    assert str(found.time.values[0])[:10] == date
    np.testing.assert_allclose(found.ndvi.values.ravel(), [0.1, 0.2, 0.3, np.nan], rtol=1e-6)


def test_a_file_without_date_asks_for_its_pattern(tmp_path):
    path = write_band(tmp_path / "ndvi-x7.tif", [1, 2, 3, 4])
    with pytest.raises(SourceError, match=r"bears no date in its name.*write time_from_name"):
        open_source("modis", path, reliability=[])
    other = write_band(tmp_path / "NDVI-07of2004.tif", [1000] * 4)
    found = open_source("modis", other, reliability=[], time_from_name="%mof%Y")
    assert str(found.time.values[0])[:10] == "2004-07-01"


# -- files that are something else ------------------------------------------------------------


def test_a_file_of_another_product_is_told(tmp_path):
    path = write_band(tmp_path / "MOD11A2.061_LST_Day_1km_doy2020001_aid0001.tif", [1, 2, 3, 4])
    with pytest.raises(SourceError, match=r"names NDVI nowhere.*name another product"):
        open_source("modis", path)


def test_a_file_of_another_product_among_right_ones_is_left_out_and_told(tmp_path):
    files = write_modis(made(), tmp_path, product="MOD13A3")
    expected = open_source("modis", files)
    other = write_band(tmp_path / "MOD11A2.061_LST_Day_1km_doy2020001_aid0001.tif", [1, 2, 3, 4])
    with pytest.warns(SoilscopeWarning, match=r"^MOD11A2\S+\.tif: left out.*take it out of paths"):
        found = open_source("modis", [*files, other])
    xr.testing.assert_identical(found.ndvi, expected.ndvi)


def test_months_that_no_file_holds_are_told(tmp_path):
    files = write_modis(made(), tmp_path, product="MOD13A3")
    kept = [
        path for path in files if not any(f"doy2003{day}" in path.name for day in ("121", "152"))
    ]
    assert len(kept) < len(files)
    with pytest.warns(SoilscopeWarning, match="hold nothing between 2003-04-01 and 2003-07-01"):
        open_source("modis", kept)


def test_a_band_that_says_nothing_is_taken_by_its_number(tmp_path):
    path = write_band(tmp_path / "export_2020_01_01.tif", [1000, 2000, 3000, 4000])
    with pytest.raises(SourceError, match=r"write variables: \{ndvi: name or number"):
        open_source("modis", path)
    found = open_source("modis", path, variables={"ndvi": 1}, reliability=[])
    assert found.ndvi.values.ravel()[0] == pytest.approx(0.1)


def test_numbers_that_were_scaled_already_name_the_words_to_write(tmp_path):
    values = [0.1, 0.2, 0.3, 0.8]
    path = write_band(tmp_path / "NDVI_2020_01_01.tif", values, dtype="float32")
    with pytest.raises(SourceError, match=r"scaled already: write variables: \{ndvi: \{scale: 1\}"):
        open_source("modis", path, reliability=[])
    found = open_source("modis", path, reliability=[], variables={"ndvi": {"scale": 1}})
    np.testing.assert_allclose(found.ndvi.values.ravel(), values, rtol=1e-6)


def test_numbers_outside_the_valid_range_are_missing(tmp_path):
    path = write_band(tmp_path / "NDVI_2020_01_01.tif", [-3000, -2001, 10001, 10000])
    found = open_source("modis", path, reliability=[])
    np.testing.assert_allclose(found.ndvi.values.ravel(), [np.nan, np.nan, np.nan, 1.0])


def test_two_files_for_one_date_are_told(tmp_path):
    first = write_band(tmp_path / "MOD13A2.A2020001.h25v05.NDVI.tif", [1, 2, 3, 4])
    second = tmp_path / "MOD13A2.A2020001.h26v05.NDVI.tif"
    shutil.copy(first, second)
    with pytest.raises(SourceError, match="both hold 2020-01-01 of the same cells; keep one"):
        open_source("modis", [first, second], reliability=[])


def test_options_of_other_products_are_refused(tmp_path):
    with pytest.raises(InputError, match="accumulation is an option of era5_land, era5; modis has"):
        open_source("modis", tmp_path, accumulation="step")


def test_dates_of_bands_go_before_that_of_the_file_also_among_many(tmp_path):
    """Exports bear the day on which they were made, too."""
    files = []
    for day in range(1, 21):
        path = tmp_path / f"export_202401{day:02d}.tif"
        files.append(write_band(path, [1000] * 4, description=f"2003_02_{day:02d}_NDVI"))
    found = open_source("modis", files, reliability=[])
    assert found.time.dt.year.values.tolist() == [2003] * 20


def test_a_pattern_for_dates_serves_many_files(tmp_path):
    files = [
        write_band(tmp_path / f"NDVI-{month:02d}of{year}.tif", [1000 + month] * 4)
        for year in (2004, 2005)
        for month in range(1, 13)
    ]
    found = open_source("modis", files, reliability=[], time_from_name="%mof%Y")
    assert found.sizes["time"] == 24
    np.testing.assert_allclose(found.ndvi[14, 0, 0], 0.1003, rtol=1e-6)
