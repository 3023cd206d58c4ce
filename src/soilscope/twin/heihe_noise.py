"""Smooth random fields of the Heihe twin, and noise that any day gives again by itself."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

Array = npt.NDArray[Any]

#: Streams of random numbers: one a purpose, so that none depends on how often another is drawn.
TERRAIN, COVER, SOIL, WEATHER, SHOWERS, WARMTH, CLOUD, FIELDS = range(8)
SKIN, REANALYSIS, REANALYSIS_SKIN, CCI, SMOPS, SMCI, SEEPAGE = range(8, 15)
EXTENT = (700.0, 600.0)  # km southwards and eastwards that the lattices cover


def stream(seed: int, purpose: int, day: int = 0) -> np.random.Generator:
    """Generate numbers for one purpose and one day (an ordinal), whatever was drawn before."""
    return np.random.default_rng([seed, purpose, day])


@dataclass(frozen=True)
class SmoothFields:
    """Fields (row, column) of mean 0 and variance 1 that correlate by exp(-(h / length)^2).

    White noise on a lattice over the whole basin is weighed by a Gaussian kernel along rows and
    along columns. Weights have squares that sum to 1 at every point, so the variance is 1
    everywhere; and a part of the basin gets what it has in the whole.
    """

    rows: Any  # sparse weights (row, node)
    columns: Any

    @classmethod
    def over(cls, row: Array, column: Array, *, length: float) -> "SmoothFields":
        """Prepare fields on rows and columns at these positions; they and `length` in km."""
        return cls(_weights(row, length, EXTENT[0]), _weights(column, length, EXTENT[1]))

    def draw(self, rng: np.random.Generator) -> Array:
        """Draw a field (row, column) in float32."""
        nodes = (self.rows.shape[1], self.columns.shape[1])
        return self.spread(rng.standard_normal(nodes, dtype=np.float32))

    def spread(self, white: Array) -> Array:
        """Weigh white noise on the lattice into a field."""
        return np.ascontiguousarray((self.columns @ (self.rows @ white).T).T)


@dataclass(frozen=True)
class RememberedFields:
    """Smooth fields that change from day to day: lag-1 autocorrelation `rho`, cut after `days`.

    Each day mixes the lattices of the days before it, so a day needs no run-up.
    """

    fields: SmoothFields
    seed: int
    purpose: int
    rho: float
    days: int = 12

    def on(self, day: int) -> Array:
        """Return the field (row, column) of a day (an ordinal)."""
        weights = self.rho ** np.arange(self.days if self.rho else 1)
        weights /= np.sqrt((weights**2).sum())
        nodes = (self.fields.rows.shape[1], self.fields.columns.shape[1])
        white = np.zeros(nodes, dtype=np.float32)
        for back, weight in enumerate(weights):
            rng = stream(self.seed, self.purpose, day - back)
            white += np.float32(weight) * rng.standard_normal(nodes, dtype=np.float32)
        return self.fields.spread(white)


@dataclass(frozen=True)
class SlowFields:
    """Smooth fields that turn from one knot of time to the next, of variance 1 on every day."""

    fields: SmoothFields
    seed: int
    purpose: int
    knot: int  # days between independent fields

    def on(self, day: int) -> Array:
        """Return the field (row, column) of a day (an ordinal)."""
        before, part = divmod(day, self.knot)
        angle = 0.5 * np.pi * part / self.knot
        first, then = (
            self.fields.draw(stream(self.seed, self.purpose, self.knot * (before + k)))
            for k in (0, 1)
        )
        return np.asarray(np.cos(angle) * first + np.sin(angle) * then, dtype=np.float32)


def _weights(position: Array, length: float, extent: float) -> Any:
    """Kernel weights of lattice nodes half a length apart, with a margin of two lengths.

    Nodes farther than that have no weight; only the position decides on the weights of a point.
    """
    nodes = np.arange(-2.0 * length, extent + 2.5 * length, 0.5 * length)
    away = (position[:, np.newaxis] - nodes) / length
    weights = np.where(np.abs(away) < 2.0, np.exp(-2.0 * away**2), 0.0)
    weights /= np.sqrt((weights**2).sum(axis=1, keepdims=True))
    return sparse.csr_array(weights.astype(np.float32))
