"""The report in a browser: on a phone, a tablet, a desk and on paper; for eyes, keys and ears."""

import re
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest

from soilscope.report.page import write_report

A4 = (595.28, 841.89)  # points


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, examples: ModuleType) -> Path:
    """A report with every section that sites and a grid give."""
    return write_report(examples.write_site_study(tmp_path_factory.mktemp("sites")))


@pytest.mark.parametrize("width", [390, 768, 1400])
def test_nothing_scrolls_sideways(ask, page, width):
    found = ask(
        page,
        """const wide = [...document.querySelectorAll("body *")].filter(e =>
             !e.closest(".scroll, pre, .heard, .skip") &&
             e.getBoundingClientRect().right > innerWidth + 1);
           return {inner: innerWidth, scroll: document.documentElement.scrollWidth,
                   wide: wide.slice(0, 5).map(e => e.outerHTML.slice(0, 120))};""",
        width=width,
    )
    assert found["inner"] == width
    assert found["wide"] == []
    assert found["scroll"] <= width


def test_every_image_loads_and_has_words(ask, page):
    found = ask(
        page,
        """return [...document.images].map(i => ({width: i.naturalWidth, alt: i.alt.length,
             key: i.closest("figure").id}));""",
    )
    assert len(found) > 5
    assert [i["key"] for i in found if i["width"] == 0 or not 20 < i["alt"] < 3000] == []


def test_every_anchor_resolves_and_ids_are_unique(ask, page):
    found = ask(
        page,
        """const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
           return {lost: [...document.querySelectorAll("a[href^='#'], [aria-labelledby]")]
                     .map(e => e.getAttribute("aria-labelledby") || e.getAttribute("href").slice(1))
                     .filter(id => !document.getElementById(id)),
                   twice: ids.filter((id, k) => ids.indexOf(id) !== k),
                   layer: !!document.getElementById("trend-0-7cm")};""",
    )
    assert found == {"lost": [], "twice": [], "layer": True}


def test_headings_descend_one_level_at_a_time(ask, page):
    levels = ask(
        page, 'return [...document.querySelectorAll("h1,h2,h3,h4,h5,h6")].map(h => +h.tagName[1]);'
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_page_has_landmarks_a_skip_link_and_headed_tables(ask, page):
    found = ask(
        page,
        """const one = s => document.querySelectorAll(s).length;
           const first = document.querySelector("a");
           first.focus();
           const box = first.getBoundingClientRect();
           return {landmarks: ["header", "nav[aria-label]", "main", "footer"].map(one),
                   skip: first.getAttribute("href"),
                   seen: box.left >= 0 && box.top >= 0 && box.width > 20,
                   lang: document.documentElement.lang,
                   bare: [...document.querySelectorAll("th")].filter(h => !h.scope).length,
                   headless: [...document.querySelectorAll("table")]
                     .filter(t => !t.querySelector("thead th[scope=col]")).length,
                   boxes: [...document.querySelectorAll(".scroll")].filter(b =>
                     b.tabIndex !== 0 || !b.getAttribute("aria-label")).length};""",
    )
    assert found["landmarks"] == [1, 1, 1, 1]
    assert found["skip"] == "#main"
    assert found["seen"]
    assert found["lang"] == "en"
    assert (found["bare"], found["headless"], found["boxes"]) == (0, 0, 0)


def test_what_has_the_focus_is_outlined(ask, page):
    style = page.read_text(encoding="utf-8").split("</style>")[0]
    assert re.search(r"a:focus-visible[^{]*\{[^}]*outline: 3px solid", style)
    none = ask(
        page,
        """return [...document.querySelectorAll("a, [tabindex='0']")].filter(e => {
             const s = getComputedStyle(e); return s.outlineStyle === "none" && e.matches(":focus");
           }).length;""",
    )
    assert none == 0


def test_text_stands_out_from_its_background(ask, page):
    found = ask(
        page,
        """const parts = c => (c.match(/[\\\\d.]+/g) || []).map(Number);
           const light = c => { const [r, g, b] = c.slice(0, 3).map(v => v / 255).map(v =>
             v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
             return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
           const behind = e => { for (; e; e = e.parentElement) {
             const c = parts(getComputedStyle(e).backgroundColor);
             if (c.length === 3 || c[3] > 0) return c; } return [255, 255, 255]; };
           const low = [];
           for (const e of document.querySelectorAll("body *")) {
             if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
             if (e.closest("script, style")) continue;
             const s = getComputedStyle(e), size = parseFloat(s.fontSize);
             const [a, b] = [light(parts(s.color)), light(behind(e))].sort((x, y) => y - x);
             const ratio = (a + 0.05) / (b + 0.05);
             const large = size >= 24 || (size >= 18.66 && +s.fontWeight >= 700);
             if (ratio < (large ? 3 : 4.5)) low.push([ratio, e.outerHTML.slice(0, 100)]);
           }
           return low.slice(0, 5);""".replace("\\\\", "\\"),
    )
    assert found == []


def test_the_page_prints_on_a4_and_no_figure_is_taller_than_a_page(browse, ask, page, tmp_path):
    pdf = tmp_path / "page.pdf"
    browse(page, "--no-pdf-header-footer", f"--print-to-pdf={pdf}")
    boxes = re.findall(rb"/MediaBox\s*\[\s*([\d.\s]+)\]", pdf.read_bytes())
    assert boxes
    for box in boxes:
        _, _, width, height = map(float, box.split())
        assert (width, height) == pytest.approx(A4, abs=1.5)
    rules = ask(
        page,
        """const rules = [...document.styleSheets[0].cssRules].filter(r =>
             r.media && r.media.mediaText === "print")[0].cssRules;
           return [...rules].filter(r => r.selectorText === "figure")
             .map(r => r.style.breakInside);""",
    )
    assert rules == ["avoid"]


def test_a_request_to_the_outside_would_be_seen(ask, page, tmp_path):
    text = page.read_text(encoding="utf-8")
    asking = tmp_path / "asking.html"
    asking.write_text(
        text.replace("</main>", '<img src="https://example.org/x.png" alt=""></main>')
    )
    with pytest.raises(AssertionError, match=r"example\.org"):
        ask(asking, "return 1;")
