"""Day less night: sign, units, what is told of swapped and mixed data."""

import json
import warnings

import numpy as np
import pytest
import xarray as xr

from soilscope import lst_difference
from soilscope.errors import InputError, SoilscopeWarning
from soilscope.lineage import lineage_of


def field(values, *, units="degC", **attrs):
    values = np.asarray(values, dtype=float)
    dims = ("time", "y", "x")[: values.ndim]
    return xr.DataArray(values, dims=dims, attrs={"units": units} | attrs)


def pair(seed=0):
    """A field of days some 20 K warmer than its nights, a few of them colder."""
    rng = np.random.default_rng(seed)
    night = rng.normal(5.0, 4.0, (6, 4, 5))
    day = night + rng.normal(20.0, 8.0, night.shape)
    day[0, 0, 0] = np.nan
    return field(day), field(night)


def test_the_sign_is_kept():
    found = lst_difference(field([30.0, 2.0]), field([10.0, 5.0]))
    assert found.lst_difference.values.tolist() == [20.0, -3.0]
    assert found.n_negative.item() == 1
    assert found.lst_difference.units == "K"
    assert found.n_negative.units == "1"


def test_kelvin_and_celsius_give_the_same_difference():
    day, night = pair()
    kelvin = [da.copy(data=da.values + 273.15).assign_attrs(units="K") for da in (day, night)]
    expected = lst_difference(day, night)
    np.testing.assert_allclose(
        lst_difference(*kelvin).lst_difference.values, expected.lst_difference.values, atol=1e-12
    )


def test_exchanging_day_and_night_turns_the_sign_and_is_told():
    day, night = pair()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        expected = lst_difference(day, night)
    with pytest.warns(SoilscopeWarning, match=r"negative for 9\d% of 119 values .*exchanged"):
        found = lst_difference(night, day)
    np.testing.assert_array_equal(found.lst_difference.values, -expected.lst_difference.values)


def test_a_missing_day_or_night_leaves_the_others_alone():
    found = lst_difference(field([np.nan, 20.0, 21.0]), field([5.0, np.nan, 1.0]))
    np.testing.assert_array_equal(found.lst_difference.values, [np.nan, np.nan, 20.0])
    assert found.n_negative.item() == 0


def test_lazy_data_stay_lazy():
    day, night = pair()
    lazy = lst_difference(day.chunk(x=2), night.chunk(x=2))
    assert lazy.lst_difference.chunks is not None
    xr.testing.assert_identical(lazy.compute(), lst_difference(day, night))


def test_kelvin_less_celsius_is_refused():
    day, night = pair()
    with pytest.raises(InputError, match="day is in K, night in degC; bring both to degC"):
        lst_difference(day.assign_attrs(units="K"), night)
    bare = (day + 273.15).assign_attrs({})
    with pytest.raises(InputError, match=r"is 29\d.*one of them is in K and the other in degC"):
        lst_difference(bare, night)
    with pytest.raises(InputError, match=r"in '0\.02 K'; bring both to degC"):
        lst_difference(day.assign_attrs(units="0.02 K"), night)


def test_other_stamps_are_refused():
    days = xr.date_range("2001-01-01", periods=6)
    day, night = (da.assign_coords(time=days) for da in pair())
    late = night.assign_coords(time=days + np.timedelta64(12, "h"))
    with pytest.raises(InputError, match=r"differ along 'time'.*stamps to the date"):
        lst_difference(day, late)
    with pytest.raises(InputError, match="give both the same"):
        lst_difference(day, night.isel(x=0))


def test_two_satellites_are_told():
    day, night = pair()
    with pytest.warns(SoilscopeWarning, match="day is of Terra, night of Aqua"):
        lst_difference(day.assign_attrs(platform="Terra"), night.assign_attrs(platform="Aqua"))


def test_a_clear_sky_stays_told_and_so_does_the_lineage():
    day, night = pair()
    told = {"product": "modis_lst", "lineage": json.dumps(["MODIS LST"]), "composite_days": 8}
    found = lst_difference(
        day.assign_attrs(told, sky="clear"), night.assign_attrs(told, sky="all-weather")
    )
    assert found.lst_difference.sky == "clear"
    assert found.lst_difference.composite_days == 8
    assert "MODIS LST" in lineage_of(found.lst_difference)
    assert "sky" not in found.n_negative.attrs
