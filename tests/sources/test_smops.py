"""SMOPS: scale and fills with and without attributes, no coordinates, GRIB, versions."""

import json
import re

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope import open_source
from soilscope.errors import SoilscopeWarning, SourceError
from soilscope.grid.crs import crs_of
from soilscope.lineage import shared_lineage
from soilscope.twin.layouts.smops import write_smops

REGION = (100.0, 38.0, 101.0, 38.75)


def moisture(n_days: int = 2, first: str = "2018-01-01") -> xr.Dataset:
    days = pd.date_range(first, periods=n_days)
    lat, lon = 38.625 - 0.25 * np.arange(3), 100.125 + 0.25 * np.arange(4)
    day, row, column = np.indices((n_days, 3, 4))
    values = 0.15 + 0.01 * day + 0.001 * row + 0.0001 * column
    values[:, 0, 0] = np.nan
    dims = ("time", "latitude", "longitude")
    return xr.Dataset(
        {"soil_moisture": (dims, values), "soil_moisture_uncertainty": (dims, 0.04 + 0 * values)},
        {"time": days, "latitude": lat, "longitude": lon},
    )


@pytest.mark.parametrize("packed", [True, False])
def test_numbers_have_one_scale_whether_the_file_states_it_or_not(tmp_path, packed):
    write_smops(moisture(), tmp_path, packed=packed)
    ds = open_source("smops", tmp_path, region=REGION)
    expected = moisture()
    np.testing.assert_allclose(ds.soil_moisture.values, expected.soil_moisture.values, atol=1e-7)
    expected_sd = expected.soil_moisture_uncertainty.values
    np.testing.assert_allclose(ds.soil_moisture_uncertainty.values, expected_sd, atol=1e-7)
    np.testing.assert_array_equal(ds.time.values, expected.time.values)
    np.testing.assert_array_equal(ds.latitude.values, expected.latitude.values)
    np.testing.assert_array_equal(ds.longitude.values, expected.longitude.values)
    assert ds.soil_moisture.attrs["units"] == "m3 m-3"
    assert crs_of(ds) == "EPSG:4326"


def rewritten(path, change) -> None:
    with xr.open_dataset(path, mask_and_scale=False) as ds:
        changed = change(ds.load())
    path.unlink()
    changed.to_netcdf(path, engine="h5netcdf")


def test_zero_and_negative_numbers_are_missing(tmp_path):
    (path,) = write_smops(moisture(1), tmp_path, packed=False)

    def bend(ds):
        at = {"Latitude": 205, "Longitude": slice(1120, 1124)}
        ds.Blended_SM[at] = [0, -9999, -1, 1]
        return ds

    rewritten(path, bend)
    ds = open_source("smops", path, region=REGION, variables=["soil_moisture"])
    row = ds.soil_moisture.sel(latitude=90 - 0.25 * 205.5).values[0]
    assert np.isnan(row[:3]).all()
    assert row[3] == pytest.approx(0.0001)


def test_extracts_with_a_time_dimension_and_coordinates_are_read(tmp_path):
    (path,) = write_smops(moisture(1), tmp_path, packed=False)
    lat, lon = 90 - 0.25 * (np.arange(720) + 0.5), -180 + 0.25 * (np.arange(1440) + 0.5)

    def extract(ds):
        ds = ds.rename(Latitude="lat", Longitude="lon").expand_dims("time")
        return ds.assign_coords(lat=lat, lon=lon).isel(lat=slice(200, 210), lon=slice(1118, 1130))

    rewritten(path, extract)
    path = path.rename(path.with_name("NPR_SMOPS_CMAP_D20180101_extn.nc"))
    ds = open_source("smops", path, region=REGION)
    np.testing.assert_allclose(ds.soil_moisture.values, moisture(1).soil_moisture.values, atol=1e-7)


def test_cut_files_without_coordinates_are_refused(tmp_path):
    (path,) = write_smops(moisture(1), tmp_path)
    rewritten(path, lambda ds: ds.isel(Latitude=slice(200, 210)))
    with pytest.raises(SourceError, match=r"hold 10 x 1440 cells without coordinates; SMOPS has"):
        open_source("smops", path)


def test_grib_is_refused_with_the_way_to_convert_it(tmp_path):
    file = tmp_path / "NPR_SMOPS_CMAP_D20200101.gr2"
    file.write_bytes(b"GRIB" + bytes(100))
    command = "wgrib2 NPR_SMOPS_CMAP_D20200101.gr2 -netcdf NPR_SMOPS_CMAP_D20200101.nc"
    for path in (file, tmp_path):
        with pytest.raises(SourceError, match=re.escape(command)):
            open_source("smops", path)


def test_values_that_are_shares_already_are_told_with_the_words_to_write(tmp_path):
    (path,) = write_smops(moisture(1), tmp_path, packed=False)

    def shares(ds):
        share = ds.Blended_SM.where(ds.Blended_SM > 0, -9999.0) * 1e-4
        return ds[["Blended_SM"]].assign(Blended_SM=share.astype("f4"))

    rewritten(path, shares)
    with pytest.raises(SourceError, match=r"looks like a fraction: write .*units: m3 m-3"):
        open_source("smops", path, region=REGION)
    ds = open_source("smops", path, region=REGION, override={"soil_moisture": {"units": "m3 m-3"}})
    np.testing.assert_allclose(ds.soil_moisture.values, moisture(1).soil_moisture.values, rtol=1e-5)


def test_hours_in_the_name_are_hours_of_the_stamp(tmp_path):
    (path,) = write_smops(moisture(1), tmp_path)
    path = path.rename(path.with_name("NPR_SMOPS_CMAP_D2018010118.nc"))
    ds = open_source("smops", path, region=REGION)
    assert ds.time.dt.hour.values.tolist() == [18]


def test_files_across_the_change_of_version_are_told(tmp_path):
    write_smops(moisture(2, "2017-10-04"), tmp_path)
    with pytest.warns(SoilscopeWarning, match=r"run across 2017, when version 3.0 of SMOPS came"):
        open_source("smops", tmp_path, region=REGION)


def test_it_shares_its_satellites_with_esa_cci(tmp_path):
    write_smops(moisture(1), tmp_path)
    ds = open_source("smops", tmp_path, region=REGION)
    cci = xr.DataArray(0.0, attrs={"lineage": json.dumps(["ESA CCI COMBINED", "SMAP"])})
    assert shared_lineage(ds, cci) == ("SMAP",)
