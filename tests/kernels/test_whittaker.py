"""The Whittaker smoother against the dense solution of its normal equations."""

import numpy as np
import pytest

from soilscope.kernels.whittaker import whittaker, whittaker_dated

NO_WEIGHTS = np.empty((0, 0))


def dense(y, w, x, smoothness):
    """Solve (W + lambda D'D) z = W y; a row of D is twice a divided difference."""
    n = x.size
    bends = np.zeros((n - 2, n))
    for j in range(1, n - 1):
        left, right = x[j] - x[j - 1], x[j + 1] - x[j]
        difference = np.array([1 / left, -1 / left - 1 / right, 1 / right])
        bends[j - 1, j - 1 : j + 2] = 2 / (left + right) * difference
        bends[j - 1] *= np.sqrt((left + right) / 2)
    w = np.where(np.isfinite(y), w, 0.0)
    return np.linalg.solve(np.diag(w) + smoothness * bends.T @ bends, w * np.nan_to_num(y))


def noisy(n, n_series, seed=0):
    rng = np.random.default_rng(seed)
    y = 0.4 + 0.2 * np.sin(np.arange(n)[:, None] / 4) + rng.normal(0, 0.05, (n, n_series))
    y[rng.random(y.shape) < 0.1] = np.nan
    y[[0, -1]] = 0.3  # the ends are there: all values can be compared
    return y, rng.uniform(0.05, 1.0, y.shape), np.cumsum(rng.uniform(0.3, 2.0, n))


def smoothed(y, w, x, smoothness, least=3):
    out = np.empty_like(y)
    whittaker(y, w, x, smoothness, least, out)
    return out


@pytest.mark.parametrize("smoothness", [0.01, 2.0, 300.0])
@pytest.mark.parametrize("is_even", [True, False])
def test_it_is_the_dense_solution(smoothness, is_even):
    y, w, x = noisy(60, 7)
    x = np.arange(60.0) if is_even else x
    found = smoothed(y, w, x, smoothness)
    for s in range(7):
        expected = dense(y[:, s], w[:, s], x, smoothness)
        np.testing.assert_allclose(found[:, s], expected, rtol=0, atol=1e-12)


def test_even_steps_give_the_textbook_penalty():
    y, w, _ = noisy(30, 1)
    d = np.diff(np.eye(30), 2, axis=0)
    w0 = np.where(np.isfinite(y[:, 0]), w[:, 0], 0.0)
    expected = np.linalg.solve(np.diag(w0) + 5 * d.T @ d, w0 * np.nan_to_num(y[:, 0]))
    np.testing.assert_allclose(smoothed(y, w, np.arange(30.0), 5.0)[:, 0], expected, atol=1e-13)


def test_single_precision_data_are_solved_in_double():
    y, _, x = noisy(40, 3)
    single = smoothed(y.astype("f4"), NO_WEIGHTS, x, 2.0)
    assert single.dtype == np.float32
    double = smoothed(y.astype("f4").astype("f8"), NO_WEIGHTS, x, 2.0)
    np.testing.assert_array_equal(single, double.astype("f4"))


def test_many_series_side_by_side_are_what_each_is_alone():
    y, w, x = noisy(25, 300)
    whole = smoothed(y, w, x, 2.0)
    for s in (0, 127, 128, 299):
        one = smoothed(y[:, s : s + 1].copy(), w[:, s : s + 1].copy(), x, 2.0)
        np.testing.assert_allclose(whole[:, s], one[:, 0], rtol=1e-13)


def test_dates_of_each_series_give_what_common_dates_give():
    y, w, x = noisy(60, 20)
    own = np.repeat(x[:, None], 20, axis=1)
    for weights in (w, NO_WEIGHTS):
        found = np.empty_like(y)
        whittaker_dated(y, weights, own, 3.0, 3, found)
        np.testing.assert_allclose(found, smoothed(y, weights, x, 3.0), rtol=0, atol=1e-13)


def test_dates_out_of_order_are_put_in_order():
    y, w, x = noisy(40, 1)
    order = np.arange(40)
    order[[10, 11, 30, 31]] = [11, 10, 31, 30]
    found = np.empty_like(y)
    whittaker_dated(y[order], w[order], x[order][:, None].copy(), 3.0, 3, found)
    expected = smoothed(y, w, x, 3.0)[order]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)


def test_values_of_one_day_count_as_one_of_both_weights():
    y, w, x = noisy(30, 1)
    y = np.where(np.isfinite(y), y, 0.3)
    twice = np.insert(y, 12, 0.9, axis=0)
    weights = np.insert(w, 12, 0.4, axis=0)
    found = np.empty_like(twice)
    whittaker_dated(twice, weights, np.insert(x, 12, x[12])[:, None].copy(), 2.0, 3, found)
    y[12] = (w[12] * y[12] + 0.4 * 0.9) / (w[12] + 0.4)
    w[12] += 0.4
    expected = smoothed(y, w, x, 2.0)
    np.testing.assert_allclose(np.delete(found, 12, axis=0), expected, rtol=0, atol=1e-13)
    assert found[12] == found[13]


@pytest.mark.parametrize("dated", [False, True])
def test_nothing_is_written_outside_the_first_and_the_last_value(dated):
    y, _, x = noisy(30, 2)
    y[:4, 0] = np.inf
    y[25:, 0] = np.nan
    y[2:, 1] = np.nan
    out = np.empty_like(y)
    if dated:
        whittaker_dated(y, NO_WEIGHTS, np.repeat(x[:, None], 2, axis=1), 2.0, 3, out)
    else:
        whittaker(y, NO_WEIGHTS, x, 2.0, 3, out)
    first, last = np.flatnonzero(np.isfinite(y[:, 0]))[[0, -1]]
    assert np.flatnonzero(np.isfinite(out[:, 0])).tolist() == list(range(first, last + 1))
    assert np.isnan(out[:, 1]).all()  # two values


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
@pytest.mark.parametrize("dated", [False, True])
def test_a_value_without_a_positive_weight_is_missing(bad, dated):
    y, w, x = noisy(30, 1)
    y[7] = 0.8
    w[7] = bad
    without = y.copy()
    without[7] = np.nan
    results = []
    for values, weights in ((y, w), (without, np.where(np.isfinite(w) & (w > 0), w, 1.0))):
        out = np.empty_like(y)
        if dated:
            whittaker_dated(values, weights, x[:, None].copy(), 2.0, 3, out)
        else:
            whittaker(values, weights, x, 2.0, 3, out)
        results.append(out)
    np.testing.assert_array_equal(*results)
