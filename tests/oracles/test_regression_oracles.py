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


#: Fertility in 47 provinces of Switzerland, 1888 (R datasets::swiss; Mosteller and Tukey 1977).
SWISS = {
    "Fertility": (
        "80.2 83.1 92.5 85.8 76.9 76.1 83.8 92.4 82.4 82.9 87.1 64.1 66.9 68.9 61.7 68.3 71.7 "
        "55.7 54.3 65.1 65.5 65 56.6 57.4 72.5 74.2 72 60.5 58.3 65.4 75.5 69.3 77.3 70.5 "
        "79.4 65 92.2 79.3 70.4 65.7 72.7 64.4 77.6 67.6 35 44.7 42.8"
    ),
    "Agriculture": (
        "17 45.1 39.7 36.5 43.5 35.3 70.2 67.8 53.3 45.2 64.5 62 67.5 60.7 69.3 72.6 34 19.4 "
        "15.2 73 59.8 55.1 50.9 54.1 71.2 58.1 63.5 60.8 26.8 49.5 85.9 84.9 89.7 78.2 64.9 "
        "75.9 84.6 63.1 38.4 7.7 16.7 17.6 37.6 18.7 1.2 46.6 27.7"
    ),
    "Examination": (
        "15 6 5 12 17 9 16 14 12 16 14 21 14 19 22 18 17 26 31 19 22 14 22 20 12 14 6 16 25 "
        "15 3 7 5 12 7 9 3 13 26 29 22 35 15 25 37 16 22"
    ),
    "Education": (
        "12 9 5 7 15 7 7 8 7 13 6 12 7 12 5 2 8 28 20 9 10 3 12 6 1 8 3 10 19 8 2 6 2 6 3 9 3 "
        "13 12 11 13 32 7 7 53 29 29"
    ),
    "Catholic": (
        "9.96 84.84 93.4 33.77 5.16 90.57 92.85 97.16 97.67 91.38 98.61 8.52 2.27 4.43 2.82 "
        "24.2 3.3 12.11 2.15 2.84 5.23 4.52 15.14 4.2 2.4 5.23 2.56 7.72 18.46 6.1 99.71 "
        "99.68 100 98.96 98.22 99.06 99.46 96.83 5.62 13.79 11.22 16.92 4.97 8.65 42.34 50.43 "
        "58.33"
    ),
    "Infant.Mortality": (
        "22.2 22.2 20.2 20.3 20.6 26.6 23.6 24.9 21 24.4 24.5 16.5 19.1 22.7 18.7 21.2 20 "
        "20.2 10.8 20 18 22.4 16.7 15.3 21 23.8 18 16.3 20.9 22.5 15.1 19.8 18.3 19.4 20.2 "
        "17.8 16.3 18.1 20.3 20.5 18.9 23 20 19.5 18 18.2 19.3"
    ),
}


def test_shares_and_coefficients_of_swiss_fertility_are_the_published_ones():
    """R: summary(lm(Fertility ~ ., swiss)) in ?swiss; shares of R squared by relaimpo, type "lmg"
    (Groemping 2006, doi:10.18637/jss.v017.i01).
    """
    columns = {
        name: xr.DataArray(np.array(text.split(), float), {"time": np.arange(47.0)}, "time")
        for name, text in SWISS.items()
    }
    fit = partial_regression(columns.pop("Fertility"), columns, shares="lmg")
    shares = [0.0570912207681, 0.1711730289002, 0.2601346786244, 0.1055701503735, 0.1127659229265]
    assert_allclose(fit.r_squared_share, shares, rtol=1e-11)
    assert fit.r_squared == pytest.approx(0.706735001593, rel=1e-11)
    assert_allclose(fit.coefficient, [-0.17211, -0.25801, -0.87094, 0.10412, 1.07705], atol=5e-6)
    assert_allclose(fit.stderr, [0.07030, 0.25388, 0.18303, 0.03526, 0.38172], atol=5e-6)
    assert_allclose(fit.p_value, [0.01873, 0.31546, 2.43e-05, 0.00519, 0.00734], rtol=3e-3)
