import dask
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from soilscope import trend
from soilscope.analyse.trend import LEGAL
from soilscope.errors import InputError

PAIRS = [(correction, season) for season, names in LEGAL.items() for correction in names]
YEARLY = LEGAL[None]
SLOPES = ("slope", "slope_low", "slope_high", "slope_prewhitened")
seeds = st.integers(0, 2**32 - 1)


def monthly_cube(n=60, seed=0):
    rng = np.random.default_rng(seed)
    values = 0.3 + 0.02 * rng.normal(size=(n, 2, 2, 3)).cumsum(axis=0)
    time = pd.date_range("2001-03", periods=n, freq="MS")
    coords = {"time": time, "depth": [0.05, 0.2], "y": [1.0, 0.0], "x": [0.0, 1.0, 2.0]}
    da = xr.DataArray(values, coords, ("time", "depth", "y", "x"), attrs={"units": "m3 m-3"})
    da[:, 0, 0, 0] = np.nan
    da[:, 0, 0, 1] = 0.3
    da[5:, 0, 1, 1] = np.nan
    da[[4, 9, 30], 1, 1, 2] = np.nan
    da[7, 1, 1, 1] = np.inf
    return da


def yearly(values, start=1980):
    values = np.asarray(values, dtype=float)
    time = pd.date_range(f"{start}-01", periods=len(values), freq="YS")
    return xr.DataArray(values, dims="time", coords={"time": time})


def status_of(result):
    return result["status"].attrs["flag_meanings"].split()[int(result["status"])]


def red_noise(seed, n=30, rho=0.5):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=n)
    for i in range(1, n):
        values[i] += rho * values[i - 1]
    return values


def everything(da, correction, season=None):
    return trend(da, correction=correction, season=season, confidence=0.9, min_obs=6)


# ------------------------------------------------------------------- what is estimated


def test_slope_of_a_line_is_its_rise_per_year():
    time = pd.date_range("1990-01", periods=120, freq="MS")
    da = xr.DataArray(np.arange(120) / 12 * 0.5, dims="time", coords={"time": time})
    result = trend(da)
    assert float(result["slope"]) == pytest.approx(0.5)
    assert float(result["tau"]) == 1.0
    assert float(result["s"]) == 120 * 119 / 2


def test_gaps_keep_their_true_spacing():
    years = np.array([2000.0, 2001, 2002, 2010, 2011, 2012, 2013, 2014, 2015, 2016])
    da = xr.DataArray(3 * years, dims="time", coords={"time": years})
    assert float(trend(da)["slope"]) == pytest.approx(3.0)


def test_line_through_the_medians_gives_the_intercept():
    values = red_noise(1)
    da = yearly(values).assign_coords(time=np.arange(30.0))
    result = trend(da)
    middle = float(result["intercept"]) + float(result["slope"]) * np.median(np.arange(30.0))
    assert middle == pytest.approx(np.median(values))


def test_small_numbers_are_never_rounded():
    """A peer rounds to 5 decimals and finds p = 0 in fluxes of 1e-6 kg m-2 s-1."""
    values = red_noise(2, rho=0.0)
    xr.testing.assert_allclose(
        trend(yearly(1e-9 * values))["p_value"], trend(yearly(values))["p_value"]
    )


def test_p_value_is_exact_far_in_the_tail():
    result = trend(yearly(np.arange(200.0)))
    z = float(result["z"])
    tail = 2.0 * np.exp(-(z**2) / 2) / (z * np.sqrt(2 * np.pi))  # first term of the expansion
    assert z > 20
    assert float(result["p_value"]) == pytest.approx(tail, rel=0.01, abs=0.0)


def test_variance_ratio_scales_the_variance():
    da = yearly(red_noise(3, n=60, rho=0.9))
    plain = trend(da)
    for correction in ("hamed_rao", "yue_wang", "ar1"):
        corrected = trend(da, correction=correction)
        ratio = float(corrected["variance_ratio"])
        assert float(corrected["var_s"]) == pytest.approx(ratio * float(plain["var_s"]))
        assert ratio != 1


def test_variance_floor_stops_a_correction_from_raising_significance():
    alternating = yearly(np.tile([0.0, 1.0], 15) + 0.01 * red_noise(4))
    free = trend(alternating, correction="ar1")
    held = trend(alternating, correction="ar1", variance_floor=1.0)
    assert float(free["variance_ratio"]) < 1
    assert float(held["variance_ratio"]) == 1.0
    assert float(held["var_s"]) == float(trend(alternating)["var_s"])


def test_bounds_widen_with_confidence_and_hold_the_slope():
    da = yearly(red_noise(5))
    for correction in YEARLY:
        wide, narrow = (trend(da, correction=correction, confidence=c) for c in (0.95, 0.5))
        low, inner_low, slope, inner_high, high = (
            float(v)
            for v in (
                wide["slope_low"],
                narrow["slope_low"],
                wide["slope"],
                narrow["slope_high"],
                wide["slope_high"],
            )
        )
        assert low <= inner_low <= slope <= inner_high <= high, correction


def test_3pw_takes_the_weaker_of_two_tests():
    found = {
        correction: float(
            trend(yearly(red_noise(7, n=40, rho=0.8)), correction=correction)["p_value"]
        )
        for correction in ("prewhiten", "tfpw", "3pw")
    }
    assert found["3pw"] == max(found["prewhiten"], found["tfpw"])


def test_corrections_with_a_level_leave_uncorrelated_series_alone():
    values = red_noise(11, rho=0.0)
    plain = trend(yearly(values))
    assert abs(float(plain["lag1_autocorrelation"])) < 0.3
    for correction in ("hamed_rao", "vctfpw", "3pw"):
        options = {"correction": correction, "acf_alpha": 1e-5}
        assert float(trend(yearly(values), **options)["p_value"]) == float(plain["p_value"])


def test_seasonal_slope_ignores_the_seasonal_cycle():
    time = pd.date_range("1990-01", periods=120, freq="MS")
    cycle = 100 * np.cos(2 * np.pi * np.arange(120) / 12)
    da = xr.DataArray(cycle + 0.1 * np.arange(120) / 12, dims="time", coords={"time": time})
    assert float(trend(da, season="month")["slope"]) == pytest.approx(0.1)


# ------------------------------------------------------------------- coverage and level


@pytest.mark.jit
@pytest.mark.parametrize("rho", [0.0, 0.3, 0.5])
@pytest.mark.parametrize("planted", [0.0, 0.08])
def test_intervals_of_95_percent_cover_and_tests_keep_their_level(rho, planted):
    rng = np.random.default_rng(100)
    noise = rng.normal(size=(30, 2500))
    for i in range(1, 30):
        noise[i] = rho * noise[i - 1] + np.sqrt(1 - rho**2) * noise[i]
    time = pd.date_range("1980-01", periods=30, freq="YS")
    da = xr.DataArray(
        noise + planted * np.arange(30.0)[:, np.newaxis], {"time": time}, ("time", "site")
    )
    for correction in ("ar1", "prewhiten"):
        result = trend(da, correction=correction, confidence=0.95)
        inside = (result["slope_low"] <= planted) & (planted <= result["slope_high"])
        assert 0.92 < float(inside.mean()) < 0.97
        if planted == 0.0:
            assert float((result["p_value"] < 0.05).mean()) < 0.07


# ------------------------------------------------------------------- bad series


def test_status_says_why_a_series_has_no_trend():
    result = trend(monthly_cube(), correction="ar1", confidence=0.95)
    meanings = np.array(result["status"].attrs["flag_meanings"].split())
    said = meanings[result["status"].values]
    assert said[0, 0, 0] == "no_data"
    assert said[0, 0, 1] == "constant"
    assert said[0, 1, 1] == "too_few"
    assert (said[1] == "ok").all()
    assert result["n_obs"].values[0, 0, 0] == 0
    assert result["n_obs"].values[1, 1, 2] == 57


@pytest.mark.parametrize("correction", ["none", "hirsch_slack"])
def test_a_single_value_of_every_month_has_no_pairs_to_compare(correction):
    time = pd.date_range("2001-01", periods=12, freq="MS")
    da = xr.DataArray(red_noise(13, n=12), dims="time", coords={"time": time})
    result = trend(da, season="month", correction=correction, confidence=0.95)
    assert status_of(result) == "too_few"
    assert np.isnan(result["slope"])
    assert np.isnan(result["s"])


def test_a_constant_series_has_slope_zero_and_no_p_value():
    result = trend(yearly(np.full(20, 0.3)), correction="ar1", confidence=0.95)
    assert (float(result["slope"]), float(result["s"])) == (0.0, 0.0)
    assert float(result["intercept"]) == 0.3
    for name in ("p_value", "z", "tau", "var_s", "slope_low", "slope_high"):
        assert np.isnan(result[name])


def test_infinite_values_count_as_missing():
    values = red_noise(8)
    infinite, missing = values.copy(), values.copy()
    infinite[[3, 7]] = [np.inf, -np.inf]
    missing[[3, 7]] = np.nan
    for correction in YEARLY:
        xr.testing.assert_identical(
            everything(yearly(infinite), correction), everything(yearly(missing), correction)
        )


@pytest.mark.parametrize("correction", ["prewhiten", "tfpw", "vctfpw", "3pw"])
def test_a_series_that_gaps_leave_nothing_of_is_too_short_to_prewhiten(correction):
    values = red_noise(9, n=40, rho=0.95)
    values[::2] = np.nan
    result = trend(yearly(values), correction=correction)
    said = status_of(result)
    assert said in ("too_few", "ok")
    if correction in ("prewhiten", "tfpw"):
        assert said == "too_few"
        assert np.isnan(result["p_value"])


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_a_record_of_a_few_stamps_is_too_few(n):
    for correction in YEARLY:
        result = trend(yearly(np.arange(n)), correction=correction, confidence=0.95, min_obs=4)
        assert status_of(result) == ("too_few" if n else "no_data")
        assert np.isnan(result["slope"])


# ------------------------------------------------------------------- properties


@pytest.mark.parametrize("correction", YEARLY)
@given(seed=seeds, shift=st.sampled_from([-8.0, 0.5, 64.0]))
def test_shifting_the_data_changes_nothing_but_the_intercept(correction, seed, shift):
    values = np.round(red_noise(seed), 2) * 128  # exact after the shift
    moved = everything(yearly(values + shift), correction)
    still = everything(yearly(values), correction)
    names = set(still) - {"intercept"}
    if correction == "hamed_rao":  # the two residuals that make the slope tie, up to rounding
        names = {"slope", "s", "tau", "p_value_uncorrected", "lag1_autocorrelation"}
    for name in names:
        np.testing.assert_allclose(moved[name], still[name], rtol=1e-7, err_msg=name)
    assert float(moved["intercept"] - still["intercept"]) == pytest.approx(shift, rel=1e-6)


@pytest.mark.parametrize("correction", YEARLY)
@given(seed=seeds, power=st.integers(-20, 20))
def test_scaling_the_data_scales_the_slopes_alone(correction, seed, power):
    values, factor = red_noise(seed), 2.0**power
    scaled, plain = (everything(yearly(v), correction) for v in (values * factor, values))
    for name in plain:
        expected = plain[name] * (factor if name in (*SLOPES, "intercept") else 1)
        np.testing.assert_allclose(scaled[name], expected, rtol=1e-9, err_msg=str(name))


@given(seed=seeds)
def test_reversing_time_flips_the_slope_and_its_sign(seed):
    values = red_noise(seed)
    time = np.arange(30.0)
    forth, back = (
        trend(xr.DataArray(v, {"time": time}, "time"), correction="ar1", confidence=0.9)
        for v in (values, values[::-1])
    )
    assert float(back["slope"]) == pytest.approx(-float(forth["slope"]), abs=1e-13)
    assert float(back["s"]) == -float(forth["s"])
    assert float(back["slope_low"]) == pytest.approx(-float(forth["slope_high"]), abs=1e-13)
    assert float(back["p_value"]) == pytest.approx(float(forth["p_value"]), rel=1e-9)


@pytest.mark.parametrize(("correction", "season"), PAIRS)
def test_a_missing_value_is_a_dropped_stamp_with_true_times(correction, season):
    da = monthly_cube().isel(depth=1, y=0, x=0, drop=True)
    holes = [3, 17, 18, 40]
    missing = da.copy()
    missing[holes] = np.nan
    dropped = da.isel(time=np.delete(np.arange(da.size), holes))
    xr.testing.assert_allclose(
        everything(missing, correction, season), everything(dropped, correction, season), rtol=1e-12
    )


@pytest.mark.parametrize(("correction", "season"), PAIRS)
def test_series_do_not_know_one_another(correction, season):
    flat = monthly_cube().stack(site=("depth", "y", "x")).reset_index("site", drop=True)
    flat = flat.drop_vars(["depth", "y", "x"], errors="ignore")
    together = everything(flat, correction, season)
    order = np.random.default_rng(0).permutation(flat.sizes["site"])
    shuffled = everything(flat.isel(site=order), correction, season)
    xr.testing.assert_identical(shuffled, together.isel(site=order))
    alone = everything(flat.isel(site=7), correction, season)
    xr.testing.assert_identical(alone, together.isel(site=7))


@pytest.mark.parametrize(("correction", "season"), PAIRS)
def test_dask_gives_the_numpy_answer_and_stays_lazy(correction, season):
    da = monthly_cube()
    lazy = everything(da.chunk(depth=1, y=1, x=2), correction, season)
    assert all(variable.chunks for variable in lazy.data_vars.values())
    with dask.config.set(scheduler="synchronous"):
        xr.testing.assert_identical(lazy.compute(), everything(da, correction, season))


def test_dimension_order_and_precision_of_the_data_do_not_matter():
    da = monthly_cube().round(2)
    turned = everything(da.transpose("x", "depth", "time", "y"), "ar1")
    xr.testing.assert_allclose(turned.transpose("depth", "y", "x"), everything(da, "ar1"))
    single = everything((da * 128).round().astype("f4"), "none")
    double = everything((da * 128).round(), "none")
    xr.testing.assert_identical(single, double)


def test_the_input_is_left_alone():
    da = monthly_cube()
    before = da.copy(deep=True)
    for correction, season in PAIRS:
        everything(da, correction, season)
    xr.testing.assert_identical(da, before)


def test_results_are_labelled():
    result = trend(monthly_cube(), correction="vctfpw", confidence=0.95)
    assert result["slope"].attrs["units"] == "m3 m-3 year-1"
    assert result["intercept"].attrs["units"] == "m3 m-3"
    assert result["status"].dtype == np.int8
    assert result["n_obs"].dtype == np.int64
    assert result.attrs["method"] == "trend"
    assert '"correction": "vctfpw"' in result.attrs["options"]
    assert "10.1061" in result.attrs["references"]
    assert all("long_name" in variable.attrs for variable in result.data_vars.values())


def test_times_of_other_calendars_are_read():
    time = xr.date_range("2000-01-01", periods=20, freq="YS", calendar="360_day", use_cftime=True)
    da = xr.DataArray(0.5 * np.arange(20.0), {"time": time}, "time")
    assert float(trend(da)["slope"]) == pytest.approx(0.5)


# ------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("correction", "season"), [("hirsch_slack", None), ("ar1", "month"), ("3pw", "month")]
)
def test_an_illegal_pair_is_refused_with_the_legal_ones(correction, season):
    with pytest.raises(InputError, match=r"does not go with .* 'none', 'hirsch_slack'"):
        trend(monthly_cube(), correction=correction, season=season)


def test_a_mistyped_correction_is_named_with_the_nearest_right_word():
    with pytest.raises(InputError, match="did you mean 'prewhiten'"):
        trend(monthly_cube(), correction="prewiten")


def test_seasons_need_monthly_stamps():
    with pytest.raises(InputError, match="one stamp a month"):
        trend(yearly(red_noise(0)), season="month")


def test_a_series_in_pieces_is_refused():
    with pytest.raises(InputError, match="split into 2 chunks along 'time'"):
        trend(monthly_cube().chunk(time=30))


def test_unsorted_and_repeated_stamps_are_refused():
    da = yearly(red_noise(0))
    with pytest.raises(InputError, match="ascending"):
        trend(da[::-1])
    with pytest.raises(InputError, match="twice"):
        trend(da.isel(time=[0, 0, *range(1, 12)]))


def test_a_missing_time_axis_is_refused():
    with pytest.raises(InputError, match="no coordinate 'time'"):
        trend(xr.DataArray(np.arange(12.0), dims="time"))
    with pytest.raises(InputError, match="no dimension 'time'"):
        trend(xr.DataArray(np.arange(12.0), dims="year"))


@pytest.mark.parametrize(
    "option",
    [{"confidence": 95}, {"acf_alpha": 0}, {"max_lag": 0}, {"min_obs": 1}, {"variance_floor": -1}],
)
def test_a_number_out_of_its_range_is_refused(option):
    with pytest.raises(InputError, match="must be between"):
        trend(monthly_cube(), **option)
