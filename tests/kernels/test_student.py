import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import special

from soilscope.kernels.student import two_sided_p


def p_of(t, df):
    t = np.atleast_1d(np.asarray(t, float))
    df = np.broadcast_to(np.asarray(df, float), t.shape).copy()
    p = np.empty((1, t.size))
    two_sided_p(t[None], df, special.beta(df / 2, 0.5), p)
    return p[0]


@pytest.mark.parametrize("df", [1, 2, 3, 10, 247, 1000, 7665, 100_000])
def test_it_is_scipys_over_the_whole_range(df):
    t = np.concatenate([np.geomspace(1e-8, 1, 50), np.linspace(1, 3, 50), np.geomspace(3, 40, 50)])
    peer = 2 * special.stdtr(df, -t) if df > 1 else np.arctan(1 / t) * 2 / np.pi
    within = peer > 1e-290
    assert_allclose(p_of(t, df)[within], peer[within], rtol=1e-9)
    assert_array_equal(p_of(-t, df), p_of(t, df))


@given(st.floats(0.01, 30), st.integers(1, 5000))
def test_a_larger_t_is_never_likelier(t, df):
    less, more = p_of([t, 1.001 * t], df)
    assert 0 <= more <= less <= 1


def test_published_critical_values_have_their_probability():
    # two-sided 5 %: Fisher and Yates, Statistical Tables, table III
    assert_allclose(p_of([12.706, 2.228, 2.042, 1.960], [1, 10, 30, 1e5]), 0.05, atol=5e-5)


def test_the_ends():
    assert_array_equal(p_of([0.0, np.inf, np.nan], 20), [1.0, 0.0, np.nan])
