"""Agreement of many pairs of series: estimates, their bounds, and what the pairs are worth."""

import math

import numpy as np

from soilscope.kernels.codes import CONSTANT, NO_DATA, OK, TOO_FEW
from soilscope.kernels.compile import kernel
from soilscope.kernels.pairs import (
    BLOCK_LENGTH,
    KENDALL,
    N_BOUNDED,
    N_EFF,
    N_ESTIMATES,
    R_ANOMALY,
    SPEARMAN,
    correlation,
    is_constant,
    lag_one,
    moment_estimates,
    rank_estimates,
    remove_means,
)
from soilscope.kernels.resampling import (
    N_SUMS,
    block_length,
    quantiles,
    resample_correlation,
    resample_moments,
    resample_ranks,
    running_sums,
)
from soilscope.kernels.strips import STRIP, take_strip


@kernel
def agreement(
    x, y, position, group, wanted, kge_2009, min_obs, draws, length, tails, estimates, low, high,
    n_obs, status,
):  # fmt: skip
    """Compare the columns of `x` with those of `y` (n_time, n_series) over their complete rows.

    `position` (n_time,) is the step of each stamp on a regular axis, or empty: no serial
    correlation, no bounds. `group` (n_time,) numbers the calendar month of each stamp from 0, or
    is empty. `wanted` (N_BOUNDED,) says which of the costly estimates to make. `draws` (n_boot,
    n_draws) are uniform numbers, none for no bounds; `length` steps make a block, 0 leaves it to
    each series; `tails` holds the tail probability for each number of blocks.
    """
    n_time, n_series = x.shape
    strip = np.empty((2, STRIP, n_time))
    pair = np.empty((2, n_time))
    anomaly = np.empty((2, n_time))
    scratch = np.empty((3, n_time))
    places = np.zeros(n_time, np.int64)
    months = np.zeros(n_time, np.int64)
    ids = np.zeros((2, n_time), np.int64)
    order = np.zeros(n_time, np.int64)
    n_groups = group.max() + 1 if group.size else 0
    n_boot = draws.shape[0]
    span = position[-1] + 1 if position.size and n_boot else 0
    sums = np.empty((span + 1, N_SUMS))
    samples = np.empty((N_BOUNDED, n_boot))
    estimates[:] = np.nan
    low[:] = np.nan
    high[:] = np.nan
    one = np.empty(N_ESTIMATES)
    for first in range(0, n_series, STRIP):
        width = take_strip(x, first, strip[0])
        take_strip(y, first, strip[1])
        for q in range(width):
            column = first + q
            n = _complete_rows(strip[:, q], position, group, pair, places, months)
            n_obs[column] = n
            if n < min_obs:
                status[column] = TOO_FEW if n else NO_DATA
                continue
            varies = not (is_constant(pair[0], n) or is_constant(pair[1], n))
            status[column] = OK if varies else CONSTANT
            one[:] = np.nan
            ranked = varies and (wanted[SPEARMAN] or wanted[KENDALL])
            anomalous = varies and wanted[R_ANOMALY] and n_groups > 0
            if ranked:
                order[:n] = rank_estimates(
                    pair, n, wanted[SPEARMAN], wanted[KENDALL], scratch, ids, one
                )
            if anomalous:
                _anomalies(pair, months, n, n_groups, anomaly)
                one[R_ANOMALY] = correlation(anomaly, n)
            mean_a, mean_b = moment_estimates(pair, n, kge_2009, one)
            if varies and position.size:
                r_a = lag_one(pair[0], places, n)
                r_b = lag_one(pair[1], places, n)
                one[N_EFF] = effective_size(n, r_a, r_b)
                if n_boot:
                    span = places[n - 1] - places[0] + 1
                    block = block_length(length, max(r_a, r_b), span)
                    one[BLOCK_LENGTH] = block
                    samples[:] = np.nan
                    running_sums(pair, places, n, span, sums)
                    resample_moments(sums, span, draws, block, mean_a, mean_b, kge_2009, samples)
                    if anomalous:
                        running_sums(anomaly, places, n, span, sums)
                        resample_correlation(sums, span, draws, block, samples[R_ANOMALY])
                    if ranked:
                        resample_ranks(
                            places, order, ids, n, span, draws, block, wanted[KENDALL], samples
                        )
                    tail = tails[(span + block - 1) // block]
                    _bounds(samples, tail, low[:, column], high[:, column])
            estimates[:, column] = one


@kernel
def _bounds(samples, tail, low, high):
    """Write the quantiles `tail` and 1 - `tail` of each estimate over its resamples."""
    for k in range(N_BOUNDED):
        low[k], high[k] = quantiles(samples[k], tail)


@kernel
def _anomalies(pair, months, n, n_groups, anomaly):
    """Write both series less their means of calendar months to `anomaly`."""
    for k in range(2):
        anomaly[k, :n] = pair[k, :n]
        remove_means(anomaly[k], months, n, n_groups)


@kernel
def _complete_rows(series, position, group, pair, places, months):
    """Put the rows in which both `series` (2, n_time) are finite to the front of `pair`.

    Their steps and calendar months go to `places` and `months`; returns how many rows there are.
    """
    n = 0
    for i in range(series.shape[1]):
        pair[0, n] = series[0, i]
        pair[1, n] = series[1, i]
        places[n] = position[i] if position.size else 0
        months[n] = group[i] if group.size else 0
        n += math.isfinite(pair[0, n]) and math.isfinite(pair[1, n])
    return n


@kernel
def effective_size(n, r_a, r_b):
    """Count of independent pairs with the same error of the correlation; at most n."""
    product = min(max(r_a * r_b, 0.0), 1.0)
    return n * (1.0 - product) / (1.0 + product)
