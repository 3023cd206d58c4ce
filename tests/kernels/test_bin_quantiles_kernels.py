"""Quantiles in bins beside NumPy's quantiles of each bin by itself."""

import numpy as np
import pytest

from soilscope.kernels.bin_quantiles import bin_quantiles


def quantiles(y, x, *, low=0.0, width=0.25, n_bins=4, q=0.9, least=1):
    shape = (len(y), n_bins)
    lower, upper, count = np.empty(shape), np.empty(shape), np.empty(shape, np.int64)
    bin_quantiles(y, x, low, width, q, least, lower, upper, count)
    return lower, upper, count


def by_numpy(y, x, low, width, n_bins, q, least):
    found = np.full((3, n_bins), np.nan)
    kept = np.isfinite(y) & np.isfinite(x)
    for b in range(n_bins):
        part = y[kept & (x >= low + b * width) & (x < low + (b + 1) * width)]
        found[2, b] = part.size
        if part.size >= max(least, 1):
            found[:2, b] = np.quantile(part.astype(float), [1 - q, q])
    return found


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("q", "least"), [(0.5, 1), (0.99, 1), (1.0, 5), (0.9, 0), (0.75, 1000)])
def test_quantiles_of_each_bin_are_those_of_numpy(q, least, dtype):
    rng = np.random.default_rng(0)
    x = np.round(rng.uniform(-0.4, 1.4, (3, 60)), 2).astype(dtype)  # some outside, and ties
    y = rng.normal(300, 5, (3, 60)).round(1).astype(dtype)
    x[0, :5], y[1, :5], y[1, 5:9] = np.nan, np.nan, np.inf
    x[2, :3] = [np.inf, -np.inf, np.nan]
    found = quantiles(y, x, q=q, least=least)
    for f in range(3):
        expected = by_numpy(y[f], x[f], 0.0, 0.25, 4, q, least)
        for got, known in zip(found, expected, strict=True):
            np.testing.assert_allclose(got[f], known, rtol=1e-12)


def test_a_bin_has_its_lower_edge_and_not_its_upper_one():
    x = np.array([[-0.5, -0.25, 0.0, 0.25, 0.5]])
    y = np.array([[1.0, 2.0, 3.0, 4.0, 5.0]])
    lower, upper, count = quantiles(y, x, low=-0.25, width=0.25, n_bins=3, q=1.0)
    np.testing.assert_array_equal(count, [[1, 1, 1]])
    np.testing.assert_array_equal(lower, [[2.0, 3.0, 4.0]])
    np.testing.assert_array_equal(upper, lower)


def test_the_order_of_cells_does_not_matter_and_the_field_stays_as_it_was():
    rng = np.random.default_rng(2)
    x, y = rng.random((1, 50)), rng.normal(size=(1, 50))
    before, mixed = y.copy(), rng.permutation(50)
    for got, known in zip(quantiles(y[:, mixed], x[:, mixed]), quantiles(y, x), strict=True):
        np.testing.assert_array_equal(got, known)
    np.testing.assert_array_equal(y, before)


@pytest.mark.parametrize("n_cell", [0, 1])
def test_fields_without_cells_or_values_have_empty_bins(n_cell):
    lower, upper, count = quantiles(np.full((2, n_cell), np.nan), np.full((2, n_cell), 0.1))
    assert np.isnan([lower, upper]).all()
    assert not count.any()
