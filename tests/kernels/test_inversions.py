"""Pairs out of order are counted as by looking at every pair."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from soilscope.kernels.compile import LANES
from soilscope.kernels.inversions import compare_pairs, count_falling, sort_counting, tied_pairs

lists = st.lists(st.integers(-6, 6).map(float), max_size=70)


def by_hand(values):
    """Falling, rising and level pairs."""
    first, second = np.triu_indices(len(values), 1)
    change = np.sign(np.array(values)[second] - np.array(values)[first])
    return tuple(int((change == sign).sum()) for sign in (-1, 1, 0))


@given(lists)
def test_sorting_counts_the_pairs_that_fall(values):
    found, ordered, _ = sort_counting(np.array(values), np.empty(len(values)), len(values))
    assert found == by_hand(values)[0]
    np.testing.assert_array_equal(ordered[: len(values)], sorted(values))
    assert tied_pairs(ordered, 0, len(values)) == by_hand(values)[2]


@given(lists)
def test_what_goes_along_with_a_value_stays_with_it_and_ties_stay_in_order(values):
    n = len(values)
    places = np.arange(n)
    found, _, along = sort_counting(np.array(values), np.empty(n), n, places, np.empty_like(places))
    assert found == by_hand(values)[0]
    np.testing.assert_array_equal(along, np.argsort(values, kind="stable"))


@given(lists)
def test_comparing_counts_what_sorting_counts(values):
    padded = np.append(values, np.empty(2 * LANES))
    assert compare_pairs(padded, len(values)) == by_hand(values)[:2]
    assert count_falling(padded, len(values)) == by_hand(values)[0]
