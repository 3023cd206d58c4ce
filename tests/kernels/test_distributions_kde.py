"""The kernel-density index against SciPy's density, and by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import special, stats

from soilscope import names
from soilscope.kernels import kde

NO_YEARS = np.empty((0, 0), dtype=np.int32)
MONTH = np.arange(60) % 12
NAN = np.nan
numbers = st.floats(-100, 100).map(lambda v: round(v, 4))


def tails(x, slot, half=0, min_years=2, ddof=1):
    n_rank = int(np.bincount(slot).max()) * (2 * half + 1)
    n_slots = int(slot.max()) + 1
    return kde.tails(x, slot, slot, n_slots, half, n_rank, NO_YEARS, min_years, ddof)


def one(values, ddof=1):
    """Tails of one reference."""
    x = np.asarray(values, float).reshape(-1, 1)
    return tails(x, np.zeros(len(x), np.int64), ddof=ddof)[0][:, 0]


def lower(tail):
    return np.where(tail < 0, 1 + tail, tail)


def test_it_is_the_integral_of_scipys_density_with_scotts_bandwidth():
    x = np.random.default_rng(0).gamma(4.0, 1.0, (60, 1))
    found, count, _ = tails(x, MONTH)
    for m in range(12):
        values = x[m == MONTH, 0]
        density = stats.gaussian_kde(values, bw_method="scott")
        expected = [density.integrate_box_1d(-np.inf, v) for v in values]
        assert_allclose(lower(found[m == MONTH, 0]), expected, rtol=1e-12)
    assert (count == 5).all()


def test_two_values_have_the_probability_that_a_hand_finds():
    # s = sqrt(2), h = 2^(-1/5) s; P(1) = (Phi(0) + Phi(2 / h)) / 2
    h = 2**-0.2 * np.sqrt(2.0)
    assert_allclose(lower(one([-1.0, 1.0]))[1], (0.5 + special.ndtr(2 / h)) / 2, rtol=1e-15)


def test_the_deviation_is_divided_by_n_less_ddof():
    values = np.arange(8.0)
    h = 8**-0.2 * np.std(values)
    expected = special.ndtr((values[:, None] - values) / h).mean(axis=1)
    assert_allclose(lower(one(values, ddof=0)), expected, rtol=1e-13)


@given(st.lists(numbers, min_size=3, max_size=25, unique=True))
def test_a_value_of_the_reference_never_leaves_its_own_kernel(values):
    # half of its own kernel lies beyond it: 1 / (2n) <= P <= 1 - 1 / (2n)
    n = len(values)
    assert (np.abs(one(values)) >= 0.5 / n * (1 - 1e-14)).all()


@given(st.lists(numbers, min_size=3, max_size=25, unique=True))
def test_wetter_is_never_less_probable_and_the_mirror_image_has_the_other_tail(values):
    values = np.sort(values)
    p = lower(one(values))
    assert (np.diff(p) > -1e-15).all()
    assert_allclose(lower(one(-values)), 1 - p, atol=1e-14)


@pytest.mark.parametrize("v", [-30.0, -9.0, 9.0, 30.0])
def test_both_far_tails_keep_their_digits(v):
    values = np.linspace(-2.0, 2.0, 11).reshape(1, 11, 1)
    h = np.array([[1.0]])
    found = kde.tails_among(np.array([[v]]), np.array([0]), values, h, np.array([[11]]))
    expected = special.ndtr(-np.abs(v - values[0, :, 0])).mean()
    assert found[0, 0] == pytest.approx(-np.sign(v) * expected, rel=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("half", [0, 1])
def test_tails_among_stored_values_are_those_of_one_pass(half, dtype):
    x = np.random.default_rng(3).normal(0.3, 0.05, (60, 4)).astype(dtype)
    x[::7, 1] = NAN
    x[5, 2] = np.inf
    x[:, 3] = NAN
    n_rank = 5 * (2 * half + 1)
    found, count, status = tails(x, MONTH, half)
    values, h, count_2, status_2 = kde.parameters(x, MONTH, 12, half, n_rank, NO_YEARS, 2, 1)
    again = kde.tails_among(x, MONTH, values, h, count_2)
    assert_array_equal(found, again)
    assert_array_equal(count, count_2)
    assert_array_equal(status, status_2)
    assert np.isnan(found[5, 2])
    assert_array_equal(status[:, 3], names.NO_DATA)


@pytest.mark.parametrize(
    ("values", "ddof", "status", "bandwidth"),
    [
        ([0.3, 0.3, 0.3], 1, names.CONSTANT, 0.0),
        ([0.3, NAN, NAN], 0, names.TOO_FEW, NAN),
        ([NAN, NAN, NAN], 1, names.NO_DATA, NAN),
        ([0.0, 1e-200, 2e-200], 1, names.FIT_FAILED, NAN),  # their deviation underflows
        ([-1.0, 0.0, 1.0], 1, names.OK, 3**-0.2),
    ],
)
def test_what_has_no_density_says_why(values, ddof, status, bandwidth):
    x = np.array(values).reshape(-1, 1)
    slot = np.zeros(3, np.int64)
    stored, h, count, why = kde.parameters(x, slot, 1, 0, 3, NO_YEARS, 1, ddof)
    assert why[0, 0] == status
    assert_allclose(h[0, 0], bandwidth, rtol=1e-15)
    assert count[0, 0] == np.isfinite(values).sum()
    found, _, _ = kde.tails(x, slot, slot, 1, 0, 3, NO_YEARS, 1, ddof)
    assert np.isfinite(found).all() == (status == names.OK)
    assert np.isfinite(stored).any() == (status in (names.OK, names.CONSTANT))
