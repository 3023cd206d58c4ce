"""Savitzky-Golay filters against SciPy, and the upper envelope written out step by step."""

import numpy as np
import pytest
from scipy.signal import savgol_coeffs, savgol_filter

from soilscope.kernels.gaps import bridge, open_gaps
from soilscope.kernels.savitzky_golay import savitzky_golay, upper_envelope, window_fits

WINDOWS = [(5, 0), (7, 2), (7, 3), (9, 6), (15, 4)]


def noisy(n, n_series, seed=0):
    rng = np.random.default_rng(seed)
    y = 0.4 + 0.2 * np.sin(np.arange(n)[:, None] / 4) + rng.normal(0, 0.05, (n, n_series))
    clouds = rng.random(y.shape) < 0.2
    return y - np.where(clouds, rng.uniform(0.05, 0.3, y.shape), 0.0)


def filtered(y, window, order, least=3):
    out = np.empty_like(y)
    savitzky_golay(y, window_fits(window, order), least, out)
    return out


@pytest.mark.parametrize(("window", "order"), WINDOWS)
def test_the_middle_row_of_the_fits_holds_the_coefficients_of_scipy(window, order):
    fits = window_fits(window, order)
    np.testing.assert_allclose(fits[window // 2], savgol_coeffs(window, order), atol=1e-13)


@pytest.mark.parametrize(("window", "order"), WINDOWS)
def test_series_without_gaps_are_those_of_scipy(window, order):
    y = noisy(40, 20)
    expected = savgol_filter(y, window, order, axis=0)
    np.testing.assert_allclose(filtered(y, window, order), expected, rtol=0, atol=1e-11)


def test_a_series_as_long_as_the_window_is_one_polynomial():
    y = noisy(7, 2)
    expected = savgol_filter(y, 7, 2, axis=0)
    np.testing.assert_allclose(filtered(y, 7, 2), expected, rtol=0, atol=1e-13)


def test_inner_gaps_are_bridged_and_the_ends_stay_missing():
    y = noisy(40, 1)
    y[[0, 1, 5, 6, 7, 20, 39], 0] = [np.nan, np.inf, np.nan, np.nan, -np.inf, np.nan, np.nan]
    t = np.arange(40)
    valid = np.isfinite(y[:, 0])
    line = np.interp(t[2:39], t[valid], y[valid, 0])
    found = filtered(y, 7, 2)[:, 0]
    np.testing.assert_allclose(found[2:39], savgol_filter(line, 7, 2), rtol=0, atol=1e-13)
    assert np.isnan(found[[0, 1, 39]]).all()


def test_too_few_values_or_too_short_a_span_give_nothing():
    y = np.full((20, 2), np.nan)
    y[::7, 0] = 1.0  # three values
    y[4:10, 1] = 1.0  # six steps
    assert np.isnan(filtered(y, 7, 2, least=4)).all()


def envelope_by_hand(y, trend, fit, most):
    """Steps 2 to 6 of Chen et al. (2004), for one series without gaps."""
    smooth = savgol_filter(y, *trend)
    away = np.abs(y - smooth)
    weight = np.where(y >= smooth, 1.0, 1.0 - away / away[y < smooth].max())
    found = []
    for _ in range(most):
        smooth = savgol_filter(np.maximum(y, smooth), *fit)
        found.append((np.sum(np.abs(smooth - y) * weight), smooth))
        if len(found) > 1 and found[-1][0] >= found[-2][0]:
            return found[-2][1], len(found)
    return found[-1][1], len(found)


@pytest.mark.parametrize("fit", [(9, 6), (7, 4), (7, 2)])
def test_the_envelope_takes_the_fit_before_the_index_grows(fit):
    y = noisy(60, 30)
    found = np.empty_like(y)
    upper_envelope(y, window_fits(9, 2), window_fits(*fit), 20, 3, found)
    hands = [envelope_by_hand(series, (9, 2), fit, 20) for series in y.T]
    np.testing.assert_allclose(found.T, [smooth for smooth, _ in hands], rtol=0, atol=1e-12)
    assert len({n for _, n in hands}) > 1  # series end at different iterations


def test_the_envelope_ends_after_the_most_iterations():
    y = noisy(60, 5)
    found = np.empty_like(y)
    upper_envelope(y, window_fits(9, 2), window_fits(7, 2), 1, 3, found)
    expected = [envelope_by_hand(series, (9, 2), (7, 2), 1)[0] for series in y.T]
    np.testing.assert_allclose(found.T, expected, rtol=0, atol=1e-12)


def test_the_envelope_of_a_line_is_the_line():
    line = np.repeat(np.linspace(0.0, 1.0, 30)[:, None], 2, axis=1)
    found = np.empty_like(line)
    upper_envelope(line, window_fits(9, 2), window_fits(9, 6), 20, 3, found)
    np.testing.assert_allclose(found, line, atol=1e-13)


def test_a_bridge_says_where_the_values_are():
    y = np.array([np.nan, 1.0, np.nan, np.nan, 4.0, np.inf, 2.0, np.nan])
    assert bridge(y) == (1, 7, 3)
    np.testing.assert_allclose(y, [np.nan, 1.0, 2.0, 3.0, 4.0, 3.0, 2.0, np.nan])
    assert bridge(np.full(4, np.nan)) == (0, 0, 0)


def test_gaps_longer_than_allowed_are_opened():
    y = np.array([[np.nan, 1, np.nan, np.nan, 1, 1, np.nan, np.nan, np.nan, 1, np.nan]]).T
    for longest, left in ((2, [6, 7, 8]), (1, [2, 3, 6, 7, 8]), (3, [])):
        out = np.ones_like(y)
        open_gaps(y, np.empty((0, 0)), longest, out)
        assert np.flatnonzero(np.isnan(out[:, 0])).tolist() == left
    weights = np.ones_like(y)
    weights[4] = 0.0
    out = np.ones_like(y)
    open_gaps(y, weights, 2, out)
    assert np.flatnonzero(np.isnan(out[:, 0])).tolist() == [2, 3, 4, 6, 7, 8]
