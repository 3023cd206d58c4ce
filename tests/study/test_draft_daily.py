"""A folder of day and night temperatures, NDVI, land cover and coarse soil moisture: a study."""

import re
import shutil

import numpy as np
import pytest

from soilscope.cli.main import main
from soilscope.errors import StudyError
from soilscope.study.choice_daily import choose_daily
from soilscope.study.config import load_study
from soilscope.study.draft import draft
from soilscope.study.plan import plan
from soilscope.study.store import Store
from soilscope.study.survey import survey
from soilscope.twin.layouts.esa_cci import write_esa_cci
from soilscope.twin.layouts.smops import write_smops
from study.fine_files import DAYS, field, located, write_cover, write_daily
from study.folders import write_smci_years


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("daily") / "data"
    write_daily(folder)
    return folder


@pytest.fixture
def data(files, tmp_path):
    shutil.copytree(files, tmp_path / "data")
    return tmp_path / "data"


def drafted(data):
    return draft(survey(data), output=data.parent / "study.yaml")


def test_init_writes_a_study_that_check_accepts(data, monkeypatch, capsys):
    monkeypatch.chdir(data.parent)
    assert main(["init", "--data", "data"]) == 0
    assert main(["check", "study.yaml"]) == 0
    said = capsys.readouterr()
    assert "relation: fit_downscaling -> 17 stratum" in said.out
    assert "daily: downscale -> 40 time x 25 latitude x 25 longitude" in said.out
    assert said.err == ""
    text = (data.parent / "study.yaml").read_text()
    assert "overpass: [13.5, 1.5]" in text  # Aqua
    assert len(load_study("study.yaml").inputs["modis_lst"].paths) == 160  # and their quality
    comments = [line for line in text.splitlines() if line.lstrip().startswith("#")]
    assert len(comments) > 25


@pytest.mark.jit
def test_run_brings_moisture_onto_fine_cells(data, monkeypatch):
    monkeypatch.chdir(data.parent)
    (data.parent / "study.yaml").write_text(drafted(data))
    assert main(["run", "study.yaml", "-r", "out", "--no-report", "--quiet"]) == 0
    relation = Store("out").open("relation").load()
    assert float(relation.coefficient.sel(stratum="all")) < -0.015
    daily = Store("out").open("daily").load()
    assert daily.soil_moisture.shape == (40, 25, 25)
    assert float(daily.conservation_error.max()) < 1e-6
    assert float(np.isfinite(daily.soil_moisture).mean()) > 0.8


def test_without_a_satellite_product_the_reanalysis_itself_is_brought_onto_fine_cells(data):
    shutil.rmtree(data / "CCI")
    text = drafted(data)
    assert "coarse_product: top_layer" in text
    (data.parent / "study.yaml").write_text(text)
    assert plan(load_study(data.parent / "study.yaml")).faults == []


def test_a_second_satellite_product_on_the_same_cells_fills_the_first(data):
    shutil.rmtree(data / "CCI")
    two = located(soil_moisture=field(DAYS[:2], 0.1, 0.4, step=0.25))
    write_esa_cci(two, data / "CCI", whole_globe=True)
    write_smops(two, data / "SMOPS")
    text = drafted(data)
    assert "primary: esa_cci.soil_moisture, secondary: smops.soil_moisture" in text
    assert "coarse_product: satellites.soil_moisture" in text
    (data.parent / "study.yaml").write_text(text)
    assert plan(load_study(data.parent / "study.yaml")).faults == []


def test_extracts_on_other_cells_are_not_blended(data):
    write_smops(located(soil_moisture=field(DAYS[:2], 0.1, 0.4, step=0.25)), data / "SMOPS")
    text = drafted(data)
    assert "blend_moisture" not in text
    assert "coarse_product: esa_cci.soil_moisture" in text


@pytest.mark.parametrize(
    ("folder", "lacking"),
    [
        ("NDVI", "NDVI (modis)"),
        ("COVER", "land cover (modis_land_cover)"),
        ("LST", "daily surface temperature by day and night (trims_lst, modis_lst)"),
        ("ERA5-Land", "soil moisture and surface temperature every 3 hours or less"),
    ],
)
def test_what_is_lacking_is_told(data, folder, lacking):
    shutil.rmtree(data / folder)
    with pytest.raises(StudyError, match=re.escape(f"on fine cells lacks {lacking}")):
        drafted(data)


def test_a_map_of_another_year_leaves_no_days(data):
    shutil.rmtree(data / "COVER")
    write_cover(data, year=2017)
    daily, lacking = choose_daily(survey(data))
    assert daily is None
    assert lacking.startswith("30 days that all of modis_lst, modis, modis_land_cover, era5_land")


def test_beside_a_long_record_the_study_stands_in_comments_that_read_back(data):
    write_smci_years(data / "SMCI", layers=(0,))
    text = drafted(data)
    (data.parent / "study.yaml").write_text(text)
    first = load_study(data.parent / "study.yaml")
    assert {a.step for a in first.analyses.values()}.isdisjoint({"fit_downscaling", "downscale"})
    begin = text.index("# # Drafted by soilscope init: daily soil moisture on fine cells")
    second = re.sub("(?m)^# ?", "", text[begin:])
    (data.parent / "daily.yaml").write_text(second)
    planned = plan(load_study(data.parent / "daily.yaml"))
    assert planned.faults == []
    assert [r.analysis.name for r in planned.rehearsals][-2:] == ["daily", "monthly"]
