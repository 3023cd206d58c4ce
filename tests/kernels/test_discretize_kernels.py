import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from soilscope.kernels.discretize import METHODS, Sorted, cut, edges_of, natural

numbers = arrays(np.float64, st.integers(2, 9), elements=st.integers(-6, 6).map(float)).filter(
    lambda x: np.unique(x).size > 1
)


def within(values, codes):
    return sum(((values[codes == c] - values[codes == c].mean()) ** 2).sum() for c in set(codes))


def best_of_all(values, k):
    distinct = np.unique(values)
    k = min(k, distinct.size)
    cuts = itertools.combinations(range(1, distinct.size), k - 1)
    return min(
        within(values, np.searchsorted(distinct[list(c)], values, side="right")) for c in cuts
    )


@given(numbers, st.integers(2, 5))
def test_no_partition_is_better_than_the_natural_classes(values, k):
    edges = natural(Sorted(np.sort(values)), [k])[k]
    assert within(values, cut(values, edges)) == pytest.approx(best_of_all(values, k), abs=1e-9)


def test_natural_classes_of_many_values_are_the_best_of_all_pairs_of_cuts():
    values = np.sort(np.random.default_rng(2).gamma(1.5, size=120))
    edges = natural(Sorted(values), [3])[3]
    assert within(values, cut(values, edges)) == pytest.approx(best_of_all(values, 3), rel=1e-12)


@given(numbers, st.sampled_from(METHODS), st.integers(2, 6))
def test_every_value_has_a_class_and_edges_rise(values, method, k):
    edges = edges_of(Sorted(np.sort(values)), method, [k])[k]
    assert edges[1] >= edges[0]  # equal where a natural class holds the smallest value alone
    assert (np.diff(edges[1:]) > 0).all()
    assert edges[0] == values.min()
    assert edges[-1] == values.max()
    assert cut(values, edges).min() == 0


@given(numbers, st.sampled_from(METHODS), st.sampled_from([1.0, 1024.0]))
def test_classes_do_not_depend_on_the_unit(values, method, factor):
    x = values + 7.0  # positive: ratios are kept
    codes = [cut(v, edges_of(Sorted(np.sort(v)), method, [4])[4]) for v in (x, x * factor)]
    np.testing.assert_array_equal(*codes)


def test_a_large_offset_does_not_move_natural_cuts():
    values = np.sort(np.random.default_rng(3).normal(size=200).round(6))
    low = natural(Sorted(values), [5])[5]
    high = natural(Sorted(values + 2.0**30), [5])[5]
    np.testing.assert_allclose(high - 2.0**30, low, atol=1e-6)


def test_ties_are_never_split():
    values = np.repeat([0.0, 1.0, 5.0], [50, 3, 2])
    for method in METHODS:
        edges = edges_of(Sorted(values), method, [4])[4]
        codes = cut(values, edges)
        assert all(np.unique(codes[values == v]).size == 1 for v in (0.0, 1.0, 5.0)), method


def test_ratios_of_positive_values_are_equal():
    edges = edges_of(Sorted(np.array([1.0, 3.0, 16.0])), "geometric", [4])[4]
    np.testing.assert_allclose(edges, [1, 2, 4, 8, 16])


def test_values_that_are_not_positive_are_raised_to_start_at_one():
    edges = edges_of(Sorted(np.array([-2.0, 0.0, 13.0])), "geometric", [4])[4]
    np.testing.assert_allclose(edges + 3.0, [1, 2, 4, 8, 16])


def test_quantiles_are_those_of_numpy():
    x = np.sort(np.random.default_rng(1).normal(size=37))
    edges = edges_of(Sorted(x), "quantile", [5])[5]
    np.testing.assert_allclose(edges, np.quantile(x, np.arange(6) / 5), rtol=1e-14)


def test_the_mean_is_an_edge_of_an_even_number_of_standard_deviations():
    x = np.arange(11.0)
    edges = edges_of(Sorted(x), "sd", [4])[4]
    np.testing.assert_allclose(edges, [0, 5 - x.std(ddof=1), 5, 5 + x.std(ddof=1), 10])


def test_a_value_on_an_edge_belongs_to_the_class_below():
    edges = np.array([0.0, 1.0, 2.0])
    np.testing.assert_array_equal(
        cut(np.array([0.0, 1.0, 1.5, 2.0, 2.5, np.nan]), edges), [0, 0, 1, 1, -1, -1]
    )
