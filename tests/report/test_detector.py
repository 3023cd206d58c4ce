"""The geographical detector in the report: figures, tables and sentences equal the results."""

import re
import warnings

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from report.conftest import Folder, require_inside, source
from soilscope import (
    adjust_p_values,
    discretize,
    ecological_detector,
    factor_detector,
    interaction_detector,
    optimize_strata,
    risk_detector,
)
from soilscope.report.classes import chosen_edges
from soilscope.report.detector import claim, labels_of, leading, parts
from soilscope.report.detector_findings import factors_found, pairs_found
from soilscope.report.figures import (
    class_breaks,
    class_search,
    factor_heatmap,
    interaction_matrices,
    leading_factors,
    risk_maps,
    risk_strata,
)
from soilscope.report.interactions import by_chance, counted
from soilscope.report.page import write_report
from soilscope.report.prose import methods_paragraph
from soilscope.report.reading import Study
from soilscope.report.references import factors_of
from soilscope.report.risk import letters
from soilscope.report.style import RC
from soilscope.report.tables.detector import risks
from soilscope.study.runner import run_study

FACTORS = ("elevation", "ndvi", "potential_evapotranspiration", "noise")
N_DATES = 4
KINDS = {
    "factor_detector": (factor_heatmap, leading_factors),
    "interaction_detector": (interaction_matrices,),
    "optimize_strata": (class_search, class_breaks),
    "discretize": (class_breaks,),
    "risk_detector": (risk_maps, risk_strata),
}


def fields() -> xr.Dataset:
    """Elevation rules the first two months, NDVI (which the product was made from) the others."""
    rng = np.random.default_rng(5)
    shape = (24, 20)
    coords = {
        "time": pd.date_range("2020-05", periods=N_DATES, freq="MS"),
        "y": 4.4e6 - 1000.0 * np.arange(24),
        "x": 5e5 + 1000.0 * np.arange(20),
    }
    maps = {name: rng.normal(size=shape) for name in FACTORS}
    share = np.array([1.0, 0.8, 0.2, 0.0])[:, None, None]
    wet = share * maps["elevation"] + (1 - share) * maps["ndvi"] + 0.1 * rng.normal(size=shape)
    ds = xr.Dataset({name: (("y", "x"), values) for name, values in maps.items()}, coords)
    ds["elevation"] = 3000 + 900 * ds["elevation"]
    ds["elevation"].attrs = {"units": "m", "lineage": '["GEBCO"]'}
    ds["ndvi"].attrs = {"units": "1", "lineage": '["MODIS NDVI"]'}
    ds["soil_moisture"] = (("time", "y", "x"), 0.25 + 0.03 * wet)
    ds["soil_moisture"] = ds["soil_moisture"].where(ds["noise"] > -1.2)
    ds["soil_moisture"].attrs = {"units": "m3 m-3", "lineage": '["SMCI"]'}
    return ds


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Study:
    folder = Folder(tmp_path_factory.mktemp("detector"))
    cube = fields()
    y, maps = cube["soil_moisture"], {name: cube[name] for name in FACTORS}
    folder.add("cube", "cube", cube, sources=(source(synthetic=True),))
    how = {"p": "spatial", "n_surrogates": 39, "select": "adjusted"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        best = optimize_strata(y, maps, rng=1, n_classes=(3, 5, 8), **how)
        plain = factor_detector(y, best["codes"], p="none")
        cut = {name: discretize(cube[name], method="natural", n_classes=4) for name in FACTORS[:2]}
        direct = factor_detector(y, {name: ds["codes"] for name, ds in cut.items()})
        pairs = interaction_detector(y, best["codes"], p="none", n_permutations=19, rng=1)
        risk = risk_detector(y, best["codes"])
        ecology = ecological_detector(y, best["codes"], n_boot=19, rng=1)
    given = {"y": "soil_moisture", "strata": "best.codes"}
    folder.add("best", "optimize_strata", best, options=how,
               inputs={"y": "soil_moisture", "factors": list(FACTORS)})  # fmt: skip
    folder.add("factors", "factor_detector", plain, inputs=given, options={"p": "none"})
    for name, ds in cut.items():
        folder.add(f"{name}_classes", "discretize", ds, inputs={"x": name},
                   options={"method": "natural", "n_classes": 4})  # fmt: skip
    codes = [f"{name}_classes.codes" for name in cut]
    folder.add("direct", "factor_detector", direct, inputs=given | {"strata": codes},
               options={"p": "central"})  # fmt: skip
    folder.add("pairs", "interaction_detector", pairs, inputs=given,
               options={"p": "none", "n_permutations": 19, "alpha": 0.05})  # fmt: skip
    folder.add("risk", "risk_detector", risk, inputs=given)
    folder.add("ecology", "ecological_detector", ecology, inputs=given, options={"n_boot": 19})
    return Study(folder.finish(title="Detector", synthetic=True))


@pytest.fixture(scope="module")
def sites(tmp_path_factory) -> Study:
    """Sites without dates, and one soil that says nothing."""
    folder = Folder(tmp_path_factory.mktemp("sites"))
    rng = np.random.default_rng(2)
    site = {"site": np.array([f"s{k}" for k in range(60)], dtype=object)}
    zone = xr.DataArray(np.repeat([0, 1, 2], 20), site, "site")
    cube = xr.Dataset({"zone_class": zone, "soil": zone.copy(data=rng.integers(0, 3, 60))})
    cube["soil"].attrs = {"flag_values": [0, 1, 2], "flag_meanings": "clay loam fine_sand"}
    cube["soil_moisture"] = 0.2 + 0.05 * zone + 0.01 * rng.normal(size=60)
    cube["soil_moisture"].attrs["units"] = "m3 m-3"
    strata = {name: cube[name] for name in ("zone_class", "soil")}
    given = {"y": "soil_moisture", "strata": list(strata)}
    folder.add("cube", "cube", cube, sources=(source(),))
    folder.add("factors", "factor_detector", factor_detector(cube["soil_moisture"], strata),
               inputs=given, options={"p": "central"})  # fmt: skip
    folder.add("pairs", "interaction_detector", interaction_detector(cube["soil_moisture"], strata),
               inputs=given, options={"p": "central", "n_permutations": 0})  # fmt: skip
    folder.add("risk", "risk_detector", risk_detector(cube["soil_moisture"], strata), inputs=given)
    return Study(folder.finish(title="Sites"))


@pytest.fixture(scope="module")
def page(study) -> str:
    return write_report(study.root).read_text(encoding="utf-8")


def plates_of(study):
    for name, record in study.analyses.items():
        for kind in KINDS.get(record.step, ()):
            yield from kind.plates(study, name)


def texts_of(plate):
    with mpl.rc_context(RC):
        figure = plate.draw()
    return [text.get_text() for ax in figure.axes for text in ax.texts]


@pytest.mark.parametrize("which", ["study", "sites"])
def test_figures_fit_their_sheets_and_their_keys_are_unique(which, request):
    plates = list(plates_of(request.getfixturevalue(which)))
    assert len({plate.key for plate in plates}) == len(plates) == {"study": 11, "sites": 3}[which]
    for plate in plates:
        require_inside(plate)


def test_the_heatmap_holds_every_q(study):
    [plate] = factor_heatmap.plates(study, "factors")
    q = study.data("factors")["q"]
    assert sorted(texts_of(plate)) == sorted(f"{v:.2f}" for v in q.values.ravel())
    best = q.where(q == q.max(), drop=True)
    date = str(best["time"].dt.strftime("%Y-%m").item())
    named = str(best["factor"].item()).replace("ndvi", "NDVI")
    assert f"largest q: {float(q.max()):.2f} of {named} in {date}" in plate.seen


def test_p_values_that_count_the_search_go_before_those_of_the_factors(study):
    said = claim(study, "factors")
    xr.testing.assert_identical(said.firm, study.data("best")["p_value"] < 0.05)
    assert bool(said.firm.sel(factor="elevation").isel(time=0))
    assert not bool(said.firm.sel(factor="noise").any())
    assert "the search for the best classes included" in said.test


def test_independent_cells_of_a_grid_claim_nothing(study):
    said = claim(study, "direct")
    assert said.firm is None
    [plate] = factor_heatmap.plates(study, "direct")
    assert "Nothing is marked as significant: these p-values take the cells" in plate.how
    assert "never significant" not in plate.seen


def test_sites_are_marked_by_the_central_f_test(sites):
    said = claim(sites, "factors")
    assert said.firm.values.tolist() == [True, False]
    [plate] = factor_heatmap.plates(sites, "factors")
    assert plate.seen.startswith("Of the factors zone explains most (q 0.9")
    assert "never significant: soil." in plate.seen


def test_p_values_that_do_not_count_the_search_say_so(study, tmp_path):
    folder = Folder(tmp_path)
    folder.add("cube", "cube", study.cube.load(), sources=(source(),))
    folder.add("best", "optimize_strata", study.data("best").load(), options={"p": "none"},
               inputs={"y": "soil_moisture"})  # fmt: skip
    folder.add("factors", "factor_detector", study.data("factors").load(), options={"p": "spatial"},
               inputs={"y": "soil_moisture", "strata": ["best", "zone"]})  # fmt: skip
    said = claim(Study(folder.finish(title="Uncounted")), "factors")
    assert said.test.endswith(
        "the search for the best classes is not counted, so that p is too small"
    )


def test_names_lose_what_an_analysis_added_unless_two_would_be_one():
    names = np.array(["ndvi_month", "aspect_class", "aspect"], dtype=object)
    ds = xr.Dataset({"q": ("factor", np.zeros(3))}, {"factor": names})
    assert labels_of(ds) == ["NDVI", "aspect class", "aspect"]


def test_too_few_surrogates_for_so_many_tests_are_told(study, tmp_path):
    folder = Folder(tmp_path)
    cube, best = study.cube.load(), study.data("best").copy(deep=True)
    folder.add("cube", "cube", cube, sources=(source(),))
    how = {"p": "spatial", "n_surrogates": 39}
    best["p_value"] = xr.full_like(best["p_value"], 0.5)
    best["p_value"][0, 0] = 0.025
    folder.add("best", "optimize_strata", best, options=how, inputs={"y": "soil_moisture"})
    folder.add("best_fdr", "adjust_p_values", adjust_p_values(best["p_value"]).to_dataset(),
               inputs={"p": "best.p_value"})  # fmt: skip
    folder.add("factors", "factor_detector", study.data("factors").load(), options={"p": "none"},
               inputs={"y": "soil_moisture", "strata": "best"})  # fmt: skip
    said = claim(Study(folder.finish(title="Few")), "factors")
    assert not bool(said.firm.any())
    assert "no p is below 0.025" in said.hatched
    assert "rate of 16 tests that is significant only where 8 tests reach it" in said.hatched


def test_circular_factors_bear_a_dagger_and_lead_only_among_all(study, page):
    ds = study.data("factors")
    assert labels_of(ds)[:2] == ["elevation", "NDVI†"]
    [plate] = leading_factors.plates(study, "factors")
    assert plate.seen == (
        "Leading: elevation (2020-05 to 2020-06) and NDVI (2020-07 to 2020-08); of those that soil "
        "moisture was not made from: elevation (2020-05 to 2020-07) and none (2020-08)."
    )
    figure = page.split('<figure id="factor-heatmap-factors"')[1].split("</figure>")[0]
    assert "Soil moisture was made from NDVI" in figure


def test_the_leading_factor_is_the_largest_of_those_allowed():
    score = np.array([[0.3, 0.1, np.nan], [0.2, 0.4, np.nan]])
    allowed = np.array([[False, True, True], [True, True, True]])
    assert leading(score, allowed).tolist() == [1, 1, -1]


def test_noise_is_where_plain_q_sees_an_enhancement_and_adjusted_q_none(study):
    _, one = next(parts(study, study.data("pairs")))
    one = one.transpose("factor", "factor_2", "time").load()
    expected = sum(
        int(one["interaction"][i, j, t]) > 2 and 0 <= int(one["interaction_adjusted"][i, j, t]) <= 2
        for i in range(4) for j in range(i + 1, 4) for t in range(N_DATES)
    )  # fmt: skip
    plain, kept, noise = counted(one)
    assert (plain, noise) == (24, expected)
    assert plain - kept == noise == by_chance(one).sum() // 2
    [plate] = interaction_matrices.plates(study, "pairs")
    assert f"{kept} remain by adjusted q, and {noise} are what noise alone would give" in plate.seen


def test_tables_equal_the_results(study, page):
    folder = study.root / "report" / "tables"
    read = {p.stem: pd.read_csv(p, encoding="utf-8-sig") for p in folder.glob("*.csv")}
    ds = study.data("factors").load()
    row = read["factors-factors"].query("date == '2020-06' and factor == 'elevation'").iloc[0]
    one = ds.sel(factor="elevation").isel(time=1)
    assert row["q"] == pytest.approx(float(one["q"]), rel=1e-5)
    assert row["q_adjusted"] == pytest.approx(float(one["q_adjusted"]), rel=1e-5)
    assert row["p_value"] == float(study.data("best")["p_value"].sel(factor="elevation")[1])
    assert len(read["factors-factors"]) == 4 * N_DATES
    assert len(read["interactions-pairs"]) == 6 * N_DATES
    assert "significant" not in read["factors-direct"]  # nothing is claimed: the column is empty
    risk = read["risk-risk"].query("date == '2020-05' and factor == 'elevation'")
    y, codes = study.cube["soil_moisture"][0], study.data("best")["codes"].sel(factor="elevation")
    for stratum, mean, n in zip(risk["stratum"], risk["mean"], risk["count"], strict=True):
        cells = y.where(codes.isel(time=0) == stratum - 1)
        assert mean == pytest.approx(float(cells.mean()), rel=1e-5)
        assert n == int(cells.notnull().sum())
    assert risk["range"].str.contains(" to ").all()
    assert read["classes-best"]["edges"].notna().all()
    assert len(read["comparisons-ecology"]) == 6 * N_DATES
    cut, ds = read["cut-ndvi-classes"], study.data("ndvi_classes")
    assert cut["cells"].tolist() == np.bincount(ds["codes"].values.ravel()).tolist()
    assert cut["to"].tolist() == pytest.approx(ds["breaks"].values[1:].tolist(), rel=1e-5)


def test_categories_keep_their_names_and_codes_and_classes_are_counted_from_one(sites):
    rows = risks(sites, "risk").data
    assert set(rows.stratum[rows.factor == "soil"]) == {"clay", "loam", "fine sand"}
    assert set(rows.stratum[rows.factor != "soil"]) == {"1", "2", "3"}
    [plate] = risk_strata.plates(sites, "risk")
    with mpl.rc_context(RC):
        figure = plate.draw()
    panels = {axes.get_title(loc="left"): axes for axes in figure.axes}
    shown = {name: [t.get_text() for t in a.get_xticklabels()] for name, a in panels.items()}
    assert shown.pop("soil") == ["0", "1", "2"]
    assert list(shown.values()) == [["1", "2", "3"]]
    words = " ".join(" ".join(text.get_text().split()) for text in figure.texts)
    assert "soil: 0 clay, 1 loam, 2 fine sand." in words


def test_edges_are_drawn_where_the_search_put_them(study):
    [plate] = class_breaks.plates(study, "best")
    with mpl.rc_context(RC):
        axes = plate.draw().axes[0]
    ds = study.data("best").sel(factor="elevation")
    date = int(ds["q"].max(("method", "n_classes")).argmax("time"))
    inner = chosen_edges(ds.isel(time=date))[1:-1]
    drawn = [line.get_xdata()[0] for line in axes.lines]
    assert drawn == pytest.approx(inner.tolist())


def test_maps_of_risk_give_each_cell_the_mean_of_its_stratum(study):
    [plate] = risk_maps.plates(study, "risk")
    field = plate.draw.args[0]
    y, codes = study.cube["soil_moisture"], study.data("best")["codes"]
    date = str(re.search(r"in (2020-\d\d)", plate.seen).group(1))
    first = (
        str(plate.draw.keywords["layers"][0]).split("†")[0].split(" (")[0].replace("NDVI", "ndvi")
    )
    code = codes.sel(factor=first, time=date).squeeze("time")
    expected = y.sel(time=date).squeeze("time").groupby(code).mean()
    for stratum in expected["codes"].values[expected["codes"].values >= 0]:
        cells = field.isel(depth=0).values[code.values == stratum]
        assert cells == pytest.approx(float(expected.sel(codes=stratum)), rel=1e-6)


def test_factors_have_the_names_that_the_analysis_gave_them(study):
    inputs = study.records["direct"].inputs["strata"]
    assert list(factors_of(study, inputs)) == ["elevation_classes", "ndvi_classes"]
    assert list(factors_of(study, "best")) == list(factors_of(study, ["best.codes"])) == [*FACTORS]
    assert factors_of(study, ["not.there"]) == {}


@given(st.lists(st.floats(0, 1), min_size=6, max_size=6))
def test_strata_that_share_a_letter_do_not_differ(values):
    p = np.full((4, 4), np.nan)
    p[np.triu_indices(4, 1)] = values
    p = np.where(np.isnan(p), p.T, p)
    words = letters(np.arange(4.0), p)
    for i in range(4):
        for j in range(i):
            assert not (set(words[i]) & set(words[j]) and p[i, j] < 0.05)
    assert all(words)


def test_findings_name_the_leader_and_what_noise_gives(study):
    ((name, said),) = factors_found(study)
    assert name == "factors"
    q = float(study.data("factors")["q"].sel(factor="elevation").max())
    assert (
        f"goes most with elevation, which leads on 2 of 4 dates (q {q:.2f} in 2020-05, p = 0."
        in said
    )
    ((_, said),) = pairs_found(study)
    assert "of 24 pairs that plain q calls enhanced, noise alone would give" in said


def test_the_page_has_every_figure_and_its_csv(page):
    section = page.split('<section id="detector"')[1].split("</section>")[0]
    keys = set(re.findall(r'<figure id="([^"]+)"', section))
    assert keys == {
        "factor-heatmap-factors", "factor-heatmap-direct", "leading-factors-factors",
        "leading-factors-direct", "interactions-pairs", "class-search-best", "class-breaks-best",
        "class-breaks-elevation-classes", "class-breaks-ndvi-classes", "risk-maps-risk",
        "risk-strata-risk",
    }  # fmt: skip
    assert '<h3 id="method-detector">' in page
    for key in keys:
        assert ".csv" in section.split(f'<figure id="{key}"')[1].split("</figure>")[0]


def test_the_methods_say_how_it_was_made(study):
    text = methods_paragraph(study)
    assert "natural breaks" in text
    assert "the best q was compared with the best q of 39 Gaussian fields" in text
    assert "doi:10.1080/13658810802443457" in text
    assert "which takes the cells as independent" in text


HEIHE = """
title: What shapes soil moisture
inputs:
  fine: {product: heihe_twin, rows: 36, columns: 30, days: 61, start: "2020-06-01"}
analyses:
  monthly: {step: composite, da: soil_moisture, freq: MS, how: mean}
  ndvi_month: {step: composite, da: ndvi, freq: MS, how: mean}
  classes:
    step: optimize_strata
    y: monthly
    factors: [elevation, sand, ndvi_month]
    methods: [quantile, natural]
    n_classes: [3, 5]
    p: spatial
    n_surrogates: 19
    rng: 1
  factors: {step: factor_detector, y: monthly, strata: [classes, irrigated], p: none}
  pairs: {step: interaction_detector, y: monthly, strata: [classes, irrigated], p: none}
  risk: {step: risk_detector, y: monthly, strata: [classes, irrigated]}
"""


def test_a_study_of_the_heihe_twin_shows_what_was_found(tmp_path):
    (tmp_path / "study.yaml").write_text(HEIHE, encoding="utf-8")
    study = Study(run_study(tmp_path / "study.yaml", results=tmp_path / "out"))
    text = write_report(study.root).read_text(encoding="utf-8")
    keys = set(re.findall(r'<figure id="([^"]+)"', text))
    wanted = {"factor-heatmap-factors", "leading-factors-factors", "interactions-pairs"}
    assert wanted | {"class-search-classes", "class-breaks-classes", "risk-maps-risk"} <= keys
    rows = pd.read_csv(study.root / "report" / "tables" / "factors-factors.csv")
    q = study.data("factors")["q"]
    assert rows["factor"].unique().tolist() == ["elevation", "sand", "NDVI", "irrigated"]
    assert rows["q"].tolist() == pytest.approx(q.transpose("time", ...).values.ravel(), rel=1e-5)
    assert claim(study, "factors").p is None  # the search tells nothing of what it did not cut
    [breaks] = class_breaks.plates(study, "classes")
    assert breaks.seen.startswith("3 histograms")
    [maps] = risk_maps.plates(study, "risk")
    assert maps.alt.startswith("4 maps")
