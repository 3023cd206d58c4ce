"""Agreement of one block of series: the kernel's estimates under their public names."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from soilscope.analyse.pairing import PairAxis, Resampling
from soilscope.kernels import agreement as kernel
from soilscope.kernels import pairs

Array = npt.NDArray[Any]
Statistic = Literal[
    "r", "r_squared", "nse", "bias", "rmse", "ubrmse", "mse", "kge", "spearman", "kendall",
    "r_anomaly",
]  # fmt: skip

#: Estimates of each statistic, in the order of a result, and their rows in the kernel's table.
STATISTICS: dict[str, dict[str, int]] = {
    "r": {"r": pairs.R},
    "r_squared": {"r_squared": pairs.R},
    "nse": {"nse": pairs.NSE},
    "bias": {"bias": pairs.BIAS},
    "rmse": {"rmse": pairs.RMSE},
    "ubrmse": {"ubrmse": pairs.UBRMSE},
    "mse": {
        "mse_correlation": pairs.MSE_CORRELATION,
        "mse_bias": pairs.MSE_BIAS,
        "mse_variance": pairs.MSE_VARIANCE,
    },
    "kge": {"kge": pairs.KGE},
    "spearman": {"spearman": pairs.SPEARMAN},
    "kendall": {"kendall": pairs.KENDALL},
    "r_anomaly": {"r_anomaly": pairs.R_ANOMALY},
}


@dataclass(frozen=True, repr=False)  # dask splits the text of a callable at hyphens
class Estimates:
    """What the kernel found for each series."""

    values: Array  # (N_ESTIMATES, n_series)
    low: Array  # (N_BOUNDED, n_series)
    high: Array
    n_obs: Array
    status: Array

    @classmethod
    def of(
        cls,
        x: Array,
        y: Array,
        axis: PairAxis,
        *,
        wanted: Array,
        kge_2009: bool,
        min_obs: int,
        resampling: Resampling,
    ) -> "Estimates":
        """Compare the columns of two (n_time, n_series) arrays."""
        n_series = x.shape[1]
        found = cls(
            np.empty((pairs.N_ESTIMATES, n_series)),
            np.empty((pairs.N_BOUNDED, n_series)),
            np.empty((pairs.N_BOUNDED, n_series)),
            np.empty(n_series, dtype=np.int64),
            np.empty(n_series, dtype=np.int8),
        )
        kernel.agreement(
            np.ascontiguousarray(x, dtype=np.float64), np.ascontiguousarray(y, dtype=np.float64),
            axis.position, axis.group, wanted, kge_2009, min_obs, resampling.draws,
            resampling.length, resampling.tails, found.values, found.low, found.high, found.n_obs,
            found.status,
        )  # fmt: skip
        return found

    def table(self, statistics: tuple[str, ...], *, bounds: bool) -> dict[str, Array]:
        """Return the estimates of `statistics`, and their bounds, by name."""
        found: dict[str, Array] = {}
        for statistic in statistics:
            for name, row in STATISTICS[statistic].items():
                found[name] = self.values[row]
                if bounds and row < pairs.N_BOUNDED:
                    found |= {f"{name}_low": self.low[row], f"{name}_high": self.high[row]}
        if "r_squared" in found:
            found["r_squared"] = found["r_squared"] ** 2
        if "r_squared_low" in found:
            found |= _squared(found["r_squared_low"], found["r_squared_high"])
        return found


def _squared(low: Array, high: Array) -> dict[str, Array]:
    """Bounds of r squared: those of r, squared; 0 where those of r lie on both sides of it."""
    ends = np.stack([low**2, high**2])
    inside = (low <= 0.0) & (high >= 0.0)
    return {"r_squared_low": np.where(inside, 0.0, ends.min(0)), "r_squared_high": ends.max(0)}


def wanted_rows(statistics: tuple[str, ...]) -> Array:
    """Say for each row that can have bounds whether it is asked for."""
    wanted = np.zeros(pairs.N_BOUNDED, dtype=np.bool_)
    rows = [row for statistic in statistics for row in STATISTICS[statistic].values()]
    wanted[[row for row in rows if row < pairs.N_BOUNDED]] = True
    return wanted


@dataclass(frozen=True, repr=False)  # dask splits the text of a callable at hyphens
class AgreementOfBlock:
    """An agreement with all its options, to be called on two (n_time, n_series) arrays."""

    axis: PairAxis
    statistics: tuple[str, ...]
    kge_2009: bool
    min_obs: int
    resampling: Resampling

    @property
    def bounds(self) -> bool:
        """Whether estimates have bounds."""
        return len(self.resampling.draws) > 0

    @property
    def variables(self) -> dict[str, str]:
        """Names of the results and their dtypes, in the order in which a call returns them."""
        empty = np.empty((pairs.N_ESTIMATES, 0))
        found = Estimates(empty, empty, empty, empty, empty)
        names = [*found.table(self.statistics, bounds=self.bounds), "n_eff"]
        names += ["block_length"] if self.bounds else []
        return dict.fromkeys(names, "f8") | {"n_obs": "i8", "status": "i1"}

    def __call__(self, x: Array, y: Array) -> tuple[Array, ...]:
        """Return one array for each of `variables`."""
        found = Estimates.of(
            x, y, self.axis, wanted=wanted_rows(self.statistics), kge_2009=self.kge_2009,
            min_obs=self.min_obs, resampling=self.resampling,
        )  # fmt: skip
        table = found.table(self.statistics, bounds=self.bounds)
        table |= {
            "n_eff": found.values[pairs.N_EFF],
            "block_length": found.values[pairs.BLOCK_LENGTH],
            "n_obs": found.n_obs,
            "status": found.status,
        }
        return tuple(table[name] for name in self.variables)
