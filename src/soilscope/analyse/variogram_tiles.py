"""Variograms of maps that do not fit into memory: sums over pairs, tile by tile.

A pair of cells belongs to the tile of its northern (or western) cell, or whichever is stored first.
So each tile is read with what lies within the largest lag of it, each pair is counted once, and
the sums of all tiles are those of the map.
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.analyse.variogram_classes import Estimator, Floats, LagClasses
from soilscope.analyse.variogram_fields import result_of
from soilscope.analyse.variogram_map_sums import (
    Lags,
    box_of,
    lags_within,
    masks,
    one_by_one,
    precise,
)
from soilscope.analyse.variogram_places import MapGrid, Places
from soilscope.kernels.variogram_fft import (
    padded_around,
    pair_counts_around,
    spectrum,
    squared_differences_around,
)
from soilscope.names import CONSTANT, NO_DATA, OK, TOO_FEW

Array = npt.NDArray[Any]
Bools = npt.NDArray[np.bool_]
Block = tuple[slice, slice]
#: Maps with no more cells are worked on whole, which takes some 200 MiB.
_WHOLE = 4 * 2**20
_TILE = 1024  # rows and columns of a tile
_LAGS = 4  # times the largest lag, where that is more: what lies around a tile is read twice


def tiles_of(places: Places, classes: LagClasses, n_tiles: int | None = None) -> list[Block]:
    """Return the tiles of a map, `n_tiles` by `n_tiles` of them; by default those of a large map.

    None where a field is worked on whole.
    """
    if not isinstance(places, MapGrid):
        return []
    if n_tiles is None and math.prod(places.shape) <= _WHOLE:
        return []
    reach = _reach(places, classes)
    rows, columns = (
        list(_parts(n, min(n, n_tiles) if n_tiles else math.ceil(n / max(_TILE, _LAGS * r))))
        for n, r in zip(places.shape, reach, strict=True)
    )
    tiles = [(row, column) for row in rows for column in columns]
    return tiles if n_tiles or len(tiles) > 1 else []


def middles(tiles: list[Block], places: MapGrid) -> dict[str, xr.Variable]:
    """Coordinates of the dimension `tile`: where its middle lies (m, from the map's first cell)."""
    made = {}
    for axis, (name, step) in enumerate((("tile_y", places.north), ("tile_x", places.east))):
        middle = [(tile[axis].start + tile[axis].stop - 1) / 2 * step for tile in tiles]
        attrs = {"units": "m", "long_name": f"{name[-1]} of the tile from the map's first cell"}
        made[name] = xr.Variable("tile", middle, attrs)
    return made


def sums_by_tile(
    field: xr.DataArray,
    tiles: list[Block],
    places: MapGrid,
    classes: LagClasses,
    directions: tuple[tuple[float, ...], float],
    estimator: Estimator,
) -> xr.DataArray:
    """Return what `TileSums` makes of each tile, on (..., tile, part); lazy if `field` is."""
    reach = _reach(places, classes)
    found: list[xr.DataArray] = []
    for tile in tiles:
        window, inside = _window(tile, places.shape, reach)
        of_tile = TileSums(places, classes, *directions, estimator == "cressie", inside)
        part = field.isel(dict(zip(places.dims, window, strict=True)))
        found.append(
            xr.apply_ufunc(
                of_tile,
                part if part.chunks is None else part.chunk(dict.fromkeys(places.dims, -1)),
                input_core_dims=[list(places.dims)],
                output_core_dims=[["part"]],
                dask="parallelized",
                output_dtypes=[np.dtype("f8")],
                dask_gufunc_kwargs={"output_sizes": {"part": of_tile.n_part}},
                keep_attrs=False,
            )
        )
    # put together by concat and not by adding: dask would join sums into one task of all tiles
    whole: xr.DataArray = xr.concat(
        found, "tile", coords="minimal", compat="override", join="override"
    )
    return whole.transpose(..., "tile", "part")


@dataclass(frozen=True)
class TileSums:
    """Sum over the pairs of a tile's cells with themselves and with what is around the tile."""

    places: MapGrid
    classes: LagClasses
    azimuths: tuple[float, ...]
    tolerance: float
    root: bool
    inside: Block  # of the tile in the arrays that are given

    @property
    def n_part(self) -> int:
        """Length of what is returned."""
        return 3 * max(1, len(self.azimuths)) * self.classes.count + 3

    def __call__(self, values: Array) -> Floats:
        """Return, of values (..., row, column), by group: number of pairs, distances, differences.

        Then the number of values in the tile, the smallest and the largest.
        """
        before, shape = values.shape[:-2], values.shape[-2:]
        fields = values.reshape(math.prod(before), *shape)
        valid = np.isfinite(fields)
        made = np.zeros((len(fields), self.n_part))
        made[:, -2:] = np.inf, -np.inf
        _, lags = lags_within(
            self.places.shape,
            (self.places.north, self.places.east),
            self.classes,
            self.azimuths,
            self.tolerance,
        )
        for numbers in masks(valid.reshape(len(fields), -1)):
            mask = valid[numbers[0]]
            if mask[self.inside].any():
                made[numbers] = self._sums(fields, numbers, mask, lags)
        return made.reshape(*before, self.n_part)

    def _sums(
        self, fields: Array, numbers: npt.NDArray[np.int64], mask: Bools, lags: Lags
    ) -> Floats:
        """Return the sums of fields with one mask (n_field, n_part)."""
        reach = _reach(self.places, self.classes)
        window, inside = _window(_within(mask, self.inside), mask.shape, reach)
        weight = mask[window].astype(np.float64)
        held = weight > 0
        cells = mask[window][inside]
        size = padded_around(cells.shape, reach)
        left = inside[1].start
        spectra = spectrum(weight[inside], size), spectrum(weight, size)
        counts = pair_counts_around(*spectra, size, left, reach)[lags.rows, lags.columns + reach[1]]
        made = np.empty((numbers.size, self.n_part))
        for one, number in zip(made, numbers, strict=True):
            z = np.zeros(held.shape)
            z[held] = fields[number][window][held]
            of_tile = z[inside][cells]
            z[held] -= z[held].mean()
            if self.root:
                every = np.ones(lags.n_group, bool)
                total = one_by_one(z, weight, inside, lags, every, root=True)
            else:
                squares = squared_differences_around(z[inside], z, *spectra, size, left, reach)
                total = lags.sums(squares[lags.rows, lags.columns + reach[1]])
                total = precise(total, z, weight, inside, lags)
            far = lags.sums(counts * lags.distance)
            ends = of_tile.size, of_tile.min(), of_tile.max()
            one[:] = np.concatenate([np.rint(lags.sums(counts)), far, total, ends])
        return made


@dataclass(frozen=True)
class FromTiles:
    """Make variograms of the sums of tiles; of each tile too if `each`."""

    classes: LagClasses
    estimator: Estimator
    each: bool

    def __call__(self, sums: Floats) -> tuple[Array, ...]:
        """Return semivariance, pairs, distance, n_obs and status of sums (..., tile, part).

        Then, of each tile, the first two and n_obs.
        """
        n, far, total = self._by_class(sums[..., :-3].sum(axis=-2))
        n_obs = sums[..., -3].sum(axis=-1).astype(np.int64)
        same = sums[..., -2].min(axis=-1) == sums[..., -1].max(axis=-1)
        status = np.where(same, CONSTANT, OK)
        status = np.where(n_obs < 2, np.where(n_obs > 0, TOO_FEW, NO_DATA), status)
        made = (*result_of(n, far, total, self.estimator), n_obs, status.astype(np.int8))
        if not self.each:
            return made
        of_each = result_of(*self._by_class(sums[..., :-3]), self.estimator)[:2]
        return *made, *of_each, sums[..., -3].astype(np.int64)

    def _by_class(self, sums: Floats) -> tuple[Floats, Floats, Floats]:
        shape = (*sums.shape[:-1], -1, self.classes.count)
        n, far, total = (part.reshape(shape) for part in np.split(sums, 3, axis=-1))
        return n, far, total


def _parts(length: int, count: int) -> Iterator[slice]:
    """Cut a length into parts as even as can be."""
    ends = np.linspace(0, length, count + 1).astype(int).tolist()
    for start, stop in itertools.pairwise(ends):
        yield slice(start, stop)


def _reach(places: MapGrid, classes: LagClasses) -> tuple[int, int]:
    """Rows and columns of the largest lag."""
    rows, columns = (
        min(n - 1, int(classes.reach / abs(step) * (1 + 1e-6)))
        for n, step in zip(places.shape, (places.north, places.east), strict=True)
    )
    return rows, columns


def _window(block: Block, shape: tuple[int, ...], reach: tuple[int, int]) -> tuple[Block, Block]:
    """Return a block with all partners of its cells, and where the block lies in that."""
    rows, columns = block
    left = min(columns.start, reach[1])
    first = columns.start - left
    window = (
        slice(rows.start, min(shape[0], rows.stop + reach[0])),
        slice(first, min(shape[1], columns.stop + reach[1])),
    )
    inside = (
        slice(0, rows.stop - rows.start),
        slice(left, left + columns.stop - columns.start),
    )
    return window, inside


def _within(mask: Bools, block: Block) -> Block:
    """Smallest block that holds what is valid in a block."""
    rows, columns = (
        slice(outer.start + inner.start, outer.start + inner.stop)
        for outer, inner in zip(block, box_of(mask[block]), strict=True)
    )
    return rows, columns
