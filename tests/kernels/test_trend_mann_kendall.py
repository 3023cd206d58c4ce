"""S, its variance, and the covariance between seasons."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from soilscope.kernels.mann_kendall import mann_kendall, season_covariance


def statistics(y, season=None, n_seasons=1):
    y = np.asarray(y, dtype=float).reshape(len(y), -1)
    season = np.zeros(len(y), np.int64) if season is None else season
    out = np.empty((4, y.shape[1]))
    mann_kendall(y, season, n_seasons, out)
    return out


def sign_sum(y):
    y = np.asarray(y, dtype=float)
    i, j = np.triu_indices(y.size, 1)
    return np.sign(y[j] - y[i]).sum()


def variance(y):
    _, t = np.unique(y, return_counts=True)
    n = len(y)
    return (n * (n - 1) * (2 * n + 5) - (t * (t - 1) * (2 * t + 5)).sum()) / 18


@given(st.lists(st.integers(-4, 4), min_size=1, max_size=40))
def test_s_and_its_variance_follow_their_definitions(values):
    s, var_s, _, count = statistics(values)[:, 0]
    assert s == sign_sum(values)
    assert var_s == pytest.approx(variance(values), rel=1e-12, abs=1e-9)
    assert count == len(values)


@pytest.mark.jit
@pytest.mark.parametrize("n", [599, 601, 1500])
@pytest.mark.parametrize("decimals", [1, 12])
def test_long_series_are_counted_by_either_way_alike(n, decimals):
    y = np.round(np.random.default_rng(n).normal(size=n), decimals)
    s, var_s, _, _ = statistics(y)[:, 0]
    assert s == sign_sum(y)
    assert var_s == pytest.approx(variance(y), rel=1e-12)


def test_s_over_its_scale_is_tau_b():
    y = np.round(np.random.default_rng(1).normal(size=60), 1)
    s, _, scale, _ = statistics(y)[:, 0]
    assert s / scale == pytest.approx(kendalltau(np.arange(60), y).statistic, rel=1e-12)


def test_missing_and_infinite_values_do_not_count():
    y = np.array([1.0, np.nan, 2.0, np.inf, 3.0, -np.inf, 2.5])
    np.testing.assert_allclose(statistics(y), statistics([1.0, 2.0, 3.0, 2.5]))


def test_seasons_are_summed():
    rng = np.random.default_rng(2)
    y = np.round(rng.normal(size=36), 1)
    season = np.arange(36) % 3
    parts = [statistics(y[season == g])[:, 0] for g in range(3)]
    np.testing.assert_allclose(statistics(y, season, 3)[:, 0], np.sum(parts, axis=0))


def covariance_by_definition(table):
    """Dietz and Killeen (1981) for the columns of a (year, season) table with missing values."""
    n, n_seasons = table.shape
    sign = np.nan_to_num(np.sign(table[:, np.newaxis] - table[np.newaxis]))
    ranks = (np.isfinite(table).sum(axis=0) + 1 + sign.sum(axis=1)) / 2
    total = 0.0
    for g in range(n_seasons):
        for h in range(n_seasons):
            k = (sign[:, :, g] * sign[:, :, h]).sum() / 2
            size = n * (np.isfinite(table[:, g]).sum() + 1) * (np.isfinite(table[:, h]).sum() + 1)
            total += (k + 4 * (ranks[:, g] * ranks[:, h]).sum() - size) / 3
    return total


@pytest.mark.parametrize("gaps", [0.0, 0.2])
def test_covariance_between_seasons_follows_its_definition(gaps):
    rng = np.random.default_rng(6)
    table = np.round(rng.normal(size=(9, 4)), 1)
    table[rng.random(table.shape) < gaps] = np.nan
    out = np.empty(1)
    season, step = np.tile(np.arange(4), 9), np.repeat(np.arange(9), 4)
    season_covariance(table.reshape(-1, 1), season, step, 4, 9, out)
    assert out[0] == pytest.approx(covariance_by_definition(table), rel=1e-12)


def test_covariance_of_one_season_is_the_plain_variance():
    y = np.round(np.random.default_rng(7).normal(size=25), 1)
    out = np.empty(1)
    season_covariance(y[:, np.newaxis], np.zeros(25, np.int64), np.arange(25), 1, 25, out)
    assert out[0] == pytest.approx(variance(y), rel=1e-12)
