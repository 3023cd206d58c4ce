"""Fields of a downscaled day beside the same sums over cells, one by one."""

import itertools

import numpy as np
import pytest
from scipy import sparse

from soilscope.kernels import downscale as kernel


def residual_added(
    moisture, cell, residual, *, surface=(), everywhere=False, clip=True, highest=1.0
):
    n_coarse = len(residual)
    moisture, written = np.array(moisture), np.empty(len(moisture), np.float32)
    estimated, total = np.empty(len(moisture)), np.empty((2, n_coarse))
    limits = np.empty(2, np.int64)
    kernel.add_residual(
        moisture, estimated, np.array(cell), np.array(residual), np.array(surface, dtype=float),
        everywhere, np.array([highest]), clip, total, limits, written,
    )  # fmt: skip
    np.testing.assert_array_equal(written, moisture.astype(np.float32))
    return moisture, estimated, total, limits


def test_estimates_stay_as_they_are_where_nothing_is_to_be_added():
    found, estimated, total, limits = residual_added(
        [0.1, 0.2, np.nan, 0.4], [0, -1, 0, 1], [np.nan, 9.0], everywhere=True
    )
    np.testing.assert_array_equal(found, [0.1, 0.2, np.nan, 0.4])
    np.testing.assert_array_equal(estimated, found)
    np.testing.assert_allclose(total, [[0.1, 0.4], [0.1, 0.4]])  # the cell outside is in no sum
    assert not limits.any()


def test_a_surface_adds_its_own_value_to_each_cell_that_has_a_residual():
    found, estimated, total, limits = residual_added(
        [0.1, 0.2, 0.3, 0.4], [0, 0, 1, -1], [0.0, np.nan], surface=[0.05, 0.95, 0.0, 0.0]
    )
    np.testing.assert_allclose(found, [0.15, 1.0, np.nan, np.nan])
    np.testing.assert_allclose(estimated, [0.1, 0.2, np.nan, np.nan])
    np.testing.assert_allclose(total[:, 0], [1.30, 1.15])
    assert limits.tolist() == [0, 1]


def estimated(difference, row, slope, *, shift=(), scale=(), centred=False):
    """Estimates of cells of one coarse cell; their mean and count."""
    n = len(difference)
    moisture, used = np.empty(n), np.empty(n, np.int8)
    mean, count = np.empty(1), np.empty(1, np.int64)
    kernel.estimate(
        np.array(difference), np.array(row, np.int32), np.zeros(1, np.int64),
        np.array(shift, dtype=float), np.array(scale, dtype=float), centred,
        np.array(slope)[:, None], np.zeros((2, 1)), np.zeros((2, 1), np.int8),
        np.zeros(n, np.int64), moisture, used, mean, count,
    )  # fmt: skip
    return moisture, used.tolist(), (mean[0], count[0])


def test_an_estimate_that_is_infinite_is_in_no_mean_of_a_coarse_cell():
    moisture, _, told = estimated([2.0, 4.0, 1.0], [0, 0, 1], [1.0, np.inf])
    assert moisture.tolist() == [2.0, 4.0, np.inf]
    assert told == (3.0, 2)


def test_a_stratum_without_a_scale_has_no_estimate_and_is_in_no_mean_of_the_day():
    moisture, used, told = estimated(
        [2.0, 4.0, 1.0], [0, 0, 1], [1.0, 1.0], shift=[0.0, np.nan], scale=[2.0, 1.0], centred=True
    )
    np.testing.assert_array_equal(moisture, [-0.5, 0.5, np.nan])  # 1 and 2 less their mean
    assert used == [0, 0, -1]
    assert told == (0.0, 2)


def told(moisture, cell, *, doubt=(), group=(0,)):
    n = len(moisture)
    uncertainty, fallback, source = np.empty(n), np.empty(n, np.int8), np.empty(n, np.int8)
    used, row = np.array([3, 4, 5, 6], np.int8), np.array([0, 1, 0, 1], np.int32)
    error = np.array([[0.03, 0.3], [0.04, 0.4]])
    kernel.tell_of_cells(
        np.array(moisture), used, row, np.array(group), np.array(cell), error,
        np.array(doubt, dtype=float), np.array([7, 8], np.int8), uncertainty, fallback, source,
    )  # fmt: skip
    return uncertainty, fallback.tolist(), source.tolist()


def test_uncertainty_joins_the_error_of_the_line_and_the_doubt_of_the_product():
    uncertainty, fallback, source = told(
        [0.2, 0.2, np.nan, 0.2], [0, 1, 0, -1], doubt=[0.04, np.nan]
    )
    np.testing.assert_allclose(uncertainty, [0.05, 0.04, np.nan, 0.04])
    assert fallback == [3, 4, -1, 6]
    assert source == [7, 8, 0, 0]


def test_the_error_is_that_of_the_group_of_the_cell_and_without_doubt_alone():
    np.testing.assert_allclose(told([0.2] * 4, [0] * 4)[0], [0.03, 0.04, 0.03, 0.04])
    np.testing.assert_allclose(told([0.2] * 4, [0] * 4, group=[1])[0], [0.3, 0.4, 0.3, 0.4])
    by_cell = told([0.2] * 4, [0] * 4, group=[0, 1, 1, 0])[0]
    np.testing.assert_allclose(by_cell, [0.03, 0.4, 0.3, 0.04])


@pytest.mark.parametrize("shape", [(6, 7), (1, 5), (4, 1), (1, 1)])
def test_jumps_are_counted_across_borders_and_inside(shape):
    rng = np.random.default_rng(0)
    cell = rng.integers(-1, 3, shape)
    first = rng.normal(size=shape)
    first[rng.random(shape) < 0.15] = np.nan
    second = np.where(np.isfinite(first), rng.normal(size=shape), np.nan)
    expected = np.zeros((2, 4))
    for i, j in itertools.product(*map(range, shape)):
        for a, b in ((i + 1, j), (i, j + 1)):
            if a < shape[0] and b < shape[1] and cell[i, j] >= 0 and cell[a, b] >= 0:
                at = 2 if cell[i, j] == cell[a, b] else 0
                for k, values in enumerate((first, second)):
                    step = abs(values[a, b] - values[i, j])
                    expected[k, at : at + 2] += [step, 1] if np.isfinite(step) else [0, 0]
    sums = np.empty((2, 4))
    kernel.jumps(first, second, cell, sums)
    np.testing.assert_allclose(sums, expected)


def test_weights_of_nodes_are_averaged_over_the_valid_members():
    rng = np.random.default_rng(1)
    n_fine, n_node, n_coarse = 30, 6, 4
    weights = sparse.random_array((n_fine, n_node), density=0.5, rng=rng, format="csr")
    cell, valid = rng.integers(-1, n_coarse, n_fine), rng.random(n_fine) < 0.7
    share = rng.random(n_coarse)
    pair = np.repeat(cell, np.diff(weights.indptr)) * n_node + weights.indices
    slot = np.where(pair < 0, 0, pair)  # here each pair has a place; those outside are not read
    found = np.full(n_coarse * n_node, 9.0)
    kernel.scatter(valid, cell, weights.indptr, weights.data, slot, share, found)
    dense = weights.toarray()
    expected = [share[c] * dense[valid & (cell == c)].sum(axis=0) for c in range(n_coarse)]
    np.testing.assert_allclose(found.reshape(n_coarse, n_node), expected)
