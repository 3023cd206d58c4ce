"""Cells that do not count alike, and blocks of cells that are dealt out together."""

import numpy as np
import pytest
import xarray as xr
from scipy import stats
from scipy.ndimage import gaussian_filter

from soilscope import (
    discretize,
    ecological_detector,
    factor_detector,
    gozh,
    interaction_detector,
    optimize_strata,
    risk_detector,
)
from soilscope.analyse.stratum_moments import merge_stratum_moments, stratum_moments
from soilscope.errors import GridError, InputError
from soilscope.grid.measure import cell_area

RNG = np.random.default_rng(31)
N = 60
Y = RNG.normal(size=N)
TIMES = RNG.integers(1, 4, N)
CODES = {"a": RNG.integers(0, 3, N), "b": RNG.integers(0, 4, N)}
X = RNG.gamma(2.0, size=N)


def sites(values):
    return xr.DataArray(values, dims="site")


def strata(times=1):
    return {k: sites(np.repeat(v, times)) for k, v in CODES.items()}


WEIGHTS = sites(7.0 * TIMES)


def test_a_cell_of_three_times_the_area_counts_as_three_cells():
    ours = factor_detector(sites(Y), strata(), weights=WEIGHTS)
    thrice = factor_detector(sites(np.repeat(Y, TIMES)), strata(TIMES))
    np.testing.assert_allclose(ours.q, thrice.q, rtol=1e-12)
    assert ours.n_obs.item() == N  # the number of cells, not of their copies


def test_interactions_and_differences_are_weighted_as_copies_are():
    ours = interaction_detector(sites(Y), strata(), weights=WEIGHTS)
    thrice = interaction_detector(sites(np.repeat(Y, TIMES)), strata(TIMES))
    np.testing.assert_allclose(ours.q12, thrice.q12, rtol=1e-12)
    found = ecological_detector(sites(Y), strata(), weights=WEIGHTS)
    other = ecological_detector(sites(np.repeat(Y, TIMES)), strata(TIMES))
    np.testing.assert_allclose(found.q_difference, other.q_difference, rtol=1e-10)
    np.testing.assert_allclose(found.f, other.f, rtol=1e-12)


def test_classes_are_judged_by_weight():
    best = optimize_strata(sites(Y), {"x": sites(X)}, methods=["equal"], weights=WEIGHTS)
    thrice = optimize_strata(
        sites(np.repeat(Y, TIMES)), {"x": sites(np.repeat(X, TIMES))}, methods=["equal"]
    )
    np.testing.assert_allclose(best.q, thrice.q, rtol=1e-10)


def test_means_of_strata_are_those_of_copies():
    ours = risk_detector(sites(Y), strata(), weights=WEIGHTS)
    thrice = risk_detector(sites(np.repeat(Y, TIMES)), strata(TIMES))
    np.testing.assert_allclose(ours["mean"], thrice["mean"], rtol=1e-12)
    np.testing.assert_allclose(ours.difference, thrice.difference, rtol=1e-10)
    assert ours["count"].sum("stratum").values.tolist() == [N, N]


def test_cells_of_unequal_weight_tell_as_much_as_fewer_equal_ones():
    ours = risk_detector(sites(Y), strata(), weights=WEIGHTS).sel(factor="a")
    w, y = (v[CODES["a"] == 1] for v in (TIMES / TIMES.sum(), Y))
    n = w.sum() ** 2 / (w**2).sum()  # Kish (1965)
    one = ours.sel(stratum=1)
    assert one.n_effective.item() == pytest.approx(n, rel=1e-12)
    assert one.n_effective.item() < one["count"].item()
    # the unbiased variance of values with reliability weights
    share = w / w.sum()
    variance = (share * (y - share @ y) ** 2).sum() / (1.0 - (share**2).sum())
    assert one["std"].item() == pytest.approx(np.sqrt(variance), rel=1e-12)
    pair = ours.sel(stratum=0, stratum_2=1)
    m, s, k = (
        [float(ours[v].sel(stratum=i)) for i in (0, 1)] for v in ("mean", "std", "n_effective")
    )
    expected = stats.ttest_ind_from_stats(m[0], s[0], k[0], m[1], s[1], k[1], equal_var=False)
    assert pair.p_value.item() == pytest.approx(expected.pvalue, rel=1e-9)


def test_equal_weights_leave_tests_and_trees_as_they_are():
    same = sites(np.full(N, 3.0))
    plain, ours = (risk_detector(sites(Y), strata(), weights=w) for w in (None, same))
    xr.testing.assert_allclose(ours, plain, rtol=1e-10)
    np.testing.assert_array_equal(plain.n_effective, plain["count"])
    options = {"min_split": 4, "min_leaf": 2, "p": "permutation", "rng": 1, "n_surrogates": 19}
    factors = {"x": sites(X), "a": sites(CODES["a"])}
    plain, ours = (gozh(sites(Y), factors, weights=w, **options) for w in (None, same))
    xr.testing.assert_allclose(ours, plain, rtol=1e-10)


def test_zones_of_weighted_cells_are_those_of_copies():
    factors = {"x": X, "a": CODES["a"]}
    options = {"min_split": 2, "min_leaf": 1, "complexity": 0.03}
    ours = gozh(sites(Y), {k: sites(v) for k, v in factors.items()}, weights=WEIGHTS, **options)
    copies = {k: sites(np.repeat(v, TIMES)) for k, v in factors.items()}
    thrice = gozh(sites(np.repeat(Y, TIMES)), copies, **options)
    np.testing.assert_array_equal(np.repeat(ours.codes, TIMES, axis=1), thrice.codes)
    np.testing.assert_allclose(ours.q, thrice.q, rtol=1e-10)
    np.testing.assert_allclose(ours.q12, thrice.q12, rtol=1e-10)
    assert ours.n_strata.sel(factor="x") > 3
    found = factor_detector(sites(Y), ours, p="none", weights=WEIGHTS)
    np.testing.assert_allclose(found.q.sel(factor="x"), ours.q.sel(factor="x"), rtol=1e-10)


def test_weighted_moments_of_parts_stand_for_the_field():
    parts = [
        stratum_moments(
            sites(Y[s]), {k: v[s] for k, v in strata().items()}, n_strata=5, weights=WEIGHTS[s]
        )
        for s in (slice(0, 3), slice(3, 41), slice(41, None))
    ]
    ours = factor_detector(merge_stratum_moments(*parts))
    whole = factor_detector(sites(Y), strata(), weights=WEIGHTS)
    for name in ("q", "q_adjusted", "p_value", "n_strata", "status"):
        np.testing.assert_allclose(ours[name], whole[name], rtol=1e-9)
    assert ours.n_obs.item() == N
    assert '"weights": "of stratum_moments"' in ours.attrs["options"]
    lazy = [part.chunk() for part in parts]
    np.testing.assert_allclose(factor_detector(merge_stratum_moments(*lazy)).q, whole.q, rtol=1e-9)


def test_weights_and_their_products_have_units():
    areas = WEIGHTS.assign_attrs(units="m2")
    y = sites(Y).assign_attrs(units="m3 m-3")
    found = stratum_moments(y, strata(), n_strata=5, weights=areas)
    assert found.weight.attrs["units"] == "m2"
    assert found.m2.attrs["units"] == "(m3 m-3)2 m2"
    assert stratum_moments(y, strata(), n_strata=5).m2.attrs["units"] == "(m3 m-3)2"


def test_cells_without_a_weight_do_not_count():
    weights = sites(np.where(np.arange(N) < 5, np.nan, np.where(np.arange(N) < 9, 0.0, 2.0)))
    part = {k: v[9:] for k, v in strata().items()}
    ours = factor_detector(sites(Y), strata(), weights=weights)
    assert ours.n_obs.item() == N - 9
    np.testing.assert_allclose(ours.q, factor_detector(sites(Y[9:]), part).q, rtol=1e-12)


def test_equal_weights_change_no_p_value():
    same = sites(np.full(N, 3.0))
    options = {"p": "permutation", "rng": 1, "n_surrogates": 59}
    ours = factor_detector(sites(Y), strata(), weights=same, **options)
    plain = factor_detector(sites(Y), strata(), **options)
    np.testing.assert_array_equal(ours.p_value, plain.p_value)
    searched = [
        optimize_strata(sites(Y), {"x": sites(X)}, weights=w, **options) for w in (same, None)
    ]
    np.testing.assert_array_equal(searched[0].p_value, searched[1].p_value)


def test_permutations_of_weighted_cells_reject_few_true_nulls():
    rng = np.random.default_rng(5)
    p = []
    for seed in range(40):
        y, code = sites(rng.normal(size=40)), sites(rng.integers(0, 4, 40))
        weights = sites(rng.gamma(1.0, size=40))
        options = {"p": "permutation", "rng": seed, "n_surrogates": 39, "weights": weights}
        p.append(factor_detector(y, {"a": code}, **options).p_value.item())
    assert np.mean(p) == pytest.approx(0.5, abs=0.15)
    assert np.mean(np.array(p) <= 0.1) < 0.25


def test_areas_of_a_grid_of_degrees_are_weights():
    y = xr.DataArray(
        RNG.normal(size=(6, 5)),
        {"latitude": np.arange(80.0, 20.0, -10.0), "longitude": np.arange(5.0)},
        ("latitude", "longitude"),
    )
    half = (y.latitude > 45) & (y.longitude > -1)
    plain = factor_detector(y, {"north": half}, p="none")
    ours = factor_detector(y, {"north": half}, p="none", weights=cell_area(y))
    assert ours.q.item() != pytest.approx(plain.q.item(), rel=1e-3)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: factor_detector(sites(Y), strata(), weights=WEIGHTS[1:]), GridError, "weights"),
        (
            lambda: factor_detector(sites(Y), strata(), weights=WEIGHTS, p="gd"),
            InputError,
            "weights do not fit p='gd'",
        ),
        (
            lambda: interaction_detector(sites(Y), strata(), weights=WEIGHTS, p="gd"),
            InputError,
            "weights do not fit p='gd'",
        ),
        (
            lambda: factor_detector(sites(Y), strata(), block=4),
            InputError,
            "block is for the cells of a grid",
        ),
        (
            lambda: factor_detector(
                stratum_moments(sites(Y), strata(), n_strata=5, weights=WEIGHTS), p="gd"
            ),
            InputError,
            "weights do not fit p='gd'",
        ),
        (
            lambda: factor_detector(
                stratum_moments(sites(Y), strata(), n_strata=5), weights=WEIGHTS
            ),
            InputError,
            "weights belong into stratum_moments",
        ),
        (
            lambda: merge_stratum_moments(
                stratum_moments(sites(Y), strata(), n_strata=5, weights=WEIGHTS),
                stratum_moments(sites(Y), strata(), n_strata=5),
            ),
            InputError,
            "some parts have weights",
        ),
        (lambda: risk_detector(sites(Y), strata(), weights=WEIGHTS[1:]), GridError, "weights"),
        (lambda: gozh(sites(Y), strata(), weights=WEIGHTS[1:]), GridError, "weights"),
        (lambda: optimize_strata(sites(Y), {"x": sites(X)}, block=1.5), InputError, "whole number"),
    ],
)
def test_weights_and_blocks_that_do_not_fit_are_told(call, error, words):
    with pytest.raises(error, match=words):
        call()


# ---------------------------------------------------------------- blocks


def smooth_codes(rng, width=3, side=48):
    wide = gaussian_filter(rng.normal(size=(side + 24, side + 24)), width)[12:-12, 12:-12]
    return xr.DataArray(wide, dims=("y", "x"))


@pytest.mark.filterwarnings("ignore:p=")
def test_smooth_noise_is_seldom_more_than_chance_by_blocks():
    rng = np.random.default_rng(8)
    cells, blocks = 0, 0
    for seed in range(12):
        y = smooth_codes(rng)
        factors = {
            k: discretize(smooth_codes(rng), method="quantile", n_classes=5).codes for k in "ab"
        }
        options = {"n_permutations": 39, "rng": seed}
        pair = {"factor": "a", "factor_2": "b"}
        cells += interaction_detector(y, factors, **options).p_excess.sel(pair).item() <= 0.05
        dealt = interaction_detector(y, factors, block=16, **options)
        blocks += dealt.p_excess.sel(pair).item() <= 0.05
    assert cells >= 10
    assert blocks <= 5


@pytest.mark.filterwarnings("ignore:p=")
def test_permutation_by_blocks_is_fairer_on_maps():
    rng = np.random.default_rng(9)
    y = smooth_codes(rng)
    code = {"x": discretize(smooth_codes(rng), method="quantile", n_classes=5).codes}
    options = {"p": "permutation", "rng": 1, "n_surrogates": 39}
    alone = factor_detector(y, code, **options).p_value.item()
    assert factor_detector(y, code, block=16, **options).p_value.item() > alone
