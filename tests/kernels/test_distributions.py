"""Gamma and beta fits: likelihood equations, closed forms, a published fit, SciPy."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import special, stats

from soilscope import names
from soilscope.kernels import distributions
from soilscope.kernels.likelihood import beta_shapes, gamma_shape, log_deficit, thom

NO_YEARS = np.empty((0, 0), dtype=np.int32)
EULER = 0.5772156649015329
inside = st.floats(1e-6, 1.0 - 1e-6)


def fit(values, upper=np.inf, approximate=False, min_years=2):
    """Parameters, count and status of one reference."""
    x = np.asarray(values).reshape(-1, 1)
    slot = np.zeros(len(x), np.int64)
    found = distributions.fit(x, slot, 1, 0, len(x), NO_YEARS, min_years, upper, approximate)
    return found[0][:, 0, 0], int(found[1][0, 0]), int(found[2][0, 0])


def score_of_beta(values, a, b):
    """Derivatives of the mean log likelihood."""
    both = special.digamma(a + b)
    return np.array(
        [
            np.mean(np.log(values)) - special.digamma(a) + both,
            np.mean(np.log1p(-values)) - special.digamma(b) + both,
        ]
    )


# ---------------------------------------------------------------- closed forms


def test_expected_logarithms_give_back_the_shape_of_gamma():
    # log(k) - digamma(k): gamma for k = 1, gamma + log 2 for k = 1/2
    assert gamma_shape(EULER) == pytest.approx(1.0, rel=1e-14)
    assert gamma_shape(EULER + math.log(2.0)) == pytest.approx(0.5, rel=1e-14)


@pytest.mark.parametrize(
    ("shapes", "mean", "log_x", "log_rest"),
    [
        ((1.0, 1.0), 1 / 2, -1.0, -1.0),
        ((2.0, 1.0), 2 / 3, -1 / 2, -3 / 2),
        ((2.0, 2.0), 1 / 2, -5 / 6, -5 / 6),
    ],
)
def test_expected_logarithms_give_back_the_shapes_of_beta(shapes, mean, log_x, log_rest):
    # digamma(2) - digamma(3) = -1/2, digamma(1) - digamma(3) = -3/2, digamma(2) - digamma(4) = -5/6
    found = beta_shapes(mean, 1 - mean, 0.05, math.log(mean) - log_x, math.log(1 - mean) - log_rest)
    assert_allclose(found, shapes, rtol=1e-13)


def test_thoms_approximation_is_his_formula():
    values = [1.0, 2.0, 4.0]
    a = math.log(7 / 3) - math.log(2.0)
    shape = (1 + math.sqrt(1 + 4 * a / 3)) / (4 * a)
    found, _, _ = fit(values, approximate=True)
    assert_allclose(found[:2], [shape, 7 / 3 / shape], rtol=1e-14)


def test_thoms_approximation_lies_close_to_maximum_likelihood():
    for shape in np.geomspace(1.0, 1e6, 30):
        deficit = math.log(shape) - special.digamma(shape)
        assert thom(deficit) == pytest.approx(shape, rel=0.02)


def test_thoms_approximation_needs_two_different_values_inside_too():
    for values in ([0.0, 0.0, 0.3], [0.0, 0.3, 0.3]):
        found, _, status = fit(values, approximate=True)
        assert status == names.FIT_FAILED
        assert np.isnan(found).all()


def test_two_values_that_mirror_each_other_have_equal_shapes():
    found, _, _ = fit([0.2, 0.8], upper=1.0)
    assert found[0] == pytest.approx(found[1], rel=1e-14)
    log = 0.5 * math.log(0.16)
    assert special.digamma(found[0]) - special.digamma(2 * found[0]) == pytest.approx(log)


def test_the_deficit_of_logarithms_keeps_its_digits_for_a_narrow_distribution():
    # values m (1 -+ d): log(m) - mean(log) = -log(1 - d^2) / 2
    for d in (1e-3, 1e-6, 1e-9):
        values = np.array([1.0 - d, 1.0 + d])
        half = 0.5 * (values[1] - values[0])
        assert log_deficit(values, 1.0) == pytest.approx(-0.5 * math.log1p(-half * half), rel=1e-6)


# ---------------------------------------------------------------- published, and SciPy


def test_survival_of_rats_has_the_published_fit():
    # Lawless (2003), Statistical Models and Methods for Lifetime Data: k 8.799, scale 12.893
    days = [152, 152, 115, 109, 137, 88, 94, 77, 160, 165,
            125, 40, 128, 123, 136, 101, 62, 153, 83, 69]  # fmt: skip
    found, count, status = fit(np.array(days, float))
    assert_allclose(found[:2], [8.799, 12.893], atol=6e-4)
    assert (count, status) == (20, names.OK)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [0.2, 1.0, 4.0, 60.0, 5000.0])
def test_gamma_is_scipys_fit(shape, dtype):
    values = np.random.default_rng(1).gamma(shape, 3.0, 40).astype(dtype)
    expected, _, scale = stats.gamma.fit(values.astype(float), floc=0)
    found, _, _ = fit(values)
    assert_allclose(found[:2], [expected, scale], rtol=1e-14 * (100 + shape))


@pytest.mark.parametrize("upper", [1.0, 0.45, 50.0])
@pytest.mark.parametrize("shapes", [(0.3, 0.4), (2.0, 5.0), (30.0, 3.0), (100.0, 300.0)])
def test_beta_is_scipys_fit(shapes, upper):
    values = upper * np.random.default_rng(2).beta(*shapes, 40)
    expected = stats.beta.fit(values, floc=0, fscale=upper)[:2]
    assert_allclose(fit(values, upper=upper)[0][:2], expected, rtol=1e-7)  # SciPy's own tolerance
    score = score_of_beta(values / upper, *fit(values, upper=upper)[0][:2])
    assert_allclose(score, 0.0, atol=1e-14)


# ---------------------------------------------------------------- properties


@given(st.lists(inside, min_size=2, max_size=30, unique=True))
def test_beta_always_finds_the_maximum(values):
    values = np.array(values)
    found, _, status = fit(values, upper=1.0)
    assert status == names.OK
    c = found[0] + found[1]
    assert_allclose(score_of_beta(values, *found[:2]), 0.0, atol=1e-13 * (10 + np.log(c)))


@given(st.lists(inside, min_size=2, max_size=30, unique=True))
def test_gamma_always_finds_the_maximum(values):
    values = np.array(values)
    (shape, scale, _, _), _, status = fit(values)
    assert status == names.OK
    assert shape * scale == pytest.approx(values.mean(), rel=1e-13)
    score = np.mean(np.log(values / scale)) - special.digamma(shape)
    assert score == pytest.approx(0.0, abs=1e-13 * (10 + np.log(1 + shape)))


@given(st.lists(inside, min_size=3, max_size=20, unique=True), st.floats(1e-3, 1e3), st.randoms())
def test_units_and_order_do_not_matter(values, factor, random):
    values = np.array(values)
    mixed = values.copy()
    random.shuffle(mixed)
    assert_array_equal(fit(mixed)[0], fit(values)[0])
    assert_allclose(fit(factor * values)[0][:2], fit(values)[0][:2] * [1, factor], rtol=1e-9)


@given(st.lists(st.floats(0.01, 0.99), min_size=3, max_size=20, unique=True))
def test_dryness_is_wetness_seen_from_the_other_end(values):
    values = np.array(values)
    assert_allclose(fit(1 - values, 1.0)[0][:2], fit(values, 1.0)[0][1::-1], rtol=1e-7)


# ---------------------------------------------------------------- ends of the support, too little


def test_values_at_the_ends_are_a_share_of_their_own_and_no_part_of_the_fit():
    values = np.random.default_rng(3).beta(2.0, 3.0, 12)
    alone = fit(values, upper=1.0)[0]
    found, count, status = fit([0.0, 0.0, 1.0, *values], upper=1.0)
    assert (count, status) == (15, names.OK)
    assert_array_equal(found[:2], alone[:2])
    assert_allclose(found[2:], [2 / 16, 1 / 16], rtol=1e-15)
    gamma, _, _ = fit([0.0, *values])
    assert_array_equal(gamma[:2], fit(values)[0][:2])
    assert_allclose(gamma[2:], [1 / 14, 0.0], rtol=1e-15)


@pytest.mark.parametrize(
    ("values", "upper", "status"),
    [
        ([0.1, 0.2, -1e-9], np.inf, names.FIT_FAILED),  # beyond the support
        ([0.1, 0.2, 0.46], 0.45, names.FIT_FAILED),
        ([20.0, 30.0, 40.0], 1.0, names.FIT_FAILED),  # per cent, taken for a share
        ([0.0, 0.0, 0.3], np.inf, names.FIT_FAILED),  # one value inside
        ([0.0, 0.3, 0.3, 1.0], 1.0, names.FIT_FAILED),  # equal values inside
        ([0.0, 1.0, 1.0], 1.0, names.FIT_FAILED),
        ([0.3, 0.3 * (1 + 1e-9), 0.3], np.inf, names.FIT_FAILED),  # equal but for rounding
        ([0.3, 0.3 * (1 + 1e-9), 0.3], 1.0, names.FIT_FAILED),
        ([0.3, 0.3, 0.3], 1.0, names.CONSTANT),
        ([0.0, 0.0, 0.0], np.inf, names.CONSTANT),
        ([0.3, np.nan, np.nan], 1.0, names.TOO_FEW),
        ([0.3, 0.4, np.inf], 1.0, names.TOO_FEW),
        ([np.nan, np.nan], 1.0, names.NO_DATA),
        ([1e-300, 0.5, 0.7], 1.0, names.OK),
        ([1e300, 2e300, 3e300], np.inf, names.OK),
    ],
)  # fmt: skip
def test_what_cannot_be_fitted_says_why(values, upper, status):
    found, _, why = fit(values, upper, min_years=3 if np.inf in values else 2)
    assert why == status
    assert np.isfinite(found).all() == (status == names.OK)
    assert np.isnan(found).all() == (status != names.OK)
