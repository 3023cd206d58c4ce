"""Bounds of agreement beside the same resamples drawn by hand, and what lacks them."""

import numpy as np
import pytest
from scipy import stats

from soilscope.kernels import pairs
from soilscope.kernels.agreement import agreement, effective_size
from soilscope.kernels.codes import CONSTANT, NO_DATA, OK, TOO_FEW
from soilscope.kernels.resampling import (
    N_SUMS,
    block_length,
    resample_correlation,
    resample_moments,
    resample_ranks,
    running_sums,
)

N, BLOCK, N_BOOT = 42, 4, 25  # the last block of a resample is cut
DRAWS = np.random.default_rng(1).random((N_BOOT, N))
TAILS = np.linspace(0.0, 0.4, N + 1)  # of each number of blocks its own
EVERY = np.ones(pairs.N_BOUNDED, dtype=np.bool_)
RANKED = [pairs.SPEARMAN, pairs.KENDALL]


def bounded(x, y, *, position=None, group=(), wanted=EVERY, draws=DRAWS, length=BLOCK, min_obs=5):
    """Estimates, lower and upper bounds, counts and status of columns of two tables."""
    shape = x.shape[1]
    tables = [np.empty((rows, shape)) for rows in (pairs.N_ESTIMATES, *[pairs.N_BOUNDED] * 2)]
    n_obs, status = np.empty(shape, np.int64), np.empty(shape, np.int8)
    agreement(
        x, y, np.arange(len(x)) if position is None else position, np.array(group, np.int64),
        wanted, False, min_obs, draws, length, TAILS, *tables, n_obs, status,
    )  # fmt: skip
    return *tables, n_obs, status


def with_gaps(seed=0):
    """Two tables of 18 series (more than go through at once), one with missing values."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(N, 18)) + 3
    y = 0.5 * x + rng.normal(size=(N, 18))
    x[rng.random(x.shape) < 0.1] = np.nan
    y[7, 2] = np.inf
    return x, y


def plain(a, b):
    """Estimates that can have bounds, of two plain series."""
    d, r = a - b, np.corrcoef(a, b)[0, 1]
    spread = (a.std() / a.mean()) / (b.std() / b.mean())
    kge = 1 - np.sqrt((r - 1) ** 2 + (spread - 1) ** 2 + (a.mean() / b.mean() - 1) ** 2)
    nse = 1 - (d**2).mean() / b.var()
    made = {pairs.R: r, pairs.NSE: nse, pairs.BIAS: d.mean(), pairs.RMSE: np.sqrt((d**2).mean())}
    made |= {pairs.UBRMSE: d.std(), pairs.KGE: kge}
    made |= {pairs.SPEARMAN: stats.spearmanr(a, b)[0], pairs.KENDALL: stats.kendalltau(a, b)[0]}
    return made


@pytest.mark.parametrize("column", [0, 2, 17])
def test_bounds_are_quantiles_over_the_resamples_drawn_by_hand(column):
    x, y = with_gaps()
    group = np.arange(N) % 3
    found, low, high, n_obs, status = bounded(x, y, group=group)
    a, b = x[:, column], y[:, column]
    at = np.flatnonzero(np.isfinite(a) & np.isfinite(b))
    span = at[-1] - at[0] + 1
    anomaly = [v - np.array([v[at][group[at] == g].mean() for g in group]) for v in (a, b)]
    samples = []
    for draws in DRAWS:
        steps = np.concatenate(
            [at[0] + int(u * (span - BLOCK + 1)) + np.arange(BLOCK) for u in draws]
        )[:span]
        rows = steps[np.isin(steps, at)]
        of_anomalies = np.corrcoef(anomaly[0][rows], anomaly[1][rows])[0, 1]
        samples.append(plain(a[rows], b[rows]) | {pairs.R_ANOMALY: of_anomalies})
    tail = TAILS[-(-span // BLOCK)]
    for k in range(pairs.N_BOUNDED):
        expected = np.quantile([one[k] for one in samples], [tail, 1 - tail])
        np.testing.assert_allclose([low[k, column], high[k, column]], expected, rtol=1e-9)
    for k, expected in plain(a[at], b[at]).items():
        assert found[k, column] == pytest.approx(expected, rel=1e-9)
    assert found[pairs.BLOCK_LENGTH, column] == BLOCK
    assert (n_obs[column], status[column]) == (at.size, OK)


def test_blocks_are_as_long_as_the_longer_memory_asks():
    rng = np.random.default_rng(3)
    walk = rng.normal(size=N).cumsum()
    x, y = rng.normal(size=(N, 1)), (walk + rng.normal(size=N))[:, None]
    found, *_ = bounded(x, y, length=0)
    memory = [np.sum(v[1:] * v[:-1]) / np.sum(v * v) for v in (x - x.mean(), y - y.mean())]
    assert found[pairs.BLOCK_LENGTH, 0] == block_length(0, max(memory), N) > 4
    assert found[pairs.N_EFF, 0] == pytest.approx(effective_size(N, *memory))


def test_without_draws_or_without_a_calendar_there_are_no_bounds():
    x, y = (table[:, :3].copy() for table in with_gaps())
    found, low, high, *_ = bounded(x, y, draws=np.empty((0, 1)))
    assert np.isnan([low, high]).all()
    assert np.isnan(found[pairs.BLOCK_LENGTH]).all()
    assert np.isfinite(found[pairs.N_EFF]).all()
    found, low, high, *_ = bounded(x, y, position=np.empty(0, np.int64))
    assert np.isnan([low, high]).all()
    assert np.isnan(found[[pairs.N_EFF, pairs.BLOCK_LENGTH]]).all()
    assert np.isfinite(found[[pairs.R, pairs.KGE, *RANKED]]).all()


@pytest.mark.parametrize("left_out", [*RANKED, pairs.R_ANOMALY])
def test_a_costly_estimate_that_is_not_wanted_is_not_made(left_out):
    x, y = (table[:, :2].copy() for table in with_gaps())
    wanted = EVERY.copy()
    wanted[left_out] = False
    group = np.arange(N) % 3
    found, *_ = bounded(x, y, group=group, wanted=wanted)
    whole, *_ = bounded(x, y, group=group)
    assert np.isnan(found[left_out]).all()
    assert np.isfinite(whole[left_out]).all()
    others = np.arange(pairs.N_ESTIMATES) != left_out
    np.testing.assert_array_equal(found[others], whole[others])


def test_series_without_enough_or_without_spread_say_so_and_have_no_bounds():
    x, y = (table[:, :5].copy() for table in with_gaps())
    x[:, 0] = np.nan
    x[4:, 1] = np.inf
    x[:, 2] = 2.0
    y[:, 3] = -1.0
    found, low, high, n_obs, status = bounded(x, y)
    assert status.tolist() == [NO_DATA, TOO_FEW, CONSTANT, CONSTANT, OK]
    assert n_obs[0] == 0
    assert 0 < n_obs[1] < 5
    assert np.isnan(found[:, :2]).all()
    assert np.isnan([low[:, :4], high[:, :4]]).all()
    assert np.isfinite([low[pairs.R, 4], high[pairs.R, 4]]).all()
    np.testing.assert_allclose(found[pairs.BIAS, 2], np.mean(2.0 - y[:, 2][np.isfinite(y[:, 2])]))
    assert np.isnan(found[[pairs.R, pairs.N_EFF, *RANKED], 2]).all()


def of_resamples(pair, places, draws, block=3):
    """Samples of one pair of series of which hardly any step has a value."""
    n, span = places.size, places[-1] + 1
    sums = np.empty((span + 1, N_SUMS))
    running_sums(pair, places, n, span, sums)
    samples = np.full((pairs.N_BOUNDED, len(draws)), np.nan)
    resample_moments(sums, span, draws, block, 0.0, 0.0, False, samples)
    resample_correlation(sums, span, draws, block, samples[pairs.R_ANOMALY])
    scratch, ids, one = np.empty((3, n)), np.empty((2, n), np.int64), np.empty(pairs.N_ESTIMATES)
    order = pairs.rank_estimates(pair, n, True, True, scratch, ids, one)
    resample_ranks(places, order, ids, n, span, draws, block, True, samples)
    return samples


def test_a_resample_of_less_than_two_pairs_or_without_spread_is_missing():
    places = np.array([0, 1, 2, 8, 9])
    # sums of 0.7 and of its square leave rounding where there is no spread
    pair = np.array([[-1.0, 1.0, 0.5, -3.0, 3.0], [0.7, 0.7, 0.7, 1.0, 3.0]])
    draws = np.full((4, 5), 0.5)  # a block in the gap
    draws[1, :2] = 0.0  # twice the first block: its second series is constant
    draws[2, 0] = 1.0  # the last block, although a draw should be less than 1
    draws[3, :2] = [0.0, 1.0]
    samples = of_resamples(pair, places, draws)
    assert np.isnan(samples[:, 0]).all()
    bias = [np.nan, 0.5 / 3 - 0.7, -2.0, np.mean(pair[0] - pair[1])]
    np.testing.assert_allclose(samples[pairs.BIAS], bias)
    correlations = samples[[pairs.R, pairs.R_ANOMALY, *RANKED]]
    assert np.isnan(correlations[:, 1]).all()
    np.testing.assert_allclose(correlations[:, 2], 1.0)
    np.testing.assert_allclose(correlations[:2, 3], np.corrcoef(pair)[0, 1])
    assert correlations[2, 3] == pytest.approx(stats.spearmanr(*pair)[0])
    assert correlations[3, 3] == pytest.approx(stats.kendalltau(*pair)[0])
