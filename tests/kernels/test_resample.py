"""Values between centres, with one rule for missing cells; samples shared by the cells below."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from soilscope.kernels.resample import bilinear, product, weigh_below


def between(values, row, column, *, first=(0, 0), least=0.5, as_share=False):
    fields = np.asarray(values, dtype=float)[np.newaxis]
    row, column = np.atleast_2d(row).astype(float), np.atleast_2d(column).astype(float)
    out = np.empty((1, *row.shape))
    bilinear(fields, row, column, first, 1e-6, least, as_share, out)
    return out[0]


@given(st.floats(0, 3), st.floats(0, 4))
def test_a_plane_stays_a_plane(y, x):
    rows, columns = np.mgrid[:4, :5]
    found = between(2.0 * rows - 3.0 * columns + 1.0, y, x)
    assert_allclose(found, 2.0 * y - 3.0 * x + 1.0, atol=1e-5)


def test_a_corner_weighs_the_product_of_its_distances():
    values = np.zeros((2, 2))
    values[1, 0] = 1.0
    assert between(values, 0.75, 0.1)[0, 0] == pytest.approx(0.75 * 0.9)
    assert between(values, 0.75, 0.1, as_share=True)[0, 0] == 1.0


def test_weights_are_taken_over_the_cells_that_are_there():
    values = np.array([[1.0, np.nan], [3.0, np.inf]])
    assert between(values, 0.5, 0.25)[0, 0] == 2.0
    assert between(values, 0.5, 0.25, as_share=True)[0, 0] == pytest.approx(0.75)
    assert np.isnan(between(values, 0.5, 0.6)[0, 0])
    assert between(values, 0.5, 0.6, least=0.4)[0, 0] == 2.0


def test_cells_beyond_the_edge_are_missing():
    values = np.ones((2, 2))
    assert_array_equal(between(values, [-0.4, -0.6, 1.4, 1.6], [0.5] * 4), [[1, np.nan, 1, np.nan]])
    share = between(values, [0.5, 0.5, -2.0, np.nan], [-0.3, 1.3, 0.0, 0.0], as_share=True)
    assert_allclose(share, [[0.7, 0.7, 0.0, 0.0]])
    assert np.isnan(between(values, [-1.0, np.nan], [0.0, 0.0], least=0.0)).all()


def test_places_that_are_a_centre_but_for_rounding_are_that_centre():
    values = np.array([[1.0, np.nan], [np.nan, np.nan]])
    near = [1e-9, -1e-9, 1e-9, -1e-9], [1e-9, 1e-9, -1e-9, -1e-9]
    assert_array_equal(between(values, *near, least=1.0), np.ones((1, 4)))


def test_positions_count_from_the_first_cell_of_a_part():
    values = np.arange(12.0).reshape(3, 4)
    assert between(values, 6.5, 9.25, first=(5, 8))[0, 0] == between(values, 1.5, 1.25)[0, 0]


def weighed(row, column, k, shape, *, circle=0):
    cells = row.shape[1] // k
    at, below = (np.empty(4 * k * k * cells, np.int64) for _ in range(2))
    weights = np.empty(at.size)
    n = weigh_below(row, column, k, shape, circle, at, below, weights)
    assert len({(a, b) for a, b in zip(at[:n], below[:n], strict=True)}) == n
    found = np.zeros((cells, *shape))
    found.reshape(cells, -1)[at[:n], below[:n]] = weights[:n]
    return found


def shares(first, last, n):
    """Parts of the stretch between two places that lie in each of `n` cells around 0, 1, 2..."""
    low = np.maximum(np.arange(n) - 0.5, first)
    return (np.minimum(np.arange(n) + 0.5, last) - low).clip(0) / (last - first)


@given(st.integers(2, 7), st.floats(-2, 2), st.floats(-2, 3), st.floats(0.01, 1.9))
def test_samples_give_the_shared_area_where_edges_are_parallel(k, top, left, size):
    cells = 3
    row, column = (np.arange(n) + 0.5 for n in (k, k * cells))
    across, down = np.meshgrid(left + column * size / k, top + row * size / k)
    found = weighed(down, across, k, (4, 6))
    for cell in range(cells):
        start = left + cell * size
        expected = np.outer(shares(top, top + size, 4), shares(start, start + size, 6))
        assert_allclose(found[cell], expected, atol=1e-9)


def test_samples_are_shared_across_the_seam_of_a_circle():
    column, row = np.meshgrid([4.3, 4.5, 4.7 - 5, 4.9 - 5], [0.0, 0.1, 0.2, 0.3])
    around = weighed(row, column, 4, (2, 5), circle=5)
    # from 4.2 to 5.0, and the edge at 4.5
    assert_allclose(around[0, 0], [5 / 8, 0, 0, 0, 3 / 8])


def test_samples_that_are_nowhere_or_astride_a_step_of_the_map_are_not_shared():
    column, row = np.meshgrid([0.1, 0.2], [0.0, 0.2])
    row[0, 0] = np.nan
    assert weighed(row, column, 2, (2, 2)).sum() == 0.75
    column[:, 1] += 1000.0
    found = weighed(row, column, 2, (2, 2))
    assert_allclose(found[0], [[0.25, 0.0], [0.0, 0.0]])


def test_a_product_is_that_of_numpy():
    rng = np.random.default_rng(0)
    left, right, out = rng.random((7, 20)), rng.random((20, 5)), np.full((7, 5), np.nan)
    product(left, right, out)
    assert_allclose(out, left @ right, rtol=1e-13)
