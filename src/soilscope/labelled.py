"""The only door between labelled arrays and kernels."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.checks import require_dims, require_numeric, require_single_chunk
from soilscope.names import describe

Array = npt.NDArray[Any]
SPATIAL_DIMS = ("site", "y", "x", "latitude", "longitude", "lat", "lon")


@dataclass(frozen=True)
class Output:
    """A kernel's output: its dtype, and the dimension (with its size) in front of the series.

    `dim` may be the input's own core dimension ("time") or a new one ("month", 12).
    """

    dtype: str = "f8"
    dim: str | None = None
    size: int | None = None


def spatial_dims(obj: xr.DataArray | xr.Dataset) -> tuple[Hashable, ...]:
    """Return the dimensions of `obj` that lie in space: a grid's two, or `site`."""
    return tuple(dim for dim in obj.dims if dim in SPATIAL_DIMS)


def over_series(
    function: Callable[..., tuple[Array, ...]],
    *arrays: xr.DataArray,
    dim: str,
    outputs: Mapping[str, Output],
    name: str = "da",
) -> xr.Dataset:
    """Apply a kernel that works on (n_time, n_series) arrays to labelled arrays along `dim`.

    `function` takes one (n_time, n_series) array, C-contiguous and float32 or float64, for each of
    `arrays` (broadcast against one another), and returns one array for each of `outputs`:
    (n_series,), or (size, n_series) for an output with a dimension. The result is lazy if an input
    is; a (time, ...) chunk reaches the kernel without a copy.
    """
    for array in arrays:
        require_dims(array, dim, name=name)
        require_single_chunk(array, dim, name=name)
        require_numeric(array, name=name)
    core_out = [[o.dim] if o.dim else [] for o in outputs.values()]
    sizes = {o.dim: o.size for o in outputs.values() if o.dim and o.size is not None}
    results = xr.apply_ufunc(
        _SeriesFunction(function),
        *arrays,
        input_core_dims=[[dim]] * len(arrays),
        output_core_dims=core_out,
        dask="parallelized",
        output_dtypes=[np.dtype(o.dtype) for o in outputs.values()],
        dask_gufunc_kwargs={"output_sizes": sizes},
        keep_attrs=False,
    )
    if len(outputs) == 1:
        results = (results,)
    first = arrays[0]
    return xr.Dataset(
        {key: _in_order(result, first) for key, result in zip(outputs, results, strict=True)}
    )


class _SeriesFunction:
    """Move the core dimension first, flatten the rest to series, and undo both afterwards.

    A class, not a closure, so that dask can pickle and tokenise it by its parts.
    """

    def __init__(self, function: Callable[..., tuple[Array, ...]]) -> None:
        self.function = function

    def __call__(self, *arrays: Array) -> tuple[Array, ...] | Array:
        shape = np.broadcast_shapes(*(a.shape[:-1] for a in arrays))
        results = self.function(*(_time_first(a, shape) for a in arrays))
        shaped = tuple(
            r.reshape(shape) if r.ndim == 1 else np.moveaxis(r.reshape(r.shape[0], *shape), 0, -1)
            for r in results
        )
        return shaped if len(shaped) > 1 else shaped[0]


def _time_first(array: Array, shape: tuple[int, ...]) -> Array:
    """View (..., n_time) as (n_time, n_series); copies only what is not contiguous or not float."""
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float64)
    full = np.broadcast_to(array, (*shape, array.shape[-1]))
    first = np.moveaxis(full, -1, 0)
    return np.ascontiguousarray(first).reshape(first.shape[0], -1)


def _in_order(result: xr.DataArray, like: xr.DataArray) -> xr.DataArray:
    """Put dimensions into a fixed order: new ones first, then those of the data."""
    rest = [d for d in like.dims if d in result.dims]
    new = [d for d in result.dims if d not in rest]
    return result.transpose(*new, *rest)


def label(ds: xr.Dataset, *, units: str | None = None, **attrs: Any) -> xr.Dataset:
    """Put names and units (names.NAMES) on every variable, and `attrs` on the Dataset."""
    for key, variable in ds.data_vars.items():
        variable.attrs = describe(str(key), units=units) | variable.attrs
    ds.attrs |= {key: value for key, value in attrs.items() if value is not None}
    return ds
