import numpy as np
import pytest
import xarray as xr

from soilscope import factor_detector, gozh, interaction_detector, rgd
from soilscope.errors import InputError
from soilscope.names import INTERACTIONS

RNG = np.random.default_rng(61)
N = 400
X = {name: xr.DataArray(RNG.normal(size=N), dims="site") for name in "ab"}
COVER = xr.DataArray(np.array(["moor", "fen", "rock", "field"])[RNG.integers(0, 4, N)], dims="site")
Y = xr.DataArray(np.where(X["a"] > 0.3, 1.0, 0.0) + 0.3 * RNG.normal(size=N), dims="site")


def test_one_split_is_that_of_the_best_two_classes():
    tree = gozh(Y, {"a": X["a"]}, complexity=0.3)
    best = rgd(Y, {"a": X["a"]}, n_classes=[2])
    assert tree.n_strata.item() == 2
    np.testing.assert_array_equal(tree.codes, best.codes)
    assert tree.q.item() == pytest.approx(best.q.item(), rel=1e-12)


def test_q_is_that_of_the_zones():
    tree = gozh(Y, X | {"cover": COVER})
    found = factor_detector(Y, {"a": tree.codes.sel(factor="a")}, p="none")
    assert tree.q.sel(factor="a").item() == pytest.approx(found.q.item(), rel=1e-12)
    np.testing.assert_allclose(np.diag(tree.q12), tree.q)
    np.testing.assert_array_equal(tree.q12, tree.q12.values.T)


def test_classes_are_joined_by_their_means():
    wet = Y * 0 + xr.where(COVER.isin(["moor", "rock"]), 1.0, 0.0) + 0.1 * X["b"]
    tree = gozh(wet, {"cover": COVER}, complexity=0.1)
    zones = tree.codes.isel(factor=0)
    assert tree.n_strata.item() == 2
    np.testing.assert_array_equal(zones == 1, COVER.isin(["moor", "rock"]))


def test_a_pair_without_effect_together_is_equal_or_more_and_a_true_one_enhances():
    both = xr.where((X["a"] > 0) & (X["b"] > 0), 1.0, 0.0) + 0.1 * RNG.normal(size=N)
    tree = gozh(both, X)
    pair = {"factor": "a", "factor_2": "b"}
    assert INTERACTIONS[int(tree.interaction.sel(pair)) + 1].startswith("enhance")
    plain = interaction_detector(both, {k: x > 0 for k, x in X.items()}, p="none")
    assert tree.q12.sel(pair).item() >= plain.q12.sel(pair).item() - 0.01
    alone = gozh(Y, X, complexity=0.05)
    assert INTERACTIONS[int(alone.interaction.sel(pair)) + 1] == "equal"


def test_zones_are_not_smaller_than_asked_for():
    tree = gozh(Y, X, complexity=0.001, min_leaf=30)
    for codes in tree.codes.values:
        assert np.bincount(codes).min() >= 30


def test_noise_is_not_split_where_a_split_has_to_take_much():
    tree = gozh(xr.DataArray(RNG.normal(size=N), dims="site"), X, complexity=0.2)
    assert tree.n_strata.values.tolist() == [1, 1]
    assert tree.q.values.tolist() == [0.0, 0.0]
    assert tree.status.values.tolist() == [3, 3]


def test_the_p_value_pays_for_the_tree():
    rng = np.random.default_rng(7)
    paid, naive = 0, 0
    for seed in range(30):
        y = xr.DataArray(rng.normal(size=80), dims="site")
        x = {"x": xr.DataArray(rng.normal(size=80), dims="site")}
        tree = gozh(y, x, p="permutation", rng=seed, n_surrogates=19)
        paid += tree.p_value.item() <= 0.05
        naive += factor_detector(y, tree).p_value.item() <= 0.05
    assert naive >= 15
    assert paid <= 5


def test_what_is_missing_is_in_no_zone():
    holed = X | {"b": X["b"].where(X["b"] < 1.0)}
    tree = gozh(Y, holed)
    assert tree.n_obs.item() == int((X["b"] < 1.0).sum())
    assert ((tree.codes == -1) == (X["b"] >= 1.0)).all()


def test_a_constant_field_and_an_empty_one_say_why():
    assert gozh(Y * 0 + 1.0, X).status.values.tolist() == [3, 3]
    empty = gozh(Y * np.nan, X)
    assert empty.status.values.tolist() == [1, 1]
    assert empty.q.isnull().all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"complexity": 0.0}, "complexity is 0.0"),
        ({"min_leaf": 0}, "min_leaf is 0"),
        ({"min_split": 1}, "min_split is 1"),
        ({"p": "central"}, "p is 'central'"),
        ({"p": "permutation"}, "give rng"),
    ],
)
def test_a_wrong_option_is_told(options, words):
    with pytest.raises(InputError, match=words):
        gozh(Y, X, **options)
