"""What no detector can tell: each says so by a status or NaN, or in one line, and none breaks."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope import (
    discretize,
    ecological_detector,
    factor_detector,
    fishnet,
    gozh,
    interaction_detector,
    optimize_strata,
    rgd,
    risk_detector,
    scale_check,
)
from soilscope.analyse.stratum_moments import stratum_moments
from soilscope.errors import GridError, InputError
from soilscope.names import STATUS

RNG = np.random.default_rng(91)
N = 40
DRAWN = {"p": "permutation", "rng": 1, "n_surrogates": 19}
BY_STRATA = {
    "factor": lambda y, f: factor_detector(y, f, **DRAWN),
    "interaction": lambda y, f: interaction_detector(y, f, n_permutations=3, **DRAWN),
    "risk": lambda y, f: risk_detector(y, f, n_strata=N + 1),
    "ecological": lambda y, f: ecological_detector(y, f, n_boot=9, rng=1),
}
BY_FACTORS = {
    "optimize": lambda y, f: optimize_strata(y, f, n_classes=[2, 5], **DRAWN),
    "held out": lambda y, f: optimize_strata(
        y, f, n_classes=[2, 5], select="cross_validated", rng=1
    ),
    "gozh": lambda y, f: gozh(y, f, min_split=2, min_leaf=1, **DRAWN),
}
NUMBERS = BY_FACTORS | {"rgd": lambda y, f: rgd(y, f, n_classes=[2, 5], **DRAWN)}
ALL = BY_STRATA | NUMBERS
#: What is told of the field and of the factors, and not of the response.
FACTS = {"count", "n_effective", "n_obs", "n_strata", "n_obtained", "breaks", "codes", "status"}


def sites(values, **attrs):
    return xr.DataArray(values, dims="site", attrs=attrs)


Y = RNG.normal(size=N)
A, B = RNG.integers(0, 3, N), RNG.integers(0, 4, N)
X = RNG.gamma(2.0, size=N)


def both(first=A, second=B):
    return {"a": sites(first), "b": sites(second)}


def status(ds, factor="a"):
    return STATUS[int(ds.status.sel(factor=factor))]


def untold(ds):
    """Names of the estimates of `ds` that are known where nothing can be."""
    values = {v: da for v, da in ds.data_vars.items() if v not in FACTS and da.dtype.kind == "f"}
    return [v for v, da in values.items() if da.notnull().any()]


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("known", [0, 1])
def test_fewer_than_two_cells_tell_nothing(name, known):
    y = sites(np.where(np.arange(N) < known, Y, np.nan))
    factors = both() if name in BY_STRATA else both(X, X[::-1])
    ds = ALL[name](y, factors)
    assert ds.n_obs.item() == known
    # the one value is the mean of its stratum; trees that are not split explain nothing
    allowed = {"risk": ["mean", "difference"], "gozh": ["q", "q_adjusted", "q12", "q12_adjusted"]}
    found = [v for v in untold(ds) if v not in allowed.get(name, [])]
    assert found == []
    if "status" in ds:
        assert status(ds) in (("no_data",) if known == 0 else ("too_few", "constant"))


@pytest.mark.parametrize("name", ALL)
def test_a_constant_field_is_explained_by_nothing(name):
    factors = both() if name in BY_STRATA else both(X, X[::-1])
    ds = ALL[name](sites(np.full(N, 0.3)), factors)
    if "status" in ds:
        assert status(ds) == "constant"
    if "q12" in ds and name != "gozh":
        assert ds.q12.isnull().all()
    if name == "risk":
        assert ds.p_value.isnull().all()
        np.testing.assert_allclose(ds["std"].where(ds["count"] > 1, 0.0), 0.0, atol=1e-12)
    for p in {"p_value", "p_bootstrap"} & set(ds):
        assert ds[p].isnull().all(), p


@pytest.mark.parametrize("name", ALL)
def test_a_factor_of_one_value_leaves_the_others_alone(name):
    one = np.full(N, 2) if name in BY_STRATA else np.full(N, 2.5)
    other = B if name in BY_STRATA else X
    ds = ALL[name](sites(Y), both(one, other))
    alone = ALL[name](sites(Y), {"b": sites(other)})
    assert ds.n_obs.item() == N
    if "status" in ds:
        assert status(ds) == "constant"
        assert status(ds, "b") == "ok"
    for v in {"q", "mean", "breaks", "p_value"} & set(ds) - (
        {"p_value"} if name in ("interaction", "ecological") else set()
    ):
        np.testing.assert_array_equal(ds[v].sel(factor="b"), alone[v].sel(factor="b"), err_msg=v)
    if name == "interaction":
        assert ds.q12.sel(factor="a", factor_2="a").isnull()
    if name == "ecological":
        assert all(ds[v].isnull().all() for v in ("f", "p_value", "q_difference", "p_bootstrap"))


@pytest.mark.parametrize("name", [*BY_STRATA, "optimize"])
def test_strata_of_one_member_each_tell_nothing(name):
    each = np.arange(N) if name in BY_STRATA else np.arange(N).astype(str)
    ds = ALL[name](sites(Y), both(each, B if name in BY_STRATA else X))
    if name in ("factor", "optimize"):
        assert status(ds) == "too_few"
        assert ds.p_value.sel(factor="a").isnull()
        assert np.isfinite(ds.q.sel(factor="b")).any()
    if name == "ecological":
        assert all(ds[v].isnull().all() for v in ("f", "p_value", "q_difference", "p_bootstrap"))
    if name == "interaction":
        assert ds.q12.sel(factor="a").isnull().all()
        assert ds.p_value.sel(factor="a").isnull().all()
    if name == "risk":
        assert ds.p_value.sel(factor="a").isnull().all()
        assert ds["mean"].sel(factor="a").notnull().sum() == N


@pytest.mark.parametrize("name", ALL)
def test_gaps_of_one_factor_and_infinite_values_are_gaps_of_all(name):
    numbers = name not in BY_STRATA
    a, b = (X, X[::-1].copy()) if numbers else (A.astype(float), B.astype(float))
    y, b = Y.copy(), b.copy()
    y[[3, 4]] = np.inf, -np.inf
    b[[7, 8]] = np.nan, np.inf
    kept = np.isfinite(y) & np.isfinite(b)
    given = both(a, b)
    before = {k: f.copy(deep=True) for k, f in given.items()}
    ds, part = ALL[name](sites(y), given), ALL[name](sites(y[kept]), both(a[kept], b[kept]))
    assert ds.n_obs.item() == N - 4
    for v in {"q", "q12", "mean", "difference", "f", "status", "p_value"} & set(ds):
        np.testing.assert_allclose(ds[v], part[v], rtol=1e-9, err_msg=v)
    if "codes" in ds:
        assert (ds.codes.values[:, ~kept] == -1).all()
    for k, factor in given.items():
        xr.testing.assert_identical(factor, before[k])


@pytest.mark.parametrize("name", ["optimize", "rgd"])
def test_more_classes_than_distinct_values_give_as_many_as_there_are(name):
    ds = NUMBERS[name](sites(Y), both(np.where(A > 0, 1.5, 0.5), X))
    assert ds.n_obtained.sel(factor="a").max().item() == 2
    assert ds.codes.sel(factor="a").max().item() == 1
    cut = discretize(sites(np.where(A > 0, 1.5, 0.5)), method="natural", n_classes=7)
    assert cut.n_obtained.item() == 2


@pytest.mark.parametrize("name", [*BY_STRATA, *BY_FACTORS])
@pytest.mark.parametrize("kind", ["text", "objects", "boolean", "categories"])
def test_text_booleans_and_categories_are_strata(name, kind):
    wet = A == 1
    words = np.where(wet, "wet", "dry")
    given = {
        "text": words,
        "objects": words.astype(object),
        "boolean": wet,
        "categories": pd.Categorical(words, categories=["dry", "unseen", "wet"]),
    }[kind]
    factor = sites(given)
    before = factor.copy(deep=True)
    ds = ALL[name](sites(Y), {"a": factor})
    codes = sites(wet.astype(int), flag_values=[0, 1])
    plain = ALL[name](sites(Y), {"a": codes})
    if name != "risk":
        for v in {"q", "q12", "p_value", "n_strata"} & set(ds):
            np.testing.assert_allclose(ds[v], plain[v], rtol=1e-12, err_msg=v)
    else:
        means = ds["mean"].values[np.isfinite(ds["mean"])]
        np.testing.assert_allclose(means, [Y[~wet].mean(), Y[wet].mean()])
    xr.testing.assert_identical(factor, before)


def test_missing_words_and_categories_are_gaps():
    words = np.where(A == 1, "wet", "dry").astype(object)
    words[:5] = None
    for given in (words, pd.Categorical(words)):
        ds = factor_detector(sites(Y), {"a": sites(given)})
        assert ds.n_obs.item() == N - 5
        best = optimize_strata(sites(Y), {"a": sites(given), "x": sites(X)}, n_classes=[2])
        assert best.n_obs.item() == N - 5
        assert (best.codes.isel(site=slice(5)) == -1).all()


@pytest.mark.parametrize("name", ALL)
def test_two_sites_at_one_place_are_two_sites(name):
    factors = both() if name in BY_STRATA else both(X, X[::-1])
    plain = ALL[name](sites(Y), factors)
    place = {"site": np.arange(N) // 2, "longitude": ("site", np.arange(N) // 2 * 0.1)}
    y, moved = (
        sites(Y).assign_coords(place),
        {k: f.assign_coords(place) for k, f in factors.items()},
    )
    ds = ALL[name](y, moved)
    for v in set(plain.data_vars):
        np.testing.assert_array_equal(ds[v], plain[v], err_msg=v)


@pytest.mark.parametrize("name", ALL)
def test_other_sites_are_refused_in_one_line(name):
    factors = both() if name in BY_STRATA else both(X, X[::-1])
    named = {k: f.assign_coords(site=np.arange(N) + 1) for k, f in factors.items()}
    with pytest.raises(GridError, match="differ along 'site'") as told:
        ALL[name](sites(Y).assign_coords(site=np.arange(N)), named)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    ("y", "words"),
    [
        (sites(Y.astype(str)), "y holds <U"),
        (sites(pd.Categorical(A)), "y holds 'category', not real numbers"),
        (sites(Y).to_dataset(name="sm"), "y is a Dataset; give one"),
        (Y, "y is a ndarray; give an xarray.DataArray"),
    ],
)
def test_a_response_that_holds_no_numbers_is_refused(name, y, words):
    factors = both() if name in BY_STRATA else both(X, X[::-1])
    with pytest.raises(InputError, match=words) as told:
        ALL[name](y, factors)
    assert "\n" not in str(told.value)


def test_a_net_in_metres_asks_for_the_reference_system():
    y = xr.DataArray(
        RNG.normal(size=(4, 5)), {"y": np.arange(4.0), "x": np.arange(5.0)}, ("y", "x")
    )
    with pytest.raises(GridError, match="reference system") as told:
        fishnet(y, spacing=1000.0)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("options", [{"p": "spatial", "rng": 1, "n_surrogates": 19}, {"p": "none"}])
def test_degrees_need_no_reference_system_where_cells_are_counted(options):
    shape = (12, 10)
    degrees = {"latitude": np.linspace(45.0, 30.0, 12), "longitude": np.linspace(90.0, 99.0, 10)}
    y = xr.DataArray(RNG.normal(size=shape), degrees, ("latitude", "longitude"))
    codes = {"a": y.copy(data=RNG.integers(0, 3, shape))}
    assert status(factor_detector(y, codes, **options)) == "ok"


def test_maps_of_sums_and_scales_take_what_cannot_be_told():
    empty = xr.DataArray(np.full((6, 6), np.nan), dims=("y", "x"))
    code = xr.DataArray(np.arange(36).reshape(6, 6) % 3, dims=("y", "x"))
    found = scale_check(empty, {"a": code}, grains=[1, 2], spacings=[1])
    assert found.q_by_grain.isnull().all()
    assert found.n_obs.item() == 0
    moments = stratum_moments(empty, {"a": code}, n_strata=3)
    assert moments["count"].sum().item() == 0
    assert status(factor_detector(moments)) == "no_data"
