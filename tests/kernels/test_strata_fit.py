"""Lines from sums: the same numbers as from the samples themselves."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from soilscope.kernels import strata_fit as kernel
from soilscope.kernels.downscale import estimate, ndvi_class


def drawn(seed, n=200, groups=3):
    rng = np.random.default_rng(seed)
    x = rng.normal(20, 5, n)
    return x, 0.4 - 0.01 * x + rng.normal(0, 0.02, n), rng.integers(-1, groups, n)


@given(st.integers(0, 10**6))
def test_lines_from_sums_are_least_squares(seed):
    x, y, group = drawn(seed)
    line = kernel.fit(kernel.moments(x - 20, y - 0.2, group, 3))
    for k in range(3):
        known = stats.linregress(x[group == k] - 20, y[group == k] - 0.2)
        np.testing.assert_allclose(line.slope[k], known.slope, rtol=1e-8)
        np.testing.assert_allclose(line.intercept[k], known.intercept, atol=1e-10)
        np.testing.assert_allclose(line.r_squared[k], known.rvalue**2, rtol=1e-8)
        residual = y[group == k] - 0.2 - known.slope * (x[group == k] - 20) - known.intercept
        np.testing.assert_allclose(line.rmse[k], np.sqrt((residual**2).mean()), rtol=1e-8)


def test_x_without_spread_has_no_line():
    sums = kernel.moments(np.full(9, 20.0), np.arange(9.0), np.zeros(9, np.int64), 2)
    assert np.isnan(kernel.fit(sums).slope).all()


def test_errors_of_other_lines_come_from_sums_too():
    x, y, group = drawn(3)
    kept = group == 1
    found = kernel.squared_error(kernel.moments(x, y, group, 3)[1], -0.02, 0.5)
    np.testing.assert_allclose(found, ((y[kept] + 0.02 * x[kept] - 0.5) ** 2).sum(), rtol=1e-9)


def test_resampled_blocks_give_the_line_of_the_repeated_samples():
    x, y, block = drawn(5, groups=4)
    sums = np.stack([kernel.moments(x, y, np.where(block == b, 0, -1), 1) for b in range(4)])
    draws = np.array([[2, 0, 1, 1], [0, 4, 0, 0]])
    slopes = kernel.bootstrap_slopes(sums, draws)
    for row, counts in zip(slopes, draws, strict=True):
        chosen = np.concatenate(
            [np.repeat(np.flatnonzero(block == b), c) for b, c in enumerate(counts)]
        )
        np.testing.assert_allclose(row[0], stats.linregress(x[chosen], y[chosen]).slope, rtol=1e-8)


def test_what_is_left_has_neither_the_month_nor_the_place():
    rng = np.random.default_rng(0)
    sums = rng.random((3, 2, 5, 6)) + 1
    left = kernel.held_out(sums)
    for m in range(3):
        for b in range(2):
            others = [sums[i, j] for i in range(3) for j in range(2) if i != m and j != b]
            np.testing.assert_allclose(left[m, b], np.sum(others, axis=0))
    np.testing.assert_allclose(kernel.held_out(sums[:1])[0, 0], sums[0, 1])
    np.testing.assert_allclose(kernel.held_out(sums[:, :1])[1, 0], sums[0, 0] + sums[2, 0])


def test_single_precision_does_not_move_an_edge():
    edges = np.array([0.3, 0.6])
    for value, expected in ((0.29, 0), (0.3, 1), (0.6, 1), (0.61, 2)):
        assert ndvi_class(np.float32(value), edges) == expected


def test_a_cell_without_cover_group_or_value_has_no_estimate():
    difference = np.array([[10.0, 10.0, np.nan, 10.0, 10.0]])
    ndvi = np.array([[0.1, 0.1, 0.1, np.nan, 0.4]])
    cover = np.array([[0, -1, 0, 0, 0]], dtype=np.int8)
    slope, intercept = np.array([[-0.01], [np.nan]]), np.array([[0.5], [np.nan]])
    level = np.array([[0], [-1]], dtype=np.int8)
    moisture, used, row = np.empty((1, 5)), np.empty((1, 5), np.int8), np.empty((1, 5), np.int64)
    group = np.zeros((1, 1), np.int64)
    estimate(
        difference,
        ndvi,
        cover,
        group,
        np.array([0.3]),
        slope,
        intercept,
        level,
        moisture,
        used,
        row,
    )
    np.testing.assert_allclose(moisture, [[0.4, np.nan, np.nan, np.nan, np.nan]])
    assert used.tolist() == [[0, -1, -1, -1, -1]]
    assert row.tolist() == [[0, -1, -1, -1, 1]]
