"""Which relation each stratum takes: its own, or that which it falls back to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from soilscope.analyse.strata import Strata

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

#: Variables of a model that downscaling needs.
TABLES = (
    *("coefficient", "intercept", "usable", "rmse_cv"),
    *("coefficient_by", "intercept_by", "usable_by"),
    *("dlst_slope", "dlst_intercept"),
)
#: Whose relation is taken, in the order of falling back; the first only of models by group.
LEVELS = ("group", "stratum", "land_cover", "all")


@dataclass(frozen=True)
class Lines:
    """Line, level and error that each stratum takes in each group: (stratum, group).

    Level -1 means that no relation can be used.
    """

    slope: Floats
    intercept: Floats
    level: Array
    error: Floats

    @classmethod
    def of(cls, model: Mapping[str, Array], strata: Strata, n_groups: int) -> "Lines":
        """Take the first usable relation of each stratum: in its group, its own, and so on."""
        n = strata.n_strata
        shape = (n, n_groups)
        sources = [
            [
                np.broadcast_to(model[name][rows, np.newaxis], shape)
                for name in ("coefficient", "intercept", "usable", "rmse_cv")
            ]
            for rows in _fallback(strata)
        ]
        if "coefficient_by" in model:
            names = ("coefficient_by", "intercept_by", "usable_by")
            by = [model[name][:n].reshape(shape) for name in names]
            sources = [[*by, sources[0][3]], *sources]
        slope, intercept, error = (np.full(shape, np.nan) for _ in range(3))
        level = np.full(shape, -1, dtype=np.int8)
        for number, (a, b, usable, rmse) in enumerate(sources):
            taken = (level < 0) & (usable == 1)
            slope[taken], intercept[taken], error[taken] = a[taken], b[taken], rmse[taken]
            level[taken] = number
        return cls(slope, intercept, level, error)


def rescaling(model: Mapping[str, Array], strata: Strata) -> tuple[Floats, Floats]:
    """Return line (slope, intercept) of the satellite on the reanalysis for each stratum."""
    slope, intercept = np.full(strata.n_strata, np.nan), np.full(strata.n_strata, np.nan)
    for rows in _fallback(strata):
        a, b = model["dlst_slope"][rows], model["dlst_intercept"][rows]
        taken = ~np.isfinite(slope) & (a > 0)
        slope[taken], intercept[taken] = a[taken], b[taken]
    return slope, intercept


def _fallback(strata: Strata) -> tuple[Array, Array, Array]:
    """Return the rows of a model that each stratum falls back to: itself, its cover, all."""
    own = np.arange(strata.n_strata)
    covers = strata.n_strata + own // strata.n_ndvi
    return own, covers, np.full(own.size, strata.n_strata + len(strata.covers))
