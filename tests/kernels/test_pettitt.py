import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from soilscope.kernels import change_point as kernel

seeds = st.integers(0, 2**32 - 1)


def pettitt(y):
    y = np.ascontiguousarray(y.reshape(len(y), -1), dtype=float)
    statistic, count, last = np.empty(y.shape[1]), *np.empty((2, y.shape[1]), dtype=np.int64)
    kernel.pettitt(y, statistic, count, last)
    return statistic, count, last


def by_definition(x):
    """Sum sign(x_i - x_j) over all i up to t and all j behind it, for each t."""
    u = [np.sign(np.subtract.outer(x[: t + 1], x[t + 1 :])).sum() for t in range(len(x) - 1)]
    return np.abs(u).max(), int(np.abs(u).argmax())


@given(seed=seeds, n=st.integers(2, 40), levels=st.integers(2, 50))
def test_statistic_and_place_are_those_of_the_definition_with_ties(seed, n, levels):
    x = np.random.default_rng(seed).integers(0, levels, size=n).astype(float)
    statistic, count, last = pettitt(x)
    assert (statistic[0], last[0]) == by_definition(x)
    assert count[0] == n


@given(seed=seeds, n=st.integers(4, 40))
def test_missing_values_are_left_out_and_the_row_is_that_of_the_record(seed, n):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    missing = rng.random(n) < 0.3
    x[missing] = rng.choice([np.nan, np.inf, -np.inf], size=missing.sum())
    valid = np.flatnonzero(np.isfinite(x))
    statistic, count, last = pettitt(x)
    assert count[0] == valid.size
    if valid.size > 1:
        expected, place = by_definition(x[valid])
        assert (statistic[0], last[0]) == (expected, valid[place])
    else:
        assert (np.isnan(statistic[0]), last[0]) == (True, -1)


def test_statistic_of_a_clean_step_is_the_product_of_both_lengths():
    x = np.r_[np.zeros(7), np.ones(13)]
    assert pettitt(x)[0][0] == 7 * 13
    assert pettitt(x)[2][0] == 6


@given(seed=seeds, n=st.integers(2, 20))
def test_the_statistic_is_zero_for_constant_series_alone(seed, n):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 2, size=n).astype(float)
    assert (pettitt(x)[0][0] == 0) == (np.ptp(x) == 0)


def test_removing_a_step_leaves_both_sides_with_mean_zero_and_gives_its_height():
    y = np.array([[1.0], [2.0], [6.0], [np.nan], [10.0], [20.0], [12.0]])
    residual, shift = np.empty_like(y), np.empty(1)
    kernel.remove_step(y, np.array([3]), residual, shift)
    np.testing.assert_allclose(residual[:, 0], [-2, -1, 3, np.nan, -4, 6, -2])
    assert shift[0] == 12 - 2


def test_an_empty_series_has_no_change():
    y = np.full((5, 1), np.nan)
    statistic, count, last = pettitt(y)
    assert (np.isnan(statistic[0]), count[0], last[0]) == (True, 0, -1)
    residual, shift = np.empty_like(y), np.empty(1)
    kernel.remove_step(y, last, residual, shift)
    assert np.isnan(shift[0])
