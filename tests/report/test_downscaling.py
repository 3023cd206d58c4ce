"""The page of a downscaling: the demo of the Heihe twin on a smaller basin and two months."""

import csv
import re
from importlib.resources import files

import numpy as np
import pytest
import yaml

from soilscope.report.downscaling_findings import borders_found, relations_found
from soilscope.report.figures.month_maps import monthly
from soilscope.report.page import write_report
from soilscope.report.prose import methods_paragraph
from soilscope.report.reading import Study
from soilscope.study.runner import run_study

DAYS = ["2020-05-15", "2020-06-15"]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    told = yaml.safe_load(files("soilscope.twin").joinpath("heihe.yaml").read_text("utf-8"))
    for given in told["inputs"].values():
        given |= {"rows": 60, "columns": 50, "days": 50, "start": "2020-05-01"}
    told["analyses"]["against_smci"]["dates"] = DAYS
    for step in ("semivariances", "lag_map"):
        told["analyses"][step]["max_lag"] = 20_000
    told["analyses"]["stability"]["min_obs"] = 2
    root = tmp_path_factory.mktemp("heihe")
    (root / "study.yaml").write_text(yaml.safe_dump(told, sort_keys=False), encoding="utf-8")
    shared = r"share Synthetic Heihe: reanalysis: they are not independent"
    circular = r"ndvi_month .Synthetic Heihe: satellite maps.; their association is partly built in"
    with pytest.warns(UserWarning, match=shared), pytest.warns(UserWarning, match=circular):
        out = run_study(root / "study.yaml", results=root / "out")
    return Study(out)


@pytest.fixture(scope="module")
def text(study):
    return write_report(study.root).read_text(encoding="utf-8")


def rows_of(study, table):
    path = study.root / "report" / "tables" / table
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_relations_maps_and_borders_are_on_the_page(text):
    keys = re.findall(r'<figure id="([^"]+)"', text)
    wanted = ["relations-relation", "downscaled-smooth", "downscaled-uncertainty-smooth"]
    wanted += ["dryness-dryness", "downscaled-block", "seams-smooth", "agreement-against-smci"]
    assert set(wanted) <= set(keys)
    assert sum(key.startswith("seams") for key in keys) == 1  # one sheet for both downscalings


def test_months_have_statistics_stability_and_semivariograms_on_the_page(study, text):
    keys = re.findall(r'<figure id="([^"]+)"', text)
    wanted = ["field-statistics-statistics", "qq-statistics", "stability-maps-stability"]
    assert {*wanted, "variograms-models", "lag-maps-lag-map"} <= set(keys)
    daily = study.data("smooth")["soil_moisture"].load()
    june = daily.sel(time="2020-06")
    mean = june.mean("time").where(june.notnull().sum("time") >= 10)
    np.testing.assert_allclose(study.primary("monthly").isel(time=1), mean, rtol=1e-6)
    rows = rows_of(study, "variograms-models.csv")
    assert [row["date"] for row in rows] == ["2020-05", "2020-06"]
    fits = study.data("models").load()
    for k, row in enumerate(rows):
        best = fits.isel(time=k, model=int(fits["best_model"][k]))
        assert row["model"].lower() == str(best["model"].values)
        assert float(row["sill"]) == pytest.approx(float(best["sill"]), rel=1e-4)


def test_the_table_holds_the_strata_with_data_and_what_is_used(study, text):
    model = study.data("relation").load()
    rows = rows_of(study, "relations-relation.csv")
    known = [str(s) for s, n in zip(model.stratum.values, model.n_obs.values, strict=True) if n]
    assert [row["stratum"] for row in rows] == known
    one = model.sel(stratum=known[-1])
    assert float(rows[-1]["coefficient"]) == pytest.approx(float(one["coefficient"]))
    assert rows[-1]["used"] == ("yes" if int(one["usable"]) else "no")


def test_findings_count_relations_and_compare_borders(study):
    model = study.data("relation")
    with_data = model.isel(stratum=np.flatnonzero(model["n_obs"].values > 0))
    used = int(with_data["usable"].sum())
    ((name, said),) = relations_found(study)
    assert name == "relation"
    assert f"in {used} of {with_data.sizes['stratum']} strata" in said
    ((name, said),) = borders_found(study)
    smooth, block = (float(study.data(n)["seam_index"].mean()) for n in ("smooth", "block"))
    assert smooth < block
    assert name == "smooth"
    assert f"are {smooth:.2f} times" in said
    assert f"({block:.2f} with block)" in said


def test_maps_are_means_of_the_days_of_each_month(study):
    daily = study.data("smooth")["soil_moisture"].load()
    field, labels = monthly(daily)
    assert labels == ["May 2020", "June 2020"]
    may = daily.sel(time="2020-05").mean("time")
    np.testing.assert_allclose(field.isel(depth=0).values, may.values, rtol=1e-6)


def test_more_than_a_year_is_shown_by_calendar_month(study):
    daily = study.data("smooth")["soil_moisture"].load()
    starts = np.datetime64("2019-01-15") + 31 * np.arange(daily.sizes["time"])
    field, labels = monthly(daily.assign_coords(time=starts.astype("datetime64[ns]")))
    assert labels[0] == "January"
    assert len(labels) == field.sizes["depth"] == 12


def test_two_days_are_compared_with_smci_which_is_not_independent(study, text):
    rows = rows_of(study, "agreement-against-smci.csv")
    assert [row["day"] for row in rows] == ["15 May 2020", "15 June 2020"]
    figure = text.split('<figure id="agreement-against-smci"')[1].split("</figure>")[0]
    assert "The two are not independent" in figure
    assert re.search(r"highest on 15 (May|June) 2020", figure)
    assert "smooth against Synthetic Heihe: learned 1 km product" in figure


def test_ndvi_bears_a_dagger_since_moisture_was_computed_from_it(study, text):
    factors = {row["factor"] for row in rows_of(study, "factors-factors.csv")}
    assert "NDVI\N{DAGGER}" in factors
    assert "elevation" in factors
    figure = text.split('<figure id="factor-heatmap-factors"')[1].split("</figure>")[0]
    assert "Soil moisture was made from NDVI" in figure


def test_the_methods_say_how_it_was_made(study):
    said = methods_paragraph(study)
    assert "within each day in each class of land cover and NDVI (edges 0.30 and 0.60)" in said
    assert "one-sided, level 0.050" in said
    assert "doi:10.2136/vzj2017.11.0198" in said
    assert "smooth surface that keeps the mean of each coarse cell" in said
