"""Sums over pairs by transforms and one by one, beside loops over all pairs."""

import itertools

import numpy as np
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from soilscope.kernels.variogram_fft import (
    padded,
    padded_around,
    pair_counts,
    pair_counts_around,
    spectrum,
    squared_differences,
    squared_differences_around,
)
from soilscope.kernels.variogram_lags import lag_sums
from soilscope.kernels.variogram_pairs import ellipsoid_distance, row_distances, site_sums
from soilscope.kernels.variogram_rows import (
    padded_row,
    pair_counts_of_rows,
    row_spectra,
    squared_differences_of_rows,
)

WGS84 = (6378137.0, 1 / 298.257223563)


def field(shape, seed=0, missing=0.3):
    rng = np.random.default_rng(seed)
    mask = rng.random(shape) >= missing
    z = np.where(mask, rng.normal(size=shape), 0.0)
    return np.where(mask, z - z[mask].mean(), 0.0) if mask.any() else z, mask


def by_loops(z, mask, reach):
    """Pairs and squared differences of each lag, with nothing but indexing."""
    n = np.zeros((reach[0] + 1, 2 * reach[1] + 1))
    total = np.zeros_like(n)
    for i, j in itertools.product(range(reach[0] + 1), range(-reach[1], reach[1] + 1)):
        first = [(a, b) for a, b in np.argwhere(mask) if 0 <= a + i < len(z)]
        for a, b in first:
            if 0 <= b + j < z.shape[1] and mask[a + i, b + j]:
                n[i, j + reach[1]] += 1
                total[i, j + reach[1]] += (z[a, b] - z[a + i, b + j]) ** 2
    return n, total


@given(st.integers(1, 7), st.integers(1, 9), st.integers(0, 99), st.data())
def test_transforms_give_the_sums_over_all_pairs(rows, columns, seed, data):
    reach = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, columns - 1))
    z, mask = field((rows, columns), seed)
    size = padded(z.shape, reach)
    of_mask = spectrum(mask.astype(float), size)
    n, total = by_loops(z, mask, reach)
    assert_array_equal(pair_counts(of_mask, size, reach), n)
    assert_allclose(squared_differences(z, of_mask, size, reach), total, atol=1e-12)


@given(st.integers(1, 7), st.integers(1, 9), st.integers(0, 99), st.data())
def test_a_tile_and_the_rest_have_the_pairs_of_the_whole(rows, columns, seed, data):
    z, mask = field((rows, columns), seed)
    reach = data.draw(st.integers(0, rows)), data.draw(st.integers(0, columns))
    cut = data.draw(st.integers(1, columns))
    n, total = 0, 0
    for tile in (slice(0, cut), slice(cut, columns)):
        here, left = (slice(None), tile), min(tile.start, reach[1])
        around = (slice(None), slice(tile.start - left, tile.stop + reach[1]))
        if tile.start == columns:
            continue
        size = padded_around(mask[here].shape, reach)
        masks = [spectrum(mask[part].astype(float), size) for part in (here, around)]
        n = n + pair_counts_around(*masks, size, left, reach)
        total = total + squared_differences_around(z[here], z[around], *masks, size, left, reach)
    small = min(reach[0], rows - 1), min(reach[1], columns - 1)
    expected = np.zeros((2, *n.shape))
    middle = slice(reach[1] - small[1], reach[1] + small[1] + 1)
    expected[:, : small[0] + 1, middle] = by_loops(z, mask, small)
    assert_array_equal(n, expected[0])
    assert_allclose(total, expected[1], atol=1e-12)


@pytest.mark.parametrize("root", [False, True])
@pytest.mark.parametrize("inside", [((0, 6), (0, 11)), ((1, 4), (3, 7)), ((5, 6), (10, 11))])
def test_one_by_one_gives_the_sums_over_all_pairs(root, inside):
    z, mask = field((6, 11))
    mask[2] = False  # a row without values
    rows, columns = np.array([0, 1, 1, 3, 5]), np.array([4, -10, 3, 2, 0])
    made = np.empty(5)
    lag_sums(z, mask.astype(float), np.array(inside), rows, columns, root, made)
    (top, bottom), (left, right) = inside
    for found, i, j in zip(made, rows, columns, strict=True):
        pairs = [
            abs(z[a, b] - z[a + i, b + j])
            for a, b in np.argwhere(mask)
            if top <= a < bottom and left <= b < right
            if a + i < 6 and 0 <= b + j < 11 and mask[a + i, b + j]
        ]
        assert found == pytest.approx(sum(d**0.5 if root else d**2 for d in pairs), rel=1e-12)


@given(st.integers(1, 12), st.integers(0, 99), st.data())
def test_rows_in_pairs_give_the_sums_over_all_pairs(columns, seed, data):
    n_step = data.draw(st.integers(1, columns))
    z, mask = field((3, columns), seed)
    length = padded_row(columns, n_step)
    masks, values = row_spectra(mask.astype(float), length), row_spectra(z, length)
    squares = row_spectra(z * z, length)
    partners = np.array([0, 2])
    n = pair_counts_of_rows(masks, 0, partners, n_step)
    total = squared_differences_of_rows(values, squares, masks, 0, partners, n_step)
    for p, step in itertools.product(range(2), range(n_step)):
        pairs = [
            (z[0, a] - z[partners[p], a + way * step]) ** 2
            for a, way in itertools.product(range(columns), (-1, 1))
            if 0 <= a + way * step < columns and mask[0, a] and mask[partners[p], a + way * step]
        ]
        assert n[p, step] == len(pairs)
        assert total[p, step] == pytest.approx(sum(pairs), abs=1e-12)


def distance(a, b):
    return ellipsoid_distance(
        np.sin((a[0] + b[0]) / 2) ** 2,
        np.sin((a[0] - b[0]) / 2) ** 2,
        np.sin((a[1] - b[1]) / 2) ** 2,
        *WGS84,
    )


def test_the_way_over_the_ellipsoid_is_that_of_a_geodesic_to_a_part_in_50_000():
    rng = np.random.default_rng(0)
    geod = pyproj.Geod(ellps="WGS84")
    for _ in range(300):
        a = rng.uniform((-80, -180), (80, 180))
        b = a + rng.uniform(-10, 10, 2)
        true = geod.inv(a[1], a[0], b[1], b[0])[2]
        assert distance(np.deg2rad(a), np.deg2rad(b)) == pytest.approx(true, rel=2e-5)
    quarter = geod.inv(0, 0, 0, 90)[2]
    assert distance((0.0, 0.0), (np.pi / 2, 0.0)) == pytest.approx(quarter, rel=2e-5)


def test_a_place_is_nowhere_from_itself_and_half_around_from_its_antipode():
    assert distance((0.6, 1.0), (0.6, 1.0)) == 0.0
    assert distance((0.0, 0.0), (0.0, np.pi)) == pytest.approx(np.pi * WGS84[0], rel=1e-3)


@pytest.mark.parametrize("right", [True, False])
def test_pairs_of_sites_fall_into_half_open_classes(right):
    place = np.array([[0.0, 0.0], [0.0, 1.0], [0.0, 3.0]])  # distances 1, 2 and 3
    z = np.array([[0.0, 1.0], [2.0, np.nan], [5.0, 5.0]])
    n = np.zeros((1, 3, 2), np.int64)
    far, total = np.zeros(n.shape), np.zeros(n.shape)
    edges = np.array([0.0, 1.0, 2.0, 2.5])
    site_sums(place, z, np.zeros(2), edges, 1.0, right, False, np.empty(0), 90.0, n, far, total)
    expected = [1, 1, 0] if right else [0, 1, 1]
    assert_array_equal(n[0, :, 0], expected)
    assert_array_equal(total[0, :, 0], [4, 9, 0] if right else [0, 4, 9])
    assert_array_equal(far[0, :, 0], [1, 2, 0] if right else [0, 1, 2])
    assert n[0, :, 1].sum() == 0  # 3 is beyond; the others have a site without a value


def test_rows_know_the_distances_of_their_cells():
    latitude = np.deg2rad([10.0, 10.5])
    half_turns = np.sin(np.deg2rad(0.25 * np.arange(4)) / 2) ** 2
    far, which = np.empty((2, 4)), np.empty((2, 4), np.int64)
    edges = np.array([0.0, 30e3, 60e3, 80e3])
    partners = np.array([0, 1])
    row_distances(latitude, 0, partners, half_turns, np.array(WGS84), edges, 30e3, True, far, which)
    geod = pyproj.Geod(ellps="WGS84")
    true = [[geod.inv(0, 10.0, 0.25 * k, lat)[2] for k in range(4)] for lat in (10.0, 10.5)]
    assert_allclose(far, true, rtol=2e-5)
    assert_array_equal(which, classes(far, edges))


def classes(far, edges):
    found = np.searchsorted(edges, far, side="left") - 1
    return np.where(found < edges.size - 1, found, -1)
