"""MODIS land surface temperature: every export, quality bits, satellites, dates, and real days."""

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
from soilscope.prepare.lst import lst_difference
from soilscope.prepare.observed import by_observation
from soilscope.prepare.quality import mask_by_bits
from soilscope.sources.catalogue import open_source
from soilscope.study.explained import explained
from soilscope.twin.layouts.modis_lst import write_modis_lst

SINUSOIDAL = "+proj=sinu +lon_0=0 +x_0=0 +y_0=0 +R=6371007.181 +units=m +no_defs"
CELL = 1111950.5196666666 / 1200
EXPORTS = ("appeears", "appeears_netcdf", "earth_engine")
EIGHTS = pd.to_datetime([f"2020-01-{day:02d}" for day in (1, 9, 17, 25)])
ALL = "any"


def made(time=EIGHTS, *, sinusoidal=False, columns=5) -> xr.Dataset:
    """Days warmer than nights on 4 x 5 cells, one of them without values."""
    rng = np.random.default_rng(7)
    shape = (len(time), 4, columns)
    night = rng.uniform(-20.0, 15.0, shape)
    night[:, 0, 0] = np.nan
    day = night + rng.uniform(2.0, 30.0, shape)
    if sinusoidal:
        cells = {
            "y": 4 * 1111950.5196666666 - CELL * (np.arange(4) + 0.5),
            "x": 8 * 1111950.5196666666 + CELL * (np.arange(columns) - 2.5 + 0.5).round(1),
        }
        cells["x"] = 8 * 1111950.5196666666 + CELL * (np.arange(columns) - 2 + 0.5)
    else:
        cells = {
            "latitude": 38.5 - 0.01 * np.arange(4),
            "longitude": 100.0 + 0.01 * np.arange(columns),
        }
    dims = ("time", *cells)
    ds = xr.Dataset({"lst_day": (dims, day), "lst_night": (dims, night)}, {"time": time, **cells})
    return stamp(ds, SINUSOIDAL if sinusoidal else "EPSG:4326")


def write_band(path: Path, values, *, dtype="uint16", bands=(), nodata=None) -> Path:
    """Write bands of 2 x 2 cells in EPSG:4326."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = np.array(values, dtype).reshape(-1, 2, 2)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        dtype=dtype,
        count=len(image),
        height=2,
        width=2,
        crs="EPSG:4326",
        transform=Affine(0.01, 0.0, 105.0, 0.0, -0.01, 38.0),
        nodata=nodata,
    ) as file:
        file.write(image)
        for number, name in enumerate(bands, start=1):
            file.set_band_description(number, name)
    return path


def lst_file(folder: Path, values, *, name="MOD11A2.061_LST_Day_1km_doy2020001", **options) -> Path:
    return write_band(folder / f"{name}.tif", values, **options)


# -- every export ----------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", EXPORTS)
@pytest.mark.parametrize("sinusoidal", [False, True])
def test_what_was_written_is_read_from_every_export(tmp_path, layout, sinusoidal):
    ds = made(sinusoidal=sinusoidal)
    files = write_modis_lst(ds, tmp_path / "地表温度 LST", layout=layout)
    found = open_source("modis_lst", files)
    assert list(found.data_vars) == ["lst_day", "lst_night"]
    for name in found.data_vars:
        np.testing.assert_allclose(found[name].values, ds[name].values, atol=0.01001)
        assert found[name].units == "degC"
        assert found[name].chunks
        assert found[name].dims == ds[name].dims
    assert found.time.values.tolist() == ds.time.values.astype("datetime64[ns]").tolist()
    assert crs_of(found) == crs_of(ds)
    assert json.loads(found.attrs["lineage"]) == ["MODIS LST"]


def test_hdf_as_delivered_gives_the_exports_with_tiles_put_together(tmp_path):
    pytest.importorskip("pyhdf", reason="pyhdf is not installed")
    ds = made(sinusoidal=True)
    files = write_modis_lst(ds, tmp_path, layout="hdf_eos")
    assert len(files) == 8  # two tiles
    found = open_source("modis_lst", files)
    for name in found.data_vars:
        np.testing.assert_allclose(found[name].values, ds[name].values, atol=0.01001)
    np.testing.assert_allclose(found.x.values, ds.x.values, atol=0.01)
    assert found.lst_day.platform == "Terra"


def test_many_files_give_what_a_few_give(tmp_path):
    days = pd.date_range("2020-02-20", periods=20)
    ds = made(days)
    files = write_modis_lst(ds, tmp_path, product="MYD11A1")
    found = open_source("modis_lst", files[::-1])
    np.testing.assert_allclose(found.lst_night.values, ds.lst_night.values, atol=0.01001)
    part = open_source("modis_lst", files, period=("2020-02-25", "2020-02-27"))
    xr.testing.assert_identical(
        part.lst_day.compute(), found.lst_day.sel(time=slice("2020-02-25", "2020-02-27")).compute()
    )


def test_times_angles_and_quality_come_along_if_they_are_asked_for(tmp_path):
    names = ["lst_day", "lst_night_time", "lst_day_time", "lst_day_angle", "lst_day_quality"]
    for layout in EXPORTS:
        files = write_modis_lst(
            made(), tmp_path / layout, product="MYD11A2", layout=layout, error_class=classes()
        )
        found = open_source("modis_lst", files, variables=names)
        assert list(found.data_vars) == names
        seen = np.isfinite(made().lst_day.values)
        np.testing.assert_allclose(found.lst_day_time.values[seen], 13.5, rtol=1e-6)
        np.testing.assert_allclose(found.lst_night_time.values[seen], 1.5, rtol=1e-6)
        np.testing.assert_allclose(found.lst_day_angle.values[seen], 20.0)
        assert np.isnan(found.lst_day_time.values[~seen]).all()
        assert (found.lst_day_time.units, found.lst_day_angle.units) == ("h", "degree")
        assert found.lst_day_quality.dtype == "int16"
        assert sorted(np.unique(found.lst_day_quality.values)) == [1, 2, 65, 129, 193]


def test_means_of_8_days_are_labelled_as_means_of_clear_days(tmp_path):
    found = open_source("modis_lst", write_modis_lst(made(), tmp_path))
    for da in found.data_vars.values():
        assert (da.sky, da.composite_days, da.platform) == ("clear", 8, "Terra")
        assert "mean of the clear days of 8" in da.comment
    # as months take it, a composite belongs to its middle
    assert by_observation(found).time.dt.day.values.tolist() == [5, 13, 21, 29]
    days = write_modis_lst(
        made(pd.date_range("2020-01-01", periods=3)), tmp_path, product="MYD11A1"
    )
    one = open_source("modis_lst", days)
    assert (one.lst_day.sky, one.lst_day.platform) == ("clear", "Aqua")
    assert "composite_days" not in one.lst_day.attrs


# -- quality ---------------------------------------------------------------------------------------


def classes() -> xr.DataArray:
    ds = made()
    values = np.random.default_rng(8).integers(0, 4, ds.lst_day.shape)
    return ds.lst_day.copy(data=values)


@pytest.mark.parametrize("layout", EXPORTS)
@pytest.mark.parametrize(("max_error", "highest"), [(None, 1), (1, 0), (2.5, 1), (3, 2), (ALL, 3)])
def test_errors_are_masked_by_the_bits_of_quality(tmp_path, layout, max_error, highest):
    ds, error = made(), classes()
    files = write_modis_lst(ds, tmp_path, layout=layout, error_class=error)
    found = open_source("modis_lst", files, max_error=max_error)
    expected = np.isfinite(ds.lst_day.values) & (error.values <= highest)
    np.testing.assert_array_equal(np.isfinite(found.lst_day.values), expected)
    np.testing.assert_array_equal(np.isfinite(found.lst_night.values), expected)
    assert ("error of at most" in found.attrs["processing"]) == (max_error != ALL)


def test_bits_of_quality_mean_what_the_users_guide_says(tmp_path):
    # Wan (2013): bits 0-1 = 10 cloud, 11 other failure; 6-7: 01 <= 2 K, 10 <= 3 K
    lst = lst_file(tmp_path, [14000] * 4)
    for number, kept in (
        ([0, 1, 2, 3], [1, 1, 0, 0]),
        ([0b01000001, 0b10000001, 0b11000001, 0b00110101], [1, 0, 0, 1]),
    ):
        qc = lst_file(tmp_path, number, name="MOD11A2.061_QC_Day_doy2020001", dtype="uint8")
        found = open_source("modis_lst", [lst, qc])
        assert np.isfinite(found.lst_day.values).ravel().tolist() == [bool(k) for k in kept]


def test_the_fill_value_0_of_quality_hides_no_good_pixel(tmp_path):
    lst = lst_file(tmp_path, [14000] * 4, nodata=0)
    name = "MOD11A2.061_QC_Day_doy2020001"
    qc = lst_file(tmp_path, [0, 0, 0, 2], name=name, dtype="uint8", nodata=0)
    found = open_source("modis_lst", [lst, qc])
    assert np.isfinite(found.lst_day.values).ravel().tolist() == [True, True, True, False]


def test_the_mask_is_that_of_mask_by_bits(tmp_path):
    files = write_modis_lst(made(), tmp_path, error_class=classes())
    names = ["lst_day", "lst_day_quality"]
    everything = open_source("modis_lst", files, variables=names, max_error=ALL)
    by_hand = mask_by_bits(
        everything.lst_day, everything.lst_day_quality, keep={"0-1": [0, 1], "6-7": [0, 1]}
    )
    np.testing.assert_array_equal(
        by_hand.values, open_source("modis_lst", files, variables=["lst_day"]).lst_day.values
    )


def test_missing_layers_of_quality_are_told(tmp_path):
    files = [f for f in write_modis_lst(made(), tmp_path) if "QC_Night" not in f.name]
    with pytest.warns(SoilscopeWarning, match=r"no layer QC_Night, so .*write max_error: any"):
        found = open_source("modis_lst", files)
    assert "not masked, as there is no layer of quality: lst_night" in found.attrs["processing"]
    with pytest.raises(SourceError, match="max_error: 2 needs what is not there"):
        open_source("modis_lst", files, max_error=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        open_source("modis_lst", files, max_error=ALL)


def test_a_date_without_quality_is_told(tmp_path):
    files = write_modis_lst(made(), tmp_path)
    kept = [f for f in files if "QC_Day" not in f.name or "2020009" not in f.name]
    with pytest.raises(SourceError, match=r"no QC_Day for 2020-01-09 \(1 of 4 dates of lst_day\)"):
        open_source("modis_lst", kept)


@pytest.mark.parametrize("max_error", [0.5, 0, -1, float("nan"), "all"])
def test_an_error_below_the_classes_is_refused(tmp_path, max_error):
    files = write_modis_lst(made(), tmp_path)
    with pytest.raises(InputError, match=r"classes of MODIS end at 1, 2 and 3 K"):
        open_source("modis_lst", files, max_error=max_error)


def test_options_of_other_products_are_refused(tmp_path):
    with pytest.raises(InputError, match="max_error is an option of modis_lst; modis has none"):
        open_source("modis", tmp_path, max_error=2)
    with pytest.raises(InputError, match="platform is an option of modis_lst, trims_lst; raster"):
        open_source("raster", tmp_path, platform="aqua")
    with pytest.raises(InputError, match="reliability is an option of modis; modis_lst has none"):
        open_source("modis_lst", tmp_path, reliability=[0])


# -- satellites, products and dates ----------------------------------------------------------------


def test_terra_and_aqua_are_never_mixed(tmp_path):
    ds = made()
    terra = write_modis_lst(ds, tmp_path, product="MOD11A2")
    aqua = write_modis_lst(ds + 1.0, tmp_path, product="MYD11A2")
    with pytest.raises(SourceError, match=r"both Terra, .*10:30 .*Aqua, .*write platform: terra"):
        open_source("modis_lst", [*terra, *aqua])
    found = open_source("modis_lst", [*terra, *aqua], platform="aqua")
    np.testing.assert_allclose(found.lst_day.values, ds.lst_day.values + 1.0, atol=0.01001)
    assert found.lst_day.platform == "Aqua"
    with pytest.raises(SourceError, match="are of Terra alone, and platform: aqua was asked for"):
        open_source("modis_lst", terra, platform="aqua")
    with pytest.raises(InputError, match="platform is 'Terra'; it must be one of 'terra', 'aqua'"):
        open_source("modis_lst", terra, platform="Terra")


def test_days_and_means_of_8_are_never_mixed(tmp_path):
    days = write_modis_lst(made(), tmp_path, product="MOD11A1")
    means = write_modis_lst(made(), tmp_path, product="MOD11A2")
    with pytest.raises(SourceError, match=r"MOD11A1\S+ is of single days, .*MOD11A2\S+ a mean of"):
        open_source("modis_lst", [*days, *means])


def test_another_algorithm_is_refused_since_its_bits_mean_the_opposite(tmp_path):
    for name in ("MOD21A2.061_LST_Day_1KM_doy2020001", "VNP21A2.002_LST_Day_1KM_doy2020001"):
        with pytest.raises(SourceError, match="bits of quality mean the opposite"):
            open_source("modis_lst", lst_file(tmp_path, [14000] * 4, name=name))
    plain = lst_file(tmp_path, [14000] * 4, name="2020_01_01", bands=["LST_Day_1KM"])
    with pytest.raises(SourceError, match="hold LST_Day_1KM, a layer of MOD21"):
        open_source("modis_lst", plain)
    with pytest.raises(SourceError, match="grids of 1 km; its view times have another scale"):
        open_source("modis_lst", lst_file(tmp_path, [1] * 4, name="MOD11C3.A2020001.LST_Day_CMG"))


def test_a_file_of_another_product_is_told(tmp_path):
    other = lst_file(tmp_path, [1000] * 4, name="MOD13A2.061__1_km_16_days_NDVI_doy2020001")
    with pytest.raises(SourceError, match=r"LST_Day_1km nowhere.*else name another product"):
        open_source("modis_lst", other)
    files = write_modis_lst(made(), tmp_path / "lst")
    with pytest.warns(SoilscopeWarning, match=r"^MOD13A2\S+\.tif: left out, as no layer there is"):
        open_source("modis_lst", [*files, other])


def test_missing_dates_are_told(tmp_path):
    files = write_modis_lst(made(), tmp_path)
    without = [f for f in files if "doy2020009" not in f.name]
    with pytest.warns(SoilscopeWarning, match=r"no image for 1 of 4 dates \(2020-01-09\); these"):
        open_source("modis_lst", without)
    nights = [f for f in files if "doy2020017" not in f.name or "Night" not in f.name]
    with pytest.warns(SoilscopeWarning, match=r"lst_day, but no lst_night for 1 of 4 dates \(2020"):
        found = open_source("modis_lst", nights)
    assert np.isnan(found.lst_night.values[2]).all()
    assert np.isfinite(found.lst_day.values[2]).any()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        open_source("modis_lst", without, period=("2020-01-17", "2020-01-31"))


def test_composites_begin_anew_each_year_without_a_gap(tmp_path):
    turn = pd.to_datetime(["2019-12-19", "2019-12-27", "2020-01-01", "2020-01-09"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = open_source("modis_lst", write_modis_lst(made(turn), tmp_path))
    assert found.lst_day.composite_days == 8


def test_missing_days_are_told(tmp_path):
    days = pd.date_range("2020-02-01", periods=6).delete([2, 3])
    with pytest.warns(SoilscopeWarning, match=r"2 of 6 dates \(2020-02-03, 2020-02-04\)"):
        open_source("modis_lst", write_modis_lst(made(days), tmp_path, product="MOD11A1"))


def test_two_files_of_one_date_are_told(tmp_path):
    first = lst_file(tmp_path, [14000] * 4)
    second = Path(shutil.copy(first, tmp_path / "MOD11A2.061_LST_Day_1km_doy2020001_aid0002.tif"))
    with pytest.raises(SourceError, match="both hold 2020-01-01"):
        open_source("modis_lst", [first, second], max_error=ALL)


# -- numbers ---------------------------------------------------------------------------------------


def test_zero_is_missing_where_a_geotiff_states_no_fill_value(tmp_path):
    path = lst_file(tmp_path, [0, 14000, 65535, 13657])
    found = open_source("modis_lst", path, max_error=ALL)
    expected = [np.nan, 14000 * 0.02 - 273.15, np.nan, 13657 * 0.02 - 273.15]
    np.testing.assert_allclose(found.lst_day.values.ravel(), expected, atol=1e-4)


@pytest.mark.parametrize(
    ("values", "write"),
    [
        ([270.0, 285.5, 310.0, np.nan], {"scale": 1}),
        ([-3.5, 0.0, 36.85, 21.0], {"scale": 1, "units": "degC", "missing": []}),
    ],
)
def test_numbers_that_were_scaled_already_name_the_words_to_write(tmp_path, values, write):
    path = lst_file(tmp_path, values, dtype="float32")
    words = ", ".join(f"{key}: {value}" for key, value in write.items())
    with pytest.raises(SourceError) as fault:
        open_source("modis_lst", path, max_error=ALL)
    assert f"scaled already: write variables: {{lst_day: {{{words}}}}}" in str(fault.value)
    found = open_source("modis_lst", path, max_error=ALL, variables={"lst_day": write})
    celsius = np.array(values) - (0.0 if "units" in write else 273.15)
    np.testing.assert_allclose(found.lst_day.values.ravel(), celsius, atol=1e-4)


def test_numbers_of_another_scale_are_refused_with_the_words_to_write(tmp_path):
    path = lst_file(tmp_path, [28000, 29000, 30000, 31000])  # K times 100
    with pytest.raises(SourceError, match=r"expected -90 to 90.*scale.*variables: \{lst_day: \{"):
        open_source("modis_lst", path, max_error=ALL)
    found = open_source("modis_lst", path, max_error=ALL, override={"lst_day": {"scale": 0.01}})
    assert found.lst_day.values.ravel()[0] == pytest.approx(6.85, abs=1e-4)


def test_a_band_that_says_nothing_is_taken_by_its_number(tmp_path):
    path = lst_file(tmp_path, [14000] * 4 + [13500] * 4, name="export_2020_01_01")
    with pytest.raises(SourceError, match=r"write variables: \{lst_day: name or number of the"):
        open_source("modis_lst", path, max_error=ALL)
    found = open_source("modis_lst", path, max_error=ALL, variables={"lst_day": 1, "lst_night": 2})
    assert found.lst_day.values.ravel()[0] == pytest.approx(6.85, abs=1e-4)
    assert found.lst_night.values.ravel()[0] == pytest.approx(-3.15, abs=1e-4)


def test_day_and_night_that_were_exchanged_are_told(tmp_path):
    files = write_modis_lst(made(), tmp_path, layout="earth_engine")
    swapped = {"lst_day": {"name": "LST_Night_1km"}, "lst_night": {"name": "LST_Day_1km"}}
    # taken by the band's name, so that each mask belongs to its own
    with pytest.warns(SoilscopeWarning, match="lst_day in .* lies below lst_night in 100% of"):
        ds = open_source("modis_lst", files, variables=swapped, max_error=ALL).compute()
    with pytest.warns(SoilscopeWarning, match="negative for 100%.*day and night seem exchanged"):
        lst_difference(ds.lst_day, ds.lst_night)


def test_the_difference_of_day_and_night_keeps_what_is_known_of_them(tmp_path):
    ds = open_source("modis_lst", write_modis_lst(made(), tmp_path))
    found = lst_difference(ds.lst_day, ds.lst_night)
    about = found.lst_difference.attrs
    assert (about["sky"], about["platform"], about["composite_days"]) == ("clear", "Terra", 8)
    assert found.lst_difference.chunks is not None
    assert float(found.lst_difference.min()) > 0


def test_the_traps_are_explained():
    text = "\n".join(explained("modis_lst"))
    for words in ("max_error, platform", "clear days", "means good", "10:30", "0 is missing"):
        assert words in text


# -- real data -------------------------------------------------------------------------------------


def test_real_days_of_istria_are_read(shared_data):
    path = shared_data / "modis-lst-istra" / "modis_lst_8day_2008_istra_1km.nc"
    if not path.exists():
        pytest.skip("no MODIS LST of Istria in the folder of shared data")
    kept_as_it_is = {"name": "lst", "units": "degC", "scale": 1, "missing": []}
    with pytest.warns(SoilscopeWarning, match="no layer QC_Day"):
        found = open_source("modis_lst", path, variables={"lst_day": kept_as_it_is})
    with xr.open_dataset(path) as raw:
        np.testing.assert_array_equal(found.lst_day.values, raw.lst.values)
    assert found.lst_day.dims == ("time", "latitude", "longitude")
    assert found.lst_day.composite_days == 8
    monthly = found.lst_day.groupby("time.month").mean(...)
    assert int(monthly.idxmax()) in (7, 8)  # a northern summer
    assert 20.0 < float(monthly.max()) < 40.0


def test_real_days_as_stored_numbers_of_the_product_give_the_same(shared_data, tmp_path):
    path = shared_data / "modis-lst-istra" / "modis_lst_8day_2008_istra_1km.nc"
    if not path.exists():
        pytest.skip("no MODIS LST of Istria in the folder of shared data")
    with pytest.raises(SourceError, match="scaled already: write variables"):
        open_source("modis_lst", path, variables={"lst_day": {"name": "lst"}}, max_error=ALL)
    with xr.open_dataset(path) as raw:
        day = raw.lst.rename(lat="latitude", lon="longitude").isel(time=slice(20, 23)).load()
    ds = stamp(xr.Dataset({"lst_day": day, "lst_night": day - 9.0}), "EPSG:4326")
    found = open_source("modis_lst", write_modis_lst(ds, tmp_path, layout="earth_engine"))
    np.testing.assert_allclose(found.lst_day.values, day.values, atol=0.0101)
