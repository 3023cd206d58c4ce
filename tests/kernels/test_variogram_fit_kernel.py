"""The search for a range: the best there is, beside a dense scan and SciPy."""

import numpy as np
import pytest
import scipy.optimize
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from soilscope.kernels import variogram_fit as kernel

WITH_RANGE = range(1, 6)


def fit(models, h, g, w=None, smoothness=1.5, longest=0.0):
    h, g = (np.atleast_2d(np.asarray(a, float).T).T for a in (h, g))
    models = np.array(models)
    w = np.ones_like(g) if w is None else w
    found = np.empty((4, models.size, g.shape[1]))
    kernel.fit_models(models, smoothness, longest, h, g, w, np.full(models.size, 3), found)
    fitted = np.empty((models.size, *g.shape))
    kernel.curves(models, smoothness, found, h, fitted)
    return found, (w * (g - fitted) ** 2).sum(axis=1)


@pytest.mark.parametrize(
    ("nu", "u"), [(nu, u) for nu in (0.5, 1.5, 2.5) for u in (1e-4, 0.3, 1.0, 4.0)]
)
def test_matern_is_the_formula_with_a_bessel_function(nu, u):
    formula = 1 - 2 ** (1 - nu) / scipy.special.gamma(nu) * u**nu * scipy.special.kv(nu, u)
    assert kernel.shape(kernel.MATERN, u, nu) == pytest.approx(formula, rel=1e-6)


@given(
    st.sampled_from(list(WITH_RANGE)),
    st.floats(0, 5),
    st.floats(0.1, 5),
    st.floats(0.15, 1.5),
)
@settings(max_examples=40)
def test_a_model_is_found_again_from_its_curve(model, nugget, partial, scale):
    h = np.linspace(0.05, 1, 20)
    g = nugget + partial * np.array([kernel.shape(model, u / scale, 1.5) for u in h])
    if model == kernel.LINEAR_TO_SILL and scale > 0.95:
        return  # all before the sill: a line has no range
    found, squares = fit([model], h, g)
    assert_allclose(found[:3, 0, 0], [nugget, partial, scale], rtol=1e-4, atol=1e-6)
    assert squares[0, 0] < 1e-12


@given(st.sampled_from(list(WITH_RANGE)), st.integers(0, 999))
@settings(max_examples=25)
def test_no_range_of_a_dense_scan_is_better(model, seed):
    rng = np.random.default_rng(seed)
    h = np.sort(rng.uniform(0.02, 1, 12))
    g = np.abs(rng.normal(1, 0.3, 12) * (1 - np.exp(-h / rng.uniform(0.02, 1))))
    best = fit([model], h, g)[1][0, 0]
    for scale in np.geomspace(0.03, 900, 2000):
        f = np.array([kernel.shape(model, u / scale, 1.5) for u in h])
        other = scipy.optimize.nnls(np.stack([np.ones(12), f], axis=1), g)[1] ** 2
        assert best <= other * (1 + 1e-6) + 1e-15


def test_nugget_and_partial_sill_are_never_negative():
    h = np.linspace(0.1, 1, 10)
    falling, steep = 2 - h, np.maximum(h - 0.3, 0)
    for g in (falling, steep):
        found, _ = fit(range(6), h, g)
        assert (found[:2] >= 0).all()
    assert_allclose(fit(range(6), h, falling)[0][1], 0, atol=1e-9)
    assert_allclose(fit([0], h, steep)[0][0], 0)


def test_units_do_not_matter():
    rng = np.random.default_rng(0)
    h = np.linspace(1, 30, 30)[:, np.newaxis]
    g = 0.2 + 1.5 * (1 - np.exp(-h / 7)) + 0.05 * rng.normal(size=(30, 4))
    found, _ = fit(range(6), h * np.ones(4), g)
    other, _ = fit(range(6), 1e3 * h * np.ones(4), 1e-4 * g, 1e7 * np.ones(g.shape))
    assert_allclose(other[:2], 1e-4 * found[:2], rtol=1e-6, atol=1e-12)
    assert_allclose(other[2], 1e3 * found[2], rtol=1e-6)


def test_a_range_without_end_stops_at_the_bound_and_says_so():
    h = np.linspace(1, 10, 10)
    found, _ = fit([kernel.SPHERICAL, kernel.EXPONENTIAL], h, 1 + h**1.3)
    assert (found[3] == 1).all()
    assert_allclose(found[2, :, 0], 1e4)
    bound, _ = fit([kernel.SPHERICAL], h, 1 + h**1.3, longest=23.0)
    assert_allclose(bound[2:, 0, 0], [23.0, 1.0])


def test_classes_without_weight_do_not_count():
    h = np.linspace(1, 10, 10)[:, np.newaxis]
    g = 1 - np.exp(-h / 3)
    w = np.ones_like(g)
    g[4], w[4] = 50.0, 0.0
    assert_allclose(fit([kernel.EXPONENTIAL], h, g, w)[0][:3, 0, 0], [0, 1, 3], atol=1e-6)


def test_too_few_classes_or_no_differences_give_nothing():
    h = np.arange(1.0, 6.0)[:, np.newaxis] * np.ones(2)
    w = np.ones_like(h)
    w[2:, 0] = 0.0
    g = np.stack([np.arange(5.0), np.zeros(5)], axis=1)
    assert np.isnan(fit(range(6), h, g, w)[0]).all()
