"""Times that come twice, out of order, in other calendars or not at all: missing, or one line."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from study.bad_folder import (
    era5_land,
    grid,
    modis,
    require_true,
    smci,
    spoil,
    study_of,
    terraclimate,
)


def test_two_files_of_one_month_are_named(spoilt):
    shutil.copy(era5_land(2001)[0], "ERA5-Land/part.nc")
    spoil(era5_land(2001), lambda ds: ds)
    line = spoilt.refused(study_of("temperature"))
    assert "time holds 2001-01-01 twice (and 11 more) (in " in line
    assert "era5_land_2001.nc and in " in line
    assert "part.nc); keep one of them" in line


def test_two_stamps_in_one_month_of_a_monthly_file_are_no_mean_of_both(spoilt):
    ds = grid()
    other = ds.isel(time=[5]).assign_coords(time=[pd.Timestamp("2000-06-15")])
    xr.concat([ds, other], "time").sortby("time").to_netcdf("grid.nc")
    line = spoilt.refused(study_of("t2m"))
    assert "the months hold 2000-06 (2000-06-01 and 2000-06-15) twice (in " in line


def test_a_missing_stamp_says_how_to_drop_it(spoilt):
    ds = grid()
    ds.assign_coords(time=ds.time.where(ds.time != ds.time[3])).to_netcdf("grid.nc")
    line = spoilt.refused(study_of("t2m"))
    assert "has a missing stamp (number 4); drop it, with ds.sel(time=ds.time.notnull())." in line


@pytest.mark.parametrize("kind", ["twice", "shuffled", "backwards"])
def test_stamps_out_of_order_are_refused_with_the_file(spoilt, kind):
    orders = {
        "twice": [0, 0, *range(1, 36)],
        "shuffled": np.random.default_rng(0).permutation(36),
        "backwards": slice(None, None, -1),
    }
    grid().isel(time=orders[kind]).to_netcdf("grid.nc")
    line = spoilt.refused(study_of("t2m"))
    told = "holds 2000-01-01 twice; keep" if kind == "twice" else "is not in ascending order: "
    assert f"grid.nc {told}" in line
    assert "ds.drop_duplicates('time')" in line or "ds.sortby('time')" in line


# what is missing


def test_a_layer_missing_from_the_middle_is_told(spoilt):
    for path in smci(bottom=20):
        path.unlink()
    (told,) = spoilt.told(study_of("soil_moisture"))
    assert told.startswith("SMCI lacks the layer 10-20 cm between 0-10 cm and 20-30 cm;")
    assert told.endswith("Add the files named ..._20cm, or name fewer layers.")


def test_a_missing_year_of_days_is_told_and_missing(spoilt):
    for path in smci(2001):
        path.unlink()
    cube = spoilt.cube(study_of("soil_moisture"))
    (told,) = spoilt.warned
    assert told.startswith("SMCI lacks 2001 between 2000 and 2002; these years will be missing")
    require_true(cube, "soil_moisture", atol=6e-4, missing=1 / 3)


def test_a_missing_year_of_months_is_told_by_every_product(spoilt):
    for path in (*terraclimate(2001), *era5_land(2001)):
        path.unlink()
    grid().isel(time=[*range(12), *range(24, 36)]).to_netcdf("grid.nc")
    (told,) = spoilt.told(study_of("vpd"))
    assert told.startswith("TerraClimate lacks 2001 of vpd between 2000 and 2002;")
    for name in ("temperature", "t2m"):
        (told,) = spoilt.told(study_of(name))
        assert "hold nothing between 2000-12-01 and 2002-01-01; these times are missing" in told
        assert told.endswith("Add their files, or change period.")
    own = study_of("t2m").replace("grid.nc,", "grid.nc, period: [2002-01, 2002-12],")
    assert spoilt.told(own) == []


def dated(ds):
    return ds.assign_coords(time=("time", np.arange(365), {"units": "days since 2001-01-01"}))


def test_half_a_month_of_days_is_missing_and_told(spoilt):
    days = np.flatnonzero((np.arange(365) < 31) | (np.arange(365) >= 50))  # nine of February
    spoil(smci(2001), lambda ds: dated(ds).isel(time=days))
    cube = spoilt.cube(study_of("soil_moisture"))
    assert "smci: 1 month(s) have too few days and are missing: 2001-02 (9 of 28 days)." in (
        spoilt.warned
    )
    require_true(cube, "soil_moisture", atol=6e-4, missing=1 / 36)


def test_days_without_dates_must_be_those_of_a_year(spoilt):
    spoil(smci(2001, 10), lambda ds: ds.isel(time=slice(346)))
    line = spoilt.refused(study_of("soil_moisture"))
    assert "SMCI_9km_2001_10cm.nc holds 346 days without dates, but 2001 has 365" in line


# what is there twice


def test_two_files_of_one_year_are_named_by_every_product(spoilt):
    for path in (smci(2001, 10)[0], terraclimate(2001)[0], modis()[0]):
        shutil.copy(path, path.with_name(f"{path.stem} (1).nc"))
    line = spoilt.refused(study_of("soil_moisture"))
    assert "SMCI_9km_2001_10cm (1).nc and " in line
    assert "both hold 2001 of the layer 0-10 cm; keep one of them." in line
    line = spoilt.refused(study_of("vpd"))
    assert "TerraClimate_vpd_2001 (1).nc and " in line
    assert "both hold vpd of 2001; keep one of them." in line
    line = spoilt.refused(study_of("ndvi"))
    assert "both hold 2000-01-01 of the same cells; keep one of them" in line


# calendars and periods


@pytest.mark.parametrize("calendar", ["noleap", "360_day", "all_leap"])
def test_months_of_another_calendar_are_calendar_months_and_days_are_refused(spoilt, calendar):
    ds = grid()
    months = xr.date_range("2000-01-15", periods=36, freq="MS", calendar=calendar, use_cftime=True)
    days = xr.date_range("2000-01-15", periods=36, freq="D", calendar=calendar, use_cftime=True)
    ds.assign_coords(time=days).to_netcdf("grid.nc")
    line = spoilt.refused(study_of("t2m"))
    assert f"grid.nc has the calendar '{calendar}', whose days are not real dates; average" in line
    Path("grid.nc").unlink()
    ds.assign_coords(time=months).to_netcdf("grid.nc")
    cube = spoilt.cube(study_of("t2m"))
    assert cube.time.values[[0, -1]].astype("M8[M]").astype(str).tolist() == ["2000-02", "2003-01"]
    shifted = cube.assign_coords(time=grid().time.values)
    require_true(shifted, "temperature", atol=1e-5)


@pytest.mark.parametrize("name", ["soil_moisture", "temperature", "vpd", "ndvi", "t2m"])
def test_a_period_outside_the_data_is_told_with_theirs(spoilt, name):
    grid().to_netcdf("grid.nc")
    line = spoilt.refused(study_of(name) + "period: [1950-01, 1960-12]\n")
    assert line.startswith("study.yaml:9: ")
    assert " from 2000-01-01 to 200" in line
    assert "has nothing in the period 1950-01 to 1960-12; change period or the files." in line
