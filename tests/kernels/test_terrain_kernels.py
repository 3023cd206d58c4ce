"""Slope, filling and flow on surfaces whose answers algebra gives."""

import heapq

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from soilscope.kernels.fill import fill
from soilscope.kernels.flow import accumulate
from soilscope.kernels.horn import horn
from soilscope.kernels.wetness import wetness

RISE = 1e-9
NEIGHBOURS = [(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1) if a or b]


def surface(rows, columns, east=0.0, south=0.0):
    y, x = np.mgrid[:rows, :columns].astype(float)
    return 100.0 + east * x + south * y


def faces(z, dx=10.0, dy=10.0):
    out = [np.empty(z.shape) for _ in range(4)]
    horn(z, np.full(len(z), dx), np.full(len(z), dy), *out)
    return out


def drained(z, exponent=1.1, size=1.0):
    upslope = np.empty(z.shape)
    ones = np.full(len(z), size)
    accumulate(z, ones, ones, ones**2, exponent, upslope)
    return upslope


def lowest_neighbour(z, i, j):
    heights = [
        z[i + a, j + b]
        for a, b in NEIGHBOURS
        if 0 <= i + a < z.shape[0] and 0 <= j + b < z.shape[1]
    ]
    return min(h for h in [*heights, np.inf] if not np.isnan(h))


def is_outlet(z, i, j):
    inside = 0 < i < z.shape[0] - 1 and 0 < j < z.shape[1] - 1
    return not inside or np.isnan(z[i - 1 : i + 2, j - 1 : j + 2]).any()


def flooded(z):
    """Return the level of each cell by the definition: the lowest way over to an outlet."""
    level = np.full(z.shape, np.inf)
    queue = [(z[i, j], i, j) for i, j in zip(*np.nonzero(~np.isnan(z)), strict=True)
             if is_outlet(z, i, j)]  # fmt: skip
    heapq.heapify(queue)
    while queue:
        height, i, j = heapq.heappop(queue)
        if height >= level[i, j]:
            continue
        level[i, j] = height
        for a, b in NEIGHBOURS:
            if (
                0 <= i + a < z.shape[0]
                and 0 <= j + b < z.shape[1]
                and not np.isnan(z[i + a, j + b])
            ):
                heapq.heappush(queue, (max(height, z[i + a, j + b]), i + a, j + b))
    return np.where(np.isnan(z), np.nan, level)


heights = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).integers(0, 6, (9, 8)).astype(float)
)
holed = st.tuples(heights, st.integers(0, 2**32 - 1)).map(
    lambda pair: np.where(np.random.default_rng(pair[1]).random((9, 8)) < 0.1, np.nan, pair[0])
)

# ---------------------------------------------------------------- slope and aspect


@pytest.mark.parametrize(
    ("east", "south", "facing"),
    [(10, 0, 270), (-10, 0, 90), (0, 10, 0), (0, -10, 180), (-10, -10, 135), (10, 10, 315)],
)
def test_a_plane_has_one_slope_up_to_its_edges(east, south, facing):
    slope, aspect, northness, eastness = faces(surface(4, 5, east, south))
    assert_allclose(np.tan(np.deg2rad(slope)), np.hypot(east, south) / 10.0, rtol=1e-12)
    assert_allclose(np.mod(aspect + 180.0 - facing, 360.0), 180.0, atol=1e-9)
    assert_allclose(northness, np.cos(np.deg2rad(facing)), atol=1e-12)
    assert_allclose(eastness, np.sin(np.deg2rad(facing)), atol=1e-12)


def test_a_plane_keeps_its_slope_beside_gaps():
    z = surface(7, 7, 3.0, -4.0)
    z[2, 3] = z[3, 3] = z[6, 0] = np.nan
    slope, aspect, *_ = faces(z)
    assert_array_equal(np.isnan(slope), np.isnan(z))
    assert_allclose(np.tan(np.deg2rad(slope[~np.isnan(z)])), 0.5)
    assert_allclose(aspect[~np.isnan(z)], aspect[0, 0])


def test_the_weights_are_those_of_horn():
    z = np.zeros((3, 3))
    z[0, 2] = 8.0  # one corner: weight 1 of 8 in both directions
    slope, aspect, *_ = faces(z, 1.0, 1.0)
    assert np.tan(np.deg2rad(slope[1, 1])) == pytest.approx(np.sqrt(2.0))
    assert aspect[1, 1] == pytest.approx(225.0)
    z[0, 2], z[1, 2] = 0.0, 8.0  # a side: weight 2 of 8
    assert np.tan(np.deg2rad(faces(z, 1.0, 1.0)[0][1, 1])) == pytest.approx(2.0)


def test_cells_may_be_wider_than_high():
    z = surface(5, 5, 6.0, 6.0)
    slope, aspect, *_ = faces(z, dx=20.0, dy=10.0)
    assert_allclose(np.tan(np.deg2rad(slope)), np.hypot(0.3, 0.6))
    assert_allclose(aspect, np.rad2deg(np.arctan2(-0.3, 0.6)) % 360)


def test_one_row_slopes_along_itself():
    slope, aspect, *_ = faces(surface(1, 4, -5.0))
    assert_allclose(np.tan(np.deg2rad(slope)), 0.5)
    assert_allclose(aspect, 90.0)
    slope, aspect, *_ = faces(surface(4, 1, 0.0, -5.0))
    assert_allclose(np.tan(np.deg2rad(slope)), 0.5)
    assert_allclose(aspect, 180.0)


def test_flat_cells_face_nowhere_and_lonely_ones_are_missing():
    slope, aspect, northness, eastness = faces(surface(3, 3))
    assert (slope == 0).all()
    assert np.isnan(aspect).all()
    assert (northness == 0).all()
    assert (eastness == 0).all()
    alone = np.full((3, 3), np.nan)
    alone[1, 1] = 5.0
    assert all(np.isnan(field[1, 1]) for field in faces(alone))


# ---------------------------------------------------------------- filling


@given(holed)
def test_every_cell_but_an_outlet_has_a_lower_neighbour_once_filled(z):
    filled = z.copy()
    fill(filled, RISE)
    for i, j in zip(*np.nonzero(~np.isnan(z)), strict=True):
        if is_outlet(z, i, j):
            assert filled[i, j] == z[i, j]
        else:
            assert lowest_neighbour(filled, i, j) <= filled[i, j] - 0.99 * RISE


@given(holed)
def test_lakes_are_filled_to_where_they_spill_and_nothing_else_rises(z):
    filled = z.copy()
    fill(filled, RISE)
    assert_array_equal(np.isnan(filled), np.isnan(z))
    assert_allclose(filled, flooded(z), rtol=0, atol=z.size * RISE)
    assert np.nanmin(filled - z, initial=0.0) >= 0.0


def test_the_heap_grows_with_a_long_coast():
    z = np.full((3, 1100), np.nan)
    z[::2] = np.arange(2200.0).reshape(2, 1100)
    filled = z.copy()
    fill(filled, RISE)
    assert_array_equal(filled, z)  # every cell is an outlet


# ---------------------------------------------------------------- flow


@given(holed, st.sampled_from([0.5, 1.0, 1.1, 4.0, np.inf]))
def test_all_water_leaves_where_there_is_no_lower_neighbour(z, exponent):
    fill(z, RISE)
    upslope = drained(z, exponent, size=3.0)
    ends = [
        upslope[i, j]
        for i, j in zip(*np.nonzero(~np.isnan(z)), strict=True)
        if lowest_neighbour(z, i, j) >= z[i, j]
    ]
    assert sum(ends) == pytest.approx(9.0 * np.count_nonzero(~np.isnan(z)), rel=1e-12)
    assert np.nanmin(upslope, initial=9.0) >= 9.0


@pytest.mark.parametrize("exponent", [1.1, np.inf])
def test_a_plane_drains_the_length_above_each_cell(exponent):
    upslope = drained(surface(6, 40, 0.0, -1.0), exponent)
    # away from the sides, beyond which nothing flows in
    assert_allclose(upslope[:, 8:-8], np.arange(1.0, 7.0)[:, np.newaxis] * np.ones(24))


def test_flow_is_shared_as_freeman_says():
    z = np.full((4, 4), np.nan)
    z[1, 1], z[1, 2], z[2, 1], z[2, 2] = 5.0, 3.0, 4.0, 3.0 + 1e-12
    upslope = drained(z, 2.0)
    side, below, corner = 2.0**2, 1.0**2, (2.0 / np.sqrt(2.0)) ** 2
    whole = side + below + corner
    assert upslope[2, 1] == pytest.approx(1.0 + below / whole)
    # of (2, 1), the side takes 1 part and the corner 1/2; (2, 2) runs on to (1, 2)
    on = upslope[2, 1]
    assert upslope[2, 2] == pytest.approx(1.0 + corner / whole + on * 1.0 / 1.5)
    assert upslope[1, 2] == pytest.approx(4.0)


def test_the_steepest_way_counts_the_length_of_a_diagonal():
    z = np.full((5, 5), np.nan)
    z[2, 2], z[2, 3], z[3, 3] = 10.0, 7.0, 6.0  # 3 over 1, against 4 over 1.41
    upslope = drained(z, np.inf)
    assert upslope[2, 3] == 2.0
    assert upslope[3, 3] == 3.0  # it then runs on from (2, 3)


def test_of_equal_ways_the_first_by_rows_takes_all():
    z = np.full((3, 3), np.nan)
    z[1, 1] = 1.0
    z[0, 1] = z[1, 0] = z[1, 2] = 0.0
    assert_array_equal(drained(z, np.inf)[[0, 1, 1], [1, 0, 2]], [2.0, 1.0, 1.0])


# ---------------------------------------------------------------- wetness


def test_wetness_is_the_logarithm_of_area_per_width_over_slope():
    upslope, slope = np.array([[400.0, 100.0, np.nan]]), np.array([[45.0, 0.0, np.nan]])
    catchment, twi = np.empty((1, 3)), np.empty((1, 3))
    floored, valid = wetness(upslope, np.array([100.0]), slope, 0.001, catchment, twi)
    assert (floored, valid) == (1, 2)
    assert_allclose(catchment, [[40.0, 10.0, np.nan]])
    assert_allclose(twi, [[np.log(40.0), np.log(10.0 / 0.001), np.nan]])
