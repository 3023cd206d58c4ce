import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from soilscope.kernels.stratum_moments import merge, pooled, stratum_moments, weighted_moments

values = arrays(np.float64, 24, elements=st.floats(-50, 50))
codes = arrays(np.int32, 24, elements=st.integers(-1, 3))


@given(values, codes)
def test_moments_are_those_of_each_stratum(y, code):
    count, mean, m2 = stratum_moments(y, code, 4)
    for c in range(4):
        part = y[code == c]
        assert count[c] == part.size
        if part.size:
            np.testing.assert_allclose(mean[c], part.mean(), atol=1e-12)
            np.testing.assert_allclose(m2[c], part.var() * part.size, atol=1e-9)
        else:
            assert np.isnan(mean[c])


@given(values, codes, st.integers(0, 24))
def test_parts_merge_to_the_whole(y, code, at):
    left, right = (stratum_moments(y[s], code[s], 4) for s in (slice(at), slice(at, None)))
    for got, expected in zip(merge(left, right), stratum_moments(y, code, 4), strict=True):
        np.testing.assert_allclose(got, expected, atol=1e-8)


def test_a_large_offset_costs_no_digits():
    y = np.random.default_rng(0).normal(size=1000)
    code = np.arange(1000, dtype=np.int32) % 5
    low, high = (stratum_moments(y + offset, code, 5)[2] for offset in (0.0, 2.0**20))
    np.testing.assert_allclose(high, low, rtol=1e-8)


def test_infinite_values_do_not_count():
    count, mean, _ = stratum_moments(np.array([1.0, np.inf, np.nan]), np.zeros(3, np.int32), 1)
    assert count.tolist() == [1]
    assert mean.tolist() == [1.0]


@given(values, codes)
def test_within_and_between_add_up_to_the_total(y, code):
    count, mean, m2 = stratum_moments(y, code, 4)
    n, centre, within, total = pooled((count, mean, m2))
    kept = y[code >= 0]
    assert n == kept.size
    if kept.size:
        np.testing.assert_allclose(centre, kept.mean(), atol=1e-9)
        np.testing.assert_allclose(total, kept.var() * kept.size, atol=1e-7)
        assert within <= total + 1e-7


@given(values, arrays(np.int32, 24, elements=st.integers(0, 3)), st.integers(1, 23))
def test_weighted_parts_merge_to_the_whole(y, code, at):
    weight = np.linspace(0.1, 3.0, 24)
    whole, left, right = (
        weighted_moments(y[s], code[s], 4, weight[s])[1:]
        for s in (slice(None), slice(at), slice(at, None))
    )
    for got, expected in zip(merge(left, right), whole, strict=True):
        np.testing.assert_allclose(got, expected, atol=1e-8)
