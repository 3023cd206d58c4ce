import json

import dask
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from soilscope import trend
from soilscope.analyse.trend import LEGAL
from soilscope.errors import InputError
from soilscope.study.schema import parameters_of

PAIRS = [(correction, season) for season, names in LEGAL.items() for correction in names]
YEARS = [(2001, 2012), ("2006-07", "2015-11")]


def monthly(n=180, seed=0):
    rng = np.random.default_rng(seed)
    values = 0.3 + 0.02 * rng.normal(size=(n, 2, 3)).cumsum(axis=0)
    values[[4, 9, 130], 1, 2] = np.nan
    values[:150, 0, 0] = np.nan
    time = pd.date_range("2001-03", periods=n, freq="MS")
    coords = {"time": time, "depth": [0.05, 0.2], "x": [0.0, 1.0, 2.0]}
    return xr.DataArray(values, coords, ("time", "depth", "x"), attrs={"units": "m3 m-3"})


def plain(values, first=2000.0):
    years = first + np.arange(len(values))
    return xr.DataArray(np.asarray(values, dtype=float), {"time": years}, "time")


@pytest.mark.parametrize(("correction", "season"), PAIRS)
def test_a_window_gives_what_its_part_of_the_record_gives_alone(correction, season):
    da, options = monthly(), {"correction": correction, "season": season, "confidence": 0.9}
    result = trend(da, windows=YEARS, **options)
    for i, (start, end) in enumerate(YEARS):
        alone = trend(da.sel(time=slice(str(start), str(end))), **options)
        part = result.isel(window=i, drop=True)
        xr.testing.assert_equal(part.drop_vars(["window_start", "window_end"], errors="ignore"),
                                alone)  # fmt: skip
        assert set(part.data_vars) == set(trend(da, **options).data_vars)


def test_both_bounds_belong_to_a_window():
    broken = plain([0, 1, 2, 3, 4, 5, 4, 3, 2, 1, 0])
    result = trend(broken, windows=[(2000, 2005), (2005, 2010)], min_obs=6)
    assert result["slope"].values.tolist() == [1.0, -1.0]
    assert result["n_obs"].values.tolist() == [6, 6]


def test_a_year_and_a_month_stand_for_all_their_stamps():
    result = trend(monthly().isel(x=1, depth=0), windows=[(2002, 2003), ("2002-02", "2003-01")])
    assert result["n_obs"].values.tolist() == [24, 12]


def test_windows_are_named_by_their_bounds():
    result = trend(monthly(), windows=[(2001, 2012), ("2006-03", "2015-11")])
    assert result["slope"].dims == ("window", "depth", "x")
    assert result["window"].values.tolist() == ["2001/2012", "2006-03/2015-11"]
    assert result["window_start"].values.tolist() == ["2001", "2006-03"]
    assert result["window_end"].values.tolist() == ["2012", "2015-11"]
    assert result["slope"].attrs["units"] == "m3 m-3 year-1"
    assert json.loads(result.attrs["options"])["windows"][0] == [2001, 2012]


def test_a_window_with_too_few_values_says_so_and_leaves_the_others_alone():
    result = trend(monthly(), windows=[(2001, 2012), (2003, 2015)])
    meanings = np.array(result["status"].attrs["flag_meanings"].split())
    said = meanings[result["status"].sel(depth=0.05, x=0.0)]
    assert said.tolist() == ["no_data", "ok"]
    short = trend(monthly(), windows=[("2001-03", "2001-03"), ("2001-03", "2001-05")])
    assert (meanings[short["status"].sel(depth=0.2)] == "too_few").all()


def test_a_window_of_one_month_takes_the_seasonal_test():
    result = trend(monthly(), windows=[("2004-03", "2004-03")], season="month")
    assert result["status"].attrs["flag_meanings"].split()[int(result["status"][0, 1, 0])] == (
        "too_few"
    )


@given(cut=st.integers(12, 28), seed=st.integers(0, 2**32 - 1))
def test_what_lies_outside_a_window_does_not_touch_it(cut, seed):
    rng = np.random.default_rng(seed)
    one, other = rng.normal(size=(2, 40))
    other[:cut] = one[:cut]
    windows = [(2000, 2000 + cut - 1)]
    xr.testing.assert_identical(*(trend(plain(v), windows=windows) for v in (one, other)))


@pytest.mark.parametrize(("correction", "season"), [("ar1", None), ("hirsch_slack", "month")])
def test_windows_stay_lazy(correction, season):
    options = {"windows": YEARS, "correction": correction, "season": season}
    lazy = trend(monthly().chunk(depth=1, x=2), **options)
    assert all(variable.chunks for variable in lazy.data_vars.values())
    with dask.config.set(scheduler="synchronous"):
        xr.testing.assert_identical(lazy.compute(), trend(monthly(), **options))


def test_dates_of_other_calendars_are_cut_too():
    time = xr.date_range("2000-01-01", periods=30, freq="YS", calendar="360_day", use_cftime=True)
    da = xr.DataArray(0.5 * np.arange(30.0), {"time": time}, "time")
    result = trend(da, windows=[(2000, 2011), ("2010-01", "2029")])
    assert result["n_obs"].values.tolist() == [12, 20]
    assert result["slope"].values == pytest.approx([0.5, 0.5])


def test_a_study_file_can_write_windows():
    model = parameters_of(trend, data=("da",)).model
    read = model(windows=[[2000, 2010], ["2005-06", "2020-05"]])
    assert [list(pair) for pair in read.windows] == [[2000, 2010], ["2005-06", "2020-05"]]


@pytest.mark.parametrize(
    ("windows", "message"),
    [
        ([], "give pairs of bounds"),
        ("2000/2010", r"windows\[0\] is '2'; give its first and last bound"),
        ([(2001, 2003, 2005)], r"windows\[0\] is \(2001, 2003, 2005\); give its first and last"),
        ([(2001, 2012), (2050, 2060)], r"windows\[1\], 2050 to 2060, holds no stamp.*2001-03-01"),
        ([(2012, 2001)], r"windows\[0\], 2012 to 2001, holds no stamp"),
        ([("2001", "soon")], "each bound must be a year, month or day"),
        ([(2001, 2012), ("2001", "2012")], "holds 2001/2012 twice"),
    ],
)
def test_windows_that_cannot_be_meant_are_refused(windows, message):
    with pytest.raises(InputError, match=message):
        trend(monthly(), windows=windows)


def test_bounds_on_an_axis_of_numbers_are_numbers():
    with pytest.raises(InputError, match="each bound must be a number"):
        trend(plain(np.arange(20)), windows=[("2001-02", 2010)])
