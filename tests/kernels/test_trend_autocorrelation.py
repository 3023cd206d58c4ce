"""Autocorrelations with gaps, the factors on the variance of S, and pre-whitening."""

import numpy as np
import pytest
from scipy.stats import rankdata

from soilscope.kernels import autocorrelation as kernel


def acf(x, lag):
    x = x - x.mean()
    return (x[lag:] * x[:-lag]).sum() / (x * x).sum()


def series(n=30, seed=0):
    return np.random.default_rng(seed).normal(size=(n, 1)).cumsum(axis=0)


def lag_one(y, position):
    r = np.empty(y.shape[1])
    kernel.lag_one(y, position, r)
    return r


def factor(y, position, *, ranked, max_lag=10**6, critical=1.96):
    out = np.empty(y.shape[1])
    kernel.variance_factors(y, position, ranked, max_lag, critical, out)
    return out[0]


def test_lag_one_of_a_whole_series_is_the_usual_autocorrelation():
    y = series()
    assert lag_one(y, np.arange(30))[0] == pytest.approx(acf(y[:, 0], 1), rel=1e-12)


def test_a_missing_value_and_a_missing_stamp_are_the_same_gap():
    y = series()
    y[11] = np.nan
    kept = np.arange(30) != 11
    by_stamp = lag_one(y[kept], np.arange(30)[kept])
    np.testing.assert_allclose(lag_one(y, np.arange(30)), by_stamp)


def test_products_are_not_taken_across_a_gap():
    # pairs one step apart: (1, -1), (-1, 1); n = 4 on a span of 5 steps; squares sum to 4
    y = np.array([[1.0], [-1.0], [-1.0], [1.0]])
    r = lag_one(y, np.array([0, 1, 3, 4]))
    assert r[0] == pytest.approx((-2 / 2) * (4 / 5) / (4 / 4))


def test_a_constant_series_has_no_autocorrelation():
    assert lag_one(np.full((12, 1), 3.0), np.arange(12))[0] == 0.0


def test_hamed_rao_sums_the_significant_autocorrelations_of_ranks():
    y, n = series(40, 3), 40
    ranks = rankdata(y[:, 0])
    k = np.arange(1, n)
    rho = np.array([acf(ranks, lag) for lag in k])
    weight = (n - k) * (n - k - 1) * (n - k - 2) * (np.abs(rho) > 1.96 / np.sqrt(n))
    expected = 1 + 2 / (n * (n - 1) * (n - 2)) * (weight * rho).sum()
    assert factor(y, np.arange(n), ranked=True) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("max_lag", [1, 5, 1000])
def test_yue_wang_sums_the_autocorrelations_of_values(max_lag):
    y, n = series(40, 4), 40
    lags = range(1, min(max_lag, n - 1) + 1)
    expected = 1 + 2 * sum((1 - k / n) * acf(y[:, 0], k) for k in lags)
    result = factor(y, np.arange(n), ranked=False, max_lag=max_lag)
    assert result == pytest.approx(expected, rel=1e-10)


def test_factors_with_gaps_weigh_each_lag_by_its_pairs():
    y = series(20, 5)
    position = np.delete(np.arange(24), [3, 4, 9, 17])
    x = y[:, 0] - y.mean()
    expected = 1.0
    for k in range(1, 24):
        pairs = [(i, j) for i in range(20) for j in range(20) if position[j] - position[i] == k]
        if pairs:
            products = sum(x[i] * x[j] for i, j in pairs) / len(pairs)
            rho = np.clip(products * (24 - k) / 24 / (x @ x / 20), -1, 1)
            expected += 2 * len(pairs) / 20 * rho
    assert factor(y, position, ranked=False) == pytest.approx(expected, rel=1e-12)


def test_ar1_factor_is_hamed_raos_sum_over_the_rank_correlations_of_a_gaussian_process():
    n, r = 25, 0.6
    k = np.arange(1, n)
    weight = (n - k) * (n - k - 1) * (n - k - 2) / (n * (n - 1) * (n - 2))
    expected = 1 + 2 * (weight * 6 / np.pi * np.arcsin(r**k / 2)).sum()
    out = np.empty(1)
    kernel.ar1_factors(series(n), np.arange(n), np.array([r]), out)
    assert out[0] == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("n", [10, 21, 100])
def test_ar1_factor_stays_positive_over_the_coefficients_in_use(n):
    out = np.empty(3)
    y = np.repeat(series(n), 3, axis=1)
    kernel.ar1_factors(y, np.arange(n), np.array([-0.95, 0.0, 0.98]), out)
    assert out[0] > 0
    assert out[1] == 1.0
    assert out[2] > 1


def test_prewhitening_leaves_out_the_first_stamp_after_a_gap():
    y = np.array([[1.0], [2.0], [4.0], [8.0]])
    out = np.empty((4, 1))
    kernel.prewhiten(y, np.array([0, 1, 3, 4]), np.array([0.5]), out)
    np.testing.assert_array_equal(out[:, 0], [np.nan, 1.5, np.nan, 6.0])


def test_detrending_starts_at_the_first_stamp():
    t = np.array([2000.0, 2001.0, 2003.0])
    out = np.empty((3, 1))
    kernel.detrend(t, np.array([[1.0], [3.0], [8.0]]), np.array([2.0]), out)
    np.testing.assert_array_equal(out[:, 0], [1.0, 1.0, 2.0])


def test_centring_takes_the_mean_of_each_season():
    y = np.array([[1.0], [10.0], [3.0], [np.nan], [np.nan], [30.0]])
    kernel.centre_seasons(y, np.array([0, 1, 0, 1, 0, 1]), 2)
    np.testing.assert_array_equal(y[:, 0], [-1.0, -10.0, 1.0, np.nan, np.nan, 10.0])


def test_ar1_factor_with_gaps_weighs_each_lag_by_its_pairs():
    position = np.delete(np.arange(24), [3, 4, 9, 17])
    n, r = 20, 0.7
    expected = 1.0
    for k in range(1, 24):
        pairs = sum(position[j] - position[i] == k for i in range(n) for j in range(n))
        rho = 6 / np.pi * np.arcsin(r**k / 2)
        expected += 2 * pairs * (pairs - 1) * (pairs - 2) / (n * (n - 1) * (n - 2)) * rho
    out = np.empty(1)
    kernel.ar1_factors(series(n), position, np.array([r]), out)
    assert out[0] == pytest.approx(expected, rel=1e-8)


def test_two_values_or_none_at_any_lag_have_no_factor_and_no_autocorrelation():
    y = np.full((5, 1), np.nan)
    y[[0, 4], 0] = 1.0, 2.0
    out = np.empty(1)
    assert np.isnan(factor(y, np.arange(5), ranked=True))
    kernel.ar1_factors(y, np.arange(5), np.array([0.5]), out)
    assert np.isnan(out[0])
    assert np.isnan(lag_one(y, np.arange(5))[0])


def test_lags_without_pairs_are_left_out_of_the_factor():
    # stamps 0, 1 and 10: pairs exist at lags 1, 9 and 10 only
    y = np.array([[1.0], [-2.0], [1.0]])
    x, squares = y[:, 0], 6.0
    expected = 1.0
    for lag, product in ((1, x[0] * x[1]), (9, x[1] * x[2]), (10, x[0] * x[2])):
        rho = np.clip(product * (11 - lag) / 11 / (squares / 3), -1, 1)
        expected += 2 / 3 * rho
    assert factor(y, np.array([0, 1, 10]), ranked=False) == pytest.approx(expected)
