"""Findings lead to their figures, and the methods paragraph says what was done."""

import re

import pytest

from soilscope.report.findings import MOST, findings, layer_notes
from soilscope.report.lags import lag_family, stands_for_family
from soilscope.report.page import write_report
from soilscope.report.prose import methods_paragraph
from soilscope.report.reading import Study
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
