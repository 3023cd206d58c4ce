"""Variograms of many fields at once: those with the same missing cells share their work."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from soilscope.analyse.variogram_classes import Estimator, Floats, LagClasses, semivariance
from soilscope.analyse.variogram_detrend import Detrend, without_trend
from soilscope.analyse.variogram_map_sums import MapSums, masks
from soilscope.analyse.variogram_pair_sums import RowSums, SiteSums
from soilscope.analyse.variogram_places import DegreeGrid, MapGrid, Places, Sites
from soilscope.names import CONSTANT, NO_DATA, OK, TOO_FEW

Array = npt.NDArray[Any]
_BATCH = 64 * 2**20  # bytes of fields that are worked on at a time


def result_of(
    n: Floats, far: Floats, total: Floats, estimator: Estimator
) -> tuple[Floats, npt.NDArray[np.int64], Floats]:
    """Return semivariance, pairs and mean distance from sums over pairs."""
    distance: Floats = far / np.where(n > 0, n, np.nan)
    return semivariance(n, total, estimator), n.astype(np.int64), distance


@dataclass(frozen=True)
class Variograms:
    """Make the variograms of arrays; a class, so that dask can name it by its parts."""

    places: Places
    classes: LagClasses
    estimator: Estimator
    azimuths: tuple[float, ...]
    tolerance: float
    detrend: Detrend

    def __call__(self, values: Array) -> tuple[Array, ...]:
        """Return semivariance, pairs, distance, n_obs and status of values (..., *places)."""
        n_core = len(self.places.dims)
        before, core = values.shape[: values.ndim - n_core], values.shape[values.ndim - n_core :]
        fields = values.reshape(math.prod(before), *core)
        n_group = max(1, len(self.azimuths)) * self.classes.count
        n = np.zeros((len(fields), n_group))
        far, total = np.zeros_like(n), np.zeros_like(n)
        n_obs, status = np.zeros(len(fields), np.int64), np.zeros(len(fields), np.int8)
        valid = np.isfinite(fields)
        for numbers in self._together(valid):
            z = np.array(fields[numbers], dtype=np.float64)
            n_obs[numbers] = valid[numbers].sum(axis=tuple(range(1, n_core + 1)))
            status[numbers] = [self._centre(*pair) for pair in zip(z, valid[numbers], strict=True)]
            if n_obs[numbers].max() > 1:
                n[numbers], far[numbers], total[numbers] = self._sums(z, valid[numbers])
        shape = (*before, max(1, len(self.azimuths)), self.classes.count)
        return (
            *(part.reshape(shape) for part in result_of(n, far, total, self.estimator)),
            n_obs.reshape(before),
            status.reshape(before),
        )

    def _together(self, valid: npt.NDArray[np.bool_]) -> Iterator[npt.NDArray[np.int64]]:
        """Yield some fields that share work: on grids of those with one mask, of sites of all."""
        if not len(valid):
            return
        flat = valid.reshape(len(valid), -1)
        batch = max(1, _BATCH // max(1, 8 * flat.shape[1]))
        for numbers in [np.arange(len(flat))] if isinstance(self.places, Sites) else masks(flat):
            for start in range(0, numbers.size, batch):
                yield numbers[start : start + batch]

    def _centre(self, z: Floats, mask: npt.NDArray[np.bool_]) -> int:
        """Take the mean (or a trend) off the values, put 0 elsewhere; return the status."""
        held = z[mask]
        z[~mask] = 0.0
        if held.size < 2:
            return TOO_FEW if held.size else NO_DATA
        if held.min() == held.max():
            z[mask] = 0.0
            return CONSTANT
        z[mask] = without_trend(held, self._coordinates(mask), self.detrend)
        return OK if z.any() else CONSTANT

    def _coordinates(self, mask: npt.NDArray[np.bool_]) -> Floats:
        """Two coordinates (2, n) of the valid values, in any units."""
        if isinstance(self.places, Sites):
            return np.array(self.places.places)[mask].T
        return np.stack(np.nonzero(mask)).astype(np.float64)

    def _sums(self, z: Floats, valid: npt.NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
        root = self.estimator == "cressie"
        where = self.places
        if isinstance(where, MapGrid):
            steps = (where.north, where.east)
            by_map = MapSums(steps, self.classes, self.azimuths, self.tolerance, root)
            return by_map(z, valid[0])
        if isinstance(where, DegreeGrid):
            by_row = RowSums(where.latitude, where.step, where.ellipsoid, self.classes, root)
            return by_row(z, valid[0])
        z[~valid] = np.nan
        by_pair = SiteSums(
            where.places, where.ellipsoid, self.classes, self.azimuths, self.tolerance, root
        )
        return by_pair(z)
