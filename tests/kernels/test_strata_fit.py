"""Lines from sums: the same numbers as from the samples themselves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from soilscope.kernels import strata_fit as kernel
from soilscope.kernels.downscale import (
    add_residual,
    estimate,
    means_of_members,
    ndvi_class,
    rows_of,
)


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


def estimated(ndvi, level, *, frozen=(), rescale=((), ()), centred=False, kind="f8"):
    """Estimates of five cells of one cover, 10 K to 14 K warmer by day; the third has no value."""
    difference = np.array([10.0, 11.0, np.nan, 13.0, 14.0], dtype=kind)
    ndvi, cover = np.array(ndvi, dtype=kind), np.array([0, -1, 0, 0, 0], dtype=np.int8)
    moisture, used, row = np.empty(5), np.empty(5, np.int8), np.empty(5, np.int32)
    group = np.zeros(1, np.int64)
    hard = np.array(frozen, dtype=bool)
    largest = rows_of(difference, ndvi, cover, hard, group, np.array([0.3]), row)
    shift, scale = (np.array(a, dtype=float) for a in rescale)
    slope, intercept = np.array([[-0.01], [-0.02]]), np.array([[0.5], [0.6]])
    level = np.array(level, dtype=np.int8)[:, np.newaxis]
    tables = (slope, intercept, level)
    mean, count = np.empty(3), np.empty(3, np.int64)
    cell = np.array([0, 0, 0, 2, -1])
    estimate(
        difference, row, group, shift, scale, centred, *tables, cell, moisture, used, mean, count
    )
    members = moisture[:4][np.isfinite(moisture[:4])]
    assert count.tolist() == [np.isfinite(moisture[0]), 0, np.isfinite(moisture[3])]
    np.testing.assert_allclose(mean[np.isfinite(mean)], members)  # one valid member each
    return moisture, used.tolist(), row.tolist(), largest


@pytest.mark.parametrize("kind", ["f4", "f8"])
def test_a_cell_without_cover_value_or_relation_has_no_estimate(kind):
    moisture, used, row, largest = estimated([0.1, 0.1, 0.1, np.nan, 0.4], [0, -1], kind=kind)
    np.testing.assert_allclose(moisture, [0.4, np.nan, np.nan, np.nan, np.nan])
    assert used == [0, -1, -1, -1, -1]
    assert row == [0, -1, -1, -1, 1]
    np.testing.assert_allclose(largest, 0.4)


def test_frozen_cells_are_left_out_and_do_not_tell_of_their_ndvi():
    hard = [True, False, False, False, False]
    moisture, _, row, largest = estimated([99.0, 0.1, 0.1, 0.2, 0.4], [0, 1], frozen=hard)
    np.testing.assert_allclose(moisture, [np.nan, np.nan, np.nan, 0.37, 0.32])
    assert row == [-1, -1, -1, 0, 1]
    assert largest == 0.4


def test_differences_are_rescaled_by_stratum_and_then_taken_from_the_mean_of_the_day():
    rescale = ([2.0, 4.0], [2.0, 5.0])  # (10 - 2) / 2, (13 - 2) / 2 and (14 - 4) / 5
    plain, *_ = estimated([0.1, 0.1, 0.1, 0.1, 0.4], [0, 1], rescale=rescale)
    np.testing.assert_allclose(plain[[0, 3, 4]], [0.46, 0.445, 0.56])
    centred, *_ = estimated([0.1, 0.1, 0.1, 0.1, 0.4], [0, 1], rescale=rescale, centred=True)
    mean = (4.0 + 5.5 + 2.0) / 3
    np.testing.assert_allclose(
        centred[[0, 3, 4]], plain[[0, 3, 4]] + mean * np.array([1, 1, 2]) / 100
    )


def test_means_of_members_leave_out_what_is_missing_or_lies_outside():
    values = np.array([[1.0, 2.0, np.inf, 4.0, np.nan, 9.0]], dtype=np.float32)
    mean, count = np.empty((1, 4)), np.empty((1, 4), np.int64)
    means_of_members(values, np.array([0, 0, 0, 2, 3, -1]), mean, count)
    np.testing.assert_array_equal(mean, [[1.5, np.nan, 4.0, np.nan]])
    np.testing.assert_array_equal(count, [[2, 0, 1, 0]])


@pytest.mark.parametrize("clip", [False, True])
def test_values_beyond_the_limits_are_counted_and_both_sums_are_kept(clip):
    moisture = np.array([0.1, 0.2, 0.3, 0.2, np.nan, 0.2])
    cell = np.array([0, 0, 1, 2, 0, -1])
    estimates, total, limits = np.empty(6), np.empty((2, 3)), np.empty(2, np.int64)
    lacking = np.array([-0.15, 0.25, np.nan])
    highest, written = np.array([0.5, 0.5, 0.5, 0.5, 0.5, np.nan]), np.empty(6, np.float32)
    options = (np.empty(0), False, highest, clip)
    add_residual(moisture, estimates, cell, lacking, *options, total, limits, written)
    np.testing.assert_array_equal(written, moisture.astype(np.float32))
    low, high = (0.0, 0.5) if clip else (-0.05, 0.55)
    np.testing.assert_allclose(moisture, [low, 0.05, high, np.nan, np.nan, np.nan], atol=1e-15)
    np.testing.assert_allclose(estimates, [0.1, 0.2, 0.3, np.nan, np.nan, np.nan])
    np.testing.assert_allclose(total, [[0.0, 0.55, 0.0], [low + 0.05, high, 0.0]], atol=1e-15)
    assert limits.tolist() == [1, 1]
