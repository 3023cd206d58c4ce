"""Properties of regridding in every reference system, tried on random grids and fields."""

import numpy as np
import pyproj
import pytest
import xarray as xr
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from odc.geo.geobox import GeoBox

from soilscope.grid.crs import stamp
from soilscope.grid.measure import cell_area
from soilscope.grid.regrid import regrid, valid_fraction

SYSTEMS = {
    "latitude and longitude": "EPSG:4326",
    "UTM": "EPSG:32647",
    "sinusoidal": "+proj=sinu +lon_0=0 +R=6371007.181 +units=m",
    "Albers": "+proj=aea +lat_1=25 +lat_2=47 +lon_0=105 +datum=WGS84 +units=m",
    "homolosine": "+proj=igh +lon_0=0 +datum=WGS84 +units=m",
}
systems = st.sampled_from(list(SYSTEMS.values()))
seeds = st.integers(0, 2**32 - 1)


def at_heihe(crs, shape, *, km=30.0, shift=(0.0, 0.0)):
    """Cells of about `km` around 38 N 100 E, moved by some of their widths down and right."""
    to = pyproj.Transformer.from_crs(4326, crs, always_xy=True)
    x, y = to.transform(100.0, 38.0)
    step = km / 100.0 if "4326" in crs else km * 1000.0
    left = x - step * (shape[1] / 2 - shift[1])
    return GeoBox(shape, Affine(step, 0, left, 0, -step, y + step * (shape[0] / 2 - shift[0])), crs)


def places(box):
    """Return x and y of the centres of a grid's cells."""
    a = box.affine
    x = a.c + a.a * (np.arange(box.shape[1]) + 0.5)
    y = a.f + a.e * (np.arange(box.shape[0]) + 0.5)
    return np.meshgrid(x, y)


def field(box, values):
    x, y = places(box)
    return stamp(xr.DataArray(values, {"y": y[:, 0], "x": x[0]}, ("y", "x")), box.crs)


def cells_away(source, target):
    """Rows and columns of the target's centres in the source, by pyproj alone."""
    change = pyproj.Transformer.from_crs(str(target.crs), str(source.crs), always_xy=True)
    x, y = change.transform(*places(target))
    a = source.affine
    return (y - a.f) / a.e - 0.5, (x - a.c) / a.a - 0.5


def between_centres(row, column, source):
    rows, columns = source.shape
    return (row >= 0) & (row <= rows - 1) & (column >= 0) & (column <= columns - 1)


@given(systems, systems, st.sampled_from(["bilinear", "average", "nearest"]), seeds)
def test_a_constant_stays_constant_in_every_system(ours, theirs, how, seed):
    source = at_heihe(ours, (14, 16))
    values = np.where(np.random.default_rng(seed).random(source.shape) < 0.2, np.nan, 0.3)
    result = regrid(field(source, values), at_heihe(theirs, (9, 7), km=17.0), how=how)
    assert result.notnull().any()
    assert_allclose(result.values[result.notnull()], 0.3, rtol=1e-14)


@given(systems, st.tuples(st.floats(-1, 1), st.floats(-1, 1)), st.floats(5.0, 60.0))
def test_a_plane_stays_a_plane_in_one_system(crs, shift, km):
    source, target = at_heihe(crs, (20, 22)), at_heihe(crs, (8, 9), km=km, shift=shift)
    row, column = cells_away(source, target)
    down, right = np.indices(source.shape)
    result = regrid(field(source, 3.0 + 2.0 * down - 5.0 * right), target, how="bilinear")
    inside = between_centres(row, column, source)
    # a place within a millionth of a cell of a centre is that centre
    assert_allclose(result.values[inside], (3.0 + 2.0 * row - 5.0 * column)[inside], atol=1e-5)


@given(systems, systems, st.integers(5, 60))
def test_a_plane_on_the_sources_map_is_met_at_every_place_of_another(ours, theirs, n):
    source, target = at_heihe(ours, (30, 32)), at_heihe(theirs, (n, n + 3), km=400.0 / n)
    row, column = cells_away(source, target)
    down, right = np.indices(source.shape)
    result = regrid(field(source, 3.0 + 2.0 * down - 5.0 * right), target, how="bilinear")
    inside = between_centres(row, column, source)
    assert inside.mean() > 0.5
    assert_allclose(result.values[inside], (3.0 + 2.0 * row - 5.0 * column)[inside], atol=1e-5)


@given(systems, st.integers(2, 5), seeds)
def test_averages_onto_aligned_cells_keep_the_integral(crs, factor, seed):
    coarse = at_heihe(crs, (3, 4), km=30.0 * factor)
    step = coarse.affine.a / factor
    affine = Affine(step, 0, coarse.affine.c, 0, -step, coarse.affine.f)
    fine = GeoBox((3 * factor, 4 * factor), affine, crs)
    source = field(fine, np.random.default_rng(seed).random(fine.shape))
    result = regrid(source, coarse, how="average")
    before, after = ((da * cell_area(da)).sum().item() for da in (source, result))
    assert after == pytest.approx(before, rel=1e-12)


@given(systems, st.floats(10, 90), st.tuples(st.floats(-1, 1), st.floats(-1, 1)), seeds)
def test_averages_onto_any_cells_that_cover_the_valid_ones_keep_their_integral(
    crs, km, shift, seed
):
    rng = np.random.default_rng(seed)
    fine = at_heihe(crs, (9, 8), km=20.0)
    source = field(fine, np.where(rng.random(fine.shape) < 0.3, np.nan, rng.random(fine.shape)))
    source[4, 4] = 1.0
    coarse = at_heihe(crs, (24, 25), km=km, shift=shift)
    result = regrid(source, coarse, how="average", min_valid=0.0)
    share = valid_fraction(source, coarse, how="average")
    before = (source * cell_area(source)).sum().item()
    # coordinates are numbers of 16 digits: edges lie 1e-9 of a cell beside where they were meant
    after = (result * share * cell_area(result)).sum().item()
    assert after == pytest.approx(before, rel=1e-6)


@given(systems, systems, st.integers(3, 10), st.integers(3, 10), st.floats(0.05, 1.0))
def test_a_missing_cell_spreads_no_further_than_its_weight(ours, theirs, i, j, least):
    source, target = at_heihe(ours, (14, 14)), at_heihe(theirs, (24, 24), km=10.0)
    whole = field(source, np.random.default_rng(i).random(source.shape))
    holed = whole.copy()
    holed[i, j] = np.nan
    row, column = cells_away(source, target)
    weight = (1 - abs(row - i)).clip(0) * (1 - abs(column - j)).clip(0)
    inside = between_centres(row, column, source)
    share = valid_fraction(holed, target, how="bilinear").values
    assert_allclose(share[inside], (1 - weight)[inside], atol=3e-6)
    result = regrid(holed, target, how="bilinear", min_valid=least)
    clear = inside & (
        abs(1 - weight - least) > 3e-6
    )  # which side of the limit is no matter of rounding
    assert_array_equal(result.isnull().values[clear], (1 - weight < least)[clear])
    untouched = (abs(row - i) > 1.001) | (abs(column - j) > 1.001)
    before = regrid(whole, target, how="bilinear", min_valid=least)
    assert_array_equal(result.values[untouched], before.values[untouched])
    assert float(result.min()) >= float(whole.min())
    assert float(result.max()) <= float(whole.max())


@given(systems, systems, st.sampled_from(["bilinear", "average", "nearest"]), seeds)
def test_chunks_and_the_order_of_dimensions_change_no_bit(ours, theirs, how, seed):
    rng = np.random.default_rng(seed)
    source, target = at_heihe(ours, (8, 9)), at_heihe(theirs, (7, 6), km=33.0)
    values = rng.random((4, *source.shape))
    values[rng.random(values.shape) < 0.2] = np.nan
    fields = xr.concat([field(source, v) for v in values], "time", coords="minimal")
    fields = fields.compute()
    whole = regrid(fields, target, how=how)
    rows, columns = fields.dims[1:]
    lazy = regrid(
        fields.chunk({"time": int(rng.integers(1, 4)), rows: 3, columns: 4}), target, how=how
    )
    turned = regrid(fields.transpose(columns, "time", rows), target, how=how)
    assert_array_equal(lazy, whole)
    assert_array_equal(turned.transpose(*whole.dims), whole)
    assert_array_equal(regrid(fields[2], target, how=how), whole[2])


@given(systems, systems, st.sampled_from(["bilinear", "average", "nearest"]))
def test_rows_may_run_to_the_north_or_to_the_south(ours, theirs, how):
    source, target = at_heihe(ours, (12, 11)), at_heihe(theirs, (9, 8), km=23.0)
    rising = field(source, np.random.default_rng(0).random(source.shape))
    result = regrid(rising, target, how=how)
    rows = rising.dims[0]
    assert_allclose(regrid(rising.isel({rows: slice(None, None, -1)}), target, how=how), result)
    a = target.affine
    flipped = GeoBox(
        target.shape, Affine(a.a, 0, a.c, 0, -a.e, a.f + a.e * target.shape[0]), target.crs
    )
    # averages between systems are sampled: to a thousandth
    assert_allclose(regrid(rising, flipped, how=how)[::-1], result, rtol=1e-3)
