"""Where cells lie on other maps: against PROJ, rasterio and polygons, at edges, seams and poles."""

import numpy as np
import pyproj
import pytest
import rasterio.warp
import shapely
import xarray as xr
from affine import Affine
from numpy.testing import assert_allclose, assert_array_equal
from odc.geo.geobox import GeoBox

from soilscope.errors import GridError, InputError
from soilscope.grid.crs import stamp
from soilscope.grid.positions import places, positions_at
from soilscope.grid.regrid import regrid, valid_fraction
from soilscope.grid.weights import average_weights, between_centres, is_coarser

DEGREES = "EPSG:4326"
UTM = "EPSG:32647"
SINUSOIDAL = "+proj=sinu +lon_0=0 +R=6371007.181 +units=m"
ALBERS = "+proj=aea +lat_1=25 +lat_2=47 +lon_0=105 +datum=WGS84 +units=m"
HOMOLOSINE = "+proj=igh +lon_0=0 +datum=WGS84 +units=m"


def cells(crs, left, top, step, shape):
    return GeoBox(shape, Affine(step, 0, left, 0, -step, top), crs)


EARTH = cells(DEGREES, -180, 90, 0.5, (360, 720))
MODIS = cells(SINUSOIDAL, -20_015_109.0, 10_007_555.0, 926.625, (21_600, 43_200))
SOILGRIDS = cells(HOMOLOSINE, -20_037_508.0, 8_600_000.0, 250.0, (60_000, 160_000))
TARGETS = {
    "UTM at Heihe": cells(UTM, 2e5, 4.6e6, 1000, (576, 576)),
    "UTM across its edge": cells(UTM, -5e5, 4.6e6, 2000, (500, 900)),
    "UTM across the date line": cells("EPSG:32660", 5e5, 4.6e6, 1000, (300, 400)),
    "all China": cells(ALBERS, -2.6e6, 6e6, 1000, (4000, 5000)),
    "a tile of MODIS": cells(SINUSOIDAL, 7_783_653.6, 4_447_802.0, 926.625, (1200, 1200)),
    "the edge of the sinusoidal map": cells(SINUSOIDAL, 1.0e7, 6e6, 5000, (300, 500)),
    "an interruption": cells(HOMOLOSINE, -6e6, 3e6, 10_000, (300, 400)),
    "where the homolosine joins": cells(HOMOLOSINE, 9e6, 5e6, 5000, (200, 300)),
    "the pole": cells("EPSG:3413", -1e6, 1e6, 20_000, (100, 100)),
    "beside the pole": cells("EPSG:3413", 0.2e6, -0.1e6, 1000, (300, 300)),
    "latitude and longitude": cells(DEGREES, 73, 54, 0.05, (700, 1240)),
}


def by_proj(source, target, rows, columns):
    """Row and column of places by PROJ alone; NaN off the map of the target (no way back)."""
    across, down = np.meshgrid(columns, rows)
    a, s = target.affine, source.affine
    x, y = a.c + a.a * across, a.f + a.e * down
    change = pyproj.Transformer.from_crs(str(target.crs), str(source.crs), always_xy=True)
    there = change.transform(x, y)
    back = change.transform(*there, direction="INVERSE")
    off = ~(np.hypot(back[0] - x, back[1] - y) < 0.01 * a.a) if "4326" not in str(target.crs) else 0
    with np.errstate(invalid="ignore"):
        row, column = (there[1] - s.f) / s.e - 0.5, (there[0] - s.c) / s.a - 0.5
    return np.where(off, np.nan, row), np.where(off, np.nan, column)


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS.keys())
@pytest.mark.parametrize("source", [EARTH, MODIS, SOILGRIDS], ids=["degrees", "MODIS", "SoilGrids"])
def test_positions_are_those_of_proj_to_a_millionth_of_a_cell(source, target):
    if source.crs == target.crs:
        pytest.skip("the same reference system")
    find = places(source, target, n=target.shape[0] * target.shape[1])
    rng = np.random.default_rng(0)
    rows, columns = (np.sort(rng.uniform(0, n, 150)) for n in target.shape)
    for ours, theirs in zip(
        find(rows, columns), by_proj(source, target, rows, columns), strict=True
    ):
        assert_array_equal(np.isfinite(ours), np.isfinite(theirs))
        assert_allclose(ours, theirs, atol=1e-6, rtol=1e-11)


def test_a_smooth_map_is_a_polynomial_and_one_with_steps_is_not():
    names = {}
    for name, target in TARGETS.items():
        find = places(EARTH, target, n=10**6)
        names[name] = getattr(find, "func", None).__name__ == "_between"
    assert names["UTM at Heihe"]
    assert names["all China"]
    assert not names["an interruption"]
    assert not names["UTM across the date line"]
    assert not names["the pole"]


def latitudes(box):
    """Return the latitude as a field: bilinear interpolation of it is exact."""
    a = box.affine
    latitude = a.f + a.e * (np.arange(box.shape[0]) + 0.5)
    longitude = a.c + a.a * (np.arange(box.shape[1]) + 0.5)
    field = np.broadcast_to(latitude[:, np.newaxis], box.shape)
    coords = {"latitude": latitude, "longitude": longitude}
    return xr.DataArray(field.copy(), coords, ("latitude", "longitude"))


@pytest.mark.parametrize("name", ["an interruption", "the edge of the sinusoidal map", "the pole"])
@pytest.mark.parametrize("how", ["bilinear", "nearest", "average"])
def test_places_off_a_map_are_missing_and_the_others_right(name, how):
    target = TARGETS[name]
    result = regrid(latitudes(EARTH), target, how=how).values
    row, _ = by_proj(EARTH, target, *(np.arange(n) + 0.5 for n in target.shape))
    latitude = 90 - 0.5 * (row + 0.5)
    assert np.isnan(row).any() == (name != "the pole")
    if how != "average":  # a cell across the edge of the map may have samples inside
        assert_array_equal(np.isnan(result), np.isnan(row))
    inside = np.isfinite(row) & np.isfinite(result) & (abs(latitude) < 89.5)
    assert inside.sum() > 0.9 * np.isfinite(row).sum()
    near = {"bilinear": 1e-6, "nearest": 0.2501, "average": 0.26}[how]
    assert_allclose(result[inside], latitude[inside], atol=near)


def waves(box):
    """Return a field without a seam at the date line."""
    da = latitudes(box)
    return da * 0 + np.cos(np.deg2rad(da.longitude)) + np.sin(np.deg2rad(2 * da.longitude))


@pytest.mark.parametrize("how", ["bilinear", "nearest", "average"])
def test_there_is_no_seam_at_the_date_line(how):
    target = TARGETS["UTM across the date line"]
    west_first = waves(EARTH)
    # the same cells counted from the other meridian, where the date line is no edge
    other = cells(DEGREES, 0, 90, 0.5, (360, 720))
    whole = regrid(waves(other), target, how=how)
    assert whole.notnull().all()
    assert_allclose(regrid(west_first, target, how=how), whole, atol=1e-9)
    assert_array_equal(valid_fraction(west_first, target, how=how).round(5), 1.0)


@pytest.mark.parametrize("how", ["bilinear", "nearest", "average"])
def test_longitudes_may_count_from_0_to_360_in_either_grid(how):
    part = cells(DEGREES, 170, 60, 0.5, (20, 40))  # to 190
    field = waves(part) + latitudes(part)
    west, east = (
        cells(DEGREES, -178.1, 58.2, 0.3, (10, 20)),
        cells(DEGREES, 181.9, 58.2, 0.3, (10, 20)),
    )
    result = regrid(field, west, how=how)
    assert result.notnull().all()
    assert_allclose(result, regrid(field, east, how=how), atol=1e-9)
    around = cells(DEGREES, -180, 60, 0.5, (20, 720))
    assert_allclose(regrid(waves(around) + latitudes(around), east, how=how), result, atol=1e-9)


def test_a_grid_around_the_earth_reads_only_the_columns_beside_its_seam():
    weights = between_centres(EARTH, TARGETS["UTM across the date line"])
    assert len(np.arange(720)[weights.columns]) < 20


def warped(field, source, target):
    """Let rasterio do it."""
    out = np.full(target.shape, np.nan)
    rasterio.warp.reproject(
        field.values, out, src_transform=source.affine, src_crs=str(source.crs),
        dst_transform=target.affine, dst_crs=str(target.crs), dst_nodata=np.nan,
        resampling=rasterio.warp.Resampling.bilinear,
    )  # fmt: skip
    return out


@pytest.mark.parametrize("crs", [UTM, SINUSOIDAL, ALBERS, HOMOLOSINE])
def test_bilinear_is_that_of_rasterio_in_blocks_of_a_few_cells(crs):
    source = cells(DEGREES, 96, 43, 0.1, (80, 90))
    field = latitudes(source).copy(data=np.random.default_rng(3).random(source.shape))
    x, y = pyproj.Transformer.from_crs(4326, crs, always_xy=True).transform(100, 39)
    for away in range(-200_000, 200_000, 10_000):
        block = cells(crs, x + away, y - away, 1000, (8, 8))
        assert_allclose(regrid(field, block), warped(field, source, block), atol=2e-4)


def test_rasterio_takes_places_between_the_ends_of_wide_rows_to_an_eighth_of_a_cell():
    source, target = cells(DEGREES, 96, 43, 0.1, (80, 90)), TARGETS["UTM at Heihe"]
    row, column = by_proj(source, target, *(np.arange(n) + 0.5 for n in target.shape))
    inside = (row > 0) & (row < 79) & (column > 0) & (column < 89)
    exact = 43 - 0.1 * (row + 0.5)
    field = latitudes(source)
    assert_allclose(regrid(field, target).values[inside], exact[inside], atol=1e-7)
    away = abs(warped(field, source, target) - exact)[inside].max()
    assert 0.001 < away < 0.125 * 0.1


def outline(box, i, j, n=12):
    """Return x and y around a cell, with points along its sides."""
    t, zero = np.linspace(0, 1, n, endpoint=False), np.zeros(n)
    across = j + np.concatenate([t, zero + 1, 1 - t, zero])
    down = i + np.concatenate([zero, t, zero + 1, 1 - t])
    return box.affine.c + box.affine.a * across, box.affine.f + box.affine.e * down


@pytest.mark.parametrize("km", [8, 30, 120])
@pytest.mark.parametrize(("ours", "theirs"), [
    (SINUSOIDAL, UTM), (SINUSOIDAL, DEGREES), (UTM, DEGREES), (HOMOLOSINE, ALBERS), (DEGREES, UTM),
])  # fmt: skip
def test_averages_between_systems_share_out_cells_as_their_polygons_do(ours, theirs, km):
    def at(crs, shape, size):
        x, y = pyproj.Transformer.from_crs(4326, crs, always_xy=True).transform(100.03, 38.02)
        step = size / 100 if crs == DEGREES else size * 1000
        return cells(crs, x - step * shape[1] / 2, y + step * shape[0] / 2, step, shape)

    source, target = at(ours, (60, 60), 10), at(theirs, (3, 3), km)
    weights = average_weights(source, target)
    found = np.zeros((9, *source.shape))
    part = found[:, weights.rows, weights.columns]
    part[...] = weights.matrix.toarray().reshape(part.shape)
    change = pyproj.Transformer.from_crs(theirs, ours, always_xy=True)
    down, right = np.indices(source.shape)
    boxes = shapely.box(right, down, right + 1, down + 1)
    a = source.affine
    for cell in range(9):
        x, y = change.transform(*outline(target, *divmod(cell, 3)))
        polygon = shapely.Polygon(np.column_stack([(x - a.c) / a.a, (y - a.f) / a.e]))
        expected = shapely.area(shapely.intersection(boxes, polygon)) / polygon.area
        assert abs(found[cell] - expected).sum() / 2 < 0.008  # of the weight in a wrong cell


def test_the_area_of_sheared_cells_says_which_grid_is_coarser():
    # the sinusoidal map shears cells far from its middle, which makes them no larger
    sheared = cells(SINUSOIDAL, 8.3e6, 4.6e6, 926.625, (300, 320))
    along = cells(DEGREES, 97, 41, 0.0105, (300, 320))
    assert not is_coarser(along, sheared)
    assert not is_coarser(sheared, along)
    assert is_coarser(cells(DEGREES, 97, 41, 0.1, (30, 32)), sheared)
    assert is_coarser(cells("EPSG:32660", 3e5, 4.6e6, 1e5, (5, 7)), EARTH)  # across the date line
    assert not is_coarser(cells("EPSG:32660", 3e5, 4.6e6, 1e4, (50, 70)), EARTH)


@pytest.mark.parametrize("how", ["bilinear", "nearest", "average"])
@pytest.mark.parametrize("shape", [(1, 5), (5, 1), (1, 1)])
@pytest.mark.parametrize("crs", [DEGREES, UTM])
def test_a_target_may_have_one_row_one_column_or_one_cell(how, shape, crs):
    field = latitudes(cells(DEGREES, 95, 45, 0.25, (40, 48)))
    target = (
        cells(crs, 100, 38, 0.3, shape) if crs == DEGREES else cells(crs, 5e5, 4.2e6, 3e4, shape)
    )
    result = regrid(field, target, how=how)
    assert result.shape == shape
    row, _ = positions_at(EARTH, target, np.arange(shape[0]) + 0.5, np.full(shape[0], 0.5))
    assert_allclose(result[:, 0], 90 - 0.5 * (row + 0.5), atol=0.13)


@pytest.mark.parametrize("how", ["bilinear", "nearest", "average"])
def test_a_source_may_have_one_row_or_one_column(how):
    field = latitudes(cells(DEGREES, 95, 45, 0.25, (40, 48)))
    target = cells(DEGREES, 98, 42, 0.25, (4, 4))
    row, column = field.isel(latitude=slice(12, 13)), field.isel(longitude=slice(12, 13))
    assert_array_equal(regrid(row, target, how=how)[0], field[12, 12:16])
    assert_array_equal(regrid(column, target, how=how)[:, 0], field[12:16, 12])
    with pytest.raises(GridError, match="has a single cell; its size is unknown"):
        regrid(row.isel(longitude=[3]), target, how=how)


@pytest.mark.parametrize("how", ["bilinear", "nearest", "average"])
def test_grids_that_lie_apart_in_two_systems_are_told_in_one_line(how):
    source = stamp(latitudes(cells(DEGREES, 10, 45, 0.25, (4, 4))), DEGREES)
    for target in (TARGETS["UTM at Heihe"], TARGETS["a tile of MODIS"]):
        with pytest.raises(GridError, match="the grids do not meet: one covers x 10 to 11") as told:
            regrid(source, target, how=how)
        assert "\n" not in str(told.value)
        assert len(str(told.value)) < 250


def test_the_share_of_classes_is_that_of_the_cells_which_make_them():
    source = latitudes(cells(DEGREES, 100, 40, 1.0, (2, 2))).copy(
        data=np.array([[1, -1], [2, 2]], dtype="i2")
    )
    fine = cells(DEGREES, 100, 40, 0.5, (4, 4))
    share = valid_fraction(source, fine)
    assert_array_equal(share == 0.0, regrid(source, fine) == -1)
    assert set(np.unique(share)) == {0.0, 1.0}


def test_the_majority_of_what_is_no_class_is_refused():
    field = latitudes(cells(DEGREES, 100, 40, 1.0, (2, 2)))
    with pytest.raises(InputError, match="'majority', which is of integers; da holds float64"):
        regrid(field, cells(DEGREES, 100, 40, 2.0, (1, 1)), how="majority")
