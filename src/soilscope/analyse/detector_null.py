"""What q is worth against fields that have nothing to do with the factors."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from soilscope.analyse.detector_sample import Sample
from soilscope.kernels.detector import column_sums, explained, overlay_sums
from soilscope.kernels.detector_blocks import Deal
from soilscope.kernels.detector_surrogates import Noise, permuted, spatial

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Null:
    """Surrogates of the response, drawn anew from one seed for every field."""

    kind: str  # "permutation" or "spatial"
    n_surrogates: int
    seed: int
    block: int = 1  # edge of the blocks of cells that "permutation" deals out

    def columns(self, sample: Sample) -> Iterator[npt.NDArray[np.float32]]:
        """Surrogates at the rows of the sample, in batches of columns."""
        if self.kind == "permutation":
            deal = Deal(sample.kept, self.block) if self.block > 1 else None
            return permuted(sample.y, self.n_surrogates, self.seed, deal)
        field = np.zeros(sample.kept.shape)
        field[sample.kept] = sample.y
        return spatial(field, sample.kept, self.n_surrogates, self._noise)

    @functools.cached_property
    def _noise(self) -> Noise:
        """White noise that all fields share."""
        return Noise(self.seed)

    def q_of_factors(self, sample: Sample) -> Floats:
        """Q of each surrogate for each factor: (n_surrogates, k)."""
        first = np.concatenate([[0], np.cumsum(sample.n_codes)])
        codes = np.ascontiguousarray(sample.codes.T)
        counts = [
            sample.weights_of(c, n) for c, n in zip(sample.codes, sample.n_codes, strict=True)
        ]
        found = []
        for columns in self.columns(sample):
            sums = column_sums(sample.weighted(columns), codes, first)
            squares = squares_of(columns, sample)
            parts = np.split(sums, first[1:-1])
            found.append([explained(p, c, squares) for p, c in zip(parts, counts, strict=True)])
        return np.concatenate([np.array(f).T for f in found])

    def q_of_overlays(self, sample: Sample, pairs: list[tuple[int, int]]) -> Floats:
        """Q of each surrogate for the overlay of each pair of factors: (n_surrogates, n_pair)."""
        sizes = sample.n_codes
        found = []
        for columns in self.columns(sample):
            squares = squares_of(columns, sample)
            weighted = sample.weighted(columns)
            row = []
            for i, j in pairs:
                a, b, n = sample.codes[i], sample.codes[j], int(sizes[i] * sizes[j])
                sums = overlay_sums(weighted, a, b, sizes[j], n)
                count = sample.weights_of(a.astype(np.int64) * sizes[j] + b, n)
                row.append(explained(sums, count, squares))
            found.append(np.array(row).T)
        return np.concatenate(found)


def squares_of(columns: npt.NDArray[np.float32], sample: Sample) -> Floats:
    """Sum of squares of each column about its mean, by the weights of the rows."""
    wide = columns.astype(np.float64)
    weighted = sample.weighted(wide)
    found: Floats = np.einsum("ij,ij->j", wide, weighted) - weighted.sum(axis=0) ** 2 / len(wide)
    return found


def share_above(null: Floats, observed: Floats) -> Floats:
    """P-value of `observed` (k,) beside `null` (n_surrogates, k); the data count as a draw."""
    with np.errstate(invalid="ignore"):
        above = (null >= observed - 1e-12).sum(axis=0)
    return np.where(np.isfinite(observed), (above + 1.0) / (len(null) + 1.0), np.nan)
