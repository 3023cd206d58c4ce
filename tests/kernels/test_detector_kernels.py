"""Sums over strata, and q from them, beside sums of squares of the rows themselves."""

import numpy as np
import pytest

from soilscope.kernels.detector import (
    column_sums,
    explained,
    explained_by_cuts,
    overlay_moments,
    overlay_sums,
)


def drawn(n=50, seed=0):
    rng = np.random.default_rng(seed)
    codes = np.stack([rng.integers(0, 3, n), rng.integers(0, 4, n)], axis=1).astype(np.int32)
    return rng.normal(size=(n, 5)), codes, rng.uniform(0.5, 2.0, n)


def q_of(y, codes, weight):
    """1 - SSW / SST by the rows of each stratum."""
    within = 0.0
    for c in np.unique(codes):
        part, w = y[codes == c], weight[codes == c]
        within += (w * (part - np.average(part, weights=w)) ** 2).sum()
    return 1 - within / (weight * (y - np.average(y, weights=weight)) ** 2).sum()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_columns_are_summed_over_the_strata_of_every_factor(dtype):
    columns, codes, _ = drawn()
    columns = columns.astype(dtype)
    sums = column_sums(columns, codes, np.array([0, 3, 7]))
    expected = [
        columns[codes[:, f] == c].sum(axis=0) for f, k in ((0, 3), (1, 4)) for c in range(k)
    ]
    np.testing.assert_allclose(
        sums, expected, rtol=1e-5 if dtype == np.float32 else 1e-12, atol=1e-6
    )


def test_columns_are_summed_over_overlaid_strata():
    columns, codes, weight = drawn()
    a, b = (np.ascontiguousarray(row) for row in codes.T)
    sums = overlay_sums(columns, a, b, 4, 12)
    total, weighted = overlay_moments(columns[:, 0], weight, a, b, 4, 12)
    for c in range(12):
        rows = (a == c // 4) & (b == c % 4)
        np.testing.assert_allclose(sums[c], columns[rows].sum(axis=0), atol=1e-12)
        assert total[c] == pytest.approx(weight[rows].sum())
        assert weighted[c] == pytest.approx((weight * columns[:, 0])[rows].sum())


def test_nothing_sums_to_nothing():
    none = np.empty(0, np.int32)
    assert not column_sums(np.empty((0, 2)), np.empty((0, 1), np.int32), np.array([0, 3])).any()
    assert not overlay_sums(np.empty((0, 2)), none, none, 2, 4).any()
    assert not np.any(overlay_moments(np.empty(0), np.empty(0), none, none, 2, 4))


@pytest.mark.parametrize("weighted", [False, True])
def test_explained_is_the_q_of_the_rows(weighted):
    columns, codes, weight = drawn()
    weight = weight if weighted else np.ones(50)
    columns = columns - np.average(columns, axis=0, weights=weight)
    code = np.where(codes[:, 1] == 2, 0, codes[:, 1])  # a stratum without rows
    sums = column_sums(columns * weight[:, None], code[:, None], np.array([0, 4]))
    count = np.bincount(code, weight, minlength=4)
    squares = (weight[:, None] * columns**2).sum(axis=0)
    expected = [q_of(y, code, weight) for y in columns.T]
    np.testing.assert_allclose(explained(sums, count, squares), expected, rtol=1e-10)
    assert explained(sums[:, 0], count, squares[0]) == pytest.approx(expected[0])


def test_a_mean_that_rounding_left_in_the_values_does_not_count():
    columns, codes, _ = drawn()
    y, code = columns[:, 0], codes[:, 0]
    expected = q_of(y, code, np.ones(50))
    squares = ((y - y.mean()) ** 2).sum()
    left = y - y.mean() + 0.3
    sums, count = np.bincount(code, left), np.bincount(code)
    assert explained(sums, count, squares) == pytest.approx(expected)
    order = np.argsort(code, kind="stable")
    cuts, cumulative = np.append(0, np.cumsum(count)), np.append(0.0, np.cumsum(left[order]))
    assert explained_by_cuts(cumulative, cuts, squares) == pytest.approx(expected)


def test_strata_of_one_row_each_explain_all_and_one_stratum_nothing():
    y = np.array([1.0, -2.0, 4.0, -3.0])
    assert explained(y, np.ones(4, np.int64), (y**2).sum()) == pytest.approx(1.0)
    assert explained(np.array([y.sum()]), np.array([4]), (y**2).sum()) == 0.0


def test_rounding_never_leads_beyond_0_and_1_and_a_constant_has_no_q():
    count = np.array([1, 1])
    assert explained(np.array([1.0, -1.0]), count, 1.9999999) == 1.0
    assert np.isnan(explained(np.zeros(2), count, 0.0))
    assert explained_by_cuts(np.array([0.0, 1.0, 0.0]), np.array([0, 1, 2]), 1.9999999) == 1.0
    assert np.isnan(explained_by_cuts(np.zeros(3), np.array([0, 1, 2]), 0.0))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("cuts", [[0, 20, 50], [0, 1, 1, 30, 50, 50], [0, 50]])
def test_cuts_of_sorted_rows_explain_what_their_classes_do(cuts, weighted):
    columns, _, weight = drawn()
    weight = weight if weighted else np.ones(50)
    y = columns[:, 0] - np.average(columns[:, 0], weights=weight)
    cumulative = np.append(0.0, np.cumsum(weight * y))
    code = np.searchsorted(cuts[1:-1], np.arange(50), side="right")
    shares = np.append(0.0, np.cumsum(weight)) if weighted else None
    found = explained_by_cuts(cumulative, np.array(cuts), (weight * y**2).sum(), shares)
    assert found == pytest.approx(q_of(y, code, weight), abs=1e-12)
