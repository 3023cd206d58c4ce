"""TRIMS land surface temperature: halves of the day, satellites, scale, dates and names."""

import json
import shutil
import warnings

import numpy as np
import pandas as pd
import pytest
import rasterio
import xarray as xr

from soilscope.errors import GridError, SoilscopeWarning, SourceError
from soilscope.grid.crs import crs_of, stamp
from soilscope.prepare.lst import lst_difference
from soilscope.sources import chunks
from soilscope.sources.catalogue import open_source
from soilscope.study.explained import explained
from soilscope.twin.layouts.trims_lst import ALBERS, write_trims_lst

DAYS = pd.date_range("2019-12-30", periods=5)


def made(time=DAYS) -> xr.Dataset:
    """Days warmer than nights on 3 x 4 cells of 1 km, one of them without values."""
    rng = np.random.default_rng(11)
    night = rng.uniform(-25.0, 10.0, (len(time), 3, 4))
    night[:, 2, 3] = np.nan
    day = night + rng.uniform(5.0, 30.0, night.shape)
    coords = {"time": time, "y": 4.2e6 - 1e3 * np.arange(3), "x": -5e5 + 1e3 * np.arange(4)}
    dims = ("time", "y", "x")
    return stamp(xr.Dataset({"lst_day": (dims, day), "lst_night": (dims, night)}, coords), ALBERS)


def rewritten(path, values, **changes):
    """Write other numbers into a file, and change its profile."""
    with rasterio.open(path) as file:
        profile = file.profile | changes
    image = np.asarray(values, profile["dtype"])
    with rasterio.open(path, "w", **profile) as file:
        file.write(np.broadcast_to(image, (profile["height"], profile["width"])), 1)


@pytest.mark.parametrize("nodata", [False, True])
def test_what_was_written_is_read(tmp_path, nodata):
    ds = made()
    files = write_trims_lst(ds, tmp_path / "地表温度", nodata=nodata)
    found = open_source("trims_lst", files[::-1])
    for name in ("lst_day", "lst_night"):
        np.testing.assert_allclose(found[name].values, ds[name].values, atol=0.00501)
        about = found[name].attrs
        assert (about["units"], about["sky"], about["platform"]) == ("degC", "all-weather", "Aqua")
        assert found[name].chunks
        assert np.isnan(found[name].values[:, 2, 3]).all()
    assert found.time.values.tolist() == ds.time.values.astype("datetime64[ns]").tolist()
    assert crs_of(found) == crs_of(ds)
    assert "MODIS LST" in json.loads(found.attrs["lineage"])


def test_files_of_many_strips_are_opened_once_for_all_of_them(tmp_path, monkeypatch):
    monkeypatch.setattr(chunks, "_LIMIT", 40_000)  # values: less than half of the files
    shape = (20, 200, 100)  # 5 strips a file
    cells = {"y": 4.2e6 - 1e3 * np.arange(200), "x": -5e5 + 1e3 * np.arange(100)}
    days = {"time": pd.date_range("2020-02-20", periods=20)}
    lst = xr.DataArray(np.full(shape, 20.0), days | cells, ("time", "y", "x"))
    ds = stamp(xr.Dataset({"lst_day": lst, "lst_night": lst - 15.0}), ALBERS)
    files = write_trims_lst(ds, tmp_path)
    with rasterio.open(files[0]) as file:
        assert file.block_shapes[0][0] < 50
    assert open_source("trims_lst", files).lst_day.chunks[1:] == ((200,), (100,))


def test_many_files_and_a_folder_give_what_a_few_give(tmp_path):
    days = pd.date_range("2020-02-20", periods=20)
    ds = made(days)
    write_trims_lst(ds, tmp_path)
    shutil.copy(tmp_path / "TRIMS_Aqua2020060D.tif", tmp_path / "TRIMS_Aqua2020060D_ViewTime.tif")
    found = open_source("trims_lst", tmp_path)
    np.testing.assert_allclose(found.lst_day.values, ds.lst_day.values, atol=0.00501)
    part = open_source("trims_lst", tmp_path, period=("2020-02-25", "2020-03-01"))
    xr.testing.assert_identical(
        part.compute().lst_day, found.lst_day.sel(time=slice("2020-02-25", "2020-03-01")).compute()
    )


def test_terra_and_aqua_are_never_mixed(tmp_path):
    ds = made()
    files = write_trims_lst(ds, tmp_path, platform="Terra")
    files += write_trims_lst(ds + 2.0, tmp_path, platform="Aqua")
    with pytest.raises(SourceError, match=r"both Terra, .*and Aqua, .*write platform: terra or"):
        open_source("trims_lst", files)
    for platform, more in (("terra", 0.0), ("aqua", 2.0)):
        found = open_source("trims_lst", tmp_path, platform=platform)
        np.testing.assert_allclose(found.lst_day.values, ds.lst_day.values + more, atol=0.00501)
        assert found.lst_night.platform == platform.capitalize()


def test_half_of_a_day_may_be_opened_alone(tmp_path):
    files = write_trims_lst(made(), tmp_path)
    days = [file for file in files if file.stem.endswith("D")]
    assert list(open_source("trims_lst", days).data_vars) == ["lst_day"]
    assert list(open_source("trims_lst", files, variables=["lst_night"]).data_vars) == ["lst_night"]
    with pytest.raises(SourceError, match=r"no lst_night: no name of a file ends in N before"):
        open_source("trims_lst", days, variables=["lst_day", "lst_night"])


def test_missing_dates_are_told(tmp_path):
    files = write_trims_lst(made(), tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        open_source("trims_lst", files)
    without = [file for file in files if "2020001" not in file.name]
    with pytest.warns(SoilscopeWarning, match=r"no image for 1 of 5 dates \(2020-01-01\)"):
        open_source("trims_lst", without)
    with pytest.warns(SoilscopeWarning, match=r"hold lst_day, but no lst_night for 1 of 5 dates"):
        open_source("trims_lst", [f for f in files if f.name != "TRIMS_Aqua2020002N.tif"])


def test_two_files_of_one_date_are_told(tmp_path):
    files = write_trims_lst(made(), tmp_path)
    (tmp_path / "old").mkdir()
    copy = shutil.copy(files[0], tmp_path / "old")
    with pytest.raises(SourceError, match="are both lst_day of 2019-12-30; keep one"):
        open_source("trims_lst", [*files, copy])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("TRIMS_Aqua2020001X.tif", "not named as temperatures of TRIMS are, such as TRIMS_Aqua"),
        ("TRIMS_Aqua2020001DEM.tif", "not named as temperatures of TRIMS"),
        ("MOD11A1_LST_Day_1km_doy2020001.tif", "or open it with product: raster"),
        ("TRIMS_Aqua_ViewTime_2020001D.tif", "not named as temperatures of TRIMS"),
        ("TRIMS_Aqua2020001D_View_Time.tif", "it holds the hours of the views"),
        ("TRIMS_Aqua2019366D.tif", "named for day 366 of 2019, which does not exist"),
        ("TRIMS_Aqua2019000D.tif", "named for day 000 of 2019, which does not exist"),
    ],
)
def test_names_that_are_none_are_refused(tmp_path, name, words):
    path = write_trims_lst(made(DAYS[:1]), tmp_path)[0].rename(tmp_path / name)
    with pytest.raises(SourceError, match=words):
        open_source("trims_lst", path)


def test_a_folder_without_such_files_is_told(tmp_path):
    with pytest.raises(SourceError, match="holds no file that is named as those of TRIMS LST"):
        open_source("trims_lst", tmp_path)


def test_temperatures_that_were_scaled_already_name_the_words_to_write(tmp_path):
    (path, _) = write_trims_lst(made(DAYS[:1]), tmp_path)
    rewritten(path, 290.5, dtype="float32")
    with pytest.raises(
        SourceError, match=r"scaled already: write variables: \{lst_day: \{scale: 1"
    ):
        open_source("trims_lst", path)
    found = open_source("trims_lst", path, override={"lst_day": {"scale": 1}})
    np.testing.assert_allclose(found.lst_day.values, 17.35, atol=1e-4)
    rewritten(path, -12.5, dtype="float32")
    words = r"\{lst_day: \{scale: 1, units: degC, missing: \[\]\}\}"
    with pytest.raises(SourceError, match=words):
        open_source("trims_lst", path)


def test_the_scale_of_modis_is_told(tmp_path):
    (path, _) = write_trims_lst(made(DAYS[:1]), tmp_path)
    rewritten(path, 14500)  # K times 50
    with pytest.raises(SourceError, match=r"expected -90 to 90.*scale"):
        open_source("trims_lst", path)
    found = open_source("trims_lst", path, override={"lst_day": {"scale": 0.02}})
    np.testing.assert_allclose(found.lst_day.values, 16.85, atol=1e-4)


def test_a_file_of_several_bands_is_refused(tmp_path):
    (path, _) = write_trims_lst(made(DAYS[:1]), tmp_path)
    rewritten(path, 29000, count=2)
    with pytest.raises(SourceError, match="holds 2 bands, where TRIMS LST has one"):
        open_source("trims_lst", path)


def test_files_without_a_reference_system_take_the_one_that_is_declared(tmp_path):
    files = write_trims_lst(made(DAYS[:1]), tmp_path)
    for path in files:
        rewritten(path, 29000, crs=None)
    assert crs_of(open_source("trims_lst", files)) is None
    assert crs_of(open_source("trims_lst", files, crs=ALBERS)) == crs_of(made())
    with pytest.raises(GridError, match="no coordinate reference system"):
        open_source("trims_lst", files, crs="an Albers one")


def test_the_difference_is_of_all_weather(tmp_path):
    ds = open_source("trims_lst", write_trims_lst(made(), tmp_path))
    found = lst_difference(ds.lst_day, ds.lst_night)
    assert found.lst_difference.sky == "all-weather"
    assert float(found.lst_difference.min()) > 0


def test_the_traps_are_explained():
    text = "\n".join(explained("trims_lst"))
    for words in ("platform: terra", "K times 100", "all-weather", "TRIMS_Terra2020001D.tif"):
        assert words in text
