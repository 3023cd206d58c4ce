"""Trend statistics of one block of series: slope, test, and correction for serial correlation."""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import erfc, ndtri, stdtr, stdtrit

from soilscope.analyse.time_axis import Floats, TimeAxis
from soilscope.kernels import autocorrelation, mann_kendall, slope_ranks, theil_sen
from soilscope.names import CONSTANT, FIT_FAILED, NEGATIVE_VARIANCE, NO_DATA, OK, TOO_FEW

#: Corrections that test a pre-whitened series instead of changing the variance of S.
PREWHITENING = ("prewhiten", "tfpw", "vctfpw", "3pw")


@dataclass(frozen=True)
class MannKendall:
    """The test of each series: S, var(S), denominator of tau-b, and the count."""

    s: Floats
    var_s: Floats
    scale: Floats
    n_obs: Floats

    @classmethod
    def of(cls, y: npt.NDArray[Any], axis: TimeAxis) -> "MannKendall":
        """Test the columns of `y` (n_time, n_series)."""
        statistics = np.empty((4, y.shape[1]))
        mann_kendall.mann_kendall(y, axis.season, axis.n_seasons, statistics)
        return cls(*statistics)


@dataclass(frozen=True)
class TrendOfBlock:
    """A trend analysis with all its options, to be called on (n_time, n_series) arrays."""

    axis: TimeAxis
    correction: str
    confidence: float | None
    max_lag: int | None
    acf_alpha: float
    variance_floor: float | None
    min_obs: int

    def __call__(self, y: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], ...]:
        """Return one array for each of `variables`."""
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            found = self._estimate(y)
        return tuple(found[name] for name in self.variables)

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the results, in the order in which a call returns them."""
        bounds = ("slope_low", "slope_high") if self.confidence is not None else ()
        whitened = ("slope_prewhitened",) if self.correction in PREWHITENING else ()
        return (
            *("slope", *bounds, *whitened, "intercept", "s", "var_s", "variance_ratio", "z"),
            *("p_value", "p_value_uncorrected", "tau", "lag1_autocorrelation", "n_obs", "status"),
        )

    def _estimate(self, y: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
        plain = MannKendall.of(y, self.axis)
        status = np.full(y.shape[1], OK, dtype=np.int8)
        status[plain.scale == 0] = CONSTANT
        status[plain.n_obs < self.min_obs] = TOO_FEW
        status[plain.n_obs == 0] = NO_DATA
        independent = self._reach(plain, np.ones(y.shape[1]))
        slopes = self._slopes(y, independent if self.correction == "none" else None)
        status[(status == CONSTANT) & np.isnan(slopes[0])] = TOO_FEW  # no two values in any season
        residual = self._residual(y, slopes[0])
        found = {
            "slope": slopes[0],
            "intercept": slopes[3],
            "lag1_autocorrelation": self._lag_one(residual),
            "p_value_uncorrected": p_value(z_score(plain.s, plain.var_s)),
            "n_obs": plain.n_obs.astype(np.int64),
            "status": status,
        }
        ratio = self._variance_ratio(y, residual, plain, found["lag1_autocorrelation"])
        status[(status == OK) & (ratio <= 0)] = NEGATIVE_VARIANCE
        found["variance_ratio"] = ratio
        if self.confidence is not None:
            if self.correction != "none":
                slopes = self._slopes(y, self._reach(plain, ratio))
            found |= {"slope_low": slopes[1], "slope_high": slopes[2]}
        if self.correction in PREWHITENING:
            test, found["slope_prewhitened"] = self._whitened_test(y, residual, slopes[0])
            status[(status == OK) & (test.n_obs < self.min_obs - 1)] = TOO_FEW
        else:
            test = replace(plain, var_s=plain.var_s * np.where(ratio > 0, ratio, np.nan))
        found |= {"s": test.s, "var_s": test.var_s, "tau": test.s / test.scale}
        found["z"] = z_score(test.s, test.var_s)
        degrees = plain.n_obs - 2 if self.correction == "ar1" else None
        found["p_value"] = p_value(found["z"], degrees)
        status[(status == OK) & ~np.isfinite(found["p_value"])] = FIT_FAILED
        blank(found)
        return found

    def _variance_ratio(
        self, y: npt.NDArray[Any], residual: Floats, plain: MannKendall, lag_one: Floats
    ) -> Floats:
        """Variance of S over its value for independent observations, as the correction sees it."""
        ratio = np.ones(y.shape[1])
        if self.correction in ("hamed_rao", "yue_wang"):
            autocorrelation.variance_factors(
                residual,
                self.axis.position,
                self.correction == "hamed_rao",
                y.shape[0] * y.shape[0] if self.max_lag is None else self.max_lag,
                ndtri(1.0 - 0.5 * self.acf_alpha),
                ratio,
            )
        elif self.correction == "hirsch_slack":
            axis = self.axis
            mann_kendall.season_covariance(
                y, axis.season, axis.step, axis.n_seasons, axis.n_steps, ratio
            )
            ratio /= plain.var_s
        elif self.correction != "none":
            coefficient = unbiased_lag_one(lag_one, plain.n_obs)
            autocorrelation.ar1_factors(y, self.axis.position, coefficient, ratio)
        return ratio if self.variance_floor is None else np.maximum(ratio, self.variance_floor)

    def _whitened_test(
        self, y: npt.NDArray[Any], residual: Floats, slope: Floats
    ) -> tuple[MannKendall, Floats]:
        """Test the pre-whitened series; returns the test and the Sen slope of that series."""
        n_obs = np.isfinite(y).sum(axis=0)
        bound = ndtri(1.0 - 0.5 * self.acf_alpha) / np.sqrt(n_obs)
        trend_line = slope * self.axis.elapsed
        r_values = self._lag_one(y)
        r_residual = self._lag_one(residual)
        if self.correction == "prewhiten":
            series = self._whiten(y, r_values)
        elif self.correction == "tfpw":
            series = self._whiten(residual, r_residual) + trend_line
        else:
            series = self._variance_corrected(y, residual, slope, r_residual, bound)
        whitened_slope = self._slopes(series)[0]
        if self.correction != "3pw":
            return MannKendall.of(series, self.axis), whitened_slope
        first = np.where(np.abs(r_values) > bound, self._whiten(y, r_values), y)
        second = self._whiten(residual, r_residual) + trend_line
        second = np.where(np.abs(r_residual) > bound, second, y)
        return (
            weaker(MannKendall.of(first, self.axis), MannKendall.of(second, self.axis)),
            whitened_slope,
        )

    def _variance_corrected(
        self, y: npt.NDArray[Any], residual: Floats, slope: Floats, r: Floats, bound: Floats
    ) -> Floats:
        """Return the variance-corrected trend-free pre-whitened series of Wang et al. (2015).

        The whitened residuals are multiplied by a ratio of *variances*, as published, so that their
        variance becomes larger than that of the data.
        """
        whitened = self._whiten(residual, r)
        whitened *= variance(y) / variance(whitened)
        shrunk = slope * np.sqrt(np.where(r > 0, (1.0 - r) / (1.0 + r), 1.0))
        return np.asarray(np.where(np.abs(r) > bound, whitened + shrunk * self.axis.elapsed, y))

    def _whiten(self, y: npt.NDArray[Any], r: Floats) -> Floats:
        whitened = np.empty(y.shape)
        autocorrelation.prewhiten(y, self.axis.position, r, whitened)
        return whitened

    def _reach(self, plain: MannKendall, ratio: Floats) -> Floats | None:
        """Half the width of the confidence interval, counted in ranks of slopes."""
        if self.confidence is None:
            return None
        tail = 0.5 + 0.5 * self.confidence
        ar1 = self.correction == "ar1" or self.correction in PREWHITENING
        quantile = stdtrit(plain.n_obs - 2.0, tail) if ar1 else ndtri(tail)
        variance = plain.var_s * ratio
        return np.asarray(quantile * np.sqrt(np.where(variance > 0, variance, np.nan)))

    def _slopes(self, y: npt.NDArray[Any], reach: Floats | None = None) -> Floats:
        if reach is None:
            reach = np.full(y.shape[1], np.nan)
        return sen_slopes(y, self.axis, reach)

    def _residual(self, y: npt.NDArray[Any], slope: Floats) -> Floats:
        residual = np.empty(y.shape)
        autocorrelation.detrend(self.axis.years, y, slope, residual)
        if self.axis.n_seasons > 1:
            autocorrelation.centre_seasons(residual, self.axis.season, self.axis.n_seasons)
        return residual

    def _lag_one(self, y: npt.NDArray[Any]) -> Floats:
        r = np.empty(y.shape[1])
        autocorrelation.lag_one(y, self.axis.position, r)
        return r


@dataclass(frozen=True)
class TrendOfWindows:
    """The same analysis of several parts of each series, to be called on (n_time, n_series)."""

    parts: tuple[TrendOfBlock, ...]
    rows: tuple[tuple[int, int], ...]  # of each part: the first, and the one behind the last

    def __call__(self, y: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], ...]:
        """Return one array (n_windows, n_series) for each of the variables of a part."""
        found = [part(y[a:b]) for part, (a, b) in zip(self.parts, self.rows, strict=True)]
        return tuple(np.stack(variable) for variable in zip(*found, strict=True))


def sen_slopes(y: npt.NDArray[Any], axis: TimeAxis, reach: Floats) -> Floats:
    """Return slope, bounds and intercept (4, n_series), by the kernel that suits the length."""
    estimates = np.empty((4, y.shape[1]))
    if axis.n_seasons > 1 or y.shape[0] < slope_ranks.SHORTEST:
        theil_sen.sen_slopes(axis.years, y, axis.season, axis.n_seasons, reach, estimates)
        return estimates
    settled = np.empty(y.shape[1], dtype=np.int8)
    slope_ranks.ranked_slopes(axis.years, y, reach, estimates, settled)
    rest = np.flatnonzero(settled == 0)
    if rest.size:
        some = np.empty((4, rest.size))
        columns = np.ascontiguousarray(y[:, rest])
        theil_sen.sen_slopes(axis.years, columns, axis.season, 1, reach[rest], some)
        estimates[:, rest] = some
    return estimates


def z_score(s: Floats, var_s: Floats) -> Floats:
    """Mann-Kendall Z with continuity correction."""
    return np.asarray((s - np.sign(s)) / np.sqrt(var_s))


def p_value(z: Floats, degrees: Floats | None = None) -> Floats:
    """Two-sided p-value of a standard normal (or Student) deviate, exact far in the tail."""
    if degrees is not None:
        return np.asarray(2.0 * stdtr(degrees, -np.abs(z)))
    return np.asarray(erfc(np.abs(z) / np.sqrt(2.0)))


def unbiased_lag_one(r: Floats, n_obs: Floats) -> Floats:
    """Lag-1 autocorrelation freed from the bias -(2 + 4 rho)/n of detrended series, to order 1/n.

    Kept between -0.95 and 0.98, where the variance of S is finite and positive.
    """
    return np.asarray(np.clip((n_obs * r + 2.0) / np.maximum(n_obs - 4.0, 1.0), -0.95, 0.98))


def variance(y: Floats) -> Floats:
    """Return the variance of the finite values of each column, by n - 1."""
    valid = np.isfinite(y)
    count = valid.sum(axis=0)
    centred = np.where(valid, y - _sum(np.where(valid, y, 0.0)) / count, 0.0)
    return np.asarray(_sum(centred**2) / (count - 1.0))


def _sum(y: Floats) -> Floats:
    """Sum each column in the order of time: np.sum rounds a column by how many stand beside it."""
    return np.asarray(np.add.accumulate(y, axis=0, dtype=np.float64)[-1:].sum(axis=0))


def weaker(a: MannKendall, b: MannKendall) -> MannKendall:
    """Take for each series the test with the larger p-value."""
    first = np.abs(z_score(a.s, a.var_s)) <= np.abs(z_score(b.s, b.var_s))
    return MannKendall(
        *(np.where(first, getattr(a, f.name), getattr(b, f.name)) for f in fields(MannKendall))
    )


def blank(found: dict[str, npt.NDArray[Any]]) -> None:
    """Take back, in place, what the status says cannot be known."""
    status = found["status"]
    kept_by = {
        CONSTANT: {"slope", "intercept", "s"},
        NEGATIVE_VARIANCE: {
            *("slope", "slope_prewhitened", "intercept", "s", "variance_ratio", "tau"),
            *("p_value_uncorrected", "lag1_autocorrelation"),
        },
    }
    for code in (NO_DATA, TOO_FEW, CONSTANT, NEGATIVE_VARIANCE):
        rows = status == code
        for name, values in found.items():
            if name not in {"n_obs", "status"} | kept_by.get(code, set()):
                values[rows] = np.nan
