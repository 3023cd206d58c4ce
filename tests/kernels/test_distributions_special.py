"""Differences of digamma and trigamma against exact sums, identities and SciPy."""

import math
from decimal import Decimal, getcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import special

from soilscope.kernels.special import log_less_digamma, trigamma_less_inverse

getcontext().prec = 50
EULER = Decimal("0.57721566490153286060651209008240243104215933593992")
PI = Decimal("3.14159265358979323846264338327950288419716939937511")


@pytest.mark.parametrize("n", [1, 2, 7, 11, 12, 13, 100, 1000, 20_000])
def test_whole_numbers_have_the_value_of_the_exact_sums(n):
    # digamma(n) = H(n - 1) - gamma, trigamma(n) = pi^2 / 6 - sum 1 / k^2 (DLMF 5.4.14, 5.4.15)
    digamma = sum((1 / Decimal(k) for k in range(1, n)), -EULER)
    trigamma = PI * PI / 6 - sum(1 / Decimal(k) ** 2 for k in range(1, n))
    assert_allclose(log_less_digamma(float(n)), float(Decimal(n).ln() - digamma), rtol=2e-15)
    assert_allclose(trigamma_less_inverse(float(n)), float(trigamma - 1 / Decimal(n)), rtol=2e-15)


def test_one_half_has_its_closed_form():
    gamma, log2 = float(EULER), math.log(2.0)
    assert log_less_digamma(0.5) == pytest.approx(gamma + log2, rel=1e-15)
    assert trigamma_less_inverse(0.5) == pytest.approx(math.pi**2 / 2 - 2.0, rel=1e-15)


@pytest.mark.parametrize("x", np.geomspace(1e-8, 1e4, 49))
def test_they_are_scipys_as_far_as_its_differences_have_digits(x):
    lost = 1e-14 * (1.0 + x)  # SciPy's values are of the order of log(x) and 1 / x
    assert log_less_digamma(x) == pytest.approx(np.log(x) - special.digamma(x), rel=lost)
    expected = special.polygamma(1, x) - 1.0 / x
    assert trigamma_less_inverse(x) == pytest.approx(expected, rel=lost)


@given(st.floats(1e-3, 1e6))
def test_the_recurrences_hold(x):
    step = math.log1p(1.0 / x) - 1.0 / x
    near = log_less_digamma(x)
    assert log_less_digamma(x + 1.0) - near == pytest.approx(step, abs=2e-15 * (1.0 + near))
    far = trigamma_less_inverse(x)
    assert far - trigamma_less_inverse(x + 1.0) == pytest.approx(
        1.0 / (x * x * (x + 1.0)), rel=1e-9, abs=2e-15 * far
    )


@given(st.floats(1e-6, 1e12))
def test_they_lie_between_their_bounds(x):
    # Alzer (1997): 1 / (2x) < log(x) - digamma(x) < 1 / x; the same for the derivative
    assert 0.5 / x <= log_less_digamma(x) <= 1.0 / x * (1.0 + 1e-15)
    assert 0.5 / x**2 <= trigamma_less_inverse(x) <= 1.0 / x**2 * (1.0 + 1e-15)
