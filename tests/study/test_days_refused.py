"""What makes no days, or no temperature at a local hour, is told in one line with a remedy."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope.study.runner import run_study
from soilscope.study.store import Store
from soilscope.twin.layouts.era5_land import write_era5_land
from study.hourly_files import (
    N_DAYS,
    STUDY,
    cube_of,
    faults_of,
    hours,
    written,
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_era5_land(hours(), tmp_path / "land")
    return tmp_path


def coarse(folder, step, **attrs):
    time = pd.date_range("2020-05-01", periods=8, freq=step)
    like = hours(n_days=1).temperature
    values = np.full((8, 3, 4), 0.4, "f4")
    places = {"time": time, "latitude": like.latitude, "longitude": like.longitude}
    da = xr.DataArray(values, places, ("time", "latitude", "longitude"), attrs=attrs)
    da.to_dataset(name="ndvi").to_netcdf(folder / "green.nc")


GREEN = "inputs:\n  green: {product: raster, paths: green.nc, variables: [ndvi]}\n"


@pytest.mark.parametrize(
    ("step", "words"),
    [("8D", "every 8 days"), ("16D", "every 16 days"), ("MS", "one value a month")],
)
def test_an_input_coarser_than_a_day_is_refused_with_what_to_do(folder, step, words):
    coarse(folder, step, units="1")
    (fault,) = faults_of(STUDY.replace("inputs:\n", GREEN))
    assert fault.startswith("study.yaml:4: green has ")
    assert words in fault
    assert "calendar: own" in fault
    assert "smooth or interpolate_daily" in fault
    assert "\n" not in fault


def test_the_remedy_works(folder):
    coarse(folder, "8D", units="1")
    text = STUDY.replace("inputs:\n", GREEN.replace("[ndvi]", "[ndvi], calendar: own"))
    run_study(
        written(text + "  daily: {step: interpolate_daily, da: green.ndvi, composite_days: 8}\n"),
        results="out",
    )
    daily = Store("out").open("daily").ndvi
    assert np.diff(daily.time).max() == np.timedelta64(1, "D")
    np.testing.assert_allclose(daily.sel(time="2020-06-10"), 0.4, rtol=1e-6)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[surface_temperature, temperature,", "[temperature,", "no input on the study's calendar"),
        ("derive:", "overpass: [13.5, 25], derive:", "two hours from 0 to 24"),
        ("derive:", "overpass: 13.5, derive:", "must be a list of 2"),
        ("derive:", "overpass_date: here, derive:", "must be one of 'local', 'utc'"),
        ("[vpd, overpass]", "[vpd, overpas]", "derive"),
    ],
)
def test_what_local_hours_cannot_be_made_of_is_told(folder, old, new, words):
    assert any(words in fault for fault in faults_of(STUDY.replace(old, new)))


def test_temperatures_that_come_every_6_hours_are_refused(folder):
    write_era5_land(hours().isel(time=slice(None, None, 6)), folder / "land")
    (fault,) = faults_of(STUDY)
    assert "land has surface_temperature every 6 hours" in fault
    assert "every 3 hours or more often; give hourly or 3-hourly files" in fault


def test_precipitation_beside_them_makes_days_which_is_told(folder):
    ds = hours()
    days = ds.resample(time="D").mean()
    rain = days.temperature * 0 + 3.0
    write_era5_land(days.assign(precipitation=rain), folder / "land")
    (fault,) = faults_of(STUDY.replace("dewpoint,", "dewpoint, precipitation,"))
    assert "take precipitation from an input of its own" in fault


def test_precipitation_in_an_input_of_its_own_is_the_total_of_its_day(folder):
    days = hours().resample(time="D").mean()
    amount = xr.zeros_like(days.temperature) + xr.DataArray(np.arange(float(N_DAYS)), dims="time")
    write_era5_land(days[["temperature"]].assign(precipitation=amount), folder / "rain")
    rain = "  rain: {product: era5_land, paths: rain/*.nc, variables: [precipitation]}\nanalyses"
    run_study(written(STUDY.replace("analyses", rain)), results="out")
    cube = cube_of()
    np.testing.assert_allclose(
        cube.precipitation.values, amount.transpose("time", ...).values, atol=1e-4
    )
    assert cube.precipitation.attrs["units"] == "mm d-1"


def test_days_and_hours_without_a_calendar_are_told_of_it(folder):
    days = hours().resample(time="D").mean()
    write_era5_land(days[["temperature"]].assign(precipitation=days.dewpoint), folder / "rain")
    rain = "  rain: {product: era5_land, paths: rain/*.nc, variables: [precipitation]}\n"
    text = "inputs:" + STUDY.split("inputs:")[1].replace("analyses", rain + "analyses").replace(
        "day: lst_day, night: lst_night", "day: temperature, night: dewpoint"
    )
    assert any("calendar: day where all have days or hours" in fault for fault in faults_of(text))
