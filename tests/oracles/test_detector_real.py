"""The geographical detector on real fields and catchments, read in place."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope import (
    factor_detector,
    fishnet,
    gozh,
    interaction_detector,
    open_source,
    optimize_strata,
    regrid,
    rgd,
)
from soilscope.errors import SoilscopeWarning
from soilscope.grid.measure import cell_area
from soilscope.names import INTERACTIONS
from soilscope.study.config import load_study

pytestmark = [
    pytest.mark.jit,
    pytest.mark.filterwarnings("ignore:the response was made from factors"),
    pytest.mark.filterwarnings("ignore:p='central'"),
]
NOAH = "gldas-noah-snapshot/GLDAS_NOAH025_3H_20150101T0000_china.nc"
OWN = ("temperature", "precipitation", "evapotranspiration", "snow_water_equivalent", "pressure")


@pytest.fixture(scope="module")
def china(shared_data):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SoilscopeWarning)
        ds = open_source("gldas", [shared_data / NOAH]).isel(time=0)
        return ds[["soil_moisture", *OWN]].isel(depth=0).load()


def strata_of(best):
    return {str(k): best.codes.sel(factor=k, drop=True) for k in best.factor.values}


@pytest.fixture(scope="module")
def classes(china):
    factors = {name: china[name] for name in OWN}
    return optimize_strata(china.soil_moisture, factors, n_classes=[4, 6], select="adjusted")


def test_every_field_of_the_model_is_significant_as_cells_and_few_as_maps(china, classes):
    y = china.soil_moisture
    central = factor_detector(y, classes)
    assert central.n_obs.item() == 30_763
    assert (central.log10_p_value < -200).all()
    fair = factor_detector(y, classes, p="spatial", rng=1, n_surrogates=39)
    assert (fair.p_value > 0.05).sum() >= 2
    assert fair.q.idxmax("factor").item() == "snow_water_equivalent"


def test_factors_of_the_same_model_are_marked(china, classes):
    assert factor_detector(china.soil_moisture, classes, p="none").circular.values.all()


def test_areas_shift_q_a_little_over_forty_degrees_of_latitude(china, classes):
    y = china.soil_moisture
    plain = factor_detector(y, classes, p="none").q
    by_area = factor_detector(y, classes, p="none", weights=cell_area(y)).q
    shift = abs(by_area - plain)
    assert 0.001 < shift.max() < 0.1


def test_a_net_of_a_hundred_kilometres_gives_nearly_the_same_q(china, classes):
    y = china.soil_moisture
    net = factor_detector(fishnet(y, spacing=100_000), classes, p="none")
    assert 1700 < net.n_obs.item() < 2000
    np.testing.assert_allclose(net.q, factor_detector(y, classes, p="none").q, atol=0.05)


def test_robust_classes_and_trees_of_real_fields_explain_what_the_cuts_say(china, classes):
    y, factors = china.soil_moisture, {name: china[name] for name in OWN[3:]}
    robust = rgd(y, factors, n_classes=[4, 6])
    searched = classes.q.max("method").sel(factor=robust.factor)
    assert (robust.q >= searched - 1e-9).all()
    tree = gozh(y, factors)
    assert (tree.q > 0.1).all()
    assert (tree.n_strata < 20).all()


def test_land_cover_and_greenness_over_heihe_and_helan(shared_data, china):
    box = china.sel(latitude=slice(43.5, 35.5), longitude=slice(96.0, 108.5))
    static = xr.open_dataset(shared_data / "nwchina-static" / "nwchina_static_005deg.nc")
    static = static.rename(lat="latitude", lon="longitude").sortby("latitude", ascending=False)
    cover = regrid(static.landcover_igbp.astype("int16"), box, how="majority")
    green = regrid(static.ndvi_max, box, how="average")
    factors = {"ndvi": green, "precipitation": box.precipitation}
    best = optimize_strata(box.soil_moisture, factors, n_classes=[4, 6], select="adjusted")
    # not a drop fell in these three hours: one class, which leaves the others their sample
    assert best.status.values.tolist() == [0, 3]
    found = factor_detector(box.soil_moisture, strata_of(best) | {"land_cover": cover}, p="none")
    assert found.n_obs.item() > 1500
    assert found.q.sel(factor="ndvi").item() == pytest.approx(0.33, abs=0.03)
    assert found.q.sel(factor="land_cover").item() == pytest.approx(0.28, abs=0.03)
    assert found.q.sel(factor="precipitation").isnull()


def test_the_study_of_china_is_sound(shared_data, monkeypatch):
    monkeypatch.setenv("SOILSCOPE_DATA", str(shared_data))
    study = load_study(Path(__file__).parents[2] / "examples" / "china.yaml")
    assert next(iter(study.analyses)) == "classes"


# ---------------------------------------------------------------- catchments

MONTHLY = {
    "precipitation": "pre_mm_s",
    "temperature": "tmp_dc_s",
    "potential_evapotranspiration": "pet_mm_s",
    "evapotranspiration": "aet_mm_s",
    "snow": "snw_pc_s",
}
STATIC = {
    "elevation": "ele_mt_sav",
    "slope": "slp_dg_sav",
    "clay": "cly_pc_sav",
    "silt": "slt_pc_sav",
    "sand": "snd_pc_sav",
    "organic_carbon": "soc_th_sav",
    "forest": "for_pc_sse",
    "crop": "crp_pc_sse",
    "pasture": "pst_pc_sse",
    "irrigated": "ire_pc_sse",
    "groundwater": "gwt_cm_sav",
    "urban": "urb_pc_sse",
    "footprint": "hft_ix_s09",
    "erosion": "ero_kh_sav",
}
CLASSES = {"land_cover": "glc_cl_smj", "climate_zone": "clz_cl_smj", "lithology": "lit_cl_smj"}
MONTHS = pd.date_range("2001-01", periods=12, freq="MS")


@pytest.fixture(scope="module")
def catchments(shared_data):
    return pd.read_csv(
        shared_data / "hydroatlas-attributes" / "hydroatlas_caravan_attributes.csv.gz"
    )


def by_month(table, stem):
    values = np.stack([table[f"{stem}{m:02d}"] for m in range(1, 13)]).astype(float)
    return xr.DataArray(values, {"time": MONTHS}, ("time", "site"))


def sites(values):
    return xr.DataArray(np.asarray(values), dims="site")


def cut(table):
    y = by_month(table, "swc_pc_s")
    factors = {name: by_month(table, stem) for name, stem in MONTHLY.items()}
    factors |= {name: sites(table[key].astype(float)) for name, key in STATIC.items()}
    best = optimize_strata(y, factors, n_classes=[4, 6, 8], select="adjusted")
    return y, strata_of(best) | {name: sites(table[key]) for name, key in CLASSES.items()}


@pytest.fixture(scope="module")
def monthly(catchments):
    return cut(catchments)


def test_q_of_months_and_drivers_of_all_catchments(monthly):
    found = factor_detector(*monthly)
    assert dict(found.q.sizes) == {"factor": 22, "time": 12}
    assert (found.n_obs == 2830).all()
    assert ((found.q > 0) & (found.q < 1)).all()
    leading = found.q.idxmax("factor").values
    # rain leads in the months when nobody's soil is full, and soils by silt nowhere
    assert (leading[[5, 6, 7, 8]] == "precipitation").all()
    assert found.q.sel(factor="precipitation").isel(time=7).item() == pytest.approx(0.77, abs=0.02)
    assert found.q.sel(factor="erosion").max() < 0.1


def test_q_of_a_class_is_that_of_a_group_by(catchments, monthly):
    found = factor_detector(*monthly, p="none").q.sel(factor="land_cover").isel(time=6).item()
    groups = catchments.groupby("glc_cl_smj")["swc_pc_s07"]
    within = ((catchments["swc_pc_s07"] - groups.transform("mean")) ** 2).sum()
    total = catchments["swc_pc_s07"].var(ddof=0) * len(catchments)
    assert found == pytest.approx(1 - within / total, rel=1e-10)


def test_every_pair_enhances_by_plain_q(monthly):
    y, strata = monthly
    found = interaction_detector(y.isel(time=6), {k: _at(v, 6) for k, v in strata.items()})
    above = np.triu_indices(22, 1)
    types = {INTERACTIONS[c + 1] for c in found.interaction.values[above]}
    assert types <= {"enhance_bi", "enhance_nonlinear"}


def test_where_a_catchment_lies_explains_as_much_as_its_soil(catchments, monthly):
    # catchments come from nine countries: they are no independent draws
    country = sites(catchments.gauge_id.str.split("_").str[0].to_numpy(str))
    y, strata = monthly
    found = factor_detector(y, {"country": country, "sand": strata["sand"]}, p="none")
    assert (found.q.sel(factor="country") > found.q.sel(factor="sand")).all()


def test_months_of_both_hemispheres_together_are_no_season(catchments):
    january = catchments[["gauge_lat", "swc_pc_s01", "slt_pc_sav"]]
    q = {}
    for name, table in (("all", january), ("north", january[january.gauge_lat > 0])):
        y, silt = sites(table.swc_pc_s01), sites(table.slt_pc_sav.astype(float))
        q[name] = optimize_strata(y, {"silt": silt}, n_classes=[6]).q.max().item()
    assert q["all"] == pytest.approx(0.40, abs=0.02)
    assert q["north"] == pytest.approx(0.09, abs=0.02)


def _at(values, month):
    return values.isel(time=month) if "time" in values.dims else values
