"""Trends against numbers of R (trend, Kendall, modifiedmk, zyp, rkt) and of Python packages.

The series are annual (Nile, LakeHuron, nhtemp) and monthly (nottem). Where a package defines a
quantity otherwise, the test says how.
"""

import csv
import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.special import erfc

from soilscope import adjust_p_values, trend
from soilscope.analyse.time_axis import time_axis
from soilscope.analyse.trend_blocks import TrendOfBlock

NAMES = ("Nile", "LakeHuron", "nhtemp")


@pytest.fixture(scope="module")
def r_numbers(shared_oracles):
    return json.loads((shared_oracles / "trend" / "r_oracles.json").read_text())


@pytest.fixture(scope="module")
def python_numbers(shared_oracles):
    return json.loads((shared_oracles / "trend" / "python_oracles.json").read_text())


@pytest.fixture(scope="module")
def nottem(shared_oracles):
    with (shared_oracles / "trend" / "nottem_monthly.csv").open() as file:
        values = [float(row["nottem"]) for row in csv.DictReader(file)]
    time = pd.date_range("1920-01", periods=len(values), freq="MS")
    return xr.DataArray(values, dims="time", coords={"time": time})


def annual(r_numbers, name):
    x = np.array(r_numbers["series"][name]["x"], dtype=float)
    return xr.DataArray(x, dims="time", coords={"time": np.arange(x.size, dtype=float)})


def numbers(da, **options):
    return {name: float(value) for name, value in trend(da, **options).items()}


@pytest.mark.parametrize("name", NAMES)
def test_plain_test_and_slope_are_those_of_r_trend_and_kendall(r_numbers, name):
    r = r_numbers["series"][name]
    ours = numbers(annual(r_numbers, name), confidence=0.95)
    test = r["trend::mk.test"]
    assert ours["z"] == pytest.approx(test["statistic"], rel=1e-12)
    assert ours["p_value"] == pytest.approx(test["p.value"], rel=1e-9)
    assert ours["s"] == test["estimates"]["S"]
    assert ours["var_s"] == pytest.approx(test["estimates"]["varS"], rel=1e-12)
    assert ours["tau"] == pytest.approx(test["estimates"]["tau"], rel=1e-12)
    kendall = r["Kendall::MannKendall"]  # single precision in its Fortran
    assert ours["tau"] == pytest.approx(kendall["tau"], rel=1e-6)
    assert (ours["s"], ours["var_s"]) == pytest.approx((kendall["S"], kendall["varS"]), rel=1e-6)
    slope = r["trend::sens.slope(0.95)"]
    assert ours["slope"] == pytest.approx(slope["estimates"]["Sen's slope"], rel=1e-12)
    bounds = (ours["slope_low"], ours["slope_high"])
    assert bounds == pytest.approx(slope["conf.int"], rel=1e-11)


@pytest.mark.parametrize("name", NAMES)
def test_without_continuity_correction_r_divides_s_itself(r_numbers, name):
    ours = numbers(annual(r_numbers, name))
    theirs = r_numbers["series"][name]["trend::mk.test(continuity=FALSE)"]
    assert ours["s"] / np.sqrt(ours["var_s"]) == pytest.approx(theirs["statistic"], rel=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_zyp_sen_gives_our_slope_and_another_intercept(r_numbers, name):
    """Zyp takes the median of y - slope t, and other ranks for the bounds."""
    da = annual(r_numbers, name)
    theirs = r_numbers["series"][name]["zyp.sen"]
    slope = numbers(da)["slope"]
    assert slope == pytest.approx(theirs["coef"][1], rel=1e-12)
    medians = float(np.median(da.values - slope * da["time"].values))
    assert medians == pytest.approx(theirs["coef"][0], rel=1e-9)


VARIANCE_CORRECTIONS = {
    "modifiedmk::mmkh": {"correction": "hamed_rao"},
    "modifiedmk::mmkh3lag": {"correction": "hamed_rao", "max_lag": 3},
    "modifiedmk::mmky": {"correction": "yue_wang"},
}


@pytest.mark.parametrize("method", VARIANCE_CORRECTIONS)
@pytest.mark.parametrize("name", NAMES)
def test_corrected_variances_are_those_of_r_modifiedmk(r_numbers, name, method):
    ours = numbers(annual(r_numbers, name), **VARIANCE_CORRECTIONS[method])
    theirs = r_numbers["series"][name][method]
    assert ours["z"] == pytest.approx(theirs["Corrected Zc"], rel=1e-9)
    assert ours["p_value"] == pytest.approx(theirs["new P-value"], rel=1e-9)
    assert ours["variance_ratio"] == pytest.approx(theirs["N/N*"], rel=1e-9)
    assert ours["var_s"] == pytest.approx(theirs["new.variance"], rel=1e-9)
    assert ours["slope"] == pytest.approx(theirs["Sen's slope"], rel=1e-12)
    assert ours["p_value_uncorrected"] == pytest.approx(theirs["old P.value"], rel=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_mmky1lag_is_the_closed_sum_over_powers_of_lag_one_after_detrending_by_ranks(
    r_numbers, name
):
    """It extends lag 1 to all lags as r^k; ``max_lag=1`` stops there (as pymannkendall does).

    Our lag-1 autocorrelation through its formula gives its factor to 3 %: it detrends with the
    slope of the pre-whitened series, where we take that of the data.
    """
    ours = numbers(annual(r_numbers, name))
    n, r = ours["n_obs"], ours["lag1_autocorrelation"]
    factor = 1 + 2 * (r ** (n + 1) - n * r**2 + (n - 1) * r) / (n * (r - 1) ** 2)
    theirs = r_numbers["series"][name]["modifiedmk::mmky1lag"]["N/N*"]
    assert factor == pytest.approx(theirs, rel=0.03)


@pytest.mark.parametrize(("method", "correction"), [("pwmk", "prewhiten"), ("tfpwmk", "tfpw")])
@pytest.mark.parametrize("name", NAMES)
def test_prewhitened_tests_are_those_of_r_modifiedmk(r_numbers, name, method, correction):
    """Its Tau is tau-a."""
    ours = numbers(annual(r_numbers, name), correction=correction)
    theirs = r_numbers["series"][name][f"modifiedmk::{method}"]
    assert ours["z"] == pytest.approx(theirs["Z-Value"], rel=1e-9)
    assert ours["p_value"] == pytest.approx(theirs["P-value"], rel=1e-8)
    assert ours["s"] == theirs["S"]
    assert ours["var_s"] == pytest.approx(theirs["Var(S)"], rel=1e-12)
    assert ours["slope_prewhitened"] == pytest.approx(theirs["Sen's Slope"], rel=1e-9)
    n = ours["n_obs"] - 1
    assert ours["s"] / (n * (n - 1) / 2) == pytest.approx(theirs["Tau"], rel=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_tfpw_is_zyps_yuepilon(r_numbers, name):
    """Its p comes from Kendall's single precision; its bounds ignore the correlation: not ours."""
    ours = numbers(annual(r_numbers, name), correction="tfpw")
    theirs = r_numbers["series"][name]["zyp.yuepilon"]
    assert ours["slope_prewhitened"] == pytest.approx(theirs["trend"], rel=1e-9)
    assert ours["lag1_autocorrelation"] == pytest.approx(theirs["autocor"], rel=1e-9)
    assert ours["tau"] == pytest.approx(theirs["tau"], rel=1e-6)
    assert np.log(ours["p_value"]) == pytest.approx(np.log(theirs["sig"]), rel=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_zyps_zhang_and_bcpw_are_other_methods(r_numbers, name):
    """Zhang iterates slope and autocorrelation, and divides by 1 - r; bcpw (Hamed 2009) fits both.

    None of our corrections is either; in all, the sign of the trend agrees.
    """
    ours = numbers(annual(r_numbers, name), correction="vctfpw")
    theirs = r_numbers["series"][name]
    for slope in (theirs["zyp.zhang"]["trend"], theirs["modifiedmk::bcpw"]["Z-Value"]):
        assert np.sign(ours["slope_prewhitened"]) == np.sign(slope)


def test_vctfpw_is_the_transformation_of_mannkendall(r_numbers):
    """mannkendall 1.1.1 (Collaud Coen et al. 2020) on the Nile, years of 365.25 days.

    Its lag-1 autocorrelation is another estimate; given that, the series is ours.
    """
    da = annual(r_numbers, "Nile")
    nile, slope = da.values[:, np.newaxis], np.array([-2.6])
    block = TrendOfBlock(time_axis(da, "time"), "vctfpw", None, None, 0.05, None, 10)
    residual = block._residual(nile, slope)
    theirs = np.array([0.3756210550918698])
    assert block._lag_one(residual) == pytest.approx(theirs, abs=1e-3)
    whitened = block._variance_corrected(nile, residual, slope, theirs, np.zeros(1))
    expected = [1091.6481391451962, 779.8121901441218, 710.8508711596824, 760.2200122319684]
    assert whitened[[1, 2, 50, 99], 0] == pytest.approx(expected, rel=1e-12)
    assert block._slopes(whitened)[0] == pytest.approx(-1.8542539575569474, rel=1e-9)
    ours = numbers(da, correction="vctfpw")
    assert ours["slope_prewhitened"] == pytest.approx(-1.854, rel=3e-3)


PYMANNKENDALL = {
    "original_test": {},
    "hamed_rao_modification_test": {"correction": "hamed_rao"},
    "hamed_rao(lag=1)": {"correction": "hamed_rao", "max_lag": 1},
    "hamed_rao(lag=3)": {"correction": "hamed_rao", "max_lag": 3},
    "yue_wang_modification_test": {"correction": "yue_wang"},
    "yue_wang(lag=1)": {"correction": "yue_wang", "max_lag": 1},
    "yue_wang(lag=3)": {"correction": "yue_wang", "max_lag": 3},
    "pre_whitening_modification_test": {"correction": "prewhiten"},
    "trend_free_pre_whitening_modification_test": {"correction": "tfpw"},
}


@pytest.mark.parametrize("method", PYMANNKENDALL)
@pytest.mark.parametrize("name", [*NAMES, "nottem"])
def test_tests_are_those_of_pymannkendall(r_numbers, python_numbers, nottem, name, method):
    """Its p loses digits to 1 - cdf, its Tau is tau-a, its time counts the values from 0."""
    da = nottem if name == "nottem" else annual(r_numbers, name)
    da = da.assign_coords(time=np.arange(da.size, dtype=float))
    ours = numbers(da, **PYMANNKENDALL[method])
    theirs = python_numbers["python_run"][name][method]
    assert ours["s"] == theirs["s"]
    assert ours["var_s"] == pytest.approx(theirs["var_s"], rel=1e-9)
    assert ours["z"] == pytest.approx(theirs["z"], rel=1e-9)
    assert ours["p_value"] == pytest.approx(theirs["p"], rel=1e-9, abs=1e-15)
    assert ours["slope"] == pytest.approx(theirs["slope"], rel=1e-12)
    assert ours["intercept"] == pytest.approx(theirs["intercept"], rel=1e-12)


@pytest.mark.parametrize("confidence", ["0.9", "0.95", "0.99"])
@pytest.mark.parametrize("name", [*NAMES, "nottem"])
def test_bounds_are_those_of_scipy_theilslopes(r_numbers, python_numbers, nottem, name, confidence):
    da = nottem if name == "nottem" else annual(r_numbers, name)
    da = da.assign_coords(time=np.arange(da.size, dtype=float))
    ours = numbers(da, confidence=float(confidence))
    theirs = python_numbers["python_run"][name][f"scipy.theilslopes({confidence})"]
    mine = [ours[key] for key in ("slope", "intercept", "slope_low", "slope_high")]
    assert mine == pytest.approx(theirs, rel=1e-12)
    tau = python_numbers["python_run"][name]["scipy.kendalltau_b"][0]
    assert ours["tau"] == pytest.approx(tau, rel=1e-12)


def test_seasonal_test_and_slope_are_those_of_r_and_pymannkendall(
    r_numbers, python_numbers, nottem
):
    ours = numbers(nottem, season="month")
    r = r_numbers["nottem"]
    smk = r["smk"]["estimates"]
    assert (ours["s"], ours["var_s"]) == pytest.approx((smk["S"], smk["varS"]), rel=1e-12)
    assert ours["z"] == pytest.approx(r["smk"]["statistic"], rel=1e-12)
    assert ours["p_value"] == pytest.approx(r["smk"]["p"], rel=1e-9)
    assert ours["p_value"] == pytest.approx(r["rkt"]["sl"], rel=1e-9)
    assert ours["slope"] == pytest.approx(r["sea.sens.slope"], rel=1e-9)
    assert ours["slope"] == pytest.approx(r["rkt"]["B"], rel=1e-9)
    assert ours["tau"] == pytest.approx(r["Kendall_Seasonal"]["tau"], rel=1e-7)
    theirs = python_numbers["python_run"]["nottem"]["seasonal_test"]
    assert ours["z"] == pytest.approx(theirs["z"], rel=1e-12)
    assert ours["slope"] == pytest.approx(theirs["slope"], rel=1e-9)


def test_a_season_alone_is_the_plain_test_of_its_months(r_numbers, nottem):
    smk = r_numbers["nottem"]["smk"]
    for month in range(12):
        ours = numbers(nottem[month::12])
        assert ours["s"] == smk["Sg"][month]
        assert ours["var_s"] == pytest.approx(smk["varSg"][month], rel=1e-12)
        assert ours["z"] == pytest.approx(smk["Zg"][month], rel=1e-9, abs=1e-12)
        assert ours["p_value"] == pytest.approx(smk["pvalg"][month], rel=1e-9)


def test_covariance_between_seasons_is_that_of_r_and_pymannkendall(
    r_numbers, python_numbers, nottem
):
    """R csmk and pymannkendall leave the continuity correction out; rkt and we keep it."""
    ours = numbers(nottem, season="month", correction="hirsch_slack")
    csmk = r_numbers["nottem"]["csmk"]
    assert ours["var_s"] == pytest.approx(csmk["estimates"]["varS"], rel=1e-12)
    without = ours["s"] / np.sqrt(ours["var_s"])
    assert without == pytest.approx(csmk["statistic"], rel=1e-12)
    assert erfc(abs(without) / np.sqrt(2)) == pytest.approx(csmk["p.value"], rel=1e-9)
    assert ours["p_value"] == pytest.approx(
        r_numbers["nottem"]["rkt_corrected"]["sl.corrected"], rel=1e-9
    )
    theirs = python_numbers["python_run"]["nottem"]["correlated_seasonal_test"]
    assert ours["var_s"] == pytest.approx(theirs["var_s"], rel=1e-12)


@pytest.mark.parametrize(
    ("method", "theirs"),
    [("bh", "BH"), ("by", "BY"), ("holm", "holm"), ("bonferroni", "bonferroni")],
)
def test_adjusted_p_values_are_those_of_r(r_numbers, method, theirs):
    p = xr.DataArray(r_numbers["padjust"]["p"], dims="site")
    adjusted = adjust_p_values(p, method=method)
    np.testing.assert_allclose(adjusted, r_numbers["padjust"][theirs], rtol=1e-12)


@pytest.mark.parametrize(("method", "theirs"), [("bh", "fdr_bh"), ("by", "fdr_by")])
def test_adjusted_p_values_are_those_of_statsmodels(python_numbers, method, theirs):
    p = xr.DataArray(python_numbers["fdr"]["p"], dims="site")
    adjusted = adjust_p_values(p, method=method)
    np.testing.assert_allclose(adjusted, python_numbers["fdr"][theirs], rtol=1e-12)
    if method == "bh":
        rejected = (adjusted <= 0.05).values.tolist()
        assert rejected == python_numbers["fdr"]["reject_bh_0.05"]
