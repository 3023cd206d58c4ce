"""Which coarse cell holds the centre of each fine cell, and means over what a coarse cell holds."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from odc.geo.geobox import GeoBox
from scipy import sparse

from soilscope.errors import GridError
from soilscope.grid.crs import PLANAR, geobox_of, grid_dims
from soilscope.grid.weights import nearest_weights

Integers = npt.NDArray[np.int64]
Array = npt.NDArray[Any]


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

    def sums(self) -> Any:
        """Return the sparse matrix (coarse, fine) that adds up the members of each coarse cell."""
        inside = np.flatnonzero(self.cell >= 0)
        ones = np.ones(inside.size)
        shape = (self.n_coarse, self.cell.size)
        return sparse.csr_array((ones, (self.cell[inside], inside)), shape=shape)


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
    """Put every field of lazy data into one chunk; what is whole already stays as it is."""
    dims = grid_dims(da) or PLANAR
    if all(len(da.variable.chunksizes[dim]) == 1 for dim in dims):
        return da
    others = {dim: "auto" for dim in da.dims if dim not in dims}
    return da.chunk({**others, **dict.fromkeys(dims, -1)})


class _Means:
    """Means of members; a class, so that dask can pickle and tokenise it."""

    def __init__(self, members: Membership) -> None:
        self.members = members

    def __call__(self, values: Array) -> Array:
        flat = values.reshape(-1, self.members.cell.size).T
        valid = np.isfinite(flat)
        sums = self.members.sums()
        total = sums @ np.where(valid, flat, 0.0).astype(np.float64)
        count = sums @ valid.astype(np.float64)
        with np.errstate(invalid="ignore"):
            mean = np.where(count > 0, total / np.where(count > 0, count, 1.0), np.nan)
        return np.ascontiguousarray(mean.T).reshape(*values.shape[:-2], *self.members.coarse)
