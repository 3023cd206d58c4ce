"""Segments of rows that are longer, or shorter, than usual, beside the recursion over all cuts."""

import itertools

import numpy as np
import pytest

from soilscope.kernels.segments import best_segments


def least_costs(mean, most):
    """Least sums of squares of 1 .. `most` segments by the plain recursion over all last cuts."""
    n = mean.size
    s, q = (np.append(0.0, np.cumsum(v)) for v in (mean, mean * mean))
    lengths = np.subtract.outer(np.arange(n + 1), np.arange(n + 1))  # [end, start]
    with np.errstate(divide="ignore", invalid="ignore"):
        cost = np.subtract.outer(q, q) - np.subtract.outer(s, s) ** 2 / lengths
    cost[lengths <= 0] = np.inf
    best = [cost[:, 0]]
    for _ in range(most - 1):
        best.append((best[-1] + cost).min(axis=1))
    return [row[n] for row in best]


def made_from(first, mean):
    ends = [*first, mean.size]
    assert all(a < b for a, b in itertools.pairwise(ends))
    return sum(mean[a:b].size * mean[a:b].var() for a, b in itertools.pairwise(ends))


def test_an_envelope_of_many_parabolas_keeps_them_all():
    # ever smaller steps to both sides keep many last cuts in play: room for more must be made
    n = 150
    mean = np.where(np.arange(n) % 2, 1.0, -1.0) * np.linspace(3.0, 0.1, n) ** 2
    mean += np.random.default_rng(0).normal(size=n).cumsum() * 0.3
    mean -= mean.mean()
    first, cost = best_segments(np.ones(n), mean, 4)
    np.testing.assert_allclose(cost, least_costs(mean, 4), rtol=1e-10)
    for k in range(1, 5):
        assert made_from(first[k - 1, :k], mean) == pytest.approx(cost[k - 1], rel=1e-10)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_more_segments_than_values_are_none(n):
    mean = np.array([1.0, -2.0, 4.0])[:n]
    first, cost = best_segments(np.ones(n), mean, 5)
    np.testing.assert_allclose(cost[:n], least_costs(mean, n), atol=1e-12)
    assert np.isinf(cost[n:]).all()
    assert first[n - 1, :n].tolist() == list(range(n))
