"""Empty series are left out of the work, and their results are what they would have been."""

import numpy as np
import pytest
import xarray as xr

from soilscope import composite, drought_events, index_parameters, labelled, trend
from soilscope.analyse import driver_fit
from soilscope.analyse.drivers import partial_regression


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    time = xr.date_range("2000-01", periods=144, freq="MS")
    da = xr.DataArray(rng.normal(size=(144, 2, 5, 8)), {"time": time}, ("time", "depth", "y", "x"))
    da = da.where(xr.DataArray(rng.random((5, 8)) < 0.4, dims=("y", "x")))
    da[:60, 0, 2, 3] = np.nan
    da[::2, 1, 0, 0] = np.nan  # missing at the probes, not elsewhere
    return da.rename("ssmi").assign_attrs(units="1")


@pytest.mark.parametrize(
    "step",
    [
        lambda da: trend(da, correction="ar1", confidence=0.95),
        lambda da: trend(da, season="month", correction="hirsch_slack"),
        lambda da: composite(da, freq="YS", min_count=6).to_dataset(name="x"),
        lambda da: drought_events(da),
        lambda da: index_parameters(da),
        lambda da: partial_regression(da, {"a": da.isel(depth=0) * 0 + 1 + da.isel(depth=1) ** 2}),
    ],
)
def test_results_do_not_depend_on_leaving_empty_series_out(data, monkeypatch, step):
    made = step(data)
    for module in (labelled, driver_fit):
        monkeypatch.setattr(module, "kept_series", lambda _: None)
    xr.testing.assert_identical(made, step(data))


def test_series_with_a_value_anywhere_are_kept():
    y = np.full((9, 10), np.nan)
    y[1, 4] = 0.0
    y[8, 7] = 2.0
    kept = labelled.kept_series(y)
    assert kept is not None
    np.testing.assert_array_equal(kept.order, [4, 7, 0])
    np.testing.assert_array_equal(kept.spread(y[:, kept.order]), y)


def test_few_empty_series_are_not_worth_a_copy():
    y = np.zeros((9, 10))
    y[:, :2] = np.nan
    assert labelled.kept_series(y) is None
