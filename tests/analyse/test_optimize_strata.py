import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.ndimage import gaussian_filter

from soilscope import discretize, factor_detector, optimize_strata, risk_detector
from soilscope.analyse.detector_sample import sample_of
from soilscope.analyse.strata_folds import Folds, held_out
from soilscope.analyse.strata_search import choose, elbow
from soilscope.errors import InputError, SoilscopeWarning

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
        ({"select": "cross_validated"}, "select='cross_validated' draws at random; give rng"),
        ({"select": "cross_validated", "rng": 1, "n_folds": 1}, "n_folds is 1"),
    ],
)
def test_a_wrong_option_is_told_in_one_line(options, words):
    with pytest.raises(InputError, match=words):
        optimize_strata(Y, X, **options)


# ---------------------------------------------------------------- factors that are classes

SOIL = np.array(["clay", "loam", "sand"])[RNG.integers(0, 3, 300)]
COVER = RNG.choice([2, 7, 40], 300)
OWN = {
    "soil": xr.DataArray(SOIL, dims="site"),
    "wet": xr.DataArray(SOIL == "clay", dims="site"),
    "kind": xr.DataArray(pd.Categorical(SOIL), dims="site"),
    "cover": xr.DataArray(COVER, dims="site", attrs={"flag_values": [2, 7, 40]}),
}


def test_classes_stand_beside_numbers_with_their_own_q():
    best = optimize_strata(Y, X | OWN, n_classes=[3, 5])
    assert best.method.values[-1] == "own"
    alone = factor_detector(Y, OWN)
    for name, number in (("soil", 3), ("wet", 2), ("kind", 3), ("cover", 3)):
        found = best.sel(factor=name)
        own = found.sel({"method": "own"})
        assert own.q.values == pytest.approx([alone.q.sel(factor=name).item()] * 2, rel=1e-12)
        assert found.q.isel(method=slice(5)).isnull().all()
        assert found.best_method.item() == 5
        assert found.best_n_classes.item() == number
        assert own.n_obtained.values.tolist() == [number] * 2
        assert found.breaks.isnull().all()
    assert best.q.sel({"factor": "a", "method": "own"}).isnull().all()
    np.testing.assert_array_equal(best.codes.sel(factor="cover"), COVER)


def test_classes_beside_numbers_leave_those_as_they_are():
    alone, beside = (optimize_strata(Y, X | own, n_classes=[3, 5]) for own in ({}, OWN))
    part = beside.sel(factor=["a", "b"]).isel(method=slice(5))
    for name in ("q", "breaks", "n_obtained", "best_method", "best_n_classes", "codes"):
        np.testing.assert_array_equal(part[name], alone[name])
    assert "own" not in alone.method.values
    assert alone.codes.dtype == np.int16


def test_a_search_with_classes_feeds_every_detector():
    best = optimize_strata(Y, X | OWN, n_classes=[3, 5])
    top = best.q.max(["method", "n_classes"])
    np.testing.assert_allclose(factor_detector(Y, best).q, top, atol=1e-12)
    lazy = risk_detector(Y, best.chunk()).load()  # as a study reads it from disk
    assert lazy["count"].sel(factor="cover", stratum=40).item() == (COVER == 40).sum()
    assert lazy["count"].sum("stratum").values.tolist() == [300] * 6


def test_the_p_value_of_classes_is_that_of_the_factor_detector():
    options = {"p": "permutation", "rng": 4, "n_surrogates": 59}
    searched = optimize_strata(Y, X | OWN, n_classes=[3], **options)
    plain = factor_detector(Y, OWN, **options)
    np.testing.assert_array_equal(searched.p_value.sel(factor=list(OWN)), plain.p_value)


def test_missing_classes_are_missing_in_all_factors():
    holed = OWN["soil"].where(OWN["soil"] != "sand")
    best = optimize_strata(Y, X | {"soil": holed}, n_classes=[3])
    assert best.n_obs.item() == (SOIL != "sand").sum()
    assert ((best.codes == -1) == (OWN["soil"] == "sand")).all()


def test_classes_alone_are_enough():
    best = optimize_strata(Y, {"soil": OWN["soil"]}, p="permutation", rng=1, n_surrogates=19)
    assert best.q.max().item() == pytest.approx(factor_detector(Y, {"s": OWN["soil"]}).q.item())


# ---------------------------------------------------------------- held out


def stepped(x):
    """Values of four levels over a factor between 0 and 1."""
    return np.array([0.0, 2.0, 1.0, 3.0])[np.digitize(x, [0.25, 0.5, 0.75])]


def smooth(rng, side=80):
    wide = gaussian_filter(rng.normal(size=(side + 40, side + 40)), 4)[20:-20, 20:-20]
    return wide / wide.std()


def test_four_true_classes_are_found_by_what_is_held_out():
    rng = np.random.default_rng(21)
    x = xr.DataArray(rng.uniform(size=400), dims="site")
    y = x.copy(data=stepped(x.values) + rng.normal(size=400))
    most = optimize_strata(y, {"x": x})
    assert most.best_n_classes.item() == 8
    found = optimize_strata(y, {"x": x}, select="cross_validated", rng=1)
    assert found.best_n_classes.item() == 4
    assert (found.q_held_out < found.q).all()
    assert found.q_held_out.sel(n_classes=4).max() > 0.4
    assert most.q_held_out.isnull().all()


def test_noise_gets_the_fewest_classes():
    rng = np.random.default_rng(22)
    y = xr.DataArray(rng.normal(size=300), dims="site")
    noise = {str(i): y.copy(data=rng.normal(size=300)) for i in range(12)}
    found = optimize_strata(y, noise, select="cross_validated", rng=1)
    assert (found.best_n_classes == 3).all()
    assert (found.q_held_out.median() < 0).item()


def test_on_a_map_whole_blocks_are_held_out():
    rng = np.random.default_rng(23)
    x = smooth(rng)
    levels = stepped((x.ravel().argsort().argsort() / x.size).reshape(x.shape))
    y = xr.DataArray(levels + smooth(rng), dims=("y", "x"))
    factors = {"x": y.copy(data=x), "noise": y.copy(data=smooth(rng))}
    options = {"select": "cross_validated", "rng": 1}
    found = optimize_strata(y, factors, block=16, **options)
    assert found.best_n_classes.values.tolist() == [4, 3]
    assert '"n_folds": 10' in found.attrs["options"]
    with pytest.warns(SoilscopeWarning, match="holds out single cells of a grid"):
        cells = optimize_strata(y, factors, **options)
    # neighbours give a cell away: what is no more than smooth looks foretold
    assert cells.q_held_out.sel(factor="noise").max() > 0.01
    assert found.q_held_out.sel(factor="noise").max() < 0.0


def test_what_is_held_out_is_foretold_by_the_other_parts():
    rng = np.random.default_rng(24)
    n, x, y, w = 60, rng.uniform(size=60), rng.normal(size=60), rng.gamma(2.0, size=60)
    sample = sample_of(y, [np.zeros(n, np.int32)], w)
    part = Folds(5, 1, 3).of(sample)
    order, rows = np.argsort(x), np.array([0, 20, 45, 60])
    code = np.empty(n, int)
    code[order] = np.repeat([0, 1, 2], np.diff(rows))
    loss = np.zeros(5)
    for f in range(5):
        for c in range(3):
            here, there = (code == c) & (part == f), (code == c) & (part != f)
            mean = np.average(y[there], weights=w[there])
            loss[f] += (w[here] * (y[here] - mean) ** 2).sum() / w.mean()
    found = held_out(sample, part, order, [rows, np.array([0, 60])])
    np.testing.assert_allclose(found.loss[0], loss, rtol=1e-9)
    assert found.q[1] == pytest.approx(0.0, abs=1e-12)
    assert np.bincount(part).tolist() == [12] * 5


def test_a_class_that_is_held_out_as_a_whole_takes_the_mean_of_the_others():
    y = xr.DataArray([0.0, 0.1, 0.2, 5.0, 5.1, 5.2], dims="site")
    soil = y.copy(data=[0, 0, 0, 0, 0, 7]).astype(int).assign_attrs(flag_values=[0, 7])
    found = optimize_strata(y, {"s": soil}, select="cross_validated", rng=1, n_folds=6)
    assert np.isfinite(found.q_held_out.max().item())


def test_classes_are_held_out_too_and_one_block_is_too_few():
    y = xr.DataArray(RNG.normal(size=(6, 6)), dims=("y", "x"))
    factors = {"x": y + 0.1, "wet": y > 0}
    options = {"select": "cross_validated", "rng": 1, "n_classes": [3]}
    found = optimize_strata(y, factors, block=2, **options)
    assert found.q_held_out.sel({"factor": "wet", "method": "own"}).item() > 0.2
    one = optimize_strata(y, factors, block=6, **options)
    assert one.status.values.tolist() == [2, 2]
    assert one.q.isnull().all()
