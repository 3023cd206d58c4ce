"""Pair statistics beside SciPy, and resamples beside the same resamples drawn by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from soilscope.kernels import pairs
from soilscope.kernels.agreement import agreement
from soilscope.kernels.resampling import (
    N_SUMS,
    block_length,
    quantiles,
    resample_moments,
    resample_ranks,
    running_sums,
)

NO_DRAWS = np.empty((0, 1))


def estimates(x, y, *, group=None, kge_2009=False, position=None):
    n = x.size
    shape = (pairs.N_ESTIMATES, pairs.N_BOUNDED, pairs.N_BOUNDED)
    tables = [np.empty((rows, 1)) for rows in shape]
    n_obs, status = np.empty(1, np.int64), np.empty(1, np.int8)
    agreement(
        np.asarray(x, float)[:, None], np.asarray(y, float)[:, None],
        np.arange(n) if position is None else position,
        np.empty(0, np.int64) if group is None else group,
        np.ones(pairs.N_BOUNDED, dtype=np.bool_), kge_2009, 3, NO_DRAWS, 0, np.zeros(1), *tables,
        n_obs, status,
    )  # fmt: skip
    return tables[0][:, 0], n_obs[0], status[0]


def two_series(seed, n=80, decimals=None):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n) + 3
    y = 0.5 * x + rng.normal(size=n)
    return (x, y) if decimals is None else (x.round(decimals), y.round(decimals))


@pytest.mark.parametrize("decimals", [None, 1, 0])
@pytest.mark.parametrize("n", [3, 10, 81, 300])
def test_ranks_and_moments_are_those_of_scipy_with_and_without_ties(n, decimals):
    x, y = two_series(n, n, decimals)
    found, n_obs, _ = estimates(x, y)
    assert n_obs == n
    assert found[pairs.R] == pytest.approx(stats.pearsonr(x, y)[0], abs=1e-12)
    assert found[pairs.SPEARMAN] == pytest.approx(stats.spearmanr(x, y)[0], abs=1e-12)
    assert found[pairs.KENDALL] == pytest.approx(stats.kendalltau(x, y)[0], abs=1e-12)


small = st.integers(-4, 4).map(float)


@given(st.lists(st.tuples(small, small), min_size=3, max_size=30))
def test_heavily_tied_ranks_are_those_of_scipy(rows):
    x, y = np.array(rows).T
    found, *_ = estimates(x, y)
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        assert np.isnan(found[[pairs.R, pairs.SPEARMAN, pairs.KENDALL, pairs.KGE]]).all()
        return
    assert found[pairs.SPEARMAN] == pytest.approx(stats.spearmanr(x, y)[0], abs=1e-12)
    assert found[pairs.KENDALL] == pytest.approx(stats.kendalltau(x, y)[0], abs=1e-12)


def test_the_parts_add_up_to_the_mean_square_error():
    x, y = two_series(1)
    found, *_ = estimates(x, y)
    parts = [pairs.MSE_CORRELATION, pairs.MSE_BIAS, pairs.MSE_VARIANCE]
    assert found[parts].sum() == pytest.approx(np.mean((x - y) ** 2), rel=1e-12)
    assert found[pairs.RMSE] ** 2 == pytest.approx(np.mean((x - y) ** 2), rel=1e-12)
    # Gupta et al. (2009), equations 3 and 4
    assert found[parts[0]] == pytest.approx(
        2 * x.std() * y.std() * (1 - np.corrcoef(x, y)[0, 1]), rel=1e-10
    )
    assert found[parts[1]] == pytest.approx((x.mean() - y.mean()) ** 2)
    assert found[parts[2]] == pytest.approx((x.std() - y.std()) ** 2)


@pytest.mark.parametrize("of_2009", [False, True])
def test_kling_gupta_by_its_formula(of_2009):
    x, y = two_series(2)
    spread = x.std() / y.std()
    spread = spread if of_2009 else spread * y.mean() / x.mean()
    ratio = x.mean() / y.mean()
    r = np.corrcoef(x, y)[0, 1]
    expected = 1 - math.sqrt((r - 1) ** 2 + (spread - 1) ** 2 + (ratio - 1) ** 2)
    assert estimates(x, y, kge_2009=of_2009)[0][pairs.KGE] == pytest.approx(expected, rel=1e-12)


def test_nash_sutcliffe_takes_the_variance_of_the_reference():
    x, y = two_series(3)
    expected = 1 - np.sum((x - y) ** 2) / np.sum((y - y.mean()) ** 2)
    assert estimates(x, y)[0][pairs.NSE] == pytest.approx(expected, rel=1e-12)


def test_small_differences_on_a_large_offset_keep_their_digits():
    x, y = two_series(4)
    plain, _, _ = estimates(x, y)
    lifted, _, _ = estimates(x + 2.0**33, y + 2.0**33)
    rows = [pairs.R, pairs.RMSE, pairs.UBRMSE, pairs.SPEARMAN, pairs.KENDALL]
    np.testing.assert_allclose(lifted[rows], plain[rows], rtol=1e-4)
    near, *_ = estimates(y + 1e-9 * np.sin(np.arange(y.size)), y)
    assert near[pairs.UBRMSE] == pytest.approx(1e-9 * np.sin(np.arange(y.size)).std(), rel=1e-5)


def test_anomalies_are_deviations_from_the_means_of_the_common_months():
    x, y = two_series(5, 72)
    group = np.arange(72) % 12
    a, b = (v - np.array([v[group == g].mean() for g in group]) for v in (x, y))
    found, *_ = estimates(x, y, group=group)
    assert found[pairs.R_ANOMALY] == pytest.approx(np.corrcoef(a, b)[0, 1], rel=1e-10)


def test_a_pure_season_has_no_anomalies_to_correlate():
    season = np.tile(np.random.default_rng(6).normal(size=12), 8)
    found, *_ = estimates(season, season + two_series(6, 96)[1], group=np.arange(96) % 12)
    assert np.isnan(found[pairs.R_ANOMALY])
    assert np.isfinite(found[pairs.R])


def test_independent_pairs_are_counted_by_the_published_formula():
    rng = np.random.default_rng(7)
    x, y = rng.normal(size=(2, 500)).cumsum(axis=1) * [[1.0], [1.0]]
    r = [
        np.sum((v - v.mean())[1:] * (v - v.mean())[:-1]) / np.sum((v - v.mean()) ** 2)
        for v in (x, y)
    ]
    expected = 500 * (1 - r[0] * r[1]) / (1 + r[0] * r[1])
    assert estimates(x, y)[0][pairs.N_EFF] == pytest.approx(expected, rel=1e-10)


def test_neighbours_across_a_gap_say_nothing_of_memory():
    # two levels with a gap between them: all memory lies within the halves
    x = np.array([0.0, 0.2, 10.1, 10.0])
    whole, *_ = estimates(x, x, position=np.arange(4))
    r = np.array([x[k] - x.mean() for k in range(4)])
    squares = np.sum(r**2)
    assert whole[pairs.N_EFF] == pytest.approx(_pairs_left(np.sum(r[1:] * r[:-1]) / squares))
    gap, *_ = estimates(x, x, position=np.array([0, 1, 50, 51]))
    inside = (r[0] * r[1] + r[2] * r[3]) / 2 * 51 / 52 / (squares / 4)
    assert gap[pairs.N_EFF] == pytest.approx(_pairs_left(inside))


def _pairs_left(r):
    return 4 * (1 - r**2) / (1 + r**2)


def test_opposite_memories_do_not_make_more_pairs_than_there_are():
    x = np.sin(np.arange(100) * 0.1)
    y = (-1.0) ** np.arange(100) + 0.01 * np.arange(100) % 3
    assert estimates(x, y)[0][pairs.N_EFF] == 100


def resamples_by_hand(draws, n, block):
    for row in draws:
        rows = np.concatenate([np.arange(block) + int(u * (n - block + 1)) for u in row])
        yield rows[:n]


@pytest.mark.parametrize("block", [1, 4, 7])
def test_moments_of_a_resample_are_those_of_the_drawn_rows(block):
    x, y = two_series(8, 50)
    draws = np.random.default_rng(9).random((20, 50))
    pair = np.stack([x - x.mean(), y - y.mean()])
    sums = np.empty((51, N_SUMS))
    running_sums(pair, np.arange(50), 50, 50, sums)
    samples = np.full((pairs.N_BOUNDED, 20), np.nan)
    resample_moments(sums, 50, draws, block, x.mean(), y.mean(), False, samples)
    for k, rows in enumerate(resamples_by_hand(draws, 50, block)):
        expected, *_ = estimates(x[rows], y[rows])
        np.testing.assert_allclose(
            samples[: pairs.KGE + 1, k], expected[: pairs.KGE + 1], rtol=1e-9
        )


@pytest.mark.parametrize("decimals", [None, 0])
@pytest.mark.parametrize("block", [1, 5, 7])
def test_ranks_of_a_resample_are_those_of_the_drawn_rows(block, decimals):
    n = 40
    x, y = two_series(10, n, decimals)
    draws = np.random.default_rng(11).random((20, n))
    scratch, ids, one = np.empty((3, n)), np.empty((2, n), np.int64), np.empty(pairs.N_ESTIMATES)
    order = pairs.rank_estimates(np.stack([x, y]), n, True, True, scratch, ids, one)
    samples = np.full((pairs.N_BOUNDED, 20), np.nan)
    resample_ranks(np.arange(n), order, ids, n, n, draws, block, True, samples)
    for k, rows in enumerate(resamples_by_hand(draws, n, block)):
        assert samples[pairs.SPEARMAN, k] == pytest.approx(stats.spearmanr(x[rows], y[rows])[0])
        assert samples[pairs.KENDALL, k] == pytest.approx(stats.kendalltau(x[rows], y[rows])[0])


def test_a_gap_stays_open_in_a_resample():
    x, y = two_series(12, 30)
    places = np.concatenate([np.arange(15), np.arange(25, 40)])
    draws = np.random.default_rng(13).random((10, 40))
    sums = np.empty((41, N_SUMS))
    running_sums(np.stack([x - x.mean(), y - y.mean()]), places, 30, 40, sums)
    samples = np.full((pairs.N_BOUNDED, 10), np.nan)
    resample_moments(sums, 40, draws, 8, x.mean(), y.mean(), False, samples)
    row_at = {place: row for row, place in enumerate(places)}
    for k, steps in enumerate(resamples_by_hand(draws, 40, 8)):
        rows = np.array([row_at[s] for s in steps if s in row_at])
        assert samples[pairs.BIAS, k] == pytest.approx(np.mean(x[rows] - y[rows]))


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=40), st.floats(0.0, 0.5))
def test_percentiles_are_those_of_numpy(values, tail):
    low, high = quantiles(np.array(values), tail)
    expected = np.quantile(values, [tail, 1 - tail])
    np.testing.assert_allclose([low, high], expected, rtol=1e-9, atol=1e-6)


def test_percentiles_of_mostly_missing_resamples_are_missing():
    assert np.isnan(quantiles(np.array([1.0, 2.0, np.nan, np.nan, np.nan]), 0.1)).all()


@pytest.mark.parametrize(
    ("asked", "r", "span", "expected"),
    [
        (0, 0.0, 252, 7),  # 252^(1/3) = 6.3
        (0, 0.5, 252, 7),  # two decorrelation times: 6
        (0, 0.8, 252, 18),  # 2 * 1.8 / 0.2
        (0, 0.99, 252, 50),  # five blocks at least
        (0, np.nan, 27, 3),
        (12, 0.8, 252, 12),
        (12, 0.8, 8, 8),
    ],
)
def test_blocks_are_as_long_as_the_memory_of_the_series(asked, r, span, expected):
    assert block_length(asked, r, span) == expected
