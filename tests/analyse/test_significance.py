import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from soilscope import adjust_p_values
from soilscope.errors import InputError

METHODS = ("bh", "by", "holm", "bonferroni")


def sites(p):
    return xr.DataArray(np.asarray(p, dtype=float), dims="site")


def cube(seed=0):
    p = np.random.default_rng(seed).random((2, 3, 4, 5)) ** 2
    p[:, :, 1, 2] = np.nan
    return xr.DataArray(p, dims=("season", "depth", "y", "x"), coords={"depth": [0.1, 0.3, 0.6]})


def test_bonferroni_multiplies_by_the_number_of_tests():
    adjusted = adjust_p_values(sites([0.01, 0.4, 0.2]), method="bonferroni")
    np.testing.assert_allclose(adjusted, [0.03, 1.0, 0.6])


def test_holm_multiplies_by_the_tests_that_are_left():
    adjusted = adjust_p_values(sites([0.02, 0.01, 0.03]), method="holm")
    np.testing.assert_allclose(adjusted, [0.04, 0.03, 0.04])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_bh_and_by_agree_with_scipy(p):
    for method in ("bh", "by"):
        expected = false_discovery_control(p, method=method)
        np.testing.assert_allclose(adjust_p_values(sites(p), method=method), expected, rtol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_missing_p_values_stay_missing_and_do_not_count(method):
    with_gaps = adjust_p_values(sites([0.01, np.nan, 0.02, np.nan, 0.5]), method=method)
    without = adjust_p_values(sites([0.01, 0.02, 0.5]), method=method)
    assert np.isnan(with_gaps[[1, 3]]).all()
    np.testing.assert_array_equal(with_gaps[[0, 2, 4]], without)


@pytest.mark.parametrize("method", METHODS)
def test_order_of_the_tests_does_not_matter(method):
    p = np.random.default_rng(1).random(30)
    order = np.random.default_rng(2).permutation(30)
    np.testing.assert_array_equal(
        adjust_p_values(sites(p[order]), method=method),
        adjust_p_values(sites(p), method=method)[order],
    )


def test_a_family_is_one_map_by_default():
    p = cube()
    adjusted = adjust_p_values(p)
    one = adjust_p_values(p.isel(season=1, depth=2))
    xr.testing.assert_identical(adjusted.isel(season=1, depth=2), one)
    assert adjusted.dims == p.dims


def test_a_family_may_span_any_dimensions():
    p = cube()
    flat = sites(p.values.ravel())
    adjusted = adjust_p_values(p, dim=("season", "depth", "y", "x"))
    np.testing.assert_array_equal(adjusted.values.ravel(), adjust_p_values(flat))
    by_depth = adjust_p_values(p, dim="depth")
    np.testing.assert_array_equal(by_depth[0, :, 0, 0], adjust_p_values(p[0, :, 0, 0]))


def test_all_dimensions_are_one_family_where_none_is_in_space():
    p = xr.DataArray([[0.01, 0.02], [0.03, 0.04]], dims=("region", "depth"))
    np.testing.assert_allclose(adjust_p_values(p), 0.04)


def test_dask_gives_the_numpy_answer_and_stays_lazy():
    p = cube()
    lazy = adjust_p_values(p.chunk(depth=1, y=2, x=3), method="by")
    assert lazy.chunks is not None
    xr.testing.assert_identical(lazy.compute(), adjust_p_values(p, method="by"))


def test_dimension_order_does_not_matter_and_is_kept():
    p = cube()
    turned = adjust_p_values(p.transpose("x", "depth", "season", "y"))
    assert turned.dims == ("x", "depth", "season", "y")
    xr.testing.assert_identical(turned.transpose(*p.dims), adjust_p_values(p))


def test_the_input_is_left_alone_and_the_result_is_labelled():
    p = cube()
    before = p.copy(deep=True)
    adjusted = adjust_p_values(p)
    xr.testing.assert_identical(p, before)
    assert adjusted.name == "p_value_adjusted"
    assert adjusted.attrs["units"] == "1"
    assert '"bh"' in adjusted.attrs["options"]


def test_a_mistyped_method_is_named_with_the_nearest_right_word():
    with pytest.raises(InputError, match="did you mean 'bonferroni'"):
        adjust_p_values(sites([0.5]), method="bonferoni")


def test_a_missing_dimension_is_named():
    with pytest.raises(InputError, match="no dimension 'depth'"):
        adjust_p_values(sites([0.5]), dim="depth")
