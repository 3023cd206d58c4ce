"""Smooth series against the whittaker-eilers package and SciPy's Savitzky-Golay filter."""

import numpy as np
import pytest
import xarray as xr
from scipy.signal import savgol_filter

from soilscope import smooth


@pytest.fixture
def seen():
    """Noisy NDVI of five years of 16-day composites with gaps inside, (time, x)."""
    rng = np.random.default_rng(0)
    step = np.arange(115)[:, None]
    values = 0.4 + 0.2 * np.sin(2 * np.pi * step / 23) + rng.normal(0, 0.05, (115, 12))
    values[5:-5][rng.random((105, 12)) < 0.15] = np.nan
    stamps = xr.date_range("2000-01-01", periods=115, freq="16D")
    return xr.DataArray(values, {"time": stamps}, ("time", "x"))


@pytest.mark.parametrize("smoothness", [0.5, 2.0, 100.0])
def test_weighted_whittaker_is_that_of_whittaker_eilers(seen, smoothness):
    peer = pytest.importorskip("whittaker_eilers", reason="whittaker-eilers is not installed")
    weights = xr.full_like(seen, 1.0).copy(
        data=np.random.default_rng(1).uniform(0.1, 1.0, seen.shape)
    )
    found = smooth(seen, method="whittaker", smoothness=smoothness, weights=weights)
    for x in range(seen.sizes["x"]):
        y, w = seen[:, x].values, weights[:, x].where(seen[:, x].notnull(), 0.0).values
        smoother = peer.WhittakerSmoother(
            lmbda=smoothness, order=2, data_length=y.size, weights=w.tolist()
        )
        expected = smoother.smooth(np.nan_to_num(y).tolist())
        np.testing.assert_allclose(found[:, x], expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize(("window", "order"), [(7, 2), (9, 4), (5, 1)])
def test_the_filter_is_that_of_scipy_on_bridged_gaps(seen, window, order):
    found = smooth(seen, window=window, order=order)
    bridged = seen.interpolate_na("time", use_coordinate=False)
    expected = savgol_filter(bridged.values, window, order, axis=0)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-11)
