"""Values between centres, with one rule for missing cells; samples counted by the cell below."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from soilscope.kernels.resample import bilinear, count_below


def between(values, row, column, *, least=0.5, as_share=False):
    fields = np.asarray(values, dtype=float)[np.newaxis]
    row, column = np.atleast_2d(row).astype(float), np.atleast_2d(column).astype(float)
    out = np.empty((1, *row.shape))
    bilinear(fields, row, column, 1e-6, least, as_share, out)
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


def test_samples_are_counted_by_the_cell_below():
    k, cells = 6, 3
    column, row = np.meshgrid(
        (np.arange(k * cells) + 0.5) / k * 1.5 - 0.7, np.arange(k) / 2.0 - 0.4
    )
    at, below, counts = (np.empty(k * k * cells, np.int64) for _ in range(3))
    n = count_below(row, column, k, (3, 4), at, below, counts)
    found = np.zeros((cells, 12), int)
    np.add.at(found, (at[:n], below[:n]), counts[:n])
    expected = np.zeros((cells, 12), int)
    for i in range(k):
        for j in range(k * cells):
            y, x = np.floor(row[i, j] + 0.5), np.floor(column[i, j] + 0.5)
            if 0 <= y < 3 and 0 <= x < 4:
                expected[j // k, int(y * 4 + x)] += 1
    assert_array_equal(found, expected)
    assert len({(a, b) for a, b in zip(at[:n], below[:n], strict=True)}) == n
