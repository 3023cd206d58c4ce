"""Where the cells of one grid lie in another, as fractional rows and columns."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from affine import Affine
from odc.geo.geobox import GeoBox

from soilscope.errors import GridError
from soilscope.kernels.resample import product

Floats = npt.NDArray[np.float64]

#: Between reference systems positions are a polynomial of this many nodes along each side, where
#: it is right to this share of a source cell; where a map has steps, as an interrupted one, or
#: there are few cells, they are transformed one by one.
_NODES = 20
_RIGHT = 1e-7
_FEW = 4 * _NODES**2
#: Share of a cell by which a place may miss itself on the way there and back: it is on no map else.
_BACK = 0.01
_CIRCLE = 360.0

#: Row and column in a source of all places at some rows and columns of a target.
Places = Callable[[Floats, Floats], tuple[Floats, Floats]]


def centre_positions(source: GeoBox, of: GeoBox) -> tuple[Floats, Floats]:
    """Return row and column in `source` of each cell's centre of `of`, (n_row, n_col) each.

    0 is the centre of the first cell. Places that the other map does not show are not finite.
    """
    rows, columns = np.arange(of.shape[0]) + 0.5, np.arange(of.shape[1]) + 0.5
    return places(source, of, n=rows.size * columns.size)(rows, columns)


def places(source: GeoBox, of: GeoBox, *, n: int) -> Places:
    """Return what gives the positions in `source` of rows and columns of `of`.

    These count from the first corner of `of`; `n` is how many places will be asked for.
    """
    exactly = partial(_exactly, source, of)
    if source.crs == of.crs:
        turned = any((source.affine.b, source.affine.d, of.affine.b, of.affine.d))
        return exactly if turned else partial(_straight, source, of)
    return exactly if n < _FEW else _fitted(of, exactly) or exactly


def positions_at(
    source: GeoBox, of: GeoBox, row: Floats, column: Floats, *, there_and_back: bool = True
) -> tuple[Floats, Floats]:
    """Return row and column in `source` of places in `of`, counted there from the first corner.

    Longitudes are turned by whole circles to where `source` is. `there_and_back` finds places off
    the map of `of`, for which some projections give those of the Earth's other side.
    """
    x, y = moved(of.affine, column, row)
    if source.crs != of.crs:
        x, y = _transformed(source, of, x, y, there_and_back=there_and_back)
    if source.crs is not None and source.crs.geographic:
        middle, _ = moved(source.affine, source.shape[1] / 2, source.shape[0] / 2)
        with np.errstate(invalid="ignore"):  # places off the map
            x = x - _CIRCLE * np.floor((x - middle) / _CIRCLE + 0.5)
    there_column, there_row = moved(~source.affine, x, y)
    return there_row - 0.5, there_column - 0.5


def around(box: GeoBox) -> int | None:
    """Return how many columns make a whole circle, where a grid goes around the Earth."""
    if box.crs is None or not box.crs.geographic:
        return None
    whole = abs(box.affine.a) * box.shape[1]
    return int(box.shape[1]) if abs(whole - _CIRCLE) < 0.01 * abs(box.affine.a) else None


def _transformed(
    source: GeoBox, of: GeoBox, x: Floats, y: Floats, *, there_and_back: bool
) -> tuple[Floats, Floats]:
    """Move places from one reference system to the other; those off a map are NaN."""
    if source.crs is None or of.crs is None:
        raise GridError(
            "a grid without a coordinate reference system cannot be brought onto another; "
            "write crs, as in crs: EPSG:32648, where its input is opened."
        )
    there = [np.asarray(v, np.float64) for v in of.crs.transformer_to_crs(source.crs)(x, y)]
    lost = ~(np.isfinite(there[0]) & np.isfinite(there[1]))
    if there_and_back and not of.crs.geographic:
        back_x, back_y = source.crs.transformer_to_crs(of.crs)(*there)
        near = _BACK * np.hypot(of.affine.a, of.affine.e)
        lost |= ~((np.abs(back_x - x) < near) & (np.abs(back_y - y) < near))
    there_x, there_y = (np.where(lost, np.nan, v) for v in there)
    return there_x, there_y


def moved(affine: Affine, column: Floats, row: Floats) -> tuple[Floats, Floats]:
    """Apply an affine transformation (its operators differ between versions)."""
    a, b, c, d, e, f = tuple(affine)[:6]
    return a * column + b * row + c, d * column + e * row + f


def _exactly(source: GeoBox, of: GeoBox, rows: Floats, columns: Floats) -> tuple[Floats, Floats]:
    across, down = np.meshgrid(columns, rows)
    row, column = positions_at(source, of, down.ravel(), across.ravel())
    return row.reshape(down.shape), column.reshape(down.shape)


def _straight(source: GeoBox, of: GeoBox, rows: Floats, columns: Floats) -> tuple[Floats, Floats]:
    """Rows depend on rows alone where both grids have one reference system."""
    row, _ = positions_at(source, of, rows, np.zeros(rows.size))
    _, column = positions_at(source, of, np.zeros(columns.size), columns)
    shape = (rows.size, columns.size)
    return np.broadcast_to(row[:, np.newaxis], shape), np.broadcast_to(column, shape)


def _fitted(of: GeoBox, exactly: Places) -> Places | None:
    """Interpolate positions between Chebyshev nodes; None where that is not right."""
    nodes = _nodes(of.shape[0]), _nodes(of.shape[1])
    known = exactly(*nodes)
    places = partial(_between, nodes, known)
    some = tuple(np.linspace(0.0, n, 2 * _NODES + 1) for n in of.shape)
    pairs = zip(places(*some), exactly(*some), strict=True)
    # a position that is not finite is not right either
    return places if all(np.abs(a - b).max() < _RIGHT for a, b in pairs) else None


def _between(
    nodes: tuple[Floats, Floats], known: tuple[Floats, Floats], rows: Floats, columns: Floats
) -> tuple[Floats, Floats]:
    along = _lagrange(nodes[0], rows)
    across = np.ascontiguousarray(_lagrange(nodes[1], columns).T)
    row, column = (_product(along, _product(values, across)) for values in known)
    return row, column


def _product(left: Floats, right: Floats) -> Floats:
    out = np.empty((left.shape[0], right.shape[1]))
    product(left, right, out)
    return out


def _nodes(n: int) -> Floats:
    """Chebyshev nodes from 0 to `n`."""
    angles = (2 * np.arange(_NODES) + 1) * np.pi / (2 * _NODES)
    nodes: Floats = n * (1.0 - np.cos(angles)) / 2
    return nodes


def _lagrange(nodes: Floats, at: Floats) -> Any:
    """Weight of each node at each place, (n_place, n_node): barycentric interpolation."""
    k = np.arange(nodes.size)
    weights = (-1.0) ** k * np.sin((2 * k + 1) * np.pi / (2 * nodes.size))
    away = at[:, np.newaxis] - nodes
    hit = away == 0.0
    share = weights / np.where(hit, 1.0, away)
    share = np.where(hit.any(axis=1, keepdims=True), hit, share)
    return share / share.sum(axis=1, keepdims=True)
