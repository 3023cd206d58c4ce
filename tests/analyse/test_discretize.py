import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope import discretize
from soilscope.errors import InputError


def sites(values, **attrs):
    return xr.DataArray(np.asarray(values), dims="site", attrs=attrs)


def test_classes_asked_for_and_obtained_are_both_told():
    x = sites([0.0] * 8 + [1.0, 2.0])
    classes = discretize(x, method="quantile", n_classes=5)
    assert classes.n_obtained.item() == 2
    assert classes.sizes["edge"] == 6
    assert classes.breaks.notnull().sum().item() == 3


def test_missing_and_infinite_values_have_no_class():
    codes = discretize(sites([1.0, np.nan, 2.0, np.inf, 3.0]), method="equal", n_classes=2).codes
    assert codes.values.tolist() == [0, -1, 0, -1, 1]
    assert codes.dtype == np.int16


def test_a_constant_factor_is_one_class_and_says_so():
    made = discretize(sites([2.0] * 5), method="natural", n_classes=3)
    assert made.status.item() == 3
    assert made.n_obtained.item() == 1
    assert (made.codes == 0).all()


def test_an_empty_factor_has_no_classes():
    made = discretize(sites([np.nan] * 5), method="sd", n_classes=3)
    assert made.status.item() == 1
    assert made.n_obs.item() == 0
    assert made.breaks.isnull().all()


def test_more_classes_than_distinct_values_give_as_many_as_there_are():
    made = discretize(sites([1.0, 2.0, 2.0, 5.0]), method="natural", n_classes=8)
    assert made.n_obtained.item() == 3
    assert made.codes.values.tolist() == [0, 1, 1, 2]


def test_sectors_of_aspect_meet_at_north():
    aspect = sites([350.0, 5.0, 45.0, 90.0, 225.0, 359.0, -5.0])
    codes = discretize(aspect, method="sectors", n_classes=4).codes
    assert codes.values.tolist() == [0, 0, 0, 1, 2, 0, 0]


def test_months_are_cut_one_by_one_and_lazily():
    rng = np.random.default_rng(0)
    x = xr.DataArray(rng.normal(size=(3, 4, 5)), dims=("time", "y", "x"))
    made = discretize(x, method="natural", n_classes=4)
    alone = discretize(x[1], method="natural", n_classes=4)
    np.testing.assert_array_equal(made.codes[1], alone.codes)
    np.testing.assert_array_equal(made.breaks.sel(time=1), alone.breaks)
    lazy = discretize(x.chunk(time=1, x=2), method="natural", n_classes=4)
    assert lazy.codes.chunks is not None
    xr.testing.assert_identical(lazy.compute(), made)


def test_a_series_is_cut_as_a_whole():
    x = xr.DataArray(np.arange(6.0), dims="time")
    assert discretize(x, method="equal", n_classes=3).codes.values.tolist() == [0, 0, 1, 1, 2, 2]


def test_breaks_bear_the_units_of_the_factor():
    made = discretize(sites([1.0, 2.0, 4.0], units="mm"), method="equal", n_classes=2)
    assert made.breaks.attrs["units"] == "mm"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"method": "jenks", "n_classes": 3}, "method is 'jenks'; it must be one of 'equal'"),
        ({"method": "equal", "n_classes": 1}, "n_classes is 1; it must be between 2 and 1000"),
        ({"method": "equal", "n_classes": 2.5}, "n_classes is 2.5; give a whole number"),
        ({"method": "equal", "n_classes": 3, "compat": "R"}, "compat is 'R'"),
    ],
)
def test_a_wrong_option_is_told_in_one_line(options, words):
    with pytest.raises(InputError, match=words):
        discretize(sites([1.0, 2.0]), **options)


@pytest.mark.parametrize("values", [["a", "b"], pd.Categorical(["a", "b"])])
def test_text_is_no_number_to_cut(values):
    with pytest.raises(InputError, match="not real numbers"):
        discretize(xr.DataArray(values, dims="site"), method="equal", n_classes=2)
