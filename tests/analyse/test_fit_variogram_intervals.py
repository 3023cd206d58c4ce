"""Intervals of fitted variograms by resampled tiles."""

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose, assert_array_equal

from soilscope import fit_variogram, merge_variograms, variogram
from soilscope.analyse import fit_variogram_intervals as intervals
from soilscope.errors import InputError

OPTIONS = {"lag_width": 2.0, "max_lag": 24.0}
NAMES = ("nugget", "sill", "effective_range", "structural_proportion")


def field(seed=0, scale=3.0, size=48, n=1):
    """Return fields of an exponential covariance and a nugget of 20 %."""
    rng = np.random.default_rng(seed)
    steps = np.minimum(np.arange(4 * size), 4 * size - np.arange(4 * size))
    covariance = np.exp(-np.hypot(steps[:, np.newaxis], steps) / scale)
    root = np.sqrt(np.maximum(np.fft.fft2(covariance).real, 0)) / (4 * size)
    noise = rng.normal(size=(n, *root.shape)) + 1j * rng.normal(size=(n, *root.shape))
    z = np.fft.fft2(root * noise)[:, :size, :size].real
    z = np.sqrt(0.8) * z + np.sqrt(0.2) * rng.normal(size=z.shape)
    axes = {d: (d, np.arange(size) * 1.0, {"units": "m"}) for d in ("y", "x")}
    return xr.DataArray(z, axes, ("month", "y", "x"), attrs={"units": "m3 m-3"})


def fitted(vg, **options):
    given = {"models": ["exponential"], "style": "gstat", "n_boot": 100, "rng": 0} | options
    return fit_variogram(vg, **given)


def test_tiles_are_cut_where_asked_for_and_add_up_to_the_variogram():
    da = field(n=2).where(lambda f: f["x"] > 10)
    plain = variogram(da, **OPTIONS)
    made = variogram(da, n_tiles=4, **OPTIONS)
    assert made.sizes["tile"] == 16
    assert_array_equal(made["tile_n_pairs"].sum("tile"), made["n_pairs"])
    assert_array_equal(made["tile_n_obs"].sum("tile"), made["n_obs"])
    whole = (made["tile_n_pairs"] * made["tile_semivariance"]).sum("tile") / made["n_pairs"]
    assert_allclose(whole, plain["semivariance"], rtol=1e-12)
    xr.testing.assert_allclose(made[list(plain)], plain, rtol=1e-12)
    assert_allclose(made["tile_y"][[0, 4]], [5.5, 17.5])
    xr.testing.assert_allclose(variogram(da.chunk(y=9), n_tiles=4, **OPTIONS).compute(), made)
    assert "tile" not in merge_variograms([made, made]).dims


def test_a_bound_is_on_each_side_of_what_is_fitted_and_units_are_its():
    made = fitted(variogram(field(), n_tiles=8, **OPTIONS)).isel(model=0, month=0)
    for name in NAMES:
        assert made[f"{name}_low"] < made[name] < made[f"{name}_high"]
        assert made[f"{name}_low"].attrs["units"] == made[name].attrs["units"]
    plain = fitted(variogram(field(), **OPTIONS), n_boot=0, rng=None)
    assert not any(name.endswith("_low") for name in plain)


def test_the_same_number_gives_the_same_bounds_lazily_and_month_by_month():
    vg = variogram(field(n=3), n_tiles=4, **OPTIONS)
    made = fitted(vg)
    xr.testing.assert_identical(made, fitted(vg))
    lazy = fitted(vg.chunk(month=1))
    assert lazy["sill_low"].chunks is not None
    xr.testing.assert_allclose(lazy.compute(), made)
    alone = fitted(vg.isel(month=2))
    assert_allclose(alone["sill_high"], made["sill_high"].isel(month=2))
    assert not np.allclose(fitted(vg, rng=1)["sill_low"], made["sill_low"])


def test_bounds_do_not_depend_on_units():
    da = field()
    made = fitted(variogram(da, n_tiles=4, **OPTIONS))
    percent = fitted(variogram(100 * da, n_tiles=4, **OPTIONS))
    assert_allclose(percent["sill_low"], 1e4 * made["sill_low"])
    assert_allclose(percent["effective_range_high"], made["effective_range_high"])


def test_a_model_without_a_range_has_none_of_it_bounded():
    made = fitted(variogram(field(), n_tiles=4, **OPTIONS), models=["linear", "spherical"])
    assert made["effective_range_low"].sel(model="linear").isnull().all()
    assert made["nugget_low"].sel(model="linear").notnull().all()
    assert made["effective_range_low"].sel(model="spherical").notnull().all()


def test_fields_without_differences_have_no_bounds():
    da = field(n=3)
    da[0], da[1] = 1.0, np.nan
    made = fitted(variogram(da, n_tiles=4, **OPTIONS)).isel(model=0)
    assert made["sill_low"].isnull().values.tolist() == [True, True, False]
    one = da.where((da["y"] < 12) & (da["x"] < 12))  # all in one tile: nothing to compare
    assert fitted(variogram(one, n_tiles=4, **OPTIONS))["sill_low"].isnull().all()


def test_multipliers_that_are_all_alike_or_all_their_own_are_made_good_for_as_algebra_says():
    # departures from a mean of m of them vary by (m - 1) / m; Student's quantile for 15 is 2.13145
    n = np.full((1, 16), 25)
    expected = np.sqrt(16 / 15) * 2.13145 / 1.95996
    assert_allclose(intervals._made_good(n, np.eye(16)), expected, rtol=1e-5)
    assert np.isnan(intervals._made_good(np.array([9, 0, 0]), np.eye(3)))
    assert np.isnan(intervals._made_good(np.full(4, 9), np.ones((4, 4))))


@pytest.mark.jit
def test_intervals_hold_the_truth_in_most_fields():
    da = field(seed=5, n=40, size=80)
    vg = variogram(da, lag_width=2.0, max_lag=30.0, n_tiles=6)
    made = fitted(vg).isel(model=0)
    truth = {"nugget": 0.2, "sill": 1.0, "effective_range": 9.0, "structural_proportion": 0.8}
    for name, value in truth.items():
        inside = (made[f"{name}_low"] <= value) & (value <= made[f"{name}_high"])
        assert inside.mean() > 0.85
    assert (made["effective_range_high"] / made["effective_range_low"]).median() < 2.5


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_boot": 20}, "from 100 to 10000"),
        ({"n_boot": True}, "from 100 to 10000"),
        ({"n_boot": 2.5}, "from 100 to 10000"),
        ({"rng": None}, "n_boot draws random numbers; give rng"),
    ],
)
def test_options_of_resampling_that_do_not_fit_are_refused(options, words):
    vg = variogram(field(), n_tiles=4, **OPTIONS)
    with pytest.raises(InputError, match=words):
        fitted(vg, **options)


def test_variograms_and_fields_without_tiles_are_refused():
    da = field()
    with pytest.raises(InputError, match=r"variogram\(\.\.\., n_tiles=8\)"):
        fitted(variogram(da, **OPTIONS))
    with pytest.raises(InputError, match=r"use vg\.chunk"):
        fitted(variogram(da, n_tiles=4, **OPTIONS).chunk(tile=3))
    for options in ({"estimator": "cressie"}, {"detrend": "linear"}):
        with pytest.raises(InputError, match="n_tiles needs a map's grid"):
            variogram(da, n_tiles=4, **OPTIONS, **options)
    sites = da.stack(site=("y", "x")).reset_index("site")
    with pytest.raises(InputError, match="n_tiles needs a map's grid"):
        variogram(sites, n_tiles=4, **OPTIONS)
    for wrong in (1, 33):
        with pytest.raises(InputError, match="n_tiles"):
            variogram(da, n_tiles=wrong, **OPTIONS)
    with pytest.raises(InputError, match="a whole number"):
        variogram(da, n_tiles=4.0, **OPTIONS)


def test_an_upper_end_is_infinite_where_resamples_find_no_end_of_the_range():
    rough = field(size=40)
    slope = rough + 0.5 * rough["x"]  # rises from edge to edge
    slope.attrs = rough.attrs
    made = fitted(variogram(slope, n_tiles=4, **OPTIONS), models=["gaussian"])
    made = made.isel(model=0, month=0)
    assert np.isinf(made["effective_range_high"])
    assert np.isfinite(made["effective_range_low"])
    short = fitted(variogram(field(scale=2.0), n_tiles=8, **OPTIONS)).isel(model=0, month=0)
    assert np.isfinite(short["effective_range_high"])
