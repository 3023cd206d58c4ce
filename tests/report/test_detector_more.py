"""Scales, best cuts and zones of trees in the report: figures and tables equal the results."""

import re
import warnings

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from report.conftest import Folder, source
from soilscope import gozh, rgd, risk_detector, scale_check
from soilscope.report.classes import chosen_edges
from soilscope.report.explorer import stacks_of
from soilscope.report.figures import (
    class_breaks,
    class_search,
    factor_heatmap,
    leading_factors,
    risk_maps,
    scale_lines,
)
from soilscope.report.page import write_report
from soilscope.report.prose import methods_paragraph
from soilscope.report.reading import Study
from soilscope.report.robust import as_factors, as_search
from soilscope.report.style import RC

FACTORS = ("elevation", "ndvi")
GIVEN = {"y": "soil_moisture", "factors": list(FACTORS)}


def fields() -> xr.Dataset:
    """Soil moisture on two dates: elevation first, then elevation and NDVI; 24 x 20 cells."""
    rng = np.random.default_rng(3)
    row, column = np.mgrid[:24, :20]
    coords = {
        "time": pd.date_range("2020-05", periods=2, freq="MS"),
        "y": 4.4e6 - 1000.0 * np.arange(24),
        "x": 5e5 + 1000.0 * np.arange(20),
    }
    maps = {"elevation": 3000 + 40.0 * row, "ndvi": 0.3 + 0.2 * np.sin(column)}
    ds = xr.Dataset({name: (("y", "x"), values) for name, values in maps.items()}, coords)
    wet = np.stack([row / 24, row / 24 + np.sin(column)]) + 0.3 * rng.normal(size=(2, 24, 20))
    ds["soil_moisture"] = (("time", "y", "x"), 0.25 + 0.03 * wet)
    ds["soil_moisture"].attrs["units"] = "m3 m-3"
    return ds


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Study:
    cube = fields()
    y, maps = cube["soil_moisture"], {name: cube[name] for name in FACTORS}
    folder = Folder(tmp_path_factory.mktemp("more"))
    folder.add("cube", "cube", cube, sources=(source(synthetic=True),))
    drawn = {"p": "permutation", "n_surrogates": 19}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scale = scale_check(y, maps, grains=[1, 2, 4], spacings=[1, 3, 6])
        cuts = rgd(y, maps, n_classes=[2, 3, 4], rng=1, **drawn)
        zones = gozh(y, maps, p="none")
        risk = risk_detector(y, cuts["codes"])
    folder.add("scale", "scale_check", scale, inputs=GIVEN)
    folder.add("cuts", "rgd", cuts, inputs=GIVEN, options=drawn | {"select": "max", "block": 4})
    folder.add("zones", "gozh", zones, inputs=GIVEN, options={"p": "none", "complexity": 0.01})
    folder.add("risk", "risk_detector", risk, inputs={"y": "soil_moisture", "strata": "cuts.codes"})
    return Study(folder.finish(title="More", synthetic=True))


@pytest.fixture(scope="module")
def page(study) -> str:
    return write_report(study.root).read_text(encoding="utf-8")


def axes_of(plate):
    with mpl.rc_context(RC):
        return plate.draw().axes


def test_lines_of_scale_are_the_means_over_the_dates_with_their_band(study):
    [plate] = scale_lines.plates(study, "scale")
    ds = study.data("scale")
    for axes in axes_of(plate)[:2]:
        one = ds.sel(factor=axes.get_title(loc="left").lower()).mean("time")
        drawn = [(line.get_xdata().tolist(), line.get_ydata().tolist()) for line in axes.lines]
        for dim in ("grain", "spacing"):
            for name in (f"q_by_{dim}", f"q_adjusted_by_{dim}"):
                assert (one[dim].values.tolist(), one[name].values.tolist()) in drawn
        band = axes.collections[0].get_paths()[0].vertices[:, 1]
        for name in ("q_by_spacing_low", "q_by_spacing_high"):
            assert np.isin(one[name].values, band).all()
        assert axes.get_xscale() == "log"


def test_the_words_of_scale_name_what_changes_most(study):
    [plate] = scale_lines.plates(study, "scale")
    q = study.data("scale")["q_by_grain"].mean("time")
    change = q.isel(grain=-1) - q.isel(grain=0)
    k = int(abs(change).argmax("factor"))
    name = str(q["factor"].values[k]).replace("ndvi", "NDVI")
    first, last = (float(q.isel(factor=k, grain=i)) for i in (0, -1))
    assert (
        f"From single cells to blocks of 4 by 4 q changes most for {name}: from {first:.2f} to "
        f"{last:.2f}."
    ) in plate.seen
    ds = study.data("scale")
    width = (ds["q_by_spacing_high"] - ds["q_by_spacing_low"]).mean("time")
    assert int(width.max("factor").argmax("spacing")) == 2
    n = int(ds["n_by_spacing"].isel(spacing=2).median())
    assert f"With a net of every 6th cell ({n:,} cells) q of " in plate.seen
    assert plate.seen in plate.alt


def test_one_size_and_one_spacing_are_no_comparison(tmp_path):
    cube = fields()
    folder = Folder(tmp_path)
    folder.add("cube", "cube", cube, sources=(source(),))
    one = scale_check(
        cube["soil_moisture"][0], {"elevation": cube["elevation"]}, grains=[1], spacings=[1]
    )
    folder.add("scale", "scale_check", one, inputs=GIVEN)
    [plate] = scale_lines.plates(Study(folder.finish(title="One")), "scale")
    assert plate.seen == "One size and one spacing were tried."
    axes_of(plate)


def test_the_heatmap_of_best_cuts_holds_q_of_the_chosen_classes(study):
    [plate] = factor_heatmap.plates(study, "cuts")
    q = study.data("cuts")["q"].sel(n_classes=4)  # by "max" the most classes are chosen
    xr.testing.assert_equal(as_factors(study.data("cuts"))["q"], q.drop_vars("n_classes"))
    texts = [text.get_text() for axes in axes_of(plate) for text in axes.texts]
    assert sorted(texts) == sorted(f"{v:.2f}" for v in q.values.ravel())
    assert plate.how.startswith("Robust detector: ")
    assert "q is large by chance too" in plate.how


def test_the_search_for_cuts_has_one_line_and_its_edges(study):
    [plate] = class_search.plates(study, "cuts")
    assert plate.seen.startswith("Chosen: the most classes (4) in 4 of 4 choices. With 2 classes")
    assert "by best cuts for 2 factors" in plate.alt
    axes = axes_of(plate)[0]
    name = axes.get_title(loc="left").lower()
    mean = study.data("cuts")["q"].sel(factor=name).mean("time")
    assert axes.lines[0].get_ydata().tolist() == pytest.approx(mean.values.tolist())
    [breaks] = class_breaks.plates(study, "cuts")
    ds = as_search(study.data("cuts")).sel(factor="elevation")
    best = int(ds["q"].max(("method", "n_classes")).argmax("time"))
    drawn = [line.get_xdata()[0] for line in axes_of(breaks)[0].lines]
    assert drawn == pytest.approx(chosen_edges(ds.isel(time=best))[1:-1].tolist())
    assert breaks.seen.startswith("2 histograms cut into 4 classes")


def test_zones_of_trees_have_a_heatmap_without_claims_and_a_line_through_the_year(study):
    [plate] = factor_heatmap.plates(study, "zones")
    assert "No test was made." in plate.how
    assert plate.how.startswith("Zones of a regression tree: ")
    q = study.data("zones")["q"]
    texts = [text.get_text() for axes in axes_of(plate) for text in axes.texts]
    assert sorted(texts) == sorted(f"{v:.2f}" for v in q.values.ravel())
    [lines] = leading_factors.plates(study, "zones")
    assert lines.seen.startswith("Leading: elevation (2020-05)")


def test_maps_of_risk_have_the_units_of_the_field_where_they_are_explored(study):
    [plate] = risk_maps.plates(study, "risk")
    [stack] = stacks_of(study, plate)
    assert stack.units == "m³ m⁻³"


def test_tables_equal_the_results(study, page):
    folder = study.root / "report" / "tables"
    read = {p.stem: pd.read_csv(p, encoding="utf-8-sig") for p in folder.glob("*.csv")}
    scale = study.data("scale")
    net = read["scales-scale"].query("cells == 'net' and factor == 'elevation' and size == 6")
    one = scale.sel(factor="elevation", spacing=6)
    for column, name in (("q", "q_by_spacing"), ("low", "q_by_spacing_low"), ("n", "n_by_spacing")):
        assert net[column].tolist() == pytest.approx(one[name].values.tolist(), rel=1e-5)
    pairs = read["zone-pairs-zones"]
    q12 = study.data("zones")["q12"].sel(factor="elevation", factor_2="ndvi")
    assert pairs["q12"].tolist() == pytest.approx(q12.values.tolist(), rel=1e-5)
    classes = read["classes-cuts"].query("factor == 'NDVI'")
    p = study.data("cuts")["p_value"].sel(factor="ndvi")
    assert classes["p_value"].tolist() == pytest.approx(p.values.tolist())
    assert len(read["factors-cuts"]) == len(read["factors-zones"]) == 4


def test_the_page_shows_them_with_alternative_texts_units_source_and_mark(page):
    section = page.split('<section id="detector"')[1].split("</section>")[0]
    keys = set(re.findall(r'<figure id="([^"]+)"', section))
    assert {
        "scale-scale", "factor-heatmap-cuts", "factor-heatmap-zones", "class-search-cuts",
        "class-breaks-cuts", "leading-factors-zones", "risk-maps-risk",
    } <= keys  # fmt: skip
    alt = re.search(r'<figure id="scale-scale".*?alt="([^"]+)"', section, re.DOTALL)
    assert alt.group(1).startswith("Lines of q against the size of blocks")
    assert '<h3 id="method-detector">' in page


def test_every_figure_carries_its_source_and_the_synthetic_mark(study):
    with mpl.rc_context(RC):
        [plate] = scale_lines.plates(study, "scale")
        texts = [text.get_text() for text in plate.draw().texts]
    assert "SYNTHETIC" in texts
    assert any("Data: " in text for text in texts)


def test_the_methods_say_how_it_was_made(study):
    text = methods_paragraph(study)
    assert "into 2 to 4 classes where q is largest of all cuts; all was done anew for 19" in text
    assert (
        "leaves of regression trees of one factor, and of two, whose splits take at least 1.0 %"
        in (text)
    )
    assert (
        "from blocks of 1, 2 and 4 cells along each edge, and from nets of every 1, 3 and 6" in text
    )
