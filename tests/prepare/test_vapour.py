"""Vapour pressure deficit: published numbers, the trap of means, and clipping."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope import vapour_pressure_deficit
from soilscope.errors import InputError, SoilscopeWarning
from soilscope.lineage import circular, lineage_of


def celsius(value):
    return xr.DataArray(value, attrs={"units": "degC"})


@pytest.mark.parametrize(
    ("t", "pressure"),
    [(1.0, 0.657), (10.0, 1.228), (20.0, 2.338), (30.0, 4.243), (35.0, 5.623)],
)
def test_saturation_is_that_of_the_table_of_fao_56(t, pressure):
    # annex 2, table 2.3: e°(T); against air that holds almost no vapour
    dry = celsius(-200.0)
    found = vapour_pressure_deficit(dry, temperature=celsius(t), method="mean_temperature")
    assert found.vpd.item() == pytest.approx(pressure, abs=6e-4)


def test_the_mean_of_the_extremes_exceeds_the_value_at_the_mean_temperature():
    hot, cold, dew = celsius(35.0), celsius(5.0), celsius(0.0)
    extremes = vapour_pressure_deficit(dew, temperature_max=hot, temperature_min=cold)
    mean = vapour_pressure_deficit(dew, temperature=celsius(20.0), method="mean_temperature")
    assert extremes.vpd.item() > 1.3 * mean.vpd.item()


def test_negative_deficits_become_zero_and_are_counted():
    days = pd.date_range("2001-01-01", periods=4)
    t = xr.DataArray([10.0, 10, 10, np.nan], {"time": days}, attrs={"units": "degC"})
    dew = t.copy(data=[12.0, 9.0, 10.0, 5.0])
    found = vapour_pressure_deficit(dew, temperature=t, method="mean_temperature")
    assert found.n_clipped.item() == 1
    assert found.vpd.values[0] == 0.0
    assert found.vpd.values[1] > 0
    assert np.isnan(found.vpd.values[3])
    assert found.vpd.attrs["units"] == "kPa"
    assert found.n_clipped.attrs["units"] == "1"


def test_monthly_means_are_told():
    months = pd.date_range("2001-01", periods=3, freq="MS")
    t = xr.DataArray([10.0, 10, 10], {"time": months}, attrs={"units": "degC"})
    with pytest.warns(SoilscopeWarning, match="lower than the mean of daily"):
        vapour_pressure_deficit(t - 5, temperature=t, method="mean_temperature")


def test_missing_temperatures_are_named():
    with pytest.raises(InputError, match="needs temperature_min; give it, or use method='mean"):
        vapour_pressure_deficit(celsius(1.0), temperature_max=celsius(20.0))


def test_kelvin_is_refused():
    with pytest.raises(InputError, match="dewpoint is in 'K'; bring it to degC"):
        vapour_pressure_deficit(
            xr.DataArray(280.0, attrs={"units": "K"}),
            temperature=celsius(20.0),
            method="mean_temperature",
        )


def test_temperatures_of_another_time_of_the_day_are_refused():
    days = pd.date_range("2001-01-01", periods=4)
    dew = xr.DataArray(np.zeros(4), {"time": days}, attrs={"units": "degC"})
    noon = dew.assign_coords(time=days + pd.Timedelta("12h"))
    with pytest.raises(InputError, match="temperature and dewpoint differ along 'time'"):
        vapour_pressure_deficit(dew, temperature=noon, method="mean_temperature")


def test_a_deficit_is_made_from_what_its_temperatures_are():
    t = celsius(20.0).assign_attrs(product="era5_land", lineage='["ERA5"]')
    found = vapour_pressure_deficit(t - 5, temperature=t, method="mean_temperature")
    assert lineage_of(found.vpd) == ("ERA5-Land", "ERA5")
    moisture = xr.DataArray(0.0, attrs={"product": "smci"})
    assert circular(moisture, {"vpd": found.vpd}) == {"vpd": "ERA5-Land"}
