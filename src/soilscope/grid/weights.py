"""Which cells of one grid make each cell of another, and with what weight: sparse matrices."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj
from affine import Affine
from odc.geo.geobox import GeoBox
from scipy import sparse

from soilscope.errors import GridError
from soilscope.grid.measure import strip_from_equator

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

#: Share of a cell below which two positions are the same: files round their coordinates.
_SAME = 1e-6


@dataclass(frozen=True)
class Weights:
    """The part of a source grid that a target needs, and its weights: (n_target, n_part)."""

    rows: slice
    columns: slice
    matrix: Any  # scipy.sparse.csr_array; the rows of a target inside the source sum to 1
    shape: tuple[int, int]  # of the target


def bilinear_weights(source: GeoBox, target: GeoBox) -> Weights:
    """Weigh the four cells whose centres surround each target centre.

    Neighbours beyond the source's edge are left out, so weights sum to less than 1 there.
    """
    row, column = _positions(source, target, *_centres(target))
    entries = []
    for down in (0, 1):
        for right in (0, 1):
            i, wi = _side(row, down)
            j, wj = _side(column, right)
            entries.append((i, j, wi * wj))
    return _assemble(source, target, entries)


def nearest_weights(source: GeoBox, target: GeoBox) -> Weights:
    """Take the cell in which each target centre lies."""
    row, column = _positions(source, target, *_centres(target))
    i, j = (np.floor(p + 0.5 + _SAME).astype(np.int64) for p in (row, column))
    return _assemble(source, target, [(i, j, np.ones(row.size))])


def average_weights(source: GeoBox, target: GeoBox, *, points: int = 8) -> Weights:
    """Weigh source cells by the area that they share with each target cell.

    Exact where both grids have the same reference system (on the ellipsoid for latitude and
    longitude); else each target cell is sampled at enough points for `points` in every source
    cell's width.
    """
    if source.crs == target.crs:
        return _overlaps(source, target)
    return _sampled(source, target, points)


def is_coarser(target: GeoBox, source: GeoBox) -> bool:
    """Whether a target cell covers twice the area of a source cell, or more."""
    rows, columns = _cell_size(target, source)
    return rows * columns >= 2.0


def _cell_size(target: GeoBox, source: GeoBox) -> tuple[float, float]:
    """Return the height and width of the target's middle cell in source cells."""
    ends = np.array([0.0, 1.0])
    x, y = _moved(target.affine, target.shape[1] / 2 + ends, target.shape[0] / 2 + ends)
    row, column = _positions(source, target, x, y)
    return abs(float(np.diff(row)[0])), abs(float(np.diff(column)[0]))


def _moved(affine: Affine, column: Floats, row: Floats) -> tuple[Floats, Floats]:
    """Apply an affine transformation (its operators differ between versions)."""
    a, b, c, d, e, f = tuple(affine)[:6]
    return a * column + b * row + c, d * column + e * row + f


def _centres(box: GeoBox) -> tuple[Floats, Floats]:
    """Return x and y of every cell's centre, row by row."""
    columns, rows = np.meshgrid(np.arange(box.shape[1]) + 0.5, np.arange(box.shape[0]) + 0.5)
    return _moved(box.affine, columns.ravel(), rows.ravel())


def _positions(source: GeoBox, of: GeoBox, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return (row, column) in the source grid, 0 at the centre of its first cell."""
    if source.crs != of.crs:
        if source.crs is None or of.crs is None:
            raise GridError(
                "a grid without a coordinate reference system cannot be brought onto another; "
                "write crs, as in crs: EPSG:32648, where its input is opened."
            )
        change = pyproj.Transformer.from_crs(str(of.crs), str(source.crs), always_xy=True)
        x, y = change.transform(x, y)
    column, row = _moved(~source.affine, np.asarray(x), np.asarray(y))
    return row - 0.5, column - 0.5


def _side(position: Floats, side: int) -> tuple[Integers, Floats]:
    """Return the neighbour before (0) or behind (1) each position, and its weight."""
    nearest = np.rint(position)
    position = np.where(np.abs(position - nearest) < _SAME, nearest, position)
    first = np.floor(position)
    behind = position - first
    index = first.astype(np.int64) + side
    return index, behind if side else 1.0 - behind


def _assemble(
    source: GeoBox, target: GeoBox, entries: list[tuple[Integers, Integers, Floats]]
) -> Weights:
    """Make the matrix of the entries that lie in the source, cut to the part that they need."""
    here = np.arange(target.shape[0] * target.shape[1])
    kept = []
    for i, j, w in entries:
        inside = (i >= 0) & (i < source.shape[0]) & (j >= 0) & (j < source.shape[1]) & (w > 0)
        kept.append((here[: i.size][inside], i[inside], j[inside], w[inside]))
    at, i, j, w = (np.concatenate(parts) for parts in zip(*kept, strict=True))
    if not at.size:
        raise GridError(
            f"the grids do not meet: one covers {_extent(source)}, the other {_extent(target)}."
        )
    rows, columns = slice(i.min(), i.max() + 1), slice(j.min(), j.max() + 1)
    width = columns.stop - columns.start
    part = (i - rows.start) * width + (j - columns.start)
    size = (here.size, (rows.stop - rows.start) * width)
    return Weights(rows, columns, sparse.csr_array((w, (at, part)), shape=size), _shape(target))


def _overlaps(source: GeoBox, target: GeoBox) -> Weights:
    """Weights by shared area on grids of one reference system: rows times columns."""
    geographic = source.crs is not None and source.crs.geographic
    rows, row_part = _shares(_edges(source, 0), _edges(target, 0), sphere=geographic)
    columns, column_part = _shares(_edges(source, 1), _edges(target, 1), sphere=False)
    if not rows.nnz or not columns.nnz:
        raise GridError(
            f"the grids do not meet: one covers {_extent(source)}, the other {_extent(target)}."
        )
    matrix = sparse.csr_array(sparse.kron(rows, columns))
    return Weights(row_part, column_part, matrix, _shape(target))


def _edges(box: GeoBox, axis: int) -> Floats:
    """Return the edges of the rows (axis 0, in y) or columns (axis 1, in x)."""
    affine, n = box.affine, box.shape[axis]
    start, step = (affine.f, affine.e) if axis == 0 else (affine.c, affine.a)
    return np.asarray(start + step * np.arange(n + 1), dtype=np.float64)


def _shares(source: Floats, target: Floats, *, sphere: bool) -> tuple[Any, slice]:
    """Share of each target interval that each source interval covers, by area if `sphere`."""

    def size(edges: Floats) -> Floats:
        if not sphere:
            return edges
        return strip_from_equator(np.deg2rad(np.clip(edges, -90.0, 90.0)))

    a_low, a_high = np.minimum(source[:-1], source[1:]), np.maximum(source[:-1], source[1:])
    b_low, b_high = np.minimum(target[:-1], target[1:]), np.maximum(target[:-1], target[1:])
    low = np.maximum(b_low[:, np.newaxis], a_low)
    high = np.minimum(b_high[:, np.newaxis], a_high)
    slack = _SAME * (b_high - b_low)[:, np.newaxis]
    shared = np.where(high - low > slack, size(high) - size(low), 0.0)
    shared /= (size(b_high) - size(b_low))[:, np.newaxis]
    used = np.flatnonzero(shared.any(axis=0))
    part = slice(used[0], used[-1] + 1) if used.size else slice(0, 0)
    return sparse.csr_array(shared[:, part]), part


def _sampled(source: GeoBox, target: GeoBox, points: int) -> Weights:
    """Weights by sampling: the share of a target cell's points that lie in each source cell."""
    ratio = max(*_cell_size(target, source), 1.0)
    k = int(np.ceil(points * ratio)) if ratio < 8 else int(np.ceil(4 * ratio))
    inner = (np.arange(k) + 0.5) / k
    cells_j, cells_i = np.meshgrid(np.arange(target.shape[1]), np.arange(target.shape[0]))
    entries = []
    for dy in inner:
        for dx in inner:
            x, y = _moved(target.affine, cells_j.ravel() + dx, cells_i.ravel() + dy)
            row, column = _positions(source, target, x, y)
            i, j = (np.floor(p + 0.5).astype(np.int64) for p in (row, column))
            entries.append((i, j, np.full(i.size, 1.0 / k**2)))
    return _assemble(source, target, entries)


def _shape(box: GeoBox) -> tuple[int, int]:
    return int(box.shape[0]), int(box.shape[1])


def _extent(box: GeoBox) -> str:
    x = np.sort(_edges(box, 1)[[0, -1]])
    y = np.sort(_edges(box, 0)[[0, -1]])
    crs = "" if box.crs is None else f" ({box.crs})"
    return f"x {x[0]:g} to {x[1]:g}, y {y[0]:g} to {y[1]:g}{crs}"
