"""Composites of several days belong to the month in which they were seen."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope import composite
from soilscope.prepare.observed import by_observation

STARTS = np.concatenate(
    [pd.date_range(f"{year}-01-01", periods=23, freq="16D").values for year in (2000, 2001)]
)


def composites(values, days=None, starts=STARTS):
    attrs = {"composite_days": 16, "units": "1"}
    ds = xr.Dataset({"ndvi": ("time", np.asarray(values), attrs)}, {"time": starts})
    return ds if days is None else ds.assign(ndvi_day=("time", np.asarray(days, "f4")))


def monthly(ds):
    return composite(by_observation(ds)["ndvi"], how="max")


@pytest.mark.parametrize("chunks", [None, {"time": 1}, {"time": -1}])
def test_every_value_is_in_the_month_of_its_day(chunks):
    rng = np.random.default_rng(1)
    days = rng.integers(0, 16, STARTS.size)
    values = rng.random(STARTS.size)
    ds = composites(values, days)
    found = monthly(ds if chunks is None else ds.chunk(chunks))
    seen = pd.Series(values, pd.DatetimeIndex(STARTS) + pd.to_timedelta(days, "D"))
    expected = seen[:"2001-12-31"].resample("MS").max()
    assert found.to_series().tolist() == expected.reindex(found.time.values).tolist()
    assert found.attrs["units"] == "1"


def test_each_cell_goes_by_its_own_day():
    ds = composites(np.ones(2), starts=STARTS[10:12]).expand_dims(x=2).copy()  # 9 and 25 June 2000
    days = xr.DataArray([[0, 0], [3, 8]], dims=("time", "x"))
    ds["ndvi"] = xr.DataArray([[0.2, 0.2], [0.4, 0.4]], dims=("time", "x"), attrs=ds.ndvi.attrs)
    one = by_observation(ds.assign(ndvi_day=days))
    june = composite(one["ndvi"], how="max").sel(time="2000-06").values.ravel()
    assert june.tolist() == [0.4, 0.2]  # 28 June; 3 July


def test_without_days_a_composite_is_of_the_month_of_its_middle():
    ds = composites(np.arange(46.0))
    moved = by_observation(ds)
    assert (moved.time.values - STARTS == np.timedelta64(8, "D")).all()
    # 25 June to 10 July 2000 is July's
    assert float(monthly(ds).sel(time="2000-06-01")) == 10.0
    assert float(monthly(ds).sel(time="2000-07-01")) == 12.0


def test_a_missing_day_counts_as_the_middle():
    days = np.full(46, np.nan)
    xr.testing.assert_identical(
        monthly(composites(np.arange(46.0), days)), monthly(composites(np.arange(46.0)))
    )


def test_what_lies_behind_the_last_month_is_left_out():
    days = np.full(46, 15)  # the last composite begins on 19 December
    found = monthly(composites(np.arange(46.0), days))
    assert found.time.dt.strftime("%Y-%m").values[-1] == "2001-12"
    assert float(found[-1]) == 44.0


def test_monthly_composites_and_other_data_stay_as_they_are():
    months = pd.date_range("2000-01", periods=12, freq="MS").values
    for ds in (
        composites(np.ones(12), starts=months),
        composites(np.ones(46)).drop_attrs(),
    ):
        xr.testing.assert_identical(by_observation(ds), ds)
