"""Numbers of R 4.2.2 (lm, car, ppcor) and statsmodels 0.15, and of real series."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from soilscope import partial_regression

TABLES = {
    "stackloss": ("stackloss", "stack.loss"),
    "airquality": ("airquality_NaN", "Ozone"),
}


def read(folder, name):
    """Return the response, the drivers and R's numbers."""
    file, response = TABLES[name]
    oracle = json.loads((folder / "trend" / "r_oracles.json").read_text())["regression"][name]
    table = pd.read_csv(folder / "trend" / f"{file}.csv").rename_axis("time").to_xarray()
    return table[response], table[list(oracle["vif"])], oracle


def in_order(oracle, key, fit):
    return [oracle[key][name] for name in fit.driver.values]


@pytest.mark.parametrize("name", TABLES)
def test_a_fit_equals_that_of_r(shared_oracles, name):
    y, drivers, oracle = read(shared_oracles, name)
    fit = partial_regression(y, drivers)
    assert fit.n_obs == oracle["n"]
    pairs = {"coefficient": "coef", "stderr": "se", "t": "t", "p_value": "p", "vif": "vif"}
    for ours, theirs in (pairs | {"standardized_coefficient": "std_beta"}).items():
        assert_allclose(fit[ours], in_order(oracle, theirs, fit), rtol=1e-9, err_msg=ours)
    assert_allclose(fit.partial_r, [r[0] for r in in_order(oracle, "partial_r", fit)], rtol=1e-9)
    assert_allclose(fit.r_squared, oracle["r2"], rtol=1e-10)
    bounds = np.array(in_order(oracle, "confint95", fit))
    assert_allclose(fit.coefficient_low, bounds[:, 0], rtol=1e-9)
    assert_allclose(fit.coefficient_high, bounds[:, 1], rtol=1e-9)


@pytest.mark.parametrize("name", TABLES)
def test_newey_west_errors_equal_those_of_statsmodels_but_for_its_factor(shared_oracles, name):
    # statsmodels (4 lags, use_correction=False) has no n / (n - k - 1), and takes the rows that
    # remain after listwise deletion as neighbours: here those rows are given as a whole record
    y, drivers, _ = read(shared_oracles, name)
    file = TABLES[name][0]
    text = (shared_oracles / "trend" / "python_oracles.json").read_text()
    hac = json.loads(text)["regression_statsmodels_pingouin"][file]["hac4_se"]
    complete = np.flatnonzero(np.isfinite(y) & drivers.notnull().to_array().all("variable"))
    closed = {"time": np.arange(complete.size)}
    fit = partial_regression(
        y.isel(time=complete).assign_coords(closed),
        drivers.isel(time=complete).assign_coords(closed),
        errors="hac",
        max_lag=4,
    )
    factor = np.sqrt(complete.size / (complete.size - 4))
    assert_allclose(fit.stderr, [hac[d] * factor for d in fit.driver.values], rtol=1e-9)
    with_gaps = partial_regression(y, drivers, errors="hac", max_lag=4)
    same = np.allclose(with_gaps.stderr, fit.stderr, rtol=1e-9)
    assert same == (complete.size == y.size)


def test_newey_west_errors_equal_those_of_statsmodels_with_its_correction():
    api = pytest.importorskip("statsmodels.api", reason="statsmodels is not installed")
    rng = np.random.default_rng(0)
    drivers = rng.normal(size=(3, 120)).cumsum(axis=1)
    y = drivers.sum(axis=0) + rng.normal(size=120).cumsum()
    fit = partial_regression(
        xr.DataArray(y, dims="time"),
        {f"x{i}": xr.DataArray(x, dims="time") for i, x in enumerate(drivers)},
        errors="hac",
    )
    model = api.OLS(y, api.add_constant(drivers.T)).fit(
        cov_type="HAC", cov_kwds={"maxlags": 4, "use_correction": True}, use_t=True
    )
    assert_allclose(fit.stderr, model.bse[1:], rtol=1e-8)
    assert_allclose(fit.t, model.tvalues[1:], rtol=1e-8)
    assert_allclose(fit.p_value, model.pvalues[1:], rtol=1e-7)


@pytest.fixture(scope="module")
def eschelbronn(shared_data):
    """Monthly ERA5-Land moisture (4 layers) of one catchment, as an index by month, and drivers."""
    path = shared_data / "caravan-era5land" / "caravan_monthly.nc"
    if not path.exists():
        pytest.skip(f"no file {path.name} in the shared data")
    with xr.open_dataset(path) as ds:
        ds = ds.sel(gauge="testde_2").load()
    months = ds.sm.groupby("time.month")
    index = (months - months.mean()).groupby("time.month") / months.std(ddof=1)
    return index.drop_vars("month"), ds[["precip", "t2m", "vpd"]]


@pytest.mark.real
def test_raw_drivers_of_a_deseasonalised_index_give_the_season_to_temperature(eschelbronn):
    index, drivers = eschelbronn
    heat = {"driver": "t2m", "layer": 1}
    raw = partial_regression(index, drivers).sel(heat)
    anomaly = partial_regression(index, drivers, driver_anomaly="month").sel(heat)
    scaled = partial_regression(index, drivers, driver_anomaly="month", standardize=True).sel(heat)
    assert_allclose([raw.standardized_coefficient, raw.vif], [0.76, 5.6], atol=0.05)
    assert_allclose([anomaly.standardized_coefficient, anomaly.vif], [0.195, 1.64], atol=0.01)
    # standardised month by month, as the index itself is
    assert_allclose([scaled.standardized_coefficient, scaled.vif], [0.21, 2.0], atol=0.05)


@pytest.mark.real
def test_residuals_of_the_deepest_layer_are_strongly_autocorrelated(eschelbronn):
    index, drivers = eschelbronn
    fit = partial_regression(index, drivers, driver_anomaly="month")
    assert fit.residual_autocorrelation.sel(layer=4) == pytest.approx(0.83, abs=0.02)
    assert fit.residual_autocorrelation.sel(layer=1) < 0.25


@pytest.mark.parametrize(
    ("name", "shares"),
    {
        "stackloss": {"Air.Flow": 0.4684783768684276, "Water.Temp": 0.38874977150434686,
                      "Acid.Conc.": 0.05634875608790805},
        "airquality": {"Solar.R": 0.06473588633153458, "Wind": 0.22717155972615755,
                       "Temp": 0.3139871539489299},
    }.items(),
)  # fmt: skip
def test_shares_of_r_squared_equal_those_of_pingouin(shared_oracles, name, shares):
    """Pingouin 0.7.0, linear_regression(relimp=True)."""
    y, drivers, _ = read(shared_oracles, name)
    fit = partial_regression(y, drivers, shares="lmg")
    assert_allclose(fit.r_squared_share, [shares[d] for d in fit.driver.values], rtol=1e-9)
