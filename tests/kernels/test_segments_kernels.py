import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from soilscope.kernels.segments import best_segments

steps = arrays(np.float64, st.integers(2, 14), elements=st.integers(-8, 8).map(lambda v: v / 4))


def spread(weight, mean):
    centre = np.average(mean, weights=weight)
    return float((weight * (mean - centre) ** 2).sum())


def by_trying_all(weight, mean, k):
    """Least sum of squares of k segments by the plain recursion over all last cuts."""
    n = mean.size
    best = [0.0] + [spread(weight[:j], mean[:j]) for j in range(1, n + 1)]
    for level in range(2, k + 1):
        best = [
            min(
                (best[i] + spread(weight[i:j], mean[i:j]) for i in range(level - 1, j)),
                default=np.inf,
            )
            for j in range(n + 1)
        ]
    return best[n]


@given(steps, st.integers(1, 5), st.integers(0, 99))
def test_no_segments_are_better(mean, k, seed):
    weight = np.random.default_rng(seed).integers(1, 5, mean.size).astype(float)
    k = min(k, mean.size)
    first, cost = best_segments(weight, mean, k)
    ends = [*first[k - 1, :k], mean.size]
    pairs = list(itertools.pairwise(ends))
    assert all(a < b for a, b in pairs)
    got = sum(spread(weight[a:b], mean[a:b]) for a, b in pairs)
    expected = by_trying_all(weight, mean, k)
    assert got == pytest.approx(expected, abs=1e-10)
    assert cost[k - 1] == pytest.approx(expected, abs=1e-10)


def test_steps_are_found_among_noise():
    rng = np.random.default_rng(1)
    mean = np.repeat([0.0, 2.0, -1.0], [300, 500, 200]) + 0.1 * rng.normal(size=1000)
    first, _ = best_segments(np.ones(1000), mean, 3)
    assert first[2].tolist() == [0, 300, 800]


def test_a_constant_row_is_cut_somewhere():
    first, cost = best_segments(np.ones(6), np.zeros(6), 3)
    assert (np.diff(first[2]) > 0).all()
    assert cost[2] == 0.0
