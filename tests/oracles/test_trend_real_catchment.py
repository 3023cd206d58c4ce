"""The trends of a real catchment: annual means of the monthly index at testde_2, four layers."""

import numpy as np
import pytest
import xarray as xr

from soilscope import trend

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def annual_index(shared_data):
    path = shared_data / "caravan-era5land" / "caravan_monthly.nc"
    with xr.open_dataset(path) as ds:
        sm = ds["sm"].sel(gauge="testde_2").dropna("time", how="all").load()
    by_month = sm.groupby("time.month")
    index = by_month.map(lambda x: (x - x.mean("time")) / x.std("time", ddof=1))
    return index.resample(time="YS").mean()


def test_the_index_falls_in_all_layers(annual_index):
    result = trend(annual_index)
    np.testing.assert_allclose(result["slope"], [-0.0113, -0.0123, -0.0126, -0.0290], atol=1e-4)
    np.testing.assert_allclose(result["p_value"], [0.038, 0.042, 0.028, 0.0005], atol=5e-4)


def test_hamed_rao_has_no_variance_left_in_the_lowest_layer(annual_index):
    result = trend(annual_index, correction="hamed_rao", confidence=0.95)
    meanings = result["status"].attrs["flag_meanings"].split()
    assert [meanings[code] for code in result["status"].values][3] == "negative_variance"
    lowest = result.isel(layer=3)
    for name in ("p_value", "z", "var_s", "slope_low", "slope_high"):
        assert np.isnan(lowest[name])
    assert float(lowest["variance_ratio"]) <= 0
    assert float(lowest["slope"]) == pytest.approx(-0.0290, abs=1e-4)


def test_prewhitening_leaves_no_layer_significant(annual_index):
    corrected = trend(annual_index, correction="prewhiten")
    assert (corrected["p_value"] > 0.05).all()
    np.testing.assert_array_equal(corrected["p_value_uncorrected"], trend(annual_index)["p_value"])
