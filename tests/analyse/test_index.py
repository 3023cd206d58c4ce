"""Standardised index: references, parameters, and what bad input gets."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from soilscope import index_parameters, set_layers, standardize
from soilscope.errors import InputError
from soilscope.names import CONSTANT, NO_DATA, OK, TOO_FEW

NAN = np.nan
LAYERS = [[0, 0.07], [0.07, 0.28], [0.28, 1.0]]


def monthly(values, start="1991-01"):
    time = pd.date_range(start, periods=len(values), freq="MS")
    return xr.DataArray(np.asarray(values), {"time": time}, ("time",), attrs={"units": "m3 m-3"})


def moisture(n_years=12, seed=0):
    """Moisture on (time, depth, latitude, longitude) with gaps and an empty cell."""
    rng = np.random.default_rng(seed)
    values = 0.3 + 0.05 * rng.normal(size=(12 * n_years, 3, 4, 5))
    values += 0.05 * np.arange(3)[:, None, None]
    values[rng.random(values.shape) < 0.03] = NAN
    values[:, :, 0, 0] = NAN
    coords = {
        "time": pd.date_range("1991-01", periods=12 * n_years, freq="MS"),
        "latitude": [60.0, 45.0, 30.0, 15.0],
        "longitude": np.arange(5.0),
    }
    dims = ("time", "depth", "latitude", "longitude")
    return set_layers(xr.DataArray(values, coords, dims, attrs={"units": "m3 m-3"}), LAYERS)


# ---------------------------------------------------------------- the index itself


@given(
    arrays(float, 72, elements=st.floats(-10, 10).map(lambda v: round(v, 3))),
    st.floats(0.01, 100),
    st.floats(-50, 50),
)
def test_shift_and_scale_do_not_change_the_index(values, scale, shift):
    before = standardize(monthly(values), min_years=2)
    after = standardize(monthly(values * scale + shift), min_years=2)
    deviation = index_parameters(monthly(values), min_years=2)["std"]
    safe = (deviation > 1e-4).sel(month=before["time"].dt.month).drop_vars("month")
    xr.testing.assert_allclose(before["ssmi"].where(safe), after["ssmi"].where(safe), atol=1e-6)


@given(st.permutations(range(6)))
def test_the_order_of_series_does_not_matter(order):
    values = np.random.default_rng(1).normal(size=(60, 6))
    values[::5, 2] = NAN
    da = xr.DataArray(values, monthly(values[:, 0]).coords, ("time", "site"))
    found = standardize(da, min_years=2)["ssmi"]
    xr.testing.assert_identical(
        standardize(da.isel(site=list(order)), min_years=2)["ssmi"], found.isel(site=list(order))
    )


@given(st.integers(0, 59), st.integers(0, 3))
def test_a_missing_value_is_missing_and_changes_only_its_own_month_and_series(at, site):
    values = np.random.default_rng(1).normal(size=(60, 4))
    da = xr.DataArray(values, monthly(values[:, 0]).coords, ("time", "site"))
    hole = np.zeros(da.shape, bool)
    hole[at, site] = True
    before = standardize(da, min_years=2)["ssmi"]
    after = standardize(da.where(~hole), min_years=2)["ssmi"]
    assert np.isnan(after[at, site])
    touched = np.zeros(da.shape, bool)
    touched[at % 12 :: 12, site] = True
    np.testing.assert_array_equal(after.values[~touched], before.values[~touched])
    assert np.isfinite(after.values[touched & ~hole]).all()


def test_an_infinite_value_counts_as_missing():
    values = np.random.default_rng(0).normal(size=60)
    with_inf, with_nan = values.copy(), values.copy()
    with_inf[7], with_nan[7] = np.inf, NAN
    xr.testing.assert_identical(
        standardize(monthly(with_inf), min_years=2), standardize(monthly(with_nan), min_years=2)
    )


def test_a_zscore_has_no_mean_over_its_own_record_and_a_period_reference_has_one():
    # 1991-2000 at 0.2 +- 0.1, 2001-2010 at 0.4 +- 0.1: ddof=0, so the index is 2 in mean later
    years = np.tile([0.1, 0.3], 5)
    da = monthly(np.repeat(np.concatenate([years, years + 0.2]), 12))
    own = standardize(da)
    assert abs(float(own["ssmi"].mean())) < 1e-14
    assert own["ssmi"].attrs["reference"] == "own"
    assert own["ssmi"].attrs["baseline"] == "1991-01-01/2010-12-01"
    early = standardize(da, reference=("1991", "2000"), ddof=0)
    assert float(early["ssmi"].sel(time=slice("2001", None)).mean()) == pytest.approx(2.0)
    assert early["ssmi"].attrs["reference"] == "1991/2000"
    assert early["ssmi"].attrs["baseline"] == "1991-01-01/2000-12-01"
    assert (early["n_obs"] == 10).all()


def test_years_of_a_period_may_be_numbers_or_a_list():
    da = monthly(np.random.default_rng(0).normal(size=240))
    one = standardize(da, reference=("1995", "2004"))
    xr.testing.assert_identical(one, standardize(da, reference=[1995, 2004]))


def test_a_reference_without_months_holds_all_values():
    da = monthly(np.arange(120.0))
    found = standardize(da, by=None)
    assert found["n_obs"] == 120
    expected = (da - 59.5) / np.std(np.arange(120.0), ddof=1)
    np.testing.assert_allclose(found["ssmi"], expected, atol=1e-12)


def test_plain_numbers_as_time_are_decimal_years():
    da = xr.DataArray(np.arange(24.0), {"time": 2000 + np.arange(24) / 2}, ("time",))
    assert standardize(da, by=None, min_years=12)["status"] == OK
    assert standardize(da, by=None, min_years=13)["status"] == TOO_FEW
    with pytest.raises(InputError, match="not dates"):
        standardize(da)


def test_single_precision_stays_single_and_agrees_with_double():
    da = moisture()
    single = standardize(da.astype("f4"))["ssmi"]
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, standardize(da)["ssmi"], atol=2e-5)


def test_the_empirical_index_is_bounded_and_says_so():
    # normal quantiles of 20.56 / 21.12 and of 9.56 / 10.12 (statistics.NormalDist)
    for years, bound in ((21, 1.93467), (10, 1.59518)):
        found = standardize(monthly(np.arange(12.0 * years)), method="empirical")["ssmi"]
        assert float(found.max()) == pytest.approx(bound, abs=1e-4)
        assert found.attrs["reachable"] == pytest.approx(float(found.max()))


# ---------------------------------------------------------------- days of the year


def daily(first, last, calendar="standard"):
    time = xr.date_range(
        first, last, freq="D", calendar=calendar, use_cftime=calendar != "standard"
    )
    values = np.random.default_rng(0).normal(size=time.size)
    return xr.DataArray(values, {"time": time}, ("time",))


def test_a_day_of_the_year_is_the_same_date_in_leap_years_and_others():
    da = daily("2000-01-01", "2011-12-31")
    found = index_parameters(da, by="dayofyear")
    assert found.sizes["dayofyear"] == 366
    march_first = da.where((da.time.dt.month == 3) & (da.time.dt.day == 1), drop=True)
    assert float(found["mean"].sel(dayofyear=61)) == pytest.approx(float(march_first.mean()))
    assert found["n_obs"].sel(dayofyear=60) == 3  # 29 February of 2000, 2004, 2008
    assert found["status"].sel(dayofyear=60) == TOO_FEW


def test_a_window_reaches_over_the_end_of_the_year():
    da = daily("2001-01-01", "2012-12-31")
    found = index_parameters(da, by="dayofyear", window=3)
    time = da.time.dt
    around = ((time.month == 12) & (time.day >= 29)) | ((time.month == 1) & (time.day <= 4))
    assert float(found["mean"].sel(dayofyear=1)) == pytest.approx(float(da.where(around).mean()))
    assert found["n_obs"].sel(dayofyear=1) == 7 * 12
    assert (found["status"] == OK).all()


@pytest.mark.parametrize(("calendar", "days"), [("noleap", 365), ("360_day", 360)])
def test_other_calendars_have_their_own_days(calendar, days):
    last = "2012-12-30" if days == 360 else "2012-12-31"
    da = daily("2001-01-01", last, calendar)
    found = index_parameters(da, by="dayofyear")
    assert found.sizes["dayofyear"] == days
    assert (found["n_obs"] == 12).all()
    assert found.attrs["baseline"] == f"2001-01-01/{last}"


def test_years_count_and_not_days():
    da = daily("2001-01-01", "2005-12-31")  # 150 values in each month, yet five years
    assert (index_parameters(da)["status"] == TOO_FEW).all()
    assert (index_parameters(da, min_years=5)["status"] == OK).all()


# ---------------------------------------------------------------- pooled references


def weighted(values, weights):
    """Weighted mean and standard deviation of METHODS 2, written plainly (ddof 1)."""
    good = np.isfinite(values)
    x, w = values[good], np.broadcast_to(weights, values.shape)[good]
    mu = (w * x).sum() / w.sum()
    var = (w * (x - mu) ** 2).sum() / w.sum() * x.size / (x.size - 1)
    return mu, np.sqrt(var)


def test_a_pooled_reference_is_the_weighted_mean_and_deviation_of_the_layer():
    da = moisture()
    weights = xr.DataArray([1.0, 2.0, 3.0, 0.0], {"latitude": da.latitude}, ("latitude",))
    found = index_parameters(da, reference="pooled", weights=weights)
    assert found["mean"].dims == ("month", "depth")
    for m in (1, 8):
        values = da.isel(time=da.time.dt.month == m, depth=1).values
        mu, sigma = weighted(values[:, :3], weights.values[:3, None])
        here = found.sel(month=m).isel(depth=1)
        assert float(here["mean"]) == pytest.approx(mu, rel=1e-12)
        assert float(here["std"]) == pytest.approx(sigma, rel=1e-12)
        assert here["n_obs"] == np.isfinite(values[:, :3]).sum()


def test_a_pooled_profile_weighs_area_and_thickness():
    da = moisture()
    weights = xr.DataArray([1.0, 2.0, 3.0, 4.0], {"latitude": da.latitude}, ("latitude",))
    found = index_parameters(da, reference="pooled_profile", weights=weights).sel(month=5)
    both = np.array([0.07, 0.21, 0.72])[:, None, None] * weights.values[:, None]
    mu, sigma = weighted(da.isel(time=da.time.dt.month == 5).values, both)
    assert found["mean"].dims == ()
    assert float(found["mean"]) == pytest.approx(mu, rel=1e-12)
    assert float(found["std"]) == pytest.approx(sigma, rel=1e-12)


@pytest.mark.parametrize("weights", ["area", None])
@pytest.mark.parametrize("reference", ["pooled", "pooled_profile"])
def test_the_weighted_mean_of_a_pooled_index_is_zero(reference, weights):
    da = moisture()
    index = standardize(da, reference=reference, weights=weights)["ssmi"]
    weight = np.cos(np.deg2rad(da.latitude)) if weights else xr.ones_like(da.latitude)
    dims = ["time", "latitude", "longitude"]
    if reference == "pooled_profile":
        weight = weight * xr.DataArray([0.07, 0.21, 0.72], dims="depth")
        dims.append("depth")
    mean = index.weighted(weight).mean(dims)
    # cosine of latitude against the area on the ellipsoid: they differ by less than 1 %
    np.testing.assert_allclose(mean, 0.0, atol=1e-3 if weights else 1e-13)


def test_a_pooled_index_shows_zones_and_a_pooled_profile_shows_layers():
    da = moisture()
    da = da + xr.where(da.longitude < 2, 0.1, 0.0)
    pooled = standardize(da, reference="pooled", weights=None)["ssmi"]
    zones = pooled.groupby(da.longitude < 2).mean(...)
    assert zones.sel(longitude=True) > 0.5 > zones.sel(longitude=False)
    layers = standardize(da, reference="pooled_profile", weights=None)["ssmi"]
    assert (layers.mean(["time", "latitude", "longitude"]).diff("depth") > 0.3).all()


def test_sites_count_equally_unless_they_bring_an_area():
    da = moisture().isel(latitude=1).rename(longitude="site").drop_vars("latitude")
    equal = index_parameters(da, reference="pooled")
    xr.testing.assert_allclose(
        equal["mean"], index_parameters(da, reference="pooled", weights=None)["mean"]
    )
    assert "equal" in equal.attrs["weights"]
    area = xr.DataArray([1.0, 0, 0, 0, 0], {"site": da.site}, ("site",))
    alone = index_parameters(da.assign_coords(cell_area=area), reference="pooled")
    own = index_parameters(da.isel(site=0))
    np.testing.assert_allclose(alone["mean"], own["mean"], rtol=1e-12)
    np.testing.assert_allclose(alone["std"], own["std"], rtol=1e-12)


def test_many_cells_do_not_make_up_for_few_years():
    found = standardize(moisture(n_years=9), reference="pooled")
    assert (found["n_obs"] > 100).all()
    assert (found["status"] == TOO_FEW).all()
    assert np.isnan(found["ssmi"]).all()


def test_a_constant_region_is_constant():
    da = xr.full_like(moisture(), 0.1)
    found = standardize(da, reference="pooled")
    assert (found["status"] == CONSTANT).all()
    assert np.isnan(found["ssmi"]).all()


# ---------------------------------------------------------------- parameters used again

OPTIONS = [
    {},
    {"by": None},
    {"ddof": 0},
    {"reference": ("1992", "2002")},
    {"reference": "pooled"},
    {"reference": "pooled_profile"},
    {"method": "empirical"},
    {"method": "empirical", "by": None},
    {"method": "kde"},
    {"method": "kde", "by": None, "ddof": 0},
    {"method": "gamma", "reference": ("1992", "2002")},
    {"method": "gamma", "fit": "thom"},
    {"method": "beta"},
    {"method": "beta", "upper": 0.75, "by": None},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_stored_parameters_give_new_months_the_same_bits(options, tmp_path):
    da = moisture()
    index_parameters(da, **options).to_zarr(tmp_path / "p.zarr", consolidated=False)
    stored = xr.open_zarr(tmp_path / "p.zarr", consolidated=False).load()
    whole = standardize(da, **options)
    again = standardize(da, parameters=stored)
    xr.testing.assert_identical(again, whole)
    new = standardize(da.isel(time=slice(-3, None)), parameters=stored)
    np.testing.assert_array_equal(new["ssmi"], whole["ssmi"].isel(time=slice(-3, None)))


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_chunks_do_not_change_the_index_and_nothing_is_computed_early(options):
    da = moisture()
    lazy = standardize(da.chunk(latitude=2, longitude=3, depth=1), **options)
    assert all(v.chunks for v in lazy.data_vars.values())
    xr.testing.assert_allclose(lazy.compute(), standardize(da, **options), rtol=1e-12)


def test_lazy_parameters_go_with_data_in_memory_and_the_other_way():
    da = moisture()
    lazy, eager = index_parameters(da.chunk(latitude=1)), index_parameters(da)
    expected = standardize(da)["ssmi"]
    xr.testing.assert_identical(standardize(da, parameters=lazy)["ssmi"].compute(), expected)
    lazy_data = standardize(da.chunk(latitude=1, longitude=2), parameters=eager)
    xr.testing.assert_identical(lazy_data["ssmi"].compute(), expected)


def test_the_order_of_dimensions_does_not_matter():
    da = moisture()
    turned = standardize(da.transpose("longitude", "time", "latitude", "depth"))["ssmi"]
    assert turned.dims == ("longitude", "time", "latitude", "depth")
    xr.testing.assert_identical(turned.transpose(*da.dims), standardize(da)["ssmi"])


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ({"by": None}, "by is None, but the parameters have 'month'"),
        ({"method": "empirical"}, "method is 'empirical'"),
        ({"reference": ("2000", "2001")}, "reference is '2000/2001'"),
        ({"ddof": 0}, "ddof is 0"),
        ({"min_years": 3}, "min_years is 3"),
        ({"weights": None}, "weights belong to index_parameters"),
    ],
)
def test_an_option_against_the_parameters_is_refused(option, text):
    da = moisture()
    with pytest.raises(InputError, match=text):
        standardize(da, parameters=index_parameters(da), **option)


def test_parameters_of_other_cells_are_refused():
    da = moisture()
    found = index_parameters(da)
    with pytest.raises(InputError, match="differ along 'longitude'"):
        standardize(da.assign_coords(longitude=da.longitude + 1), parameters=found)
    with pytest.raises(InputError, match="dimension 'depth' that da lacks"):
        standardize(da.isel(depth=0), parameters=found)
    with pytest.raises(InputError, match="index_parameters"):
        standardize(da, parameters=found.drop_attrs())


# ---------------------------------------------------------------- too little, or wrong


def test_too_few_constant_and_empty_series_say_so():
    values = np.random.default_rng(0).normal(size=(120, 4))
    values[:, 1] = 0.1
    values[:, 2] = NAN
    values[0, 3] = NAN  # nine Januaries
    da = xr.DataArray(values, monthly(values[:, 0]).coords, ("time", "site"))
    for method in ("zscore", "empirical"):
        found = standardize(da, method=method)
        january = found["status"].sel(month=1)
        assert january.values.tolist() == [OK, CONSTANT, NO_DATA, TOO_FEW]
        assert found["status"].sel(month=2, site=3) == OK
        assert np.isnan(found["ssmi"].isel(site=[1, 2])).all()
        assert np.isnan(found["ssmi"].isel(site=3)[::12]).all()
        assert found["ssmi"].isel(site=3).count() == 110
        assert found["n_obs"].sel(month=1).values.tolist() == [10, 10, 0, 9]


def test_one_valid_year_is_too_few_even_when_one_is_asked_for():
    found = standardize(monthly(np.arange(12.0)), min_years=1)
    assert (found["status"] == TOO_FEW).all()
    assert np.isnan(found["ssmi"]).all()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"by": "mnth"}, "did you mean 'month'"),
        ({"method": "gumbel"}, "'zscore', 'empirical', 'kde', 'gamma', 'beta'"),
        ({"reference": "pool"}, "did you mean 'pooled'"),
        ({"reference": ("2000",)}, "first and a last stamp"),
        ({"reference": ("1850", "1860")}, "the data run from 1991-01-01 to 2002-12-01"),
        ({"reference": ("2000", "soon")}, "not a period"),
        ({"reference": "pooled", "method": "empirical"}, "ranks cannot"),
        ({"reference": "pooled", "weights": "volume"}, "'area', a DataArray or None"),
        ({"window": 3}, "by='dayofyear' only"),
        ({"by": "dayofyear", "window": 200}, "between 0 and 182"),
        ({"ddof": 2}, "0 or 1"),
        ({"min_years": 0}, "at least 1"),
    ],
)
def test_options_without_sense_are_refused(options, text):
    with pytest.raises(InputError, match=text):
        standardize(moisture(), **options)


def test_data_without_cells_or_layers_cannot_be_pooled():
    with pytest.raises(InputError, match="cells to pool"):
        standardize(monthly(np.arange(120.0)), reference="pooled")
    with pytest.raises(InputError, match="dimension 'depth'"):
        standardize(monthly(np.arange(120.0)), reference="pooled_profile")
    with pytest.raises(InputError, match="layers begin and end"):
        standardize(moisture().drop_vars(["depth_top", "depth_bottom"]), reference="pooled_profile")


def test_weights_that_do_not_fit_are_refused():
    da = moisture()
    wrong = {
        "dimension 'band'": xr.DataArray([1.0], dims="band"),
        "dimension 'time'": xr.ones_like(da.time, dtype=float),
        "other coordinates|different coordinates": xr.DataArray(
            np.ones(4), {"latitude": [1.0, 2, 3, 4]}, ("latitude",)
        ),
        "negative": xr.DataArray([1.0, 1, 1, -1], {"latitude": da.latitude}, ("latitude",)),
    }
    for text, weights in wrong.items():
        with pytest.raises(InputError, match=text):
            standardize(da, reference="pooled", weights=weights)


def test_duplicate_and_unsorted_times_are_refused():
    da = monthly(np.arange(24.0))
    with pytest.raises(InputError, match="ascending"):
        standardize(da.isel(time=slice(None, None, -1)))
    with pytest.raises(InputError, match="twice"):
        standardize(xr.concat([da.isel(time=[0]), da], "time"))


def test_a_series_in_pieces_is_refused():
    with pytest.raises(InputError, match="chunks along 'time'"):
        standardize(monthly(np.arange(24.0)).chunk(time=12))
