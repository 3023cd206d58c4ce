import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from soilscope import names
from soilscope.kernels import regression as kernel
from soilscope.kernels.lanes import LANES
from soilscope.kernels.newey_west import AUTOMATIC_LAG, NO_HAC

COEFFICIENT, STANDARDIZED, STDERR, PARTIAL_R, VIF = range(5)
R_SQUARED, CONDITION, AUTOCORRELATION = range(3)


def fit(y, drivers, *, lag=None, group=None, trend=None, scale=False, min_obs=8, row_at=None):
    """Run the kernel on y (n_time, n_series) and drivers (k, n_time, n_cells)."""
    k, n_time, _ = drivers.shape
    n_series = y.shape[1]
    estimates, summary = np.empty((5, k, n_series)), np.empty((3, n_series))
    n_obs, status = np.empty(n_series, np.int64), np.empty(n_series, np.int8)
    kernel.regression(
        np.ascontiguousarray(y),
        np.ascontiguousarray(drivers),
        np.tile(np.arange(n_time), (k, 1)),
        np.zeros((k + 1, n_time), np.int64) if group is None else group,
        np.empty(0) if trend is None else trend,
        np.arange(n_time) if row_at is None else row_at,
        np.array([np.finfo(drivers.dtype).eps] * k + [np.finfo(y.dtype).eps]),
        scale,
        min_obs,
        NO_HAC if lag is None else lag,
        estimates,
        summary,
        n_obs,
        status,
    )
    return estimates, summary, n_obs, status


def random_data(seed, *, n_time=30, k=3, n_series=4, mixed=0.5):
    rng = np.random.default_rng(seed)
    drivers = rng.normal(size=(k, n_time, n_series))
    drivers[1:] += mixed * drivers[0]
    y = np.einsum("kts,k->ts", drivers, rng.normal(size=k)) + rng.normal(size=(n_time, n_series))
    return y, drivers


def design(drivers, s):
    return np.column_stack([np.ones(drivers.shape[1]), drivers[:, :, s].T])


def newey_west(y, x, lag, steps):
    """The textbook sandwich, pair by pair, with x holding the intercept."""
    beta = np.linalg.lstsq(x, y, rcond=None)[0]
    scores = x * (y - x @ beta)[:, None]
    meat = np.zeros((x.shape[1],) * 2)
    for i in range(len(y)):
        for j in range(len(y)):
            apart = abs(int(steps[i]) - int(steps[j]))
            if apart <= lag:
                meat += (1 - apart / (lag + 1)) * np.outer(scores[i], scores[j])
    bread = np.linalg.inv(x.T @ x)
    factor = len(y) / (len(y) - x.shape[1])
    return np.sqrt(np.diag(bread @ meat @ bread) * factor)


seeds = st.integers(0, 2**32 - 1)


@given(seeds, st.integers(1, 6), st.sampled_from([1.0, 1e-6, 1e6]))
def test_coefficients_and_errors_equal_those_of_a_least_squares_solver(seed, k, unit):
    y, drivers = random_data(seed, k=k)
    y, drivers = y * unit, drivers / unit
    estimates, summary, n_obs, status = fit(y, drivers)
    assert_array_equal(status, 0)
    assert_array_equal(n_obs, 30)
    for s in range(y.shape[1]):
        x = design(drivers, s)
        beta, rss = np.linalg.lstsq(x, y[:, s], rcond=None)[:2]
        variance = rss[0] / (30 - k - 1) * np.diag(np.linalg.inv(x.T @ x))
        assert_allclose(estimates[COEFFICIENT, :, s], beta[1:], rtol=1e-9, atol=1e-12 * unit**2)
        assert_allclose(estimates[STDERR, :, s], np.sqrt(variance[1:]), rtol=1e-9)
        total = np.sum((y[:, s] - y[:, s].mean()) ** 2)
        assert summary[R_SQUARED, s] == pytest.approx(1 - rss[0] / total, rel=1e-9)


@given(seeds)
def test_a_coefficient_is_the_slope_of_residual_on_residual(seed):
    y, drivers = random_data(seed, n_series=1)
    estimates, *_ = fit(y, drivers)
    for c in range(3):
        others = design(np.delete(drivers, c, axis=0), 0)

        def residual(v, others=others):
            return v - others @ np.linalg.lstsq(others, v, rcond=None)[0]

        of_y, of_x = residual(y[:, 0]), residual(drivers[c, :, 0])
        assert estimates[COEFFICIENT, c, 0] == pytest.approx(of_x @ of_y / (of_x @ of_x), rel=1e-8)
        r = np.corrcoef(of_x, of_y)[0, 1]
        assert estimates[PARTIAL_R, c, 0] == pytest.approx(r, rel=1e-8)
        spread = drivers[c, :, 0] - drivers[c, :, 0].mean()
        assert estimates[VIF, c, 0] == pytest.approx(spread @ spread / (of_x @ of_x), rel=1e-8)


@given(seeds, st.integers(1, 6))
def test_the_condition_is_that_of_the_drivers_correlation_matrix(seed, k):
    y, drivers = random_data(seed, k=k, mixed=3.0)
    _, summary, *_ = fit(y, drivers)
    for s in range(y.shape[1]):
        matrix = np.corrcoef(drivers[:, :, s]).reshape(k, k)
        assert summary[CONDITION, s] == pytest.approx(np.linalg.cond(matrix), rel=1e-8)


@given(seeds, st.floats(-1e6, 1e6), st.floats(1e-3, 1e3))
def test_an_offset_of_a_driver_changes_nothing_and_a_scale_only_its_own_coefficient(
    seed, offset, factor
):
    y, drivers = random_data(seed)
    before, summary, *_ = fit(y, drivers)
    drivers[1] = drivers[1] * factor + offset
    after, summary_after, *_ = fit(y, drivers)
    after[[COEFFICIENT, STDERR], 1] *= factor
    assert_allclose(after, before, rtol=2e-5, atol=2e-6)
    assert_allclose(summary_after, summary, rtol=1e-5, atol=1e-6)


def test_an_offset_of_a_million_costs_few_digits():
    y, drivers = random_data(1)
    exact, *_ = fit(y, drivers)
    shifted, *_ = fit(y + 1e6, drivers + 1e6)
    assert_allclose(shifted, exact, rtol=1e-7)


@given(seeds, st.permutations(range(4)))
def test_the_order_of_drivers_and_of_series_does_not_matter(seed, order):
    y, drivers = random_data(seed, k=4)
    order = list(order)
    estimates, summary, *_ = fit(y, drivers)
    turned, turned_summary, *_ = fit(y[:, order], drivers[order][:, :, order])
    assert_allclose(turned, estimates[:, order][:, :, order], rtol=1e-9, atol=1e-12)
    assert_allclose(turned_summary, summary[:, order], rtol=1e-9, atol=1e-12)


@given(seeds, st.lists(st.integers(0, 30), max_size=8), st.sampled_from([np.nan, np.inf, -np.inf]))
def test_rows_with_a_missing_value_count_as_absent(seed, places, missing):
    y, drivers = random_data(seed, n_series=2)
    expected, expected_summary, *_ = fit(y, drivers)
    y = np.insert(y, places, missing, axis=0)
    drivers = np.insert(drivers, places, 7.0, axis=1)
    estimates, summary, n_obs, _ = fit(y, drivers)
    assert_array_equal(n_obs, 30)
    assert_allclose(estimates, expected, rtol=1e-9, atol=1e-12)
    assert_allclose(summary[:AUTOCORRELATION], expected_summary[:AUTOCORRELATION], rtol=1e-9)


def test_a_missing_driver_empties_its_row_in_its_series_only():
    y, drivers = random_data(2)
    whole, *_ = fit(y, drivers)
    drivers[1, 4, 2] = np.nan
    estimates, _, n_obs, _ = fit(y, drivers)
    assert_array_equal(n_obs, [30, 30, 29, 30])
    assert_array_equal(estimates[:, :, [0, 1, 3]], whole[:, :, [0, 1, 3]])
    expected, *_ = fit(np.delete(y, 4, axis=0), np.delete(drivers, 4, axis=1))
    assert_allclose(estimates[:, :, 2], expected[:, :, 2], rtol=1e-9)


@pytest.mark.parametrize("lag", [None, 3])
def test_a_number_does_not_depend_on_the_neighbours_of_a_series(lag):
    y, drivers = random_data(3, n_series=2 * LANES + 5)
    together, summary, *_ = fit(y, drivers, lag=lag)
    for s in (0, 1, LANES - 1, LANES, 2 * LANES + 4):
        alone, summary_alone, *_ = fit(y[:, s : s + 1], drivers[:, :, s : s + 1], lag=lag)
        assert_array_equal(alone[:, :, 0], together[:, :, s])
        assert_array_equal(summary_alone[:, 0], summary[:, s])


def test_layers_share_the_drivers_of_their_cell():
    y, drivers = random_data(4, n_series=LANES + 3)
    layers = np.hstack([y, 2 * y, y[::-1]])
    estimates, *_ = fit(layers, drivers)
    expected, *_ = fit(layers, np.tile(drivers, (1, 1, 3)))
    assert_array_equal(estimates, expected)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("offset", [0.0, 300.0, 1e6])
def test_exactly_collinear_drivers_are_found_also_with_an_offset_in_single_precision(dtype, offset):
    rng = np.random.default_rng(5)
    a, b, y = rng.normal(size=(3, 200, 20)) * 100
    drivers = np.stack([a, b, 2 * a - 3 * b]) + offset
    estimates, summary, n_obs, status = fit(y.astype(dtype), drivers.astype(dtype))
    assert_array_equal(status, names.COLLINEAR)
    assert np.isnan(estimates).all()
    assert np.isnan(summary).all()
    assert_array_equal(n_obs, 200)


def test_strong_but_real_collinearity_is_estimated():
    rng = np.random.default_rng(6)
    a, b = rng.normal(size=(2, 200, 5))
    drivers = np.stack([a, a + 1e-3 * b])
    estimates, _, _, status = fit(a + 2 * drivers[1], drivers)
    assert_array_equal(status, names.OK)
    assert_allclose(estimates[COEFFICIENT], [[1.0] * 5, [2.0] * 5], rtol=1e-7)
    assert (estimates[VIF] > 1e5).all()


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("level", [0.0, 0.1, 273.15, -1e6])
def test_a_constant_response_or_driver_has_its_status(dtype, level):
    y, drivers = random_data(7)
    y[:, 0] = level
    drivers[2, :, 1] = level
    _, _, _, status = fit(y.astype(dtype), drivers.astype(dtype))
    assert_array_equal(status, [names.CONSTANT, names.CONSTANT, names.OK, names.OK])


def test_a_purely_seasonal_driver_is_constant_once_its_seasons_are_removed():
    y, drivers = random_data(8, n_time=48)
    month = np.tile(np.arange(12), 4)
    drivers[1] = np.cos(month / 12 * 2 * np.pi)[:, None] * 8.1 + 280.3
    group = np.vstack([np.tile(month, (3, 1)), np.zeros((1, 48), int)])
    _, _, _, status = fit(y, drivers, group=group)
    assert_array_equal(status, names.CONSTANT)


def test_empty_and_short_series_have_their_status():
    y, drivers = random_data(9)
    y[:, 0] = np.nan
    y[7:, 1] = np.nan
    y[8:, 2] = np.nan
    estimates, _, n_obs, status = fit(y, drivers, min_obs=8)
    assert_array_equal(status, [names.NO_DATA, names.TOO_FEW, names.OK, names.OK])
    assert_array_equal(n_obs, [0, 7, 8, 30])
    assert np.isnan(estimates[:, :, :2]).all()
    assert np.isfinite(estimates[:, :, 2:]).all()


def test_a_perfect_fit_has_no_error_left():
    _, drivers = random_data(10)
    estimates, summary, _, _ = fit(3 * drivers[0] - drivers[2] + 5, drivers)
    assert_allclose(estimates[COEFFICIENT, [0, 2]], [[3.0] * 4, [-1.0] * 4], rtol=1e-12)
    assert_allclose(summary[R_SQUARED], 1.0)
    assert (estimates[STDERR] < 1e-12).all()
    assert_allclose(estimates[PARTIAL_R, [0, 2]], [[1.0] * 4, [-1.0] * 4])


@given(seeds, st.integers(0, 35), st.lists(st.integers(0, 29), max_size=10, unique=True))
def test_newey_west_errors_equal_the_sandwich_and_leave_gaps_open(seed, lag, missing):
    y, drivers = random_data(seed, k=2, n_series=1)
    keep = np.delete(np.arange(30), missing)
    expected = newey_west(y[keep, 0], design(drivers[:, keep], 0), lag, keep)
    y[missing] = np.nan
    estimates, *_ = fit(y, drivers, lag=lag)
    assert_allclose(estimates[STDERR, :, 0], expected[1:], rtol=1e-7)
    # the same where the axis itself lacks the stamps
    row_at = np.full(keep[-1] - keep[0] + 1, -1)
    row_at[keep - keep[0]] = np.arange(keep.size)
    estimates, *_ = fit(y[keep], drivers[:, keep], lag=lag, row_at=row_at)
    assert_allclose(estimates[STDERR, :, 0], expected[1:], rtol=1e-7)


@pytest.mark.parametrize(("n_obs", "lag"), [(30, 3), (99, 3), (100, 4), (270, 4), (274, 5)])
def test_the_automatic_lag_follows_each_series_own_count(n_obs, lag):
    # floor(4 (n / 100)^(2/9)) is 3 below n = 100, 4 below n = 273.0, then 5
    y, drivers = random_data(11, n_time=280, n_series=2)
    y[n_obs:, 0] = np.nan
    estimates, *_ = fit(y, drivers, lag=AUTOMATIC_LAG)
    chosen, *_ = fit(y, drivers, lag=lag)
    default, *_ = fit(y, drivers, lag=5)
    assert_array_equal(estimates[STDERR, :, 0], chosen[STDERR, :, 0])
    assert_array_equal(estimates[STDERR, :, 1], default[STDERR, :, 1])


@given(seeds)
def test_anomalies_and_trend_give_the_coefficients_of_dummies_and_time_as_regressors(seed):
    y, drivers = random_data(seed, n_time=60, n_series=2)
    month, time = np.arange(60) % 12, np.arange(60) / 12.0
    y[[3, 17, 40], 1] = np.nan
    ok = np.isfinite(y).all(axis=1)
    dummies = np.column_stack([*(month == m for m in range(12)), time]).astype(float)
    x = np.column_stack([drivers[:, :, 1].T, dummies])[ok]
    expected = np.linalg.lstsq(x, y[ok, 1], rcond=None)[0][:3]
    estimates, *_ = fit(y, drivers, group=np.tile(month, (4, 1)), trend=time)
    assert_allclose(estimates[COEFFICIENT, :, 1], expected, rtol=1e-8, atol=1e-10)


def test_standardised_variables_have_standardised_coefficients():
    y, drivers = random_data(12)
    plain, *_ = fit(y, drivers)
    scaled, *_ = fit(y, drivers, scale=True)
    assert_allclose(scaled[COEFFICIENT], plain[STANDARDIZED], rtol=1e-12)
    spread = drivers.std(axis=1, ddof=1) / y.std(axis=0, ddof=1)
    assert_allclose(plain[STANDARDIZED], plain[COEFFICIENT] * spread, rtol=1e-12)


def test_standardising_by_month_divides_each_month_by_its_own_spread():
    y, drivers = random_data(13, n_time=48, k=2)
    month = np.arange(48) % 12
    drivers *= 1.0 + month[None, :, None]
    own = drivers.reshape(2, 4, 12, 4)
    z = ((own - own.mean(axis=1, keepdims=True)) / own.std(axis=1, ddof=1, keepdims=True)).reshape(
        drivers.shape
    )
    group = np.vstack([np.tile(month, (2, 1)), np.zeros((1, 48), int)])
    by_month, *_ = fit(y, drivers, group=group, scale=True)
    expected, *_ = fit(y, z)
    assert_allclose(by_month[STANDARDIZED], expected[STANDARDIZED], rtol=1e-10)
    expected, *_ = fit(y / y.std(axis=0, ddof=1), z)
    assert_allclose(by_month[COEFFICIENT], expected[COEFFICIENT], rtol=1e-10)


def test_residual_autocorrelation_of_a_whole_record_is_the_classical_one():
    y, drivers = random_data(14)
    _, summary, *_ = fit(y, drivers)
    for s in range(y.shape[1]):
        x = design(drivers, s)
        e = y[:, s] - x @ np.linalg.lstsq(x, y[:, s], rcond=None)[0]
        assert summary[AUTOCORRELATION, s] == pytest.approx((e[1:] @ e[:-1]) / (e @ e), rel=1e-8)


@pytest.mark.jit
def test_a_gap_does_not_pull_residual_autocorrelation_to_zero():
    rng = np.random.default_rng(15)
    e = rng.normal(size=(4000, 8))
    for i in range(1, 4000):
        e[i] += 0.8 * e[i - 1]
    drivers = rng.normal(size=(1, 4000, 8))
    e[np.arange(4000) % 3 == 2] = np.nan  # pairs of months with a gap between them
    _, summary, *_ = fit(e, drivers)
    assert_allclose(summary[AUTOCORRELATION], 0.8, atol=0.06)
