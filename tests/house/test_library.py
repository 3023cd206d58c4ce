"""The library as it is met in a notebook: its list of names, and one clear line for wrong types."""

import numpy as np
import pytest
import xarray as xr

import soilscope as ss
from soilscope.errors import InputError


@pytest.fixture
def da() -> xr.DataArray:
    """Forty years of one series."""
    years = np.arange(1980.0, 2020.0)
    return xr.DataArray(np.sin(7.3 * years), {"time": years}, "time")


def test_completion_offers_the_public_names_alone():
    assert dir(ss) == sorted([*ss.__all__, "__version__"])


@pytest.mark.parametrize("name", ss.__all__)
def test_every_public_name_has_help(name):
    assert getattr(ss, name).__doc__


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda da: ss.trend(da.values), "da is a ndarray; give an xarray.DataArray"),
        (lambda da: ss.trend(da.to_series()), "da is a Series; give an xarray.DataArray"),
        (lambda da: ss.standardize(str(da)), "da is a str; give an xarray.DataArray"),
        (lambda da: ss.trend(da.to_dataset(name="sm")), r"give one of its variables.*da\['sm'\]"),
        (lambda da: ss.trend(da, confidence="0.95"), "confidence is '0.95'; it must be a number"),
        (lambda da: ss.trend(da, correction="prewhite"), "did you mean 'prewhiten'\\?$"),
        (lambda da: ss.partial_regression(da, [da]), "drivers is a list; give a Dataset, or"),
        (lambda da: ss.partial_regression(da, da), "drivers is a DataArray; give a Dataset, or"),
        (lambda da: ss.partial_regression(da.values, {"a": da}), "y is a ndarray; give an xarray"),
        (lambda da: ss.adjust_p_values(da.values), "p is a ndarray; give an xarray.DataArray"),
        (lambda da: ss.agreement(da, da.values), "reference is a ndarray; give an xarray.DataA"),
        (lambda da: ss.triple_collocation(da, da.values, da), "b is a ndarray; give an xarray.D"),
        (lambda da: ss.regional_mean(da.values), "da is a ndarray; give an xarray.DataArray"),
        (lambda da: ss.recovery(da.values, da), "estimate is a ndarray; give an xarray.DataArray"),
        (lambda da: ss.lst_difference(da.values, da), "day is a ndarray; give an xarray.DataArr"),
        (lambda da: ss.composite(da, min_count="a"), "min_count is 'a'; it must be a number"),
        (lambda da: ss.standardize(da, min_years="a"), "min_years is 'a'; it must be a number"),
        (lambda da: ss.drought_events(da, threshold="low"), "threshold is 'low'; it must be a num"),
        (lambda da: ss.drought_events(da, end_threshold="x"), "end_threshold is 'x'; it must be"),
        (lambda da: ss.trend(da, windows=3), "windows is 3; give pairs of bounds, as in"),
        (lambda da: ss.trend(da, windows=[3]), r"windows\[0\] is 3; give its first and last bound"),
        (lambda _: ss.open_source("smci", 3), "paths is 3; give a file, a list of files, or"),
        (lambda _: ss.open_source("smci", "a", period=3), "period is 3; give its first and last"),
        (
            lambda _: ss.open_source("raster", "a", variables=3),
            "variables must map our names.*is 3",
        ),
        (lambda _: ss.open_source("smci", "a", override=3), "override must map our names.*is 3"),
        (
            lambda _: ss.open_source("modis", "a", reliability="good"),
            "reliability is 'good'; it mu",
        ),
        (lambda _: ss.open_source("esa_cci", "a", drop_flags=1), "drop_flags is 1; it must be a l"),
    ],
)
def test_an_argument_of_a_wrong_type_is_one_clear_line(da, call, told):
    with pytest.raises(InputError, match=told):
        call(da)
