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

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_SMOOTH = 1e-5  # weight of bending against that of a squared mean
_FLAT = 0.01  # weight of slopes against that of bending


class AreaSurface:
    """Surfaces over one pair of grids; the factors of one pattern of valid cells are kept."""

    def __init__(self, fine: GeoBox, coarse: GeoBox, members: Membership) -> None:
        padded = _padded(coarse)
        weights = bilinear_weights(padded, fine)
        self.members = members
        self.nodes = (int(padded.shape[0]), int(padded.shape[1]))
        self.bilinear = _on_all_nodes(weights, self.nodes)
        self.rough = _roughness(self.nodes)
        self._key: tuple[bytes, bytes] | None = None
        self._solve: Any = None
        self._means: Any = None

    def __call__(self, means: Floats, valid: Flags) -> Floats:
        """Return the surface (fine cell) with the `means` (coarse cell, NaN: free) over `valid`."""
        given = np.isfinite(means)
        if not given.any():
            return np.full(self.members.cell.size, np.nan)
        self._factor(given, valid)
        right = self._means.T @ means[given]
        nodes = self._solve(right)
        surface: Floats = self.bilinear @ nodes
        left = np.zeros(means.size + 1)
        left[: means.size][given] = means[given] - self._means @ nodes
        return surface + left[self.members.cell]

    def _factor(self, given: Flags, valid: Flags) -> None:
        key = (given.tobytes(), np.packbits(valid).tobytes())
        if key == self._key:
            return
        sums = self.members.sums()[np.flatnonzero(given)]
        chosen = sums @ sparse.diags_array(valid.astype(np.float64))
        count = np.maximum(chosen.sum(axis=1), 1.0)
        self._means = sparse.csr_array(sparse.diags_array(1.0 / count) @ chosen @ self.bilinear)
        normal = self._means.T @ self._means + _SMOOTH * self.rough
        self._solve = splu(sparse.csc_array(normal)).solve
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
