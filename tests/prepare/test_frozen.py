"""Frozen days: what counts as frozen, what is unknown, and hours that become days."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope import frozen_mask
from soilscope.errors import InputError

nan = np.nan


def days(values, **attrs) -> xr.DataArray:
    time = pd.date_range("2020-03-01", periods=len(values))
    return xr.DataArray(np.array(values, float), {"time": time}, ("time",), attrs=attrs)


def test_colder_than_the_threshold_is_frozen_and_missing_is_unknown():
    mask = frozen_mask(days([-0.01, 0.0, 5.0, nan, -np.inf], units="degC"))
    assert mask.values.tolist() == [1, 0, 0, -1, -1]
    assert mask.dtype == np.int8
    assert mask.name == "frozen"
    assert mask.attrs["flag_values"] == [-1, 0, 1]
    assert mask.attrs["flag_meanings"] == "unknown not_frozen frozen"
    assert frozen_mask(days([-0.01, 1.0, 5.0]), threshold=2.0).values.tolist() == [1, 1, 0]


def test_kelvin_are_understood_and_other_units_refused():
    assert frozen_mask(days([273.0, 273.2], units="K")).values.tolist() == [1, 0]
    with pytest.raises(InputError, match="temperature is in 'degF'; bring it to degC first"):
        frozen_mask(days([32.0], units="degF"))
    with pytest.raises(InputError, match="snow is in 'm'; give its water in mm"):
        frozen_mask(days([1.0]), snow=days([1.0], units="m"))


def test_snow_freezes_what_is_warm_and_nothing_thaws_the_unknown():
    mask = frozen_mask(
        days([3.0, 3.0, nan, nan, 3.0, -2.0]), snow=days([1.1, 1.0, 5.0, 0.0, nan, 0.0], units="mm")
    )
    assert mask.values.tolist() == [1, 0, 1, -1, 0, 1]


def test_bit_1_of_the_esa_cci_flag_is_frozen():
    flag = days([0, 1, 2, 3, 64, 65]).astype("int16")
    mask = frozen_mask(days([5.0] * 6), flag=flag)
    assert mask.values.tolist() == [0, 1, 0, 1, 0, 1]
    # no flag at all (127 in files, -1 or NaN here) says nothing
    mask = frozen_mask(days([5.0, 5.0, 5.0, nan]), flag=days([127, -1, nan, 1]))
    assert mask.values.tolist() == [0, 0, 0, 1]


@pytest.mark.parametrize(("how", "expected"), [("mean", [1, 0]), ("min", [1, 1]), ("max", [0, 0])])
def test_hours_become_days(how, expected):
    time = pd.date_range("2020-03-01", periods=16, freq="3h")
    values = [-6, -5, -4, -3, 1, 2, 1, -2, -1, 0, 3, 5, 6, 4, 2, 1]
    mask = frozen_mask(xr.DataArray(np.array(values, float), {"time": time}, ("time",)), how=how)
    np.testing.assert_array_equal(mask.time.values, pd.date_range("2020-03-01", periods=2))
    assert mask.values.tolist() == expected


def test_a_day_with_fewer_than_half_of_its_steps_is_unknown():
    time = pd.date_range("2020-03-01", periods=24, freq="3h")
    values = np.full(24, -5.0)
    values[0:5] = nan  # 3 of 8 are left
    values[8:12] = nan  # 4 of 8
    da = xr.DataArray(values, {"time": time}, ("time",))
    assert frozen_mask(da).values.tolist() == [-1, 1, 1]
    without = da.isel(time=np.r_[0:8, 16:24])  # a day without any step
    assert frozen_mask(without).values.tolist() == [-1, -1, 1]


def test_snow_by_the_hour_goes_with_temperatures_by_the_hour():
    time = pd.date_range("2020-03-01", periods=16, freq="3h")
    warm = xr.DataArray(np.full(16, 5.0), {"time": time}, ("time",))
    snow = xr.DataArray(np.repeat([4.0, 0.0], 8), {"time": time}, ("time",))
    assert frozen_mask(warm, snow=snow).values.tolist() == [1, 0]
    assert frozen_mask(warm, snow=days([4.0, 0.0])).values.tolist() == [1, 0]
    with pytest.raises(InputError, match="flag and temperature differ along 'time'"):
        frozen_mask(warm, flag=snow)


def test_grids_are_lazy_and_chunks_do_not_matter():
    rng = np.random.default_rng(3)
    time = pd.date_range("2020-03-01", periods=80, freq="3h")
    da = xr.DataArray(
        rng.normal(size=(80, 2, 3)), {"time": time, "y": [2.0, 1.0]}, ("time", "y", "x")
    ).where(rng.random((80, 2, 3)) > 0.2)
    snow = da.isel(time=slice(None, None, 8)).assign_coords(time=time.floor("D").unique())
    whole = frozen_mask(da, snow=snow)
    lazy = frozen_mask(da.chunk(time=11, x=2), snow=snow.chunk(y=1))
    assert lazy.chunks is not None
    xr.testing.assert_equal(lazy.compute(), whole)
    turned = frozen_mask(da.transpose("x", "time", "y"), snow=snow)
    xr.testing.assert_equal(turned.transpose(*whole.dims), whole)


def test_lineage_goes_on():
    mask = frozen_mask(days([1.0], lineage='["ERA5-Land"]'), snow=days([1.0], lineage='["GLDAS"]'))
    assert "ERA5-Land" in mask.attrs["lineage"]
    assert "GLDAS" in mask.attrs["lineage"]
