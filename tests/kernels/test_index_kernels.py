"""Moments, z-scores and ranks of many series against plain NumPy and SciPy."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import rankdata

from soilscope import names
from soilscope.kernels import index, ranks

NO_YEARS = np.empty((0, 0), dtype=np.int32)
MONTH = np.arange(60) % 12
NAN = np.nan


def sample(dtype=np.float64, n=60, n_series=7):
    x = np.random.default_rng(3).normal(0.3, 0.05, (n, n_series)).astype(dtype)
    x[::7, 1] = NAN
    x[5, 2] = np.inf
    x[:, 3] = NAN
    return x


def zscore(x, slot=MONTH, base=None, half=0, min_years=2, ddof=1):
    base = slot if base is None else base
    shape = int(slot.max()) + 1, x.shape[1]
    out = np.empty_like(x), np.empty(shape, np.int32), np.empty(shape, np.int8)
    index.zscore(x, slot, base, half, NO_YEARS, min_years, ddof, *out)
    return out


def parameters(x, slot=MONTH, base=None, half=0, min_years=2, ddof=1):
    base = slot if base is None else base
    shape = int(slot.max()) + 1, x.shape[1]
    out = np.empty(shape), np.empty(shape), np.empty(shape, np.int32), np.empty(shape, np.int8)
    index.zscore_parameters(x, base, half, NO_YEARS, min_years, ddof, *out)
    return out


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_zscore_is_difference_from_the_month_over_its_deviation(dtype):
    x = sample(dtype)
    found, count, _ = zscore(x)
    clean = np.where(np.isfinite(x), x, NAN).astype(float)
    for q in (0, 1, 2, 4, 5, 6):
        for m in range(12):
            values = clean[m == MONTH, q]
            expected = (values - np.nanmean(values)) / np.nanstd(values, ddof=1)
            close = 1e-6 if dtype == np.float32 else 1e-12
            assert_allclose(found[m == MONTH, q], expected, rtol=0, atol=close)
            assert count[m, q] == np.isfinite(values).sum()
    assert np.isnan(found[:, 3]).all()
    assert found.dtype == dtype


@pytest.mark.parametrize("half", [0, 2])
def test_one_pass_is_fit_and_application_to_the_last_bit(half):
    x = sample()
    found, count, status = zscore(x, half=half)
    mean, std, count_2, status_2 = parameters(x, half=half)
    again = np.empty_like(x)
    index.zscore_apply(x, MONTH, mean, std, again)
    assert_array_equal(found, again)
    assert_array_equal(count, count_2)
    assert_array_equal(status, status_2)


def test_a_block_of_series_gets_the_numbers_of_the_whole():
    x = np.random.default_rng(0).normal(size=(60, 600)).astype(np.float32)
    whole = zscore(x)[0]
    parts = [zscore(np.ascontiguousarray(x[:, a : a + 77]))[0] for a in range(0, 600, 77)]
    assert_array_equal(whole, np.concatenate(parts, axis=1))


@pytest.mark.parametrize("value", [0.1, 0.3, 1e9 / 3])
@pytest.mark.parametrize("half", [0, 1])
def test_equal_values_are_constant_without_a_trace_of_rounding(value, half):
    x = np.full((60, 2), value)
    x[0, 1] = NAN  # the first value of January is missing
    found, _, status = zscore(x, half=half)
    assert np.isnan(found).all()
    assert (status == names.CONSTANT).all()
    assert (parameters(x, half=half)[0] == value).all()


def test_a_large_offset_does_not_destroy_the_deviations():
    x = np.arange(60.0).reshape(60, 1) ** 2
    assert_allclose(zscore(x + 2.0**40)[0], zscore(x)[0], rtol=1e-9)


def test_a_window_merges_its_slots_around_the_year_end():
    x = np.random.default_rng(1).normal(size=(60, 1))
    mean, std, count, _ = parameters(x, half=1)
    december_to_february = x[np.isin(MONTH, [11, 0, 1]), 0]
    assert count[0, 0] == 15
    assert_allclose(mean[0, 0], december_to_february.mean(), rtol=1e-12)
    assert_allclose(std[0, 0], december_to_february.std(ddof=1), rtol=1e-12)


def test_years_are_counted_and_not_values():
    # two years of daily-like data: 30 values, yet two years, and one where the second is missing
    slot = np.zeros(30, dtype=np.int64)
    year = np.repeat([0, 1], 15)
    x = np.ones((30, 2))
    x[15:, 1] = NAN
    assert_array_equal(index.count_years(x, slot, year, 1, 2, 0), [[2, 1]])


def test_years_of_a_window_are_those_of_any_of_its_slots():
    slot, year = np.array([0, 3, 1]), np.array([0, 0, 1])
    found = index.count_years(np.ones((3, 1)), slot, year, 4, 2, 1)
    assert_array_equal(found[:, 0], [2, 2, 2, 1])  # slot 0 sees 3, 0, 1; slot 3 sees 2, 3, 0


def test_ranks_average_ties_as_scipy_does():
    x = np.random.default_rng(2).integers(0, 4, (60, 3)).astype(float)
    p, count, _ = ranks.probabilities(x, MONTH, MONTH, 12, 0, 5, NO_YEARS, 2)
    for q in range(3):
        for m in range(12):
            values = x[m == MONTH, q]
            if np.ptp(values) > 0:
                expected = (rankdata(values) - 0.44) / (values.size + 0.12)
                assert_allclose(p[m == MONTH, q], expected, rtol=1e-14)
    assert (count == 5).all()


@pytest.mark.parametrize(
    ("value", "rank"), [(-9.0, 1.0), (1.0, 1.0), (1.5, 1.5), (2.0, 2.5), (2.5, 3.5), (9.0, 4.0)]
)
def test_a_new_value_is_ranked_between_its_neighbours_and_never_beyond_the_ends(value, rank):
    # i = #less + 0.5 #equal + 0.5, within [1, n], by hand for the reference 1, 2, 2, 3
    reference = np.array([1.0, 2.0, 2.0, 3.0]).reshape(1, 4, 1)
    new = np.array([[value]])
    count = np.array([[4]])
    p = ranks.probabilities_among(new, np.array([0]), reference, count)
    assert p[0, 0] == pytest.approx((rank - 0.44) / 4.12, rel=1e-15)


@pytest.mark.parametrize("half", [0, 1])
def test_ranks_among_stored_values_are_those_of_one_pass(half):
    x = sample()
    n_rank = 5 * (2 * half + 1)
    p, count, status = ranks.probabilities(x, MONTH, MONTH, 12, half, n_rank, NO_YEARS, 2)
    values, count_2, status_2 = ranks.sorted_values(x, MONTH, 12, half, n_rank, NO_YEARS, 2)
    again = ranks.probabilities_among(x, MONTH, values, count_2.astype(np.int64))
    assert_array_equal(p, again)
    assert_array_equal(count, count_2)
    assert_array_equal(status, status_2)
    assert_array_equal(np.isfinite(values).sum(axis=1), count)
