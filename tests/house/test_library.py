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
    ],
)
def test_an_argument_of_a_wrong_type_is_one_clear_line(da, call, told):
    with pytest.raises(InputError, match=told):
        call(da)
