"""The index by kernel density, gamma and beta: what it is, where it ends, what bad input gets."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from soilscope import index_parameters, index_state, standardize
from soilscope.errors import InputError
from soilscope.names import CONSTANT, FIT_FAILED, NO_DATA, OK, TOO_FEW

NAN = np.nan
LIMIT = 8.222082216130435  # normal quantile of 1 - 1e-16
METHODS = ("kde", "gamma", "beta")


def monthly(values, start="1991-01"):
    values = np.asarray(values)
    time = pd.date_range(start, periods=len(values), freq="MS")
    dims = ("time", "site")[: values.ndim]
    return xr.DataArray(values, {"time": time}, dims, attrs={"units": "m3 m-3"})


def yearly(values, **options):
    """Index and status of one reference without months, a value a year."""
    da = monthly(np.repeat(np.asarray(values), 12)[::12])
    da["time"] = pd.date_range("1991", periods=len(values), freq="YS")
    found = standardize(da, by=None, **({"min_years": 2} | options))
    return found["ssmi"].values, int(found["status"])


def moisture(n_sites=3, n_years=15, seed=0):
    rng = np.random.default_rng(seed)
    values = rng.beta(6.0, 14.0, (12 * n_years, n_sites))
    values[rng.random(values.shape) < 0.04] = NAN
    return monthly(values)


def scipys(values, method):
    """Index of one reference as SciPy makes it."""
    if method == "kde":
        density = stats.gaussian_kde(values, bw_method="scott")
        p = [density.integrate_box_1d(-np.inf, v) for v in values]
    elif method == "gamma":
        p = stats.gamma.cdf(values, *stats.gamma.fit(values, floc=0))
    else:
        p = stats.beta.cdf(values, *stats.beta.fit(values, floc=0, fscale=1))
    return stats.norm.ppf(p)


# ---------------------------------------------------------------- the index itself


@pytest.mark.parametrize("method", METHODS)
def test_each_month_has_the_normal_quantile_of_scipys_probability(method):
    da = moisture()
    found = standardize(da, method=method)["ssmi"]
    for site in range(3):
        for month in (1, 8):
            rows = (da.time.dt.month == month).values
            values, index = da.values[rows, site], found.values[rows, site]
            valid = np.isfinite(values)
            assert_array_equal(np.isfinite(index), valid)
            assert_allclose(index[valid], scipys(values[valid], method), atol=1e-7)


def test_thoms_fit_is_close_to_the_likeliest_and_not_the_same():
    da = moisture()
    ml = index_parameters(da, method="gamma")["shape"]
    thom = index_parameters(da, method="gamma", fit="thom")["shape"]
    assert_allclose(thom, ml, rtol=1e-3)
    assert (thom != ml).all()


@pytest.mark.parametrize("method", METHODS)
def test_a_period_is_the_reference_of_all_years(method):
    da = moisture()
    found = standardize(da, method=method, reference=("1991", "2002"))
    early = da.sel(time=slice("1991", "2002"))
    inside = found["ssmi"].sel(time=slice("1991", "2002"))
    assert_array_equal(inside, standardize(early, method=method)["ssmi"])
    assert_array_equal(found["n_obs"], standardize(early, method=method)["n_obs"])
    late = da.time.dt.year > 2002
    assert_array_equal(np.isfinite(found["ssmi"].where(late)), np.isfinite(da.where(late)))


@pytest.mark.parametrize("method", METHODS)
def test_a_day_has_the_days_around_it_in_its_reference(method):
    time = pd.date_range("2001-01-01", "2012-12-31", freq="D")
    values = np.random.default_rng(1).beta(6.0, 14.0, time.size)
    da = xr.DataArray(values, {"time": time}, ("time",))
    found = standardize(da, by="dayofyear", window=3, method=method)
    parts = da.time.dt
    around = ((parts.month == 12) & (parts.day >= 29)) | ((parts.month == 1) & (parts.day <= 4))
    first = (parts.month == 1) & (parts.day == 1)
    reference = values[around.values]
    expected = scipys(reference, method)[first.values[around.values]]
    assert_allclose(found["ssmi"].values[first.values], expected, atol=1e-7)
    assert found["n_obs"].sel(dayofyear=1) == 7 * 12


@pytest.mark.parametrize("method", METHODS)
def test_single_precision_stays_single_and_agrees_with_double(method):
    da = moisture()
    single = standardize(da.astype("f4"), method=method)["ssmi"]
    assert single.dtype == np.float32
    assert_allclose(single, standardize(da, method=method)["ssmi"], atol=2e-4)


reference = st.lists(st.floats(0.01, 0.99).map(lambda v: round(v, 3)), min_size=8, max_size=8)


@given(reference, st.lists(st.floats(0.0, 1.0), min_size=2, max_size=12), st.sampled_from(METHODS))
def test_a_wetter_value_never_has_a_lower_index_and_none_is_infinite(values, new, method):
    da = monthly(np.sort(np.concatenate([new, [0.0, 1.0]]))[:, None], "1999-01")
    stored = index_parameters(
        xr.DataArray(
            np.array(values)[:, None],
            {"time": pd.date_range("1991", periods=8, freq="YS")},
            ("time", "site"),
        ),
        by=None,
        min_years=2,
        method=method,
    )
    found = standardize(da, parameters=stored)["ssmi"].values[:, 0]
    if stored["status"].item() == OK:
        assert (np.diff(found) >= -1e-12).all()
        assert (np.abs(found) <= LIMIT).all()
    else:
        assert np.isnan(found).all()


def test_far_below_a_narrow_gamma_the_index_stays_exact():
    # shape 1e8: nearly normal, so that -6 deviations are -6.0002; SciPy 1.17 alone gives -6.05
    z = np.array([-1.5, -0.5, 0.0, 0.5, 1.5] * 3)
    values = 0.3 * (1 + 1e-4 * (z - z.mean()) / z.std())
    stored = index_parameters(
        monthly(np.repeat(values[:, None], 12, 0)), by=None, method="gamma", min_years=10
    )
    shape = stored["shape"].item()
    assert shape == pytest.approx(1e8, rel=1e-3)
    new = 0.3 * (1 + np.array([-6.0, -4.1, -3.9, 5.0]) * 1e-4)
    found = standardize(monthly(new[:, None]), parameters=stored)["ssmi"].values[:, 0]
    # second order of Cornish and Fisher: z - (z^2 - 1) / (3 sqrt(k)) with skewness 2 / sqrt(k)
    k = 1e-4 * np.sqrt(shape)
    expected = np.array([-6.0, -4.1, -3.9, 5.0]) * k
    assert_allclose(found, expected - (expected**2 - 1) / 3 / np.sqrt(shape), atol=1e-6)


# ---------------------------------------------------------------- the ends of the support


def test_zeros_have_the_middle_of_their_share_and_the_others_keep_their_order():
    values = np.array([0.0, 0.0, 0.1, 0.2, 0.25, 0.3, 0.4, 0.45])
    fitted = stats.gamma.fit(values[2:], floc=0)
    p = 2 / 9 + 7 / 9 * stats.gamma.cdf(values[2:], *fitted)
    index, status = yearly(values, method="gamma")
    assert status == OK
    assert_allclose(index[:2], stats.norm.ppf(3 / 18), rtol=1e-12)
    assert_allclose(index[2:], stats.norm.ppf(p), atol=1e-7)


def test_both_ends_of_beta_have_the_middle_of_their_share():
    values = np.array([0.0, 0.1, 0.2, 0.25, 0.3, 0.4, 0.45, 0.45, 0.45])
    fitted = stats.beta.fit(values[1:6], floc=0, fscale=0.45)
    p = 1 / 10 + 6 / 10 * stats.beta.cdf(values[1:6], *fitted)
    index, status = yearly(values, method="beta", upper=0.45)
    assert status == OK
    assert_allclose(index[0], stats.norm.ppf(2 / 20), rtol=1e-12)
    assert_allclose(index[1:6], stats.norm.ppf(p), atol=1e-6)
    assert_allclose(index[6:], stats.norm.ppf(1 - 4 / 20), rtol=1e-12)


def test_a_saturated_value_is_at_the_end_in_single_precision_too():
    values = np.array([0.2, 0.25, 0.3, 0.4, 0.45, 0.45])
    double, _ = yearly(values, method="beta", upper=0.45)
    single, _ = yearly(values.astype("f4"), method="beta", upper=0.45)
    assert_allclose(single, double, atol=1e-5)


def test_an_end_that_the_reference_never_touched_is_the_limit_and_beyond_it_is_nothing():
    values = moisture().fillna(0.3)
    new = monthly(np.array([[0.0] * 3, [1.0] * 3, [-0.01] * 3, [1.01] * 3, [np.inf] * 3]))
    for method, expected in {
        "gamma": [-LIMIT, None, NAN, None, NAN],
        "beta": [-LIMIT, LIMIT, NAN, NAN, NAN],
    }.items():
        stored = index_parameters(values, method=method)
        found = standardize(new, parameters=stored)["ssmi"].values
        for row, limit in zip(found, expected, strict=True):
            if limit is None:
                assert (np.isfinite(row) & (row > 2)).all()
            else:
                assert_allclose(row, limit, rtol=1e-12)


@pytest.mark.parametrize(
    ("method", "options"), [("gamma", {}), ("beta", {}), ("beta", {"upper": 0.3})]
)
def test_a_reference_beyond_the_support_fails_and_says_so(method, options):
    da = moisture()
    da[{"site": 1}] = da.isel(site=1) * (-1 if method == "gamma" else 100)
    found = standardize(da, method=method, **options)
    assert (found["status"].isel(site=1) == FIT_FAILED).all()
    assert np.isnan(found["ssmi"].isel(site=1)).all()
    if not options:
        assert (found["status"].isel(site=0) == OK).all()


# ---------------------------------------------------------------- too little, or wrong


@pytest.mark.parametrize("method", METHODS)
def test_too_few_constant_and_empty_series_say_so(method):
    values = np.random.default_rng(0).beta(6.0, 14.0, (120, 4))
    values[:, 1] = 0.1
    values[:, 2] = NAN
    values[0, 3] = NAN  # nine Januaries
    found = standardize(monthly(values), method=method)
    january = found["status"].sel(month=1)
    assert january.values.tolist() == [OK, CONSTANT, NO_DATA, TOO_FEW]
    assert found["status"].sel(month=2, site=3) == OK
    assert np.isnan(found["ssmi"].isel(site=[1, 2])).all()
    assert np.isnan(found["ssmi"].isel(site=3)[::12]).all()
    assert found["ssmi"].isel(site=3).count() == 110
    assert found["n_obs"].sel(month=1).values.tolist() == [10, 10, 0, 9]


@pytest.mark.parametrize("method", METHODS)
def test_an_infinite_value_counts_as_missing(method):
    with_inf = moisture().fillna(0.3)
    with_nan = with_inf.copy(deep=True)
    with_inf[7, 1], with_nan[7, 1] = np.inf, NAN
    xr.testing.assert_identical(
        standardize(with_inf, method=method), standardize(with_nan, method=method)
    )


@pytest.mark.parametrize("method", METHODS)
def test_one_year_is_too_few_even_when_one_is_asked_for(method):
    _, status = yearly([0.3], method=method, min_years=1, ddof=0)
    assert status == TOO_FEW


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"reference": "pooled", "method": "kde"}, "value of the region; use method='zscore'"),
        ({"reference": "pooled_profile", "method": "gamma"}, "mixes .* a period with method='gam"),
        ({"reference": "pooled", "method": "beta"}, "mixes .*reference='own'"),
        ({"fit": "thom"}, "for method='gamma' only"),
        ({"method": "beta", "fit": "thom"}, "for method='gamma' only"),
        ({"method": "gamma", "fit": "mle"}, "'ml', 'thom'"),
        ({"method": "gamma", "upper": 0.5}, "for method='beta' only"),
        ({"method": "beta", "upper": 0.0}, "a number above 0"),
        ({"method": "beta", "upper": NAN}, "a number above 0"),
    ],
)  # fmt: skip
def test_options_without_sense_are_refused(options, text):
    with pytest.raises(InputError, match=text):
        standardize(moisture(), **options)


def test_parameters_bring_their_upper_end_and_their_fit():
    da = moisture()
    stored = index_parameters(da, method="beta", upper=0.9)
    assert stored.attrs["upper"] == 0.9
    assert "fit" not in stored.attrs
    found = standardize(da, parameters=stored)
    assert found["ssmi"].attrs["upper"] == 0.9
    with pytest.raises(InputError, match=r"upper is 0\.8, but the parameters have 0\.9"):
        standardize(da, parameters=stored, method="beta", upper=0.8)
    thom = index_parameters(da, method="gamma", fit="thom")
    assert standardize(da, parameters=thom).attrs["fit"] == "thom"
    assert "upper" not in thom.attrs


# ---------------------------------------------------------------- how far it reaches


def test_the_density_of_a_record_reaches_half_a_value_from_its_ends():
    # normal quantile of 1 - 1 / 42: no month of 21 years is extremely wet against its own record
    values = np.zeros(21)
    values[7] = 1.0  # all others far away: the bound is met
    index, _ = yearly(values, method="kde")
    assert index.max() == pytest.approx(1.98075, abs=1e-4)
    time = pd.date_range("1991", periods=21, freq="YS")
    da = xr.DataArray(np.random.default_rng(0).random(21), {"time": time}, ("time",))
    found = standardize(da, by=None, method="kde")
    assert found["ssmi"].attrs["reachable"] == pytest.approx(1.98075, abs=1e-5)
    assert abs(found["ssmi"]).max() < found["ssmi"].attrs["reachable"]


def test_a_class_that_no_value_of_a_smoothed_record_can_reach_is_no_zero():
    da = moisture(n_years=15)
    recent = standardize(da, method="kde").sel(time=slice("2001", None))["ssmi"]
    shares = index_state(recent)["class_share"]
    assert np.isnan(shares.sel({"class": ["extreme_drought", "extreme_wet"]})).all()
    assert np.isfinite(shares.sel({"class": "severe_drought"})).all()


def test_new_months_may_go_beyond_what_a_smoothed_record_reaches():
    da = moisture()
    stored = index_parameters(da, method="kde")
    assert "reachable" in standardize(da.isel(time=slice(12, 24)), parameters=stored).attrs
    new = monthly(np.full((2, 3), 0.99), "2020-01")
    found = standardize(new, parameters=stored)
    assert "reachable" not in found.attrs
    assert (found["ssmi"] > 3).all()
    part = standardize(da, method="kde", reference=("1991", "2002"))
    assert "reachable" not in part.attrs


def test_no_new_months_are_no_fault():
    stored = index_parameters(moisture(), method="kde")
    assert standardize(moisture().isel(time=[]), parameters=stored)["ssmi"].size == 0


def test_plain_years_know_their_baseline_too():
    da = xr.DataArray(
        np.random.default_rng(0).random(24), {"time": 990 + np.arange(24) / 2}, "time"
    )
    stored = index_parameters(da, by=None, method="kde")
    assert "reachable" in standardize(da, parameters=stored).attrs
    for shift in (-1, 1):
        moved = da.assign_coords(time=da.time + shift)
        assert "reachable" not in standardize(moved, parameters=stored).attrs
