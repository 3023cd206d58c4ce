"""Where the cells of one grid lie in another, as fractional rows and columns."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from affine import Affine
from odc.geo.geobox import GeoBox

from soilscope.errors import GridError

Floats = npt.NDArray[np.float64]

#: Between reference systems positions are a polynomial of this many nodes along each side, where
#: it is right to this share of a source cell; where a map has steps, as an interrupted one, or
#: there are few cells, they are transformed one by one.
_NODES = 20
_RIGHT = 1e-7
_FEW = 4 * _NODES**2

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


def positions_at(source: GeoBox, of: GeoBox, row: Floats, column: Floats) -> tuple[Floats, Floats]:
    """Return row and column in `source` of places in `of`, counted there from the first corner."""
    x, y = moved(of.affine, column, row)
    if source.crs != of.crs:
        if source.crs is None or of.crs is None:
            raise GridError(
                "a grid without a coordinate reference system cannot be brought onto another; "
                "write crs, as in crs: EPSG:32648, where its input is opened."
            )
        x, y = of.crs.transformer_to_crs(source.crs)(x, y)
    there_column, there_row = moved(~source.affine, np.asarray(x), np.asarray(y))
    return there_row - 0.5, there_column - 0.5


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
    along, across = _lagrange(nodes[0], rows), _lagrange(nodes[1], columns)
    row, column = (along @ (values @ across.T) for values in known)
    return row, column


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
