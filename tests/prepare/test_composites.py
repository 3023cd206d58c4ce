import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from soilscope import composite
from soilscope.errors import InputError


def monthly(values, start="2000-01", **attrs):
    time = pd.date_range(start, periods=len(values), freq="MS")
    return xr.DataArray(values, {"time": time}, ("time",), name="soil_moisture", attrs=attrs)


def test_partial_years_are_left_out_when_twelve_months_are_asked_for():
    annual = composite(monthly(np.arange(26.0), "2000-12"), freq="YS", min_count=12)
    assert annual.time.dt.year.values.tolist() == [2000, 2001, 2002, 2003]
    np.testing.assert_allclose(annual, [np.nan, 6.5, 18.5, np.nan])


def test_one_missing_month_empties_its_year_only():
    values = np.ones(36)
    values[14] = np.nan
    annual = composite(monthly(values), freq="YS", min_count=12)
    np.testing.assert_allclose(annual, [1.0, np.nan, 1.0])


@pytest.mark.parametrize(
    ("how", "expected"), [("mean", 4.5), ("sum", 9.0), ("max", 6.0), ("min", 3.0)]
)
def test_missing_values_are_skipped(how, expected):
    year = np.full(12, np.nan)
    year[[3, 7]] = [3.0, 6.0]
    assert float(composite(monthly(year), freq="YS", how=how)[0]) == expected


def test_an_infinite_value_counts_as_missing():
    assert float(composite(monthly([np.inf, 2.0]), freq="YS")[0]) == 2.0


def test_a_sum_of_nothing_is_missing_and_not_zero():
    assert np.isnan(composite(monthly([np.nan] * 12), freq="YS", how="sum")[0])


def test_months_without_data_keep_their_stamps():
    days = pd.to_datetime(["2001-01-05", "2001-01-20", "2001-04-02"])
    da = xr.DataArray([1.0, 3.0, 5.0], {"time": days}, ("time",))
    result = composite(da, freq="MS")
    assert result.time.dt.strftime("%Y-%m-%d").values.tolist() == [
        "2001-01-01",
        "2001-02-01",
        "2001-03-01",
        "2001-04-01",
    ]
    np.testing.assert_allclose(result, [2.0, np.nan, np.nan, 5.0])


def test_other_calendars_keep_their_calendar():
    time = xr.date_range("2001-01-30", periods=360, freq="D", calendar="360_day", use_cftime=True)
    result = composite(xr.DataArray(np.ones(360), {"time": time}, ("time",)), freq="MS", how="sum")
    assert result.time.dt.calendar == "360_day"
    assert result.values[1:-1].tolist() == [30.0] * 11


def test_attributes_of_an_index_survive():
    result = composite(monthly(np.ones(12), units="1", reference="own"), freq="YS")
    assert result.attrs["reference"] == "own"
    assert result.attrs["cell_methods"] == "time: mean (years, at least 1)"


def test_single_precision_stays_and_sums_are_exact():
    values = np.full(12, 0.1, dtype="f4")
    result = composite(monthly(values), freq="YS", how="sum")
    assert result.dtype == np.float32
    assert float(result[0]) == np.float32(12 * np.float64(np.float32(0.1)))


@given(st.lists(st.floats(-1e3, 1e3) | st.just(np.nan), min_size=1, max_size=60))
def test_annual_means_equal_those_of_pandas(values):
    da = monthly(np.array(values))
    series = da.to_series()
    expected = series.groupby(series.index.year).mean()
    result = composite(da, freq="YS")
    np.testing.assert_allclose(result.values, expected.values, atol=1e-9)


def test_a_dataset_keeps_what_has_no_time():
    ds = xr.Dataset({"sm": monthly(np.ones(12)), "zone": ("site", [1, 2])})
    assert composite(ds, freq="YS").zone.values.tolist() == [1, 2]


@pytest.mark.parametrize("options", [{"freq": "W"}, {"how": "median"}, {"min_count": 0}])
def test_an_unknown_option_is_refused(options):
    with pytest.raises(InputError, match=next(iter(options))):
        composite(monthly(np.ones(12)), **options)


def test_unsorted_time_is_refused():
    with pytest.raises(InputError, match="not in ascending order"):
        composite(monthly(np.ones(3)).isel(time=[1, 0, 2]))


def test_the_sum_of_a_rate_is_per_period():
    rain = monthly(np.full(12, 50.0), units="mm month-1")
    annual = composite(rain, freq="YS", how="sum")
    assert (float(annual[0]), annual.attrs["units"]) == (600.0, "mm year-1")
    assert composite(rain, freq="YS").attrs["units"] == "mm month-1"


def test_the_sum_of_a_daily_rate_is_per_month():
    time = pd.date_range("2001-01-01", periods=31)
    rain = xr.DataArray(np.full(31, 2.0), {"time": time}, ("time",), attrs={"units": "mm day-1"})
    month = composite(rain, how="sum")
    assert (float(month[0]), month.attrs["units"]) == (62.0, "mm month-1")


def test_a_sum_of_a_rate_that_is_not_one_value_per_unit_is_refused():
    with pytest.raises(InputError, match="needs one value per day"):
        composite(monthly(np.ones(12), units="mm day-1"), freq="YS", how="sum")


def test_an_empty_period_is_refused():
    with pytest.raises(InputError, match="no time steps"):
        composite(monthly(np.ones(3)).isel(time=slice(0, 0)))


def test_coordinates_of_a_dataset_without_time_stay():
    ds = xr.Dataset({"sm": monthly(np.ones(12))}).assign_coords(layer_name=("depth", ["top"]))
    assert composite(ds, freq="YS").layer_name.values.tolist() == ["top"]


def test_chunks_and_the_order_of_dimensions_do_not_matter():
    da = monthly(np.arange(24.0)).expand_dims(depth=2, x=3).copy()
    da[1, 2, 5] = np.nan
    whole = composite(da, freq="YS", min_count=12)
    lazy = composite(da.chunk(x=1, time=-1), freq="YS", min_count=12)
    assert lazy.chunks is not None
    xr.testing.assert_identical(lazy.compute(), whole)
    turned = composite(da.transpose("time", "x", "depth"), freq="YS", min_count=12)
    xr.testing.assert_allclose(turned.transpose(*whole.dims), whole)


def daily(n=120, **dims):
    rng = np.random.default_rng(3)
    values = rng.normal(0.3, 0.1, (n, *dims.values()))
    values[rng.random(values.shape) < 0.2] = np.nan
    time = pd.date_range("2001-01-10", periods=n)
    return xr.DataArray(values.astype("f4"), {"time": time}, ("time", *dims))


@pytest.mark.parametrize("how", ["mean", "sum", "max", "min"])
@pytest.mark.parametrize("size", [1, 7, 50, (22, 28, 31, 30, 9), (53, 67)])
def test_blocks_of_time_change_no_number(size, how):
    da = daily(y=3, x=2).transpose("y", "time", "x")
    lazy = composite(da.chunk(time=size, x=1), how=how, min_count=3)
    assert lazy.chunks is not None
    xr.testing.assert_identical(lazy.compute(), composite(da, how=how, min_count=3))


def test_blocks_of_whole_months_stay_apart():
    da = daily(y=3).chunk(time=(22, 28, 31, 30, 9))
    assert composite(da).chunks == ((1, 1, 1, 1, 1), (3,))


def test_a_block_takes_the_rest_of_its_last_month_from_the_next():
    da = daily(y=3).chunk(time=18)  # 10 January to 9 May
    assert composite(da).chunks == ((1, 1, 1, 1, 1), (3,))
    assert composite(da.chunk(time=50)).chunks == ((2, 2, 1), (3,))


def test_months_without_data_between_blocks_are_missing():
    da = daily(y=3)
    gap = xr.concat([da.isel(time=slice(0, 22)), da.isel(time=slice(81, None))], "time")
    lazy = composite(gap.chunk(time=(22, 39)))
    assert lazy.chunks == ((3, 2), (3,))
    xr.testing.assert_identical(lazy.compute(), composite(gap))
    assert bool(lazy[1:3].isnull().all())
