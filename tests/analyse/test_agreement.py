"""Agreement in time: per series, per region, with bounds, on any layout."""

import json

import numpy as np
import pytest
import xarray as xr
from scipy.signal import lfilter

from soilscope import agreement
from soilscope.analyse.pairing import PairAxis, resampling
from soilscope.errors import GridError, InputError, SoilscopeWarning
from soilscope.names import STATUS

MONTHS = xr.date_range("2000-01", periods=252, freq="MS")


def series(values, time=MONTHS, **attrs):
    return xr.DataArray(np.asarray(values, float), {"time": time}, "time").assign_attrs(attrs)


def noise(seed=0, n=252):
    return np.random.default_rng(seed).normal(size=n)


def pair(seed=0):
    truth = noise(seed)
    return series(truth + 0.5 * noise(seed + 100), units="1"), series(truth, units="1")


def field(seed, dims=("time", "depth", "y", "x")):
    sizes = {"time": 60, "depth": 2, "y": 3, "x": 4, "site": 5}
    values = np.random.default_rng(seed).normal(size=[sizes[d] for d in dims]) + 2
    coords = {"time": MONTHS[:60], "depth": [0.05, 0.2], "y": [3.0, 2, 1], "x": [1.0, 2, 3, 4]}
    return xr.DataArray(values, {d: coords[d] for d in dims if d in coords}, dims)


def status_of(result):
    return STATUS[int(result.status)]


def test_a_product_that_is_the_reference_agrees_fully():
    _, truth = pair()
    found = agreement(truth, truth)
    ones = ["r", "r_squared", "nse", "kge", "spearman", "kendall", "r_anomaly"]
    zeros = ["bias", "rmse", "ubrmse", "mse_correlation", "mse_bias", "mse_variance"]
    np.testing.assert_allclose([found[name] for name in ones], 1.0, atol=1e-12)
    np.testing.assert_allclose([found[name] for name in zeros], 0.0, atol=1e-12)


def test_bias_is_product_minus_reference():
    _, reference = pair()
    assert agreement(reference + 3, reference).bias == pytest.approx(3)


def test_r_squared_and_nse_are_not_the_same():
    _, truth = pair()
    found = agreement(2 * truth + 1, truth)
    assert found.r_squared == pytest.approx(1.0)
    assert found.nse < 0


def test_only_stamps_where_both_are_finite_count():
    product, reference = pair()
    product[3], product[10], reference[50] = np.nan, np.inf, np.nan
    keep = np.ones(252, bool)
    keep[[3, 10, 50]] = False
    found = agreement(product, reference)
    assert found.n_obs == 249
    assert found.r == pytest.approx(np.corrcoef(product[keep], reference[keep])[0, 1])


def test_the_statistics_asked_for_are_returned_and_no_others():
    product, reference = pair()
    found = agreement(product, reference, statistics=["kge", "mse"])
    names = {"kge", "mse_correlation", "mse_bias", "mse_variance", "n_eff", "n_obs", "status"}
    assert set(found) == names
    assert found.kge == agreement(product, reference).kge


def test_the_anomalies_of_a_shared_season_need_not_agree():
    season = 5 * np.sin(2 * np.pi * np.arange(252) / 12)
    found = agreement(series(season + noise(1)), series(season + noise(2)))
    assert found.r > 0.9
    assert abs(found.r_anomaly) < 0.2


def test_without_dates_there_are_no_anomalies():
    product, reference = (da.assign_coords(time=np.arange(252.0)) for da in pair())
    found = agreement(product, reference)
    assert np.isnan(found.r_anomaly)
    assert found.n_eff > 0


@pytest.mark.parametrize(
    ("values", "status"),
    [
        (np.full(252, np.nan), "no_data"),
        (np.where(np.arange(252) < 9, 1.5, np.nan), "too_few"),
        (np.full(252, 0.1), "constant"),
        (noise(3), "ok"),
    ],
)
def test_the_status_says_why_there_is_no_estimate(values, status):
    found = agreement(series(values), pair()[1], confidence=0.9, rng=0, n_boot=100)
    assert status_of(found) == status
    assert np.isfinite(found.r) == (status == "ok")
    assert np.isfinite(found.bias) == (status in ("ok", "constant"))
    assert np.isfinite(found.r_low) == (status == "ok")


def test_bounds_need_a_source_of_random_numbers():
    with pytest.raises(InputError, match="confidence draws random numbers; give rng"):
        agreement(*pair(), confidence=0.95)


def test_the_same_seed_gives_the_same_bounds_and_another_gives_others():
    first, second, other = (
        agreement(*pair(), confidence=0.95, rng=seed, n_boot=100) for seed in (1, 1, 2)
    )
    xr.testing.assert_identical(first, second)
    assert first.r_low != other.r_low
    assert first.r == other.r


def test_bounds_lie_round_the_estimate_and_widen_with_the_level():
    narrow, wide = (
        agreement(*pair(), confidence=level, rng=1, n_boot=200) for level in (0.8, 0.99)
    )
    for name in ("r", "r_squared", "nse", "bias", "rmse", "ubrmse", "kge", "spearman", "kendall"):
        low, high = (f"{name}_low", f"{name}_high")
        assert wide[low] < narrow[low] < narrow[name] < narrow[high] < wide[high], name


def test_bounds_of_r_squared_are_those_of_r_squared():
    product, reference = pair()
    found = agreement(-product, reference, confidence=0.9, rng=1, n_boot=100)
    assert found.r_squared_low == pytest.approx(float(found.r_high) ** 2)
    assert found.r_squared_high == pytest.approx(float(found.r_low) ** 2)
    unrelated = agreement(series(noise(1)), series(noise(2)), confidence=0.9, rng=1, n_boot=100)
    assert unrelated.r_squared_low == 0


@pytest.mark.jit
def test_memory_makes_blocks_longer_and_bounds_wider():
    e = np.random.default_rng(4).normal(size=(2, 452))
    slow = lfilter([1], [1, -0.8], e, axis=1)[:, 200:]
    found = agreement(series(slow[0]), series(slow[1]), confidence=0.95, rng=1)
    short = agreement(series(slow[0]), series(slow[1]), confidence=0.95, rng=1, block_length=1)
    assert found.block_length > 10
    assert found.n_eff < 100
    assert found.r_high - found.r_low > 1.3 * (short.r_high - short.r_low)


def test_blocks_are_as_long_as_the_slower_of_the_two_asks():
    slow = lfilter([1], [1, -0.8], noise(5, 452))[200:]
    options = {"statistics": ["r"], "confidence": 0.9, "rng": 1, "n_boot": 100}
    forward = agreement(series(slow), series(noise(6)), **options)
    backward = agreement(series(noise(6)), series(slow), **options)
    assert forward.block_length == backward.block_length > 12


def test_few_blocks_are_paid_for_by_a_wider_percentile():
    # Hesterberg (2015): tail Phi(-sqrt(n / (n - 1)) t) for n blocks; t = 2.262 for n = 10
    drawn = resampling(
        PairAxis(np.arange(120), np.arange(0)),
        confidence=0.95, rng=1, n_boot=100, block_length=12, dim="time",
    )  # fmt: skip
    assert drawn.tails[10] == pytest.approx(0.0086, abs=1e-4)
    assert drawn.draws.shape == (100, 10)


@pytest.mark.jit
@pytest.mark.parametrize("rho", [0.0, 0.5])
def test_bounds_hold_the_truth_about_as_often_as_they_promise(rho):
    # 300 pairs of AR(1) series with correlation 0.6; 0.95 within what 300 of them can tell
    e = np.random.default_rng(int(10 * rho)).normal(size=(2, 452, 300)) * np.sqrt(1 - rho**2)
    a, b = lfilter([1], [1, -rho], e, axis=1)[:, 200:]
    truth = xr.DataArray(a, {"time": MONTHS}, ("time", "site"))
    product = xr.DataArray(0.6 * a + 0.8 * b + 0.3, {"time": MONTHS}, ("time", "site"))
    found = agreement(product, truth, statistics=["r", "bias"], confidence=0.95, rng=1, n_boot=400)
    for name, value in (("r", 0.6), ("bias", 0.3)):
        held = (found[f"{name}_low"] <= value) & (found[f"{name}_high"] >= value)
        assert 0.89 <= float(held.mean()) <= 0.99, name


def test_chunks_cannot_change_a_number():
    product, reference = field(1), field(2)
    whole = agreement(product, reference, confidence=0.9, rng=3, n_boot=100)
    for chunks in ({"x": 1}, {"y": 2, "depth": 1}):
        lazy = agreement(
            product.chunk(chunks), reference.chunk({"y": 1}), confidence=0.9, rng=3, n_boot=100
        )
        assert all(v.chunks is not None for v in lazy.data_vars.values())
        xr.testing.assert_identical(lazy.compute(), whole)


def test_a_missing_stamp_and_a_missing_value_are_the_same_gap():
    product, reference = pair()
    gap = np.r_[0:100, 130:252]
    absent = agreement(product[gap], reference[gap], confidence=0.9, rng=5, n_boot=100)
    product[100:130] = np.nan
    missing = agreement(product, reference, confidence=0.9, rng=5, n_boot=100)
    xr.testing.assert_allclose(absent.drop_attrs(), missing.drop_attrs())


def test_bounds_are_refused_on_an_uneven_axis():
    time = np.concatenate([[0.0], np.cumsum(1 + np.random.default_rng(0).random(251))])
    product, reference = (da.assign_coords(time=time) for da in pair())
    assert np.isnan(agreement(product, reference).n_eff)
    with pytest.raises(InputError, match="not evenly spaced"):
        agreement(product, reference, confidence=0.9, rng=1)


def test_regions_compare_mean_series_of_the_cells_where_both_are_finite():
    product, reference = (field(k, ("time", "site")) for k in (1, 2))
    product[:, 1] = np.nan
    product[0, 3:] = np.nan
    zones = xr.DataArray([0, 0, 0, 1, 1], dims="site").assign_attrs(
        flag_values=[0, 1], flag_meanings="north south"
    )
    found = agreement(product, reference, regions=zones)
    assert found.region.values.tolist() == ["north", "south"]
    north = np.corrcoef(product[:, [0, 2]].mean("site"), reference[:, [0, 2]].mean("site"))
    assert found.r.sel(region="north") == pytest.approx(north[0, 1])
    assert found.n_obs.values.tolist() == [60, 59]
    few = agreement(product, reference, regions=zones, min_valid=0.9)
    assert few.n_obs.values.tolist() == [0, 59]


def test_regions_are_lazy_and_indifferent_to_chunks_and_order():
    product, reference = field(1), field(2)
    zones = xr.DataArray([[0, 0, 1, 1]] * 3, dims=("y", "x")).assign_attrs(
        flag_values=[0, 1], flag_meanings="north south"
    )
    expected = agreement(product, reference, regions=zones, weights=None)
    lazy = agreement(
        product.chunk(x=1, depth=1), reference.transpose("x", ...), regions=zones, weights=None
    )
    assert lazy.r.chunks is not None
    xr.testing.assert_allclose(lazy.compute(), expected)
    assert expected.r.dims == ("region", "depth")


def test_products_in_other_units_are_refused():
    product, reference = pair()
    with pytest.raises(InputError, match="product is in '%' and reference in '1'"):
        agreement(product.assign_attrs(units="%"), reference)


def test_products_at_other_times_are_refused_in_one_line():
    product, reference = pair()
    with pytest.raises(
        InputError,
        match=r"differ along 'time' \(252 values, 2000-01-01 to 2020-12-01 against "
        r"251 values, 2000-02-01 to 2020-12-01\); bring both to the same stamps",
    ):
        agreement(product, reference[1:])


def test_products_on_other_grids_are_refused():
    product, reference = field(1), field(2)
    with pytest.raises(GridError, match=r"differ along 'x' .*; regrid the finer product"):
        agreement(product, reference.assign_coords(x=[1.5, 2.5, 3.5, 4.5]))


def test_products_in_other_layers_are_refused():
    product, reference = field(1), field(2)
    with pytest.raises(InputError, match=r"differ along 'depth' .*merge_layers"):
        agreement(product, reference.assign_coords(depth=[0.05, 0.3]))
    with pytest.raises(InputError, match="product has the dimension 'depth', which reference"):
        agreement(product, reference.isel(depth=0, drop=True))


def test_coordinates_in_single_precision_are_the_same_places():
    product, reference = field(1), field(2)
    product, reference = (da.assign_coords(x=[0.1, 0.2, 0.3, 0.4]) for da in (product, reference))
    found = agreement(product, reference.assign_coords(x=reference.x.astype("f4").astype("f8")))
    xr.testing.assert_identical(found, agreement(product, reference))


def test_comparing_along_space_points_to_the_pooled_agreement():
    with pytest.raises(InputError, match="use pooled_agreement"):
        agreement(field(1), field(2), dim="x")


def test_a_series_in_pieces_is_refused():
    with pytest.raises(InputError, match=r"use reference.chunk"):
        agreement(field(1), field(2).chunk({"time": 10}))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"statistics": "r"}, "give a list"),
        ({"statistics": ["rr"]}, "did you mean 'r'"),
        ({"kge": 2010}, "2012, 2009"),
        ({"confidence": 95, "rng": 1}, "between 0.5 and 0.9999"),
        ({"confidence": 0.95, "rng": 1, "block_length": 200}, "between 1 and 126"),
        ({"min_obs": 1}, "at least|between"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        agreement(*pair(), **options)


def test_dependent_products_are_warned_of_and_marked():
    product, reference = pair()
    product.attrs["lineage"] = json.dumps(["SMCI"])
    reference.attrs["lineage"] = json.dumps(["ERA5-Land"])
    with pytest.warns(SoilscopeWarning, match="product and reference share ERA5-Land"):
        found = agreement(product, reference)
    assert found.attrs["dependent"] == "product and reference share ERA5-Land, ERA5"
    assert "dependent" not in agreement(*pair()).attrs


def test_the_result_says_how_it_was_made():
    found = agreement(*pair(), confidence=0.9, rng=7, n_boot=100)
    options = json.loads(found.attrs["options"])
    assert options["rng"] == 7
    assert options["confidence"] == 0.9
    assert found.rmse_low.units == "1"
    moisture = [da.assign_attrs(units="m3 m-3") for da in pair()]
    assert agreement(*moisture).mse_bias.units == "m3 m-3 m3 m-3"
    generator = agreement(*pair(), confidence=0.9, rng=np.random.default_rng(7), n_boot=100)
    assert json.loads(generator.attrs["options"])["rng"] == "Generator"
    assert generator.r_low == found.r_low
