"""Which coarse cell holds the centre of each fine cell, and means over what a coarse cell holds."""

import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from odc.geo.geobox import GeoBox

from soilscope.errors import GridError
from soilscope.grid.crs import PLANAR, crs_of, geobox_of, grid_dims, require_crs
from soilscope.grid.weights import nearest_weights
from soilscope.kernels.downscale import means_of_members

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Array = npt.NDArray[Any]

#: Bytes of a lazy array that a task holds: several arrays are read, and as many made.
_BLOCK = 48 * 2**20


@dataclass(frozen=True)
class Membership:
    """The coarse cell (counted row by row) of each fine cell, -1 outside of all."""

    cell: Integers  # one a fine cell, row by row
    coarse: tuple[int, int]
    fine: tuple[int, int]

    @property
    def n_coarse(self) -> int:
        """Number of coarse cells."""
        return self.coarse[0] * self.coarse[1]

    @property
    def held(self) -> Integers:
        """Number of fine cells in each coarse cell."""
        return np.bincount(self.cell[self.cell >= 0], minlength=self.n_coarse)

    def means(self, values: Array) -> tuple[Floats, Integers]:
        """Return mean and number of the valid fine cells (..., fine cell) of each coarse cell."""
        flat = np.ascontiguousarray(values).reshape(-1, self.cell.size)
        if flat.dtype not in (np.float32, np.float64):
            flat = flat.astype(np.float64)
        mean = np.empty((flat.shape[0], self.n_coarse))
        count = np.empty(mean.shape, np.int64)
        means_of_members(flat, self.cell, mean, count)
        shape = (*values.shape[:-1], self.n_coarse)
        return mean.reshape(shape), count.reshape(shape)


def membership(fine: GeoBox, coarse: GeoBox) -> Membership:
    """Return the coarse cell that holds the centre of each fine cell.

    Raises
    ------
    GridError
        If no fine cell lies in a coarse cell, or only one grid has a reference system.
    """
    weights = nearest_weights(coarse, fine)
    columns = weights.columns.stop - weights.columns.start
    found = np.full(weights.shape[0] * weights.shape[1], -1, dtype=np.int64)
    matrix = weights.matrix.tocoo()
    row, column = divmod(matrix.col.astype(np.int64), columns)
    found[matrix.row] = (
        (row + weights.rows.start) * coarse.shape[1] + column + weights.columns.start
    )
    shape = (int(coarse.shape[0]), int(coarse.shape[1]))
    return Membership(found, shape, weights.shape)


def members_of(fine: xr.DataArray, coarse: xr.DataArray, *, names: tuple[str, str]) -> Membership:
    """Return the membership between the grids of two arrays; refuse cells that are not finer."""
    if crs_of(fine) != crs_of(coarse):
        for grid, name, other in ((fine, *names), (coarse, *names[::-1])):
            require_crs(grid, name=name, purpose=f"its place on the grid of {other}")
    small, large = geobox_of(fine, name=names[0]), geobox_of(coarse, name=names[1])
    found = membership(small, large)
    counts = np.bincount(found.cell[found.cell >= 0])
    if np.median(counts[counts > 0]) < 2:
        raise GridError(
            f"the cells of {names[0]} are not finer than those of {names[1]}: most of these hold "
            "one cell or none; give the fine grid first."
        )
    return found


def member_means(fine: xr.DataArray, members: Membership, like: xr.DataArray) -> xr.DataArray:
    """Mean of the valid fine cells in each coarse cell, NaN where there is none.

    Parameters
    ----------
    fine
        Values on the fine grid (any other dims); lazy ones stay lazy.
    members
        Of the grid of `fine` in that of `like`.
    like
        Data on the coarse grid: its dims and coordinates are those of the result.
    """
    rows, columns = grid_dims(fine) or PLANAR
    ours = grid_dims(like) or PLANAR
    if fine.chunks is not None:
        fine = whole_in_space(fine)
    bare = fine.drop_vars(
        [name for name, c in fine.coords.items() if {rows, columns} & set(c.dims)]
    )
    result: xr.DataArray = xr.apply_ufunc(
        _Means(members),
        bare.rename({rows: "_row", columns: "_column"}),
        input_core_dims=[["_row", "_column"]],
        output_core_dims=[list(ours)],
        dask="parallelized",
        output_dtypes=[np.float64],
        dask_gufunc_kwargs={
            "output_sizes": dict(zip(ours, members.coarse, strict=True)),
        },
    )
    return result.assign_coords({dim: like[dim] for dim in ours})


def whole_in_space(da: xr.DataArray) -> xr.DataArray:
    """Put every field of lazy data into one chunk, few enough in a block to be held.

    What is split along other dims already stays so where its blocks are small.
    """
    dims = grid_dims(da) or PLANAR
    sizes = da.variable.chunksizes
    field = da.dtype.itemsize * da.sizes[dims[0]] * da.sizes[dims[1]]
    others = [dim for dim in da.dims if dim not in dims]
    steps: dict[Hashable, int | tuple[int, ...]] = dict.fromkeys(dims, -1)
    held = field * math.prod(max(sizes[dim]) for dim in others)
    for dim in sorted(others, key=lambda dim: dim != "time"):
        if held <= _BLOCK:
            break
        longest = max(sizes[dim])
        parts = min(longest, math.ceil(held / _BLOCK))
        cut = tuple(n for size in sizes[dim] for n in _parts(size, longest, parts))
        steps[dim], held = cut, held * max(cut) // longest
    return da.chunk(steps)


def _parts(size: int, longest: int, parts: int) -> list[int]:
    """Split a chunk so that the longest one is cut into `parts`, evenly."""
    step = math.ceil(longest / parts)
    return [min(step, size - at) for at in range(0, size, step)]


class _Means:
    """Means of members; a class, so that dask can pickle and tokenise it."""

    def __init__(self, members: Membership) -> None:
        self.members = members

    def __call__(self, values: Array) -> Array:
        lead = values.shape[:-2]
        mean, _ = self.members.means(values.reshape(*lead, self.members.cell.size))
        return mean.reshape(*lead, *self.members.coarse)
