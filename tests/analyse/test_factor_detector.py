import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from soilscope import factor_detector, optimize_strata, stratum_moments
from soilscope.analyse.stratum_moments import merge_stratum_moments
from soilscope.errors import GridError, InputError, SoilscopeWarning

values = arrays(np.float64, 20, elements=st.integers(-40, 40).map(lambda v: v / 8))
strata = arrays(np.int64, 20, elements=st.integers(0, 3))
STATUS = ("ok", "no_data", "too_few", "constant")


def sites(values, **attrs):
    return xr.DataArray(values, dims="site", attrs=attrs)


def found(y, code, **options):
    return factor_detector(sites(y), {"a": sites(code)}, **options).isel(factor=0)


def status(ds):
    return STATUS[ds.status.item()]


@given(values, strata)
def test_q_is_one_minus_the_share_within_strata(y, code):
    ds = found(y, code)
    if status(ds) == "ok":
        within = sum(y[code == c].var() * (code == c).sum() for c in set(code))
        assert ds.q.item() == pytest.approx(1 - within / (y.var() * y.size), abs=1e-12)


@given(values, strata, st.sampled_from([-3.0, 0.5, 8.0]), st.sampled_from([-1024.0, 0.0, 64.0]))
def test_neither_shift_nor_unit_changes_anything(y, code, factor, offset):
    one, other = found(y, code), found(factor * y + offset, code)
    for name in ("q", "p_value", "q_low", "q_high"):
        np.testing.assert_allclose(other[name], one[name], rtol=1e-6, atol=1e-9)


@given(values, strata)
def test_the_p_value_is_that_of_an_analysis_of_variance(y, code):
    ds = found(y, code)
    if status(ds) == "ok" and 0.0 < ds.q < 0.999:
        groups = [y[code == c] for c in sorted(set(code))]
        assert ds.p_value.item() == pytest.approx(stats.f_oneway(*groups).pvalue, rel=1e-6)


@given(strata)
def test_names_of_strata_do_not_matter(code):
    y = np.random.default_rng(1).normal(size=code.size)
    words = np.array(["south", "north", "west", "east"])[code]
    kinds = [code, words, words.astype(object), code * 100_000, code + 0.5, 2.0 * code]
    first, *others = (found(y, kind) for kind in kinds)
    for other in others:
        xr.testing.assert_allclose(other, first)


def test_categories_of_pandas_and_booleans_are_strata():
    y = np.arange(6.0)
    wet = np.array([True, True, False, False, False, True])
    named = pd.Categorical(np.where(wet, "wet", "dry"))
    categories = xr.DataArray(named, dims="site")
    assert found(y, wet).q.item() == factor_detector(sites(y), {"a": categories}).q.item()


def test_rows_are_complete_in_every_factor():
    rng = np.random.default_rng(3)
    y, a, b = rng.normal(size=50), rng.integers(0, 3, 50), rng.integers(0, 3, 50).astype(float)
    b[:10] = np.nan
    y[10] = np.inf
    both = factor_detector(sites(y), {"a": sites(a), "b": sites(b)})
    kept = slice(11, None)
    alone = factor_detector(sites(y[kept]), {"a": sites(a[kept])})
    assert both.n_obs.item() == 39
    assert both.q.sel(factor="a").item() == pytest.approx(alone.q.item(), abs=1e-14)


@pytest.mark.parametrize(
    ("y", "code", "expected"),
    [
        (np.arange(6.0), np.zeros(6, int), "constant"),
        (np.full(6, 0.1), np.arange(6) % 2, "constant"),
        (np.full(6, 1e6 + 0.1), np.arange(6) % 2, "constant"),
        (np.arange(6.0), np.arange(6), "too_few"),
        (np.full(6, np.nan), np.arange(6) % 2, "no_data"),
        (np.arange(6.0), np.full(6, -1), "no_data"),
    ],
)
def test_what_cannot_be_estimated_says_why(y, code, expected):
    ds = found(y, code)
    assert status(ds) == expected
    for name in ("q", "q_adjusted", "p_value", "q_low", "q_high"):
        assert ds[name].isnull().item(), name


def test_one_member_strata_are_kept_or_dropped():
    y, code = np.array([1.0, 2.0, 3.0, 5.0, 9.0]), np.array([0, 0, 1, 1, 2])
    kept, dropped = found(y, code), found(y, code, singletons="drop")
    assert kept.n_strata.item() == 3
    assert dropped.n_strata.item() == 2
    assert dropped.q.item() == pytest.approx(found(y[:4], code[:4]).q.item())
    assert kept.q.item() == pytest.approx(1 - 2.5 / 40.0)


def test_adding_to_y_changes_the_p_value_of_the_peers_but_not_ours():
    rng = np.random.default_rng(4)
    code = np.repeat(np.arange(4), [10, 20, 50, 80])  # of one size, even theirs would stand still
    y = rng.normal(size=160) + 0.4 * code
    with pytest.warns(SoilscopeWarning, match="changes with the mean of y"):
        peers = [found(y + offset, code, p="gd").p_value.item() for offset in (0.0, 100.0)]
    ours = [found(y + offset, code).p_value.item() for offset in (0.0, 100.0)]
    assert ours[1] == pytest.approx(ours[0], rel=1e-9)
    assert peers[0] < 1e-3
    assert peers[1] > 0.9


def test_strata_at_random_have_an_adjusted_share_of_about_zero():
    rng = np.random.default_rng(6)
    shares = [found(rng.normal(size=200), rng.integers(0, 20, 200)) for _ in range(100)]
    assert np.mean([s.q.item() for s in shares]) == pytest.approx(19 / 199, abs=0.01)
    assert np.mean([s.q_adjusted.item() for s in shares]) == pytest.approx(0.0, abs=0.01)


def test_permutation_agrees_with_the_distribution_where_cells_are_independent():
    rng = np.random.default_rng(7)
    code = rng.integers(0, 3, 90)
    y = rng.normal(size=90) + 0.25 * code
    drawn = found(y, code, p="permutation", rng=1, n_surrogates=999).p_value.item()
    assert drawn == pytest.approx(found(y, code).p_value.item(), abs=0.04)


def test_a_small_p_value_is_told_by_its_logarithm():
    y = np.concatenate([np.zeros(3000), np.ones(3000)]) + np.tile([0.0, 1e-3], 3000)
    ds = found(y, np.repeat([0, 1], 3000))
    assert ds.p_value.item() == 0.0
    assert ds.log10_p_value.item() < -1000


def test_moments_of_parts_stand_for_the_field():
    rng = np.random.default_rng(8)
    y, code = sites(rng.normal(size=60) + 100.0), {"a": sites(rng.integers(0, 4, 60))}
    parts = [
        stratum_moments(y[s], {"a": code["a"][s]}, n_strata=4)
        for s in (slice(0, 7), slice(7, 40), slice(40, None))
    ]
    whole = factor_detector(y, code)
    merged = factor_detector(merge_stratum_moments(*parts))
    xr.testing.assert_allclose(merged, whole.drop_vars("circular"), rtol=1e-9)


def test_a_grid_warns_that_cells_are_not_independent():
    y = xr.DataArray(np.arange(12.0).reshape(3, 4), dims=("y", "x"))
    with pytest.warns(SoilscopeWarning, match="use p='spatial', rng=1"):
        factor_detector(y, {"a": y > 5})


def test_a_factor_that_y_was_made_from_is_marked():
    y = sites(np.arange(6.0), lineage='["SMCI"]')
    ndvi = sites(np.arange(6) % 2, lineage='["MODIS NDVI"]')
    with pytest.warns(SoilscopeWarning, match="ndvi .MODIS.*partly built in"):
        ds = factor_detector(y, {"ndvi": ndvi, "slope": sites(np.arange(6) // 3)})
    assert ds.circular.values.tolist() == [1, 0]


def test_classes_chosen_beside_y_keep_the_marks_of_their_factors():
    y = sites(np.arange(6.0) ** 2, lineage='["SMCI"]')
    factors = {
        "ndvi": sites(np.arange(6.0), lineage='["MODIS NDVI"]'),
        "slope": sites(np.arange(6.0)[::-1], lineage='["GEBCO"]'),
    }
    with pytest.warns(SoilscopeWarning, match="partly built in"):
        best = optimize_strata(y, factors, methods=["equal"], n_classes=[2])
    ds = factor_detector(y, best["codes"])
    assert ds.circular.values.tolist() == [1, 0]


Y = sites(np.arange(6.0))
CODE = sites(np.arange(6) % 2)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: factor_detector(Y, {}), "strata is empty"),
        (lambda: factor_detector(Y), "strata is missing"),
        (lambda: factor_detector(Y, [CODE]), "strata is a list; give a Dataset"),
        (lambda: factor_detector(Y, {"a": CODE}, p="f"), "p is 'f'; it must be one of"),
        (lambda: factor_detector(Y, {"a": CODE}, p="permutation"), "give rng, as in rng=1"),
        (lambda: factor_detector(Y, {"a": CODE}, p="spatial", rng=1), "draws fields on a grid"),
        (lambda: factor_detector(Y, {"a": CODE}, p="permutation", rng=-1), "rng is -1"),
        (lambda: factor_detector(Y, {"a": CODE.expand_dims(time=2)}), "which y lacks"),
        (lambda: factor_detector(Y.rename(site="time"), {"a": CODE}), "say with dim"),
        (lambda: factor_detector(Y, {"a": Y.astype(complex)}), "give numbers, booleans or text"),
        (
            lambda: factor_detector(stratum_moments(Y, {"a": CODE}, n_strata=2), p="spatial"),
            "needs the cells",
        ),
        (lambda: stratum_moments(Y, {"a": Y}, n_strata=2), "whole numbers"),
        (lambda: merge_stratum_moments(), "give results of stratum_moments"),
    ],
)
def test_a_fault_is_told_in_one_line(call, words):
    with pytest.raises(InputError, match=words) as told:
        call()
    assert "\n" not in str(told.value)


def test_factors_on_other_cells_are_refused():
    y, code = (a.assign_coords(site=np.arange(6) + i) for i, a in enumerate((Y, CODE)))
    with pytest.raises(GridError, match=r"strata\['a'\] and y differ along 'site'"):
        factor_detector(y, {"a": code})
