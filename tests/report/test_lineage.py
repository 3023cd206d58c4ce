"""What products were made from: each is one name, wherever it stands."""

import matplotlib as mpl
import pytest

from soilscope.report.figures.lineage_graph import lineage_graph
from soilscope.report.lineage import Input, inputs_of, lineage, product_behind
from soilscope.report.reading import Frame, Study
from soilscope.report.style import RC


def product(name, product, ancestors, *variables, title=""):
    return Input(name, product, title or name, tuple(ancestors), variables)


PAPER = (
    product("moisture", "smci", ["ERA5-Land", "ERA5", "MODIS", "CMA stations"], "soil_moisture",
            title="SMCI"),
    product("climate", "era5_land", ["ERA5"], "temperature", title="ERA5-Land"),
    product("reference", "era5_land", ["ERA5"], "soil_moisture_era5_land", title="ERA5-Land"),
    product("dryness", "terraclimate", ["WorldClim", "ERA5"], "vpd", title="TerraClimate"),
    product("greenness", "modis", ["MODIS NDVI"], "ndvi", title="MODIS"),
)  # fmt: skip


def test_a_product_is_one_name_with_the_ancestor_of_another():
    known = lineage(PAPER)
    assert known.products == ["SMCI", "ERA5-Land", "TerraClimate", "MODIS"]
    assert known.variables["ERA5-Land"] == ("temperature", "soil_moisture_era5_land")
    assert set(known.parents["SMCI"]) == {"ERA5-Land", "MODIS", "CMA stations"}  # not ERA5 again
    assert known.parents["ERA5-Land"] == ("ERA5",)
    assert known.parents["MODIS"] == ()  # MODIS NDVI is MODIS


def test_what_stands_behind_several_products_is_shared():
    assert set(lineage(PAPER).shared) == {"ERA5-Land", "MODIS", "ERA5"}


def test_columns_go_from_ancestors_to_what_was_made_of_them():
    known = lineage(PAPER)
    levels = {name: known.level(name) for name in known.parents}
    assert levels == {
        "SMCI": 2, "ERA5-Land": 1, "MODIS": 1, "CMA stations": 1, "TerraClimate": 1, "ERA5": 0,
        "WorldClim": 0,
    }  # fmt: skip


def test_products_declared_by_hand_are_called_as_the_study_calls_them():
    known = lineage([product("mine", "table", ["ERA5-Land"], "soil_moisture", title="A title")])
    assert known.products == ["mine"]
    assert known.parents == {"mine": ("ERA5-Land",), "ERA5-Land": ()}


def test_no_two_boxes_of_the_graph_overlap():
    with mpl.rc_context(RC):
        figure = lineage_graph(
            lineage(PAPER), title="Lineage", subtitle="", note="", frame=Frame("Data", False)
        )
    boxes = [p.get_bbox() for p in figure.axes[0].patches if hasattr(p, "get_boxstyle")]
    assert len(boxes) == 7 + 5
    for i, one in enumerate(boxes):
        assert not any(one.overlaps(other) for other in boxes[i + 1 :])


def test_the_product_behind_a_result_is_found(site_study):
    study = Study(site_study)
    assert inputs_of(study)[0].title == "Made-up moisture"
    assert product_behind(study, "trend.slope") == "Made-up moisture"
    assert product_behind(study, "elsewhere") == ""


@pytest.mark.parametrize(("name", "printed"), [("era5_land", "ERA5-Land"), ("modis", "MODIS")])
def test_products_are_printed_as_they_are_called(name, printed):
    from soilscope.report.words import product_name

    assert product_name({"product": name, "title": "layout of a file"}) == printed
    assert product_name({"product": "table", "title": "My sites"}) == "My sites"
