"""Runs of time steps: sums, means and extremes against NumPy, row by row."""

import numpy as np
import pytest

from soilscope.kernels.periods import average_runs, extreme_of_runs

STARTS = np.array([0, 3, 4, 9])
ROWS = np.array([0, 2, 3])


def series(n_series, dtype="f8"):
    y = np.random.default_rng(1).normal(0.3, 0.1, (9, n_series))
    y[np.random.default_rng(2).random(y.shape) < 0.3] = np.nan
    return y.astype(dtype)


def by_hand(y, reduce, least):
    out = np.full((4, y.shape[1]), np.nan)
    for r, row in enumerate(ROWS):
        for q in range(y.shape[1]):
            run = y[STARTS[r] : STARTS[r + 1], q].astype("f8")
            valid = run[np.isfinite(run)]
            if valid.size >= least[r]:
                out[row, q] = reduce(valid)
    return out


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize(("is_mean", "reduce"), [(True, np.mean), (False, np.sum)])
def test_runs_are_averaged_or_summed_over_their_finite_values(is_mean, reduce, dtype):
    y, least = series(5, dtype), np.array([1, 1, 3])
    y[6, 2] = np.inf
    out = np.full((4, 5), np.nan, dtype)
    average_runs(y, STARTS, ROWS, least, is_mean, out)
    np.testing.assert_allclose(
        out, by_hand(y, reduce, least), rtol=1e-6 if dtype == "f4" else 1e-12
    )


@pytest.mark.parametrize(("sign", "reduce"), [(1.0, np.max), (-1.0, np.min)])
def test_the_largest_and_the_smallest_of_a_run(sign, reduce):
    y, least = series(5), np.array([2, 1, 2])
    y[7, 1] = -np.inf
    out = np.full((4, 5), np.nan)
    extreme_of_runs(y, STARTS, ROWS, least, sign, out)
    np.testing.assert_array_equal(out, by_hand(y, reduce, least))


@pytest.mark.jit
def test_series_beyond_one_strip_are_the_same():
    y, least = series(5000), np.array([1, 1, 1])
    out = np.full((4, 5000), np.nan)
    average_runs(y, STARTS, ROWS, least, True, out)
    np.testing.assert_allclose(out, by_hand(y, np.mean, least), rtol=1e-12)
    extreme_of_runs(y, STARTS, ROWS, least, -1.0, out)
    np.testing.assert_array_equal(out, by_hand(y, np.min, least))


def test_single_precision_is_added_up_in_double():
    y = np.full((9, 1), 0.1, "f4")
    out = np.full((4, 1), np.nan, "f4")
    average_runs(y, STARTS, ROWS, np.array([1, 1, 1]), False, out)
    assert out[3, 0] == np.float32(5 * np.float64(np.float32(0.1)))
