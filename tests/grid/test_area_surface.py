"""Surfaces that keep the means of coarse cells, and which cells a coarse cell holds."""

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox

from soilscope.errors import GridError
from soilscope.grid.area_surface import AreaSurface, SurfaceNodes
from soilscope.grid.membership import membership

FINE = GeoBox((30, 40), Affine(1.0, 0, 0, 0, -1.0, 30), "EPSG:32647")
COARSE = GeoBox((3, 4), Affine(10.0, 0, 0, 0, -10.0, 30), "EPSG:32647")
SHIFTED = GeoBox((4, 5), Affine(10.0, 0, -3, 0, -10.0, 34), "EPSG:32647")


def surface_over(fine, coarse, members):
    return AreaSurface(SurfaceNodes(fine, coarse, members))


def means(values, members, valid):
    total = np.bincount(members.cell[valid], values[valid], minlength=members.n_coarse)
    count = np.bincount(members.cell[valid], minlength=members.n_coarse)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def test_a_fine_cell_belongs_to_the_coarse_cell_that_holds_its_centre():
    members = membership(FINE, COARSE)
    row, column = np.mgrid[:30, :40]
    np.testing.assert_array_equal(members.cell, (row // 10 * 4 + column // 10).ravel())


def test_fine_cells_outside_of_all_coarse_cells_belong_to_none():
    small = GeoBox((1, 2), Affine(10.0, 0, 10, 0, -10.0, 20), "EPSG:32647")
    cell = membership(FINE, small).cell.reshape(30, 40)
    assert (cell[10:20, 10:20] == 0).all()
    assert (cell[10:20, 20:30] == 1).all()
    assert (cell == -1).sum() == 30 * 40 - 200


def test_grids_that_do_not_meet_are_refused():
    with pytest.raises(GridError, match="do not meet"):
        membership(FINE, GeoBox((2, 2), Affine(10.0, 0, 900, 0, -10.0, 20), "EPSG:32647"))


def test_a_plane_comes_back_from_its_means():
    members = membership(FINE, COARSE)
    row, column = np.mgrid[:30, :40] + 0.5
    plane = (0.01 * row + 0.02 * column).ravel()
    valid = np.ones(plane.size, bool)
    surface = surface_over(FINE, COARSE, members)(means(plane, members, valid), valid)
    inner = (slice(5, 25), slice(5, 35))  # beyond the outer centres nothing gives the slope
    np.testing.assert_allclose(
        surface.reshape(30, 40)[inner], plane.reshape(30, 40)[inner], atol=2e-3
    )


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    gaps=st.floats(0, 0.9),
    holes=st.floats(0, 0.95),
    coarse=st.sampled_from([COARSE, SHIFTED]),
)
def test_given_means_are_kept_whatever_is_missing(seed, gaps, holes, coarse):
    rng = np.random.default_rng(seed)
    members = membership(FINE, coarse)
    valid = (rng.random(1200) >= holes) & (members.cell >= 0)
    wanted = np.where(
        rng.random(members.n_coarse) < gaps, np.nan, rng.normal(size=members.n_coarse)
    )
    wanted[np.bincount(members.cell[valid], minlength=members.n_coarse) == 0] = np.nan
    surface = surface_over(FINE, coarse, members)(wanted, valid)
    given_ = np.isfinite(wanted)
    np.testing.assert_allclose(means(surface, members, valid)[given_], wanted[given_], atol=1e-9)


def test_the_surface_is_as_smooth_across_borders_as_inside():
    rng = np.random.default_rng(1)
    members = membership(FINE, COARSE)
    valid = np.ones(1200, bool)
    field = surface_over(FINE, COARSE, members)(rng.normal(size=12), valid).reshape(30, 40)
    steps = np.abs(np.diff(field, axis=1))
    assert steps[:, 9::10].mean() < 1.5 * np.delete(steps, [9, 19, 29], axis=1).mean()


def test_one_pattern_is_factored_once_and_another_anew():
    members = membership(FINE, COARSE)
    surface = surface_over(FINE, COARSE, members)
    valid = np.ones(1200, bool)
    wanted = np.arange(12.0)
    first = surface(wanted, valid)
    factored = surface._solve
    np.testing.assert_allclose(surface(wanted * 2, valid), first * 2, atol=1e-9)
    assert surface._solve is factored
    wanted[3] = np.nan
    surface(wanted, valid)
    assert surface._solve is not factored


def test_averages_of_the_nodes_are_those_of_the_surface_they_make():
    rng = np.random.default_rng(3)
    members = membership(FINE, SHIFTED)
    nodes = SurfaceNodes(FINE, SHIFTED, members)
    valid = rng.random(1200) < 0.3
    given_ = rng.random(members.n_coarse) < 0.7
    heights = rng.normal(size=nodes.rough.shape[0])
    expected = means(nodes.weights @ heights, members, valid)
    expected = np.where(given_, np.nan_to_num(expected), 0.0)
    np.testing.assert_allclose(nodes.averages(given_, valid) @ heights, expected, atol=1e-12)


def test_without_any_mean_there_is_no_surface():
    members = membership(FINE, COARSE)
    surface = surface_over(FINE, COARSE, members)(np.full(12, np.nan), np.ones(1200, bool))
    assert np.isnan(surface).all()
