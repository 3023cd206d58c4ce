"""How well classes foretell cells that took no part: parts of a sample are held out in turn."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from soilscope.analyse.detector_sample import Array, Floats, Sample
from soilscope.kernels.detector_blocks import blocks_of

Integers = npt.NDArray[np.int64]


class HeldOut(NamedTuple):
    """Squared errors of sets of classes on the parts that were held out."""

    loss: Floats  # (set, part)
    total: float  # those of the mean alone, in all parts
    weight: Floats  # of each part

    @property
    def q(self) -> Floats:
        """Share of the squares that classes foretell; below 0 where they lead astray."""
        with np.errstate(invalid="ignore", divide="ignore"):
            found: Floats = 1.0 - self.loss.sum(axis=1) / self.total
        return found

    def within_one_error(self) -> npt.NDArray[np.bool_]:
        """Tell which sets lose no more than the best one and one standard error of its loss.

        The parts are of unequal size: the error is that of a ratio.
        """
        losses = self.loss.sum(axis=1)
        best = self.loss[losses.argmin()]
        rest = best - best.sum() / self.weight.sum() * self.weight
        error = np.sqrt(rest.size * (rest @ rest) / (rest.size - 1))
        kept: npt.NDArray[np.bool_] = losses <= losses.min() + error
        return kept


@dataclass(frozen=True)
class Folds:
    """Cells, or square blocks of them, dealt out at random to parts that are held out in turn."""

    n: int
    block: int
    seed: int

    def of(self, sample: Sample) -> Array | None:
        """Return the part of each row; None where there are not two blocks."""
        member, n_block = blocks_of(sample.kept, self.block)
        if n_block < 2:
            return None
        part = np.arange(n_block) % min(self.n, n_block)
        dealt: Array = np.random.default_rng([self.seed, 2]).permutation(part)[member]
        return dealt


def held_out(sample: Sample, part: Array, order: Array, sets: list[Integers]) -> HeldOut:
    """Foretell each part by the means of classes in the others.

    `sets` are sets of classes of the rows in the order `order`, from one number to the next. A
    class without rows in the others takes the mean of all of these.
    """
    finest = np.unique(np.concatenate(sets))
    shape = (int(part.max()) + 1, finest.size - 1)
    piece = np.empty(sample.n, dtype=np.int64)
    piece[order] = np.repeat(np.arange(shape[1]), np.diff(finest))
    place = part * shape[1] + piece
    y = sample.weighted(sample.y)
    weight, sums = (
        np.bincount(place, values, shape[0] * shape[1]).reshape(shape)
        for values in (sample.weight, y)
    )
    squares = np.bincount(part, sample.y * y)
    whole = np.zeros(1, dtype=np.int64)
    mean_alone = _loss(weight, sums, squares, whole)
    losses = [_loss(weight, sums, squares, np.searchsorted(finest, rows[:-1])) for rows in sets]
    return HeldOut(np.array(losses), float(mean_alone.sum()), weight.sum(axis=1))


def _loss(weight: Array, sums: Array, squares: Array, starts: Array) -> Floats:
    """Sum of squared errors in each part, from sums (part, piece) over the finest pieces."""
    n, s = (np.add.reduceat(a, starts, axis=1).astype(np.float64) for a in (weight, sums))
    others, of_others = n.sum(axis=0) - n, s.sum(axis=0) - s
    centre = of_others.sum(axis=1, keepdims=True) / others.sum(axis=1, keepdims=True)
    # what is left of a class by rounding is nothing
    held = others > 1e-9 * n.sum(axis=0)
    mean = np.where(held, of_others / np.where(held, others, 1.0), centre)
    found: Floats = squares - 2.0 * (mean * s).sum(axis=1) + (n * mean**2).sum(axis=1)
    return np.maximum(found, 0.0)
