"""Estimates of agreement from the pairs of two series: moments, ranks, serial correlation."""

import math

import numpy as np

from soilscope.kernels.compile import kernel
from soilscope.kernels.inversions import sort_counting, tied_pairs

#: Rows of the estimates. Those up to `KGE` follow from moments; those up to `R_ANOMALY` can have
#: bounds.
R, NSE, BIAS, RMSE, UBRMSE, KGE, SPEARMAN, KENDALL, R_ANOMALY = range(9)
MSE_CORRELATION, MSE_BIAS, MSE_VARIANCE, N_EFF, BLOCK_LENGTH = range(9, 14)
N_BOUNDED, N_ESTIMATES = 9, 14
ROUNDING = 1e-24  # share of the variance that rounding leaves of a series without anomalies


@kernel
def is_constant(values, n):
    """Whether values[:n] are all equal."""
    for i in range(1, n):
        if values[i] != values[0]:
            return False
    return True


@kernel
def centre(values, n):
    """Subtract the mean of values[:n], again for the rounding of the first time; returns it."""
    if is_constant(values, n):
        mean = values[0]
        values[:n] = 0.0
        return mean
    mean = 0.0
    for i in range(n):
        mean += values[i]
    mean /= n
    rest = 0.0
    for i in range(n):
        values[i] -= mean
        rest += values[i]
    rest /= n
    for i in range(n):
        values[i] -= rest
    return mean + rest


@kernel
def remove_means(values, group, n, n_groups):
    """Subtract from values[:n] the mean of their group; zeros where only rounding remains."""
    mean = np.zeros(n_groups)
    count = np.zeros(n_groups)
    centre(values, n)
    whole = 0.0
    for i in range(n):
        whole += values[i] * values[i]
        mean[group[i]] += values[i]
        count[group[i]] += 1.0
    rest = 0.0
    for i in range(n):
        values[i] -= mean[group[i]] / count[group[i]]
        rest += values[i] * values[i]
    if rest <= ROUNDING * whole:
        values[:n] = 0.0


@kernel
def correlation(pair, n):
    """Correlation of the two rows of `pair`, which are centred; NaN if one is zero."""
    aa = 0.0
    bb = 0.0
    ab = 0.0
    for i in range(n):
        aa += pair[0, i] * pair[0, i]
        bb += pair[1, i] * pair[1, i]
        ab += pair[0, i] * pair[1, i]
    if aa <= 0.0 or bb <= 0.0:
        return np.nan
    return min(max(ab / (math.sqrt(aa) * math.sqrt(bb)), -1.0), 1.0)


@kernel
def moment_estimates(pair, n, kge_2009, out):
    """Centre both rows of `pair` and write the estimates from moments; returns the two means."""
    mean_a = centre(pair[0], n)
    mean_b = centre(pair[1], n)
    aa = 0.0
    bb = 0.0
    ab = 0.0
    dd = 0.0
    for i in range(n):
        a = pair[0, i]
        b = pair[1, i]
        aa += a * a
        bb += b * b
        ab += a * b
        dd += (a - b) * (a - b)
    from_moments(mean_a, mean_b, aa / n, bb / n, ab / n, dd / n, kge_2009, out)
    sd_a = math.sqrt(aa / n)
    sd_b = math.sqrt(bb / n)
    out[MSE_CORRELATION] = max(2.0 * (sd_a * sd_b - ab / n), 0.0)
    out[MSE_BIAS] = out[BIAS] ** 2
    out[MSE_VARIANCE] = (sd_a - sd_b) ** 2
    return mean_a, mean_b


@kernel
def from_moments(mean_a, mean_b, var_a, var_b, covariance, var_difference, kge_2009, out):
    """Write the estimates up to `KGE`; NaN where they need a variance that is zero."""
    bias = mean_a - mean_b
    mse = bias * bias + var_difference
    out[BIAS] = bias
    out[RMSE] = math.sqrt(mse)
    out[UBRMSE] = math.sqrt(var_difference)
    out[NSE] = 1.0 - mse / var_b if var_b > 0.0 else np.nan
    out[R] = np.nan
    out[KGE] = np.nan
    if var_a > 0.0 and var_b > 0.0:
        sd_a = math.sqrt(var_a)
        sd_b = math.sqrt(var_b)
        r = min(max(covariance / (sd_a * sd_b), -1.0), 1.0)
        out[R] = r
        if mean_b != 0.0 and (kge_2009 or mean_a != 0.0):
            ratio = mean_a / mean_b
            spread = sd_a / sd_b if kge_2009 else (sd_a / mean_a) / (sd_b / mean_b)
            kge = 1.0 - math.sqrt((r - 1.0) ** 2 + (spread - 1.0) ** 2 + (ratio - 1.0) ** 2)
            out[KGE] = kge if math.isfinite(kge) else np.nan


@kernel
def rank_estimates(pair, n, spearman, kendall, scratch, ids, out):
    """Write Spearman's rho and Kendall's tau-b; `ids` (2, n) gets the dense ranks of both rows."""
    order = np.argsort(pair[0, :n])
    dense_ranks(pair[0], order, n, scratch[0], ids[0])
    if kendall:
        out[KENDALL] = _kendall(pair, order, n, scratch[1], scratch[2])
    dense_ranks(pair[1], np.argsort(pair[1, :n]), n, scratch[1], ids[1])
    if spearman:
        middle = 0.5 * (n + 1)
        for i in range(n):
            scratch[0, i] -= middle
            scratch[1, i] -= middle
        out[SPEARMAN] = correlation(scratch, n)
    return order


@kernel
def dense_ranks(values, order, n, ranks, ids):
    """Write average ranks from 1, and the number of each distinct value from 0."""
    i = 0
    number = 0
    while i < n:
        j = i + 1
        while j < n and values[order[j]] == values[order[i]]:
            j += 1
        for k in range(i, j):
            ranks[order[k]] = 0.5 * (i + j + 1)
            ids[order[k]] = number
        number += 1
        i = j


@kernel
def _kendall(pair, order, n, values, spare):
    """Kendall's tau-b: pairs that are out of order are counted while sorting."""
    for i in range(n):
        values[i] = pair[1, order[i]]
    ties_a = 0
    ties_both = 0
    i = 0
    while i < n:
        j = i + 1
        while j < n and pair[0, order[j]] == pair[0, order[i]]:
            j += 1
        if j - i > 1:
            ties_a += (j - i) * (j - i - 1) // 2
            values[i:j].sort()
            ties_both += tied_pairs(values, i, j)
        i = j
    discordant, ordered, _ = sort_counting(values, spare, n)
    ties_b = tied_pairs(ordered, 0, n)
    pairs = n * (n - 1) // 2
    s = pairs - ties_a - ties_b + ties_both - 2 * discordant
    return s / math.sqrt(float(pairs - ties_a)) / math.sqrt(float(pairs - ties_b))


@kernel
def lag_one(values, places, n):
    """Lag-1 autocorrelation of centred values[:n]; pairs with a gap between them do not count."""
    products = 0.0
    squares = 0.0
    pairs = 0
    for i in range(n):
        squares += values[i] * values[i]
        if i > 0 and places[i] - places[i - 1] == 1:
            products += values[i] * values[i - 1]
            pairs += 1
    if pairs == 0 or squares <= 0.0:
        return np.nan
    span = places[n - 1] - places[0] + 1
    r = products / pairs * (span - 1) / span / (squares / n)
    return min(max(r, -1.0), 1.0)
