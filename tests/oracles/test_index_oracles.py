"""The index against independent results: nottem / 100 (R datasets), and a real catchment."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope import index_parameters, standardize

VARIANTS = {
    "z_ddof1": {},
    "z_ddof0": {"ddof": 0},
    "z_ddof1_base1920_1929": {"reference": ("1920", "1929")},
    "gringorten_avgrank": {"method": "empirical"},
    "gamma_thom": {"method": "gamma", "fit": "thom"},
    "gamma_ML_floc0": {"method": "gamma"},
    "beta_ML_0_1": {"method": "beta"},
    "kde_gaussian_scott": {"method": "kde"},
}


@pytest.fixture(scope="module")
def nottem(shared_oracles):
    return pd.read_csv(shared_oracles / "trend" / "ssmi_variants_nottem.csv", parse_dates=["time"])


@pytest.fixture
def temperature(nottem):
    return xr.DataArray(nottem["x"].to_numpy(), {"time": nottem["time"].to_numpy()})


@pytest.mark.parametrize("column", VARIANTS)
def test_index_of_nottem_is_the_published_one(nottem, temperature, column):
    found = standardize(temperature, **VARIANTS[column])["ssmi"]
    # differences of logarithms, as those fits were made with, keep twelve digits
    close = 2e-12 if column.startswith(("gamma", "beta")) else 2e-14
    np.testing.assert_allclose(found, nottem[column], rtol=0, atol=close)


@pytest.mark.parametrize("column", VARIANTS)
def test_mean_over_its_own_record_is_the_published_one(shared_oracles, temperature, column):
    text = (shared_oracles / "trend" / "ssmi_variants_nottem.json").read_text()
    expected = json.loads(text)["mean_over_own_baseline"][column]
    found = float(standardize(temperature, **VARIANTS[column])["ssmi"].mean())
    assert found == pytest.approx(expected, abs=1e-13)


@pytest.mark.real
def test_the_driest_years_of_a_real_catchment_are_the_known_ones(shared_data):
    path = shared_data / "caravan-era5land" / "caravan_monthly.nc"
    if not path.exists():
        pytest.skip(f"no {path.name} in the folder of real data")
    with xr.open_dataset(path) as ds:
        sm = ds["sm"].load()
    index = standardize(sm)["ssmi"]
    layer = (ds["layer_top_cm"] == 28) & (ds["layer_bottom_cm"] == 100)
    series = index.sel(gauge="testde_2").isel(layer=int(layer.argmax("layer")))
    years = series.groupby("time.year")
    annual = years.mean(skipna=False).where(years.count() == 12).to_series().sort_values()
    assert annual.index[:5].tolist() == [2003, 2011, 2018, 2020, 1991]
    np.testing.assert_allclose(annual[:5], [-1.739, -1.481, -1.363, -1.047, -0.782], atol=1e-3)


def test_stored_parameters_of_nottem_give_the_same_index(temperature, tmp_path):
    index_parameters(temperature).to_netcdf(tmp_path / "parameters.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "parameters.nc", engine="h5netcdf") as stored:
        again = standardize(temperature, parameters=stored.load())
    xr.testing.assert_identical(again["ssmi"], standardize(temperature)["ssmi"])
