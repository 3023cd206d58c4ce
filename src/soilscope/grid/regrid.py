"""From one grid onto another, with one rule for missing cells."""

from functools import partial
from typing import Any, Literal, TypeVar, get_args

import numpy as np
import numpy.typing as npt
import xarray as xr
from odc.geo.geobox import GeoBox
from odc.geo.xr import xr_coords

from soilscope.checks import require_between, require_choice
from soilscope.errors import GridError, InputError
from soilscope.grid.crs import GEOGRAPHIC, PLANAR, geobox_of, grid_dims
from soilscope.grid.weights import (
    SAME,
    Between,
    Weights,
    average_weights,
    between_centres,
    is_coarser,
    nearest_weights,
)
from soilscope.kernels.resample import bilinear
from soilscope.names import describe

Array = npt.NDArray[Any]
Data = TypeVar("Data", xr.DataArray, xr.Dataset)
How = Literal["auto", "bilinear", "average", "nearest", "majority"]


def regrid(
    obj: Data,
    target: GeoBox | xr.DataArray | xr.Dataset,
    *,
    how: How = "auto",
    min_valid: float = 0.5,
) -> Data:
    """Bring data onto another grid.

    Weights are taken over the valid cells alone; where these have less than `min_valid` of the
    whole weight (cells beyond the edge count as missing) the result is missing.

    Parameters
    ----------
    obj
        Data with dims (y, x) or (latitude, longitude), evenly spaced; other dims are kept. In a
        Dataset, variables without a grid pass through.
    target
        A GeoBox, or data on the wanted grid.
    how
        "bilinear" (between the centres of four cells), "average" (by shared area: keeps the sum;
        exact within one reference system), "nearest", "majority" (the class with the largest
        shared area). "auto" averages onto cells of twice the area or more, else is bilinear; of
        integers it takes the majority, or the nearest.
    min_valid
        Least share of valid weight, 0 to 1.

    Returns
    -------
    same type as `obj`
        Dims (latitude, longitude) in a geographic reference system, else (y, x); lazy if `obj` is.
        Integers stay integers, -1 where missing.

    Raises
    ------
    GridError
        If a grid is unevenly spaced, the grids do not meet, or one lacks a reference system that
        the other has.
    InputError
        If the majority of numbers that are no integers is asked for.

    Examples
    --------
    >>> coarse = xr.DataArray(
    ...     [[0.0, 1.0], [2.0, 3.0]],
    ...     {"latitude": [38.5, 37.5], "longitude": [104.5, 105.5]},
    ...     ("latitude", "longitude"),
    ... )
    >>> fine = xr.DataArray(
    ...     np.zeros((2, 3)),
    ...     {"latitude": [38.25, 37.75], "longitude": [104.5, 105.0, 105.5]},
    ...     ("latitude", "longitude"),
    ... )
    >>> regrid(coarse, fine).values
    array([[0.5, 1. , 1.5],
           [1.5, 2. , 2.5]])
    """
    require_choice(how, get_args(How), name="how")
    require_between(min_valid, 0.0, 1.0, name="min_valid")
    box, axes = _target(target)
    if isinstance(obj, xr.DataArray):
        return _array(obj, box, how, min_valid).assign_coords(axes)
    if grid_dims(obj) is None:
        raise GridError("obj has no grid: no dims (y, x) or (latitude, longitude).")
    dims = set(grid_dims(obj) or ())
    parts = {
        name: _array(da, box, how, min_valid) if dims <= set(da.dims) else da
        for name, da in obj.data_vars.items()
    }
    return xr.Dataset(parts, attrs=obj.attrs).assign_coords(axes)


def valid_fraction(
    da: xr.DataArray, target: GeoBox | xr.DataArray | xr.Dataset, *, how: How = "auto"
) -> xr.DataArray:
    """Share of the weight of each target cell that valid cells of the data have.

    Parameters
    ----------
    da
        Data with dims (y, x) or (latitude, longitude), evenly spaced; other dims are kept. In
        integers, codes below 0 are missing.
    target
        A GeoBox, or data on the wanted grid.
    how
        As in `regrid`, whose result is missing where this share is below its `min_valid`.

    Returns
    -------
    xr.DataArray
        `valid_fraction`, 0 to 1 (cells beyond the edge of `da` count as missing); lazy if `da` is.

    Raises
    ------
    GridError
        If a grid is unevenly spaced, the grids do not meet, or one lacks a reference system that
        the other has.

    Examples
    --------
    >>> grid = {"latitude": [38.5, 37.5], "longitude": [104.5, 105.5]}
    >>> holed = xr.DataArray([[0.0, np.nan], [2.0, 3.0]], grid, ("latitude", "longitude"))
    >>> point = xr.DataArray(
    ...     np.zeros((2, 2)), {"latitude": [38.0, 37.9], "longitude": [105.0, 105.1]}, holed.dims
    ... )
    >>> valid_fraction(holed, point, how="bilinear").values.round(2)
    array([[0.75, 0.7 ],
           [0.8 , 0.76]], dtype=float32)
    """
    require_choice(how, get_args(How), name="how")
    is_there: xr.DataArray = da >= 0 if da.dtype.kind in "iu" else xr.ufuncs.isfinite(da)
    valid = is_there.astype("f4").where(is_there)
    box, axes = _target(target)
    weights = _weights(da, box, _chosen(da, box, how))
    share = _apply(valid, box, weights, partial(_share))
    named = share.assign_coords(axes).rename("valid_fraction")
    return named.assign_attrs(describe("valid_fraction"))


def _target(target: GeoBox | xr.DataArray | xr.Dataset) -> tuple[GeoBox, dict[str, xr.Variable]]:
    """Return the wanted grid, and the coordinates that the result shall bear to the last bit."""
    if isinstance(target, GeoBox):
        return target, {}
    box = geobox_of(target, name="target")
    theirs = grid_dims(target) or PLANAR
    return box, {
        new: xr.Variable(new, target[old].values, target[old].attrs)
        for old, new in zip(theirs, _dims(box), strict=True)
    }


def _dims(box: GeoBox) -> tuple[str, str]:
    return GEOGRAPHIC if box.crs is not None and box.crs.geographic else PLANAR


def _array(da: xr.DataArray, box: GeoBox, how: How, min_valid: float) -> xr.DataArray:
    how = _chosen(da, box, how)
    weights = _weights(da, box, how)
    if da.dtype.kind in "iu" and how in ("nearest", "majority"):
        result = _apply(da, box, weights, partial(_majority, min_valid=min_valid))
    else:
        result = _apply(da, box, weights, partial(_mean, min_valid=min_valid))
    return result.rename(da.name).assign_attrs(da.attrs)


def _chosen(da: xr.DataArray, box: GeoBox, how: How) -> How:
    """Return what "auto" means for these data; refuse the majority of what is no class."""
    is_class = da.dtype.kind in "iu"
    if how == "majority" and not is_class:
        raise InputError(
            f"how is 'majority', which is of integers; {da.name or 'da'} holds {da.dtype}: take "
            "'average' or 'nearest', or make its classes integers, -1 where missing."
        )
    if how != "auto":
        return how
    if is_coarser(box, geobox_of(da, name=str(da.name or "da"))):
        return "majority" if is_class else "average"
    return "nearest" if is_class else "bilinear"


def _weights(da: xr.DataArray, box: GeoBox, how: How) -> Weights | Between:
    source = geobox_of(da, name=str(da.name or "da"))
    if how == "bilinear":
        return between_centres(source, box)
    return nearest_weights(source, box) if how == "nearest" else average_weights(source, box)


def _apply(
    da: xr.DataArray, box: GeoBox, weights: Weights | Between, combine: partial[Array]
) -> xr.DataArray:
    """Combine the part of `da` that the target needs; the whole of it must be in one chunk."""
    rows, columns = grid_dims(da) or PLANAR
    ours = _dims(box)
    part = da.isel({rows: weights.rows, columns: weights.columns})
    part = part.drop_vars(
        [name for name, c in part.coords.items() if {rows, columns} & set(c.dims)]
    )
    if part.chunks is not None:
        part = part.chunk({rows: -1, columns: -1})
    dtype = da.dtype if da.dtype.kind in "iu" and combine.func is _majority else _float(da.dtype)
    moved = part.rename({rows: "_row", columns: "_column"})
    result = xr.apply_ufunc(
        combine,
        moved,
        kwargs={"weights": weights},
        input_core_dims=[["_row", "_column"]],
        output_core_dims=[list(ours)],
        dask="parallelized",
        output_dtypes=[dtype],
        dask_gufunc_kwargs={"output_sizes": dict(zip(ours, weights.shape, strict=True))},
    )
    order = [ours[(rows, columns).index(str(d))] if d in (rows, columns) else d for d in da.dims]
    result = result.transpose(*order)
    named: xr.DataArray = result.assign_coords(xr_coords(box, dims=ours))
    if box.crs is not None:
        named.encoding["grid_mapping"] = "spatial_ref"
    return named


def _float(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return dtype if dtype.kind == "f" else np.dtype("f8")


def _flat(values: Array) -> Array:
    """(..., row, column) as (cell, series)."""
    return values.reshape(-1, values.shape[-2] * values.shape[-1]).T


def _sums(values: Array, valid: Array, weights: Weights) -> tuple[Array, Array]:
    """Weighted sum of the valid values, and their weight: (target cell, series)."""
    total = weights.matrix @ np.where(valid, values, 0.0).astype(np.float64)
    same = valid.shape[1] > 0 and bool((valid == valid[:, :1]).all())
    share = weights.matrix @ (valid[:, :1] if same else valid).astype(np.float64)
    return total, share


def _unflat(values: Array, like: Array, weights: Weights) -> Array:
    return np.ascontiguousarray(values.T).reshape(*like.shape[:-2], *weights.shape)


def _interpolated(values: Array, weights: Between, *, least: float, as_share: bool) -> Array:
    dtype = _float(values.dtype)
    fields = np.ascontiguousarray(values, dtype=dtype).reshape(-1, *values.shape[-2:])
    out = np.empty((fields.shape[0], *weights.shape), dtype)
    at = weights.row, weights.column, weights.first
    bilinear(fields, *at, SAME, least, as_share, out)
    return out.reshape(*values.shape[:-2], *weights.shape)


def _mean(values: Array, *, weights: Weights | Between, min_valid: float) -> Array:
    least = max(min_valid - 1e-9, 1e-9)
    if isinstance(weights, Between):
        return _interpolated(values, weights, least=least, as_share=False)
    flat = _flat(values)
    total, share = _sums(flat, np.isfinite(flat), weights)
    enough = share >= least
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(enough, total / share, np.nan)
    return _unflat(mean, values, weights).astype(_float(values.dtype), copy=False)


def _share(values: Array, *, weights: Weights | Between) -> Array:
    if isinstance(weights, Between):
        return _interpolated(values, weights, least=0.0, as_share=True)
    flat = _flat(values)
    valid = np.isfinite(flat)
    share = weights.matrix @ valid.astype(np.float64)
    return _unflat(share, values, weights).astype(_float(values.dtype), copy=False)


def _majority(values: Array, *, weights: Weights, min_valid: float) -> Array:
    """Class with the largest weight; of equal ones the smallest code; below 0 is missing."""
    flat = _flat(values)
    best = np.zeros((weights.matrix.shape[0], flat.shape[1]))
    found = np.full(best.shape, -1, dtype=values.dtype)
    whole = np.zeros(best.shape)
    for code in np.unique(flat[flat >= 0]):
        share = weights.matrix @ (flat == code).astype(np.float64)
        whole += share
        more = share > best + 1e-12
        found[more], best[more] = code, share[more]
    found[whole < max(min_valid - 1e-9, 1e-9)] = -1
    return _unflat(found, values, weights)
