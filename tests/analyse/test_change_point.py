import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from soilscope import change_point
from soilscope.errors import InputError
from soilscope.names import STATUS

seeds = st.integers(0, 2**32 - 1)


def yearly(values, first=1980):
    values = np.asarray(values, dtype=float)
    time = pd.date_range(f"{first}-01", periods=len(values), freq="YS")
    dims = ("time", "site")[: values.ndim]
    return xr.DataArray(values, {"time": time}, dims, attrs={"units": "m3 m-3"})


def red_noise(rng, n, rho, n_series):
    values = rng.normal(size=(n, n_series))
    for i in range(1, n):
        values[i] = rho * values[i - 1] + np.sqrt(1 - rho**2) * values[i]
    return values


def rejected(da, **options):
    return float((change_point(da, **options)["p_value"] < 0.05).mean())


def status_of(result):
    return STATUS[int(result["status"])]


# ------------------------------------------------------------------- what is estimated


def test_change_lies_behind_the_last_value_of_the_old_level():
    noise = np.random.default_rng(1).normal(size=40) / 10
    result = change_point(yearly(noise + 2.0 * (np.arange(40) >= 15)))
    assert float(result["change_time"]) == 1980 + 14
    assert float(result["shift"]) == pytest.approx(2.0, abs=0.1)
    assert float(result["p_value"]) < 0.01


def test_p_value_of_a_clean_step_is_that_of_the_approximation():
    result = change_point(yearly(np.repeat([0.0, 1.0], 10)), prewhiten=False)
    assert float(result["statistic"]) == 100
    assert float(result["p_value"]) == pytest.approx(2 * np.exp(-60000 / 8400), rel=1e-12)
    assert float(result["p_value_uncorrected"]) == float(result["p_value"])


def test_a_series_without_change_has_no_p_value_above_one():
    result = change_point(yearly(np.tile([0.0, 1.0], 20)), prewhiten=False)
    assert float(result["p_value"]) == 1.0


def test_prewhitening_changes_the_test_and_nothing_else():
    da = yearly(red_noise(np.random.default_rng(2), 40, 0.7, 20))
    with_it, without = change_point(da), change_point(da, prewhiten=False)
    for name in ("change_time", "shift", "p_value_uncorrected", "lag1_autocorrelation", "n_obs"):
        xr.testing.assert_equal(with_it[name], without[name])
    assert (with_it["p_value"] != without["p_value"]).any()


@given(seed=seeds)
def test_the_plain_test_sees_ranks_alone(seed):
    values = np.random.default_rng(seed).normal(size=30)
    plain, bent = (change_point(yearly(v), prewhiten=False) for v in (values, np.exp(values)))
    for name in ("change_time", "statistic", "p_value"):
        assert float(plain[name]) == float(bent[name])


@given(seed=seeds, shift=st.sampled_from([-8.0, 64.0]), power=st.integers(-10, 10))
def test_other_units_change_the_size_of_the_shift_alone(seed, shift, power):
    values = np.round(red_noise(np.random.default_rng(seed), 30, 0.5, 1)[:, 0], 2) * 128
    one, other = (change_point(yearly(v)) for v in (values, values * 2.0**power + shift))
    for name in ("change_time", "statistic", "p_value", "lag1_autocorrelation"):
        np.testing.assert_allclose(other[name], one[name], rtol=1e-9, err_msg=name)
    assert float(other["shift"]) == pytest.approx(float(one["shift"]) * 2.0**power)


@given(seed=seeds)
def test_reversing_time_reverses_the_shift(seed):
    values = np.random.default_rng(seed).normal(size=30)
    forth, back = (change_point(yearly(v), prewhiten=False) for v in (values, values[::-1]))
    assert float(forth["statistic"]) == float(back["statistic"])


def test_prewhitening_does_not_reach_across_a_gap():
    values = red_noise(np.random.default_rng(3), 41, 0.6, 1)[:, 0]
    values[20] = np.nan
    holed = yearly(values)
    dropped = holed.isel(time=np.delete(np.arange(41), 20))
    xr.testing.assert_allclose(change_point(holed), change_point(dropped))


# ------------------------------------------------------------------- level and power


@pytest.mark.jit
@pytest.mark.parametrize(("n", "rho"), [(21, 0.0), (40, 0.3), (40, 0.6), (100, 0.6), (252, 0.8)])
def test_prewhitening_keeps_the_level_where_the_plain_test_does_not(n, rho):
    da = yearly(red_noise(np.random.default_rng(4), n, rho, 2000))
    assert rejected(da) < 0.075
    if rho > 0:
        assert rejected(da, prewhiten=False) > 0.1


@pytest.mark.jit
def test_prewhitening_still_finds_a_change():
    noise = red_noise(np.random.default_rng(5), 100, 0.3, 500)
    stepped = yearly(noise + 1.5 * (np.arange(100) >= 33)[:, np.newaxis])
    assert rejected(stepped) > 0.9


# ------------------------------------------------------------------- bad series


def test_status_says_why_a_series_has_no_change():
    noise = np.random.default_rng(6).normal(size=20)
    short = np.where(np.arange(20) < 9, noise, np.nan)
    gappy = np.where(np.arange(20) % 2 == 0, noise, np.nan)  # no two stamps in a row
    table = np.stack([np.full(20, np.nan), short, np.full(20, 0.3), gappy, noise], axis=1)
    result = change_point(yearly(table))
    said = [STATUS[code] for code in result["status"].values]
    assert said == ["no_data", "too_few", "constant", "too_few", "ok"]
    assert result["n_obs"].values.tolist() == [0, 9, 20, 10, 20]
    for name in ("change_time", "shift", "statistic", "p_value", "lag1_autocorrelation"):
        assert np.isnan(result[name][:4]).all(), name
        assert np.isfinite(result[name][4]), name
    assert status_of(change_point(yearly(gappy), prewhiten=False)) == "ok"


def test_infinite_values_count_as_missing():
    values = np.random.default_rng(7).normal(size=30)
    infinite, missing = values.copy(), values.copy()
    infinite[[3, 17]] = [np.inf, -np.inf]
    missing[[3, 17]] = np.nan
    xr.testing.assert_identical(change_point(yearly(infinite)), change_point(yearly(missing)))


def test_results_are_labelled():
    result = change_point(yearly(np.random.default_rng(8).normal(size=20)))
    assert result["change_time"].attrs["units"] == "year"
    assert result["shift"].attrs["units"] == "m3 m-3"
    assert "without its step" in result["lag1_autocorrelation"].attrs["long_name"]
    assert result.attrs["method"] == "change_point"
    assert '"prewhiten": true' in result.attrs["options"]


def test_refusals_name_what_is_wrong():
    da = yearly(np.random.default_rng(9).normal(size=20))
    with pytest.raises(InputError, match="ascending"):
        change_point(da[::-1])
    with pytest.raises(InputError, match="split into 2 chunks"):
        change_point(da.chunk(time=10))
    with pytest.raises(InputError, match="must be between"):
        change_point(da, min_obs=1)
