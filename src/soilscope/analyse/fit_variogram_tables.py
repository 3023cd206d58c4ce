"""From fitted models to what is reported of them: one pass over many variograms."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from soilscope.analyse.fit_variogram_options import CODES, practical
from soilscope.kernels.variogram_fit import curves, fit_models
from soilscope.names import CONSTANT, FIT_FAILED, NO_DATA, OK, TOO_FEW

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

#: Variables on `model`, in the order in which they are returned.
PER_MODEL = (
    "nugget",
    "partial_sill",
    "sill",
    "range_parameter",
    "effective_range",
    "structural_proportion",
    "nugget_ratio",
    "sill_ratio",
    "rss",
    "wss",
    "r_squared",
    "aicc",
)
#: A nugget or partial sill below this share of the sill is rounding.
_NONE = 1e-12


@dataclass(frozen=True)
class VariogramFits:
    """Fit models to variograms; a class, so that dask can name it by its parts."""

    models: tuple[str, ...]
    weights: str
    select: str
    smoothness: float
    max_range: float
    fitted_lag: tuple[float, ...]

    def __call__(self, gamma: Array, distance: Array, n_pairs: Array) -> tuple[Array, ...]:
        """Return, of variograms (n_lag, n_series), `PER_MODEL`, flags, curves and what is best."""
        used = np.isfinite(gamma) & np.isfinite(distance) & (n_pairs > 0) & (distance > 0)
        g, h = (np.where(used, a, 0.0).astype(np.float64) for a in (gamma, distance))
        w = self._weights(h, n_pairs, used)
        codes = np.array([CODES[m][0] for m in self.models])
        fewest = np.array([CODES[m][1] + 1 for m in self.models])
        found = np.empty((4, len(codes), g.shape[1]))
        fit_models(codes, self.smoothness, self.max_range, h, g, w, fewest, found)
        at_lags = np.empty((len(codes), *g.shape))
        curves(codes, self.smoothness, found, h, at_lags)
        lags = np.repeat(np.array(self.fitted_lag)[:, np.newaxis], g.shape[1], axis=1)
        fitted = np.empty((len(codes), *lags.shape))
        curves(codes, self.smoothness, found, lags, fitted)
        last = np.where(used.any(axis=0), h.max(axis=0, initial=0.0), np.nan)
        table = self._table(found, at_lags, g, w, used)
        at_bound, beyond = self._flags(table, found, last)
        best = self._best(table)
        n_obs = used.sum(axis=0)
        status = self._status(best, g, n_obs, int(fewest.min()))
        parts = (table[name] for name in PER_MODEL)
        return *parts, at_bound, beyond, fitted, best, last, n_obs, status

    def _weights(self, h: Floats, n_pairs: Array, used: Array) -> Floats:
        n = np.where(used, n_pairs, 0.0)
        if self.weights == "equal":
            return used.astype(np.float64)
        if self.weights == "n_pairs":
            return np.asarray(n, dtype=np.float64)
        return np.asarray(n / np.where(used, h, 1.0) ** 2, dtype=np.float64)

    def _table(
        self, found: Floats, at_lags: Floats, g: Floats, w: Floats, used: Array
    ) -> dict[str, Floats]:
        nugget, partial, scale, _ = found
        sill = nugget + partial
        rises = partial > _NONE * sill
        linear = np.array([m == "linear" for m in self.models])[:, np.newaxis]
        parameter = np.where(rises & ~linear, scale, np.nan)
        reach = np.array([practical(m, self.smoothness) for m in self.models])[:, np.newaxis]
        squares = np.where(used, (g - at_lags) ** 2, 0.0)
        n = used.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = g.sum(axis=0) / n
            about_mean = np.where(used, (g - mean) ** 2, 0.0).sum(axis=0)
            sums = squares.sum(axis=1), (w * squares).sum(axis=1)
            rss, wss = (np.where(np.isnan(nugget), np.nan, one) for one in sums)
            highest = np.where(used, at_lags, 0.0).max(axis=1, initial=0.0)
            return {
                "nugget": nugget,
                "partial_sill": partial,
                "sill": sill,
                "range_parameter": parameter,
                "effective_range": parameter * reach,
                "structural_proportion": partial / sill,
                "nugget_ratio": nugget / sill,
                "sill_ratio": sill / highest,
                "rss": rss,
                "wss": wss,
                "r_squared": np.where(about_mean > 0, 1 - rss / about_mean, np.nan),
                "aicc": self._aicc(wss / w.sum(axis=0), n),
            }

    def _aicc(self, mean_square: Floats, n: Array) -> Floats:
        """Akaike's criterion for few data; the variance of the residuals is a parameter too."""
        k = np.array([CODES[m][1] + 1 for m in self.models])[:, np.newaxis]
        spare = n - k - 1
        correction = 2 * k * (k + 1) / np.where(spare > 0, spare, np.nan)
        return np.asarray(n * np.log(mean_square) + 2 * k + correction, dtype=np.float64)

    def _flags(self, table: dict[str, Floats], found: Floats, last: Floats) -> tuple[Array, Array]:
        """Whether a range is at a bound of the search, and whether it is beyond the data."""
        known = np.isfinite(table["range_parameter"])
        at_bound = np.where(known, found[3], 0.0)
        beyond = known & (np.where(known, table["effective_range"], 0.0) > last)
        none = ~np.isfinite(table["nugget"])
        flags = [np.where(none, -1, part).astype(np.int8) for part in (at_bound, beyond)]
        return flags[0], flags[1]

    def _best(self, table: dict[str, Floats]) -> Array:
        """Position of the model with the least of what is selected by; -1 where there is none."""
        least = np.where(np.isfinite(table[self.select]), table[self.select], np.inf)
        if self.select == "aicc":  # a perfect fit has none below it
            least = np.where(table["aicc"] == -np.inf, -np.inf, least)
        found = (least < np.inf).any(axis=0)
        return np.where(found, least.argmin(axis=0), -1).astype(np.int8)

    def _status(self, best: Array, g: Floats, n_obs: Array, fewest: int) -> Array:
        status = np.where(best >= 0, OK, FIT_FAILED)
        status[g.max(axis=0, initial=0.0) == 0] = CONSTANT
        status[n_obs < fewest] = TOO_FEW
        status[n_obs == 0] = NO_DATA
        return status.astype(np.int8)
