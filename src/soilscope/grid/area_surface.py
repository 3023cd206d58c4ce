"""A smooth surface on fine cells whose mean over each coarse cell is given.

It is bilinear between nodes at the centres of coarse cells (one row and column more on every side),
and so continuous across their borders. The nodes are those of least bending that give the means;
what a tiny weight on bending leaves of the means is added to each coarse cell.
The idea of a surface that keeps sums: Tobler (1979), https://doi.org/10.1080/01621459.1979.10481647.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from affine import Affine
from odc.geo.geobox import GeoBox
from scipy import sparse
from scipy.sparse.linalg import splu

from soilscope.grid.membership import Membership
from soilscope.grid.weights import bilinear_weights
from soilscope.kernels.downscale import scatter

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_SMOOTH = 1e-5  # weight of bending against that of a squared mean
_FLAT = 0.01  # weight of slopes against that of bending


class SurfaceNodes:
    """Nodes of surfaces over one pair of grids, and what each weighs in each fine cell."""

    def __init__(self, fine: GeoBox, coarse: GeoBox, members: Membership) -> None:
        padded = _padded(coarse)
        shape = (int(padded.shape[0]), int(padded.shape[1]))
        self.members = members
        self.weights = _on_all_nodes(bilinear_weights(padded, fine), shape)
        self.rough = _roughness(shape)
        # which nodes reach the members of each coarse cell, as the rows of a sparse matrix
        n = shape[0] * shape[1]
        cell = np.repeat(members.cell, np.diff(self.weights.indptr))
        pairs, slot = np.unique(cell * n + self.weights.indices, return_inverse=True)
        outside = int(np.searchsorted(pairs, 0))
        self.slot = (slot - outside).astype(np.int32)
        row, self.node = np.divmod(pairs[outside:], n)
        self.start = np.searchsorted(row, np.arange(members.n_coarse + 1))

    def averages(self, given: Flags, valid: Flags) -> Any:
        """Return the matrix (coarse, node) that averages a surface over `valid` members.

        Rows of coarse cells that are not `given` are empty.
        """
        cell = self.members.cell
        count = np.bincount(cell[valid & (cell >= 0)], minlength=given.size)
        share = np.where(given, 1.0 / np.maximum(count, 1), 0.0)
        found = np.empty(self.node.size)
        scatter(valid, cell, self.weights.indptr, self.weights.data, self.slot, share, found)
        shape = (given.size, self.rough.shape[0])
        # copies: dropping what is zero works in place
        matrix = sparse.csr_array((found, self.node.copy(), self.start.copy()), shape=shape)
        matrix.eliminate_zeros()
        return matrix


class AreaSurface:
    """Surfaces on the nodes of one pair of grids; the factors of the last pattern are kept."""

    def __init__(self, nodes: SurfaceNodes) -> None:
        self.nodes = nodes
        self._key: tuple[bytes, bytes] | None = None
        self._solve: Any = None
        self._averages: Any = None

    def __call__(self, means: Floats, valid: Flags) -> Floats:
        """Return the surface (fine cell) with the `means` (coarse cell, NaN: free) over `valid`."""
        given = np.isfinite(means)
        if not given.any():
            return np.full(self.nodes.members.cell.size, np.nan)
        self._factor(given, valid)
        wanted = np.where(given, means, 0.0)
        heights = self._solve(self._averages.T @ wanted)
        surface: Floats = self.nodes.weights @ heights
        left = np.zeros(means.size + 1)
        left[: means.size][given] = (wanted - self._averages @ heights)[given]
        return surface + left[self.nodes.members.cell]

    def _factor(self, given: Flags, valid: Flags) -> None:
        key = (given.tobytes(), np.packbits(valid).tobytes())
        if key == self._key:
            return
        self._averages = self.nodes.averages(given, valid)
        normal = self._averages.T @ self._averages + _SMOOTH * self.nodes.rough
        # symmetric and positive: no pivots are looked for, which is twice as fast
        self._solve = splu(
            sparse.csc_array(normal),
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        ).solve
        self._key = key


def _padded(box: GeoBox) -> GeoBox:
    """Return a grid with one row and one column more on every side."""
    a, b, c, d, e, f = tuple(box.affine)[:6]
    start = Affine(a, b, c - a - b, d, e, f - d - e)
    return GeoBox((box.shape[0] + 2, box.shape[1] + 2), start, box.crs)


def _on_all_nodes(weights: Any, nodes: tuple[int, int]) -> Any:
    """Widen weights of the part of the nodes that is used to all of them."""
    matrix = weights.matrix.tocoo()
    width = weights.columns.stop - weights.columns.start
    row, column = divmod(matrix.col.astype(np.int64), width)
    at = (row + weights.rows.start) * nodes[1] + column + weights.columns.start
    shape = (matrix.shape[0], nodes[0] * nodes[1])
    return sparse.csr_array((matrix.data, (matrix.row, at)), shape=shape)


def _roughness(nodes: tuple[int, int]) -> Any:
    """Quadratic form of second differences, and a little of first ones: flat far from data."""
    steps = [sparse.csr_array(np.diff(np.eye(n), axis=0)) for n in nodes]
    bends = [sparse.csr_array(np.diff(np.eye(n), n=2, axis=0)) for n in nodes]
    whole = [sparse.eye_array(n) for n in nodes]
    total = sparse.csr_array((nodes[0] * nodes[1],) * 2)
    for parts, weight in ((bends, 1.0), (steps, _FLAT)):
        for form in (sparse.kron(parts[0], whole[1]), sparse.kron(whole[0], parts[1])):
            total = total + weight * (form.T @ form)
    return total
