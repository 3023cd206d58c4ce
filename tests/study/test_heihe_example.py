"""Paper B from its own products: the example study, on small files in their real layouts."""

import json
from pathlib import Path

import numpy as np
import pytest

from soilscope import discretize, factor_detector, variogram
from soilscope.errors import SoilscopeWarning
from soilscope.study.config import load_study
from soilscope.study.plan import plan
from soilscope.study.runner import run_study
from soilscope.study.store import Store
from soilscope.twin.heihe import heihe
from soilscope.twin.heihe_products import BARREN, write_products

EXAMPLE = Path(__file__).parents[2] / "examples" / "heihe.yaml"
FACTORS = {
    *("bulk_density", "organic_carbon", "field_capacity", "saturated_conductivity"),
    *("elevation", "slope", "aspect", "twi"),
    *("land_cover", "ndvi", "evi", "pet", "fvc"),
    *("precipitation", "lst_by_day", "lst_by_night", "lst_range"),
}
#: What a small part of the basin and three months cannot hold.
SMALLER = {
    "lag_width: 5000, max_lag: 250000": "lag_width: 2000, max_lag: 40000",
    "[2020-01-15, 2020-04-15, 2020-07-15, 2020-10-15]": "[2020-05-15, 2020-07-15]",
    "{step: time_stability, da: monthly}": "{step: time_stability, da: monthly, min_obs: 3}",
    "n_surrogates: 99": "n_surrogates: 19",
}


@pytest.fixture(scope="module")
def twin():
    """The part where mountains, forest, oasis and desert meet; composites begin before May."""
    return heihe(size=(64, 60), days=121, start="2020-04-14")


@pytest.fixture(scope="module")
def study(tmp_path_factory, twin):
    """Files of every product, under a folder with a Chinese name and a space, and the study."""
    folder = tmp_path_factory.mktemp("paper") / "数据 黑河"
    folder.mkdir()
    write_products(folder, twin, first="2020-05-01", last="2020-07-31")
    text = EXAMPLE.read_text(encoding="utf-8")
    for whole, part in SMALLER.items():
        assert whole in text, whole
        text = text.replace(whole, part)
    path = folder / "heihe.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOILSCOPE_HEIHE", str(folder))
        yield path


@pytest.fixture(scope="module")
def planned(study):
    with pytest.warns(SoilscopeWarning) as caught:
        found = plan(load_study(study))
    assert any("of the region" in str(item.message) for item in caught)
    return found


@pytest.fixture(scope="module")
def results(study, planned):
    assert planned.faults == []  # else the run is not worth its time
    with pytest.warns(SoilscopeWarning) as caught:
        folder = run_study(study, results=study.parent / "结果")
    assert any("are not independent" in str(item.message) for item in caught)
    return Store(folder)


def test_check_finds_no_fault_and_says_what_is_made(planned):
    assert planned.faults == []
    text = "\n".join(planned.text())
    assert "lst_day and lst_night of every day in local time at the local solar hours" in text
    assert "the class that most of its cells have" in text
    assert "2 zone(s): 上游, 中游" in text
    assert "drivers: factor_detector -> 3 time x 17 factor" in text


def test_hourly_temperatures_become_those_of_the_overpass(results, twin):
    seen = results.open("reanalysis").load().lst_day
    meant = twin.reanalysis.lst_day.sel(latitude=seen.latitude, longitude=seen.longitude)
    meant = meant.sel(time=seen.time)
    both = np.isfinite(seen.values) & np.isfinite(meant.values)
    assert both.mean() > 0.5
    # a line between two hours lies a little below the top of a wave
    assert np.abs(seen.values - meant.values)[both].max() < 0.4


def test_daily_maps_keep_the_coarse_product_and_resemble_the_truth(results, twin):
    daily = results.open("smooth").load()
    assert float(daily.conservation_error.max()) < 1e-5
    ours = daily.soil_moisture.mean("time").values
    truth = twin.fine.soil_moisture.sel(time=daily.time).mean("time").values
    known = np.isfinite(ours) & np.isfinite(truth)
    assert known.mean() > 0.7
    assert np.corrcoef(ours[known], truth[known])[0, 1] > 0.6
    assert float(daily.seam_index.median()) < float(results.open("block").seam_index.median())


def test_the_comparison_of_days_says_that_the_pair_is_not_independent(results):
    found = results.open("against_smci").load()
    assert found.sizes["time"] == 2
    assert (found.n_obs == 1000).all()
    assert "ERA5-Land" in found.attrs["dependent"]


def test_months_have_statistics_stability_and_variograms(results):
    monthly = results.open("monthly").load().soil_moisture
    assert [str(stamp)[:7] for stamp in monthly.time.values] == ["2020-05", "2020-06", "2020-07"]
    statistics = results.open("statistics").load()
    np.testing.assert_allclose(statistics.maximum, monthly.max(["y", "x"]))
    assert results.open("statistics_by_reach").region.size == 2
    stability = results.open("stability").load()
    np.testing.assert_allclose(
        stability["std"], monthly.std("time", ddof=1, skipna=False), atol=1e-7
    )
    direct = variogram(monthly.isel(time=2), lag_width=2000, max_lag=40_000)
    found = results.open("semivariances").load().isel(time=2)
    np.testing.assert_allclose(found.semivariance, direct.semivariance, rtol=1e-9)
    assert (results.open("models").load().best_model >= 0).all()


def test_17_factors_are_told_apart_in_every_month(results):
    drivers = results.open("drivers").load()
    assert set(drivers.factor.values.tolist()) == FACTORS
    assert drivers.q.sizes == {"factor": 17, "time": 3}
    assert (drivers.status == 0).all()
    assert ((drivers.q >= 0) & (drivers.q <= 1)).all()
    # 19 draws: no p-value below 1/20
    assert float(drivers.p_value.min()) == pytest.approx(0.05)
    assert results.open("interactions").sizes["factor_2"] == 17
    assert results.open("differences").sizes["factor"] == 17
    assert results.open("risks").sizes["factor"] == 17


def test_factors_that_moisture_was_made_from_are_marked_and_no_others(results):
    drivers = results.open("drivers").load()
    marked = set(drivers.factor.values[drivers.circular.values == 1].tolist())
    assert marked == {
        *("ndvi", "evi", "land_cover"),
        *("lst_by_day", "lst_by_night", "lst_range"),
    }


def test_q_of_a_month_is_that_of_the_library(results):
    month = {"time": 2}
    y = results.open("monthly").load().soil_moisture.isel(month).drop_attrs()
    best = results.open("classes").load()
    drivers = results.open("drivers").load().isel(month)
    # the sample: cells that are complete in all factors
    cover = results.open("cover").load().land_cover.isel(time=0, drop=True)
    sectors = results.open("aspect").load().codes
    codes = best.codes.isel(month)
    y = y.where((codes >= 0).all("factor") & (cover >= 0) & (sectors >= 0))
    assert int(y.notnull().sum()) == int(drivers.n_obs)
    dem = results.open("cube").load().elevation.where(y.notnull())
    choice = best.sel(factor="elevation").isel(month)
    methods = best.method.values.tolist()
    cut = discretize(
        dem,
        method=methods[int(choice.best_method)],
        n_classes=int(choice.best_n_classes),
    )
    direct = factor_detector(
        y, {"elevation": cut.codes, "land_cover": cover, "aspect": sectors}, p="none"
    )
    for name in ("elevation", "land_cover", "aspect"):
        q = float(drivers.q.sel(factor=name))
        assert float(direct.q.sel(factor=name)) == pytest.approx(q, rel=1e-9)


def test_deserts_without_an_estimate_of_pet_stand_in_the_second_set_alone(results, twin):
    drivers = results.open("drivers").load()
    everywhere = results.open("drivers_of_all").load()
    assert set(everywhere.factor.values.tolist()) == FACTORS - {"pet"}
    assert (everywhere.n_obs > 1.3 * drivers.n_obs).all()
    known = results.open("pet").load().potential_evapotranspiration.isel(time=2).notnull()
    barren = twin.fine.land_cover.values == BARREN
    assert known.values[barren].mean() < 0.2
    assert known.values[~barren].mean() > 0.8


def test_the_search_is_paid_for_and_its_options_are_kept(results):
    best = results.open("classes").load()
    options = json.loads(best.attrs["options"])
    assert options["p"] == "spatial"
    assert best.sizes["factor"] == 17
    assert ((best.p_value >= 0.05 - 1e-12) & (best.p_value <= 1)).all()
