"""The catchments of the Caravan collection, read as a study would."""

import json

import numpy as np
import pytest
import xarray as xr

from soilscope import open_source
from soilscope.grid.depth import layer_bounds

pytestmark = pytest.mark.real
LAYERS = {"top": "layer_top_cm", "bottom": "layer_bottom_cm", "units": "cm"}
NAMES = {"soil_moisture": "sm", "precipitation": "precip", "temperature": "t2m", "vpd": "vpd"}


def catchments(shared_data, file="caravan_monthly.nc", **options):
    given = {
        "variables": NAMES,
        "dims": {"site": "gauge", "depth": "layer"},
        "depth_bounds": LAYERS,
        "lineage": ["ERA5-Land"],
    }
    return open_source("table", shared_data / "caravan-era5land" / file, **given | options)


def test_the_monthly_catchments_come_in_our_dimensions_and_units(shared_data):
    ds = catchments(shared_data)
    assert ds.soil_moisture.dims == ("time", "depth", "site")
    assert ds.precipitation.dims == ("time", "site")
    units = {name: da.attrs["units"] for name, da in ds.data_vars.items()}
    assert units == {
        "soil_moisture": "m3 m-3",
        "precipitation": "mm month-1",
        "temperature": "degC",
        "vpd": "kPa",
    }
    assert ds.depth.values.tolist() == [0.035, 0.175, 0.64, 1.945]
    assert layer_bounds(ds).tolist() == [[0, 0.07], [0.07, 0.28], [0.28, 1.0], [1.0, 2.89]]
    assert json.loads(ds.attrs["lineage"]) == ["ERA5-Land"]
    assert all(da.chunks is not None for da in ds.data_vars.values())


def test_the_values_are_those_of_the_file(shared_data):
    ds = catchments(shared_data)
    raw = xr.open_dataset(shared_data / "caravan-era5land" / "caravan_monthly.nc")
    expected = raw["sm"].transpose("time", "layer", "gauge").values
    np.testing.assert_array_equal(ds.soil_moisture.values, expected)
    assert ds.site.values.tolist() == raw["gauge"].values.tolist()
    np.testing.assert_array_equal(ds.latitude.values, raw["gauge_lat"].values)


def test_daily_precipitation_stays_a_daily_sum(shared_data):
    names = {"precipitation": "precip", "soil_moisture": "sm"}
    ds = catchments(shared_data, "caravan_daily.nc", variables=names)
    assert ds.precipitation.attrs["units"] == "mm d-1"
    assert ds.sizes["time"] == 15705


def test_a_period_keeps_its_first_and_last_month(shared_data):
    ds = catchments(shared_data, period=("1985-03", "1990-02"))
    assert str(ds.time.values[0])[:7] == "1985-03"
    assert str(ds.time.values[-1])[:7] == "1990-02"
