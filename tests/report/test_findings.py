"""Findings lead to their figures, and the methods paragraph says what was done."""

import re

import numpy as np
import pytest
import xarray as xr

from report.conftest import Folder, layers, source
from soilscope.report.contents import all_warnings
from soilscope.report.driver_findings import largest_at_places
from soilscope.report.findings import MOST, findings, layer_notes
from soilscope.report.lags import lag_family, stands_for_family
from soilscope.report.map_findings import map_drivers, map_states, map_trends
from soilscope.report.page import write_report
from soilscope.report.prose import methods_paragraph
from soilscope.report.reading import Study
from soilscope.report.tables.agreements import agreements
from soilscope.report.tables.inputs import inputs_table
from soilscope.report.tables.lags import lag_table
from soilscope.report.words import MINUS


@pytest.fixture(scope="module")
def pages(grid_study, site_study):
    return {
        root: write_report(root).read_text(encoding="utf-8") for root in (grid_study, site_study)
    }


def test_findings_are_few_and_each_has_a_number_and_a_figure_on_the_page(pages):
    for root, text in pages.items():
        study = Study(root)
        keys = re.findall(r'<figure id="([^"]+)"', text)
        said = findings(study, dict.fromkeys(study.records, keys[0]))
        assert 2 <= len(said) <= MOST
        assert all(re.search(r"\d", finding.text) for finding in said)
        section = text.split('id="findings"')[1].split("</section>")[0]
        links = re.findall(r'href="#([^"]+)" aria-label="Figure', section)
        assert len(links) == len(said)
        assert set(links) <= set(keys)


def test_findings_stand_first_and_warnings_before_results(pages):
    for text in pages.values():
        places = [text.index(f'<section id="{name}"') for name in ("findings", "warnings", "area")]
        assert places == sorted(places)


def test_a_trend_in_the_findings_has_its_interval(pages, site_study):
    text = next(f.text for f in findings(Study(site_study), {"trend": "x"}))
    assert re.search(r"95 % interval .* to .*, p [=<]", text)


def test_a_grid_without_zones_has_findings_with_numbers_and_spreads(grid_study):
    study = Study(grid_study)
    trends = [text for _, text in map_trends(study)]
    share = r"in (\d+) % of the cells at \d+-\d+ cm, where it does so most: the median slope of"
    assert all(re.search(share, text) for text in trends)
    assert [text.split(" significantly")[0] for text in trends] == [
        "The index rises", "The index falls",
    ]  # fmt: skip
    drivers = map_drivers(study, "drivers")
    assert re.search(r"\(half of the cells between \S+ and \S+\); among drivers that soil", drivers)
    (_, state), *_ = map_states(study)
    assert state.startswith("Against all cells and layers together (pooled profile) the mean index")


def test_shares_and_medians_of_a_map_are_those_of_its_cells(tmp_path):
    slope = np.array([[[1.0, 2.0, 3.0, 4.0]], [[-1.0, 0.5, 1.0, np.nan]]])
    p = np.array([[[0.01, 0.01, 0.01, 0.5]], [[0.01, 0.5, 0.5, np.nan]]])
    coords = {"latitude": [39.0], "longitude": [105.0, 105.5, 106.0, 106.5]} | layers((0, 10, 20))
    dims = ("depth", "latitude", "longitude")
    folder = Folder(tmp_path)
    cube = xr.Dataset({"soil_moisture": (dims, slope)}, coords)
    folder.add("cube", "cube", cube, sources=(source(),))
    trend = xr.Dataset({"slope": (dims, slope, {"units": "year-1"}), "p_value": (dims, p)}, coords)
    folder.add("trend", "trend", trend, inputs={"da": "soil_moisture"})
    folder.add("fdr", "adjust_p_values", trend[["p_value"]], inputs={"p": "trend.p_value"})
    folder.finish(title="Small")
    said = [text for _, text in map_trends(Study(tmp_path))]
    assert said == [
        "Soil moisture rises significantly (after FDR) in 75 % of the cells at 0-10 cm, where it "
        "does so most: the median slope of these cells is 2.0 year⁻¹ (half of them between 1.5 "
        "and 2.5).",
        "Soil moisture falls significantly (after FDR) in 33 % of the cells at 10-20 cm, where it "
        f"does so most: the median slope of these cells is {MINUS}1.0 year⁻¹ (half of them between "
        f"{MINUS}1.0 and {MINUS}1.0).",
    ]


def test_the_finding_on_drivers_names_the_leader_that_is_not_circular(site_study):
    study = Study(site_study)
    text = largest_at_places(study, "drivers")
    leader = re.search(r"Of all drivers (\S+) is most strongly", text)[1]
    assert ("of the drivers it was not made from" in text) == (leader == "temperature")


def test_what_several_results_warn_of_is_told_once(tmp_path):
    folder = Folder(tmp_path)
    months = xr.Dataset(
        {"soil_moisture": ("time", np.ones(3))},
        {"time": np.arange("2000", "2003", dtype="datetime64[Y]").astype("datetime64[ns]")},
    )
    folder.add("cube", "cube", months, sources=(source(),))
    for name in ("one", "two"):
        folder.add(name, "composite", months, warnings=("The same.", f"Of {name}."))
    folder.finish(title="Warned")
    assert all_warnings(Study(tmp_path)) == [
        (["one", "two"], "The same."), (["one"], "Of one."), (["two"], "Of two."),
    ]  # fmt: skip


def test_agreement_has_a_table_whose_page_shows_the_main_measures(site_study):
    table = agreements(Study(site_study), "pooled")
    assert table is not None
    assert "r²" in table.columns
    assert "KGE" not in table.columns
    assert "kge" in table.data.columns
    assert "Not independent" in table.note
    assert len(table.data) == 4


def test_layers_have_stable_anchors(pages, site_study):
    notes = layer_notes(Study(site_study))
    assert [anchor for anchor, _, _ in notes["trend"]] == [
        "trend-0-7cm", "trend-7-28cm", "trend-28-100cm", "trend-100-289cm",
    ]  # fmt: skip
    for theme in notes.values():
        for anchor, _, _ in theme:
            assert f'id="{anchor}"' in pages[site_study]


def test_regressions_that_differ_in_one_lag_are_a_family(site_study, grid_study):
    family = lag_family(Study(site_study), "drivers_3")
    assert family is not None
    assert (family.driver, family.lags) == ("precipitation", (0, 1, 3))
    assert family.results == ("drivers", "drivers_1", "drivers_3")
    assert stands_for_family(Study(site_study), "drivers")
    assert not stands_for_family(Study(site_study), "drivers_1")
    assert lag_family(Study(grid_study), "drivers") is None


def test_a_lag_table_holds_every_lag_of_every_series(site_study):
    table = lag_table(Study(site_study), "drivers")
    assert table is not None
    assert len(table.data) == 6 * 4 * 3
    assert lag_table(Study(site_study), "drivers_1") is None


def test_the_first_table_tells_units_and_missing_values(site_study):
    table = inputs_table(Study(site_study), "cube")
    assert table is not None
    row = table.data.iloc[0]
    assert (row["units_before"], row["units_after"]) == ("%", "m³ m⁻³")
    assert row["missing"] == pytest.approx(0.02)
    assert row["made_from"] == "ERA5-Land"
    assert row["resolution"] == "6 sites, 4 layers, months"
    assert row["period"] == "1979-01 to 2022-12"  # of the files; the study's stands in the note
    assert "1981-01 to 2020-12" in table.note
    assert row["preprocessing"] == (
        "% to m³ m⁻³; daily values to calendar months (at least 80% of the days)"
    )


def test_the_methods_paragraph_says_options_and_each_sentence_once(site_study):
    text = methods_paragraph(Study(site_study))
    for piece in (
        "6 sites in 4 layers", "with pre-whitening", "Hamed-Rao", "Newey-West",
        "precipitation was lagged by 0, 1 and 3 months", f"fell to {MINUS}1.0 or below",
    ):  # fmt: skip
        assert piece in text, piece
    sentences = re.split(r"(?<=\.) (?=[A-Z])", text)
    assert len(sentences) == len(set(sentences))
