"""Which cells of one grid make each cell of another, and with what weight."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from odc.geo.geobox import GeoBox
from scipy import sparse

from soilscope.errors import GridError
from soilscope.grid.crs import brief
from soilscope.grid.measure import strip_from_equator
from soilscope.grid.positions import around, centre_positions, places, positions_at
from soilscope.kernels.resample import weigh_below

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
    columns: slice | Integers  # numbers where the part goes on at the other end of a whole circle
    row: Floats  # of the target's shape; 0 is the centre of the source's first cell
    column: Floats
    first: tuple[int, int]  # row and column at which the part begins
    shape: tuple[int, int]


def between_centres(source: GeoBox, target: GeoBox) -> Between:
    """Find the target centres between those of the source, for bilinear interpolation.

    A centre needs the four cells around it; those beyond the source's edge count as missing.
    """
    row, column = centre_positions(source, target)
    circle = around(source)
    reach = _reach(row), _reach(column)
    if not (_is_inside(reach[0], source.shape[0]) and _is_inside(reach[1], source.shape[1])):
        inside = (row > -1 + SAME) & (row < source.shape[0] - SAME)
        inside &= (column > -1 + SAME) & (column < source.shape[1] - SAME)
        if not inside.any():
            raise _apart(source, target)
        reach = _reach(row[inside]), _reach(column[inside])
        if circle is not None:
            column = _unrolled(column, column[inside], circle)
            reach = reach[0], _reach(column[inside])
    rows = slice(*_needed(reach[0], source.shape[0]))
    start, stop = _needed(reach[1], source.shape[1] if circle is None else None)
    within = start >= 0 and stop <= source.shape[1]
    columns = slice(start, stop) if within else np.arange(start, stop) % source.shape[1]
    return Between(rows, columns, row, column, (rows.start, start), _shape(target))


def _reach(position: Floats) -> tuple[float, float]:
    return float(position.min()), float(position.max())


def _is_inside(reach: tuple[float, float], n: int) -> bool:
    """Whether all positions lie between centres of the `n` cells along a side."""
    return reach[0] >= 0.0 and reach[1] <= n - 1


def _needed(reach: tuple[float, float], n: int | None) -> tuple[int, int]:
    """Return the first of the cells along a side that lie around positions, and behind the last.

    Where there are but `n`, the others are left out.
    """
    first, last = int(np.floor(reach[0] + SAME)), int(np.ceil(reach[1] - SAME))
    return (first, last + 1) if n is None else (max(first, 0), min(last, n - 1) + 1)


def _unrolled(column: Floats, held: Floats, circle: int) -> Floats:
    """Return positions on a circle counted on beyond its end, where they lie closer so."""
    half = circle / 2
    if np.ptp(held) > half > np.ptp(np.where(held < half, held + circle, held)):
        return np.where(column < half, column + circle, column)
    return column


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
    """Take the cell in which each target centre lies; on an edge, that to the south or east."""
    at = np.arange(target.shape[0] * target.shape[1])
    row, column = (p.ravel() for p in centre_positions(source, target))
    rises = source.affine.e > 0
    row = np.ceil(row - 0.5 - SAME) if rises else np.floor(row + 0.5 + SAME)
    column = np.floor(column + 0.5 + SAME)
    column = _on_circle(column, source)
    inside = (row >= 0) & (row < source.shape[0]) & (column >= 0) & (column < source.shape[1])
    i, j = row[inside].astype(np.int64), column[inside].astype(np.int64)
    return _assemble(source, target, at[inside], i, j, np.ones(i.size))


def _on_circle(column: Floats, source: GeoBox) -> Floats:
    """Return whole columns within a circle: behind the last of it comes the first."""
    n = around(source)
    if n is None:
        return column
    with np.errstate(invalid="ignore"):  # places off the map
        turned: Floats = np.mod(column, n)
    return turned


def average_weights(source: GeoBox, target: GeoBox) -> Weights:
    """Weigh source cells by the area that they share with each target cell.

    Exact where both grids have the same reference system (on the ellipsoid for latitude and
    longitude); else by samples, four or two in a source cell's width.
    """
    if source.crs == target.crs:
        return _overlaps(source, target)
    return _sampled(source, target)


def is_coarser(target: GeoBox, source: GeoBox) -> bool:
    """Whether a target cell covers twice the area of a source cell, or more."""
    (row_down, row_right), (column_down, column_right) = _steps(target, source)
    return _usual(np.abs(row_down * column_right - row_right * column_down)) >= 2.0


def _cell_size(target: GeoBox, source: GeoBox) -> tuple[float, float]:
    """Return the height and width, in source cells, of what a usual target cell covers."""
    height, width = (_usual(np.abs(down) + np.abs(right)) for down, right in _steps(target, source))
    return height, width


def _steps(target: GeoBox, source: GeoBox) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """Return how many rows, and columns, of the source lie along the sides of a target cell.

    For each of both: down the cell, and to its right, at nine places of the target.
    """
    rows, columns = (np.array([1, 3, 5]) / 6 * n - 0.5 for n in target.shape)
    at = np.meshgrid(rows, columns)
    row, column = zip(
        *(
            positions_at(source, target, at[0].ravel() + i, at[1].ravel() + j)
            for i, j in ((0, 0), (1, 0), (0, 1))
        ),
        strict=True,
    )
    down, right = column[1] - column[0], column[2] - column[0]
    if source.crs is not None and source.crs.geographic:
        circle = 360.0 / abs(source.affine.a)
        down, right = (step - circle * np.rint(step / circle) for step in (down, right))
    return (row[1] - row[0], row[2] - row[0]), (down, right)


def _usual(values: Floats) -> float:
    """Return the median of what is finite: a step of an interrupted map is none; 0 without any."""
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if finite.size else 0.0


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
    rows = _shares(_edges(source, 0), _edges(target, 0), sphere=geographic)
    columns = _shares(_edges(source, 1), _edges(target, 1), sphere=False)
    if geographic:  # the same places, one circle to the west and to the east
        for turn in (-360.0, 360.0):
            columns += _shares(_edges(source, 1) + turn, _edges(target, 1), sphere=False)
    if not rows.nnz or not columns.nnz:
        raise _apart(source, target)
    row_part, column_part = (_used(shares) for shares in (rows, columns))
    matrix = sparse.csr_array(sparse.kron(rows[:, row_part], columns[:, column_part]))
    return Weights(row_part, column_part, matrix, _shape(target))


def _used(shares: Any) -> slice:
    used = np.unique(shares.indices)
    return slice(int(used[0]), int(used[-1]) + 1)


def _edges(box: GeoBox, axis: int) -> Floats:
    """Return the edges of the rows (axis 0, in y) or columns (axis 1, in x)."""
    affine, n = box.affine, box.shape[axis]
    start, step = (affine.f, affine.e) if axis == 0 else (affine.c, affine.a)
    return np.asarray(start + step * np.arange(n + 1), dtype=np.float64)


def _shares(source: Floats, target: Floats, *, sphere: bool) -> Any:
    """Share of each target interval that each source interval covers, by area if `sphere`."""

    def size(edges: Floats) -> Floats:
        if not sphere:
            return edges
        return strip_from_equator(np.deg2rad(np.clip(edges, -90.0, 90.0)))

    cuts = np.unique(np.concatenate([source, target]))
    low, high = cuts[:-1], cuts[1:]
    of, at = (_interval(edges, (low + high) / 2) for edges in (source, target))
    shared = (of >= 0) & (at >= 0) & (high - low > SAME * abs(target[1] - target[0]))
    of, at = of[shared], at[shared]
    whole = np.abs(np.diff(size(target)))[at]
    share = (size(high) - size(low))[shared] / whole
    shape = (target.size - 1, source.size - 1)
    return sparse.csr_array((share, (at, of)), shape=shape)


def _interval(edges: Floats, place: Floats) -> Integers:
    """Return the interval in which each place lies, -1 where it lies in none."""
    falls = edges[0] > edges[-1]
    n = edges.size - 1
    found = np.searchsorted(edges[::-1] if falls else edges, place, side="right") - 1
    found = np.where((found >= 0) & (found < n), found, -1)
    return np.where(found >= 0, n - 1 - found, -1) if falls else found


def _sampled(source: GeoBox, target: GeoBox) -> Weights:
    """Weights by sampling: a target cell's samples, and how much of each is in a source cell."""
    n_row, n_col = _shape(target)
    ratio = max(*_cell_size(target, source), 1.0)
    k = int(np.ceil(ratio * (4 if ratio < 4 else 2 if ratio < 64 else 1)))
    find = places(source, target, n=n_row * n_col * k**2)
    step = max(1, min(n_col, _SAMPLES // k**2))
    cell, below = (np.empty(4 * step * k**2, np.int64) for _ in range(2))
    weight = np.empty(cell.size)
    circle = around(source) or 0
    entries = []
    for i in range(n_row):
        for first in range(0, n_col, step):
            samples = np.arange(min(step, n_col - first) * k)
            row, column = find(i + (np.arange(k) + 0.5) / k, first + (samples + 0.5) / k)
            n = weigh_below(row, column, k, _shape(source), circle, cell, below, weight)
            entries.append((i * n_col + first + cell[:n], below[:n].copy(), weight[:n].copy()))
    at, index, weight = (np.concatenate(parts) for parts in zip(*entries, strict=True))
    return _assemble(source, target, at, *np.divmod(index, source.shape[1]), weight)


def _shape(box: GeoBox) -> tuple[int, int]:
    return int(box.shape[0]), int(box.shape[1])


def _apart(source: GeoBox, target: GeoBox) -> GridError:
    return GridError(
        f"the grids do not meet: one covers {_extent(source)}, the other {_extent(target)}; "
        "check both, and the region."
    )


def _extent(box: GeoBox) -> str:
    x = np.sort(_edges(box, 1)[[0, -1]])
    y = np.sort(_edges(box, 0)[[0, -1]])
    crs = "" if box.crs is None else f" ({brief(box.crs)})"
    return f"x {x[0]:g} to {x[1]:g}, y {y[0]:g} to {y[1]:g}{crs}"
