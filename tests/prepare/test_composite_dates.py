"""Values of several days: in the month in which they were seen, or shared among months by days."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from soilscope import composite
from soilscope.errors import InputError


def stamps_of(step, years=(2000, 2001)):
    """First days of composites that begin anew each year, as those of MODIS."""
    days = [pd.date_range(f"{y}-01-01", f"{y}-12-31", freq=f"{step}D").values for y in years]
    return np.concatenate(days)


def composites(values, step=8, stamps=None, **attrs):
    time = stamps_of(step) if stamps is None else stamps
    values = np.asarray(values, dtype=float)
    attrs = {"composite_days": step} | attrs
    return xr.DataArray(values, {"time": time[: values.size]}, ("time",), name="pet", attrs=attrs)


def daily_by_hand(da):
    """Repeat each value on its days, which end where the next composite begins."""
    stamps = pd.DatetimeIndex(da.time.values)
    last = stamps[-1] + pd.Timedelta(f"{da.attrs['composite_days'] - 1}D")
    series = pd.Series(np.arange(stamps.size), stamps)
    owner = series.reindex(pd.date_range(stamps[0], last)).ffill().astype(int)
    day = (owner.index - stamps[owner.to_numpy()]).days
    values = pd.Series(da.values[owner.to_numpy()], owner.index)
    values[day >= da.attrs["composite_days"]] = np.nan  # a composite is left out there
    return values[: stamps[-1] + pd.offsets.MonthEnd(0)]


@pytest.mark.parametrize("step", [7, 8, 10, 16])
def test_a_shared_mean_is_that_of_the_days(step):
    da = composites(np.random.default_rng(step).random(stamps_of(step).size), step)
    da[[3, 4, 5, 6, 7, 20]] = np.nan
    expected = daily_by_hand(da).resample("MS").mean()
    found = composite(da, dates="shared")
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert found.time.values.tolist() == expected.index.values.astype(found.time.dtype).tolist()


def test_a_shared_mean_of_years_is_that_of_the_days():
    da = composites(np.random.default_rng(0).random(92))
    expected = daily_by_hand(da).resample("YS").mean()
    np.testing.assert_allclose(composite(da, freq="YS", dates="shared"), expected, rtol=1e-12)


@given(st.integers(0, 2**32 - 1), st.sampled_from([7, 8, 10, 16]), st.floats(0, 1))
def test_composites_left_out_or_missing_leave_their_days_uncovered(seed, step, share):
    rng = np.random.default_rng(seed)
    da = composites(rng.random(stamps_of(step).size), step)
    kept = np.flatnonzero(rng.random(da.size) < 0.7)
    da = da.isel(time=kept if kept.size else [0])
    da = da.where(xr.DataArray(rng.random(da.size) < 0.8, dims="time")).assign_attrs(da.attrs)
    days = daily_by_hand(da)
    expected = days.resample("MS").mean().to_numpy(copy=True)
    months = days.resample("MS").count().index
    covered = days.resample("MS").count().to_numpy() / months.days_in_month
    expected[covered < share - 1e-12] = np.nan
    found = composite(da, dates="shared", min_share=share)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_a_shared_sum_of_a_constant_rate_is_the_rate_times_the_days():
    da = composites(np.full(92, 2.0), units="mm d-1")
    da[10] = np.nan  # a missing value is no dry one
    month = composite(da, how="sum", dates="shared")
    np.testing.assert_allclose(month, 2.0 * month.time.dt.days_in_month)
    assert month.attrs["units"] == "mm month-1"
    year = composite(da, freq="YS", how="sum", dates="shared")
    np.testing.assert_allclose(year, [732.0, 730.0])
    assert year.attrs["units"] == "mm year-1"
    assert year.attrs["cell_methods"] == "time: sum (years, weighted by days, at least 1)"


def test_monthly_means_become_annual_ones_by_the_days_of_the_months():
    months = pd.date_range("2001-01", periods=24, freq="MS")
    da = xr.DataArray(np.random.default_rng(1).random(24), {"time": months}, ("time",))
    found = composite(da, freq="YS", dates="shared", min_count=12)
    expected = np.average(da.values.reshape(2, 12), axis=1, weights=months[:12].days_in_month)
    np.testing.assert_allclose(found, expected)


def test_daily_values_share_nothing():
    days = pd.date_range("2001-01-10", periods=100)
    da = xr.DataArray(np.random.default_rng(1).random(100), {"time": days}, ("time",))
    found = composite(da, dates="shared")
    np.testing.assert_allclose(found, composite(da), rtol=1e-12)


def test_min_count_counts_values_and_not_days():
    da = composites(np.ones(8))
    assert composite(da, dates="shared", min_count=5).isnull().values.tolist() == [True, False]
    assert composite(da, dates="shared", min_count=4).isnull().values.tolist() == [False, False]


@pytest.mark.parametrize("step", [7, 8, 16])
def test_each_value_is_in_the_month_in_which_it_was_seen(step):
    rng = np.random.default_rng(step)
    da = composites(rng.random(stamps_of(step).size), step)
    days = da.copy(data=rng.integers(0, step, da.size).astype(float))
    dates = pd.DatetimeIndex(da.time.values) + pd.to_timedelta(days.values, "D")
    seen = pd.Series(da.values, dates).sort_index()
    for how, reduce in (("mvc", "max"), ("mean", "mean")):
        expected = getattr(seen[:"2001-12-31"].resample("MS"), reduce)()
        found = composite(da, how=how, dates="seen", days=days)
        np.testing.assert_allclose(found, expected.reindex(found.time.values), rtol=1e-12)
    assert found.name == "pet"


def test_without_days_a_value_is_in_the_month_of_its_middle():
    da = composites(np.arange(92.0))
    middle = pd.Series(da.values, pd.DatetimeIndex(da.time.values) + pd.Timedelta("4D"))
    found = composite(da, dates="seen")
    np.testing.assert_allclose(found, middle[:"2001-12-31"].resample("MS").mean())


def test_in_a_dataset_days_stand_beside_their_variable():
    da = composites(np.arange(92.0))
    days = da.copy(data=np.full(92, 7.0)).drop_attrs()
    ds = xr.Dataset({"pet": da, "pet_day": days, "height": ("x", [1.0])})
    found = composite(ds, how="max", dates="seen")
    xr.testing.assert_identical(found.pet, composite(da, how="max", dates="seen", days=days))
    assert "pet_day" not in found
    assert found.height.values.tolist() == [1.0]


def test_mvc_is_the_largest_value_of_any_variable():
    da = composites(np.random.default_rng(2).random(92), units="mm d-1", standard_name="pet")
    mvc, largest = composite(da, how="mvc"), composite(da, how="max")
    xr.testing.assert_identical(mvc, largest)
    assert mvc.attrs["units"] == "mm d-1"
    assert mvc.attrs["cell_methods"] == "time: maximum (months, at least 1)"


def test_a_clear_sky_mean_keeps_its_label():
    label = {"comment": "mean of clear-sky days", "cell_methods": "time: mean (clear sky)"}
    da = composites(np.ones(92), **label)
    for dates in ("stamp", "seen", "shared"):
        attrs = composite(da, dates=dates).attrs
        assert attrs["comment"] == label["comment"]
        assert attrs["cell_methods"].startswith("time: mean (clear sky) time: mean (months")


def test_other_calendars_keep_their_calendar():
    time = xr.date_range("2001-01-25", periods=9, freq="10D", calendar="360_day", use_cftime=True)
    da = composites(np.ones(9), 10, time, units="mm d-1")
    found = composite(da, how="sum", dates="shared")
    assert found.time.dt.calendar == "360_day"
    assert found.values.tolist() == [30.0] * 4


@pytest.mark.parametrize("dates", ["seen", "shared"])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("chunks", [{"x": 2}, {"time": 1}, {"time": 5, "x": 3}])
def test_chunks_and_the_order_of_dimensions_do_not_matter(dates, dtype, chunks):
    rng = np.random.default_rng(4)
    da = composites(np.ones(92)).expand_dims(x=4).transpose("time", "x")
    da = da.copy(data=rng.random(da.shape).astype(dtype))
    da[5, 1], da[10:16, 2] = np.nan, np.inf
    days = {"days": da.copy(data=rng.integers(0, 8, da.shape))} if dates == "seen" else {}
    whole = composite(da, dates=dates, **days)
    lazy = composite(da.chunk(chunks), dates=dates, **days)
    assert lazy.chunks is not None
    assert lazy.dtype == whole.dtype == np.dtype(dtype)
    xr.testing.assert_identical(lazy.compute(), whole)
    turned = composite(da.transpose("x", "time"), dates=dates, **days)
    assert turned.dims == ("x", "time")
    xr.testing.assert_identical(turned.transpose("time", "x"), whole)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"dates": "middle"}, "dates is 'middle'; it must be one of"),
        ({"days": composites(np.ones(92))}, "days are for dates='seen'"),
        ({"dates": "shared", "how": "mvc"}, "how='mvc' takes one value, which is not shared"),
        ({"dates": "shared", "how": "sum"}, "da is in 'mm'; a shared sum is of rates per day"),
        ({"dates": "seen", "min_share": 0.5}, "or dates='shared'"),
        ({"dates": "seen", "days": composites(np.ones(5))}, "days and da differ along 'time'"),
    ],
)
def test_an_option_that_does_not_fit_is_refused(options, told):
    with pytest.raises(InputError, match=told):
        composite(composites(np.ones(92), units="mm"), **options)


def test_the_length_of_composites_must_be_known():
    bare = composites(np.ones(92)).drop_attrs()
    with pytest.raises(InputError, match="write their days to the attribute composite_days"):
        composite(bare, dates="seen")
    with pytest.raises(InputError, match="write them to its attribute composite_days"):
        composite(bare, dates="shared")
