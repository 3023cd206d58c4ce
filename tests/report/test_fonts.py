"""Names in any letters are printed, or numbered with a key; never drawn as empty boxes."""

import logging
import warnings
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager

from soilscope.report.fonts import (
    BASE,
    CJK,
    Fonts,
    drawing,
    fonts_for,
    installed,
    printable,
    unprintable,
)
from soilscope.report.page import write_report
from soilscope.report.reading import Study
from soilscope.study.store import Store

FAMILY = "Noto Sans SC"
LETTERS = "银川平原"


@pytest.fixture
def no_cjk(monkeypatch):
    """A machine without any CJK font."""
    rest = [entry for entry in fontManager.ttflist if entry.name not in CJK]
    monkeypatch.setattr(fontManager, "ttflist", rest)
    fontManager._findfont_cached.cache_clear()
    yield
    fontManager._findfont_cached.cache_clear()


@pytest.fixture
def one_cjk(no_cjk, tmp_path):
    """A machine with one CJK font, which holds LETTERS as squares."""
    path = tmp_path / "made.ttf"
    names = [".notdef", *(f"uni{ord(letter):04X}" for letter in LETTERS)]
    pen = TTGlyphPen(None)
    for step, point in enumerate([(50, 0), (50, 800), (900, 800), (900, 0)]):
        (pen.lineTo if step else pen.moveTo)(point)
    pen.closePath()
    square = pen.glyph()
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder(names)
    font.setupCharacterMap({ord(letter): f"uni{ord(letter):04X}" for letter in LETTERS})
    font.setupGlyf(dict.fromkeys(names, square))
    font.setupHorizontalMetrics(dict.fromkeys(names, (1000, 50)))
    font.setupHorizontalHeader(ascent=850, descent=-150)
    font.setupNameTable({"familyName": FAMILY, "styleName": "Regular"})
    font.setupOS2()
    font.setupPost()
    font.save(path)
    fontManager.addfont(path)


def drawn_silently(families, text, caplog):
    """Draw `text` and fail on any warning or record of a missing glyph or family."""
    with drawing(Fonts(tuple(families))), warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = Figure()
        figure.text(0.1, 0.5, text)
        figure.text(0.1, 0.2, text, fontweight="bold")
        with caplog.at_level(logging.WARNING):
            FigureCanvasAgg(figure).draw()
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_chinese_beside_a_unit_is_drawn_where_a_font_has_it(one_cjk, caplog):
    fonts = fonts_for({"zone": ["银川"]})
    assert fonts == Fonts((BASE, FAMILY))
    drawn_silently(fonts.families, "银川 0.012 m³ m⁻³ year⁻¹", caplog)


def test_the_check_sees_a_missing_glyph(no_cjk, caplog):
    with pytest.raises(UserWarning, match="missing from font"):
        drawn_silently((BASE,), "银川", caplog)


def test_latin_greek_and_cyrillic_names_need_no_other_font():
    assert fonts_for({"zone": ["Yínchuān", "Άργος", "Омск"]}) == Fonts()


def test_without_a_font_places_are_numbered_in_their_order(no_cjk, caplog):
    fonts = fonts_for({"zone": ["银川", "Weining", "银川"], "site": ["A1"]})
    assert fonts.shown_as == {"银川": "zone 1", "Weining": "zone 2"}
    assert "'银川'" in fonts.warning
    drawn_silently(fonts.families, printable("银川 zone 1", fonts.families), caplog)


def test_a_font_that_lacks_a_letter_is_not_taken(one_cjk):
    assert installed(CJK) == [FAMILY]
    assert unprintable("银川海", (BASE, FAMILY)) == {"海"}
    assert fonts_for({"zone": ["银川海"]}).shown_as == {"银川海": "zone 1"}


@pytest.fixture
def chinese_study(tmp_path, site_study) -> Path:
    """Annual series of two zones with Chinese names."""
    from shutil import copytree

    root = copytree(site_study, tmp_path / "数据", ignore=lambda *_: ["report"])
    store = Store(root)
    names = {"camels_1000": "银川平原", "camels_1001": "平川"}
    for name in store.names():
        ds = store.open(name).load()
        if "site" not in ds.dims:
            continue
        sites = np.array([names.get(s, s) for s in ds["site"].values], dtype=object)
        work = store.work_folder(name, "a" * 16)
        work.mkdir(parents=True)
        ds = ds.drop_encoding().assign_coords(site=sites)
        ds.to_zarr(work / "data.zarr", consolidated=False)
        store.publish(store.record(name), work)
    return root


def test_a_page_with_unprintable_names_has_one_warning_and_a_key(no_cjk, chinese_study, caplog):
    with caplog.at_level(logging.WARNING):
        text = write_report(chinese_study).read_text(encoding="utf-8")
    assert caplog.records == []
    assert text.count("No installed font prints") == 1
    assert "<dt>site 1</dt><dd>银川平原</dd>" in text
    table = (chinese_study / "report" / "tables" / "trend-trend.csv").read_text("utf-8-sig")
    assert "银川平原" in table
    assert "site 1" not in table


def test_a_page_with_a_font_keeps_the_names(one_cjk, chinese_study, caplog):
    study = Study(chinese_study).pictured
    assert study.fonts.families == (BASE, FAMILY)
    assert "银川平原" in list(study.data("trend")["site"].values)
    with caplog.at_level(logging.WARNING):
        text = write_report(chinese_study).read_text(encoding="utf-8")
    assert caplog.records == []
    assert "No installed font" not in text


def test_zones_are_numbered_in_their_flags_too(no_cjk, grid_study):
    zone = Study(grid_study).cube["zone"]
    fonts = Fonts(shown_as={"Yinchuan Plain": "zone 1", "Weining Plain": "zone 2"})
    shown = Study(grid_study, fonts)
    assert shown.cube["zone"].attrs["flag_meanings"] == "zone_1 zone_2"
    assert list(shown.data("regional")["region"].values) == ["zone 1", "zone 2"]
    xr.testing.assert_equal(shown.cube["zone"], zone)
