"""The only door between labelled arrays and kernels."""

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.checks import require_dims, require_numeric, require_single_chunk
from soilscope.lineage import inherit
from soilscope.names import describe

Array = npt.NDArray[Any]
_EMPTY = 0.25  # share of empty series from which leaving them out is worth the copy
SPATIAL_DIMS = ("site", "y", "x", "latitude", "longitude", "lat", "lon")


@dataclass(frozen=True)
class Output:
    """A kernel's output: its dtype, and the dimensions (with their sizes) in front of the series.

    `dim` may be the input's own core dimension ("time"), a new one ("month", 12), or several
    (("month", "rank"), (12, 30)).
    """

    dtype: str = "f8"
    dim: str | tuple[str, ...] | None = None
    size: int | tuple[int, ...] | None = None

    def core(self) -> list[str]:
        """Return the dimensions in front of the series."""
        return [self.dim] if isinstance(self.dim, str) else list(self.dim or ())

    def sizes(self) -> dict[str, int]:
        """Return the sizes of the dimensions that the data lack."""
        size = (self.size,) if isinstance(self.size, int) else self.size
        return {} if size is None else dict(zip(self.core(), size, strict=True))


def spatial_dims(obj: xr.DataArray | xr.Dataset) -> tuple[Hashable, ...]:
    """Return the dimensions of `obj` that lie in space: a grid's two, or `site`."""
    return tuple(dim for dim in obj.dims if dim in SPATIAL_DIMS)


def over_series(
    function: Callable[..., tuple[Array, ...]],
    *arrays: xr.DataArray,
    dim: str,
    outputs: Mapping[str, Output],
    tables: Sequence[tuple[xr.DataArray, tuple[str, ...]]] = (),
    name: str = "da",
) -> xr.Dataset:
    """Apply a kernel that works on (n_time, n_series) arrays to labelled arrays along `dim`.

    `function` takes one (n_time, n_series) array, C-contiguous and float32 or float64, for each of
    `arrays` (broadcast against one another), and returns one array for each of `outputs`:
    (n_series,), or (size, n_series) for an output with a dimension. `tables` are arrays that hold
    something else than a series, each with its own core dimensions: (table, ("month", "rank"))
    reaches `function`, behind the series, as (n_month, n_rank, n_series). The result is lazy if an
    input is; a (time, ...) chunk reaches the kernel without a copy.
    """
    for array in arrays:
        require_dims(array, dim, name=name)
        require_single_chunk(array, dim, name=name)
        require_numeric(array, name=name)
    core_in = [[dim]] * len(arrays) + [list(core) for _, core in tables]
    sizes = {d: size for o in outputs.values() for d, size in o.sizes().items()}
    results = xr.apply_ufunc(
        _SeriesFunction(function, tuple(len(core) for core in core_in)),
        *arrays,
        *(_chunked_like(table, core, arrays[0]) for table, core in tables),
        input_core_dims=core_in,
        output_core_dims=[o.core() for o in outputs.values()],
        dask="parallelized",
        output_dtypes=[np.dtype(o.dtype) for o in outputs.values()],
        dask_gufunc_kwargs={"output_sizes": sizes},
        keep_attrs=False,
    )
    if len(outputs) == 1:
        results = (results,)
    first = arrays[0]
    ds = xr.Dataset(
        {key: _in_order(result, first) for key, result in zip(outputs, results, strict=True)}
    )
    return inherit(ds, *arrays)


def _chunked_like(table: xr.DataArray, core: tuple[str, ...], like: xr.DataArray) -> xr.DataArray:
    """Split `table` as `like` is along the dimensions that they share; `core` stays whole."""
    if not (like.chunks or table.chunks):
        return table
    shared = {d: like.variable.chunksizes.get(d, -1) for d in table.dims if d not in core}
    bare = table.reset_coords(drop=True)  # chunked coordinates would be computed to compare them
    return bare.chunk(shared | dict.fromkeys(core, -1))


class _SeriesFunction:
    """Move the core dimensions first, flatten the rest to series, and undo both afterwards.

    A class, not a closure, so that dask can pickle and tokenise it by its parts.
    """

    def __init__(self, function: Callable[..., tuple[Array, ...]], n_core: tuple[int, ...]) -> None:
        self.function = function
        self.n_core = n_core  # number of core dimensions of each array

    def __call__(self, *arrays: Array) -> tuple[Array, ...] | Array:
        pairs = list(zip(arrays, self.n_core, strict=True))
        shape = np.broadcast_shapes(*(a.shape[: a.ndim - n] for a, n in pairs))
        parts = [_core_first(a, shape, n) for a, n in pairs]
        single = len(parts) == 1 and parts[0].ndim == 2
        results = self._compressed(parts[0]) if single else self.function(*parts)
        shaped = tuple(_core_last(r, shape) for r in results)
        return shaped if len(shaped) > 1 else shaped[0]

    def _compressed(self, y: Array) -> tuple[Array, ...]:
        """Work on one of the empty series alone, where there are many: all have one result."""
        kept = kept_series(y)
        if kept is None:
            return self.function(y)
        results = self.function(y.take(kept.order, axis=1))
        return tuple(kept.spread(r) for r in results)


@dataclass(frozen=True)
class Kept:
    """Series that are worked on: all with a value, and one of those without."""

    order: npt.NDArray[np.int64]
    where: npt.NDArray[np.int64]  # of every series: its place in `order`

    def spread(self, values: Array) -> Array:
        """Give every series (the last axis) its values."""
        return values.take(self.where, axis=-1)


def kept_series(y: Array) -> Kept | None:
    """Return which series (n_time, n_series) are worked on; None if most have values."""
    n_time, n_series = y.shape
    if n_time == 0 or n_series < 2:
        return None
    probes = y[[0, n_time // 2, n_time - 1]]
    if not np.isfinite(probes).any(axis=0).mean() <= 1.0 - _EMPTY:
        return None
    has_values = np.isfinite(y).any(axis=0)
    empty = np.flatnonzero(~has_values)
    if empty.size < max(2, _EMPTY * n_series):
        return None
    order = np.append(np.flatnonzero(has_values), empty[0])
    where = np.full(n_series, order.size - 1)
    where[order[:-1]] = np.arange(order.size - 1)
    return Kept(order, where)


def _core_first(array: Array, shape: tuple[int, ...], n_core: int) -> Array:
    """View (..., *core) as (*core, n_series); copies only what is not contiguous or not float."""
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float64)
    core = array.shape[array.ndim - n_core :]
    full = np.broadcast_to(array, (*shape, *core))
    first = np.moveaxis(full, range(len(shape), full.ndim), range(n_core))
    return np.ascontiguousarray(first).reshape(*core, math.prod(shape))


def _core_last(result: Array, shape: tuple[int, ...]) -> Array:
    """View (*core, n_series) as (..., *core)."""
    n_core = result.ndim - 1
    full = result.reshape((*result.shape[:-1], *shape))
    return np.moveaxis(full, range(n_core), range(len(shape), full.ndim))


def _in_order(result: xr.DataArray, like: xr.DataArray) -> xr.DataArray:
    """Put dimensions into a fixed order: new ones first, then those of the data."""
    rest = [d for d in like.dims if d in result.dims]
    new = [d for d in result.dims if d not in rest]
    return result.transpose(*new, *rest)


def label(ds: xr.Dataset, *, units: str | None = None, **attrs: Any) -> xr.Dataset:
    """Put names and units (names.NAMES) on every variable, and `attrs` on the Dataset."""
    method = attrs.get("method")
    for key, variable in ds.data_vars.items():
        variable.attrs = describe(str(key), units=units, method=method) | variable.attrs
    ds.attrs |= {key: value for key, value in attrs.items() if value is not None}
    return ds
