import numpy as np
import pytest
import xarray as xr
from scipy import stats

from soilscope import ecological_detector, factor_detector, interaction_detector, risk_detector
from soilscope.analyse.interaction_detector import interaction_type
from soilscope.errors import InputError
from soilscope.names import INTERACTIONS

RNG = np.random.default_rng(21)
N = 240
CODES = {k: RNG.integers(0, n, N) for k, n in (("a", 3), ("b", 4), ("noise", 8))}
STRATA = {k: xr.DataArray(v, dims="site") for k, v in CODES.items()}
Y = xr.DataArray(CODES["a"] + 0.5 * CODES["b"] + RNG.normal(size=N), dims="site")


def name(code):
    return INTERACTIONS[int(code) + 1]


def test_the_overlay_is_the_factor_of_pairs_of_codes():
    ds = interaction_detector(Y, STRATA)
    both = xr.DataArray(CODES["a"] * 10 + CODES["b"], dims="site")
    alone = factor_detector(Y, {"both": both}).isel(factor=0)
    pair = ds.sel(factor="a", factor_2="b")
    assert pair.q12.item() == pytest.approx(alone.q.item(), abs=1e-14)
    assert pair.q12_adjusted.item() == pytest.approx(alone.q_adjusted.item(), abs=1e-14)
    assert pair.p_value.item() == pytest.approx(alone.p_value.item(), rel=1e-9)
    assert pair.n_strata.item() == 12


def test_the_matrix_is_symmetric_and_its_diagonal_the_factor():
    ds = interaction_detector(Y, STRATA)
    np.testing.assert_array_equal(ds.q12, ds.q12.values.T)
    np.testing.assert_allclose(np.diag(ds.q12), factor_detector(Y, STRATA).q, atol=1e-14)
    assert (np.diag(ds.interaction) == -1).all()


@pytest.mark.parametrize(
    ("q1", "q2", "q12", "expected"),
    [
        (0.3, 0.2, 0.1, "weaken_nonlinear"),
        (0.3, 0.2, 0.25, "weaken_uni"),
        (0.3, 0.2, 0.3, "equal"),
        (0.3, 0.2, 0.4, "enhance_bi"),
        (0.3, 0.2, 0.5, "independent"),
        (0.3, 0.2, 0.6, "enhance_nonlinear"),
        (np.nan, 0.2, 0.6, "not_estimated"),
    ],
)
def test_types_are_those_of_the_table(q1, q2, q12, expected):
    assert name(interaction_type(q1, q2, q12, 1e-9)) == expected


def test_nested_factors_are_equal():
    coarse = STRATA["b"] // 2
    ds = interaction_detector(Y, {"fine": STRATA["b"], "coarse": coarse})
    assert name(ds.interaction.sel(factor="fine", factor_2="coarse")) == "equal"


def test_noise_always_enhances_until_it_is_compared_with_noise():
    rng = np.random.default_rng(2)
    raw, told = 0, 0
    for seed in range(20):
        y = xr.DataArray(rng.normal(size=400), dims="site")
        pair = {k: xr.DataArray(rng.integers(0, 8, 400), dims="site") for k in "ab"}
        ds = interaction_detector(y, pair, n_permutations=99, rng=seed)
        one = ds.sel(factor="a", factor_2="b")
        raw += name(one.interaction) == "enhance_nonlinear"
        told += name(one.interaction_adjusted).startswith("enhance")
    assert raw == 20
    assert told <= 4


def test_a_true_interaction_survives():
    y = Y * 0 + (CODES["a"] % 2) * (CODES["b"] % 2) * 3.0 + RNG.normal(size=N)
    ds = interaction_detector(y, STRATA, n_permutations=99, rng=1)
    one = ds.sel(factor="a", factor_2="b")
    assert one.p_excess.item() == 0.01
    assert name(one.interaction_adjusted).startswith("enhance")


def test_permutations_ask_for_random_numbers():
    with pytest.raises(InputError, match="give rng"):
        interaction_detector(Y, STRATA, n_permutations=9)


def test_pairs_of_strata_are_tested_as_by_scipy():
    ds = risk_detector(Y, STRATA)
    groups = [Y.values[CODES["b"] == c] for c in range(4)]
    pair = ds.sel(factor="b", stratum=1, stratum_2=3)
    expected = stats.ttest_ind(groups[1], groups[3], equal_var=False)
    assert pair.t.item() == pytest.approx(expected.statistic, rel=1e-10)
    assert pair.df.item() == pytest.approx(expected.df, rel=1e-10)
    assert pair.p_value.item() == pytest.approx(expected.pvalue, rel=1e-9)
    np.testing.assert_allclose(ds["mean"].sel(factor="b")[:4], [g.mean() for g in groups])
    assert ds["mean"].sel(factor="b").isnull()[4:].all()


def test_holm_multiplies_the_smallest_by_the_number_of_pairs():
    ds = risk_detector(Y, {"a": STRATA["a"]}).isel(factor=0)
    p, adjusted = ds.p_value.values, ds.p_value_adjusted.values
    smallest = np.nanargmin(p)
    assert adjusted.flat[smallest] == pytest.approx(min(1.0, 3 * np.nanmin(p)))
    assert (np.nan_to_num(adjusted) >= np.nan_to_num(p)).all()


def test_strata_of_one_member_or_without_variance_have_no_test():
    y = xr.DataArray([1.0, 2.0, 2.0, 5.0, 5.0], dims="site")
    ds = risk_detector(y, {"a": xr.DataArray([0, 1, 1, 2, 2], dims="site")}).isel(factor=0)
    assert ds.p_value.isnull().all()
    assert ds["mean"].values.tolist() == [1.0, 2.0, 5.0]
    assert ds.difference.sel(stratum=2, stratum_2=1).item() == 3.0


def test_lazy_strata_need_their_number():
    with pytest.raises(InputError, match="give n_strata, as in n_strata=8"):
        risk_detector(Y, {"a": STRATA["a"].chunk()})


def test_the_order_of_two_factors_only_turns_the_sign():
    ds = ecological_detector(Y, STRATA, n_boot=50, rng=1)
    np.testing.assert_allclose(ds.p_value, ds.p_value.values.T)
    np.testing.assert_allclose(ds.f * ds.f.values.T, np.where(np.eye(3), np.nan, 1.0))
    np.testing.assert_allclose(ds.q_difference, -ds.q_difference.values.T)
    np.testing.assert_allclose(ds.q_difference_low, -ds.q_difference_high.values.T)


def test_the_bootstrap_finds_the_better_factor_and_not_its_copy():
    other = (STRATA["a"] + 1) % 3
    ds = ecological_detector(Y, STRATA | {"copy": other}, n_boot=199, rng=1)
    assert ds.p_bootstrap.sel(factor="a", factor_2="noise").item() == pytest.approx(0.01)
    assert ds.p_bootstrap.sel(factor="a", factor_2="copy").item() == 1.0
    assert ds.q_difference_low.sel(factor="a", factor_2="noise").item() > 0


def test_the_bootstrap_asks_for_random_numbers():
    with pytest.raises(InputError, match="give rng"):
        ecological_detector(Y, STRATA, n_boot=9)
    with pytest.raises(InputError, match="block is for the cells of a grid"):
        ecological_detector(Y, STRATA, n_boot=9, rng=1, block=4)
