import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soilscope import names
from soilscope.kernels import lmg

seeds = st.integers(0, 2**32 - 1)


def shares_of(columns, *, code=None):
    """Run the kernel on columns (n_lanes, n_rows, k + 1), the response last."""
    centred = columns - columns.mean(axis=1, keepdims=True)
    product = np.ascontiguousarray(np.einsum("qnc,qne->ceq", centred, centred))
    lanes = columns.shape[0]
    shares = np.empty((columns.shape[2] - 1, lanes))
    codes = np.zeros(lanes, np.int64) if code is None else np.array(code)
    lmg.lmg_shares(product, codes, lanes, shares)
    return shares


def r_squared(x, y):
    design = np.column_stack([np.ones(len(y)), x])
    residual = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    return 1 - residual @ residual / ((y - y.mean()) ** 2).sum()


def by_all_orders(x, y):
    """Gain in R squared of each column when it joins, averaged over all k! orders."""
    k = x.shape[1]
    gain = np.zeros(k)
    for order in itertools.permutations(range(k)):
        before = 0.0
        for size, c in enumerate(order, start=1):
            now = r_squared(x[:, list(order[:size])], y)
            gain[c] += now - before
            before = now
    return gain / math.factorial(k)


def correlated(seed, k, *, n_rows=30, lanes=2):
    rng = np.random.default_rng(seed)
    columns = rng.normal(size=(lanes, n_rows, k + 1)) @ rng.normal(size=(k + 1, k + 1))
    return columns * 10.0 ** rng.integers(-4, 5, size=k + 1) + rng.normal(size=k + 1)


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
def test_shares_are_the_mean_gains_over_all_orders(k):
    columns = correlated(k, k)
    found = shares_of(columns)
    for q, table in enumerate(columns):
        expected = by_all_orders(table[:, :-1], table[:, -1])
        np.testing.assert_allclose(found[:, q], expected, rtol=1e-7, atol=1e-10)


@given(seed=seeds, k=st.integers(1, 7))
def test_shares_are_not_negative_and_sum_to_r_squared(seed, k):
    columns = correlated(seed, k)
    found = shares_of(columns)
    assert (found > -1e-9).all()
    whole = [r_squared(table[:, :-1], table[:, -1]) for table in columns]
    np.testing.assert_allclose(found.sum(axis=0), whole, rtol=1e-6)


@given(seed=seeds, k=st.integers(2, 6))
def test_the_order_of_the_drivers_does_not_matter(seed, k):
    columns = correlated(seed, k)
    order = np.random.default_rng(seed).permutation(k)
    turned = shares_of(columns[:, :, [*order, k]])
    np.testing.assert_allclose(turned, shares_of(columns)[order], rtol=1e-6, atol=1e-9)


def test_drivers_that_are_not_correlated_have_their_own_r_squared():
    t = 2 * np.pi * np.arange(24) / 24
    x = np.stack([np.cos(t), np.sin(t), np.cos(2 * t), np.sin(3 * t)], axis=1)
    y = x @ [4.0, 2.0, 1.0, 0.0] + np.cos(5 * t)
    found = shares_of(np.column_stack([x, y])[np.newaxis])[:, 0]
    np.testing.assert_allclose(found, np.array([16, 4, 1, 0]) / 22, atol=1e-14)


def test_two_drivers_share_by_the_closed_form():
    """Half of what each explains alone and half of what it adds to the other."""
    table = correlated(8, 2)[0]
    r1, r2, r12 = np.corrcoef(table.T)[[0, 1, 0], [2, 2, 1]]
    whole = (r1**2 + r2**2 - 2 * r1 * r2 * r12) / (1 - r12**2)
    expected = [(r1**2 + whole - r2**2) / 2, (r2**2 + whole - r1**2) / 2]
    np.testing.assert_allclose(shares_of(table[np.newaxis])[:, 0], expected, rtol=1e-9)


def test_two_drivers_that_are_nearly_one_share_alike():
    rng = np.random.default_rng(9)
    x = rng.normal(size=50)
    table = np.column_stack([x, x + 1e-3 * rng.normal(size=50), x + rng.normal(size=50)])
    found = shares_of(table[np.newaxis])[:, 0]
    assert found[0] == pytest.approx(found[1], rel=0.2)


def test_a_series_without_a_fit_gets_no_shares_and_leaves_the_others_alone():
    columns = correlated(10, 3, lanes=3)
    columns[1, :, 0] = 1.0
    found = shares_of(columns, code=[names.OK, names.CONSTANT, names.OK])
    assert np.isnan(found[:, 1]).all()
    np.testing.assert_array_equal(found[:, [0, 2]], shares_of(columns[[0, 2]]))
    assert lmg.OK == names.OK


@pytest.mark.jit
def test_ten_drivers_are_divided_exactly():
    rng = np.random.default_rng(11)
    table = rng.normal(size=(1, 200, 11)) @ rng.normal(size=(11, 11))
    found = shares_of(table)
    assert found.sum() == pytest.approx(r_squared(table[0, :, :-1], table[0, :, -1]), rel=1e-10)
