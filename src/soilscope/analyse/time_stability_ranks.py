"""Ranks of the cells of a field from date to date."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.kernels.pairs import dense_ranks

Array = npt.NDArray[Any]


def rank_correlations(
    da: xr.DataArray, inside: xr.DataArray, *, space: list[str], dim: str
) -> xr.DataArray:
    """Spearman correlation over the cells `inside` between all dates: (..., dim, dim_2)."""
    whole: dict[Any, Any] = dict.fromkeys(space, -1)
    ranks = xr.apply_ufunc(
        _StandardisedRanks(len(space)),
        da.chunk({d: whole.get(d, "auto") for d in da.dims}) if da.chunks else da,
        inside.chunk(whole) if inside.chunks else inside,
        input_core_dims=[space, space],
        output_core_dims=[space],
        dask="parallelized",
        output_dtypes=[np.float64],
        keep_attrs=False,
        join="override",
    ).reset_coords(drop=True)
    second = f"{dim}_2"
    other = ranks.drop_vars(dim, errors="ignore").rename({dim: second})
    if dim in ranks.coords:
        other = other.assign_coords({second: (second, ranks[dim].values)})
    result: xr.DataArray = xr.dot(ranks, other, dim=space, optimize=True)
    return result.clip(-1.0, 1.0)


class _StandardisedRanks:
    """Ranks of the values inside, centred and of length 1; 0 outside; NaN without any spread."""

    def __init__(self, n_core: int) -> None:
        self.n_core = n_core

    def __call__(self, values: Array, inside: Array) -> Array:
        shape = np.broadcast_shapes(values.shape, inside.shape)
        size = math.prod(shape[len(shape) - self.n_core :])
        fields = np.broadcast_to(values, shape).reshape(-1, size)
        masks = np.broadcast_to(inside, shape).reshape(-1, size)
        out = np.zeros(fields.shape)
        for field, mask, row in zip(fields, masks, out, strict=True):
            row[mask] = _standardised(field[mask].astype(np.float64))
        return out.reshape(shape)


def _standardised(x: Array) -> Array:
    if x.size < 2 or not np.isfinite(x).all():
        return np.full(x.size, np.nan)
    ranks = np.empty(x.size)
    dense_ranks(x, np.argsort(x), x.size, ranks, np.empty(x.size, np.int64))
    ranks -= 0.5 * (x.size + 1)
    length = math.sqrt(float((ranks * ranks).sum()))
    return ranks / length if length > 0 else np.full(x.size, np.nan)
