"""Times that come twice, out of order, in other calendars or not at all: missing, or one line."""

import shutil

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from study.bad_folder import era5_land, grid, spoil, study_of


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
