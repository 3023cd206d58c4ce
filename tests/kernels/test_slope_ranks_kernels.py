"""Slopes by ranks where ranks lie astride the zero slopes, and where samples mislead."""

import numpy as np
import pytest
from numba import config

from soilscope.kernels import slope_ranks

T = np.cumsum(np.random.default_rng(7).integers(1, 4, 50)) / 12.0
Y = np.random.default_rng(8).normal(size=50)
FROM, TO = np.triu_indices(50, 1)
SLOPES = np.sort((Y[TO] - Y[FROM]) / (T[TO] - T[FROM]))


def listed(t, y, reach):
    """Slope, bounds and intercept from the sorted list of all slopes."""
    i, j = np.triu_indices(y.size, 1)
    slopes = np.sort((y[j] - y[i]) / (t[j] - t[i]))
    m = slopes.size
    first, last = int(np.rint((m - reach) / 2)) - 1, int(np.rint((m + reach) / 2 + 1)) - 1
    slope = np.median(slopes)
    return np.array([slope, slopes[first], slopes[last], np.median(y) - slope * np.median(t)])


def ranked(t, y, reach):
    estimates, settled = np.empty((4, 1)), np.empty(1, np.int8)
    slope_ranks.ranked_slopes(t, y[:, None], np.array([reach]), estimates, settled)
    return estimates[:, 0], bool(settled[0])


def with_falling_pairs(n, count, level=0):
    """Values of which `count` pairs fall, `level` pairs of neighbours are equal, the rest rise."""
    y = np.arange(n)
    for i in range(n):  # move the largest of what rises to the front of it
        moved = min(count, n - 1 - i)
        y[i : i + moved + 1] = np.roll(y[i : i + moved + 1], 1)
        count -= moved
    y = y.astype(float) ** 1.5
    for k in range(level):  # of two neighbours in rank that rise
        a, b = np.argsort(y)[4 * k : 4 * k + 2]
        assert a < b
        y[b] = y[a]
    return y


@pytest.mark.parametrize(
    ("falling", "level"),
    [(390, 0), (389, 1), (389, 2), (388, 1), (388, 2), (391, 0), (389, 0), (390, 1)],
)
def test_a_median_astride_the_zero_slopes_is_that_of_the_list(falling, level):
    n = 40  # 780 slopes: the median is the mean of the 390th and the 391st
    y = with_falling_pairs(n, falling, level)
    signs = np.sign([y[j] - y[i] for i in range(n) for j in range(i + 1, n)])
    assert (signs < 0).sum() == falling
    assert (signs == 0).sum() == level
    t = np.cumsum(np.random.default_rng(falling).integers(1, 4, n)) / 12.0
    found, settled = ranked(t, y, 60.0)
    assert settled
    np.testing.assert_array_equal(found, listed(t, y, 60.0))


@pytest.mark.skipif(not config.DISABLE_JIT, reason="the size of samples is compiled in")
@pytest.mark.parametrize("compared", [0, 1200])
@pytest.mark.parametrize("size", [1, 3])
def test_a_sample_that_misleads_costs_time_and_no_digit(size, compared, monkeypatch):
    monkeypatch.setattr(slope_ranks, "SAMPLE", size)
    monkeypatch.setattr(slope_ranks, "COMPARED", compared)
    rng = np.random.default_rng(size)
    t = np.arange(44) / 12.0
    outcomes = []
    for trend in (0.0, -3.0, 0.3):
        y = 0.05 * rng.standard_t(2, 44) + trend * t
        found, settled = ranked(t, y, 200.0)
        outcomes.append(settled)
        if settled:
            np.testing.assert_array_equal(found, listed(t, y, 200.0))
    assert any(outcomes)


def assert_held(low, high, k1, k2):
    """The window must be moved until it holds the ranks, and know the ranks of its ends."""
    series = slope_ranks._describe(T, Y, 50)
    found, a, b, below, up_to = slope_ranks._enclose(series, low, high, k1, k2, np.empty((2, 114)))
    assert found
    assert a <= SLOPES[k1]
    assert SLOPES[k2] <= b
    assert below == np.searchsorted(SLOPES, a) <= k1
    assert up_to == np.searchsorted(SLOPES, b, side="right") > k2


@pytest.mark.parametrize("k2", [600, 601])
@pytest.mark.parametrize(
    ("low", "high"), [(-0.1, 0.1), (-3.0, -2.5), (2.5, 3.0), (-0.001, 0.0), (1.0, 1.02)]
)
def test_a_window_that_misses_the_ranks_is_moved_until_it_holds_them(low, high, k2):
    assert_held(low, high, 600, k2)


def test_a_window_that_misses_a_rank_by_one_is_moved_as_well():
    between = 0.5 * (SLOPES[1:] + SLOPES[:-1])
    assert_held(between[610], between[630], 610, 610)  # begins behind the rank
    assert_held(between[590], between[609], 610, 610)  # ends before it
    assert_held(between[609], between[611], 610, 611)  # holds both, and no other


def test_a_window_too_far_away_is_given_up():
    series = slope_ranks._describe(T, Y, 50)
    for far in (1e6, -1e6):
        found, *_ = slope_ranks._enclose(series, far, far + 1e-3, 610, 613, np.empty((2, 114)))
        assert not found
