"""The maps that a page carries: those of the figures, within a size, under a policy of hashes."""

import base64
import hashlib
import json
import re
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from soilscope.errors import StudyError
from soilscope.report.explorer import stacks_of
from soilscope.report.explorer_page import choose
from soilscope.report.figures import layer_maps as sheets
from soilscope.report.figures.layer_maps import layer_maps
from soilscope.report.figures.map_grid import map_grid
from soilscope.report.figures.stability_maps import COLOURS as STABLE
from soilscope.report.figures.stability_maps import class_maps
from soilscope.report.figures.trend_maps import plates
from soilscope.report.packing import unpack
from soilscope.report.page import write_report
from soilscope.report.plates import Plate
from soilscope.report.reading import Study
from soilscope.report.style import SIGNED, Scale
from soilscope.report.words import MONTHS

POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]+)">')


@pytest.fixture(scope="module")
def page(grid_study):
    return write_report(grid_study).read_text(encoding="utf-8")


def carried(page):
    return json.loads(re.search(r'id="explore-data">(.*?)</script>', page, re.S).group(1))


def plate(draw, field, **look):
    made = partial(draw, field, **({"label": "slope", "zone": None} | look))
    return Plate("key", "Title", "", "", "", made)


def field(*lead, y=(30.0, 20.0, 10.0), x=(5.0, 15.0)):
    shape = (*(n for _, n in lead), len(y), len(x))
    return xr.DataArray(
        np.arange(np.prod(shape), dtype=float).reshape(shape),
        dims=(*(d for d, _ in lead), "y", "x"),
        coords={"y": list(y), "x": list(x)} | {d: np.arange(n) / 10 for d, n in lead},
        attrs={"units": "m3 m-3"},
    )  # fmt: skip


STUDY = SimpleNamespace(layers=lambda da: [f"{10 * k} cm" for k in range(da.sizes["depth"])])
SCALE = Scale(-1.0, 2.0, SIGNED, "max")


def test_every_sheet_of_maps_can_be_explored(page):
    drawn = set(
        re.findall(
            r'<figure id="((?:state|event|trend|coefficient|dominant|onset)-maps[^"]*)', page
        )
    )
    assert len(drawn) > 5
    assert {stack["key"] for stack in carried(page)["stacks"]} == drawn


def test_values_limits_and_hatches_are_those_of_the_figure(grid_study):
    study = Study(grid_study)
    drawn = next(plates(study, "trend"))
    (stack,) = stacks_of(study, drawn)
    slope, hatched = drawn.draw.args[0], drawn.draw.keywords["hatched"]
    scale = drawn.draw.keywords["scale"]
    assert (stack.low, stack.high, stack.rows) == (
        scale.low,
        scale.high,
        tuple(study.layers(slope)),
    )
    assert stack.colours[0] == "#543005"  # where matplotlib's BrBG begins
    values, marks = unpack(stack.maps)
    at = {"latitude": list(stack.grid.y), "longitude": list(stack.grid.x)}
    there = slope.sel(at, method="nearest").transpose("depth", "latitude", "longitude").values
    assert (np.isfinite(values) == np.isfinite(there)).all()
    step = max(s for s, _ in stack.maps.scales)
    assert np.nanmax(np.abs(values - there)) <= step / 2 * 1.0001
    wanted = hatched.sel(at, method="nearest").transpose("depth", "latitude", "longitude").values
    assert (marks == wanted & np.isfinite(there)).all()
    assert stack.grid.zones == ("Yinchuan Plain", "Weining Plain")


def test_north_lies_above_whatever_the_order_of_the_rows():
    down, up = field(("depth", 2)), field(("depth", 2)).isel(y=slice(None, None, -1))
    look = {"layers": ["0 cm", "10 cm"], "scale": SCALE}
    one, other = (stacks_of(STUDY, plate(layer_maps, f, **look))[0] for f in (down, up))
    assert one == other
    assert one.grid.y == (30.0, 20.0, 10.0)
    assert unpack(one.maps)[0][0, 0].tolist() == [0.0, 1.0]
    assert (one.kind, one.units, one.extend, one.grid.geographic) == (
        "Layer",
        "m³ m⁻³",
        "max",
        False,
    )


def test_months_are_known_by_their_names():
    look = {"layers": [f"{m} 2020" for m in MONTHS[4:6]], "scale": SCALE}
    (stack,) = stacks_of(STUDY, plate(layer_maps, field(("depth", 2)), **look))
    assert stack.kind == "Month"


def test_months_across_a_grid_of_maps_become_the_row_of_the_chart():
    maps = field(("month", 3), ("factor", 2))
    look = {"columns": list(MONTHS[:3]), "layers": ["elevation", "NDVI"], "scale": SCALE}
    (stack,) = stacks_of(STUDY, plate(map_grid, maps, **look))
    assert (stack.kind, stack.across) == ("Month", "Factor")
    assert (stack.rows, stack.columns) == (MONTHS[:3], ("elevation", "NDVI"))
    values, _ = unpack(stack.maps)
    assert (values.reshape(2, 3, 3, 2) == maps.transpose("factor", "month", "y", "x").values).all()


def test_categories_keep_their_names_and_colours(page):
    found = carried(page)
    stack = next(s for s in found["stacks"] if s["key"].startswith("dominant"))
    assert stack["names"][0] == "none significant"
    palette = found["palettes"][stack["palette"]]
    assert len(palette) == 6 * len(stack["names"])
    assert palette[:6] == "ffffff"


def test_a_figure_of_another_kind_carries_nothing():
    assert stacks_of(STUDY, Plate("key", "Title", "", "", "", lambda: None)) == ()
    assert stacks_of(STUDY, plate(sheets.area_of, field())) == ()


# -- how much the page may hold ------------------------------------------------------------------


def made(count=3, side=40):
    rng = np.random.default_rng(0)
    ys, xs = np.arange(side, 0, -1.0), np.arange(float(side))
    found = []
    for k in range(count):
        da = field(("depth", 2), y=ys, x=xs)
        da = da.copy(data=rng.normal(size=da.shape))
        one = plate(layer_maps, da, layers=["0 cm", "10 cm"], scale=SCALE)
        found += stacks_of(STUDY, Plate(f"k{k}", f"Title {k}", "", "", "", one.draw))
    return found


def test_all_is_carried_whole_where_there_is_room():
    chosen = choose(made(), room=10**6, limit="8 MB")
    assert chosen.note == ""
    assert [len(g["x"]) for g in json.loads(chosen.data)["grids"]] == [40]


@pytest.mark.parametrize(("room", "cells", "word"), [(7_000, 20, "second"), (5_000, 14, "third")])
def test_maps_are_thinned_alike_where_they_do_not_fit(room, cells, word):
    chosen = choose(made(), room=room, limit="8 MB")
    assert len(chosen.data) <= room
    assert f"below 8 MB, only every {word} row and column" in chosen.note
    found = json.loads(chosen.data)
    assert [len(g["x"]) for g in found["grids"]] == [cells]
    assert len(found["stacks"]) == 3


def test_what_still_does_not_fit_is_left_out_and_named():
    some = choose(made(), room=3_400, limit="8 MB")
    assert len(some.data) <= 3_400
    assert [s["key"] for s in json.loads(some.data)["stacks"]] == ["k0", "k1"]
    assert "every fourth row" in some.note
    assert "Left out, to keep this page below 8 MB: Title 2." in some.note
    none = choose(made(), room=-5, limit="8 MB")
    assert none.data == ""
    assert "Title 0, Title 1 and Title 2" in none.note
    assert choose([], room=10**6, limit="8 MB") is None


def test_the_page_keeps_to_the_size_and_says_what_it_left_out(grid_study, page):
    try:
        figures = len(page.encode()) - len(json.dumps(carried(page)).encode())
        small = write_report(grid_study, megabytes=(figures + 30_000) / 1e6).read_text("utf-8")
        assert len(small.encode()) <= figures + 30_000
        assert "row and column of cells is here" in small
        bare = write_report(grid_study, megabytes=0.001).read_text("utf-8")
    finally:
        write_report(grid_study)
    assert "<script" not in bare
    assert "The maps below cannot be explored on this page. Left out, to keep" in bare
    assert re.findall(r'<figure id="[^"]+', bare) == re.findall(r'<figure id="[^"]+', page)


@pytest.mark.parametrize("size", [0, -1, float("nan"), float("inf")])
def test_a_size_that_is_no_positive_number_is_refused(grid_study, size):
    with pytest.raises(StudyError, match="give a positive number of MB"):
        write_report(grid_study, megabytes=size)


# -- what the page allows ----------------------------------------------------------------------


def digest(text):
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_the_policy_allows_this_style_and_this_script_alone(page):
    policy = POLICY.search(page).group(1).replace("&#39;", "'")
    style = re.search(r"<style>(.*?)</style>", page, re.S).group(1)
    script = re.search(r"<script>(.*?)</script>", page, re.S).group(1)
    assert policy == (
        f"default-src 'none'; img-src data:; style-src {digest(style)}; "
        f"script-src {digest(script)}; base-uri 'none'; form-action 'none'"
    )
    assert not re.search(r'\sstyle="|\son\w+="', page.split("<script")[0])


def test_nothing_from_data_can_end_the_script(page):
    data = page.split('id="explore-data">')[1].split("</script>")[0]
    assert "<" not in data


def test_sites_have_no_maps_and_no_script(site_study):
    text = write_report(site_study).read_text(encoding="utf-8")
    assert "script" not in POLICY.search(text).group(1)
    assert "<script" not in text
    assert 'id="explore' not in text


def test_the_explorer_is_hidden_until_a_script_shows_it(page):
    assert re.search(r'<section id="explore" aria-labelledby="explore-h" hidden>', page)
    assert re.search(r'<li id="explore-nav" hidden>', page)


def test_classes_of_stability_keep_their_ranges_and_colours():
    codes = np.array([[[0, 4], [2, -1]]], np.int8)
    grid = {"depth": [0.1], "y": [2.0, 1.0], "x": [0.0, 1.0]}
    flags = {"flag_values": np.arange(-1, 5), "flag_meanings": "no_data a b c d e"}
    ds = xr.Dataset(
        {
            "stability": (("depth", "y", "x"), codes, flags),
            "std": (("depth", "y", "x"), np.where(codes < 0, np.nan, 0.1)),
        },
        coords=grid,
    )
    drawn = partial(class_maps, ds, layers=["0 cm"], bounds=(0.03, 0.08, 0.13, 0.2), zone=None)
    (stack,) = stacks_of(STUDY, Plate("key", "Title", "", "", "", drawn))
    assert stack.names[0] == "a (below 0.03)"
    assert stack.names[4] == "e (from 0.2)"
    assert stack.colours == STABLE
    np.testing.assert_array_equal(unpack(stack.maps)[0], [[[0, 4], [2, np.nan]]])
