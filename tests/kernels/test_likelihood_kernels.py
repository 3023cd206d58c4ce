"""Likelihoods without a maximum have no shapes; those with one solve the equations of SciPy."""

import numpy as np
import pytest
from scipy import special

from soilscope.kernels.likelihood import beta_shapes, gamma_shape


@pytest.mark.parametrize("deficit", [0.0, -0.1, np.nan, np.inf, -np.inf])
def test_without_a_deficit_gamma_has_no_shape(deficit):
    assert np.isnan(gamma_shape(deficit))


@pytest.mark.parametrize("deficit", np.geomspace(1e-8, 500.0, 12))
def test_the_shape_of_gamma_solves_its_equation(deficit):
    k = gamma_shape(deficit)
    assert np.log(k) - special.digamma(k) == pytest.approx(deficit, rel=1e-6)


@pytest.mark.parametrize(
    "given",
    [
        (0.5, 0.5, 0.25, 0.1, 0.1),  # all values at the ends
        (0.5, 0.5, 0.3, 0.1, 0.1),
        (0.5, 0.5, 0.0, 0.0, 0.0),  # no spread
        (0.5, 0.5, np.nan, 0.1, 0.1),
        (0.5, 0.5, 0.05, np.inf, 0.1),
        (0.5, 0.5, 0.05, 0.1, np.nan),
    ],
)
def test_without_spread_or_inside_values_beta_has_no_shapes(given):
    with np.errstate(all="ignore"):
        assert np.isnan(beta_shapes(*(np.float64(v) for v in given))).all()


@pytest.mark.parametrize("shapes", [(0.2, 0.3), (1.0, 4.0), (50.0, 2.0), (300.0, 700.0)])
def test_the_shapes_of_beta_are_found_from_a_start_far_away(shapes):
    a, b = shapes
    mean, both = a / (a + b), special.digamma(a + b)
    deficits = np.log(mean) + both - special.digamma(a), np.log1p(-mean) + both - special.digamma(b)
    for variance in (0.9, 0.5, 0.01):  # as a share of the largest there can be
        found = beta_shapes(mean, 1 - mean, variance * mean * (1 - mean), *deficits)
        np.testing.assert_allclose(found, shapes, rtol=1e-7)
