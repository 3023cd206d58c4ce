"""The q statistic of one factor from the moments of its strata, with p-value and interval."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from soilscope.kernels.detector_tail import log_tail, noncentrality_of_means, q_interval
from soilscope.kernels.stratum_moments import pooled
from soilscope.names import CONSTANT, NO_DATA, OK, TOO_FEW

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
LOG_10 = float(np.log(10.0))


class Statistics(NamedTuple):
    """What is told of a factor; NaN where it is not estimated."""

    q: float = np.nan
    q_adjusted: float = np.nan
    p_value: float = np.nan
    log10_p_value: float = np.nan
    q_low: float = np.nan
    q_high: float = np.nan
    n_strata: int = 0
    status: int = NO_DATA


@dataclass(frozen=True)
class Rules:
    """How p-values and intervals are made, and what becomes of strata with one member."""

    p: str
    singletons: str = "keep"
    population: bool = True  # of the variance in the noncentrality of "gd"
    interval: bool = True

    def of(
        self, count: Integers, mean: Floats, m2: Floats, weight: Floats | None = None
    ) -> Statistics:
        """Take the moments (L,) of a factor's strata; empty ones do not count.

        Shares are by `weight` where it is given; the number of cells is always that of `count`.
        """
        held = count > (1 if self.singletons == "drop" else 0)
        share = count[held] if weight is None else weight[held]
        count, mean, m2 = count[held], mean[held], m2[held]
        n_strata = int(count.size)
        if n_strata == 0:
            return Statistics()
        n = int(count.sum())
        _, centre, within, total = (float(v) for v in pooled((share, mean, m2)))
        if n_strata < 2 or total <= n * (4.0 * np.finfo(np.float64).eps * abs(centre)) ** 2:
            return Statistics(n_strata=n_strata, status=CONSTANT)
        if n <= n_strata:
            return Statistics(n_strata=n_strata, status=TOO_FEW)
        q = min(max(1.0 - within / total, 0.0), 1.0)
        log_p = self._log_p(q, n, count, mean, total)
        low, high = self._interval(q, n, n_strata)
        return Statistics(
            q,
            adjusted(q, n, n_strata),
            float(np.exp(log_p)),
            log_p / LOG_10,
            low,
            high,
            n_strata,
            OK,
        )

    def _log_p(self, q: float, n: int, count: Integers, mean: Floats, total: float) -> float:
        if self.p == "central":
            return log_tail(q, n, count.size)
        if self.p == "gd":
            weight = count.astype(np.float64)
            moved = noncentrality_of_means(mean, weight, total, population=self.population)
            return log_tail(q, n, count.size, moved)
        return np.nan

    def _interval(self, q: float, n: int, n_strata: int) -> tuple[float, float]:
        """Bounds hold for independent cells only: none where the p-value says they are not."""
        independent = self.interval and self.p in ("central", "gd", "permutation")
        return q_interval(q, n, n_strata) if independent else (np.nan, np.nan)


def adjusted(q: float, n: int, n_strata: int) -> float:
    """Share of the variance that strata explain beyond what as many at random would."""
    return 1.0 - (1.0 - q) * (n - 1) / (n - n_strata) if n > n_strata else np.nan
