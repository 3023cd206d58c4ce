"""Triple collocation beside its algebra on NumPy's covariances."""

import numpy as np
import pytest

from soilscope.kernels.codes import (
    CONSTANT,
    NEGATIVE_VARIANCE,
    NO_DATA,
    OK,
    TOO_FEW,
    WRONG_SIGN,
)
from soilscope.kernels.collocation import ERROR_STD, SNR_DB, R, triple_collocation

NO_MONTHS = np.empty(0, np.int64)


def collocate(a, b, c, group=NO_MONTHS, min_obs=5):
    n_series = a.shape[1]
    estimates = np.empty((3, 3, n_series))
    n_obs, status = np.empty(n_series, np.int64), np.empty((3, n_series), np.int8)
    triple_collocation(a, b, c, group, min_obs, estimates, n_obs, status)
    return estimates, n_obs, status


def triplets(n=60, n_series=4, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=(n, n_series))
    return [
        gain * (truth + error * rng.normal(size=truth.shape)) + 10 * gain
        for gain, error in ((1.0, 0.3), (3.0, 0.5), (0.5, 0.7))
    ]


def by_algebra(q):
    """Error SD, signal-to-noise ratio and R of three products from their covariances."""
    signal = np.array([q[0, 1] * q[0, 2] / q[1, 2], q[0, 1] * q[1, 2] / q[0, 2],
                       q[0, 2] * q[1, 2] / q[0, 1]])  # fmt: skip
    error = np.diag(q) - signal
    return np.array([np.sqrt(error), 10 * np.log10(signal / error), np.sqrt(signal / np.diag(q))])


def test_estimates_are_the_algebra_of_covariances_over_common_rows():
    a, b, c = triplets()
    a[3, 0], b[4, 0], c[5, 0] = np.nan, np.inf, -np.inf
    a[:20, 1] = np.nan
    found, n_obs, status = collocate(a, b, c)
    for s in range(4):
        rows = np.stack([a[:, s], b[:, s], c[:, s]])
        rows = rows[:, np.isfinite(rows).all(axis=0)]
        assert n_obs[s] == rows.shape[1]
        np.testing.assert_allclose(found[:, :, s], by_algebra(np.cov(rows)), rtol=1e-10)
    assert n_obs.tolist() == [57, 40, 60, 60]
    assert (status == OK).all()


def test_means_of_the_months_that_occur_are_removed_and_counted():
    a, b, c = triplets(n_series=1)
    group = np.arange(60) % 12
    a[group == 5] = np.nan  # eleven months are left
    season = 5 * np.sin(group)[:, None]
    found, n_obs, _ = collocate(a + season, b + season, c + season, group)
    kept = group != 5
    rows = np.stack([v[kept, 0] for v in (a, b, c)])
    for g in set(range(12)) - {5}:
        rows[:, group[kept] == g] -= rows[:, group[kept] == g].mean(axis=1, keepdims=True)
    np.testing.assert_allclose(found[:, :, 0], by_algebra(rows @ rows.T / (55 - 11)), rtol=1e-10)
    assert n_obs[0] == 55


@pytest.mark.parametrize("which", [0, 1, 2])
def test_products_that_fall_where_others_rise_have_no_common_signal(which):
    products = triplets(n_series=1)
    products[which] = -products[which]
    found, _, status = collocate(*products)
    assert (status == WRONG_SIGN).all()
    assert np.isnan(found).all()


def of_covariance(target):
    """Three products of one series that have this covariance."""
    white = np.random.default_rng(1).normal(size=(3, 30))
    white -= white.mean(axis=1, keepdims=True)
    white = np.linalg.solve(np.linalg.cholesky(np.cov(white)), white)
    return [np.ascontiguousarray(row[:, None]) for row in np.linalg.cholesky(target) @ white]


@pytest.mark.parametrize("negative", [(0, 1), (0, 2), (1, 2)])
def test_one_pair_that_does_not_go_together_is_enough_to_refuse(negative):
    target = np.full((3, 3), 0.5) + 1.5 * np.eye(3)
    target[negative] = target[negative[::-1]] = -0.1
    found, _, status = collocate(*of_covariance(target))
    assert (status == WRONG_SIGN).all()
    assert np.isnan(found).all()


def test_a_product_that_others_explain_wholly_has_no_error_and_the_others_keep_theirs():
    # covariances 1, 1, 0.5: the signal of the first would be 2, more than its variance
    target = np.array([[1.5, 1.0, 1.0], [1.0, 2.0, 0.5], [1.0, 0.5, 2.0]])
    found, _, status = collocate(*of_covariance(target))
    assert status[:, 0].tolist() == [NEGATIVE_VARIANCE, OK, OK]
    assert np.isnan(found[:, 0]).all()
    np.testing.assert_allclose(found[ERROR_STD, 1:, 0], np.sqrt(1.5), rtol=1e-10)
    np.testing.assert_allclose(found[SNR_DB, 1:, 0], 10 * np.log10(0.5 / 1.5), rtol=1e-10)
    np.testing.assert_allclose(found[R, 1:, 0], 0.5, rtol=1e-10)


def test_equal_products_have_no_error_but_rounding():
    a = triplets(n_series=1)[0]
    found, _, status = collocate(a, 2 * a, 3 * a)
    assert (status == NEGATIVE_VARIANCE).all()
    assert np.isnan(found).all()


def test_series_without_data_without_enough_and_without_spread_say_so():
    a, b, c = triplets()
    a[:, 0] = np.nan
    b[4:, 1] = np.nan
    c[:, 2] = 0.2
    found, n_obs, status = collocate(a, b, c)
    assert status.T.tolist() == [[NO_DATA] * 3, [TOO_FEW] * 3, [CONSTANT] * 3, [OK] * 3]
    assert n_obs.tolist() == [0, 4, 60, 60]
    assert np.isnan(found[:, :, :3]).all()
    assert np.isfinite(found[:, :, 3]).all()


def test_one_year_has_no_anomalies():
    found, _, status = collocate(*triplets(n=12, n_series=1), group=np.arange(12))
    assert (status == CONSTANT).all()
    assert np.isnan(found).all()


def test_no_series_is_no_trouble():
    assert collocate(*np.empty((3, 5, 0)))[0].shape == (3, 3, 0)
