"""Vegetation cover: scale and missing number as the user says, dates in names, and faults."""

import re

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope import open_source
from soilscope.errors import SourceError
from soilscope.grid.crs import crs_of, stamp
from soilscope.sources.catalogue import PRODUCTS
from soilscope.twin.layouts.fvc_china import write_fvc_china

TPDC = {"fvc": {"scale": 0.0001, "missing": 32767}}


def cover(months=12) -> xr.Dataset:
    """Shares from 0 to 1 in whole ten-thousandths and percents, with a missing cell."""
    time = pd.date_range("2001-01", periods=months, freq="MS").astype("datetime64[ns]")
    values = np.linspace(0, 1, 4 * 5)[None].repeat(months, 0).reshape(months, 4, 5).round(2)
    values[:, 1, 1] = np.nan
    ds = xr.Dataset(
        {"fvc": (("time", "latitude", "longitude"), values)},
        {
            "time": time,
            "latitude": 38.0 - 0.0025 * np.arange(4),
            "longitude": 104.0 + 0.0025 * np.arange(5),
        },
    )
    return stamp(ds, "EPSG:4490")


def test_a_scale_that_the_user_states_is_applied(tmp_path):
    write_fvc_china(cover(), tmp_path)
    ds = open_source("fvc_china", f"{tmp_path}/*.tif", override=TPDC)
    np.testing.assert_allclose(ds.fvc.values, cover().fvc.values, atol=1e-6)
    np.testing.assert_array_equal(ds.time.values, cover().time.values)
    assert ds.fvc.attrs["units"] == "1"
    assert crs_of(ds) == "EPSG:4490"
    assert ds.fvc.chunks is not None


def test_a_scale_that_the_files_state_is_taken(tmp_path):
    write_fvc_china(cover(), tmp_path, stated=True)
    ds = open_source("fvc_china", f"{tmp_path}/*.tif")
    np.testing.assert_allclose(ds.fvc.values, cover().fvc.values, atol=1e-6)


@pytest.mark.parametrize(
    ("scale", "missing", "words"),
    [
        (0.0001, -1, r"ten-thousandths: write variables: \{fvc: \{scale: 0.0001\}\}"),
        (0.001, -1, r"thousandths: write variables: \{fvc: \{scale: 0.001\}\}"),
        (0.01, -1, r'percent: write variables: \{fvc: \{units: "%"\}\}'),
        (0.01, 255, r"missing numbers above 100: write variables: \{fvc: \{valid: \[0, 100\]\}\}"),
        (0.0001, 32767, r"32767 looks like a missing value: write .*\{fvc: \{missing: 32767"),
    ],
)
def test_a_scale_that_nobody_states_is_one_line_with_the_word_to_write(
    tmp_path, scale, missing, words
):
    write_fvc_china(cover(), tmp_path, scale=scale, missing=missing)
    known = {"fvc": {"missing": -1}} if missing == -1 else None
    with pytest.raises(SourceError, match=words):
        open_source("fvc_china", f"{tmp_path}/*.tif", override=known)


def test_percent_are_shares(tmp_path):
    write_fvc_china(cover(), tmp_path, scale=0.01, missing=255)
    declared = {"fvc": {"units": "%", "valid": [0, 100]}}
    ds = open_source("fvc_china", f"{tmp_path}/*.tif", variables=declared)
    np.testing.assert_allclose(ds.fvc.values, cover().fvc.values, atol=1e-6)


def test_one_image_without_a_date_has_no_time_and_several_need_one(tmp_path):
    first, second = write_fvc_china(cover(2), tmp_path)
    mean = first.rename(tmp_path / "mean_fvc.tif")
    assert open_source("fvc_china", mean, override=TPDC).fvc.dims == ("latitude", "longitude")
    other = second.rename(tmp_path / "other_fvc.tif")
    with pytest.raises(SourceError, match=r"mean_fvc.tif bears no date .*time_from_name"):
        open_source("fvc_china", [mean, other], override=TPDC)


@pytest.mark.parametrize(
    ("name", "date"),
    [
        ("FVC_200107.tif", "2001-07-01"),
        ("China_FVC_250m_2001_07_15.tif", "2001-07-15"),
        ("fvc-2001.tif", "2001-01-01"),
    ],
)
def test_dates_are_read_from_names(tmp_path, name, date):
    (path,) = write_fvc_china(cover(1), tmp_path)
    ds = open_source("fvc_china", path.rename(tmp_path / name), override=TPDC)
    assert str(ds.time.values[0])[:10] == date


def test_a_pattern_of_the_user_wins(tmp_path):
    (path,) = write_fvc_china(cover(1), tmp_path)
    renamed = path.rename(tmp_path / "fvc_07_2001.tif")
    ds = open_source("fvc_china", renamed, override=TPDC, time_from_name="fvc_%m_%Y")
    assert str(ds.time.values[0])[:7] == "2001-07"


@pytest.mark.real
def test_real_shares_under_another_name_pass_as_they_are(shared_data):
    path = shared_data / "nwchina-static" / "nwchina_static_005deg.nc"
    ds = open_source("fvc_china", path, variables={"fvc": "fapar_max"})
    with xr.open_dataset(path) as raw:
        np.testing.assert_array_equal(ds.fvc.values, raw.fapar_max.values)


def test_names_are_recognised():
    names = PRODUCTS["fvc_china"].names
    assert re.search(names, "China_FVC_200107.tif")
    assert not re.search(names, "MOD13A2.061__1_km_16_days_NDVI_doy2001001_aid0001.tif")
