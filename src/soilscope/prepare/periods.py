"""Calendar months or years as runs of time steps, reduced block by block of the data."""

import math
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any, Literal

import dask.array
import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.checks import require_numeric
from soilscope.kernels.periods import average_runs, extreme_of_runs
from soilscope.kernels.weighted_runs import weigh_runs

Array = npt.NDArray[Any]
How = Literal["mean", "sum", "max", "min", "mvc"]


@dataclass(frozen=True)
class Runs:
    """Runs of time steps that become one row each, of `n` rows; rows without a run are missing."""

    starts: Array  # first step of every run, and behind them the number of steps
    rows: Array
    least: Array  # fewest valid values
    n: int
    weights: Array | None = None  # of every step, for a mean; with the least of them in a run
    least_weight: Array | None = None

    def part(self, first: int, last: int) -> "Runs":
        """Return the runs `first` to `last` - 1 alone, with the empty rows that follow them."""
        row = int(self.rows[first])
        end = self.n if last == self.rows.size else int(self.rows[last])
        return Runs(
            self.starts[first : last + 1] - self.starts[first],
            self.rows[first:last] - row,
            self.least[first:last],
            end - row,
            None if self.weights is None else self.weights[slice(*self.starts[[first, last]])],
            None if self.least_weight is None else self.least_weight[first:last],
        )


def reduce_runs(da: xr.DataArray, runs: Runs, *, how: How) -> xr.DataArray:
    """Reduce the runs of `da` along `time`, lazily if `da` is; coordinates along `time` are left.

    A block of a lazy array takes the rest of its last run from the next one.
    """
    require_numeric(da, name="da")
    axis = da.get_axis_num("time")
    dtype = np.dtype("f4") if da.dtype == np.float32 else np.dtype("f8")
    whole = partial(_reduce, axis=axis, how=how, dtype=dtype)
    if da.chunks is None:
        data = whole(da.data, runs=runs)
    else:
        sizes, parts = _blocks(da.variable.chunksizes["time"], runs)
        lazy: Any = da.variable.chunk(time=sizes).data
        chunks = list(lazy.chunks)
        chunks[axis] = tuple(part.n for part in parts)
        map_blocks: Any = dask.array.map_blocks
        data = map_blocks(
            partial(_reduce_block, reduce=whole, parts=parts, axis=axis),
            lazy,
            dtype=dtype,
            chunks=tuple(chunks),
            meta=np.empty((0,) * da.ndim, dtype),
        )
    kept = {name: c for name, c in da.coords.items() if "time" not in c.dims}
    return xr.DataArray(data, kept, da.dims).rename(da.name)


def _blocks(sizes: tuple[int, ...], runs: Runs) -> tuple[tuple[int, ...], tuple[Runs, ...]]:
    """Return blocks of time that hold whole runs, as near to `sizes` as can be, and their runs."""
    at = np.unique(np.searchsorted(runs.starts, np.append(0, np.cumsum(sizes))))
    parts = tuple(runs.part(int(a), int(b)) for a, b in pairwise(at))
    return tuple(np.diff(runs.starts[at]).tolist()), parts


def _reduce_block(
    values: Array, *, reduce: Any, parts: tuple[Runs, ...], axis: int, block_id: tuple[int, ...]
) -> Array:
    reduced: Array = reduce(values, runs=parts[block_id[axis]])
    return reduced


def _reduce(values: Array, *, runs: Runs, axis: int, how: How, dtype: np.dtype[Any]) -> Array:
    """Reduce an array in memory along `axis`."""
    first = np.ascontiguousarray(np.moveaxis(values, axis, 0), dtype=dtype)
    y = first.reshape(first.shape[0], math.prod(first.shape[1:]))
    out = np.full((runs.n, y.shape[1]), np.nan, dtype)
    if runs.weights is not None:
        weigh_runs(y, runs.weights, runs.starts, runs.rows, runs.least, runs.least_weight, out)
    elif how in ("mean", "sum"):
        average_runs(y, runs.starts, runs.rows, runs.least, how == "mean", out)
    else:
        extreme_of_runs(y, runs.starts, runs.rows, runs.least, -1.0 if how == "min" else 1.0, out)
    return np.moveaxis(out.reshape(runs.n, *first.shape[1:]), 0, axis)
