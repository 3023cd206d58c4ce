"""What is known of a product, and what a user replaces of it."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope.errors import InputError, SourceError
from soilscope.sources.catalogue import PRODUCTS, open_source
from soilscope.sources.declared import Variable
from soilscope.sources.known import known_variables
from soilscope.sources.product import Product
from soilscope.sources.raster import open_raster

KNOWN = (
    Variable("soil_moisture", ("SM",), units="0.001 m3 m-3", missing=(-999.0,)),
    Variable("temperature", ("T",), units="K"),
)


@pytest.fixture
def product(monkeypatch):
    known = Product(open_raster, "a test", "NetCDF", variables=KNOWN, ancestors=("ERA5",))
    monkeypatch.setitem(PRODUCTS, "known", known)
    return "known"


@pytest.fixture
def file(tmp_path):
    stored = np.full((12, 2, 2), 250, "i2")
    stored[0, 0, 0] = -999
    ds = xr.Dataset(
        {"SM": (("time", "lat", "lon"), stored)},
        {
            "time": pd.date_range("2001-01", periods=12, freq="MS"),
            "lat": [38.0, 37.0],
            "lon": [104.0, 105.0],
        },
    )
    ds.to_netcdf(tmp_path / "known.nc")
    return tmp_path / "known.nc"


def test_units_and_missing_numbers_need_not_be_declared(product, file):
    ds = open_source(product, file)
    assert list(ds.data_vars) == ["soil_moisture"]
    assert np.isnan(ds.soil_moisture.values[0, 0, 0])
    assert ds.soil_moisture.values[1, 0, 0] == pytest.approx(0.25)
    assert json.loads(ds.attrs["lineage"]) == ["ERA5"]


def test_every_field_can_be_replaced(product, file):
    ds = open_source(product, file, override={"soil_moisture": {"units": "m3 m-3", "scale": 0.002}})
    assert ds.soil_moisture.values[1, 0, 0] == pytest.approx(0.5)
    ds = open_source(product, file, variables={"soil_moisture": {"scale": 2}})
    assert ds.soil_moisture.values[1, 0, 0] == pytest.approx(0.5)


def test_a_variable_that_is_asked_for_must_be_there(product, file):
    with pytest.raises(SourceError, match="holds no variable 'T' for temperature"):
        open_source(product, file, variables=["soil_moisture", "temperature"])


def test_a_file_of_another_product_is_told(product, tmp_path):
    xr.Dataset({"other": ("x", [1.0])}).to_netcdf(tmp_path / "x.nc")
    with pytest.raises(SourceError, match=r"none of the variables of this product \(SM, T\)"):
        open_source(product, tmp_path / "x.nc")


def test_an_unknown_variable_is_told_with_the_nearest():
    with pytest.raises(InputError, match=r"'temprature'.*did you mean 'temperature'"):
        known_variables(KNOWN, ["temprature"])


def test_a_variable_of_the_users_own_is_declared_whole():
    (found,) = known_variables(KNOWN, {"lai": {"name": "L", "units": "m2 m-2"}})
    assert found.source == ("L",)
