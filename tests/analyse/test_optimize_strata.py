import numpy as np
import pytest
import xarray as xr

from soilscope import discretize, factor_detector, optimize_strata
from soilscope.analyse.strata_search import choose, elbow
from soilscope.errors import InputError

RNG = np.random.default_rng(11)
X = {name: xr.DataArray(RNG.gamma(2.0, size=300), dims="site") for name in ("a", "b")}
Y = xr.DataArray(np.sqrt(X["a"].values) + RNG.normal(size=300), dims="site")


def test_every_q_is_that_of_the_classes_cut_one_by_one():
    best = optimize_strata(Y, X, n_classes=[3, 5])
    for name, method, k in (("a", "natural", 5), ("b", "sd", 3), ("a", "geometric", 3)):
        made = discretize(X[name], method=method, n_classes=k)
        at = {"factor": name, "method": method, "n_classes": k}
        q = factor_detector(Y, {"x": made.codes}).q.item()
        assert best.q.sel(at).item() == pytest.approx(q, abs=1e-12)
        edges = best.breaks.sel(at).values
        np.testing.assert_array_equal(edges[: k + 1], made.breaks)
        assert best.n_obtained.sel(at).item() == made.n_obtained.item()


def test_the_codes_are_those_of_the_largest_q_and_feed_the_factor_detector():
    best = optimize_strata(Y, X)
    top = best.q.max(["method", "n_classes"])
    np.testing.assert_allclose(factor_detector(Y, best).q, top, atol=1e-12)
    assert best.codes.dtype == np.int16


def test_the_elbow_is_seven_classes_for_the_published_row():
    # R gdverse, loess_optnum with an increase rate of 0.05: 7 of 3 .. 8
    assert elbow(np.array([0.26, 0.40, 0.51, 0.55, 0.56, 0.57])) + 3 == 7
    assert elbow(np.array([0.1, 0.2, 0.4])) == 2
    assert elbow(np.array([0.3])) == 0


def test_adjusted_q_takes_fewer_classes_of_noise():
    rng = np.random.default_rng(5)
    q = np.array([[0.02, 0.03]])
    assert choose(q, np.array([[2, 20]]), 100, "max") == (0, 1)
    assert choose(q, np.array([[2, 20]]), 100, "adjusted") == (0, 0)
    noise = xr.DataArray(rng.normal(size=300), dims="site")
    plain, fair = (optimize_strata(noise, X, select=s) for s in ("max", "adjusted"))
    assert (fair.best_n_classes <= plain.best_n_classes).all()


def test_the_p_value_pays_for_the_search():
    rng = np.random.default_rng(3)
    rejected, naive = 0, 0
    for seed in range(40):
        y = xr.DataArray(rng.normal(size=80), dims="site")
        x = {"x": xr.DataArray(rng.normal(size=80), dims="site")}
        best = optimize_strata(y, x, p="permutation", rng=seed, n_surrogates=39)
        rejected += best.p_value.item() <= 0.05
        naive += factor_detector(y, best).p_value.item() <= 0.05
    assert rejected <= 6
    assert naive > rejected


def test_a_true_factor_is_found_through_the_search():
    best = optimize_strata(Y, X, p="permutation", rng=1, n_surrogates=99)
    assert best.p_value.sel(factor="a").item() == 0.01
    assert best.p_value.sel(factor="b").item() > 0.01


def test_a_constant_factor_is_told_and_leaves_the_others_alone():
    best = optimize_strata(Y, X | {"c": xr.full_like(Y, 2.0)}, n_classes=[3])
    assert best.status.values.tolist() == [0, 0, 3]
    assert best.q.sel(factor="c").isnull().all()
    assert (best.codes.sel(factor="c") == 0).all()
    found = factor_detector(Y, best)
    assert found.status.values.tolist() == [0, 0, 3]
    assert found.n_obs.item() == Y.size
    np.testing.assert_array_equal(
        best.q.sel(factor=["a", "b"]), optimize_strata(Y, X, n_classes=[3]).q
    )


def test_cells_missing_in_one_factor_are_missing_in_all():
    holed = X | {"b": X["b"].where(X["b"] < 4.0)}
    best = optimize_strata(Y, holed, n_classes=[4])
    assert best.n_obs.item() == int((X["b"] < 4.0).sum())
    assert ((best.codes.sel(factor="a") == -1) == (X["b"] >= 4.0).values).all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"methods": ["jenks"]}, "a method in methods is 'jenks'"),
        ({"n_classes": [1]}, "a number in n_classes is 1; it must be between 2"),
        ({"n_classes": []}, "n_classes is empty"),
        ({"methods": []}, "methods is empty"),
        ({"select": "best"}, "select is 'best'"),
        ({"p": "central"}, "p is 'central'"),
        ({"p": "permutation"}, "give rng"),
    ],
)
def test_a_wrong_option_is_told_in_one_line(options, words):
    with pytest.raises(InputError, match=words):
        optimize_strata(Y, X, **options)


def test_text_is_not_cut():
    with pytest.raises(InputError, match=r"factors\['soil'\] holds <U1, not real numbers"):
        optimize_strata(Y[:2], {"soil": xr.DataArray(["a", "b"], dims="site")})
