"""Onto another grid: exactly where algebra says how, and with one rule for missing cells."""

import dask
import numpy as np
import pytest
import xarray as xr
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from odc.geo.geobox import GeoBox

from soilscope.errors import GridError
from soilscope.grid.crs import geobox_of, stamp
from soilscope.grid.measure import cell_area
from soilscope.grid.regrid import regrid, valid_fraction


def grid(west, north, step, shape, values=None, *, dims=("latitude", "longitude")):
    """Return a field whose first cell has its corner at (west, north)."""
    rows, columns = shape
    coords = {
        dims[0]: north - step * (np.arange(rows) + 0.5),
        dims[1]: west + step * (np.arange(columns) + 0.5),
    }
    data = np.zeros(shape) if values is None else values
    return xr.DataArray(data, coords, dims)


def refuse(*_, **__):
    pytest.fail("it must stay lazy")


def plane(da):
    return 2.0 * da.latitude - 3.0 * da.longitude


@pytest.mark.parametrize("how", ["bilinear", "average", "nearest"])
def test_a_constant_stays_constant(how):
    source = grid(100, 40, 0.25, (20, 24), np.full((20, 24), 0.3))
    target = grid(101.03, 39.1, 0.1, (30, 31))
    assert_allclose(regrid(source, target, how=how), 0.3, rtol=1e-14)


def test_a_plane_stays_a_plane_between_the_centres():
    source = grid(100, 40, 0.25, (20, 24))
    source = source + plane(source)
    target = grid(101.03, 39.1, 0.1, (30, 31))
    assert_allclose(regrid(source, target, how="bilinear"), plane(target), rtol=1e-12)


@given(st.integers(2, 5), st.integers(0, 2**32 - 1))
def test_averaging_keeps_the_area_integral_on_aligned_grids(factor, seed):
    rng = np.random.default_rng(seed)
    fine = grid(100, 60, 0.1, (4 * factor, 3 * factor), rng.random((4 * factor, 3 * factor)))
    coarse = grid(100, 60, 0.1 * factor, (4, 3))
    result = regrid(fine, coarse, how="average")
    whole = float((fine * cell_area(fine)).sum())
    assert float((result * cell_area(coarse)).sum()) == pytest.approx(whole, rel=1e-12)


def test_averaging_shares_cells_that_lie_across_an_edge():
    fine = grid(0, 3, 1.0, (1, 3), np.array([[1.0, 2.0, 4.0]]), dims=("y", "x"))
    coarse = grid(0, 3, 1.5, (1, 2), dims=("y", "x"))
    # the rows of the target reach beyond the source: two thirds of each cell have data
    assert_allclose(regrid(fine, coarse, how="average"), [[4 / 3, 10 / 3]])


def test_the_same_grid_is_left_as_it_is():
    rng = np.random.default_rng(0)
    field = grid(100, 40, 0.1, (7, 9), rng.random((7, 9)))
    field[2, 3] = np.nan
    assert_array_equal(regrid(field, field), field)
    shifted = field.assign_coords(longitude=field.longitude + 1e-9)
    assert_array_equal(regrid(field, shifted), field)


def test_a_missing_cell_spreads_no_further_than_its_weight_says():
    source = grid(0, 5, 1.0, (5, 5), np.ones((5, 5)))
    source[2, 2] = np.nan
    target = grid(0.5, 4.5, 0.1, (40, 40))
    share = valid_fraction(source, target, how="bilinear")
    row, column = np.abs(target.latitude - 2.5), np.abs(target.longitude - 2.5)
    weight = (1 - row).clip(0) * (1 - column).clip(0)
    assert_allclose(share, 1 - weight, atol=1e-9)
    for least in (0.25, 0.5, 0.9):
        result = regrid(source, target, min_valid=least)
        assert_array_equal(result.isnull(), share < least - 1e-9)
        assert_allclose(result.values[result.notnull()], 1.0)


def test_cells_beyond_the_edge_count_as_missing():
    source = grid(0, 2, 1.0, (2, 2), np.ones((2, 2)))
    target = grid(-0.4, 2.4, 0.4, (7, 7))
    result = regrid(source, target)
    assert np.isnan(result.values[0, 0])  # a corner: a quarter of the weight
    assert not np.isnan(result.values[3, 3])


def test_classes_take_the_majority_or_the_nearest():
    classes = np.array([[1, 1, 2, 2], [1, 3, 2, -1]], dtype="i2")
    source = grid(0, 2, 1.0, (2, 4), classes)
    coarse = regrid(source, grid(0, 2, 2.0, (1, 2)))
    assert coarse.dtype == np.int16
    assert_array_equal(coarse, [[1, 2]])
    fine = regrid(source, grid(0, 2, 0.5, (4, 8)))
    assert_array_equal(fine, classes.repeat(2, 0).repeat(2, 1))


def test_a_class_is_missing_where_too_little_of_it_is_known():
    source = grid(0, 2, 1.0, (2, 2), np.array([[5, -1], [-1, -1]], dtype="i2"))
    assert_array_equal(regrid(source, grid(0, 2, 2.0, (1, 2))), [[-1, -1]])
    assert_array_equal(regrid(source, grid(0, 2, 2.0, (1, 2)), min_valid=0.2), [[5, -1]])


def test_a_projected_grid_comes_onto_latitude_and_longitude():
    box = GeoBox((60, 60), Affine(1000, 0, 500_000, 0, -1000, 4_250_000), "EPSG:32648")
    y, x = np.meshgrid(
        4_250_000 - 1000 * (np.arange(60) + 0.5), 500_000 + 1000 * (np.arange(60) + 0.5),
        indexing="ij",
    )  # fmt: skip
    field = stamp(xr.DataArray(x * 1e-5, {"y": y[:, 0], "x": x[0]}, ("y", "x")), box.crs)
    target = grid(105.1, 38.3, 0.01, (20, 30))
    result = regrid(field, target)
    assert result.dims == ("latitude", "longitude")
    import pyproj

    lon, lat = np.meshgrid(target.longitude, target.latitude)
    east, _ = pyproj.Transformer.from_crs(4326, 32648, always_xy=True).transform(lon, lat)
    assert_allclose(result, east * 1e-5, rtol=1e-9)


def test_averages_across_reference_systems_are_close_to_the_mean_of_the_cells_inside():
    rng = np.random.default_rng(1)
    shape = (200, 200)
    field = stamp(
        xr.DataArray(
            rng.random(shape),
            {"y": 4_250_000 - 500 * np.arange(200.0), "x": 500_000 + 500 * np.arange(200.0)},
            ("y", "x"),
        ),
        "EPSG:32648",
    )
    result = regrid(field, grid(105.2, 38.2, 0.2, (2, 2)), how="average")
    assert_allclose(result, 0.5, atol=0.02)


def test_time_and_layers_pass_through_lazily():
    rng = np.random.default_rng(2)
    source = xr.DataArray(
        rng.random((6, 2, 8, 9)),
        {"latitude": 40 - np.arange(8.0), "longitude": 100 + np.arange(9.0)},
        ("time", "depth", "latitude", "longitude"),
        attrs={"units": "m3 m-3"},
        name="soil_moisture",
    )
    target = grid(101, 39, 0.5, (6, 7))
    with dask.config.set(scheduler=refuse):
        lazy = regrid(source.chunk({"time": 2, "latitude": 3}), target)
    assert lazy.dims == source.dims
    assert lazy.attrs["units"] == "m3 m-3"
    assert_allclose(lazy, regrid(source, target))
    assert lazy.compute().equals(lazy)


def test_dimensions_may_come_in_any_order():
    source = grid(100, 40, 0.5, (8, 9))
    source = (source + plane(source)).transpose("longitude", "latitude")
    target = grid(101, 39, 0.25, (6, 7))
    result = regrid(source, target)
    assert result.dims == ("longitude", "latitude")
    assert_allclose(result.transpose(), plane(target))


def test_single_precision_stays_single():
    source = grid(100, 40, 0.5, (8, 9)).astype("f4")
    assert regrid(source, grid(101, 39, 0.25, (6, 7))).dtype == np.float32


def test_grids_that_do_not_meet_are_refused():
    for how in ("bilinear", "average", "nearest"):
        with pytest.raises(GridError, match="the grids do not meet: one covers x 100 to 102"):
            regrid(grid(100, 40, 0.5, (4, 4)), grid(10, 40, 0.5, (4, 4)), how=how)


def test_a_planar_grid_without_reference_cannot_be_brought_onto_the_earth():
    planar = grid(0, 4, 1.0, (4, 4), dims=("y", "x"))
    with pytest.raises(GridError, match="write crs, as in crs: EPSG:32648"):
        regrid(planar, grid(0, 4, 1.0, (4, 4)))


def test_the_result_bears_the_targets_grid():
    target = grid(101, 39, 0.25, (6, 7))
    result = regrid(grid(100, 40, 0.5, (8, 9)), target)
    assert geobox_of(result) == geobox_of(target)
    assert_array_equal(result.longitude, target.longitude)
