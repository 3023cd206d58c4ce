"""Weighted moments of strata beside NumPy's averages, and parts that are not there."""

import numpy as np
import pytest

from soilscope.kernels.stratum_moments import merge, pooled, weighted_moments


def drawn(n=30):
    rng = np.random.default_rng(0)
    code = rng.integers(0, 4, n).astype(np.int32)
    return rng.normal(20, 3, n), np.where(code == 2, 0, code).astype(np.int32), rng.uniform(1, 3, n)


def test_moments_are_those_of_weighted_averages():
    y, code, weight = drawn()
    count, total, mean, m2 = weighted_moments(y, code, 4, weight)
    for c in (0, 1, 3):
        part, w = y[code == c], weight[code == c]
        centre = np.average(part, weights=w)
        assert (count[c], total[c]) == (part.size, pytest.approx(w.sum()))
        assert mean[c] == pytest.approx(centre, rel=1e-13)
        assert m2[c] == pytest.approx((w * (part - centre) ** 2).sum(), rel=1e-12)
    assert (count[2], total[2], m2[2]) == (0, 0.0, 0.0)
    assert np.isnan(mean[2])


def test_whole_weights_are_repeated_rows():
    y, code, _ = drawn()
    times = np.random.default_rng(1).integers(1, 4, y.size)
    _, total, mean, m2 = weighted_moments(y, code, 4, times.astype(float))
    again = weighted_moments(np.repeat(y, times), np.repeat(code, times), 4, np.ones(times.sum()))
    for got, known in zip((total, mean, m2), again[1:], strict=True):
        np.testing.assert_allclose(got, known, rtol=1e-12)


def test_weighted_strata_pool_to_the_weighted_whole():
    y, code, weight = drawn()
    _, total, mean, m2 = weighted_moments(y, code, 4, weight)
    n, centre, within, whole = pooled((total, mean, m2))
    expected = np.average(y, weights=weight)
    assert n == pytest.approx(weight.sum())
    assert centre == pytest.approx(expected)
    assert whole == pytest.approx((weight * (y - expected) ** 2).sum())
    assert within == pytest.approx(m2.sum())


def test_no_rows_have_no_mean_and_change_nothing_in_a_merger():
    none = np.empty(0)
    count, _, mean, m2 = weighted_moments(none, none.astype(np.int32), 2, none)
    assert np.isnan(mean).all()
    some = (np.array([2, 3]), np.array([1.0, -4.0]), np.array([0.5, 2.0]))
    for got, known in zip(merge((count, mean, m2), some), some, strict=True):
        np.testing.assert_array_equal(got, known)
    assert np.isnan(pooled((count, mean, m2))[1])
