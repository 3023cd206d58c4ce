"""Spatial tiles of one product, put together lazily."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import dask.array
import numpy as np
import xarray as xr

from soilscope.errors import GridError
from soilscope.grid.crs import GEOGRAPHIC, grid_dims

_Key = tuple[float, ...]


def mosaic(tiles: Sequence[xr.Dataset], *, file: str) -> xr.Dataset:
    """Join tiles that stand in rows and columns; where there is none, values are NaN.

    Tiles are on (latitude, longitude) or (y, x), with time in front if they have any. All tiles of
    a row share the coordinates of their rows, all of a column those of their columns.
    """
    if len(tiles) == 1:
        return tiles[0]
    down, across = grid_dims(tiles[0]) or GEOGRAPHIC
    placed: dict[tuple[_Key, _Key], xr.Dataset] = {}
    for tile in tiles:
        ordered = _ascending(tile, (down, across))
        place = (_key(ordered, down), _key(ordered, across))
        if place in placed:
            raise GridError(f"two tiles of {file} lie at the same place; keep one of them.")
        placed[place] = ordered
    rows = _in_order([row for row, _ in placed], down, file)
    columns = _in_order([column for _, column in placed], across, file)
    like = next(iter(placed.values()))
    bands = [
        _joined(
            [
                placed.get((row, column)) or _blank(like, {down: row, across: column})
                for column in columns
            ],
            across,
        )
        for row in rows
    ]
    return _joined(bands, down)


def _ascending(tile: xr.Dataset, dims: tuple[str, str]) -> xr.Dataset:
    turned = {
        dim: slice(None, None, -1)
        for dim in dims
        if tile[dim].size > 1 and tile[dim].values[0] > tile[dim].values[-1]
    }
    return tile.isel(turned)


def _key(tile: xr.Dataset, dim: str) -> _Key:
    return tuple(np.round(tile[dim].values.astype(np.float64), 6).tolist())


def _in_order(keys: Sequence[_Key], dim: str, file: str) -> list[_Key]:
    """Return the distinct keys from low to high; refuse those that overlap."""
    ordered = sorted(set(keys))
    for below, above in pairwise(ordered):
        if above[0] <= below[-1]:
            raise GridError(
                f"tiles of {file} overlap in {dim} ({below[0]:g} to {below[-1]:g} and {above[0]:g} "
                f"to {above[-1]:g}); put them together first, with gdalbuildvrt."
            )
    return ordered


def _blank(like: xr.Dataset, place: Mapping[str, _Key]) -> xr.Dataset:
    """Return a tile without values where no file has one."""
    coords = {name: axis for name, axis in like.coords.items() if name not in place}
    data = {}
    for name, da in like.data_vars.items():
        shape = tuple(len(place[str(d)]) if d in place else da.sizes[d] for d in da.dims)
        values = (
            dask.array.full(shape, np.nan, dtype=da.dtype)
            if da.chunks
            else np.full(shape, np.nan, dtype=da.dtype)
        )
        data[name] = (da.dims, values, da.attrs)
    return xr.Dataset(data, coords | {dim: (dim, np.array(key)) for dim, key in place.items()})


def _joined(parts: Sequence[xr.Dataset], dim: str) -> xr.Dataset:
    return xr.concat(
        parts,
        dim,
        data_vars="minimal",
        coords="minimal",
        compat="override",
        join="override",
        combine_attrs="override",
    )
