"""A folder is looked through: products, gaps and zones are found, and nothing else is taken."""

import os
import shutil
import sys

import geopandas
import pytest
import xarray as xr
from shapely.geometry import Point

from soilscope.errors import StudyError
from soilscope.study.file_series import (
    Series,
    find_series,
    missing_between,
    natural,
    patterns_of,
    walk,
)
from soilscope.study.survey import survey
from soilscope.twin.layouts.era5_land import write_era5_land
from soilscope.twin.layouts.modis import write_modis
from soilscope.twin.layouts.smci import write_smci_tiles
from soilscope.twin.layouts.terraclimate import write_terraclimate
from study.folders import twin, write_districts, write_smci_years


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")


def known(folder, product):
    (found,) = [k for k in survey(folder).known if k.product == product]
    return found


def test_names_that_differ_in_numbers_are_one_series_in_the_order_of_their_numbers(tmp_path):
    names = ["a/9/x_9.nc", "a/10/x_10.nc", "a/y.nc", "b/9/x_9.nc"]
    series = find_series(tmp_path, names)
    assert {one.files for one in series} == {
        ("a/9/x_9.nc", "a/10/x_10.nc"),
        ("a/y.nc",),
        ("b/9/x_9.nc",),
    }


@pytest.mark.parametrize(
    ("files", "others", "expected"),
    [
        (["x_1999.nc", "x_2000.nc"], ["x_all.txt"], ("x_*.nc",)),
        (["x_1999.nc", "x_2000.nc"], ["x_all.nc"], ("x_[0-9][0-9][0-9][0-9].nc",)),
        (["x_9.nc", "x_10.nc"], ["x_all.nc"], ("x_9.nc", "x_10.nc")),
        (["v2/x_1.nc", "v2/x_2.nc"], ["v2/old/x_1.nc"], ("v2/x_*.nc",)),
        (["[a]/x_1.nc", "[a]/x_2.nc"], [], ("[[]a]/x_*.nc",)),
        (["[a] 1.nc"], [], ("[a] 1.nc",)),
        (["x_9.nc", "x_10.nc", "x_12.nc"], ["x_11.nc"], ("x_9.nc", "x_1[02].nc")),
        (
            [f"x_{year}.nc" for year in (1999, *range(2000, 2012), *range(2013, 2020))],
            ["x_2012.nc"],
            ("x_1999.nc", "x_200*.nc", "x_201[013456789].nc"),
        ),
        (
            [
                f"x_{y}_{z}0cm.nc"
                for y in range(2000, 2010)
                for z in (1, 2, 3)
                if (y, z) != (2005, 2)
            ],
            ["x_2005_20cm.nc"],
            ("x_200[012346789]_*cm.nc", "x_2005_[13]0cm.nc"),
        ),
    ],
)
def test_a_pattern_fits_the_files_of_its_series_and_no_others(tmp_path, files, others, expected):
    series = Series(tmp_path, tuple(files))
    assert patterns_of(series, [*files, *others]) == expected
    touch(tmp_path, *files, *others)
    matched = [p for text in expected for p in tmp_path.glob(text) if len(expected) == 1]
    if matched:
        assert {p.relative_to(tmp_path).as_posix() for p in matched} == set(files)


@pytest.mark.parametrize(
    ("files", "months"),
    [
        (["era5_2001.nc", "era5_2002.nc"], ((2001, None), (2002, None))),
        (["x_2001_01.tif", "x_2001_02.tif"], ((2001, 1), (2001, 2))),
        (["A2001001.h1.tif", "A2001032.h1.tif"], ((2001, 1), (2001, 2))),
        (["doy2000366_1.tif", "doy2001365_1.tif"], ((2000, 12), (2001, 12))),
        (["200101.nc", "20010201.nc"], ((2001, 1), (2001, 2))),
        (["SMCI_9km_2000_10cm.nc", "SMCI_9km_2001_10cm.nc"], ((2000, None), (2001, None))),
        (["tile_1.nc", "tile_2.nc"], ()),
    ],
)
def test_names_tell_years_and_months(tmp_path, files, months):
    assert Series(tmp_path, tuple(files)).months == months


def test_a_missing_month_of_names_is_listed():
    assert missing_between([(2000, 11), (2001, 2)]) == ["2000-12", "2001-01"]
    assert missing_between([]) == []


def test_numbers_in_names_are_sorted_by_their_value():
    assert sorted(["a10", "a9", "a"], key=natural) == ["a", "a9", "a10"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_that_lead_back_or_nowhere_end_the_search(tmp_path):
    touch(tmp_path, "a/1.nc")
    (tmp_path / "a" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "a" / "self").symlink_to(tmp_path / "a" / "self")
    assert set(walk(tmp_path).files) == {"a/1.nc", "a/self"}


def test_hidden_files_and_results_of_studies_are_left_out(tmp_path):
    touch(tmp_path, ".git/1.nc", "._2.nc", "out/manifest.json", "out/results/cube/3.nc", "4.nc")
    assert walk(tmp_path).files == ("4.nc",)


def test_the_search_ends_at_its_limit_and_says_so(tmp_path):
    touch(tmp_path, *(f"{i}.nc" for i in range(9)))
    entries = walk(tmp_path, limit=5)
    assert (len(entries.files), entries.whole) == (5, False)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read all")
def test_a_folder_that_may_not_be_read_is_named(tmp_path):
    (tmp_path / "closed").mkdir(mode=0)
    assert walk(tmp_path).closed == ("closed",)


def test_smci_is_known_by_its_names_with_layers_and_gaps(tmp_path):
    write_smci_years(tmp_path / "SMCI", layers=(0, 2))
    (tmp_path / "SMCI" / "10cm" / "SMCI_9km_2001_10cm.nc").unlink()
    (tmp_path / "SMCI" / "30cm" / "SMCI_9km_2001_30cm.nc").unlink()
    found = known(tmp_path, "smci")
    assert found.extent.layers == ((0.0, 0.1), (0.2, 0.3))
    assert (found.extent.step, found.extent.first, found.extent.last) == (
        "day",
        "2000-01",
        "2002-12",
    )
    assert found.extent.bounds == pytest.approx((104.26, 36.65, 107.01, 39.4))
    layer, year = found.gaps
    assert layer.startswith("SMCI lacks the layer 10-20 cm")
    assert year.startswith("SMCI lacks 2001 between 2000 and 2002")


def test_folders_of_tiles_are_one_product(tmp_path):
    write_smci_tiles(twin()[["soil_moisture"]].isel(depth=[0], time=slice(0, 24)), tmp_path)
    found = survey(tmp_path)
    (smci,) = found.known
    assert (smci.family, len(smci.series.files), len(smci.series.content)) == ("1km", 2, 8)
    assert found.patterns(smci.series) == ("SMCI_1km_*_10cm",)
    assert smci.extent.bounds == pytest.approx((104.26, 36.65, 107.01, 39.4))


def test_a_missing_year_is_told_for_any_product(tmp_path):
    write_era5_land(twin(), tmp_path)
    (tmp_path / "era5_land_2001.nc").unlink()
    assert known(tmp_path, "era5_land").gaps == ("1 year(s) missing: 2001",)


def test_months_that_a_single_file_lacks_are_told(tmp_path):
    ds = twin()[["temperature"]]
    write_era5_land(ds.isel(time=[*range(6), *range(8, 36)]), tmp_path, by="all")
    assert known(tmp_path, "era5_land").gaps == ("2 month(s) missing: 2000-07, 2000-08",)


def test_a_reanalysis_under_a_name_of_the_download_is_known_by_its_content(tmp_path):
    coarse = twin().isel(depth=[0])
    write_era5_land(coarse, tmp_path, by="all")
    (tmp_path / "era5_land_all.nc").rename(tmp_path / "data_stream-moda.nc")
    found = known(tmp_path, "era5")  # its cells are 0.25 degrees wide
    assert set(found.variables) == {"soil_moisture", "precipitation", "temperature"}


def test_terraclimate_is_known_by_its_content_but_its_scenarios_are_not(tmp_path):
    write_terraclimate(twin()[["vpd"]], tmp_path)
    (tmp_path / "TerraClimate_vpd_2000.nc").rename(tmp_path / "my_vpd.nc")
    (tmp_path / "TerraClimate_vpd_2001.nc").rename(tmp_path / "TerraClimate_2c_vpd_2001.nc")
    found = survey(tmp_path)
    assert {k.series.files[0] for k in found.known} == {"my_vpd.nc", "TerraClimate_vpd_2002.nc"}
    assert [p.series.files[0] for p in found.plain] == ["TerraClimate_2c_vpd_2001.nc"]


def test_images_of_modis_are_told_apart_by_what_they_hold(tmp_path):
    write_modis(twin(), tmp_path, product="MOD13A3")
    held = {k.variables: k for k in survey(tmp_path).known}
    assert set(held) == {("ndvi",), ("reliability",)}
    assert held["ndvi",].extent.step == "month"
    assert len(held["ndvi",].series.files) == 36


def test_images_of_several_bands_without_a_name_are_known_by_their_bands(tmp_path):
    write_modis(twin(), tmp_path, layout="earth_engine")
    assert known(tmp_path, "modis").extent.step == "other"


def test_a_file_that_only_bears_the_name_of_a_product_is_told(tmp_path):
    twin()[["ndvi"]].rename(ndvi="green").to_netcdf(tmp_path / "era5_land_2000.nc")
    (found,) = survey(tmp_path).plain
    assert found.fault.startswith("not era5_land: era5_land_2000.nc holds none of the variables")
    assert (found.kind, [name for name, _ in found.variables]) == ("raster", ["green"])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"PK\x03\x04", "zip archive"),
        (b"", "empty"),
        (b"GRIB....", "GRIB"),
        (b"<html>", "web page"),
    ],
)
def test_a_file_that_is_no_data_is_told_with_what_it_is(tmp_path, content, told):
    (tmp_path / "era5_land.nc").write_bytes(content)
    (found,) = survey(tmp_path).plain
    assert told in found.fault
    assert str(tmp_path) not in found.fault


def test_zones_are_polygons_with_names_in_any_encoding(tmp_path):
    write_districts(tmp_path / "分区.shp")
    (zones,) = survey(tmp_path).zones
    assert (zones.column, zones.names) == ("NAME", ("银川", "卫宁"))
    assert (zones.encoding, zones.fault) == ("gb18030", "")
    assert zones.bounds == pytest.approx((104.0, 36.4, 107.2, 39.6))
    assert survey(tmp_path).others == ()  # .dbf, .prj, .shx belong to it


def test_what_cannot_be_zones_is_told_why(tmp_path):
    write_districts(tmp_path / "a.shp")
    (tmp_path / "a.prj").unlink()
    write_districts(tmp_path / "b.shp", {"x": (0, 0, 2, 2), "y": (1, 0, 3, 2)})
    points = geopandas.GeoDataFrame({"NAME": ["p"]}, geometry=[Point(1, 1)], crs="EPSG:4326")
    points.to_file(tmp_path / "c.geojson")
    faults = {zones.file: zones.fault for zones in survey(tmp_path).zones}
    assert set(faults) == {"a.shp", "b.shp"}
    assert "a.prj" in faults["a.shp"]
    assert faults["b.shp"] == "its polygons overlap"


def test_every_layer_of_polygons_of_a_geopackage_is_a_candidate(tmp_path):
    write_districts(tmp_path / "a.shp")
    frame = geopandas.read_file(tmp_path / "a.shp", encoding="GBK")
    for layer in ("counties", "cities"):
        frame.to_file(tmp_path / "b.gpkg", layer=layer)
    found = survey(tmp_path).zones
    assert {(zones.file, zones.layer) for zones in found} == {
        ("a.shp", None),
        ("b.gpkg", "counties"),
        ("b.gpkg", "cities"),
    }


def test_a_folder_that_does_not_exist_is_told_with_where_its_path_ends(tmp_path):
    with pytest.raises(StudyError, match=r"there is no folder .*; its path ends at "):
        survey(tmp_path / "no" / "where")
    touch(tmp_path, "file.nc")
    with pytest.raises(StudyError, match="is a file; give the folder"):
        survey(tmp_path / "file.nc")


def test_an_empty_folder_holds_nothing(tmp_path):
    found = survey(tmp_path)
    assert (found.known, found.plain, found.zones, found.others) == ((), (), (), ())


def test_a_copy_in_another_folder_is_a_series_of_its_own(tmp_path):
    write_smci_years(tmp_path / "SMCI", layers=(0,))
    shutil.copytree(tmp_path / "SMCI", tmp_path / "old copy" / "SMCI")
    assert len(survey(tmp_path).known) == 2


def test_a_zarr_store_is_one_file(tmp_path):
    xr.Dataset({"v": (("lat", "lon"), [[1.0]])}).to_zarr(tmp_path / "a.zarr", consolidated=False)
    assert walk(tmp_path).files == ("a.zarr",)
    (found,) = survey(tmp_path).plain
    assert found.variables == (("v", ""),)
