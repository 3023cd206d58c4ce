"""Moments, quantiles and plotting positions of weighted samples, beside NumPy and SciPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from soilscope.kernels.samples import correlation, moments, plotting_positions, quantiles

PROBABILITIES = np.linspace(0.0, 1.0, 41)
samples = hnp.arrays(
    np.float64, st.integers(3, 60), elements=st.floats(-50, 50).map(lambda v: round(v, 3))
).filter(lambda x: np.ptp(x) > 0.01)


@given(x=samples)
def test_equal_weights_give_the_moments_and_quantiles_of_numpy_and_scipy(x):
    ones = np.full(x.size, 0.37)
    mean, variance, skewness = moments(x, ones)
    assert mean == pytest.approx(x.mean(), abs=1e-12)
    assert variance == pytest.approx(x.var(ddof=1), rel=1e-10)
    assert skewness == pytest.approx(stats.skew(x), rel=1e-9, abs=1e-9)
    expected = np.quantile(x, PROBABILITIES)
    np.testing.assert_allclose(quantiles(np.sort(x), ones, PROBABILITIES), expected, atol=1e-9)


@pytest.mark.parametrize("n", [2, 3, 4, 5, 17, 1000])
def test_equal_weights_give_the_probability_plot_of_scipy(n):
    x = np.random.default_rng(n).gamma(2.0, size=n)
    (theory, ordered), (_, _, r) = stats.probplot(x)
    made = stats.norm.ppf(plotting_positions(np.full(n, 2.5)))
    np.testing.assert_allclose(made, theory, atol=1e-12)
    assert correlation(ordered, made, np.ones(n)) == pytest.approx(r, abs=1e-12)


def test_moments_with_weights_are_those_of_values_that_stand_for_several():
    x, weight = np.array([1.0, 2.0, 5.0]), np.array([3.0, 1.0, 2.0])
    repeated = np.repeat(x, [3, 1, 2])
    mean, variance, skewness = moments(x, weight)
    assert mean == pytest.approx(repeated.mean())
    assert variance == pytest.approx(repeated.var() * 3 / 2)  # three values, n / (n - 1)
    assert skewness == pytest.approx(stats.skew(repeated))


def test_a_quantile_with_weights_lies_between_the_middles_of_the_weights():
    # middles at 0.5, 2, 4.5 of 5: probabilities 0, 1.5 / 4, 1
    x, weight = np.array([10.0, 20.0, 40.0]), np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(
        quantiles(x, weight, np.array([0.0, 0.1875, 0.375, 0.6875, 1.0])), [10, 15, 20, 30, 40]
    )


@given(
    weight=hnp.arrays(np.float64, st.integers(3, 40), elements=st.floats(0.01, 100)),
    factor=st.floats(0.1, 1e6),
)
def test_plotting_positions_rise_and_do_not_know_the_unit_of_the_weights(weight, factor):
    position = plotting_positions(weight)
    assert (np.diff(position) > 0).all()
    assert 0.0 < position[0] < position[-1] < 1.0
    np.testing.assert_allclose(plotting_positions(factor * weight), position, rtol=1e-9)
