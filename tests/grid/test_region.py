"""Boundaries and zones from vector files, as people have them."""

import warnings

import geopandas
import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_array_equal
from shapely.geometry import LineString, Polygon, box

from soilscope.errors import GridError, SoilscopeWarning, SourceError
from soilscope.grid.crs import stamp
from soilscope.grid.region import inside, region_bounds, zones_on
from soilscope.grid.vector import read_polygons

NAMES = ["银川", "卫宁平原"]


@pytest.fixture
def grid():
    """Ten by ten cells of 0.1 degrees from 105 E, 39 N."""
    return stamp(
        xr.DataArray(
            np.zeros((10, 10)),
            {"latitude": 38.95 - 0.1 * np.arange(10), "longitude": 105.05 + 0.1 * np.arange(10)},
            ("latitude", "longitude"),
        )
    )


def two_zones(gap=0.0):
    """The upper half, and the lower half, which may overlap."""
    return [box(105, 38.5 - gap, 106, 39), box(105, 38, 106, 38.5)]


def write(path, geometry=None, names=NAMES, *, crs="EPSG:4326", **options):
    geometry = two_zones() if geometry is None else geometry
    frame = geopandas.GeoDataFrame({"NAME": names[: len(geometry)]}, geometry=geometry, crs=crs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame.to_file(path, engine="pyogrio", **options)
    return path


@pytest.mark.parametrize("suffix", [".shp", ".gpkg", ".geojson"])
def test_cells_have_the_zone_in_which_their_centre_lies(grid, tmp_path, suffix):
    zone = zones_on(grid, write(tmp_path / f"zones{suffix}"))
    assert zone.dtype == np.int16
    assert zone.attrs["labels"] == NAMES
    assert_array_equal(zone, np.repeat([0, 1], 5)[:, None].repeat(10, 1))


@pytest.mark.parametrize("encoding", ["GBK", "UTF-8"])
@pytest.mark.parametrize("cpg", [True, False])
def test_texts_are_read_with_and_without_a_declared_encoding(grid, tmp_path, encoding, cpg):
    path = write(tmp_path / "zones.shp", encoding=encoding)
    if not cpg:
        path.with_suffix(".cpg").unlink()
    zone = zones_on(grid, path)
    assert zone.attrs["labels"] == NAMES


def test_a_stated_encoding_overrides_what_the_file_says(grid, tmp_path):
    path = write(tmp_path / "zones.shp", encoding="GBK")
    path.with_suffix(".cpg").write_text("ISO-8859-1")
    assert zones_on(grid, path).attrs["labels"] != NAMES
    assert zones_on(grid, path, encoding="GBK").attrs["labels"] == NAMES


def test_western_texts_are_read_by_their_declared_encoding(grid, tmp_path):
    path = write(tmp_path / "zones.shp", names=["Évry", "Ångström"], encoding="ISO-8859-1")
    assert zones_on(grid, path).attrs["labels"] == ["Évry", "Ångström"]


def test_a_wrong_encoding_is_told(grid, tmp_path):
    path = write(tmp_path / "zones.shp", encoding="GBK")
    with pytest.raises(SourceError, match=r"are not utf-8; write encoding, as in\s+encoding: GBK"):
        zones_on(grid, path, encoding="utf-8")


def test_a_region_in_another_reference_system_is_brought_onto_the_grid(grid, tmp_path):
    frame = geopandas.GeoSeries(two_zones()[:1], crs="EPSG:4326").to_crs("EPSG:32648")
    mask = inside(grid, write(tmp_path / "upper.shp", list(frame), crs="EPSG:32648"))
    assert int(mask.sum()) == 50
    assert bool(mask[:5].all())


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (".prj", "put the missing zones.prj beside it, or write crs, as in crs: EPSG:4326"),
        (".shx", "ogrinfo --config SHAPE_RESTORE_SHX YES zones.shp"),
        (".dbf", "lacks its attributes zones.dbf"),
    ],
)
def test_a_shapefile_without_one_of_its_parts_is_told_with_the_way_to_mend_it(
    grid, tmp_path, part, text
):
    path = write(tmp_path / "zones.shp")
    path.with_suffix(part).unlink()
    with pytest.raises((GridError, SourceError), match=text):
        zones_on(grid, path)


def test_a_reference_system_can_be_given_by_hand(grid, tmp_path):
    path = write(tmp_path / "zones.shp")
    path.with_suffix(".prj").unlink()
    assert zones_on(grid, path, crs="EPSG:4326").attrs["labels"] == NAMES


def test_polygons_that_cross_themselves_are_mended_with_a_warning(grid, tmp_path):
    bow = Polygon([(105, 38), (106, 39), (106, 38), (105, 39)])
    path = write(tmp_path / "bow.geojson", [bow])
    with pytest.warns(SoilscopeWarning, match="1 of 1 polygons .* cross themselves"):
        mask = inside(grid, path)
    assert 30 < int(mask.sum()) < 70


def test_zones_that_overlap_are_refused_with_the_pair(grid, tmp_path):
    path = write(tmp_path / "zones.gpkg", two_zones(gap=0.3))
    with pytest.raises(GridError, match=r"30 cells lie in two of them, as in 银川 and 卫宁平原"):
        zones_on(grid, path)


def test_a_sliver_of_overlap_counts_to_the_first(tmp_path):
    fine = stamp(
        xr.DataArray(
            np.zeros((200, 5)),
            {
                "latitude": 39 - 0.005 * (np.arange(200) + 0.5),
                "longitude": 105.1 + 0.2 * np.arange(5),
            },
            ("latitude", "longitude"),
        )
    )
    path = write(tmp_path / "zones.gpkg", two_zones(gap=0.005))
    with pytest.warns(SoilscopeWarning, match="5 cells lie in two zones"):
        zone = zones_on(fine, path)
    assert int((zone == 0).sum()) == 505


def test_a_region_outside_the_grid_is_told_with_both_extents(grid, tmp_path):
    path = write(tmp_path / "zones.gpkg", [box(10, 50, 11, 51)])
    with pytest.raises(GridError, match=r"lies outside the grid: it covers x 10 to 11"):
        zones_on(grid, path)
    with pytest.raises(GridError, match="lies outside the grid"):
        inside(grid, (10, 50, 11, 51))


def test_a_zone_without_a_cell_is_told(grid, tmp_path):
    path = write(tmp_path / "zones.gpkg", [box(105, 38, 106, 39), box(10, 50, 11, 51)])
    with pytest.warns(SoilscopeWarning, match=r"1 zone\(s\) .* hold no cell .*卫宁平原"):
        zones_on(grid, path)


def test_lines_are_no_region(grid, tmp_path):
    path = write(tmp_path / "river.gpkg", [LineString([(105, 38), (106, 39)])])
    with pytest.raises(SourceError, match=r"holds no polygon \(it holds: LineString\)"):
        inside(grid, path)


def test_bounds_select_by_the_centre_of_the_cell(grid):
    assert int(inside(grid, (105.0, 38.0, 105.5, 38.5)).sum()) == 25
    with pytest.raises(GridError, match="give west, south, east, north"):
        inside(grid, (106, 38, 105, 39))


def test_sites_lie_in_zones_too(tmp_path):
    sites = xr.DataArray(
        np.zeros(3),
        {
            "site": ["a", "b", "c"],
            "longitude": ("site", [105.5, 105.5, 10.0]),
            "latitude": ("site", [38.7, 38.2, 50.0]),
        },
        ("site",),
    )
    zone = zones_on(sites, write(tmp_path / "zones.gpkg"))
    assert_array_equal(zone, [0, 1, -1])


def test_a_grid_without_reference_system_is_told(tmp_path):
    planar = xr.DataArray(np.zeros((3, 3)), {"y": [3.0, 2, 1], "x": [1.0, 2, 3]}, ("y", "x"))
    with pytest.raises(GridError, match="has no coordinate reference system, which a region needs"):
        zones_on(planar, write(tmp_path / "zones.gpkg"))


def test_an_unknown_attribute_is_told_with_the_nearest(grid, tmp_path):
    with pytest.raises(SourceError, match=r"no attribute 'NAMES'.*did you mean 'NAME'"):
        zones_on(grid, write(tmp_path / "zones.gpkg"), name="NAMES")


def test_something_else_is_no_vector_file(grid, tmp_path):
    (tmp_path / "zones.gpkg").write_text("hello")
    with pytest.raises(SourceError, match="cannot be read as a vector file"):
        zones_on(grid, tmp_path / "zones.gpkg")


def test_the_bounds_of_a_region_are_given_in_any_reference_system(tmp_path):
    path = write(tmp_path / "zones.gpkg")
    np.testing.assert_allclose(region_bounds(path, "EPSG:4326"), (105, 38, 106, 39))
    west, south, east, north = region_bounds((105, 38, 106, 39), "EPSG:32648")
    assert 490_000 < west < 500_100
    assert 80_000 < east - west < 90_000
    assert 110_000 < north - south < 112_500


def test_how_texts_were_read_is_kept(tmp_path):
    path = write(tmp_path / "zones.shp", encoding="GBK")
    path.with_suffix(".cpg").unlink()
    assert read_polygons(path).attrs["encoding"] == "gb18030"
