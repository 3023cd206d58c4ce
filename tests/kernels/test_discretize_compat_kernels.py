"""Breaks of the packages GD and gdverse by their rules, worked out by hand."""

import numpy as np
import pytest

from soilscope.kernels import discretize
from soilscope.kernels import discretize_compat as kernel
from soilscope.kernels.discretize import Sorted


def sample(*values):
    return Sorted(np.sort(np.array(values, dtype=float)))


def test_gd_asks_for_more_quantiles_until_enough_of_them_differ():
    x = sample(0, 0, 0, 0, 1, 2, 3, 4)
    # of 3 classes two edges are one (0, 0, 1.67, 4); of 4 as well: 0, 0, 0.5, 2.25, 4
    assert kernel.gd_quantile(x, 2).tolist() == [0.0, 0.5, 4.0]
    np.testing.assert_allclose(kernel.gd_quantile(x, 3), [0.0, 0.5, 2.25, 4.0])
    even = np.quantile(np.arange(9.0), [0, 0.25, 0.5, 0.75, 1])
    np.testing.assert_allclose(kernel.gd_quantile(sample(*range(9)), 4), even)


def test_gd_takes_what_there_is_where_values_are_too_few():
    assert kernel.gd_quantile(sample(0, 0, 1), 5).size <= 6
    assert kernel.gd_quantile(sample(2, 2, 2), 3).tolist() == [2.0]


def test_gd_counts_ratios_from_the_values_plus_one():
    # one class less than asked for: from 0 to 15 it is 1 to 16 in two ratios of 4
    np.testing.assert_allclose(kernel.gd_geometric(sample(0, 2, 15), 3), [0.0, 3.0, 15.0])
    # where a value is negative, ratios go from 1 to 9 in two steps of 3; the ends are the sample's
    np.testing.assert_allclose(kernel.gd_geometric(sample(-5, 1, 8), 2), [-5.0, 2.0, 8.0])


def test_gd_goes_in_standard_deviations_until_there_are_enough_classes():
    x = sample(*range(21))
    mean, sd = 10.0, np.std(np.arange(21), ddof=1)
    # 2 classes need one edge inside: no offset but 0
    np.testing.assert_allclose(kernel.gd_standard_deviation(x, 2), [0.0, mean, 20.0])
    # 3 classes: half a standard deviation to each side
    np.testing.assert_allclose(
        kernel.gd_standard_deviation(x, 3), [0.0, mean - sd / 2, mean + sd / 2, 20.0]
    )
    # 4 classes: one to each side and the mean
    np.testing.assert_allclose(
        kernel.gd_standard_deviation(x, 4), [0.0, mean - sd, mean, mean + sd, 20.0]
    )
    # 5 classes: 1.5 to each side; from the eighth try on offsets are halved
    np.testing.assert_allclose(
        kernel.gd_standard_deviation(x, 5)[1:-1], mean + sd * np.array([-1.5, -0.5, 0.5, 1.5])
    )
    for k in (6, 7):  # of 6, two deviations to each side lie outside: 7 classes come next
        inner = kernel.gd_standard_deviation(x, k)[1:-1]
        np.testing.assert_allclose(
            inner, mean + sd * np.array([-1.25, -0.75, -0.25, 0.25, 0.75, 1.25])
        )


def test_gd_halves_its_steps_where_wide_ones_would_fit_as_well():
    x = sample(-40, *range(21), 60)  # 3.1 standard deviations to each side
    steps = (kernel.gd_standard_deviation(x, 7)[1:-1] - 10.0) / x.values.std(ddof=1)
    np.testing.assert_allclose(steps, [-1.25, -0.75, -0.25, 0.25, 0.75, 1.25])
    steps = (kernel.gd_standard_deviation(x, 6)[1:-1] - 10.0) / x.values.std(ddof=1)
    np.testing.assert_allclose(steps, [-2.0, -1.0, 0.0, 1.0, 2.0], atol=1e-12)


def test_gd_gives_up_where_there_is_no_width_to_divide():
    assert kernel.gd_standard_deviation(sample(3, 3, 3), 3).tolist() == [3.0, 3.0]
    # 21 even values reach 1.6 deviations to each side: room for 7 edges half of one apart
    assert kernel.gd_standard_deviation(sample(*range(21)), 9).size < 10


def test_gdverse_divides_positive_values_alone_by_ratios():
    np.testing.assert_allclose(kernel.gdverse_geometric(sample(1, 5, 16), 2), [1.0, 4.0, 16.0])
    for low in (0.0, -1.0):
        assert kernel.gdverse_geometric(sample(low, 5, 16), 2).tolist() == [low, 16.0]


def test_gdverse_lies_one_standard_deviation_too_high():
    x = sample(*range(21))
    sd = np.std(np.arange(21), ddof=1)
    found = kernel.gdverse_standard_deviation(x, 4)
    np.testing.assert_allclose(found, [0.0, 10.0, 10.0 + sd, 20.0])  # 10 + 2 sd is beyond
    ours = discretize.standard_deviation(x, 4)
    np.testing.assert_allclose(ours, [0.0, 10.0 - sd, 10.0, 10.0 + sd, 20.0])


@pytest.mark.parametrize("package", ["GD", "gdverse"])
@pytest.mark.parametrize("method", ["equal", "quantile", "natural", "geometric", "sd"])
def test_every_method_has_edges_for_every_number_of_classes(method, package):
    x = sample(*np.random.default_rng(0).gamma(2.0, 3.0, 40))
    found = kernel.edges_of(x, method, (2, 3, 5), package)
    assert list(found) == [2, 3, 5]
    for edges in found.values():
        assert (np.diff(edges) > 0).all()
        assert (edges[0], edges[-1]) == (x.low, x.high)
    if method in ("equal", "natural"):  # nobody differs in these
        for k, edges in discretize.edges_of(x, method, (2, 3, 5)).items():
            np.testing.assert_allclose(found[k], edges)


def test_gdverse_keeps_a_class_of_the_smallest_value_and_gd_does_not():
    x = sample(0, 0, 0, 0, 1, 2, 3, 4)
    doubled = kernel.edges_of(x, "quantile", [4], "gdverse")[4]
    np.testing.assert_allclose(doubled, [0.0, 0.0, 0.5, 2.25, 4.0])
    assert (np.diff(kernel.edges_of(x, "quantile", [4], "GD")[4]) > 0).all()


def test_natural_classes_of_gdverse_alone_are_open_on_the_right():
    open_ones = [
        (method, package)
        for method in discretize.METHODS
        for package in ("GD", "gdverse", None)
        if not kernel.closed_right(method, package)
    ]
    assert open_ones == [("natural", "gdverse")]
