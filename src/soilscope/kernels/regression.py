"""Multiple regression of every series on its drivers, with OLS or Newey-West standard errors.

Series are worked off in strips of `LANES`: each strip is loaded once into float64 scratch
(columns, n_time, LANES) that fits the processor's cache, and every later step runs over lanes in
its innermost loop. Unused lanes are empty, so a number never depends on a series' neighbours.
"""

import math

import numpy as np

from soilscope.kernels.codes import OK
from soilscope.kernels.columns import centre_groups, remove_trend, scale_groups
from soilscope.kernels.condition import condition_numbers
from soilscope.kernels.lanes import LANES, fused
from soilscope.kernels.least_squares import cross_products, judge, ols_variance, residuals, solve
from soilscope.kernels.lmg import lmg_shares
from soilscope.kernels.newey_west import NO_HAC, hac_variance

# rows of `estimates`, and of `summary`
COEFFICIENT, STANDARDIZED, STDERR, PARTIAL_R, VIF, SHARE = range(6)
R_SQUARED, CONDITION, AUTOCORRELATION = range(3)


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
        Written: complete rows, and a code of `soilscope.kernels.codes`.
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
                centre_groups(column[c], valid, count, group[c], size[c])
                if time.size:
                    remove_trend(column[c], valid, count, group[c], time)
                if scale:
                    scale_groups(column[c], valid, group[c], size[c])
            cross_products(column, product)
            judge(product, count, size, resolution, min_obs, code)
            solve(product, count, size, resolution, code, inverse, slope)
            residuals(column, slope, valid, count, row_at, rss, autocorrelation)
            ols_variance(inverse, rss, count, variance)
            _write(product, inverse, slope, variance, rss, autocorrelation, count, code, start,
                   width, estimates, summary)  # fmt: skip
            if estimates.shape[0] > SHARE:
                lmg_shares(product, code, width, estimates[SHARE, :, start : start + width])
            if max_lag != NO_HAC:
                hac_variance(column, inverse, row_at, count, max_lag, variance)
                _write_errors(variance, code, start, width, estimates)
            for q in range(width):
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
def _write(
    product, inverse, slope, variance, rss, autocorrelation, count, code, start, width, estimates,
    summary,
):  # fmt: skip
    """Write what follows from the fit; `variance` is that of independent errors."""
    k = slope.shape[0]
    condition = condition_numbers(product, k)
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
            # t / sqrt(t**2 + df), also for a perfect fit
            estimates[PARTIAL_R, c, start + q] = b / math.sqrt(b * b + df * variance[c, q])
            estimates[VIF, c, start + q] = inverse[c, c, q] * product[c, c, q]
        summary[R_SQUARED, start + q] = max(0.0, 1.0 - rss[q] / product[k, k, q])
        summary[CONDITION, start + q] = condition[q]
        summary[AUTOCORRELATION, start + q] = autocorrelation[q]
    _write_errors(variance, code, start, width, estimates)


@fused
def _write_errors(variance, code, start, width, estimates):
    """Write the standard errors; other than those of independent errors, they come afterwards."""
    for c in range(variance.shape[0]):
        for q in range(width):
            if code[q] == OK:
                estimates[STDERR, c, start + q] = math.sqrt(variance[c, q])
