"""Weighted means of runs beside NumPy's average."""

import itertools

import numpy as np
import pytest

from soilscope.kernels.weighted_runs import weigh_runs


def runs(y, weights, starts, *, rows=None, least=1, least_weight=0.0, n_out=None):
    n = len(starts) - 1
    rows = np.arange(n) if rows is None else np.array(rows)
    out = np.full((n if n_out is None else n_out, y.shape[1]), -9.0, y.dtype)
    limits = np.full(n, least), np.full(n, float(least_weight))
    weigh_runs(y, np.array(weights, dtype=float), np.array(starts), rows, *limits, out)
    return out


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_series", [1, 2050])  # more than go through at once
def test_means_are_those_of_numpy_over_the_finite_values(n_series, dtype):
    rng = np.random.default_rng(0)
    y = rng.normal(size=(7, n_series)).astype(dtype)
    y[rng.random(y.shape) < 0.2] = np.nan
    y[1, 0] = np.inf
    weights, starts = rng.integers(1, 17, 7), [0, 3, 4, 7]
    good = np.isfinite(y)
    found = runs(y, weights, starts)
    for r, (a, b) in enumerate(itertools.pairwise(starts)):
        mass = (weights[a:b, None] * good[a:b]).sum(axis=0)
        total = (weights[a:b, None] * np.where(good, y, 0.0)[a:b]).sum(axis=0)
        expected = np.where(mass > 0, total / np.maximum(mass, 1), np.nan)
        np.testing.assert_allclose(found[r], expected, rtol=1e-5 if dtype == np.float32 else 1e-12)


def test_a_composite_counts_by_its_days_in_the_month():
    # 3 days of a composite that began before, 16, and 12 of one that goes on
    found = runs(np.array([[0.2], [0.4], [0.8]]), [3, 16, 12], [0, 3])
    assert found[0, 0] == pytest.approx((3 * 0.2 + 16 * 0.4 + 12 * 0.8) / 31)


@pytest.mark.parametrize(
    ("least", "least_weight", "known"),
    [(1, 0.0, True), (2, 0.0, True), (3, 0.0, False), (1, 19.0, True), (1, 19.5, False)],
)
def test_runs_with_too_few_values_or_too_little_weight_are_missing(least, least_weight, known):
    y = np.array([[0.2], [0.4], [np.nan]])
    found = runs(y, [3, 16, 12], [0, 3], least=least, least_weight=least_weight)
    assert np.isfinite(found[0, 0]) == known


def test_runs_go_to_their_rows_and_others_stay():
    y = np.array([[1.0], [2.0], [3.0]])
    found = runs(y, [1, 1, 1], [0, 1, 3], rows=[3, 1], n_out=4)
    assert found[:, 0].tolist() == [-9.0, 2.5, -9.0, 1.0]


def test_a_run_without_values_is_missing():
    found = runs(np.array([[np.nan], [1.0]]), [5, 5], [0, 1, 1, 2])
    np.testing.assert_array_equal(found[:, 0], [np.nan, np.nan, 1.0])
