import numpy as np
import pytest
import xarray as xr

from soilscope import factor_detector, optimize_strata, rgd
from soilscope.errors import InputError

RNG = np.random.default_rng(51)
X = {name: xr.DataArray(RNG.integers(0, 60, 250) / 4, dims="site") for name in ("a", "b")}
Y = xr.DataArray(np.where(X["a"] > 7, 1.0, 0.0) + RNG.normal(size=250), dims="site")


def test_no_classes_of_another_method_explain_more():
    ours = rgd(Y, X)
    others = optimize_strata(Y, X).q.max("method")
    assert (ours.q >= others - 1e-12).all()
    assert (ours.q.diff("n_classes") >= -1e-12).all()


def test_q_is_that_of_the_codes():
    ours = rgd(Y, X, n_classes=[4])
    np.testing.assert_allclose(factor_detector(Y, ours).q, ours.q.squeeze(), rtol=1e-12)


def test_equal_values_of_a_factor_are_never_parted():
    ours = rgd(Y, X)
    for name, x in X.items():
        pairs = {(v, c) for v, c in zip(x.values, ours.codes.sel(factor=name).values, strict=True)}
        assert len(pairs) == np.unique(x).size


def test_a_cut_lies_where_the_field_changes():
    ours = rgd(Y, X, n_classes=[2])
    assert ours.breaks.sel(factor="a").values.ravel()[1] == pytest.approx(7.0, abs=0.5)
    assert ours.best_n_classes.values.tolist() == [2, 2]


def test_more_classes_than_values_are_as_many_as_values():
    few = xr.where(X["a"] > 7, 1.0, 0.0)
    ours = rgd(Y, {"few": few}, n_classes=[2, 5])
    assert ours.n_obtained.values.tolist() == [[2, 2]]
    assert ours.q.values[0, 0] == pytest.approx(ours.q.values[0, 1])


def test_the_p_value_pays_for_the_cuts():
    rng = np.random.default_rng(6)
    paid, naive = 0, 0
    for seed in range(30):
        y = xr.DataArray(rng.normal(size=70), dims="site")
        x = {"x": xr.DataArray(rng.normal(size=70), dims="site")}
        ours = rgd(y, x, n_classes=[4], p="permutation", rng=seed, n_surrogates=19)
        paid += ours.p_value.item() <= 0.05
        naive += factor_detector(y, ours).p_value.item() <= 0.05
    assert naive >= 25
    assert paid <= 5


def test_weights_count_as_copies():
    times = RNG.integers(1, 4, 250)
    ours = rgd(Y, X, weights=xr.DataArray(times / 3.0, dims="site"), n_classes=[3])
    copies = {k: xr.DataArray(np.repeat(v.values, times), dims="site") for k, v in X.items()}
    thrice = rgd(xr.DataArray(np.repeat(Y.values, times), dims="site"), copies, n_classes=[3])
    np.testing.assert_allclose(ours.q, thrice.q, rtol=1e-10)
    np.testing.assert_array_equal(ours.breaks, thrice.breaks)


def test_a_constant_factor_is_one_class_and_leaves_the_others_alone():
    ours = rgd(Y, X | {"c": xr.full_like(Y, 2.0)}, n_classes=[3])
    assert ours.status.values.tolist() == [0, 0, 3]
    assert (ours.codes.sel(factor="c") == 0).all()
    assert factor_detector(Y, ours).q.isel(factor=0).item() == pytest.approx(ours.q.values[0, 0])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_classes": []}, "n_classes is empty"),
        ({"n_classes": [1]}, "a number in n_classes is 1"),
        ({"select": "best"}, "select is 'best'"),
        ({"p": "central"}, "p is 'central'"),
        ({"p": "permutation"}, "give rng"),
    ],
)
def test_a_wrong_option_is_told(options, words):
    with pytest.raises(InputError, match=words):
        rgd(Y, X, **options)
