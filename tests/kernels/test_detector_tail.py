import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from soilscope.kernels.detector_tail import log_tail, noncentrality_of_means, q_interval


def f_of(q, n, n_strata):
    return (n - n_strata) * q / ((n_strata - 1) * (1 - q))


@given(st.floats(0.001, 0.7), st.integers(20, 400), st.integers(2, 9))
def test_the_central_tail_is_that_of_scipy(q, n, n_strata):
    expected = stats.f.logsf(f_of(q, n, n_strata), n_strata - 1, n - n_strata)
    assert log_tail(q, n, n_strata) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(st.floats(0.01, 0.7), st.integers(20, 300), st.integers(2, 9), st.floats(0.5, 80.0))
def test_the_noncentral_tail_is_that_of_scipy(q, n, n_strata, moved):
    expected = stats.ncf.sf(f_of(q, n, n_strata), n_strata - 1, n - n_strata, moved)
    if expected > 1e-12:
        assert np.exp(log_tail(q, n, n_strata, moved)) == pytest.approx(expected, rel=1e-8)


def test_a_noncentrality_near_zero_is_the_central_tail():
    assert log_tail(0.3, 50, 4, 1e-14) == pytest.approx(log_tail(0.3, 50, 4), rel=1e-9)


def test_the_tail_goes_on_where_numbers_underflow():
    # two strata: sf of F(1, n - 2) at t^2 falls by (1 - q) ** 0.5 for each row, far out
    steps = np.diff([log_tail(0.9, n, 2) for n in (4000, 4001, 4002)])
    assert log_tail(0.9, 4000, 2) < -4000
    np.testing.assert_allclose(steps, 0.5 * np.log(0.1), rtol=1e-3)


def test_no_share_has_no_weight_and_all_has_all():
    assert log_tail(0.0, 50, 4) == 0.0
    assert log_tail(1.0, 50, 4) == -np.inf
    assert np.isnan(log_tail(0.3, 4, 4))
    assert np.isnan(log_tail(0.3, 10, 1))


def test_bounds_hold_the_true_share_as_often_as_they_say():
    rng = np.random.default_rng(5)
    code = np.repeat(np.arange(4), 30)
    effect = np.array([0.0, 0.3, 0.6, 0.9])
    truth = effect.var() / (effect.var() + 1.0)
    hits = 0
    for _ in range(400):
        y = rng.normal(size=code.size) + effect[code]
        parts = y.reshape(4, 30)
        q = 1 - parts.var(axis=1).sum() * 30 / (y.var() * y.size)
        low, high = q_interval(q, y.size, 4)
        hits += low <= truth <= high
    assert hits / 400 == pytest.approx(0.95, abs=0.03)


def test_bounds_of_a_share_that_chance_gives_start_at_zero():
    low, high = q_interval(0.01, 100, 5)
    assert low == 0.0
    assert 0.0 <= high < 0.1


def test_the_noncentrality_moves_with_the_mean():
    mean, count = np.array([0.1, 0.3]), np.array([10.0, 40.0])
    still = noncentrality_of_means(mean, count, 1.0, population=True)
    moved = noncentrality_of_means(mean + 5.0, count, 1.0, population=True)
    assert moved > 10 * still
