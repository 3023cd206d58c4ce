"""Monthly precipitation of Peng et al.: tenths of a millimetre, dates, periods, and faults."""

import json
import re
import warnings

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope import open_source
from soilscope.errors import SoilscopeWarning, SourceError
from soilscope.sources.catalogue import PRODUCTS
from soilscope.twin.layouts.peng_precipitation import write_peng_precipitation

STEP = 0.0083333333


def rain(first="2001-01", months=72) -> xr.Dataset:
    """Months of whole tenths, differing in every cell, with one cell outside the country."""
    time = pd.date_range(first, periods=months, freq="MS").astype("datetime64[ns]")
    season = (1 - np.cos(2 * np.pi * (time.month.to_numpy() - 1) / 12)) * 40
    values = (season[:, None, None] + np.arange(12).reshape(3, 4) / 10).round(1)
    values[:, 0, 0] = np.nan
    return xr.Dataset(
        {"precipitation": (("time", "latitude", "longitude"), values)},
        {
            "time": time,
            "latitude": 38.5 - STEP * np.arange(3),
            "longitude": 105.0 + STEP * np.arange(4),
        },
    )


def rewritten(path, change) -> None:
    with xr.open_dataset(path, mask_and_scale=False) as ds:
        changed = change(ds.load())
    path.unlink()
    changed.to_netcdf(path, engine="h5netcdf")


@pytest.mark.parametrize("dates", [True, False])
@pytest.mark.parametrize("years", [1, 3])
def test_tenths_become_millimetres_a_month(tmp_path, years, dates):
    write_peng_precipitation(rain(), tmp_path, years=years, dates=dates)
    ds = open_source("peng_precipitation", f"{tmp_path}/*.nc")
    expected = rain()
    np.testing.assert_allclose(ds.precipitation.values, expected.precipitation.values, atol=1e-4)
    np.testing.assert_array_equal(ds.time.values, expected.time.values)
    assert ds.precipitation.attrs["units"] == "mm month-1"
    assert json.loads(ds.attrs["lineage"]) == ["CRU TS", "WorldClim"]
    assert ds.precipitation.chunks is not None


def test_the_file_holds_what_the_text_of_the_provider_says(tmp_path):
    (path, _) = write_peng_precipitation(rain(), tmp_path)
    assert path.name == "pre_2001_2003.nc"
    with xr.open_dataset(path, mask_and_scale=False) as raw:
        assert raw.pre.dtype == np.int16
        assert int(raw.pre[6, 0, 1]) == 801
        assert int(raw.pre[0, 0, 0]) == -32768


def test_a_single_month_of_a_period_keeps_its_units(tmp_path):
    write_peng_precipitation(rain(), tmp_path)
    ds = open_source("peng_precipitation", f"{tmp_path}/*.nc", period=("2002-07", "2002-07"))
    assert ds.precipitation.attrs["units"] == "mm month-1"
    assert float(ds.precipitation[0, 0, 1]) == pytest.approx(80.1, abs=1e-4)


def test_files_outside_of_the_period_are_not_opened(tmp_path):
    write_peng_precipitation(rain(), tmp_path)
    (tmp_path / "pre_1901_1903.nc").write_bytes(b"")
    ds = open_source("peng_precipitation", f"{tmp_path}/*.nc", period=("2003-01", "2004-12"))
    assert ds.sizes["time"] == 24


def test_a_file_that_scales_itself_is_not_scaled_twice(tmp_path):
    write_peng_precipitation(rain(), tmp_path)
    for path in tmp_path.glob("*.nc"):
        rewritten(path, lambda ds: ds.assign(pre=ds.pre.assign_attrs(scale_factor=0.1, units="mm")))
    ds = open_source("peng_precipitation", f"{tmp_path}/*.nc")
    np.testing.assert_allclose(ds.precipitation.values, rain().precipitation.values, atol=1e-4)


def test_a_copy_in_millimetres_is_told_with_the_word_to_write(tmp_path):
    write_peng_precipitation(rain(), tmp_path)
    for path in tmp_path.glob("*.nc"):
        rewritten(
            path,
            lambda ds: ds.assign(
                pre=(ds.pre.where(ds.pre != -32768) / 10).astype("f4").assign_attrs(units="mm")
            ),
        )
    with pytest.warns(SoilscopeWarning, match=r"says that its units are 'mm', .*units: mm month-1"):
        open_source("peng_precipitation", f"{tmp_path}/*.nc")
    declared = {"precipitation": {"units": "mm month-1"}}
    ds = open_source("peng_precipitation", f"{tmp_path}/*.nc", variables=declared)
    np.testing.assert_allclose(ds.precipitation.values, rain().precipitation.values, atol=1e-3)


def test_months_without_dates_must_fill_the_years_of_the_name(tmp_path):
    (path, _) = write_peng_precipitation(rain(), tmp_path, dates=False)
    rewritten(path, lambda ds: ds.isel(time=slice(0, 30)))
    with pytest.raises(
        SourceError, match="holds 30 months without dates and is named 2001 to 2003"
    ):
        open_source("peng_precipitation", path)
    renamed = path.rename(tmp_path / "rain.nc")
    with pytest.raises(SourceError, match=r"and names no years; name it as in pre_2001_2003.nc"):
        open_source("peng_precipitation", renamed)


def test_a_name_that_its_dates_contradict_is_refused(tmp_path):
    (path, _) = write_peng_precipitation(rain(), tmp_path)
    renamed = path.rename(tmp_path / "pre_1991_1993.nc")
    with pytest.raises(SourceError, match="is named 1991 to 1993, but its dates run from 2001-01"):
        open_source("peng_precipitation", renamed)


def test_a_gap_between_files_is_told(tmp_path):
    write_peng_precipitation(rain(months=108), tmp_path)
    (tmp_path / "pre_2004_2006.nc").unlink()
    with pytest.warns(SoilscopeWarning, match="hold nothing between 2003-12-01 and 2007-01-01"):
        open_source("peng_precipitation", f"{tmp_path}/*.nc")


def test_a_zip_archive_must_be_unpacked(tmp_path):
    path = tmp_path / "pre_2001_2003.nc"
    path.write_bytes(b"PK\x03\x04" + b"0" * 100)
    with pytest.raises(SourceError, match="it is a zip archive; unpack it"):
        open_source("peng_precipitation", path)


def test_names_are_recognised_and_nothing_is_said_of_whole_files(tmp_path):
    assert re.search(PRODUCTS["peng_precipitation"].names, "pre_1901_1903.nc")
    assert not re.search(PRODUCTS["peng_precipitation"].names, "presentation.nc")
    write_peng_precipitation(rain(), tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        open_source("peng_precipitation", f"{tmp_path}/*.nc")
