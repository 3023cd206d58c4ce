"""What init writes is what check accepts: what is refused is left out, and told."""

from dataclasses import replace

import pytest

from soilscope.study.config import load_study
from soilscope.study.plan import plan
from soilscope.study.proof import prove
from soilscope.study.survey import survey
from soilscope.twin.layouts.era5_land import write_era5_land
from soilscope.twin.layouts.modis import write_modis
from soilscope.twin.layouts.smci import write_smci_tiles
from soilscope.twin.layouts.terraclimate import write_terraclimate
from study.folders import twin, write_districts, write_smci_years


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "数据 贺兰山"
    folder.mkdir()
    return folder


def proven(folder):
    """Prove the study of a folder, and see that check accepts its text."""
    output = folder.parent / "study.yaml"
    found = prove(survey(folder), output=output)
    assert not list(folder.parent.glob(".soilscope-*"))
    output.write_text(found.text, encoding="utf-8")
    study = load_study(output)
    assert (found.faults, plan(study).faults) == ((), [])
    return found, study


def truncate(path, length=3000):
    path.write_bytes(path.read_bytes()[:length])


@pytest.mark.filterwarnings("ignore:.*lacks:soilscope.errors.SoilscopeWarning")
@pytest.mark.parametrize("year", [2000, 2001, 2003])
def test_a_damaged_file_is_left_out_of_its_series_wherever_it_stands(data, year):
    write_smci_years(data / "SMCI", months=48, layers=(0,))
    write_terraclimate(twin(48)[["vpd"]], data / "TC")
    (damaged,) = data.glob(f"TC/*vpd_{year}.nc")
    truncate(damaged)
    found, study = proven(data)
    names = {path.name for path in study.inputs["terraclimate"].paths}
    assert len(names) == 3
    assert damaged.name not in names
    assert f"# Note: left out: TC/{damaged.name} cannot be read" in found.text


@pytest.mark.filterwarnings("ignore:.*lacks:soilscope.errors.SoilscopeWarning")
def test_a_folder_of_tiles_with_a_damaged_one_is_left_out(data):
    write_smci_tiles(twin()[["soil_moisture"]].isel(depth=[0, 1]), data)
    truncate(next((data / "SMCI_1km_2001_20cm").iterdir()))
    found, study = proven(data)
    assert "SMCI_1km_2001_20cm" not in {path.name for path in study.inputs["smci"].paths}
    (note,) = found.notes
    assert note.startswith("left out: SMCI_1km_2001_20cm/")


def test_damaged_images_of_modis_are_left_out(data):
    write_smci_years(data / "SMCI", layers=(0,))
    write_modis(twin(), data / "MODIS")
    damaged = [sorted((data / "MODIS").glob(f"*{kind}*"))[40] for kind in ("NDVI", "reliability")]
    for path in damaged:
        truncate(path, 200)
    found, study = proven(data)
    assert all(any(path.name in note for note in found.notes) for path in damaged)
    assert not {path.name for path in damaged} & {p.name for p in study.inputs["modis"].paths}


def test_a_series_that_is_refused_as_a_whole_is_left_out_with_the_reason(data):
    write_smci_years(data / "SMCI", layers=(0,))
    write_terraclimate(twin(), data / "TC")
    write_era5_land(twin()[["temperature", "precipitation"]], data / "ERA5")
    for path in (data / "ERA5").glob("*.nc"):
        (path.with_name(f"{path.stem}_x.nc")).write_bytes(path.read_bytes())
        truncate(path)
        truncate(path.with_name(f"{path.stem}_x.nc"))
    found, study = proven(data)
    assert list(study.inputs) == ["smci", "terraclimate"]
    assert "Not readable as data:" in found.text


def test_zones_that_are_refused_are_left_out(data):
    write_smci_years(data / "SMCI", layers=(0,))
    write_districts(data / "zones.shp")
    found = survey(data)
    wrong = replace(found.zones[0], column="NOWHERE")
    result = prove(replace(found, zones=(wrong,)), output=data.parent / "study.yaml")
    assert result.faults == ()
    assert "NOWHERE" in result.notes[0]
    assert "# zones: {file: data:zones.shp, name: NOWHERE}" in result.text
