"""The page is whole, alone, escaped and careful with words."""

import csv
from html.parser import HTMLParser

import pytest

from soilscope.errors import StudyError
from soilscope.report.page import write_report


class Page(HTMLParser):
    """What a test needs of a page: ids, links, images, headings, text."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.images, self.loaded, self.words = [], [], [], [], []
        self._skip = 0
        self.feed(text)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self._skip += tag in ("style", "script")
        if "id" in attrs:
            self.ids.append(attrs["id"])
        if tag == "a":
            self.links.append(attrs["href"])
        if tag == "img":
            self.images.append(attrs)
        if tag in ("script", "link", "iframe", "object", "video", "audio", "source"):
            self.loaded.append(attrs)

    def handle_endtag(self, tag):
        self._skip -= tag in ("style", "script")

    def handle_data(self, data):
        if not self._skip:
            self.words.append(data)


@pytest.fixture(scope="module")
def grid_report(grid_study):
    return write_report(grid_study)


@pytest.fixture(scope="module")
def site_report(site_study):
    return write_report(site_study, formats=("png", "pdf"))


@pytest.fixture(scope="module")
def pages(grid_report, site_report):
    return [Page(path.read_text(encoding="utf-8")) for path in (grid_report, site_report)]


def test_the_page_asks_for_nothing_outside_itself(pages, grid_report):
    assert [page.loaded for page in pages] == [
        [{"type": "application/json", "id": "explore-data"}, {}],
        [],
    ]
    for page in pages:
        assert all(image["src"].startswith("data:image/png;base64,") for image in page.images)
    style = grid_report.read_text(encoding="utf-8").split("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style


def test_every_link_leads_somewhere(pages, grid_report, site_report):
    for page, path in zip(pages, (grid_report, site_report), strict=True):
        for link in page.links:
            if link.startswith("#"):
                assert link[1:] in page.ids
            elif not link.startswith("https://doi.org/"):
                assert (path.parent / link).is_file(), link


def test_ids_are_unique(pages):
    for page in pages:
        assert len(page.ids) == len(set(page.ids))


def test_every_figure_has_an_alternative_text_and_its_size(pages):
    for page in pages:
        assert page.images
        for image in page.images:
            assert len(image["alt"]) > 20
            assert int(image["width"]) > 0 < int(image["height"])


def test_what_comes_from_a_study_is_escaped(grid_report):
    text = grid_report.read_text(encoding="utf-8")
    assert "Oasis <of> two" not in text
    assert "Oasis &lt;of&gt; two plains &amp; more" in text


def test_synthetic_data_are_announced_and_real_ones_are_not(pages):
    assert "SYNTHETIC DATA" in pages[0].text
    assert "SYNTHETIC" not in pages[1].text


def test_every_warning_stands_before_the_results(pages):
    text = pages[0].text
    first = text.index("Annual soil moisture index")
    for warning in ("12 cells have fewer than 10 years.", "A mean against 'pooled' is zero"):
        assert text.index(warning) < first


def test_a_failed_test_is_told_in_words(pages):
    assert "no test: the correction leaves no positive variance" in pages[1].text


def test_methods_stand_for_the_steps_that_ran_and_no_others(pages):
    assert "method-recovery" in pages[0].ids
    assert "method-recovery" not in pages[1].ids
    assert "method-drivers" in pages[1].ids


def test_provenance_tells_units_counts_options_and_fingerprints(pages):
    for piece in ("m³ m⁻³", "1,000", "correction: prewhiten", "f" * 16, "numpy 2", "title: Six"):
        assert piece in pages[1].text


def test_tables_are_csv_that_spreadsheets_read(site_report):
    path = site_report.parent / "tables" / "trend-trend.csv"
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 24
    assert {"site", "layer", "slope", "p_uncorrected", "p_corrected", "verdict"} <= set(rows[0])
    assert rows[3]["layer"] == "100-289 cm"
    assert rows[3]["slope"] == ""


def test_a_trend_that_another_correction_does_not_support_is_not_called_significant(site_report):
    path = site_report.parent / "tables" / "trend-trend.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["site"] == "camels_1003"]
    assert [row["p_corrected"] for row in rows[:2]] == ["0.01", "0.01"]
    assert rows[0]["verdict"] == "not robust: not significant in 'trend_again'"
    assert rows[1]["verdict"].startswith("significant")


def test_the_driest_years_are_the_lowest(site_report, site_study):
    from soilscope.report.reading import Study

    annual = Study(site_study).data("annual")["ssmi"].isel(site=0, depth=2)
    lowest = annual.sortby(annual)[:5]
    path = site_report.parent / "tables" / "driest-years-annual.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        row = list(csv.DictReader(file))[2]
    assert [int(float(row[f"year_{k}"])) for k in range(1, 6)] == list(lowest.time.dt.year.values)
    assert float(row["index_1"]) == pytest.approx(float(lowest[0]), rel=1e-5)


def test_pdf_is_written_on_request(site_report, grid_report):
    figures = site_report.parent / "figures"
    assert {p.stem for p in figures.glob("*.pdf")} == {p.stem for p in figures.glob("*.png")}
    assert not list((grid_report.parent / "figures").glob("*.pdf"))


def test_a_second_report_is_equal_and_leaves_nothing_behind(site_study, site_report):
    before = site_report.read_bytes()
    (site_report.parent / "figures" / "old.png").write_bytes(b"")
    write_report(site_study, formats=("png", "pdf"))
    assert site_report.read_bytes() == before
    assert not (site_report.parent / "figures" / "old.png").exists()
    assert not (site_study / ".report.part").exists()


def test_an_unknown_format_and_a_folder_without_results_are_refused(site_study, tmp_path):
    with pytest.raises(StudyError, match="format 'gif' is unknown"):
        write_report(site_study, formats=("gif",))
    with pytest.raises(StudyError, match="not a results folder"):
        write_report(tmp_path)
