"""Classes of an index are counted as the definition says, bounds and missing values included."""

import numpy as np

from soilscope.kernels.classes import count_classes

BOUNDS = np.array([-2.0, -1.5, -1.0, -0.5])


def count(x):
    n_series = x.shape[1]
    total = np.empty(n_series)
    counts = np.empty((9, n_series), dtype=np.int64)
    deficit, n_obs = np.empty(n_series, dtype=np.int64), np.empty(n_series, dtype=np.int64)
    count_classes(x, BOUNDS, total, counts, deficit, n_obs)
    return total, counts, deficit, n_obs


def test_a_value_on_a_bound_is_in_the_class_further_from_zero():
    x = np.array([-9, -2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 9])
    assert count(x[:, None])[1][:, 0].tolist() == [2, 1, 1, 1, 1, 1, 1, 1, 2]


def test_counts_are_those_of_a_histogram_and_missing_values_do_not_count():
    x = np.random.default_rng(3).normal(size=(200, 4)).astype("f4")
    x[:50, 1] = np.nan
    x[7, 2] = np.inf
    x[:, 3] = np.nan
    total, counts, deficit, n_obs = count(x)
    edges = [-np.inf, *BOUNDS, *-BOUNDS[::-1], np.inf]
    for j in range(4):
        y = x[np.isfinite(x[:, j]), j].astype("f8")
        np.testing.assert_array_equal(counts[:, j], np.histogram(y, edges)[0])
        assert (n_obs[j], deficit[j]) == (y.size, (y < 0).sum())
        np.testing.assert_allclose(total[j], y.sum(), rtol=1e-12, atol=1e-12)
