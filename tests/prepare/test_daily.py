"""Daily values between composites: where each composite stands, and how far it reaches."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from soilscope import interpolate_daily, smooth
from soilscope.errors import InputError

STAMPS = np.concatenate(
    [pd.date_range(f"{year}-01-01", periods=23, freq="16D").values for year in (2000, 2001)]
)


def composites(values, stamps=STAMPS, **attrs):
    attrs = {"composite_days": 16} | attrs
    values = np.asarray(values, dtype=float)
    return xr.DataArray(
        values, {"time": stamps[: len(values)]}, ("time",), name="ndvi", attrs=attrs
    )


def day_of(da):
    return (da.time - np.datetime64("2000-01-01")) / np.timedelta64(1, "D")


def test_every_day_of_the_composites_has_a_stamp():
    daily = interpolate_daily(composites(np.ones(46)))
    assert daily.time.values[0] == np.datetime64("2000-01-01")
    assert daily.time.values[-1] == np.datetime64("2002-01-03")  # 19 December and 15 days
    assert (np.diff(daily.time.values) == np.timedelta64(1, "D")).all()
    assert bool((daily == 1.0).all())


def test_a_composite_stands_at_its_middle():
    daily = interpolate_daily(composites([0.0, 16.0]))
    np.testing.assert_allclose(daily[:8], 0.0)  # held before the middle, day 7.5
    np.testing.assert_allclose(daily[8:24], np.arange(0.5, 16.0))
    np.testing.assert_allclose(daily[24:], 16.0)


@given(st.integers(0, 2**32 - 1), st.floats(-1, 1), st.floats(-1, 1))
def test_a_straight_line_seen_on_any_days_is_found_again(seed, level, slope):
    rng = np.random.default_rng(seed)
    days = composites(rng.integers(0, 16, 46))
    seen = day_of(days) + days
    da = composites(level + slope * seen.values / 100)
    da[rng.random(46) < 0.3] = np.nan
    if da.count() < 2:
        return
    daily = interpolate_daily(da, days=days)
    valid = seen.values[da.notnull().values]
    inside = (day_of(daily) >= valid.min()) & (day_of(daily) <= valid.max())
    line = level + slope * day_of(daily) / 100
    np.testing.assert_allclose(daily[inside], line[inside], atol=1e-12)
    away = np.maximum(valid.min() - day_of(daily), day_of(daily) - valid.max())
    assert bool((daily.notnull() == (away <= 8)).all())  # half a composite, and no further


def test_numpy_interpolates_alike_within_the_valid_values():
    rng = np.random.default_rng(5)
    da = composites(rng.random(46))
    da[[4, 5, 20]] = np.nan
    middle = day_of(da).values + 7.5
    valid = da.notnull().values
    daily = interpolate_daily(da)
    expected = np.interp(day_of(daily), middle[valid], da.values[valid])
    np.testing.assert_allclose(daily, expected, atol=1e-12)


def test_a_missing_day_is_the_middle():
    da = composites(np.arange(46.0) ** 2)
    days = xr.full_like(da, np.nan)
    xr.testing.assert_identical(interpolate_daily(da, days=days), interpolate_daily(da))


def test_each_cell_goes_by_its_own_day():
    da = composites(np.arange(3.0)).expand_dims(x=2)
    days = xr.DataArray([[0.0, 0.0, 0.0], [15.0, 15.0, 15.0]], dims=("x", "time"))
    daily = interpolate_daily(da, days=days.assign_coords(time=da.time))
    assert daily.sel(time="2000-01-17").values.tolist() == [1.0, 1.0 / 16]


def test_composites_that_overlap_at_the_turn_of_a_year_are_put_in_order():
    stamps = np.array(["2000-12-18", "2001-01-01"], dtype="datetime64[ns]")
    days = composites([15.0, 0.0], stamps)  # seen on 2 January, and on 1 January
    daily = interpolate_daily(composites([4.0, 2.0], stamps), days=days)
    assert daily.sel(time=["2001-01-01", "2001-01-02"]).values.tolist() == [2.0, 4.0]
    same_day = interpolate_daily(
        composites([4.0, 2.0], stamps), days=composites([14.0, 0.0], stamps)
    )
    assert float(same_day.sel(time="2001-01-01")) == 3.0


def test_a_long_gap_stays_open_but_for_half_a_composite():
    values = np.ones(10)
    values[4:7] = np.nan
    daily = interpolate_daily(composites(values), max_gap=60)  # 64 days from middle to middle
    open_days = np.flatnonzero(daily.isnull())
    assert open_days.tolist() == list(range(4 * 16, 7 * 16))
    assert bool(interpolate_daily(composites(values), max_gap=64).notnull().all())


def test_nothing_is_extrapolated_beyond_half_a_composite():
    values = np.full(10, np.nan)
    values[5] = 0.4
    daily = interpolate_daily(composites(values))
    assert np.flatnonzero(daily.notnull()).tolist() == list(range(80, 96))
    assert bool(interpolate_daily(composites(np.full(10, np.inf))).isnull().all())


def test_monthly_means_stand_at_the_middle_of_their_month_whatever_their_stamp():
    months = pd.date_range("2001-01", periods=12, freq="MS")
    da = xr.DataArray(np.arange(12.0), {"time": months}, ("time",))
    daily = interpolate_daily(da)
    assert daily.time.dt.strftime("%m-%d").values[[0, -1]].tolist() == ["01-01", "12-31"]
    assert float(daily.sel(time="2001-01-16")) == 0.0  # day 15 of 0, 1, ... 30
    middle = da.assign_coords(time=months + pd.Timedelta("14D"))
    xr.testing.assert_allclose(interpolate_daily(middle), daily)


def test_daily_values_stay_as_they_are():
    days = pd.date_range("2001-01-01", periods=20)
    da = xr.DataArray(np.random.default_rng(0).random(20), {"time": days}, ("time",))
    np.testing.assert_array_equal(interpolate_daily(da), da)


def test_other_calendars_keep_their_calendar():
    stamps = xr.date_range("2001-02-21", periods=3, freq="10D", calendar="360_day", use_cftime=True)
    daily = interpolate_daily(composites([1.0, 2.0, 3.0], stamps), composite_days=10)
    assert daily.time.dt.calendar == "360_day"
    assert daily.time.values[-1].strftime("%Y-%m-%d") == "2001-03-20"


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_chunks_and_the_order_of_dimensions_do_not_matter(dtype):
    rng = np.random.default_rng(1)
    data = rng.random((46, 3, 20)).astype(dtype)
    data[rng.random(data.shape) < 0.2] = np.nan
    da = xr.DataArray(data, {"time": STAMPS}, ("time", "y", "x"), attrs={"composite_days": 16})
    days = xr.DataArray(rng.integers(0, 16, data.shape), {"time": STAMPS}, ("time", "y", "x"))
    for extra in ({}, {"days": days}):
        whole = interpolate_daily(da, **extra)
        lazy = interpolate_daily(da.chunk(x=7, y=1), **extra)
        assert lazy.chunks is not None
        assert lazy.dtype == np.dtype(dtype)
        xr.testing.assert_identical(lazy.compute(), whole)
        turned = interpolate_daily(da.transpose("x", "time", "y"), **extra)
        assert turned.dims == ("x", "time", "y")
        xr.testing.assert_identical(turned.transpose(*whole.dims), whole)


def test_attributes_say_what_was_done_and_no_longer_speak_of_composites():
    daily = interpolate_daily(composites(np.ones(5), units="1", cell_methods="time: maximum"))
    assert daily.name == "ndvi"
    assert daily.attrs == {
        "units": "1",
        "cell_methods": "time: maximum time: point (comment: interpolated from composites)",
    }


def test_smooth_composites_become_days_by_the_same_dates():
    rng = np.random.default_rng(2)
    days = composites(rng.integers(0, 16, 46))
    seen = day_of(days) + days
    da = composites((0.3 + 0.2 * np.sin(2 * np.pi * seen / 365)).values)
    da[rng.random(46) < 0.2] = np.nan
    daily = interpolate_daily(smooth(da, method="whittaker", smoothness=0.1, days=days), days=days)
    truth = 0.3 + 0.2 * np.sin(2 * np.pi * day_of(daily) / 365)
    inner = slice(40, -40)
    assert float(abs(daily - truth)[inner].max()) < 0.01


@pytest.mark.parametrize(
    ("da", "options", "told"),
    [
        (composites(np.ones(5)).drop_attrs(), {}, "write them to its attribute composite_days"),
        (composites(np.ones(5)), {"composite_days": 0}, "composite_days is 0"),
        (composites(np.ones(5)), {"max_gap": -1}, "max_gap is -1"),
        (composites(np.ones(0)), {}, "no time steps"),
        (composites(np.ones(5)), {"days": composites(np.ones(4))}, "days and da differ along"),
        (composites(np.ones(5))[::-1], {}, "not in ascending order"),
        (composites(np.ones(5)).to_dataset(), {}, r"give one of its variables"),
    ],
)
def test_what_does_not_fit_is_refused(da, options, told):
    with pytest.raises(InputError, match=told):
        interpolate_daily(da, **options)
