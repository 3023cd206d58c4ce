"""Composites of days: midnight to midnight, with a share of the steps that a day has."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope import composite
from soilscope.errors import InputError


def hourly(values, *, start="2001-01-01", step=1, **attrs) -> xr.DataArray:
    time = pd.date_range(start, periods=len(values), freq=f"{step}h")
    return xr.DataArray(values, {"time": time}, ("time",), name="temperature", attrs=attrs)


@pytest.mark.parametrize("step", [1, 3, 6])
@pytest.mark.parametrize("how", ["mean", "max", "min"])
def test_a_day_holds_the_steps_from_midnight_to_midnight_as_in_pandas(step, how):
    values = np.random.default_rng(0).normal(size=100)
    da = hourly(values, start="2001-02-27 05:00", step=step)
    found = composite(da, freq="D", how=how)
    expected = getattr(da.to_series().resample("D"), how)()
    np.testing.assert_array_equal(found.time, expected.index)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert "days" in found.attrs["cell_methods"]


def test_a_day_with_too_few_of_its_steps_is_missing():
    da = hourly(np.arange(24.0 * 3))
    da[30] = np.nan
    cut = da.isel(time=slice(10, 24 * 3 - 4))  # 14, 23 and 20 values
    full = composite(cut, freq="D", min_share=0.8)
    np.testing.assert_array_equal(np.isfinite(full), [False, True, True])
    assert np.isfinite(composite(cut, freq="D", min_share=0.9)).sum() == 1
    np.testing.assert_array_equal(np.isfinite(composite(cut, freq="D", min_count=15)), [0, 1, 1])


def test_days_without_steps_keep_their_stamps():
    da = hourly(np.ones(24 * 4)).isel(time=[*range(24), *range(72, 96)])
    found = composite(da, freq="D", min_share=1.0)
    np.testing.assert_array_equal(found, [1.0, np.nan, np.nan, 1.0])


@pytest.mark.parametrize("size", [1, 5, 24, 50])
def test_blocks_of_time_make_no_difference(size):
    values = np.random.default_rng(1).normal(size=24 * 6)
    da = hourly(values, start="2001-01-01 07:00")
    found = composite(da.chunk(time=size), freq="D", min_share=0.8)
    assert found.chunks is not None
    np.testing.assert_array_equal(found, composite(da, freq="D", min_share=0.8))


@pytest.mark.parametrize(
    ("units", "step", "told"),
    [("mm h-1", 1, "mm d-1"), ("mm", 3, "mm"), ("mm hour-1", 1, "mm d-1")],
)
def test_the_sum_of_a_rate_per_hour_is_per_day(units, step, told):
    found = composite(hourly(np.ones(48), step=step, units=units), freq="D", how="sum")
    np.testing.assert_array_equal(found, 24.0 / step)
    assert found.attrs["units"] == told


@pytest.mark.parametrize(
    ("da", "options", "words"),
    [
        (hourly(np.ones(48), units="mm d-1"), {"how": "sum"}, "one value per d"),
        (hourly(np.ones(48), step=3, units="mm h-1"), {"how": "sum"}, "one value per h"),
        (hourly(np.ones(9), step=8 * 24), {}, "8 days apart.*interpolate_daily"),
        (hourly(np.ones(48)), {"dates": "shared"}, "goes with months and years"),
    ],
)
def test_what_makes_no_day_is_refused(da, options, words):
    with pytest.raises(InputError, match=words):
        composite(da, freq="D", **options)


def test_days_of_another_calendar_are_refused():
    time = xr.date_range("2001-01-01", periods=48, freq="h", calendar="360_day", use_cftime=True)
    da = xr.DataArray(np.ones(48), {"time": time}, ("time",))
    with pytest.raises(InputError, match="another calendar"):
        composite(da, freq="D")
