"""Resampling blocks of time steps: what each resample makes of moments and of ranks.

A block is a run of steps of the calendar, gaps included. Its moments are a difference of running
sums, so a resample costs as many operations as it has blocks; for ranks it is counted how often
each pair was drawn. Blocks come from uniform numbers that were drawn before.
"""

import math

import numpy as np

from soilscope.kernels.compile import kernel
from soilscope.kernels.pairs import KENDALL, KGE, N_BOUNDED, SPEARMAN, from_moments
from soilscope.kernels.selection import quickselect

N_SUMS = 7  # count, a, b, a a, b b, a b, (a - b)^2
FLAT = 1e-12  # share of the whole variance below which a resample counts as constant
FEWEST_BLOCKS = 5


@kernel
def block_length(length, r, span):
    """Choose the steps of a block: as asked, or span^(1/3) and two decorrelation times at least."""
    if length == 0:
        r = min(max(r, 0.0), 0.999) if math.isfinite(r) else 0.0
        length = math.ceil(max(span ** (1.0 / 3.0), 2.0 * (1.0 + r) / (1.0 - r)) - 1e-9)
        length = min(length, span // FEWEST_BLOCKS)
    return max(1, min(length, span))


@kernel
def running_sums(pair, places, n, span, sums):
    """Write the sums of the moments of all steps before each step, from the first pair on."""
    sums[: span + 1] = 0.0
    for i in range(n):
        a = pair[0, i]
        b = pair[1, i]
        row = sums[places[i] - places[0] + 1]
        row[0] += 1.0
        row[1] += a
        row[2] += b
        row[3] += a * a
        row[4] += b * b
        row[5] += a * b
        row[6] += (a - b) * (a - b)
    for i in range(1, span + 1):
        for k in range(N_SUMS):
            sums[i, k] += sums[i - 1, k]


@kernel
def _draw_sums(sums, span, draws, block):
    """Sum the moments over one resample of `span` steps."""
    n = a = b = aa = bb = ab = dd = 0.0
    last = span - block
    left = span
    k = 0
    while left > 0:
        start = min(int(draws[k] * (last + 1)), last)  # a draw may be as good as 1
        low = sums[start]
        high = sums[start + min(block, left)]
        n += high[0] - low[0]
        a += high[1] - low[1]
        b += high[2] - low[2]
        aa += high[3] - low[3]
        bb += high[4] - low[4]
        ab += high[5] - low[5]
        dd += high[6] - low[6]
        left -= block
        k += 1
    return n, a, b, aa, bb, ab, dd


@kernel
def resample_moments(sums, span, draws, block, mean_a, mean_b, kge_2009, samples):
    """Write the estimates from moments of every resample into `samples` (N_BOUNDED, n_boot)."""
    one = np.empty(N_BOUNDED)
    n_all = sums[span, 0]
    flat_a = FLAT * sums[span, 3] / n_all
    flat_b = FLAT * sums[span, 4] / n_all
    for s in range(draws.shape[0]):
        n, a, b, aa, bb, ab, dd = _draw_sums(sums, span, draws[s], block)
        if n < 2.0:
            continue
        a /= n
        b /= n
        var_a = aa / n - a * a
        var_b = bb / n - b * b
        from_moments(
            mean_a + a, mean_b + b, var_a if var_a > flat_a else 0.0,
            var_b if var_b > flat_b else 0.0, ab / n - a * b,
            max(dd / n - (a - b) ** 2, 0.0), kge_2009, one,
        )  # fmt: skip
        samples[: KGE + 1, s] = one[: KGE + 1]


@kernel
def resample_correlation(sums, span, draws, block, samples):
    """Write the correlation of every resample into `samples` (n_boot,)."""
    flat_a = FLAT * sums[span, 3]
    flat_b = FLAT * sums[span, 4]
    for s in range(draws.shape[0]):
        n, a, b, aa, bb, ab, _ = _draw_sums(sums, span, draws[s], block)
        if n < 2.0:
            continue
        aa -= a * a / n
        bb -= b * b / n
        if aa > flat_a and bb > flat_b:
            r = (ab - a * b / n) / (math.sqrt(aa) * math.sqrt(bb))
            samples[s] = min(max(r, -1.0), 1.0)


@kernel
def resample_ranks(places, order, ids, n, span, draws, block, kendall, samples):
    """Write Spearman's rho, and Kendall's tau-b if wanted, of every resample into `samples`."""
    drawn = np.empty(span + 1, np.int64)
    times = np.empty(n, np.int64)
    tally = np.empty((2, n), np.int64)
    rank = np.empty((2, n))
    tree = np.empty(n + 1, np.int64)
    for s in range(draws.shape[0]):
        drawn[:] = 0
        k = 0
        left = span
        while left > 0:
            start = min(int(draws[s, k] * (span - block + 1)), span - block)
            drawn[start] += 1
            drawn[start + min(block, left)] -= 1
            left -= block
            k += 1
        for i in range(1, span):
            drawn[i] += drawn[i - 1]
        total = 0
        tally[:] = 0
        for i in range(n):
            w = drawn[places[i] - places[0]]
            times[i] = w
            total += w
            tally[0, ids[0, i]] += w
            tally[1, ids[1, i]] += w
        spread = _repeated_ranks(tally, rank, total)
        if spread <= 0.0:
            continue
        product = 0.0
        for i in range(n):
            product += times[i] * rank[0, ids[0, i]] * rank[1, ids[1, i]]
        samples[SPEARMAN, s] = min(max(product / spread, -1.0), 1.0)
        if kendall:
            samples[KENDALL, s] = _repeated_kendall(order, ids, times, tally, tree, n, total)


@kernel
def _repeated_ranks(tally, rank, total):
    """Write centred average ranks of values that occur `tally` times; returns their spread."""
    spread = 1.0
    for k in range(2):
        before = 0.0
        squares = 0.0
        for g in range(tally.shape[1]):
            t = tally[k, g]
            rank[k, g] = before + 0.5 * (t + 1) - 0.5 * (total + 1)
            squares += t * rank[k, g] * rank[k, g]
            before += t
        spread *= math.sqrt(squares)
    return spread


@kernel
def _repeated_kendall(order, ids, times, tally, tree, n, total):
    """Kendall's tau-b of pairs that occur `times` times, by a Fenwick tree over the second rank."""
    tree[:] = 0
    s = 0
    before = 0
    i = 0
    while i < n:
        j = i
        while j < n and ids[0, order[j]] == ids[0, order[i]]:
            w = times[order[j]]
            if w:
                g = ids[1, order[j]]
                below = _count_up_to(tree, g)
                above = before - _count_up_to(tree, g + 1)
                s += w * (below - above)
            j += 1
        for k in range(i, j):
            w = times[order[k]]
            if w:
                before += w
                g = ids[1, order[k]] + 1
                while g <= n:
                    tree[g] += w
                    g += g & -g
        i = j
    pairs = total * (total - 1) // 2
    scale = 1.0
    for k in range(2):
        ties = 0
        for g in range(n):
            ties += tally[k, g] * (tally[k, g] - 1) // 2
        scale *= math.sqrt(float(pairs - ties))
    return s / scale if scale > 0.0 else np.nan


@kernel
def _count_up_to(tree, g):
    """Sum of the first g entries."""
    total = 0
    while g > 0:
        total += tree[g]
        g -= g & -g
    return total


@kernel
def quantiles(values, tail):
    """Quantiles `tail` and 1 - `tail` (type 7) of the finite values; NaN if most are missing."""
    m = 0
    for i in range(values.size):
        values[m] = values[i]
        m += math.isfinite(values[m])
    if m < 2 or 2 * m < values.size:
        return np.nan, np.nan
    low = _quantile(values, 0, m, tail)
    first = int(min(max(tail, 0.0), 0.5) * (m - 1))  # what lies before is in its place now
    return low, _quantile(values, first, m, 1.0 - tail)


@kernel
def _quantile(values, first, m, p):
    """Quantile `p` of values[:m], of which those before `first` are the smallest."""
    place = min(max(p, 0.0), 1.0) * (m - 1)
    k = min(int(place), m - 2)
    below = quickselect(values, first, m - 1, k)
    above = values[k + 1]
    for i in range(k + 2, m):
        above = min(above, values[i])
    return below + (place - k) * (above - below)
