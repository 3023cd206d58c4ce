"""Change points against R 4.2.2, trend 1.1.6 (pettitt.test), on published series."""

import json

import numpy as np
import pytest
import xarray as xr

from soilscope import change_point


@pytest.fixture(scope="module")
def r_series(shared_oracles):
    return json.loads((shared_oracles / "trend" / "r_oracles.json").read_text())["series"]


def series(r_series, name):
    x = np.array(r_series[name]["x"], dtype=float)
    return xr.DataArray(x, {"time": np.arange(1.0, x.size + 1)}, "time")


@pytest.mark.parametrize("name", ["Nile", "LakeHuron", "nhtemp"])
def test_plain_test_is_that_of_r(r_series, name):
    r = r_series[name]["trend::pettitt"]
    ours = change_point(series(r_series, name), prewhiten=False)
    assert float(ours["statistic"]) == r["statistic"]
    assert float(ours["p_value"]) == pytest.approx(r["p"], rel=1e-12)
    assert float(ours["change_time"]) == r["k"]


def test_the_nile_fell_after_1898_also_when_prewhitened(r_series):
    """Cobb (1978), doi:10.1093/biomet/65.2.243: the flow at Aswan fell after 1898."""
    nile = series(r_series, "Nile").assign_coords(time=np.arange(1871.0, 1971.0))
    result = change_point(nile)
    assert float(result["change_time"]) == 1898.0
    assert -300 < float(result["shift"]) < -200
    assert float(result["p_value"]) < 0.001


def test_the_level_of_lake_huron_is_no_proof_of_a_change(r_series):
    """Its values depend on those of the year before (lag-1 autocorrelation 0.75 without a step)."""
    result = change_point(series(r_series, "LakeHuron"))
    assert float(result["p_value_uncorrected"]) < 1e-5
    assert float(result["p_value"]) > 0.1
