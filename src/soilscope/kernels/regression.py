"""Multiple regression of every series on its drivers, with OLS or Newey-West standard errors.

Series are worked off in strips of `LANES`: each strip is loaded once into float64 scratch
(columns, n_time, LANES) that fits the processor's cache, and every later step runs over lanes in
its innermost loop. Unused lanes are empty, so a number never depends on a series' neighbours.
"""

import math

import numpy as np
from numba import config

from soilscope.kernels.compile import kernel
from soilscope.kernels.lmg import lmg_shares

#: Series in a strip: it fits the cache, and the innermost loops are long enough.
LANES = 4 if config.DISABLE_JIT else 128
SMALLEST_TOLERANCE = 1e-10  # 1 / VIF at and below which drivers count as collinear
ROUNDING = 2.220446049250313e-16  # of a mean over n values: n times this, relative to the values

# rows of `estimates`, and of `summary`
COEFFICIENT, STANDARDIZED, STDERR, PARTIAL_R, VIF, SHARE = range(6)
R_SQUARED, CONDITION, AUTOCORRELATION = range(3)
# the codes of soilscope.names that a fit can have (a test keeps the two together)
OK, NO_DATA, TOO_FEW, CONSTANT, COLLINEAR = range(5)
# `max_lag` below zero
NO_HAC, AUTOMATIC_LAG = -1, -2

# a*b + c in one rounding; nothing that would lose NaN
fused = kernel(fastmath={"contract"})


@fused
def regression(
    y, drivers, source, group, time, row_at, resolution, scale, min_obs, max_lag,
    estimates, summary, n_obs, status,
):  # fmt: skip
    """Regress each series on its drivers, with an intercept, over the rows where all are finite.

    Parameters
    ----------
    y : (n_time, n_layers * n_cells), float32 or float64
        Responses; the series `layer * n_cells + cell` has the drivers of `cell`.
    drivers : (k, n_time, n_cells), float32 or float64
    source : (k, n_time), int
        The row of each driver that is used at each time (a lag), or -1.
    group : (k + 1, n_time), int
        The calendar month, from 0, whose mean is subtracted from each column (`y` is the last);
        all 0 subtracts the mean.
    time : (n_time,) or (0,)
        Where given, its linear trend is removed from every column.
    row_at : (n_steps,), int
        The row at each step of the calendar, or -1: rows beside one another are not always
        neighbours in time.
    resolution : (k + 1,)
        The machine epsilon of each column's own dtype.
    scale : bool
        Divide every column by its standard deviation (ddof = 1) over each of its groups.
    min_obs, max_lag : int
        Fewest complete rows; lags of Newey and West, `NO_HAC` or `AUTOMATIC_LAG`.
    estimates : (5 or 6, k, n_series)
        Written: coefficient, standardised coefficient, standard error, partial correlation, VIF;
        in a sixth row, where there is one, the driver's share of R squared.
    summary : (3, n_series)
        Written: R squared, condition number, lag-1 autocorrelation of the residuals.
    n_obs, status : (n_series,)
        Written: complete rows, and one of the codes above.
    """
    n_time, n_series = y.shape
    k, _, n_cells = drivers.shape
    column = np.empty((k + 1, n_time, LANES))
    valid = np.empty((n_time, LANES))
    size = np.empty((k + 1, LANES))  # mean square of the raw values
    product = np.empty((k + 1, k + 1, LANES))
    inverse = np.empty((k, k, LANES))  # of the drivers' cross products
    slope, variance = np.empty((k, LANES)), np.empty((k, LANES))
    count, rss, autocorrelation = np.empty(LANES), np.empty(LANES), np.empty(LANES)
    code = np.empty(LANES, np.int64)
    for layer in range(n_series // n_cells if n_cells else 0):
        for cell in range(0, n_cells, LANES):
            start = layer * n_cells + cell
            width = min(LANES, n_cells - cell)
            _load(y, drivers, source, start, cell, width, column, valid, count)
            for c in range(k + 1):
                _centre(column[c], valid, count, group[c], size[c])
                if time.size:
                    _detrend(column[c], valid, count, group[c], time)
                if scale:
                    _scale(column[c], valid, group[c], size[c])
            _cross_products(column, product)
            _judge(product, count, size, resolution, min_obs, code)
            _solve(product, count, size, resolution, code, inverse, slope)
            _residuals(column, slope, valid, count, row_at, rss, autocorrelation)
            _ols_variance(inverse, rss, count, variance)
            _write(product, inverse, slope, variance, rss, count, code, start, width, estimates,
                   summary)  # fmt: skip
            if estimates.shape[0] > SHARE:
                lmg_shares(product, code, width, estimates[SHARE, :, start : start + width])
            if max_lag != NO_HAC:
                _hac_variance(column, inverse, row_at, count, max_lag, variance)
                for c in range(k):
                    for q in range(width):
                        if code[q] == OK:
                            estimates[STDERR, c, start + q] = math.sqrt(variance[c, q])
            for q in range(width):
                if code[q] == OK:
                    summary[AUTOCORRELATION, start + q] = autocorrelation[q]
                n_obs[start + q] = np.int64(count[q])
                status[start + q] = code[q]


@fused
def _load(y, drivers, source, start, cell, width, column, valid, count):
    """Copy a strip into `column`; `valid` is 1 where a row is complete, else 0.

    Unused lanes have no complete row.
    """
    k, n_time = source.shape
    lanes, from_y, from_x = np.uint64(width), np.uint64(start), np.uint64(cell)  # no wraparound
    column[:, :, width:] = 0.0
    count[:] = 0.0
    gap = np.full(LANES, np.nan)  # 0 where all is finite, else NaN
    for i in range(n_time):
        for q in range(lanes):
            value = y[i, from_y + q]
            column[k, i, q] = value
            gap[q] = value - value
        for c in range(k):
            row = source[c, i]
            if row >= 0:
                for q in range(lanes):
                    value = drivers[c, row, from_x + q]
                    column[c, i, q] = value
                    gap[q] += value - value
            else:
                gap[:] = np.nan
        for q in range(LANES):
            valid[i, q] = 1.0 if gap[q] == 0.0 else 0.0
            count[q] += valid[i, q]


@fused
def _centre(x, valid, count, group, size):
    """Subtract the mean of each group; incomplete rows become 0; `size` is the raw mean square."""
    n_time = x.shape[0]
    n_group = group.max() + 1 if n_time else 0
    mean, weight = np.zeros((n_group, LANES)), np.zeros((n_group, LANES))
    size[:] = 0.0
    for i in range(n_time):
        g = group[i]
        for q in range(LANES):
            raw = x[i, q]
            value = raw if valid[i, q] > 0.0 else 0.0
            mean[g, q] += value
            size[q] += value * value
    if n_group == 1:
        weight[0, :] = count
    else:
        for i in range(n_time):
            g = group[i]
            for q in range(LANES):
                weight[g, q] += valid[i, q]
    for g in range(n_group):
        for q in range(LANES):
            mean[g, q] /= max(weight[g, q], 1.0)
    for i in range(n_time):
        g = group[i]
        for q in range(LANES):
            centred = x[i, q] - mean[g, q]
            x[i, q] = centred if valid[i, q] > 0.0 else 0.0
    for q in range(LANES):
        size[q] /= max(count[q], 1.0)


@fused
def _detrend(x, valid, count, group, time):
    """Subtract the least-squares line in time; time loses its group means as the column did."""
    n_time = time.size
    t = np.empty((n_time, LANES))
    for i in range(n_time):
        t[i, :] = time[i]
    _centre(t, valid, count, group, np.empty(LANES))
    xt, tt = np.zeros(LANES), np.zeros(LANES)
    for i in range(n_time):
        for q in range(LANES):
            xt[q] += x[i, q] * t[i, q]
            tt[q] += t[i, q] * t[i, q]
    for q in range(LANES):
        xt[q] = xt[q] / tt[q] if tt[q] > 0.0 else 0.0
    for i in range(n_time):
        for q in range(LANES):
            x[i, q] -= xt[q] * t[i, q]


@fused
def _scale(x, valid, group, size):
    """Divide each group by its standard deviation (ddof = 1); a group without spread stays."""
    n_time = x.shape[0]
    n_group = group.max() + 1 if n_time else 0
    factor = np.zeros((n_group, LANES))
    weight = np.zeros((n_group, LANES))
    before, after = np.zeros(LANES), np.zeros(LANES)
    for i in range(n_time):
        g = group[i]
        for q in range(LANES):
            factor[g, q] += x[i, q] * x[i, q]
            weight[g, q] += valid[i, q]
    for g in range(n_group):
        for q in range(LANES):
            spread = weight[g, q] > 1.0 and factor[g, q] > (ROUNDING * weight[g, q]) ** 2 * size[q]
            factor[g, q] = math.sqrt((weight[g, q] - 1.0) / factor[g, q]) if spread else 1.0
    for i in range(n_time):
        g = group[i]
        for q in range(LANES):
            before[q] += x[i, q] * x[i, q]
            x[i, q] *= factor[g, q]
            after[q] += x[i, q] * x[i, q]
    for q in range(LANES):  # the raw size in the new units
        size[q] *= after[q] / before[q] if before[q] > 0.0 else 1.0


@fused
def _cross_products(column, product):
    """Sum the products of each pair of columns, four rows at a time; the lower triangle."""
    d, n_time, _ = column.shape
    product[:] = 0.0
    whole = n_time - n_time % 4
    for i in range(0, whole, 4):
        for c in range(d):
            for e in range(c + 1):
                for q in range(LANES):
                    product[c, e, q] += (
                        column[c, i, q] * column[e, i, q]
                        + column[c, i + 1, q] * column[e, i + 1, q]
                        + column[c, i + 2, q] * column[e, i + 2, q]
                        + column[c, i + 3, q] * column[e, i + 3, q]
                    )
    for i in range(whole, n_time):
        for c in range(d):
            for e in range(c + 1):
                for q in range(LANES):
                    product[c, e, q] += column[c, i, q] * column[e, i, q]


@fused
def _judge(product, count, size, resolution, min_obs, code):
    """Say which series can be fitted; a column within its own rounding is constant."""
    for q in range(LANES):
        code[q] = OK
        for c in range(resolution.size):
            noise = max(0.5 * resolution[c], ROUNDING * count[q])
            if not product[c, c, q] > noise * noise * size[c, q] * count[q]:
                code[q] = CONSTANT
        if count[q] == 0.0:
            code[q] = NO_DATA
        elif count[q] < min_obs:
            code[q] = TOO_FEW


@fused
def _solve(product, count, size, resolution, code, inverse, slope):
    """Invert the drivers' cross products through the Cholesky factor of their correlations.

    A tolerance (1 - R squared of a driver on the others, 1 / VIF) that the rounding of the data or
    of the arithmetic explains means that the drivers are collinear.
    """
    k = slope.shape[0]
    lower, root = np.zeros((k, k)), np.empty(k)
    slope[:] = 0.0
    inverse[:] = 0.0
    for q in range(LANES):
        if code[q] != OK:
            continue
        smallest = 0.0
        for c in range(k):
            root[c] = math.sqrt(product[c, c, q])
            smallest += resolution[c] ** 2 * size[c, q] * count[q] / product[c, c, q]
        smallest = max(SMALLEST_TOLERANCE, smallest / 3.0)  # rounding has 1/12, at the most
        for c in range(k):
            for e in range(c + 1):
                s = product[c, e, q] / (root[c] * root[e])
                for g in range(e):
                    s -= lower[c, g] * lower[e, g]
                if e < c:
                    lower[c, e] = s / lower[e, e]
                elif s > smallest:
                    lower[c, c] = math.sqrt(s)
                else:
                    code[q] = COLLINEAR
                    lower[c, c] = 1.0
        if code[q] != OK:
            continue
        for c in range(k):  # the factor's own inverse, in place of it
            lower[c, c] = 1.0 / lower[c, c]
            for e in range(c):
                s = 0.0
                for g in range(e, c):
                    s -= lower[c, g] * lower[g, e]
                lower[c, e] = s * lower[c, c]
        for c in range(k):
            for e in range(c + 1):
                s = 0.0
                for g in range(c, k):
                    s += lower[g, c] * lower[g, e]
                if e == c and s * smallest >= 1.0:
                    code[q] = COLLINEAR
                inverse[c, e, q] = s / (root[c] * root[e])
                inverse[e, c, q] = inverse[c, e, q]
        if code[q] == OK:
            for c in range(k):
                for e in range(k):
                    slope[c, q] += inverse[c, e, q] * product[k, e, q]


@fused
def _residuals(column, slope, valid, count, row_at, rss, autocorrelation):
    """Put the residuals in place of the response; their sum of squares and autocorrelation.

    The sum over neighbouring steps of the calendar is scaled up to the n - 1 pairs that a record
    without gaps has.
    """
    k, n_time = slope.shape[0], column.shape[1]
    pairs, lagged = np.zeros(LANES), np.zeros(LANES)
    rss[:] = 0.0
    for i in range(n_time):
        for c in range(k):
            for q in range(LANES):
                column[k, i, q] -= slope[c, q] * column[c, i, q]
        for q in range(LANES):
            rss[q] += column[k, i, q] * column[k, i, q]
    for step in range(1, row_at.size):
        i, before = row_at[step], row_at[step - 1]
        if i >= 0 and before >= 0:
            for q in range(LANES):
                lagged[q] += column[k, i, q] * column[k, before, q]
                pairs[q] += valid[i, q] * valid[before, q]
    for q in range(LANES):
        autocorrelation[q] = lagged[q] / rss[q] * (count[q] - 1.0) / pairs[q]


@fused
def _ols_variance(inverse, rss, count, variance):
    """Variance of each coefficient for independent errors."""
    k = variance.shape[0]
    for c in range(k):
        for q in range(LANES):
            variance[c, q] = rss[q] / (count[q] - k - 1.0) * inverse[c, c, q]


@fused
def _hac_variance(column, inverse, row_at, count, max_lag, variance):
    """Variance of each coefficient after Newey and West (1987), with the factor n / (n - k - 1).

    Bartlett's weights make it the mean square of moving sums, L + 1 steps long, of the terms
    (X'X)^-1 x_t e_t: never negative, and no slower for long lags. A missing step adds nothing.
    """
    k = variance.shape[0]
    _influence(column, inverse)
    lags = np.empty(LANES, np.int64)
    for q in range(LANES):
        lags[q] = max_lag
        if max_lag < 0:
            lags[q] = np.int64(math.floor(4.0 * (count[q] / 100.0) ** (2.0 / 9.0)))
    total, moving = np.empty((k, LANES)), np.empty((k, LANES))
    for lag in range(lags.min(), lags.max() + 1):
        if not (lags == lag).any():
            continue
        total[:] = 0.0
        moving[:] = 0.0
        for step in range(row_at.size + lag):
            enters = row_at[step] if step < row_at.size else -1
            leaves = row_at[step - lag - 1] if step > lag else -1
            for c in range(k):
                if enters >= 0:
                    for q in range(LANES):
                        moving[c, q] += column[c, enters, q]
                if leaves >= 0:
                    for q in range(LANES):
                        moving[c, q] -= column[c, leaves, q]
                for q in range(LANES):
                    total[c, q] += moving[c, q] * moving[c, q]
        for c in range(k):
            for q in range(LANES):
                if lags[q] == lag:
                    factor = count[q] / (count[q] - k - 1.0) / (lag + 1.0)
                    variance[c, q] = total[c, q] * factor


@fused
def _influence(column, inverse):
    """Put (X'X)^-1 x_t e_t, the pull of each row on the coefficients, in place of the drivers."""
    k, n_time = inverse.shape[0], column.shape[1]
    pull = np.empty((k, LANES))
    for i in range(n_time):
        pull[:] = 0.0
        for c in range(k):
            for e in range(k):
                for q in range(LANES):
                    pull[c, q] += inverse[c, e, q] * column[e, i, q]
        for c in range(k):
            for q in range(LANES):
                column[c, i, q] = pull[c, q] * column[k, i, q]


@fused
def _write(product, inverse, slope, variance, rss, count, code, start, width, estimates, summary):
    """Write what follows from the fit; `variance` is that of independent errors."""
    k = slope.shape[0]
    condition = _condition_numbers(product, k)
    for q in range(width):
        if code[q] != OK:
            estimates[:, :, start + q] = np.nan
            summary[:, start + q] = np.nan
            continue
        df = count[q] - k - 1.0
        for c in range(k):
            b = slope[c, q]
            estimates[COEFFICIENT, c, start + q] = b
            estimates[STANDARDIZED, c, start + q] = b * math.sqrt(
                product[c, c, q] / product[k, k, q]
            )
            estimates[STDERR, c, start + q] = math.sqrt(variance[c, q])
            # t / sqrt(t**2 + df), also for a perfect fit
            estimates[PARTIAL_R, c, start + q] = b / math.sqrt(b * b + df * variance[c, q])
            estimates[VIF, c, start + q] = inverse[c, c, q] * product[c, c, q]
        summary[R_SQUARED, start + q] = max(0.0, 1.0 - rss[q] / product[k, k, q])
        summary[CONDITION, start + q] = condition[q]


@fused
def _condition_numbers(product, k):
    """Largest over smallest eigenvalue of each lane's correlation matrix, by Jacobi rotations."""
    a = np.empty((k, k, LANES))  # the lower triangle
    for c in range(k):
        for e in range(c + 1):
            for q in range(LANES):
                a[c, e, q] = product[c, e, q] / math.sqrt(product[c, c, q] * product[e, e, q])
    sine, cosine = np.empty(LANES), np.empty(LANES)
    largest = 1.0
    while largest > 1e-8:  # the error of an eigenvalue is its square
        largest = 0.0
        for c in range(1, k):
            for e in range(c):
                for q in range(LANES):
                    if abs(a[c, e, q]) > largest:  # false for the NaN of series without a fit
                        largest = abs(a[c, e, q])
                _rotation(a, c, e, sine, cosine)
                for g in range(k):
                    if g not in (c, e):
                        row_e, col_e, row_c, col_c = max(g, e), min(g, e), max(g, c), min(g, c)
                        for q in range(LANES):
                            with_e, with_c = a[row_e, col_e, q], a[row_c, col_c, q]
                            a[row_e, col_e, q] = cosine[q] * with_e - sine[q] * with_c
                            a[row_c, col_c, q] = cosine[q] * with_c + sine[q] * with_e
    condition = np.empty(LANES)
    for q in range(LANES):
        low, high = a[0, 0, q], a[0, 0, q]
        for c in range(1, k):
            low, high = min(low, a[c, c, q]), max(high, a[c, c, q])
        condition[q] = high / low
    return condition


@fused
def _rotation(a, c, e, sine, cosine):
    """Rotate rows `c` and `e` so that their common element becomes 0; their own are updated."""
    for q in range(LANES):
        shared = a[c, e, q]
        theta = (a[c, c, q] - a[e, e, q]) / (2.0 * shared if shared != 0.0 else 1.0)
        tangent = 1.0 / (abs(theta) + math.sqrt(theta * theta + 1.0))
        tangent = tangent if theta >= 0.0 else -tangent
        tangent = tangent if shared != 0.0 else 0.0
        cosine[q] = 1.0 / math.sqrt(tangent * tangent + 1.0)
        sine[q] = tangent * cosine[q]
        a[c, c, q] += tangent * shared
        a[e, e, q] -= tangent * shared
        a[c, e, q] = 0.0
