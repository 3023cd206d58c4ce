"""Trend statistics of one block of series: slope, test, and correction for serial correlation."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import erfc, ndtri

from soilscope.kernels import autocorrelation, mann_kendall, theil_sen
from soilscope.names import CONSTANT, NEGATIVE_VARIANCE, NO_DATA, OK, TOO_FEW

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

#: Corrections that test a pre-whitened series instead of changing the variance of S.
PREWHITENING = ("prewhiten", "tfpw", "vctfpw", "3pw")


@dataclass(frozen=True)
class TimeAxis:
    """What the stamps mean to the kernels."""

    years: Floats  # decimal years
    position: Integers  # number of regular steps since the first stamp
    season: Integers  # season of each stamp, from 0 (all 0 without seasons)
    step: Integers  # row of the stamp in a table of years by seasons
    n_seasons: int = 1
    n_steps: int = 1


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
        slopes = self._slopes(y, plain.var_s if self.correction == "none" else None)
        residual = self._residual(y, slopes[0])
        found = {
            "slope": slopes[0],
            "slope_low": slopes[1],
            "slope_high": slopes[2],
            "intercept": slopes[3],
            "lag1_autocorrelation": self._lag_one(residual),
            "p_value_uncorrected": p_value(z_score(plain.s, plain.var_s)),
            "s": plain.s,
            "var_s": plain.var_s,
            "variance_ratio": np.ones(y.shape[1]),
            "tau": plain.s / plain.scale,
            "n_obs": plain.n_obs.astype(np.int64),
        }
        found["z"] = z_score(found["s"], found["var_s"])
        found["p_value"] = p_value(found["z"])
        found["status"] = status
        blank(found)
        return found

    def _slopes(self, y: npt.NDArray[Any], var_s: Floats | None) -> Floats:
        reach = np.full(y.shape[1], np.nan)
        if self.confidence is not None and var_s is not None:
            reach = ndtri(0.5 + 0.5 * self.confidence) * np.sqrt(np.where(var_s > 0, var_s, np.nan))
        estimates = np.empty((4, y.shape[1]))
        axis = self.axis
        theil_sen.sen_slopes(axis.years, y, axis.season, axis.n_seasons, reach, estimates)
        return estimates

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


def z_score(s: Floats, var_s: Floats) -> Floats:
    """Mann-Kendall Z with continuity correction."""
    return np.asarray((s - np.sign(s)) / np.sqrt(var_s))


def p_value(z: Floats) -> Floats:
    """Two-sided p-value of a standard normal deviate, exact far in the tail."""
    return np.asarray(erfc(np.abs(z) / np.sqrt(2.0)))


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
