"""Square blocks of the cells of a map, and dealing them out to one another's places."""

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt

Bools = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]


class Deal:
    """Blocks of `block` x `block` cells that hold a cell of the sample `kept` (rows, columns).

    A cell outside the sample, which comes to lie on one of the sample, brings the value of the
    nearest cell of the sample.
    """

    def __init__(self, kept: Bools, block: int) -> None:
        rows, columns = (-(-n // block) for n in kept.shape)
        padded = np.zeros((rows * block, columns * block), dtype=bool)
        padded[: kept.shape[0], : kept.shape[1]] = kept
        number = np.cumsum(padded).reshape(padded.shape) - 1
        nearest = distance_transform_edt(~padded, return_distances=False, return_indices=True)
        filled = number[tuple(nearest)]
        blocks = filled.reshape(rows, block, columns, block).swapaxes(1, 2)
        held = padded.reshape(rows, block, columns, block).any(axis=(1, 3))
        self.source = blocks.reshape(rows * columns, block * block)[held.ravel()]
        row, column = np.nonzero(padded)
        order = np.cumsum(held).reshape(held.shape) - 1
        self.member = order[row // block, column // block]
        self.place = row % block * block + column % block

    @property
    def n_blocks(self) -> int:
        """Number of blocks."""
        return len(self.source)

    def draw(self, rng: np.random.Generator) -> Integers:
        """Return for each cell of the sample the one whose value it gets."""
        dealt: Integers = self.source[rng.permutation(self.n_blocks)[self.member], self.place]
        return dealt


def blocks_of(kept: Bools, block: int) -> tuple[Integers, int]:
    """Return the block of each cell of the sample `kept`, from 0, and their number.

    Blocks are `block` cells wide in every dimension; those without cells of the sample are none.
    """
    places = [at // block for at in np.nonzero(kept)]
    shape = [n // block + 1 for n in kept.shape]
    found, member = np.unique(np.ravel_multi_index(places, shape), return_inverse=True)
    return member.astype(np.int64), found.size
