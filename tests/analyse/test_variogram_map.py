"""Lag maps: every step of rows and columns."""

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose, assert_array_equal

from soilscope import variogram, variogram_map
from soilscope.errors import InputError


def rough(rows=9, columns=14, months=None, seed=0):
    rng = np.random.default_rng(seed)
    shape = (rows, columns) if months is None else (months, rows, columns)
    z = np.where(rng.random(shape[-2:]) < 0.2, np.nan, rng.normal(size=shape).cumsum(-1))
    axes = {
        "y": ("y", 20.0 * np.arange(rows)[::-1], {"units": "m"}),
        "x": ("x", 10.0 * np.arange(columns), {"units": "m"}),
    }
    return xr.DataArray(z, axes, ("y", "x") if months is None else ("month", "y", "x"))


def test_every_step_is_the_mean_over_its_pairs():
    da = rough()
    made = variogram_map(da, max_lag=60)
    assert made["lag_north"].values.tolist() == [-60, -40, -20, 0, 20, 40, 60]
    assert made["lag_east"].size == 13
    for north, east in [(20, 30), (40, -60), (0, 10), (-20, 50)]:
        moved = da.assign_coords(y=da["y"] - north, x=da["x"] - east)
        pairs = (da - moved).values  # aligned by place
        found = made.sel(lag_north=north, lag_east=east)
        assert int(found["n_pairs"]) == np.isfinite(pairs).sum()
        assert float(found["semivariance"]) == pytest.approx(np.nanmean(pairs**2) / 2)


def test_a_step_and_the_way_back_are_the_same_pairs():
    made = variogram_map(rough(), max_lag=60)
    for name in ("semivariance", "n_pairs"):
        assert_allclose(made[name].values, made[name].values[::-1, ::-1])
    assert np.isnan(made["semivariance"].sel(lag_north=0, lag_east=0))
    assert int(made["n_pairs"].sel(lag_north=0, lag_east=0)) == 0


def test_how_rows_and_columns_are_stored_does_not_matter():
    da = rough(months=3)
    made = variogram_map(da, max_lag=60)
    for turned in (da[:, ::-1], da[:, :, ::-1], da.transpose("x", "month", "y"), da.chunk(y=3)):
        xr.testing.assert_allclose(variogram_map(turned, max_lag=60).compute(), made)
    one = variogram_map(da.isel(month=1), max_lag=60)
    xr.testing.assert_allclose(made.isel(month=1), one)


def test_rings_of_the_map_add_up_to_the_variogram():
    da = rough()
    flat = variogram_map(da, max_lag=60).stack(lag=("lag_north", "lag_east"))
    distance = np.hypot(flat["lag_north"].values, flat["lag_east"].values)
    n, gamma = flat["n_pairs"].values / 2, np.nan_to_num(flat["semivariance"].values)
    vg = variogram(da, lag_width=20, max_lag=60)
    ring = [(distance > low) & (distance <= low + 20) for low in (0, 20, 40)]
    assert_array_equal(vg["n_pairs"], [n[r].sum() for r in ring])
    assert_allclose(vg["semivariance"], [(n * gamma)[r].sum() / n[r].sum() for r in ring])


def test_what_has_no_map_is_refused():
    da = rough().rename(y="latitude", x="longitude") / 1.0
    degrees = da.assign_coords(latitude=40 + np.arange(9)[::-1], longitude=np.arange(14))
    with pytest.raises(InputError, match="not on a map"):
        variogram_map(degrees, max_lag=1e6)
    with pytest.raises(InputError, match="less than a cell"):
        variogram_map(rough(), max_lag=5)
    with pytest.raises(InputError, match="above 0"):
        variogram_map(rough(), max_lag=0)
