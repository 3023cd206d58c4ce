"""The dryness index: planted edges are found, each date by its own field."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from soilscope import tvdi
from soilscope.errors import InputError
from soilscope.names import STATUS


def triangle(seed=0, n_time=3, shape=(60, 80), **attrs):
    """Cells between a wet edge at 15 + date and a dry edge at 50 - 25 NDVI, with their dryness."""
    rng = np.random.default_rng(seed)
    ndvi = xr.DataArray(rng.uniform(0.05, 0.85, (n_time, *shape)), dims=("time", "y", "x"))
    ndvi = ndvi.assign_coords(time=np.arange(float(n_time)))
    dryness = ndvi.copy(data=rng.random(ndvi.shape))
    wet = 15.0 + ndvi.time
    lst = wet + dryness * (50.0 - 25.0 * ndvi - wet)
    return lst.transpose(*ndvi.dims).assign_attrs(units="degC", **attrs), ndvi, dryness


def status_of(result):
    return [STATUS[code] for code in np.atleast_1d(result.status.values)]


def test_planted_edges_are_found_on_each_date():
    lst, ndvi, dryness = triangle(shape=(200, 300))
    result = tvdi(lst, ndvi, quantile=0.999)
    np.testing.assert_allclose(result.dry_intercept, 50.0, atol=0.5)
    np.testing.assert_allclose(result.dry_slope, -25.0, atol=1.0)
    np.testing.assert_allclose(result.wet_intercept, [15.0, 16.0, 17.0], atol=0.1)
    assert (result.wet_slope == 0.0).all()
    assert float(abs(result.tvdi - dryness).max()) < 0.03
    assert status_of(result) == ["ok"] * 3
    assert result.n_obs.values.tolist() == [60000] * 3


def by_hand(t, v, q, wet):
    """One date, bin by bin, with NumPy's quantiles and its polynomial fit."""
    middles, low, high = [], [], []
    for b in range(50):
        part = t[(v >= b * 0.02) & (v < (b + 1) * 0.02)]
        if part.size >= 10:
            middles.append(0.02 * b + 0.01)
            low.append(np.quantile(part, 1 - q))
            high.append(np.quantile(part, q))
    b, a = np.polyfit(middles, high, 1)
    d, c = np.polyfit(middles, low, 1) if wet == "line" else (0.0, np.mean(low))
    return (t - c - d * v) / (a + b * v - c - d * v), (a, b, c, d)


@pytest.mark.parametrize("wet", ["constant", "line"])
@pytest.mark.parametrize("quantile", [0.9, 0.99, 1.0])
def test_edges_are_those_of_a_fit_by_hand(wet, quantile):
    lst, ndvi, _ = triangle(seed=2)
    ndvi = xr.where(abs(ndvi % 0.02 - 0.01) < 0.009, ndvi, np.nan)  # none on the edge of a bin
    result = tvdi(lst, ndvi, wet=wet, quantile=quantile)
    names = ("dry_intercept", "dry_slope", "wet_intercept", "wet_slope")
    for k in range(3):
        index, edges = by_hand(lst.values[k], ndvi.values[k], quantile, wet)
        np.testing.assert_allclose(
            [result[name][k] for name in names], edges, rtol=1e-10, atol=1e-9
        )
        np.testing.assert_allclose(result.tvdi[k], index, rtol=0, atol=1e-10)
        assert int(result.n_outside[k]) == int(((index < 0) | (index > 1)).sum())


def test_values_outside_are_counted_and_brought_in_only_if_asked():
    lst, ndvi, _ = triangle()
    plain, clipped = tvdi(lst, ndvi, quantile=0.9), tvdi(lst, ndvi, quantile=0.9, clip=True)
    assert (plain.n_outside > 100).all()
    xr.testing.assert_identical(plain.n_outside, clipped.n_outside)
    assert float(plain.tvdi.max()) > 1.0
    assert float(clipped.tvdi.max()) == 1.0
    xr.testing.assert_allclose(clipped.tvdi, plain.tvdi.clip(0, 1))


def test_a_dry_edge_that_rises_with_ndvi_has_no_index():
    lst, ndvi, _ = triangle()
    rising = lst.where(lst.time != 1, 20.0 + 30.0 * ndvi * ndvi.y.size / 60)
    result = tvdi(rising, ndvi)
    assert status_of(result) == ["ok", "wrong_sign", "ok"]
    assert bool(result.tvdi[1].isnull().all())
    assert float(result.dry_slope[1]) == pytest.approx(30.0, rel=0.02)


def test_too_few_bins_and_empty_fields_are_told_apart():
    lst, ndvi, _ = triangle()
    ndvi = ndvi.where((ndvi.time != 0) | (ndvi < 0.1))  # two or three bins
    result = tvdi(lst.where(lst.time != 2), ndvi)
    assert status_of(result) == ["too_few", "ok", "no_data"]
    assert np.isnan(result.dry_slope.values[[0, 2]]).all()
    assert result.n_obs.values[2] == 0
    assert bool(result.tvdi[0].isnull().all())


def test_cells_outside_the_range_have_no_index_and_make_no_edge():
    lst, ndvi, _ = triangle()
    water = ndvi.where(ndvi.x >= 5, -0.3)
    hot = lst.where(ndvi.x >= 5, 90.0)
    result = tvdi(hot, water)
    assert bool(result.tvdi.isel(x=slice(0, 5)).isnull().all())
    xr.testing.assert_allclose(result.tvdi[..., 5:], tvdi(lst[..., 5:], ndvi[..., 5:]).tvdi)


def test_a_cell_without_an_index_makes_no_edge_whatever_the_bins():
    lst, ndvi, _ = triangle()
    hot = lst.where(ndvi <= 0.5, lst + 30.0)
    narrow = tvdi(hot, ndvi, ndvi_range=(0.0, 0.5))
    wide = tvdi(hot, ndvi, ndvi_range=(0.0, 0.5), edge_range=(0.0, 1.0))
    np.testing.assert_allclose(wide.dry_slope, narrow.dry_slope)


def test_edges_may_be_fitted_to_part_of_the_range():
    lst, ndvi, _ = triangle(shape=(200, 200))
    bent = lst - 40.0 * (0.2 - ndvi).clip(min=0.0)  # bare ground is cooler than the line says
    whole, part = tvdi(bent, ndvi, wet="line"), tvdi(bent, ndvi, wet="line", edge_range=(0.2, 1.0))
    assert float(abs(part.dry_slope + 25).max()) < 1.0 < float(abs(whole.dry_slope + 25).min())
    assert bool(part.tvdi.where(ndvi < 0.2, drop=True).notnull().any())


def test_where_the_edges_have_crossed_there_is_no_index():
    lst, ndvi, _ = triangle()
    bare = ndvi.where(ndvi < 0.5)
    green = xr.where((ndvi.x == 0) & (ndvi.y == 0), 0.99, bare)
    steep = 15.0 + (lst - 15.0).where(ndvi > 1, (60.0 - 80.0 * ndvi).clip(min=15.5) - 15.0)
    result = tvdi(steep, green, quantile=1.0, edge_range=(0.0, 0.5), min_cells=3)
    assert (result.dry_intercept + 0.99 * result.dry_slope < result.wet_intercept).all()
    assert bool(result.tvdi.isel(x=0, y=0).isnull().all())


@given(st.integers(0, 1000), st.floats(0.5, 20), st.floats(-100, 300))
def test_the_scale_and_the_zero_of_temperature_do_not_matter(seed, factor, shift):
    lst, ndvi, _ = triangle(seed=seed, n_time=1, shape=(20, 30))
    kelvin = factor * lst + shift
    options = {"bin_width": 0.1}
    a, b = tvdi(lst, ndvi, **options), tvdi(kelvin, ndvi, **options)
    np.testing.assert_allclose(a.tvdi, b.tvdi, rtol=0, atol=1e-9)
    np.testing.assert_allclose(factor * a.dry_slope, b.dry_slope, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_chunks_and_the_order_of_dimensions_do_not_matter(dtype):
    lst, ndvi, _ = triangle()
    lst = lst.where(lst < 45).astype(dtype)
    whole = tvdi(lst, ndvi)
    assert whole.tvdi.dtype == np.dtype(dtype)
    lazy = tvdi(lst.chunk(time=2, y=7, x=30), ndvi.chunk(time=1, x=11))
    assert all(v.chunks is not None for v in lazy.data_vars.values())
    xr.testing.assert_identical(lazy.compute(), whole)
    turned = tvdi(lst.transpose("x", "time", "y"), ndvi.transpose("y", "x", "time"))
    assert turned.tvdi.dims == ("x", "time", "y")
    xr.testing.assert_identical(turned.transpose(*whole.dims), whole)
    xr.testing.assert_identical(tvdi(lst, ndvi.chunk(x=9)).compute(), whole)


def test_one_ndvi_may_serve_all_dates_and_one_date_needs_no_time():
    lst, ndvi, _ = triangle()
    same = tvdi(lst, ndvi[0])
    one = tvdi(lst[0].drop_vars("time"), ndvi[0].drop_vars("time"))
    xr.testing.assert_allclose(same.isel(time=0, drop=True), one)
    assert one.status.ndim == 0


def test_sites_are_a_field_too():
    lst, ndvi, _ = triangle()
    flat = {"site": ("y", "x")}
    sites = tvdi(
        *(a.stack(flat).drop_vars(["site", "y", "x"], errors="ignore") for a in (lst, ndvi))
    )
    np.testing.assert_array_equal(sites.dry_slope, tvdi(lst, ndvi).dry_slope)


def test_the_result_says_what_it_is():
    lst, ndvi, _ = triangle(lineage='["MODIS LST"]')
    result = tvdi(lst, ndvi)
    assert result.tvdi.attrs["units"] == "1"
    assert result.dry_intercept.attrs["units"] == "degC"
    assert "MODIS LST" in result.tvdi.attrs["lineage"]
    assert result.status.dtype == np.int8
    assert result.attrs["references"].endswith("10.1016/S0034-4257(01)00274-7")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"wet": "max"}, "wet is 'max'; it must be one of"),
        ({"quantile": 0.3}, "quantile is 0.3"),
        ({"bin_width": 0}, "bin_width is 0"),
        ({"ndvi_range": (0.5, 0.2)}, "ndvi_range is"),
        ({"edge_range": (0.5, 2.0)}, "edge_range is"),
        ({"min_cells": 0}, "min_cells is 0"),
        ({"min_bins": 1}, "min_bins is 1"),
    ],
)
def test_an_option_that_does_not_fit_is_refused(options, told):
    lst, ndvi, _ = triangle()
    with pytest.raises(InputError, match=told):
        tvdi(lst, ndvi, **options)


def test_other_coordinates_are_refused():
    lst, ndvi, _ = triangle()
    with pytest.raises(InputError, match="ndvi and lst differ along 'x'"):
        tvdi(lst, ndvi[..., 1:])
    with pytest.raises(InputError, match="ndvi and lst differ along 'time'"):
        tvdi(lst, ndvi.assign_coords(time=ndvi.time + 1))
    with pytest.raises(InputError, match="ndvi has the dimension 'time', which lst lacks"):
        tvdi(lst[0], ndvi)
    with pytest.raises(InputError, match="no dimension in space"):
        tvdi(lst[:, 0, 0], ndvi[:, 0, 0])
