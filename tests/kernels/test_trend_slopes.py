"""Slopes by selection are the slopes by listing and sorting, to the last bit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import config

from soilscope.kernels import slope_ranks, theil_sen
from soilscope.kernels.slope_ranks import ranked_slopes
from soilscope.kernels.theil_sen import sen_slopes


def reach_at_95(n):
    return 1.96 * np.sqrt(n * (n - 1) * (2 * n + 5) / 18)


def listed(t, y, season, reach):
    """Slope, bounds and intercept from the sorted list of all slopes."""
    valid = np.isfinite(y)
    t, y, season = t[valid], y[valid].astype(float), season[valid]
    i, j = np.triu_indices(y.size, 1)
    same = season[i] == season[j]
    i, j = i[same], j[same]
    slopes = np.sort((y[j] - y[i]) / (t[j] - t[i]))
    m = slopes.size
    if m == 0:
        return np.full(4, np.nan)
    slope = slopes[m // 2] if m % 2 else 0.5 * (slopes[m // 2 - 1] + slopes[m // 2])
    low, high = np.nan, np.nan
    if np.isfinite(reach):
        first, last = int(np.rint((m - reach) / 2)) - 1, int(np.rint((m + reach) / 2 + 1)) - 1
        low = slopes[first] if first >= 0 else -np.inf
        high = slopes[last] if last < m else np.inf
    return np.array([slope, low, high, np.median(y) - slope * np.median(t)])


def by_streaming(t, y, reach, season=None, n_seasons=1):
    season = np.zeros(t.size, np.int64) if season is None else season
    estimates = np.empty((4, y.shape[1]))
    sen_slopes(t, y, season, n_seasons, reach, estimates)
    return estimates


def by_ranks(t, y, reach):
    estimates = np.empty((4, y.shape[1]))
    settled = np.empty(y.shape[1], np.int8)
    ranked_slopes(t, y, reach, estimates, settled)
    return estimates, settled


def monthly(n):
    return 1980 + (np.arange(n) + 0.5) / 12


KINDS = (
    *("normal", "quantised", "coarse", "constant", "line", "offset", "gappy", "binary"),
    *("step", "falling step", "steep", "huge values", "tiny spacing"),
)
DENSE = ("line", "tiny spacing")  # slopes too close to one another to be told apart by residuals


def example(kind, n, rng):
    """Times and values of one kind of series, made from Gaussian noise."""
    t = monthly(n)
    y = 0.3 + 0.05 * rng.normal(size=n)
    step = np.where(np.arange(n) < n // 2, 0.0, 1.0)
    gaps = np.where(rng.random(n) < 0.3, np.nan, np.where(rng.random(n) < 0.1, np.inf, y))
    made = {
        "quantised": np.round(y, 3),
        "coarse": np.round(y, 1),
        "constant": np.full(n, 0.3),
        "line": 2 * t,
        "offset": y + 1e9,
        "gappy": gaps,
        "binary": (y > 0.3) * 1.0,
        "step": step,
        "falling step": -step,
        "steep": y + 1e3 * t,
        "huge values": y * 1e250,
    }
    if kind == "tiny spacing":
        t = np.sort(np.append(t[:-1], t[0] + 1e-9))
    return t, made.get(kind, y)


def assert_as_listed(t, y, left_open):
    """Both engines must give what the sorted list gives; the one by ranks may leave some open."""
    reach = np.array([reach_at_95(np.isfinite(y).sum())])
    expected = listed(t, y[:, 0], np.zeros(t.size), reach[0])
    np.testing.assert_array_equal(by_streaming(t, y, reach)[:, 0], expected)
    ranked, settled = by_ranks(t, y, reach)
    if settled[0]:
        np.testing.assert_array_equal(ranked[:, 0], expected)
    else:
        assert left_open


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [2, 3, 10, 21, 33, 45])
def test_slope_bounds_and_intercept_equal_the_sorted_list(n, kind, dtype):
    t, y = example(kind, n, np.random.default_rng(n))
    with np.errstate(over="ignore"):
        y = y[:, np.newaxis].astype(dtype)
    assert_as_listed(t, y, left_open=np.isfinite(y).sum() < 40 or kind in DENSE)


@pytest.mark.jit
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [90, 252, 601, 1300])
def test_long_series_equal_the_sorted_list(n, kind):
    t, y = example(kind, n, np.random.default_rng(n))
    assert_as_listed(t, y[:, np.newaxis], left_open=kind in DENSE)


@pytest.mark.skipif(not config.DISABLE_JIT, reason="the limits are compiled in")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [50, 71])
def test_with_lower_limits_short_series_go_the_ways_of_long_ones(n, kind, monkeypatch):
    monkeypatch.setattr(slope_ranks, "COMPARED", 20)
    monkeypatch.setattr(theil_sen, "LISTED", 100)
    t, y = example(kind, n, np.random.default_rng(n))
    assert_as_listed(t, y[:, np.newaxis], np.isfinite(y).sum() < 40 or kind in DENSE)


@pytest.mark.skipif(not config.DISABLE_JIT, reason="the room is compiled in")
@pytest.mark.parametrize("kind", KINDS)
def test_slopes_that_do_not_fit_the_list_are_bisected(kind, monkeypatch):
    monkeypatch.setattr(theil_sen, "LISTED", 10)
    monkeypatch.setattr(theil_sen, "ROOM", 0)
    monkeypatch.setattr(theil_sen, "SAMPLE", 16)
    t, y = example(kind, 80, np.random.default_rng(1))
    reach = np.array([reach_at_95(np.isfinite(y).sum())])
    expected = listed(t, y, np.zeros(80), reach[0])
    np.testing.assert_array_equal(by_streaming(t, y[:, np.newaxis], reach)[:, 0], expected)


@pytest.mark.jit
@pytest.mark.parametrize("decimals", [1, 2, 3, 12])
def test_hundreds_of_rounded_series_equal_the_sorted_list(decimals):
    rng = np.random.default_rng(decimals)
    t = monthly(140)
    y = np.round(0.3 + 0.05 * rng.normal(size=(140, 300)).cumsum(axis=0) * 0.3, decimals)
    reach = np.full(300, reach_at_95(140))
    expected = np.stack([listed(t, column, np.zeros(140), reach[0]) for column in y.T], axis=1)
    ranked, settled = by_ranks(t, y, reach)
    np.testing.assert_array_equal(ranked[:, settled == 1], expected[:, settled == 1])
    assert settled.mean() > 0.97
    np.testing.assert_array_equal(by_streaming(t, y, reach), expected)


def test_seasons_are_compared_within_themselves_only():
    rng = np.random.default_rng(3)
    t, y = monthly(60), np.round(rng.normal(size=(60, 4)), 1)
    y[rng.random(y.shape) < 0.2] = np.nan
    season = np.arange(60) % 12
    reach = np.array([np.nan, 10.0, 40.0, 1e9])
    expected = np.stack([listed(t, y[:, q], season, reach[q]) for q in range(4)], axis=1)
    np.testing.assert_array_equal(by_streaming(t, y, reach, season, 12), expected)


def test_seasons_of_a_long_record_equal_the_sorted_list():
    rng = np.random.default_rng(4)
    t, y = monthly(252), np.round(rng.normal(size=(252, 2)), 2)
    season = np.arange(252) % 12
    reach = np.array([300.0, np.nan])
    expected = np.stack([listed(t, y[:, q], season, reach[q]) for q in range(2)], axis=1)
    np.testing.assert_array_equal(by_streaming(t, y, reach, season, 12), expected)


@given(st.lists(st.integers(-3, 3), min_size=2, max_size=14), st.integers(0, 2**32 - 1))
def test_any_short_series_with_ties_equals_the_sorted_list(values, seed):
    rng = np.random.default_rng(seed)
    t = np.cumsum(rng.integers(1, 4, size=len(values))) / 12.0
    y = np.array(values, dtype=float)[:, np.newaxis]
    reach = np.array([rng.uniform(0, 20)])
    expected = listed(t, y[:, 0], np.zeros(t.size), reach[0])
    np.testing.assert_array_equal(by_streaming(t, y, reach)[:, 0], expected)


def test_series_without_two_values_have_no_slope():
    y = np.full((45, 3), np.nan)
    y[7, 1] = 1.0
    y[3, 2] = -np.inf
    reach = np.full(3, 5.0)
    assert np.isnan(by_streaming(monthly(45), y, reach)).all()
    ranked, settled = by_ranks(monthly(45), y, reach)
    assert np.isnan(ranked).all()
    assert not settled.any()


def test_bounds_are_infinite_where_the_rank_lies_outside_the_slopes():
    y = np.random.default_rng(5).normal(size=(10, 1))
    _, low, high, _ = by_streaming(np.arange(10.0), y, np.array([46.0]))[:, 0]
    assert (low, high) == (-np.inf, np.inf)
    y = np.random.default_rng(5).normal(size=(50, 1))
    ranked, settled = by_ranks(np.arange(50.0), y, np.array([1e6]))
    assert settled[0]
    assert (ranked[1, 0], ranked[2, 0]) == (-np.inf, np.inf)


@pytest.mark.jit
def test_an_exact_line_of_daily_length_is_still_settled():
    t = 1980 + np.arange(3000) / 365.25
    y = (0.125 * np.arange(3000))[:, np.newaxis]
    slope = by_streaming(t, y, np.array([np.nan]))[0, 0]
    assert slope == pytest.approx(0.125 * 365.25, rel=1e-9)
