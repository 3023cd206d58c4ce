"""Which cells of one grid make each cell of another, and with what weight."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from odc.geo.geobox import GeoBox
from scipy import sparse

from soilscope.errors import GridError
from soilscope.grid.measure import strip_from_equator
from soilscope.grid.positions import centre_positions, places, positions_at
from soilscope.kernels.resample import count_below

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

#: Share of a cell below which two positions are the same: files round their coordinates.
SAME = 1e-6


#: Samples whose positions are held at a time.
_SAMPLES = 2**20


@dataclass(frozen=True)
class Weights:
    """The part of a source grid that a target needs, and its weights: (n_target, n_part)."""

    rows: slice
    columns: slice
    matrix: Any  # scipy.sparse.csr_array; the rows of a target inside the source sum to 1
    shape: tuple[int, int]  # of the target


@dataclass(frozen=True)
class Between:
    """The part of a source grid that a target needs, and where in it each target centre lies."""

    rows: slice
    columns: slice
    row: Floats  # of the target's shape; 0 is the centre of the first cell of the part
    column: Floats
    shape: tuple[int, int]


def between_centres(source: GeoBox, target: GeoBox) -> Between:
    """Find the target centres between those of the source, for bilinear interpolation.

    A centre needs the four cells around it; those beyond the source's edge count as missing.
    """
    row, column = centre_positions(source, target)
    held = row, column
    if not all(_lie_between(p, n) for p, n in zip(held, source.shape, strict=True)):
        inside = (row > -1 + SAME) & (row < source.shape[0] - SAME)
        inside &= (column > -1 + SAME) & (column < source.shape[1] - SAME)
        if not inside.any():
            raise _apart(source, target)
        held = row[inside], column[inside]
    rows, columns = (_needed(p, n) for p, n in zip(held, source.shape, strict=True))
    return Between(rows, columns, row - rows.start, column - columns.start, _shape(target))


def _lie_between(position: Floats, n: int) -> bool:
    return bool(position.min() > -1 + SAME and position.max() < n - SAME)


def _needed(position: Floats, n: int) -> slice:
    """Return which of the `n` cells along a side lie around the positions."""
    first, last = np.floor(position.min() + SAME), np.ceil(position.max() - SAME)
    return slice(max(int(first), 0), min(int(last), n - 1) + 1)


def bilinear_weights(source: GeoBox, target: GeoBox) -> Weights:
    """Weigh the four cells whose centres surround each target centre, as a matrix.

    Neighbours beyond the source's edge are left out, so weights sum to less than 1 there.
    """
    at = np.arange(target.shape[0] * target.shape[1])
    row, column = (_snapped(p.ravel()) for p in centre_positions(source, target))
    entries = []
    for down in (0, 1):
        for right in (0, 1):
            i, j = np.floor(row) + down, np.floor(column) + right
            weight = (1 - np.abs(row - i)) * (1 - np.abs(column - j))
            inside = (i >= 0) & (i < source.shape[0]) & (j >= 0) & (j < source.shape[1])
            inside &= weight > 0
            entries.append((at[inside], i[inside], j[inside], weight[inside]))
    at, i, j, weight = (np.concatenate(parts) for parts in zip(*entries, strict=True))
    return _assemble(source, target, at, i.astype(np.int64), j.astype(np.int64), weight)


def _snapped(position: Floats) -> Floats:
    """Return positions, those that are a centre but for rounding as whole numbers."""
    nearest = np.rint(position)
    return np.where(np.abs(position - nearest) < SAME, nearest, position)


def nearest_weights(source: GeoBox, target: GeoBox) -> Weights:
    """Take the cell in which each target centre lies."""
    at = np.arange(target.shape[0] * target.shape[1])
    row, column = (np.floor(p.ravel() + 0.5 + SAME) for p in centre_positions(source, target))
    inside = (row >= 0) & (row < source.shape[0]) & (column >= 0) & (column < source.shape[1])
    i, j = row[inside].astype(np.int64), column[inside].astype(np.int64)
    return _assemble(source, target, at[inside], i, j, np.ones(i.size))


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
    row, column = positions_at(
        source, target, target.shape[0] / 2 + ends, target.shape[1] / 2 + ends
    )
    return abs(float(np.diff(row)[0])), abs(float(np.diff(column)[0]))


def _assemble(
    source: GeoBox, target: GeoBox, at: Integers, i: Integers, j: Integers, weight: Floats
) -> Weights:
    """Make the matrix of (target cell, row, column, weight), cut to the part that it needs."""
    if not at.size:
        raise _apart(source, target)
    rows, columns = slice(i.min(), i.max() + 1), slice(j.min(), j.max() + 1)
    width = columns.stop - columns.start
    part = (i - rows.start) * width + (j - columns.start)
    size = (target.shape[0] * target.shape[1], (rows.stop - rows.start) * width)
    matrix = sparse.csr_array((weight, (at, part)), shape=size)
    return Weights(rows, columns, matrix, _shape(target))


def _overlaps(source: GeoBox, target: GeoBox) -> Weights:
    """Weights by shared area on grids of one reference system: rows times columns."""
    geographic = source.crs is not None and source.crs.geographic
    rows, row_part = _shares(_edges(source, 0), _edges(target, 0), sphere=geographic)
    columns, column_part = _shares(_edges(source, 1), _edges(target, 1), sphere=False)
    if not rows.nnz or not columns.nnz:
        raise _apart(source, target)
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
    slack = SAME * (b_high - b_low)[:, np.newaxis]
    shared = np.where(high - low > slack, size(high) - size(low), 0.0)
    shared /= (size(b_high) - size(b_low))[:, np.newaxis]
    used = np.flatnonzero(shared.any(axis=0))
    part = slice(used[0], used[-1] + 1) if used.size else slice(0, 0)
    return sparse.csr_array(shared[:, part]), part


def _sampled(source: GeoBox, target: GeoBox, points: int) -> Weights:
    """Weights by sampling: the share of a target cell's points that lie in each source cell."""
    n_row, n_col = _shape(target)
    ratio = max(*_cell_size(target, source), 1.0)
    k = int(np.ceil(ratio * (points if ratio < 8 else 4 if ratio < 64 else 1)))
    find = places(source, target, n=n_row * n_col * k**2)
    step = max(1, min(n_col, _SAMPLES // k**2))
    cell, below, count = (np.empty(step * k**2, np.int64) for _ in range(3))
    entries = []
    for i in range(n_row):
        for first in range(0, n_col, step):
            samples = np.arange(min(step, n_col - first) * k)
            row, column = find(i + (np.arange(k) + 0.5) / k, first + (samples + 0.5) / k)
            n = count_below(row, column, k, _shape(source), cell, below, count)
            entries.append((i * n_col + first + cell[:n], below[:n].copy(), count[:n] / k**2))
    at, index, weight = (np.concatenate(parts) for parts in zip(*entries, strict=True))
    return _assemble(source, target, at, *np.divmod(index, source.shape[1]), weight)


def _shape(box: GeoBox) -> tuple[int, int]:
    return int(box.shape[0]), int(box.shape[1])


def _apart(source: GeoBox, target: GeoBox) -> GridError:
    return GridError(
        f"the grids do not meet: one covers {_extent(source)}, the other {_extent(target)}."
    )


def _extent(box: GeoBox) -> str:
    x = np.sort(_edges(box, 1)[[0, -1]])
    y = np.sort(_edges(box, 0)[[0, -1]])
    crs = "" if box.crs is None else f" ({box.crs})"
    return f"x {x[0]:g} to {x[1]:g}, y {y[0]:g} to {y[1]:g}{crs}"
