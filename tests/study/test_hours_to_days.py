"""Hourly inputs of a study become days: means, deficits and temperatures at local hours."""

import numpy as np
import pytest
import xarray as xr

from soilscope import (
    composite,
    lst_difference,
    open_source,
    overpass_temperature,
    vapour_pressure_deficit,
)
from soilscope.grid.crs import geobox_of, stamp
from soilscope.grid.regrid import regrid
from soilscope.study import stages
from soilscope.study.config import load_study
from soilscope.study.plan import plan
from soilscope.study.runner import run_study
from soilscope.study.store import Store
from soilscope.twin.layouts.era5_land import write_era5_land
from study.hourly_files import (
    N_DAYS,
    STUDY,
    VARIABLES,
    cube_of,
    hours,
    opened,
    same,
    written,
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_era5_land(hours(), tmp_path / "land")
    return tmp_path


def test_the_numbers_are_those_of_the_functions_on_the_opened_data(folder):
    run_study(written(), results="out")
    cube, ds = cube_of(), opened()
    assert cube.sizes["time"] == N_DAYS
    for name in VARIABLES:
        same(cube[name], composite(ds[name], freq="D", min_share=0.8))
    local = overpass_temperature(ds.surface_temperature)
    same(cube.lst_day, local.lst_day)
    same(cube.lst_night, local.lst_night)
    hourly = vapour_pressure_deficit(
        ds.dewpoint, temperature=ds.temperature, method="mean_temperature"
    )
    same(cube.vpd, composite(hourly.vpd, freq="D", min_share=0.8))
    found = Store("out").open("range").load()
    same(found.lst_difference, lst_difference(local.lst_day, local.lst_night).lst_difference)
    assert cube.lst_day.attrs["units"] == "degC"
    assert "local solar hour 13.5" in cube.lst_day.attrs["cell_methods"]
    assert "comment" not in cube.vpd.attrs  # it is no deficit of daily means


def test_the_deficit_is_the_mean_of_hours_and_not_that_of_means(folder):
    run_study(written(), results="out")
    cube = cube_of()
    of_means = vapour_pressure_deficit(
        cube.dewpoint, temperature=cube.temperature, method="mean_temperature"
    ).vpd
    assert float((cube.vpd - of_means).min()) > 0.05  # vapour pressure bends upwards


def test_the_first_night_is_missing_and_the_last_day_is_there(folder):
    run_study(written(), results="out")
    cube = cube_of()
    # 100 E is 6.7 hours ahead: the first night began before the files, the last day ends in them
    assert np.isnan(cube.lst_night.values[0]).all()
    assert np.isfinite(cube.lst_night.values[1:]).all()
    assert np.isfinite(cube.lst_day.values).all()
    assert np.isfinite(cube.temperature.values).all()


def test_hours_around_the_period_count_for_its_edges(folder):
    run_study(written(), results="whole")
    run_study(written("period: [2020-06-03, 2020-06-08]\n" + STUDY), results="out")
    cube = cube_of()
    assert cube.sizes["time"] == 6
    assert np.isfinite(cube.lst_night.values[0]).all()
    same(cube.lst_night, cube_of("whole").lst_night.sel(time=cube.time))


@pytest.mark.parametrize("date", ["local", "utc"])
def test_cells_on_both_sides_of_the_date_line(folder, monkeypatch, date):
    ds = hours(west=178.5, step=1.0)  # to 181.5 degrees east
    (folder / "land").rename(folder / "before")
    write_era5_land(ds, folder / "land")
    monkeypatch.setattr(stages, "BLOCK_BYTES", 2000)
    text = STUDY.replace("derive:", f"overpass_date: {date}, overpass: [10.5, 22.5], derive:")
    text = text.replace("era5_land\n", "era5\n")
    run_study(written(text), results="out")
    cube = cube_of()
    ds = open_source("era5", "land/*.nc", variables=VARIABLES).load()
    assert cube.longitude.values.tolist() == ds.longitude.values.tolist()
    local = overpass_temperature(ds.surface_temperature, day=10.5, night=22.5, date=date)
    same(cube.lst_day, local.lst_day)
    same(cube.lst_night, local.lst_night)
    # 178.5 E and 181.5 E are 12 minutes apart, and a day by the date of a local hour
    assert ((ds.longitude.values > 180) == [False, False, True, True]).all()


def test_local_hours_on_their_way_to_months(folder):
    write_era5_land(hours(n_days=40), folder / "land")
    run_study(written(STUDY.replace("step: day", "step: month")), results="out")
    cube = cube_of()
    local = overpass_temperature(opened().surface_temperature)
    expected = composite(local.lst_night, freq="MS", min_share=0.8)
    same(cube.lst_night, expected)
    assert np.isfinite(expected.values[0]).all()  # 29 of 30
    assert np.isnan(expected.values[1]).all()  # 10 of 31


def test_check_shows_what_is_made_before_any_work(folder):
    text = "\n".join(plan(load_study(written())).text())
    assert "vapour pressure deficit of every hour" in text
    assert "lst_day and lst_night of every day in local time at the local solar hours 13.5" in text
    assert "values of every hour to days in UTC (at least 80% of 24 values)" in text
    assert "range: lst_difference -> " in text
    assert f"2020-06-01 to 2020-06-12 ({N_DAYS} times)" in text


def test_a_suffix_goes_with_what_is_derived(folder):
    text = STUDY.replace("    paths:", "    suffix: era\n    paths:").replace(
        "day: lst_day, night: lst_night", "day: lst_day_era, night: lst_night_era"
    )
    run_study(written(text), results="out")
    assert np.isfinite(Store("out").open("range").lst_difference.values[1:]).all()


def test_an_input_apart_is_brought_to_days_on_its_own_grid(folder):
    twin = "{product: heihe_twin, rows: 30, columns: 30, days: 12, start: '2020-06-01'}"
    text = STUDY.replace("inputs:\n", f"inputs:\n  fine: {twin}\n")
    text = text.replace("    paths:", "    grid: own\n    paths:")
    text = text.replace("lst_day", "land.lst_day").replace("lst_night", "land.lst_night")
    run_study(written(text), results="out")
    local = overpass_temperature(opened().surface_temperature)
    found = Store("out").open("range").load().lst_difference
    same(found, (local.lst_day - local.lst_night))


def test_local_hours_are_of_the_own_cells_and_then_brought_onto_the_grid(folder):
    text = "grid: {crs: EPSG:32647, resolution: 9000, min_valid: 0.1}\n" + STUDY
    run_study(written(text), results="out")
    cube = cube_of()
    local = overpass_temperature(opened().surface_temperature)
    expected = regrid(local.lst_day, geobox_of(cube), min_valid=0.1)
    assert "y" in cube.dims
    assert np.isfinite(expected.values).any()
    np.testing.assert_array_equal(cube.lst_day.values, expected.values)


def test_a_projected_grid_has_the_local_hours_of_its_longitudes(folder):
    ds = hours(west=0.0)
    temperature = ds.surface_temperature.rename(latitude="y", longitude="x")
    far = {"y": 4.5e6 - 3e5 * np.arange(3), "x": 2e5 + 3e5 * np.arange(4)}  # 12 degrees wide
    placed = stamp(temperature.assign_coords(far).to_dataset(name="skt"), "EPSG:32647")
    placed["skt"].attrs["units"] = "degC"
    placed.to_netcdf("land.nc")
    text = """\
calendar: {step: day, derive: [overpass]}
inputs:
  land: {product: raster, paths: land.nc, variables: {surface_temperature: skt}}
analyses:
  range: {step: lst_difference, day: lst_day, night: lst_night}
"""
    run_study(written(text), results="out")
    local = overpass_temperature(placed.skt)
    same(cube_of().lst_day, local.lst_day)
    assert float(local.lst_day.std("x").mean()) > 1.0  # the hours differ


def test_sites_have_the_local_hours_of_their_longitudes(folder):
    time = hours().time
    n = np.arange(time.size, dtype=float)[:, None] / 10.0
    ds = xr.Dataset(
        {"skt": (("time", "site"), n + np.zeros(3), {"units": "degC"})},
        {
            "time": time,
            "site": ["west", "here", "east"],
            "longitude": ("site", [-90.0, 0.0, 90.0]),
            "latitude": ("site", [40.0, 41.0, 42.0]),
        },
    )
    ds.to_netcdf("sites.nc")
    text = """\
calendar: {step: day, derive: [overpass]}
inputs:
  land: {product: table, paths: sites.nc, variables: {surface_temperature: skt}}
analyses:
  range: {step: lst_difference, day: lst_day, night: lst_night}
"""
    run_study(written(text), results="out")
    found = cube_of().lst_day.sel(time="2020-06-03").squeeze()
    # the value is a tenth of the hour of the record: 48 at midnight (UTC), 6 hours for 90 degrees
    np.testing.assert_allclose(found.sel(site=["west", "here", "east"]), [6.75, 6.15, 5.55])
