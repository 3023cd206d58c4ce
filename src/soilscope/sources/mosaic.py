"""Spatial tiles of one product, put together lazily."""

from collections.abc import Sequence
from itertools import pairwise

import dask.array
import numpy as np
import xarray as xr

from soilscope.errors import GridError

_Key = tuple[float, ...]


def mosaic(tiles: Sequence[xr.Dataset], *, file: str) -> xr.Dataset:
    """Join tiles (time, latitude, longitude) that stand in rows and columns; others are NaN.

    All tiles of a row share their latitudes, all of a column their longitudes.
    """
    if len(tiles) == 1:
        return tiles[0]
    placed: dict[tuple[_Key, _Key], xr.Dataset] = {}
    for tile in tiles:
        ordered = _ascending(tile)
        place = (_key(ordered, "latitude"), _key(ordered, "longitude"))
        if place in placed:
            raise GridError(f"two tiles of {file} lie at the same place; keep one of them.")
        placed[place] = ordered
    rows = _in_order([row for row, _ in placed], "latitude", file)
    columns = _in_order([column for _, column in placed], "longitude", file)
    like = next(iter(placed.values()))
    bands = [
        _joined(
            [placed.get((row, column)) or _blank(like, row, column) for column in columns],
            "longitude",
        )
        for row in rows
    ]
    return _joined(bands, "latitude")


def _ascending(tile: xr.Dataset) -> xr.Dataset:
    turned = {
        dim: slice(None, None, -1)
        for dim in ("latitude", "longitude")
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


def _blank(like: xr.Dataset, row: _Key, column: _Key) -> xr.Dataset:
    """Return a tile without values where no file has one."""
    coords = {"time": like["time"], "latitude": np.array(row), "longitude": np.array(column)}
    shape = (like.sizes["time"], len(row), len(column))
    data = {}
    for name, da in like.data_vars.items():
        values = (
            dask.array.full(shape, np.nan, dtype=da.dtype)
            if da.chunks
            else np.full(shape, np.nan, dtype=da.dtype)
        )
        data[name] = (("time", "latitude", "longitude"), values, da.attrs)
    return xr.Dataset(data, coords)


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
