import numpy as np
import pytest

from soilscope.twin.fields import (
    KM_PER_DEGREE,
    GaussianFields,
    autoregress,
    without_trend,
)


def test_fields_correlate_as_stated_along_both_axes():
    latitude = np.array([38.0, 38.1])
    longitude = np.array([106.0, 106.1])
    fields = GaussianFields.over(latitude, longitude, length=12.0)
    draws = fields.draw(40_000, np.random.default_rng(1))
    flat = np.corrcoef(draws.reshape(len(draws), 4).T)
    north = 0.1 * KM_PER_DEGREE
    east = north * np.cos(np.deg2rad(38.05))
    assert flat[0, 2] == pytest.approx(np.exp(-((north / 12.0) ** 2)), abs=0.02)
    assert flat[0, 1] == pytest.approx(np.exp(-((east / 12.0) ** 2)), abs=0.02)
    assert flat[0, 3] == pytest.approx(flat[0, 1] * flat[0, 2], abs=0.02)
    assert draws.std() == pytest.approx(1.0, abs=0.02)
    assert draws.dtype == np.float32


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.9])
def test_autoregression_has_its_rho_and_unit_variance_from_the_start(rho):
    noise = np.random.default_rng(2).standard_normal((60, 20_000), dtype=np.float32)
    series = autoregress(noise, rho)
    for i in (0, 1, 59):
        assert series[i].std() == pytest.approx(1.0, abs=0.03)
    assert np.corrcoef(series[30], series[31])[0, 1] == pytest.approx(rho, abs=0.03)
    assert np.corrcoef(series[30], series[33])[0, 1] == pytest.approx(rho**3, abs=0.03)


def test_what_is_left_has_no_mean_by_month_and_no_trend_of_annual_means():
    rng = np.random.default_rng(3)
    month = np.tile(np.arange(1, 13), 21)
    spread = rng.uniform(0.2, 3.0, 12)[month - 1][:, None] * np.ones((1, 5))
    unit = rng.standard_normal((252, 5)) + 0.02 * np.arange(252)[:, None]
    left = spread * without_trend(unit, spread=spread, month=month)
    np.testing.assert_allclose(left.reshape(21, 12, 5).mean(axis=0), 0.0, atol=1e-12)
    annual = left.reshape(21, 12, 5).mean(axis=1)
    np.testing.assert_allclose(np.polyfit(np.arange(21), annual, 1)[0], 0.0, atol=1e-14)


def test_opposite_edges_do_not_know_of_each_other():
    latitude = np.linspace(38.0, 38.9, 10)
    fields = GaussianFields.over(latitude, latitude + 68.0, length=25.0)
    draws = fields.draw(20_000, np.random.default_rng(4))
    assert np.corrcoef(draws[:, 0, 4], draws[:, 9, 4])[0, 1] == pytest.approx(0.0, abs=0.03)
    assert draws.shape == (20_000, 10, 10)
