import numpy as np
import pytest

from soilscope.grid.crs import crs_of
from soilscope.grid.measure import cell_area
from soilscope.names import flag_table
from soilscope.twin.heihe import heihe
from soilscope.twin.heihe_cover import CROP, FOREST, GRASS
from soilscope.twin.heihe_model import land_of
from soilscope.twin.heihe_noise import SmoothFields, stream
from soilscope.twin.heihe_place import SIZE, place
from soilscope.twin.heihe_terrain import _slopes


@pytest.fixture(scope="module")
def basin():
    return land_of(place(size=(280, 245), resolution=2000.0), seed=0)


def at(land, longitude, latitude):
    where = land.place
    away = (where.longitude - longitude) ** 2 + (where.latitude - latitude) ** 2
    return np.unravel_index(away.argmin(), away.shape)


def test_the_whole_basin_has_the_area_of_the_published_one():
    inside = place(size=SIZE, resolution=1000.0).inside
    assert inside.sum() == pytest.approx(143_000, rel=0.01)


def test_its_extent_is_that_of_the_published_one():
    where = place(size=SIZE, resolution=1000.0)
    latitude, longitude = where.latitude[where.inside], where.longitude[where.inside]
    assert latitude.min() == pytest.approx(37.7, abs=0.1)
    assert latitude.max() == pytest.approx(42.7, abs=0.1)
    assert longitude.min() == pytest.approx(97.1, abs=0.1)
    assert longitude.max() == pytest.approx(102.0, abs=0.1)


def test_cells_have_equal_areas_in_the_reference_system():
    fine = heihe(size=(40, 40), days=1).fine
    assert "Albers Equal Area" in crs_of(fine).to_wkt()
    assert float(cell_area(fine.elevation).min()) == pytest.approx(1e6)


@pytest.mark.parametrize(
    ("name", "longitude", "latitude", "cover", "height"),
    [
        ("fields between Zhangye and Linze", 100.3, 39.05, CROP, (1200, 1800)),
        ("fields of Jiuquan", 98.55, 39.9, CROP, (1100, 1800)),
        ("Gobi west of Ejina", 99.9, 41.8, 16, (850, 1500)),
    ],
)
def test_places_are_what_they_are(basin, name, longitude, latitude, cover, height):
    cell = at(basin, longitude, latitude)
    assert basin.cover.code[cell] == cover, name
    assert height[0] < basin.terrain.elevation[cell] < height[1], name


def test_mountains_are_in_the_south_and_the_desert_in_the_north(basin):
    inside, latitude = basin.place.inside, basin.place.latitude
    height = basin.terrain.elevation
    assert height[inside & (latitude < 38.4)].mean() > 3000.0
    assert height[inside & (latitude > 41.5)].mean() < 1300.0
    assert basin.annual_rain[inside & (latitude > 41.5)].mean() < 80.0
    assert (basin.cover.code[inside & (latitude > 41.5)] == 16).mean() > 0.8
    assert {FOREST, GRASS} <= set(np.unique(basin.cover.code[inside & (latitude < 38.9)]))


def test_codes_are_igbp_and_minus_one_outside(basin):
    assert set(np.unique(basin.cover.code)) == {-1, 1, 10, 12, 13, 15, 16, 17}
    assert (basin.cover.code == -1).sum() == (~basin.place.inside).sum()
    land_cover = heihe(size=(40, 40), days=1).fine.land_cover
    assert set(np.unique(land_cover)) <= {-1, *flag_table(land_cover.attrs)}


def test_every_class_of_greenness_occurs_in_the_growing_season(basin):
    summer = basin.cover.ndvi(200)[basin.place.inside]
    shares = np.histogram(summer, [0.0, 0.3, 0.6, 0.9])[0] / summer.size
    assert (shares > 0.02).all()
    assert shares.sum() == pytest.approx(1.0)
    crop = basin.cover.is_(CROP)
    assert [basin.cover.ndvi(day)[crop].mean() > 0.6 for day in (20, 200, 340)] == [0, 1, 0]


def test_soil_holds_less_than_its_pores_and_more_than_its_wilting_point(basin):
    soil = basin.cell_soil
    assert (soil.residual_water_content < soil.wilting_point).all()
    assert (soil.wilting_point < soil.field_capacity).all()
    assert (soil.field_capacity < soil.porosity).all()
    assert (soil.sand + soil.clay <= 100.0).all()


def test_a_part_of_the_basin_is_cut_from_the_whole():
    small = land_of(place(size=(60, 50), resolution=1000.0), seed=5)
    large = land_of(place(size=(80, 90), resolution=1000.0), seed=5)
    for field in ("elevation", "slope"):
        part = getattr(large.terrain, field)[11:69, 21:69]
        np.testing.assert_array_equal(getattr(small.terrain, field)[1:59, 1:49], part)
    np.testing.assert_array_equal(small.cover.code[1:59, 1:49], large.cover.code[11:69, 21:69])


def test_slope_and_aspect_of_a_plane():
    y, x = np.mgrid[0:5, 0:6] * 100.0
    slope, northness, eastness = _slopes(0.03 * y - 0.04 * x, 100.0)
    np.testing.assert_allclose(slope, 0.05)
    np.testing.assert_allclose(northness, 0.6)  # it falls northwards, as rows run southwards
    np.testing.assert_allclose(eastness, 0.8)


def test_fields_have_unit_variance_and_their_length():
    steps = np.arange(0.0, 400.0, 2.0)
    fields = SmoothFields.over(steps, steps, length=10.0)
    drawn = np.stack([fields.draw(stream(0, 99, day)) for day in range(20)])
    assert drawn.std() == pytest.approx(1.0, abs=0.02)
    apart = np.mean(drawn[:, :, :-5] * drawn[:, :, 5:])  # 10 km
    assert apart == pytest.approx(np.exp(-1.0), abs=0.03)
