"""Surface temperature at local solar hours: against sines and lines whose answer is known."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from soilscope import overpass_temperature
from soilscope.errors import GridError, InputError
from soilscope.grid.crs import stamp


def utc(da_time, longitude):
    """Hours of local solar time of stamps at a longitude."""
    hours = (da_time - np.datetime64("2020-07-01")) / np.timedelta64(1, "h")
    return hours[:, None] + np.asarray(longitude) / 15.0


def diurnal(longitude, *, step=1, n_days=6) -> xr.DataArray:
    """20 degC and a sine of 10 K with its top at 13 local solar time, at every longitude."""
    time = pd.date_range("2020-07-01", periods=n_days * 24 // step, freq=f"{step}h").to_numpy()
    warm = 20 + 10 * np.cos(2 * np.pi * (utc(time, longitude) - 13.0) / 24.0)
    grid = np.repeat(warm[:, None, :], 2, axis=1)
    places = {"time": time, "latitude": [41.0, 40.0], "longitude": np.asarray(longitude, float)}
    return xr.DataArray(
        grid, places, ("time", "latitude", "longitude"), attrs={"units": "degC"}
    ).rename("surface_temperature")


LONGITUDES = np.arange(-179.0, 180.0, 11.3)


@pytest.mark.parametrize("step", [1, 3])
def test_a_diurnal_sine_has_the_same_overpass_temperature_everywhere(step):
    ds = overpass_temperature(diurnal(LONGITUDES, step=step))
    # a chord lies below an arc by at most (step in radians)**2 / 8 of the amplitude
    off = 10 * (2 * np.pi * step / 24) ** 2 / 8
    for name, hour in (("lst_day", 13.5), ("lst_night", 1.5)):
        exact = 20 + 10 * np.cos(2 * np.pi * (hour - 13.0) / 24)
        inner = ds[name].isel(time=slice(1, -1))
        assert inner.notnull().all()
        assert float(abs(inner - exact).max()) <= off + 1e-9
    assert ds.lst_day.attrs["units"] == "degC"
    assert ds.lst_day.attrs["long_name"] == "land surface temperature by day"
    assert "local solar hour 13.5" in ds.lst_day.attrs["cell_methods"]


def ramp(longitude, *, step=1, n_days=4, start="2020-07-01") -> xr.DataArray:
    """A temperature that is its own instant: hours since the first midnight (UTC)."""
    time = pd.date_range(start, periods=n_days * 24 // step, freq=f"{step}h").to_numpy()
    hours = (time - np.datetime64("2020-07-01")) / np.timedelta64(1, "h")
    values = np.repeat(hours[:, None], len(longitude), axis=1)
    return xr.DataArray(
        values, {"time": time, "longitude": np.asarray(longitude, float)}, ("time", "longitude")
    )


def test_the_night_of_a_date_comes_before_its_day_in_local_time():
    ds = overpass_temperature(ramp([100.5, -75.0]))
    # 100.5 E is 6.7 hours ahead: 13:30 local is 06:48 UTC, 01:30 local is 18:48 UTC the day before
    assert ds.time.values[0] == np.datetime64("2020-07-01")
    np.testing.assert_allclose(ds.lst_day[:, 0], [6.8, 30.8, 54.8, 78.8])
    np.testing.assert_allclose(ds.lst_night[:, 0], [np.nan, 18.8, 42.8, 66.8])
    # 75 W is 5 hours behind: 18:30 and 06:30 UTC of the date itself
    np.testing.assert_allclose(ds.lst_day[:, 1], [18.5, 42.5, 66.5, 90.5])
    np.testing.assert_allclose(ds.lst_night[:, 1], [6.5, 30.5, 54.5, 78.5])


def test_dates_in_utc_hold_the_instants_of_that_day():
    ds = overpass_temperature(ramp([100.5, -75.0]), date="utc")
    np.testing.assert_allclose(ds.lst_day[:, 0], [6.8, 30.8, 54.8, 78.8])
    np.testing.assert_allclose(ds.lst_night[:, 0], [18.8, 42.8, 66.8, 90.8])
    np.testing.assert_allclose(ds.lst_night[:, 1], [6.5, 30.5, 54.5, 78.5])


@given(
    longitude=st.floats(-180, 179.99),
    hour=st.floats(0, 24),
    step=st.sampled_from([1, 2, 3]),
    date=st.sampled_from(["local", "utc"]),
)
def test_a_line_is_met_exactly_and_at_the_right_hour(longitude, hour, step, date):
    found = overpass_temperature(ramp([longitude], step=step), day=hour, date=date).lst_day[:, 0]
    inner = found.isel(time=slice(1, -1)).values  # instants in hours UTC
    assert np.isfinite(inner).all()
    local = inner + longitude / 15.0
    away = (local - hour) % 24.0
    assert (np.minimum(away, 24.0 - away) < 1e-6).all()
    clock = local if date == "local" else inner
    midnights = 24.0 * np.array([1, 2])
    assert (clock >= midnights - 1e-6).all()
    assert (clock <= midnights + 24.0 + 1e-6).all()


def test_longitudes_from_0_to_360_are_the_same_places():
    east = overpass_temperature(ramp([285.0]))
    west = overpass_temperature(ramp([-75.0]))
    np.testing.assert_array_equal(east.lst_night.values, west.lst_night.values)


def test_a_missing_step_leaves_only_its_neighbourhood_missing():
    da = ramp([0.0])
    da[13] = np.nan  # 13 UTC of the first day: between 13 and 14 lies 13.5
    ds = overpass_temperature(da)
    assert np.isnan(ds.lst_day.values[:, 0]).tolist() == [True, False, False, False]
    assert ds.lst_night.notnull().all()
    da[13], da[14] = np.inf, 14.0
    assert np.isnan(overpass_temperature(da).lst_day[0, 0])


def test_a_step_that_is_met_exactly_needs_no_neighbour():
    da = ramp([0.0])
    da[12] = np.nan
    assert float(overpass_temperature(da, day=13.0).lst_day[0, 0]) == 13.0
    da[12], da[14] = 12.0, np.nan
    assert float(overpass_temperature(da, day=13.0).lst_day[0, 0]) == 13.0


def test_a_gap_of_more_than_three_hours_is_not_joined():
    da = ramp([0.0]).drop_isel(time=[12, 13, 14])  # 11 and 15 UTC are 4 hours apart
    assert np.isnan(overpass_temperature(da).lst_day[0, 0])
    da = ramp([0.0]).drop_isel(time=[13, 14])  # 12 and 15 are 3 hours apart
    assert float(overpass_temperature(da).lst_day[0, 0]) == pytest.approx(13.5)


@pytest.mark.parametrize("chunks", [{"time": 5}, {"time": 24, "longitude": 2}, {"time": -1}])
def test_blocks_of_days_give_what_the_whole_gives(chunks):
    da = diurnal([-170.0, 3.0, 100.0, 179.0], n_days=40)
    da = da.where(da["time"].dt.day != 7)
    whole = overpass_temperature(da)
    lazy = overpass_temperature(da.chunk(chunks))
    assert lazy.lst_day.chunks is not None
    xr.testing.assert_allclose(lazy.compute(), whole, rtol=1e-12)
    if chunks == {"time": 5}:  # a block reads its own days and little more
        assert max(lazy.lst_day.chunksizes["time"]) < 40
    turned = overpass_temperature(da.transpose("longitude", "time", "latitude"))
    xr.testing.assert_allclose(turned.transpose(*whole.lst_day.dims), whole, rtol=1e-12)


def test_a_projected_grid_has_its_longitudes_from_the_reference_system():
    # in UTM zone 48 the central meridian, 105 E, is at 500 km
    time = pd.date_range("2020-07-01", periods=48, freq="h")
    values = np.arange(48.0)[:, None, None] * np.ones((1, 2, 2))
    places = {"time": time, "y": [4.4e6, 4.3e6], "x": [5.0e5, 6.0e5]}
    da = stamp(xr.DataArray(values, places, ("time", "y", "x")), "EPSG:32648")
    ds = overpass_temperature(da)
    assert float(ds.lst_day[0, 0, 0]) == pytest.approx(13.5 - 7.0)
    # 100 km further east at 39.7 N are some 1.17 degrees
    assert float(ds.lst_day[0, 0, 1]) == pytest.approx(13.5 - 7.0 - 1.17 / 15, abs=1e-3)
    assert "spatial_ref" in ds.coords
    with pytest.raises(GridError, match="da has no coordinate reference system, which a local sol"):
        overpass_temperature(da.drop_vars("spatial_ref"))


def test_sites_and_single_series_have_their_longitude_as_a_coordinate():
    da = ramp([90.0, 0.0]).rename(longitude="site").assign_coords(longitude=("site", [90.0, 0.0]))
    ds = overpass_temperature(da.drop_vars("site"))
    assert ds.lst_day[0].values.tolist() == [7.5, 13.5]
    one = overpass_temperature(ramp([90.0]).isel(longitude=0))
    assert one.lst_day.dims == ("time",)
    assert float(one.lst_day[0]) == 7.5
    with pytest.raises(GridError, match="does not say how far east it is; assign its longitudes"):
        overpass_temperature(ramp([90.0]).isel(longitude=0, drop=True))


def test_long_steps_and_impossible_hours_are_refused():
    with pytest.raises(InputError, match=r"the steps of da are 6 hours apart; between instants"):
        overpass_temperature(ramp([0.0], step=6))
    with pytest.raises(InputError, match="the steps of da are a single one"):
        overpass_temperature(ramp([0.0]).isel(time=[0]))
    with pytest.raises(InputError, match="day is 25; it must be between"):
        overpass_temperature(ramp([0.0]), day=25)
    with pytest.raises(InputError, match="date is 'solar'; it must be one of 'local', 'utc'"):
        overpass_temperature(ramp([0.0]), date="solar")


def test_kelvin_stay_kelvin_and_lineage_goes_on():
    da = (diurnal([100.0]) + 273.15).astype("f4")
    da = da.assign_attrs(units="K", lineage='["ERA5-Land"]', standard_name="t", long_name="skin")
    ds = overpass_temperature(da)
    assert ds.lst_night.dtype == np.float32
    assert ds.lst_night.attrs["units"] == "K"
    assert ds.lst_night.attrs["long_name"] == "land surface temperature by night"
    assert "standard_name" not in ds.lst_night.attrs
    assert "ERA5-Land" in ds.lst_night.attrs["lineage"]
    assert float(ds.lst_day[2, 0, 0]) > 290
