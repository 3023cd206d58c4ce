"""Regions and zones as people have them: the right cells, or one line at the region's own line."""

from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely
from shapely.geometry import LineString, Point, Polygon, box

from study.bad_folder import (
    HALVES,
    NAMES,
    grid,
    require_true,
    spoil,
    study_of,
    terraclimate,
    write_zones,
)

SQUARE = box(105.56, 37.75, 106.36, 38.55)  # eight by eight cells


def of_region(region: str) -> str:
    return study_of("vpd", region=region, place="")


def projected(shape, crs):
    return geopandas.GeoSeries([shape.segmentize(0.01)], crs="EPSG:4326").to_crs(crs).iloc[0]


# regions that work


@pytest.mark.parametrize("crs", ["EPSG:32648", "EPSG:3857", "EPSG:4490"])
def test_a_region_in_another_reference_system_gives_the_same_cells(spoilt, crs):
    write_zones("r.shp", [projected(SQUARE, crs)], ["区"], crs=crs)
    cube = spoilt.cube(of_region("r.shp"))
    assert spoilt.warned == []
    assert dict(cube.zone.sizes) == {"latitude": 8, "longitude": 8}
    require_true(cube, "vpd", atol=6e-3)


@pytest.mark.parametrize("kind", ["null", "3d", "pieces"])
def test_shapes_of_other_kinds_give_the_same_cells(spoilt, kind):
    shapes = {
        "null": [None, SQUARE],
        "3d": [shapely.force_3d(SQUARE, 1100.0)],
        "pieces": [box(105.56, 37.75, 106.2, 38.55), box(105.8, 37.75, 106.36, 38.55)],
    }[kind]
    write_zones("r.shp", shapes, ["区"] * len(shapes))
    cube = spoilt.cube(of_region("r.shp"))
    told = ["1 of 2 entries of " in text for text in spoilt.warned]
    assert told == ([True] if kind == "null" else [])
    require_true(cube, "vpd", atol=6e-3)


def test_a_hole_is_outside(spoilt):
    write_zones("r.shp", [SQUARE.difference(box(105.76, 37.95, 106.06, 38.25))], ["区"])
    require_true(spoilt.cube(of_region("r.shp")), "vpd", atol=6e-3, missing=9 / 64)


def test_a_region_that_crosses_itself_is_mended_and_told(spoilt):
    bow = Polygon([(105.56, 37.75), (106.36, 38.55), (106.36, 37.75), (105.56, 38.55)])
    write_zones("r.shp", [bow], ["区"])
    cube = spoilt.cube(of_region("r.shp"))
    (told,) = spoilt.warned
    assert "1 of 1 polygons in " in told
    assert "r.shp cross themselves; they were mended" in told
    assert 24 <= int((cube.zone >= 0).sum()) <= 40  # half of 64, but for the diagonals


def test_a_region_beyond_the_data_says_how_much_they_cover(spoilt):
    (told,) = spoilt.told(of_region("[105.56, 37.75, 108.0, 38.55]"))
    assert told.startswith("dryness (")
    assert "covers 49% of the region: it has cells from [105.11, 37.3, 106.71, 39" in told


# regions that are refused


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        ([], "holds no polygon (it holds: nothing); give a boundary."),
        ([None, None], "holds no polygon (it holds: nothing); give a boundary."),
        ([Polygon()], "holds no polygon (it holds: 1 without shape); give a boundary."),
        ([LineString([(105, 38), (106, 39)])], "holds no polygon (it holds: LineString)"),
        ([Point(105, 38)], "holds no polygon (it holds: Point)"),
    ],
)
def test_a_file_without_a_polygon_is_no_region(spoilt, shapes, expected):
    write_zones("r.gpkg", shapes, ["区"] * len(shapes))
    line = spoilt.refused(of_region("r.gpkg"))
    assert line.startswith("study.yaml:2: ")
    assert f"r.gpkg {expected}" in line


@pytest.mark.parametrize(
    "region", ["[]", "[106.4, 37.8, 105.6, 38.5]", "[105.6, 38, 105.6, 39]", "[.nan, 37, 106, 38]"]
)
def test_bounds_without_an_area_are_no_region(spoilt, region):
    line = spoilt.refused(of_region(region))
    assert line.startswith("study.yaml:2: region is ")
    assert "give west, south, east, north, as in [104.26, 36.65, 106.98, 39.39]" in line


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ("[10, 50, 11, 51]", "check both, or take files of that place."),
        ("[37.75, 105.56, 38.55, 106.36]", "latitude and longitude seem to be exchanged"),
        ("[-254.44, 37.75, -253.64, 38.55]", "the region is [105.06, 37.25, 106.86, 39.05] in"),
    ],
    ids=["elsewhere", "exchanged", "turned"],
)
def test_a_region_outside_the_data_is_told_with_what_may_be_wrong(spoilt, region, expected):
    line = spoilt.refused(of_region(region))
    assert line.startswith("study.yaml:6: input 'dryness': ")
    assert "has nothing in the region [" in line
    assert "it covers latitude 37.3 to 39.1, longitude 105.11 to 106.71; " in line
    assert expected in line


def test_a_region_outside_a_product_that_is_opened_whole_is_told_too(spoilt):
    line = spoilt.refused(study_of("temperature", region="[10, 50, 11, 51]"))
    assert line.startswith("study.yaml:6: climate (")
    assert "has nothing in the region: its latitude runs 37.6 to 38.8, the region 50 to 51" in line


def test_a_region_no_larger_than_a_cell_is_refused(spoilt):
    line = spoilt.refused(of_region("[105.62, 37.82, 105.65, 37.84]"))
    assert line.startswith("study.yaml:2: the region is no larger than a cell of dryness (")
    assert line.endswith("(0.1 wide); widen it to several cells.")


# what a vector file lacks, the same for region and zones


@pytest.mark.parametrize("key", ["region", "zones"])
@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (".prj", "put the missing zones.prj beside it, or write crs, as in crs: EPSG:4326."),
        (".shx", "zones.shx; copy it from where the shapefile came from, or rebuild it: ogrinfo"),
        (".dbf", "lacks its attributes zones.dbf; copy them from where the shapefile came from."),
    ],
)
def test_a_shapefile_without_one_of_its_parts_is_told_at_its_line(spoilt, key, part, expected):
    Path("zones.shp").with_suffix(part).unlink()
    text = of_region("zones.shp") if key == "region" else study_of("vpd")
    line = spoilt.refused(text)
    assert line.startswith("study.yaml:2: " if key == "region" else "study.yaml:4: ")
    assert expected in line


def test_a_reference_system_that_is_written_mends_a_missing_one(spoilt):
    Path("zones.prj").unlink()
    text = study_of("vpd").replace("name: NAME", "name: NAME, crs: EPSG:4326")
    assert spoilt.cube(text).zone.attrs["labels"] == list(NAMES)


@pytest.mark.parametrize("part", [".shp", ".shx", ".dbf"])
def test_a_part_of_a_shapefile_that_is_cut_off_is_told(spoilt, part):
    path = Path("zones").with_suffix(part)
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    line = spoilt.refused(study_of("vpd"))
    assert line.startswith("study.yaml:4: ")
    assert f"zones{part} is truncated: " in line
    assert line.endswith("bytes are there; copy the shapefile again.")


@pytest.mark.parametrize("content", ['{"type":"FeatureColl', "<html>", ""])
def test_something_else_is_no_boundary(spoilt, content):
    Path("z.geojson").write_text(content)
    line = spoilt.refused(study_of("vpd").replace("zones.shp", "z.geojson"))
    assert line.startswith("study.yaml:4: ")
    assert "z.geojson cannot be read as a vector file; give a shapefile, GeoPackage" in line


# zones


@pytest.mark.parametrize("cpg", [None, "UTF-8", "hello"])
def test_chinese_names_are_read_whatever_the_file_says_of_them(spoilt, cpg):
    if cpg is not None:
        Path("zones.cpg").write_text(cpg)
    if cpg == "UTF-8":
        line = spoilt.refused(study_of("vpd"))
        assert "zones.shp are not utf-8; write encoding, as in encoding: GBK." in line
        text = study_of("vpd").replace("name: NAME", "name: NAME, encoding: GBK")
    else:
        text = study_of("vpd")
    cube = spoilt.cube(text)
    assert cube.zone.attrs["labels"] == list(NAMES)
    np.testing.assert_array_equal(np.unique(cube.zone, return_counts=True), [[0, 1], [32, 32]])


@pytest.mark.parametrize("how", ["cross", "within", "twice"])
def test_zones_that_overlap_are_refused_with_a_pair(spoilt, how):
    north, south = HALVES
    shapes = {
        "cross": [north, box(105.5, 37.7, 106.5, 38.35)],
        "within": [north, box(105.7, 38.2, 106.0, 38.5)],
        "twice": [north, north],
    }
    write_zones("zones.shp", [*shapes[how], south], [*NAMES, "南"])
    line = spoilt.refused(study_of("vpd"))
    assert line.startswith("study.yaml:4: zones of ")
    assert "cells lie in two of them, as in " in line
    assert "mend the polygons, or give zones that exclude one another." in line


def test_polygons_of_one_name_are_one_zone(spoilt):
    west, east = box(105.5, 37.7, 106.0, 38.15), box(106.0, 37.7, 106.5, 38.15)
    write_zones("zones.shp", [HALVES[0], west, east], ["银川", "卫宁", "卫宁 "])
    cube = spoilt.cube(study_of("vpd"))
    assert spoilt.warned == []
    assert cube.zone.attrs["labels"] == list(NAMES)
    np.testing.assert_array_equal(np.unique(cube.zone, return_counts=True), [[0, 1], [32, 32]])


def test_polygons_without_a_name_are_told(spoilt):
    write_zones("zones.shp", HALVES, ["银川", None])
    (told,) = spoilt.told(study_of("vpd"))
    assert "1 of 2 polygons of " in told
    assert "zones.shp have no NAME; they are one zone, 'unnamed'. Write their names" in told


def test_zones_without_shape_or_cells_are_told_and_the_others_kept(spoilt):
    write_zones("zones.shp", [HALVES[0], None, box(10, 50, 11, 51)], ["银川", "空", "远"])
    cube = spoilt.cube(study_of("vpd"))
    assert any("1 of 3 entries of " in text for text in spoilt.warned)
    assert any("hold no cell of the grid: 远" in text for text in spoilt.warned)
    np.testing.assert_array_equal(np.unique(cube.zone, return_counts=True), [[-1, 0], [32, 32]])


def test_zones_outside_the_data_are_told_with_both_extents(spoilt):
    write_zones("zones.shp", [box(10, 50, 11, 51)], ["远"])
    line = spoilt.refused(study_of("vpd"))
    assert line.startswith("study.yaml:4: ")
    assert "lies outside the grid: it covers x 10 to 11, y 50 to 51, the grid x 105.61" in line


def test_an_attribute_that_is_not_there_is_told_with_the_nearest(spoilt):
    line = spoilt.refused(study_of("vpd").replace("name: NAME", "name: NAM"))
    assert line.startswith("study.yaml:4: ")
    assert "has no attribute 'NAM'; did you mean 'NAME'?" in line


# reference systems of data


def planar(ds):
    y, x = 4.15e6 + 1e4 * np.arange(13), 4e5 + 1e4 * np.arange(11)
    return ds.rename(latitude="y", longitude="x").assign_coords(y=y, x=x)


@pytest.mark.parametrize(
    ("how", "key", "expected"),
    [
        ("metres", "region", "it has no coordinate reference system: write crs in its input"),
        ("metres", "zones", "which a zone needs; write crs where the data are opened"),
        ("metres", "grid", "which the study's grid needs; write crs where the data are opened"),
        ("degrees", "zones", "as in crs: EPSG:4326 "),
    ],
)
def test_a_grid_without_reference_system_is_told_where_one_is_needed(spoilt, how, key, expected):
    ds = grid()
    ds = planar(ds) if how == "metres" else ds.rename(latitude="y", longitude="x")
    ds.to_netcdf("grid.nc")
    own = "grid: {crs: EPSG:4326, resolution: 0.1}"
    texts = {"region": study_of("t2m", place=""), "zones": study_of("t2m")}
    line = spoilt.refused(texts.get(key, study_of("t2m", place=own)))
    assert "weather (" in line
    assert "grid.nc)" in line
    assert expected in line


def test_a_reference_system_that_cannot_be_is_told(spoilt):
    planar(grid()).to_netcdf("grid.nc")
    wrong = study_of("t2m").replace("grid.nc,", "grid.nc, crs: EPSG:4326,")
    assert "beyond 90 degrees; if it is in metres, write the crs" in spoilt.refused(wrong)
    grid().to_netcdf("grid.nc")
    wrong = study_of("t2m").replace("grid.nc,", "grid.nc, crs: EPSG:32648,")
    assert "degrees, and not the metres of its crs; leave crs out" in spoilt.refused(wrong)


def test_a_file_that_states_no_reference_system_has_that_of_its_product(spoilt):
    spoil(terraclimate(), lambda ds: ds.drop_vars("crs"))
    require_true(spoilt.cube(study_of("vpd")), "vpd", atol=6e-3)
