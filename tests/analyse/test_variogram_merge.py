"""Variograms put together."""

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose, assert_array_equal

from soilscope import merge_variograms, variogram
from soilscope.errors import InputError
from soilscope.names import STATUS

OPTIONS = {"lag_width": 100.0, "max_lag": 500.0}


def months(n=3, seed=0):
    rng = np.random.default_rng(seed)
    z = np.where(rng.random((n, 9, 12)) < 0.2, np.nan, rng.normal(size=(n, 9, 12)))
    axes = {d: (d, 100.0 * np.arange(k), {"units": "m"}) for d, k in (("y", 9), ("x", 12))}
    return xr.DataArray(z, axes, ("month", "y", "x"), attrs={"units": "m3 m-3"})


@pytest.mark.parametrize("estimator", ["matheron", "cressie"])
def test_parts_far_apart_have_the_variogram_of_the_whole(estimator):
    # laid side by side with more than the largest lag between them, no pair joins two months
    da = months()
    z = np.full((9, 60), np.nan)
    for k in range(3):
        z[:, 20 * k : 20 * k + 12] = da[k]
    axes = {d: (d, 100.0 * np.arange(n), {"units": "m"}) for d, n in (("y", 9), ("x", 60))}
    whole = variogram(xr.DataArray(z, axes, ("y", "x")), estimator=estimator, **OPTIONS)
    parts = [variogram(da[k], estimator=estimator, **OPTIONS) for k in range(3)]
    made = merge_variograms(parts)
    assert_array_equal(made["n_pairs"], whole["n_pairs"])
    assert_allclose(made["semivariance"], whole["semivariance"], rtol=1e-11)
    assert_allclose(made["distance"], whole["distance"], rtol=1e-11)
    assert int(made["n_obs"]) == int(whole["n_obs"])
    assert made["semivariance"].attrs["units"] == "m3 m-3 m3 m-3"


def test_empty_parts_change_nothing_and_laziness_stays():
    da = months(2)
    da[1] = np.nan
    parts = [variogram(da[k], **OPTIONS) for k in range(2)]
    made = merge_variograms(parts)
    assert_allclose(made["semivariance"], parts[0]["semivariance"])
    assert STATUS[int(made["status"])] == "ok"
    lazy = merge_variograms([part.chunk() for part in parts])
    assert lazy["semivariance"].chunks is not None
    xr.testing.assert_allclose(lazy.compute(), made)
    nothing = merge_variograms([parts[1], parts[1]])
    assert STATUS[int(nothing["status"])] == "no_data"
    assert nothing["semivariance"].isnull().all()


def test_other_classes_options_or_data_are_refused():
    da = months(1)[0]
    one = variogram(da, **OPTIONS)
    with pytest.raises(InputError, match="part 2 has lag_width"):
        merge_variograms([one, variogram(da, lag_width=250.0, max_lag=500.0)])
    with pytest.raises(InputError, match="part 2 has closed"):
        merge_variograms([one, variogram(da, closed="left", **OPTIONS)])
    with pytest.raises(InputError, match="dimensions or units"):
        merge_variograms([one, variogram(months(2), **OPTIONS)])
    for parts in ([], one):
        with pytest.raises(InputError, match="no list of variograms"):
            merge_variograms(parts)
    with pytest.raises(InputError, match="does not say its lag_width"):
        merge_variograms([one.drop_attrs()])
