"""A drafted study says what its data allow, reads back, and names what it leaves out."""

import os
import re
import shutil
import sys
from pathlib import Path

import pytest
import xarray as xr

from soilscope.errors import StudyError
from soilscope.study.config import load_study
from soilscope.study.draft import draft
from soilscope.study.plan import plan
from soilscope.study.survey import survey
from soilscope.study.yaml_lines import read_yaml
from soilscope.study.yaml_text import quoted
from soilscope.twin.layouts.era5_land import write_era5_land
from soilscope.twin.layouts.modis import write_modis
from soilscope.twin.layouts.smci import write_smci_tiles
from soilscope.twin.layouts.terraclimate import write_terraclimate
from study.folders import twin, write_districts, write_smci_years


def drafted(folder, name="study.yaml"):
    """Text of the study of a folder, written beside it, and the study that it is read as."""
    path = folder.parent / name
    text = draft(survey(folder), output=path)
    path.write_text(text, encoding="utf-8")
    return text, load_study(path)


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "数据 贺兰山"
    folder.mkdir()
    return folder


def test_moisture_alone_gives_a_study_without_drivers_and_zones(data):
    write_smci_years(data, months=120, layers=(0,))
    text, study = drafted(data)
    assert list(study.inputs) == ["smci"]
    assert len(study.inputs["smci"].paths) == 10
    assert study.roots["data"] == data
    assert study.place.calendar.step == "month"
    assert (study.place.zones, study.place.region) == (None, None)
    assert "# region: [104.26, 36.65, 107.01, 39.4]" in text
    assert "# No drivers were found" in text
    assert {"index", "events", "index_trend", "index_trend_fdr"} < set(study.analyses)
    assert "depths" not in study.analyses  # one layer has no pattern


def test_a_short_record_gets_no_trends_and_says_why(data):
    write_smci_years(data)
    text, study = drafted(data)
    assert {a.step for a in study.analyses.values()}.isdisjoint({"trend", "depth_pattern"})
    assert study.analyses["parameters"].options["min_years"] == 3
    assert "# No trends: 3 complete year(s) are too few" in text


def test_years_without_files_do_not_count_as_complete(data):
    write_smci_years(data, months=132, layers=(0,))
    for year in (2003, 2004):
        (data / "10cm" / f"SMCI_9km_{year}_10cm.nc").unlink()
    text, _ = drafted(data)
    assert "# No trends: 9 complete year(s)" in text
    assert "# Note: SMCI lacks 2003, 2004 between 2000 and 2010" in text


def test_each_variable_comes_from_one_product_and_the_others_are_listed(data):
    write_smci_years(data / "SMCI")
    write_era5_land(twin(), data / "ERA5")
    write_terraclimate(twin(), data / "TC")
    write_modis(twin(), data / "MODIS", product="MOD13A3")
    text, study = drafted(data)
    taken = {name: spec.options["variables"] for name, spec in study.inputs.items()}
    assert taken == {
        "smci": ["soil_moisture"],
        "era5_land": ["precipitation", "temperature"],
        "terraclimate": ["vpd"],
        "modis": ["ndvi"],
    }
    assert len(study.inputs["modis"].paths) == 72  # NDVI and its reliability
    assert study.analyses["drivers"].inputs["drivers"] == [
        "precipitation",
        "temperature",
        "vpd",
        "ndvi",
    ]
    assert "terraclimate (precipitation) in TC/TerraClimate_ppt_*.nc: precipitation: taken" in text
    assert "  #   suffix: era5_land" in text  # its soil moisture, to compare with


def test_reliability_that_lacks_a_date_is_left_out_and_told(data):
    write_smci_years(data / "SMCI", layers=(0,))
    write_modis(twin(), data / "MODIS", product="MOD13A3")
    next((data / "MODIS").glob("*reliability*")).unlink()
    text, study = drafted(data)
    assert len(study.inputs["modis"].paths) == 36
    assert "no images of pixel reliability were found for all dates" in " ".join(
        text.split("\n  # ")
    )


def test_drivers_of_another_time_or_place_are_left_out_with_the_reason(data):
    write_smci_years(data / "SMCI", layers=(0,))
    write_era5_land(twin(start="2010-01"), data / "later")
    moved = twin().assign_coords(longitude=twin()["longitude"] - 50.0)
    write_terraclimate(moved[["vpd"]], data / "elsewhere")
    text, study = drafted(data)
    assert list(study.inputs) == ["smci"]
    reason = "has no month in common with the soil moisture (2000-01 to 2002-12)"
    assert f"in later/era5_land_*.nc: {reason}" in text
    assert "terraclimate (vpd) in elsewhere/TerraClimate_vpd_*.nc: lies elsewhere" in text


def test_the_deficit_of_days_is_derived_from_temperature_and_dew_point(data):
    write_smci_years(data / "SMCI", layers=(0,))
    days = twin()[["temperature"]].resample(time="1D").ffill()
    days["dewpoint"] = (days["temperature"] - 5.0).assign_attrs(units="degC")
    write_era5_land(days.transpose("time", "latitude", "longitude"), data / "ERA5", by="all")
    _, study = drafted(data)
    assert study.place.calendar.derive == ("vpd",)
    assert study.inputs["era5_land"].options["variables"] == ["temperature", "dewpoint"]
    assert study.analyses["drivers"].inputs["drivers"] == ["temperature", "vpd"]


def test_a_copy_of_the_moisture_is_not_read_twice(data):
    write_smci_years(data / "SMCI", layers=(0,))
    shutil.copytree(data / "SMCI", data / "copy")
    text, study = drafted(data)
    assert len(study.inputs["smci"].paths) == 3
    assert "smci (soil_moisture) in copy/10cm/" in text or "in SMCI/10cm/" in text


def test_variables_in_files_of_their_own_are_one_input(data):
    write_era5_land(twin(), data, by="variable")
    _, study = drafted(data)
    (spec,) = study.inputs.values()
    assert sorted(p.stem for p in spec.paths) == [
        f"era5_land_{name}" for name in ("swvl1", "swvl2", "swvl3", "swvl4", "t2m", "tp")
    ]
    assert study.place.calendar is None  # all is monthly


def test_zones_bound_the_region_and_other_candidates_are_listed(data):
    write_smci_years(data / "SMCI")
    write_districts(data / "分区.shp")
    (data / "sub").mkdir()
    write_districts(data / "sub" / "more.shp")
    write_districts(data / "far.shp", {"a": (0, 0, 1, 1), "b": (1, 0, 2, 1)})
    text, study = drafted(data)
    assert study.place.zones.file == data / "分区.shp"
    assert study.place.zones.name == "NAME"
    assert study.place.region.bounds == (104.26, 36.65, 107.01, 39.4)  # where there are data
    assert "# zones: {file: data:sub/more.shp, name: NAME}" in text
    assert re.search(r"# zones: \{file: data:far.shp.*\n#   lies elsewhere", text)


def test_a_single_polygon_is_the_region(data):
    write_smci_years(data / "SMCI")
    write_districts(data / "boundary.shp", {"oasis": (104.9, 37.0, 106.5, 39.0)})
    _, study = drafted(data)
    assert study.place.zones is None
    assert study.place.region.file == data / "boundary.shp"


def test_files_that_no_product_knows_are_declared_in_comments_that_read_back(data):
    write_smci_years(data / "SMCI")
    wind = twin()[["temperature"]].rename(temperature="wind")
    wind["wind"].attrs = {"units": "m s-1", "long_name": "wind"}
    wind.transpose("time", "latitude", "longitude").to_netcdf(data / "wind: of 3 [m].nc")
    text, _ = drafted(data)
    begin = text.index("  # own_1:")
    block = text[begin : text.index("\n\n", begin)]
    path = data.parent / "study.yaml"
    path.write_text(text.replace(block, re.sub("(?m)^  # ", "  ", block)), encoding="utf-8")
    spec = load_study(path).inputs["own_1"]
    assert spec.product == "raster"
    assert spec.paths == (data / "wind: of 3 [m].nc",)
    assert spec.options["variables"] == {"wind": {"name": "wind", "units": "m s-1"}}


def test_unknown_files_are_listed_shortly(data):
    write_smci_years(data / "SMCI")
    for letter in "abcdefghijklmnopqrst":
        (data / f"{letter}.txt").write_text("x")
    text, _ = drafted(data)
    assert "# Other files (20 .txt):" in text
    assert "#   l.txt\n#   and 8 more" in text
    assert "m.txt" not in text


def test_a_study_far_from_its_data_names_them_in_full(data):
    write_smci_years(data / "SMCI")
    far = data.parent / "a" / "b" / "c" / "d"
    far.mkdir(parents=True)
    text = draft(survey(data), output=far / "study.yaml")
    assert f'data: "{data.as_posix()}"' in text


@pytest.mark.parametrize(
    ("write", "told"),
    [
        (lambda _: None, "no soil moisture was found in"),
        (lambda folder: write_terraclimate(twin(), folder), "no soil moisture was found in"),
        (
            lambda folder: write_era5_land(twin().isel(time=slice(0, 5)), folder),
            r"is too short for a study \(2000-01 to 2000-05\): 36 months are needed",
        ),
        (
            lambda folder: xr.Dataset({"sm": (("lat", "lon"), [[0.2]])}).to_netcdf(folder / "a.nc"),
            "Declare your own files by hand",
        ),
    ],
)
def test_without_soil_moisture_there_is_no_study(data, write, told):
    write(data)
    with pytest.raises(StudyError, match=told):
        draft(survey(data), output=data.parent / "study.yaml")


def test_tiles_and_a_shorter_driver_give_a_study_that_is_accepted(data):
    write_smci_tiles(twin()[["soil_moisture"]].isel(depth=[0, 1]), data / "SMCI")
    write_terraclimate(twin()[["vpd"]].isel(time=slice(12, 36)), data / "TC")
    text, study = drafted(data)
    assert plan(study).faults == []
    assert "# Note: 2001-01 to 2002-12 is not all of the soil moisture's record" in text


def test_a_layer_that_is_missing_in_the_middle_is_noted(data):
    write_era5_land(twin(), data, by="variable")
    (data / "era5_land_swvl2.nc").unlink()
    text, _ = drafted(data)
    assert "# Note: no layer between 0.07 and 0.28 m" in text


@pytest.mark.skipif(sys.platform != "linux", reason="names of other encodings exist on Linux")
def test_names_of_files_in_another_encoding_do_no_harm(data):
    odd = Path(os.fsdecode(os.fsencode(data) + b"/\xb7\xd6"))
    odd.mkdir()
    write_smci_years(odd, layers=(0,))
    (odd / os.fsdecode(b"\xc7\xf8.txt")).write_text("x")
    _, study = drafted(data)
    assert len(study.inputs["smci"].paths) == 3


@pytest.mark.parametrize("text", ["data:a/b*.nc", "true", "a: b", "x:", "[1]", "银川", "a, b", "1"])
def test_a_quoted_text_reads_back_in_lists_and_mappings(tmp_path, text):
    path = tmp_path / "a.yaml"
    path.write_text(f"{{a: [{quoted(text)}], b: {quoted(text)}}}", encoding="utf-8")
    assert read_yaml(path).value == {"a": [text], "b": text}


@pytest.mark.filterwarnings("ignore:the cells of")  # those of the twin are wider than ERA5-Land's
def test_a_second_product_of_moisture_works_when_its_comment_is_taken_away(data):
    write_smci_years(data / "SMCI")
    write_era5_land(twin(), data / "ERA5")
    text, _ = drafted(data)
    begin = text.index("  # era5_land_moisture:")
    block = text[begin : text.index("\n\n", begin)]
    path = data.parent / "study.yaml"
    path.write_text(text.replace(block, re.sub("(?m)^  # ", "  ", block)), encoding="utf-8")
    planned = plan(load_study(path))
    assert planned.faults == []
    assert "soil_moisture_era5_land" in planned.cube
