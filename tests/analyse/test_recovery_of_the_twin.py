"""The demo keeps its promise: what is planted in the twin is found, with honest intervals."""

import pytest

from soilscope import composite, partial_regression, recovery, trend
from soilscope.twin.helan import helan

pytestmark = pytest.mark.jit  # 25,000 series


@pytest.fixture(scope="module")
def twin():
    return helan()


@pytest.fixture(scope="module")
def coefficients(twin):
    return partial_regression(
        twin.soil_moisture,
        twin[["precipitation", "temperature", "vpd", "ndvi", "wind"]],
        driver_anomaly="month",
        response_anomaly="month",
        detrend=True,
        errors="hac",
        max_lag=2,
    )


@pytest.mark.parametrize("correction", ["ar1", "prewhiten"])
def test_intervals_hold_the_planted_slopes_and_few_other_cells_are_significant(twin, correction):
    annual = composite(twin.soil_moisture, freq="YS", min_count=12)
    result = recovery(trend(annual, correction=correction, confidence=0.95), twin.true_slope)
    assert 0.92 <= result.coverage_planted_pooled <= 0.98
    assert result.false_positive_share_pooled <= 0.07
    assert result.correlation_pooled > 0.9
    assert abs(result.bias_pooled) < 1e-5


def test_without_correction_the_deepest_layer_is_significant_too_often(twin):
    annual = composite(twin.soil_moisture.isel(depth=[9]), freq="YS", min_count=12)
    result = recovery(trend(annual, confidence=0.95), twin.true_slope.isel(depth=[9]))
    assert result.false_positive_share_pooled > 0.10


def test_intervals_hold_the_planted_coefficients_and_wind_stays_quiet(twin, coefficients):
    result = recovery(coefficients, twin.true_coefficient, variable="coefficient")
    assert 0.92 <= result.coverage_planted_pooled <= 0.98
    assert result.false_positive_share_pooled <= 0.07
    assert result.n_null_pooled == result.n_null.sel(driver="wind").sum()
    assert (result.correlation.mean("depth").isel(driver=slice(4)) > 0.5).all()


def test_the_decoy_is_exposed(twin):
    few = twin.isel(latitude=slice(None, None, 9), longitude=slice(None, None, 9))
    names = ["precipitation", "temperature", "vpd", "ndvi", "wind", "relative_dryness"]
    result = partial_regression(few.soil_moisture[:, 0], few[names], driver_anomaly="month")
    inside = few.zone >= 0
    collinear = result.status == 4
    assert bool(collinear.where(few.zone == 0, True).all())
    assert not bool(collinear.where(inside & (few.zone != 0), False).any())
    vif = result.vif.where(few.zone > 0)
    assert vif.sel(driver="relative_dryness").min() > 50.0
    assert vif.sel(driver="wind").max() < 3.0
