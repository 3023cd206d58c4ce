"""Spread in time and relative differences beside NumPy, series by series."""

import numpy as np
import pytest

from soilscope.kernels.time_stability import relative_differences, spread


def spreads(y, month, least=2):
    std, anomaly = np.empty((2, y.shape[1]))
    count = np.empty(y.shape[1], np.int64)
    spread(y, month, least, std, anomaly, count)
    return std, anomaly, count


def field(n=30, n_series=6, seed=0):
    rng = np.random.default_rng(seed)
    y = 0.3 + 0.05 * rng.normal(size=(n, n_series))
    y[rng.random(y.shape) < 0.2] = np.nan
    y[0, 0] = np.inf
    return y


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_deviations_are_those_of_numpy_about_the_mean_and_about_months(dtype):
    y = field().astype(dtype)
    month = np.arange(30) % 12
    month[-2:] = -1  # no month
    std, anomaly, count = spreads(y, month)
    for s in range(6):
        good = np.isfinite(y[:, s])
        values = y[good, s].astype(float)
        assert count[s] == values.size
        assert std[s] == pytest.approx(values.std(ddof=1), rel=1e-9)
        of_month, values = month[good][month[good] >= 0], values[month[good] >= 0]
        means = np.array([values[of_month == g].mean() for g in of_month])
        free = values.size - np.unique(of_month).size
        assert anomaly[s] == pytest.approx(np.sqrt(((values - means) ** 2).sum() / free), rel=1e-9)


def test_months_that_come_once_leave_no_anomaly():
    std, anomaly, _ = spreads(np.random.default_rng(1).normal(size=(12, 2)), np.arange(12))
    assert np.isfinite(std).all()
    assert np.isnan(anomaly).all()
    assert np.isnan(spreads(np.ones((5, 1)), np.full(5, -1))[1]).all()


@pytest.mark.parametrize(("least", "known"), [(0, 2), (2, 2), (3, 1), (4, 0)])
def test_fewer_values_than_asked_for_have_no_deviation(least, known):
    y = np.array(
        [[1.0, 1.0, np.nan, 1.0], [2.0, np.nan, np.nan, 2.0], [4.0, np.nan, np.nan, np.nan]]
    )
    std, anomaly, count = spreads(y, np.zeros(3, np.int64), least)
    assert count.tolist() == [3, 1, 0, 2]
    assert np.isfinite(std).sum() == np.isfinite(anomaly).sum() == known


def differences(y, mean):
    average, deviation = np.empty((2, y.shape[1]))
    relative_differences(y, mean, average, deviation)
    return average, deviation


def test_relative_differences_are_those_of_numpy_over_the_steps_with_a_mean():
    y = np.random.default_rng(2).uniform(0.1, 0.5, (10, 4))
    mean = np.tile(y.mean(axis=1, keepdims=True), 4)
    mean[3] = np.nan
    y[3, 0] = np.nan  # a step that does not count
    average, deviation = differences(y, mean)
    known = np.delete((y - mean) / mean, 3, axis=0)
    np.testing.assert_allclose(average, known.mean(axis=0), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(deviation, known.std(axis=0, ddof=1), rtol=1e-12)


@pytest.mark.parametrize("missing", [np.nan, np.inf, -np.inf])
def test_a_series_that_lacks_a_step_that_counts_has_no_difference(missing):
    y = np.random.default_rng(3).uniform(0.1, 0.5, (10, 3))
    y[4, 1] = missing
    average, deviation = differences(y, np.full((10, 3), 0.3))
    assert np.isnan(average).tolist() == np.isnan(deviation).tolist() == [False, True, False]


def test_one_step_is_too_few():
    mean = np.full((5, 2), np.nan)
    mean[2] = 0.2
    mean[3, 1] = 0.2
    average, deviation = differences(np.full((5, 2), 0.3), mean)
    np.testing.assert_allclose(average, [np.nan, 0.5])
    np.testing.assert_allclose(deviation, [np.nan, 0.0])
    assert np.isnan(differences(np.empty((0, 2)), np.empty((0, 2)))).all()
