"""The explorer in a browser: pointer, keys, a phone, paper, no script, and nothing asked for."""

import re
from pathlib import Path
from types import ModuleType

import pytest

from soilscope.report.page import write_report
from soilscope.report.words import MINUS

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
A_MAP = "#explore-map"
CHOSEN = "#explore-read strong"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, examples: ModuleType) -> Path:
    """A report of a grid with five layers and three drivers."""
    return write_report(examples.write_grid_study(tmp_path_factory.mktemp("grid")))


@pytest.fixture(scope="module")
def browser(chromium):
    """A browser that a script drives, without network."""
    driver = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with driver.sync_playwright() as started:
        found = started.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield found
        found.close()


@pytest.fixture
def opened(browser, page):
    """Open the page from its file; a fault or a request to anything else fails the test."""
    contexts, faults = [], []

    def asked(url):
        if not url.startswith("data:image/png") and url.split("#")[0] != page.as_uri():
            faults.append(f"asked for {url[:80]}")

    def visit(width=1200, height=900, **more):
        context = browser.new_context(viewport={"width": width, "height": height}, **more)
        contexts.append(context)
        context.set_offline(True)
        tab = context.new_page()
        tab.on("pageerror", lambda e: faults.append(f"error: {e}"))
        tab.on("console", lambda m: faults.append(f"{m.type}: {m.text}"))
        tab.on("request", lambda r: asked(r.url))
        tab.goto(page.as_uri())
        if more.get("java_script_enabled", True):
            tab.wait_for_selector("#explore-chart .dot", state="attached")
        return tab

    yield visit
    for context in contexts:
        context.close()
    assert faults == []


def at(tab, x, y):
    """Point (x, y) of the map, as shares of its width and height."""
    shown = tab.locator(A_MAP).bounding_box()
    return {"x": x * shown["width"], "y": y * shown["height"]}


def show(tab, k):
    """Choose the figure `k` of the list, and wait until its maps are unpacked."""
    tab.select_option("#explore-stack", str(k))
    tab.wait_for_function(
        """k => { const by = name => document.getElementById("explore-" + name);
             const { stacks } = JSON.parse(by("data").textContent);
             return by("figure").hash === "#" + stacks[k].key; }""",
        arg=int(k),
    )


def chart(tab):
    return tab.locator("#explore-said").text_content()


def test_pointing_tells_value_and_coordinates_and_leaves_the_choice(opened):
    tab = opened()
    before, words = tab.locator(CHOSEN).text_content(), chart(tab)
    tab.hover(A_MAP, position=at(tab, 0.61, 0.32))
    read = tab.locator("#explore-read").inner_text()
    assert re.match(r"\u2212?\d\.\d+( \(hatched\))?\n\d+\.\d{3}°N \d+\.\d{3}°E, \w+ Plain · ", read)
    assert tab.locator(CHOSEN).text_content() != before
    assert chart(tab) == words
    tab.mouse.move(2, 2)
    assert tab.locator(CHOSEN).text_content() == before


def test_a_click_shows_the_profile_over_all_layers(opened):
    tab = opened()
    words = chart(tab)
    tab.click(A_MAP, position=at(tab, 0.61, 0.32))
    assert chart(tab) != words
    layers = tab.locator("#explore-row option").all_text_contents()
    assert layers[0] == "0-10 cm"
    assert [part.split(": ")[0] for part in chart(tab).split(". ")[1].split("; ")] == layers
    assert tab.locator("#explore-chart .dot").count() == len(layers)


def test_the_value_read_is_that_of_the_result(opened, page):
    from soilscope.report.reading import Study

    tab = opened()
    show(tab, tab.locator("#explore-stack option", has_text="(trend)").get_attribute("value"))
    tab.select_option("#explore-row", label="20-30 cm")
    tab.click(A_MAP, position=at(tab, 0.61, 0.32))
    words = tab.locator("#explore-read").inner_text().replace(MINUS, "-")
    north, east = (float(v) for v in re.findall(r"[\d.]+(?=°)", words))
    value = float(words.split(" ")[0])
    slope = Study(page.parents[1]).data("trend")["slope"].isel(depth=2)
    there = float(slope.sel(latitude=north, longitude=east, method="nearest"))
    step = float(slope.max() - slope.min()) / 254
    assert value == pytest.approx(there, abs=1.5 * step)


def test_keys_move_the_cell_and_turn_the_layers(opened):
    tab = opened()
    tab.focus(A_MAP)
    assert tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"

    def place():
        words = tab.locator("#explore-read").inner_text()
        return [float(v) for v in re.findall(r"[\d.]+(?=°)", words)]

    north, east = place()
    tab.keyboard.press("ArrowUp")
    assert place()[0] > north
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("ArrowRight")
    assert place() == [north, pytest.approx(east + 0.126, abs=0.002)]
    tab.keyboard.press("Shift+ArrowLeft")
    assert place()[1] < east - 0.5
    words = chart(tab)
    tab.keyboard.press("PageDown")
    assert tab.locator("#explore-row").input_value() == "1"
    assert chart(tab) == words  # the same cell
    assert tab.locator("#explore-chart .chosen text").text_content() == "10-20 cm"


def test_one_layer_is_chosen_for_all_sections_and_figures(opened):
    tab = opened()
    tab.select_option("#explore-row", label="30-40 cm")
    rows = tab.locator("#results tr.chosen-layer")
    assert rows.count() > 0
    assert all(re.search(r"30\W40\scm", text) for text in rows.all_text_contents())
    noted = tab.locator("#explore-sections a").all_text_contents()
    assert noted
    assert all(text.endswith(", 30-40 cm") for text in noted)
    for k in range(tab.locator("#explore-stack option").count()):
        show(tab, k)
        layers = tab.locator("#explore-row option").all_text_contents()
        if "30-40 cm" in layers:
            index = tab.locator("#explore-row").input_value()
            assert layers[int(index)] == "30-40 cm"


def test_a_figure_leads_to_its_maps_and_back(opened):
    tab = opened()
    link = tab.locator("figure .explore-link").nth(2)
    key = link.evaluate("a => a.closest('figure').id")
    link.click()
    tab.wait_for_function(
        "key => document.getElementById('explore-figure').hash === '#' + key", arg=key
    )


def test_the_map_has_the_colours_of_the_figure(opened):
    tab = opened()
    shown = tab.locator("#explore-stack option", has_text="Mean soil moisture index")
    show(tab, shown.get_attribute("value"))
    found = tab.evaluate(
        """() => { const c = document.getElementById("explore-map"), pen = c.getContext("2d");
             const {data} = pen.getImageData(0, 0, c.width, c.height), seen = new Set();
             for (let k = 0; k < data.length; k += 4)
               seen.add(data.slice(k, k + 3).join());
             return [...seen]; }"""
    )
    from matplotlib import colormaps

    known = {",".join(str(round(255 * v)) for v in colormaps["BrBG"](k)[:3]) for k in range(256)}
    assert "228,228,228" in found
    assert len(known & set(found)) > 40


@pytest.mark.parametrize("width", [390, 500])
def test_it_fits_a_phone(opened, width):
    tab = opened(width=width, has_touch=True)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    for part in (A_MAP, "#explore-chart", "#explore-stack"):
        shown = tab.locator(part).bounding_box()
        assert shown["x"] >= 0
        assert shown["x"] + shown["width"] <= width
    words = chart(tab)
    tab.tap(A_MAP, position=at(tab, 0.61, 0.32))
    assert chart(tab) != words


def test_paper_has_no_explorer(opened):
    tab = opened()
    tab.emulate_media(media="print")
    assert not tab.is_visible("#explore")
    assert not tab.is_visible(".explore-link >> nth=0")
    tab.emulate_media(media="screen")
    assert tab.is_visible(A_MAP)
    assert tab.locator("#explore-chart .dot").count() > 0


def test_without_a_script_the_page_is_whole_and_says_nothing_of_maps(opened):
    tab = opened(java_script_enabled=False)
    assert not tab.is_visible("#explore")
    assert not tab.is_visible("#explore-nav")
    assert all(tab.locator("figure img").nth(k).is_visible() for k in range(3))


def test_everything_has_a_name_and_stands_out(opened):
    tab = opened()
    unnamed = tab.evaluate(
        """() => [...document.querySelectorAll("#explore select")].filter(s =>
             !s.labels.length || !s.labels[0].textContent.trim()).length"""
    )
    assert unnamed == 0
    assert "Arrow keys" in tab.locator(A_MAP).get_attribute("aria-label")
    assert tab.locator("#explore-read").get_attribute("role") == "status"
    assert tab.locator("#explore-chart").get_attribute("aria-labelledby") == "explore-said"
    low = tab.evaluate(
        """() => { const light = c => { const [r, g, b] = c.match(/[0-9.]+/g).slice(0, 3)
               .map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
               return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
             const paper = light("227 237 244"); // of what is chosen, the darkest behind any text
             return [...document.querySelectorAll("#explore *")].filter(e => e.textContent.trim()
               && e.getClientRects().length).map(e => getComputedStyle(e))
               .map(s => (paper + 0.05) / (light(s.color) + 0.05)).filter(r => r < 4.5).length; }"""
    )
    assert low == 0


def test_numbers_are_written_with_the_digits_that_a_step_supports(opened):
    tab = opened()
    for value, step, text in (
        (0.12345, 0.001, "0.123"), (-0.00001, 0.01, "0.00"), (12.0, 1, "12"),
        (-1.26, 0.1, f"{MINUS}1.3"), (1.2345e-9, 1e-11, "1.23\u00d710\u207b\u2079"),
    ):  # fmt: skip
        assert tab.evaluate("([v, s]) => written(v, s)", [value, step]) == text
