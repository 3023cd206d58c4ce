import json

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from soilscope import partial_regression
from soilscope.errors import InputError, SoilscopeWarning
from soilscope.names import flag_table
from soilscope.times import calendar_steps

N = 48


def monthly(n=N):
    return xr.date_range("2001-01", periods=n, freq="MS")


def study(*, n_time=N, depth=2, y=3, x=4, dtype="f8", seed=0):
    """A response on (time, depth, y, x) and three drivers without depth."""
    rng = np.random.default_rng(seed)
    coords = {"time": monthly(n_time), "y": np.arange(y) * 1.0, "x": np.arange(x) * 1.0}
    drivers = xr.Dataset(
        {
            name: (("time", "y", "x"), rng.normal(size=(n_time, y, x)).astype(dtype))
            for name in ("rain", "heat", "vpd")
        },
        coords,
    )
    for name, units in (("rain", "mm month-1"), ("heat", "degC"), ("vpd", "kPa")):
        drivers[name].attrs["units"] = units
    noise = rng.normal(size=(n_time, depth, y, x)).astype(dtype)
    response = xr.DataArray(
        noise, coords | {"depth": np.arange(depth) / 10}, ("time", "depth", "y", "x")
    )
    response = (response + 2 * drivers.rain - drivers.heat).astype(dtype)
    return response.transpose("time", "depth", "y", "x").assign_attrs(units="m3 m-3"), drivers


def series(values, time=None):
    values = np.asarray(values, dtype=float)
    return xr.DataArray(values, {"time": monthly(len(values)) if time is None else time}, "time")


def test_every_variable_has_its_dimensions_units_and_name():
    y, drivers = study()
    result = partial_regression(y, drivers)
    assert result.coefficient.dims == ("driver", "depth", "y", "x")
    assert result.r_squared.dims == ("depth", "y", "x")
    assert all(v.attrs["long_name"] for v in result.data_vars.values())
    assert result.coefficient.attrs["units"] == "m3 m-3 per unit of the driver"
    assert result.driver.values.tolist() == ["rain", "heat", "vpd"]
    assert result.driver_units.values.tolist() == ["mm month-1", "degC", "kPa"]
    assert result.status.dtype == result.dominant_driver.dtype == np.int8
    assert flag_table(result.dominant_driver.attrs) == {
        -2: "not_estimated",
        -1: "none",
        0: "rain",
        1: "heat",
        2: "vpd",
    }
    assert result.attrs["method"] == "partial_regression"
    assert json.loads(result.attrs["options"])["errors"] == "ols"


def test_p_values_and_intervals_follow_from_t_with_the_degrees_of_freedom():
    y, drivers = study()
    result = partial_regression(y, drivers, alpha=0.1)
    df = N - 3 - 1
    assert_allclose(result.t, result.coefficient / result.stderr)
    assert_allclose(result.p_value, 2 * stats.t.sf(np.abs(result.t), df), rtol=1e-9)
    half = stats.t.ppf(0.95, df) * result.stderr
    assert_allclose(result.coefficient_high - result.coefficient, half)
    assert_allclose(result.coefficient - result.coefficient_low, half)


def test_a_tiny_p_value_does_not_become_zero():
    y, drivers = study(n_time=240)
    y = 15 * drivers.rain.isel(y=0, x=0) + y.isel(depth=0, y=0, x=0)
    p = partial_regression(y, drivers.isel(y=0, x=0)).p_value.sel(driver="rain")
    assert 0 < p < 1e-250


def test_the_dominant_driver_is_the_largest_significant_standardised_coefficient():
    rng = np.random.default_rng(1)
    a, b, c, noise = rng.normal(size=(4, 200))
    drivers = {"weak": series(a), "strong one": series(b * 100), "none": series(c)}
    y = xr.concat(
        [
            series(0.5 * a - 3 * b + noise),
            series(noise * np.nan),
            series(np.where(np.arange(200) % 2, 1.0, -1.0)),
        ],
        xr.Variable("site", ["driven", "empty", "alone"]),
    )
    result = partial_regression(y, drivers)
    assert result.dominant_driver.values.tolist() == [1, -2, -1]
    assert "strong_one" in result.dominant_driver.attrs["flag_meanings"].split()
    assert (result.p_value.sel(site="alone") > 0.05).all()


def test_dask_gives_the_answer_of_numpy_and_stays_lazy():
    y, drivers = study()
    expected = partial_regression(y, drivers, errors="hac", driver_anomaly="month")
    for chunks in ({"x": 1}, {"depth": 1, "y": 2}, {"depth": 1, "y": 1, "x": 3}):
        for lazy_drivers in (drivers, drivers.chunk(x=2)):
            lazy = partial_regression(
                y.chunk(time=-1, **chunks), lazy_drivers, errors="hac", driver_anomaly="month"
            )
            assert all(v.chunks is not None for v in lazy.data_vars.values())
            xr.testing.assert_identical(lazy.compute(), expected)


def test_the_order_of_dimensions_does_not_matter():
    y, drivers = study()
    expected = partial_regression(y, drivers)
    for order in (
        ("x", "depth", "time", "y"),
        ("depth", "time", "x", "y"),
        ("y", "x", "depth", "time"),
    ):
        turned = partial_regression(y.transpose(*order), drivers.transpose("x", "y", "time"))
        assert turned.r_squared.dims == tuple(d for d in order if d != "time")
        xr.testing.assert_allclose(turned.transpose("driver", "depth", "y", "x"), expected)


def test_a_series_and_a_line_of_sites_give_the_numbers_of_the_grid():
    y, drivers = study()
    grid = partial_regression(y, drivers)
    one = partial_regression(y.isel(depth=1, y=2, x=3), drivers.isel(y=2, x=3))
    assert_allclose(one.coefficient, grid.coefficient.isel(depth=1, y=2, x=3), rtol=1e-12)
    sites = partial_regression(
        y.stack(site=("y", "x")).reset_index("site").drop_vars(("y", "x")),
        drivers.stack(site=("y", "x")).reset_index("site").drop_vars(("y", "x")),
    )
    assert_allclose(sites.t, grid.t.stack(site=("y", "x")).transpose(*sites.t.dims), rtol=1e-12)


def test_a_driver_with_depth_and_a_driver_of_the_whole_region_fit_beside_gridded_ones():
    y, drivers = study()
    mixed = {
        "rain": drivers.rain,
        "soil": drivers.heat.expand_dims(depth=y.depth) * (1 + y.depth) + 0.1 * y.shift(time=3),
        "index": drivers.vpd.mean(("y", "x")),
    }
    result = partial_regression(y, mixed)
    for cell in ({"depth": 0, "y": 1, "x": 2}, {"depth": 1, "y": 2, "x": 0}):
        alone = {
            n: d.isel({k: v for k, v in cell.items() if k in d.dims}) for n, d in mixed.items()
        }
        expected = partial_regression(y.isel(cell), alone)
        assert_allclose(result.coefficient.isel(cell), expected.coefficient, rtol=1e-10)


def test_drivers_of_the_whole_region_alone_serve_every_cell():
    y, drivers = study()
    regional = drivers.mean(("y", "x"))
    result = partial_regression(y, regional)
    expected = partial_regression(y.isel(depth=1, y=0, x=3), regional)
    assert_allclose(result.t.isel(depth=1, y=0, x=3), expected.t, rtol=1e-10)


def test_integers_and_single_precision_are_taken_without_loss():
    y, drivers = study(dtype="f4")
    whole = (drivers * 100).round()
    expected = partial_regression(y.astype("f8"), whole.astype("f8"))
    result = partial_regression(y, whole.astype("i2"))
    assert_allclose(result.coefficient, expected.coefficient, rtol=1e-12)


def test_coordinates_are_those_of_the_response():
    y, drivers = study()
    y = y.assign_coords(top=("depth", [0.0, 0.1]), region=("y", [1, 2, 3]), version=1)
    drivers = drivers.assign_coords(region=("y", [7, 8, 9]), source="reanalysis", version=2)
    result = partial_regression(y, drivers)
    assert set(result.coords) == set(y.coords) - {"time"} | {"driver", "driver_units", "circular"}
    assert_array_equal(result.region, [1, 2, 3])


def test_a_response_in_single_precision_does_not_blur_drivers_in_double():
    a, b = np.random.default_rng(6).normal(size=(2, N))
    drivers = {"a": series(a + 1e6), "b": series(a + 1e-2 * b + 1e6)}
    assert partial_regression(series(b).astype("f4"), drivers).status == 0
    single = {name: driver.astype("f4") for name, driver in drivers.items()}
    assert partial_regression(series(b).astype("f4"), single).status == 4


def test_the_callers_data_stay_as_they_are():
    y, drivers = study()
    before = y.copy(deep=True), drivers.copy(deep=True)
    partial_regression(y, drivers, driver_anomaly="month", detrend=True, standardize=True)
    xr.testing.assert_identical(y, before[0])
    xr.testing.assert_identical(drivers, before[1])


def test_an_empty_cell_stays_empty_and_the_others_keep_their_numbers():
    y, drivers = study()
    expected = partial_regression(y, drivers)
    holed = y.where((y.y != 1) | (y.x != 2))
    result = partial_regression(holed, drivers)
    assert result.coefficient.isel(y=1, x=2).isnull().all()
    assert_array_equal(result.status.isel(y=1, x=2), 1)
    assert_array_equal(result.t.isel(y=0), expected.t.isel(y=0))


def test_an_index_given_as_a_dataset_is_found():
    y, drivers = study()
    expected = partial_regression(y, drivers)
    for ds in (y.to_dataset(name="anything"), xr.Dataset({"ssmi": y, "n_obs": y.count("time")})):
        xr.testing.assert_identical(partial_regression(ds, drivers).t, expected.t)
    with pytest.raises(InputError, match="choose one of: a, b"):
        partial_regression(xr.Dataset({"a": y, "b": y}), drivers)


def test_lags_take_the_driver_of_earlier_months_and_do_not_close_gaps():
    rng = np.random.default_rng(2)
    rain, heat = series(rng.normal(size=60)), series(rng.normal(size=60))
    y = 2 * rain.shift(time=2) - heat
    drivers = xr.Dataset({"rain": rain, "heat": heat})
    result = partial_regression(y, drivers, lags={"rain": 2})
    assert_allclose(result.coefficient, [2, -1])
    assert result.n_obs == 58
    # without the stamps of three months: each also costs the row two months later
    keep = np.delete(np.arange(60), [10, 11, 30])
    gappy = partial_regression(y.isel(time=keep), drivers.isel(time=keep), lags={"rain": 2})
    assert_allclose(gappy.coefficient, [2, -1])
    assert gappy.n_obs == 58 - 3 - 3


def test_monthly_anomalies_remove_the_season_from_drivers_and_response():
    rng = np.random.default_rng(3)
    season = np.cos(2 * np.pi * np.arange(120) / 12)
    own, noise = rng.normal(size=(2, 120))
    heat = series(15 + 10 * season + own)
    y = series(0.5 * own + 0.1 * noise)
    raw = partial_regression(y, {"heat": heat})
    anomaly = partial_regression(y, {"heat": heat}, driver_anomaly="month")
    assert raw.coefficient.item() < 0.02
    assert anomaly.coefficient.item() == pytest.approx(0.5, abs=0.03)
    seasonal = partial_regression(y + 30 * season, {"heat": heat}, response_anomaly="month")
    expected = partial_regression(y, {"heat": heat}, response_anomaly="month")
    assert_allclose(seasonal.coefficient, expected.coefficient, rtol=1e-8)


def test_detrending_removes_a_shared_trend():
    rng = np.random.default_rng(4)
    ramp = np.arange(120) / 10
    heat = series(rng.normal(size=120) + ramp)
    y = series(rng.normal(size=120) + ramp)
    assert partial_regression(y, {"heat": heat}).p_value < 1e-10
    assert partial_regression(y, {"heat": heat}, detrend=True).p_value > 0.05


def test_standardised_variables_have_coefficients_without_units():
    y, drivers = study()
    result = partial_regression(y, drivers, standardize=True)
    assert_allclose(result.coefficient, result.standardized_coefficient, rtol=1e-10)
    assert result.coefficient.attrs["units"] == "1"


def test_hac_errors_change_errors_only_and_record_their_options():
    y, drivers = study()
    ols, hac = (partial_regression(y, drivers, errors=e) for e in ("ols", "hac"))
    for name in ("coefficient", "partial_r", "vif", "r_squared", "standardized_coefficient"):
        assert_array_equal(hac[name], ols[name])
    assert (hac.stderr != ols.stderr).all()
    assert json.loads(hac.attrs["options"])["errors"] == "hac"


@given(st.integers(0, 2**32 - 1), st.integers(0, 3))
def test_the_order_of_drivers_does_not_matter(seed, turn):
    y, drivers = study(depth=1, y=1, x=2, seed=seed)
    names = np.roll(["rain", "heat", "vpd"], turn).tolist()
    result = partial_regression(y, drivers[names]).sel(driver=["rain", "heat", "vpd"])
    assert_allclose(result.t, partial_regression(y, drivers).t, rtol=1e-8)


def test_default_min_obs_grows_with_the_number_of_drivers():
    y, drivers = study(n_time=11)
    assert_array_equal(partial_regression(y, drivers).status, 2)
    assert_array_equal(partial_regression(y, drivers, min_obs=11).status, 0)
    assert_array_equal(partial_regression(y, drivers[["rain"]]).status, 0)


def test_uneven_time_has_coefficients_but_no_autocorrelation():
    y, drivers = study(n_time=20)
    time = np.sort(np.random.default_rng(5).uniform(2000, 2020, 20))
    y, drivers = y.assign_coords(time=time), drivers.assign_coords(time=time)
    result = partial_regression(y, drivers)
    assert result.residual_autocorrelation.isnull().all()
    assert (result.status == 0).all()
    with pytest.raises(InputError, match="not evenly spaced"):
        partial_regression(y, drivers, errors="hac")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"errors": "hc"}, "errors is 'hc'; it must be one of 'ols', 'hac'"),
        ({"driver_anomaly": "season"}, "driver_anomaly is 'season'"),
        ({"response_anomaly": "year"}, "response_anomaly is 'year'"),
        ({"lags": {"rian": 1}}, "did you mean 'rain'"),
        ({"lags": {"rain": -1}}, "whole months, 0 or more"),
        ({"lags": {"rain": 0.5}}, "whole months, 0 or more"),
        ({"max_lag": 3}, 'max_lag belongs to errors="hac"'),
        ({"errors": "hac", "max_lag": -1}, "must be at least 0"),
        ({"min_obs": 4}, "must be at least 5"),
        ({"alpha": 1.5}, "alpha is 1.5"),
        ({"dim": "month"}, "no dimension 'month'"),
    ],
)
def test_an_option_that_does_not_fit_is_refused_with_its_name(options, message):
    y, drivers = study()
    with pytest.raises(InputError, match=message):
        partial_regression(y, drivers, **options)


def test_arrays_that_do_not_fit_are_refused():
    y, drivers = study()
    with pytest.raises(InputError, match="drivers is empty"):
        partial_regression(y, {})
    with pytest.raises(InputError, match="differ along 'time'"):
        partial_regression(y, drivers.isel(time=slice(1, None)))
    with pytest.raises(InputError, match="differ along 'x'"):
        partial_regression(y, drivers.assign_coords(x=drivers.x + 0.5))
    with pytest.raises(InputError, match="has the dimension 'member', which y lacks"):
        partial_regression(y, {"rain": drivers.rain.expand_dims(member=2)})
    with pytest.raises(InputError, match=r"drivers\['rain'\] has no dimension 'time'"):
        partial_regression(y, {"rain": drivers.rain.isel(time=0)})
    with pytest.raises(InputError, match="split into 2 chunks along 'time'"):
        partial_regression(y.chunk(time=24), drivers)
    daily = xr.date_range("2001-01-01", periods=N, freq="D")
    with pytest.raises(InputError, match="'time' is not monthly"):
        partial_regression(
            y.assign_coords(time=daily), drivers.assign_coords(time=daily), lags={"rain": 1}
        )


def test_steps_count_months_years_days_and_numbers_with_open_gaps():
    def steps(time):
        found = calendar_steps(xr.DataArray(time, {"time": time}, "time"))
        return None if found is None else found.tolist()

    months = xr.date_range("2001-01", periods=8, freq="MS")
    assert steps(months[[0, 1, 2, 6]]) == [0, 1, 2, 6]
    assert steps(months[[0, 1, 2]] + np.timedelta64(20, "D")) == [0, 1, 2]
    assert steps(xr.date_range("2001", periods=5, freq="YS")[[0, 1, 4]]) == [0, 1, 4]
    assert steps(xr.date_range("2001", periods=6, freq="QS")[[0, 1, 5]]) == [0, 1, 5]
    assert steps(xr.date_range("2001", periods=9, freq="D")[[0, 1, 8]]) == [0, 1, 8]
    no_leap = xr.date_range("2000-02-27", periods=4, freq="D", calendar="noleap", use_cftime=True)
    assert steps(no_leap[[0, 1, 3]]) == [0, 1, 3]
    assert steps(np.array([1990.0, 1990.5, 1992.0])) == [0, 1, 4]
    assert steps(np.array([1990.0, 1990.5, 1990.7])) is None
    assert steps(np.array([3])) == [0]


# ------------------------------------------------------------------- shares of R squared


@pytest.mark.parametrize(
    "options",
    [{}, {"errors": "hac"}, {"driver_anomaly": "month", "standardize": True}, {"detrend": True}],
)
def test_shares_sum_to_r_squared_and_change_nothing_else(options):
    y, drivers = study()
    y = y.where(np.random.default_rng(3).random(y.shape) > 0.1)
    without = partial_regression(y, drivers, **options)
    result = partial_regression(y, drivers, shares="lmg", **options)
    assert result.r_squared_share.dims == ("driver", "depth", "y", "x")
    assert_allclose(result.r_squared_share.sum("driver"), result.r_squared, rtol=1e-9)
    assert (result.r_squared_share > -1e-12).all()
    assert result.r_squared_share.attrs["units"] == "1"
    assert "Groemping" in result.attrs["references"]
    xr.testing.assert_equal(result.drop_vars("r_squared_share"), without)


def test_the_share_of_the_only_driver_is_r_squared():
    y, drivers = study()
    result = partial_regression(y, drivers[["rain"]], shares="lmg")
    assert_allclose(result.r_squared_share.squeeze("driver"), result.r_squared, rtol=1e-12)


def test_series_that_are_not_fitted_have_no_shares():
    y, drivers = study()
    drivers["copy"] = 2 * drivers.rain
    result = partial_regression(y, drivers, shares="lmg")
    assert (result.status == 4).all()
    assert np.isnan(result.r_squared_share).all()


def test_shares_stay_lazy():
    y, drivers = study()
    lazy = partial_regression(y.chunk(depth=1, x=2), drivers.chunk(x=2), shares="lmg")
    assert lazy.r_squared_share.chunks
    xr.testing.assert_allclose(lazy.compute(), partial_regression(y, drivers, shares="lmg"))


def test_too_many_drivers_to_share_are_refused_in_one_line():
    rng = np.random.default_rng(12)
    many = {f"d{i}": series(rng.normal(size=N)) for i in range(11)}
    with pytest.raises(InputError, match="10 drivers at most, and there are 11"):
        partial_regression(series(rng.normal(size=N)), many, shares="lmg")
    with pytest.raises(InputError, match=r"shares is 'lgm'; .* did you mean 'lmg'"):
        partial_regression(series(rng.normal(size=N)), {"d0": many["d0"]}, shares="lgm")


def test_a_driver_that_the_response_was_made_from_is_marked_and_told():
    rng = np.random.default_rng(5)
    time = xr.date_range("2001-01", periods=N, freq="MS")

    def series(lineage):
        text = json.dumps(lineage)
        return xr.DataArray(rng.normal(size=N), {"time": time}, attrs={"lineage": text})

    drivers = {"rain": series(["ERA5-Land"]), "green": series(["AVHRR"])}
    with pytest.warns(SoilscopeWarning, match=r"rain \(ERA5-Land\); their association is partly"):
        fit = partial_regression(series(["SMCI"]), drivers)
    assert fit.circular.values.tolist() == [1, 0]
    fit = partial_regression(series(["AMSR2"]), drivers)
    assert fit.circular.values.tolist() == [0, 0]
