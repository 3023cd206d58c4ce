"""Daily values beside NumPy's interpolation and a search of the nearest observation."""

import numpy as np
import pytest

from soilscope.kernels.daily import to_days

N_DAYS = 40


def daily(y, x, *, reach=8.0, longest=20.0, n_days=N_DAYS):
    out = np.empty((n_days, y.shape[1]), y.dtype)
    to_days(y, x, reach, longest, out)
    return out


def by_search(y, x, reach, longest, n_days):
    """Look at each day by itself."""
    kept = np.isfinite(y)
    days = np.unique(x[kept])
    values = np.array([y[kept & (x == d)].mean() for d in days])
    out = np.full(n_days, np.nan)
    for i in range(n_days):
        before, after = np.flatnonzero(days <= i), np.flatnonzero(days >= i)
        if before.size and after.size and days[after[0]] - days[before[-1]] <= longest:
            out[i] = np.interp(i, days, values)
        elif days.size and np.abs(days - i).min() <= reach:
            out[i] = values[np.abs(days - i).argmin()]
    return out


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("common", [True, False])
@pytest.mark.parametrize(("reach", "longest"), [(8.0, 20.0), (0.0, 7.5), (3.5, 1e9), (50.0, 0.0)])
def test_days_are_those_of_a_search_day_by_day(reach, longest, common, dtype):
    rng = np.random.default_rng(0)
    x = np.round(rng.uniform(-6, 46, (9, 1 if common else 18)), 2)  # in no order, some outside
    x[3] = x[7]  # two values of one day
    y = rng.normal(size=(9, 18)).astype(dtype)
    y[rng.random(y.shape) < 0.3] = np.nan
    y[0, 4], y[:, 5] = np.inf, np.nan
    found = daily(y, x, reach=reach, longest=longest)
    for s in range(18):
        expected = by_search(y[:, s], x[:, 0 if common else s], reach, longest, N_DAYS)
        np.testing.assert_allclose(
            found[:, s], expected, rtol=1e-5 if dtype == np.float32 else 1e-9
        )


def test_a_straight_line_is_found_again_on_every_day_between():
    x = np.array([[0.0], [8.0], [24.0], [39.0]])
    found = daily(2.0 * x + 1.0, x)
    np.testing.assert_allclose(found[:, 0], 2.0 * np.arange(N_DAYS) + 1.0)


def test_a_gap_that_is_too_long_is_filled_from_both_sides_as_far_as_values_reach():
    found = daily(np.array([[1.0], [3.0]]), np.array([[5.0], [30.0]]), reach=4.0, longest=20.0)
    held = [range(1, 10), range(26, 35)]
    assert np.flatnonzero(found[:, 0] == 1.0).tolist() == list(held[0])
    assert np.flatnonzero(found[:, 0] == 3.0).tolist() == list(held[1])
    assert np.isnan(found).sum() == N_DAYS - 18


def test_values_of_one_day_become_their_mean():
    y, x = np.array([[1.0], [2.0], [9.0], [np.nan]]), np.array([[3.0], [3.0], [3.0], [3.0]])
    found = daily(y, x, reach=0.0)
    assert np.flatnonzero(np.isfinite(found[:, 0])).tolist() == [3]
    assert found[3, 0] == 4.0


@pytest.mark.parametrize("n", [0, 1])
def test_without_values_all_days_are_missing(n):
    assert np.isnan(daily(np.full((n, 3), np.nan), np.zeros((n, 1)))).all()
    assert np.isnan(daily(np.full((n, 3), np.nan), np.zeros((n, 3)))).all()
