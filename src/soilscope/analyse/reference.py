"""References that many cells share: weighted moments over a region (METHODS 2)."""

from collections.abc import Hashable

import numpy as np
import xarray as xr

from soilscope.analyse.regions import Weights
from soilscope.errors import InputError
from soilscope.grid.depth import layer_bounds
from soilscope.grid.measure import cell_area
from soilscope.labelled import spatial_dims
from soilscope.names import CONSTANT, NO_DATA, OK, TOO_FEW


def pool(
    moments: xr.Dataset, *, weights: xr.DataArray, dims: list[Hashable], min_years: int, ddof: int
) -> xr.Dataset:
    """Merge the moments of single series into a weighted mean and standard deviation over `dims`.

    mu = sum(w x) / sum(w); var = sum(w (x - mu)^2) / sum(w) * n / (n - ddof), n the number of valid
    values. A cell of weight 0, or without weight, is left out. The years behind a slot are those of
    its best covered series.
    """
    weight = weights.fillna(0.0)
    weight.attrs = {}  # xarray hands them on: means would be areas in m2
    count = moments["count"].where(weight > 0.0, 0)
    mean = moments["mean"].where(count > 0)
    total = (weight * count).sum(dims)
    pivot = mean.min(dims)  # differences from one of the means: equal values leave exactly 0
    mu = pivot + (weight * count * (mean - pivot)).sum(dims) / total.where(total > 0.0)
    squares = weight * (moments["m2"] + count * (mean - mu) ** 2)
    n = count.sum(dims).astype(np.int64)
    variance = squares.sum(dims) / total.where(total > 0.0) * (n / (n - ddof).where(n > ddof))
    years = moments["years"].where(count > 0, 0).max(dims)
    status = (
        xr.full_like(n, OK, dtype=np.int8)
        .where(variance != 0.0, CONSTANT)
        .where((years >= min_years) & (n > ddof), TOO_FEW)
        .where(n > 0, NO_DATA)
        .astype(np.int8)
    )
    known = (status == OK) | (status == CONSTANT)
    return xr.Dataset(
        {
            "mean": mu.where(known),
            "std": (variance**0.5).where(known),
            "n_obs": n,
            "status": status,
        }
    )


def pooled_dims(da: xr.DataArray, reference: str) -> list[Hashable]:
    """Return the dimensions that a pooled reference is taken over."""
    dims = list(spatial_dims(da))
    if reference == "pooled_profile":
        if "depth" not in da.dims:
            raise InputError(
                "reference='pooled_profile' needs a dimension 'depth'; use reference='pooled'."
            )
        return [*dims, "depth"]
    if not dims:
        raise InputError(
            "reference='pooled' needs cells to pool: dimensions (y, x), (latitude, longitude) or "
            f"site; da has: {', '.join(map(str, da.dims))}."
        )
    return dims


def pooled_weights(
    da: xr.DataArray, *, dim: str, reference: str, weights: Weights
) -> tuple[xr.DataArray, str]:
    """Weight of each cell (times layer thickness for 'pooled_profile'), and its description."""
    weight, words = _cell_weights(da, dim=dim, weights=weights)
    if reference == "pooled_profile":
        weight, words = weight * _thickness(da), f"{words} x thickness"
    return weight, words


def _cell_weights(da: xr.DataArray, *, dim: str, weights: Weights) -> tuple[xr.DataArray, str]:
    if isinstance(weights, xr.DataArray):
        return _given(weights, da, dim=dim), "given"
    if isinstance(weights, str) and weights != "area":
        raise InputError(f"weights is {weights!r}; give 'area', a DataArray or None.")
    if weights is None or not spatial_dims(da):
        return xr.DataArray(1.0), "equal"
    area = cell_area(da)
    return _given(area.reset_coords(drop=True), da, dim=dim), area.attrs.get("assumed", "area")


def _given(weights: xr.DataArray, da: xr.DataArray, *, dim: str) -> xr.DataArray:
    foreign = [d for d in weights.dims if d not in da.dims or d == dim]
    if foreign:
        raise InputError(
            f"weights has a dimension {foreign[0]!r}; it may have those of da without {dim!r}."
        )
    try:
        xr.align(weights, da, join="exact", copy=False)
    except ValueError as fault:
        raise InputError(
            "weights and da lie on different coordinates; use weights.reindex_like(da)."
        ) from fault
    if weights.chunks is None and bool((weights < 0).any()):
        raise InputError("weights holds negative values; a weight is 0 or more.")
    return weights.astype(np.float64)


def _thickness(da: xr.DataArray) -> xr.DataArray:
    """Thickness of each layer (m)."""
    bounds = layer_bounds(da, name="da")
    labels = {"depth": da["depth"].values} if "depth" in da.coords else {}
    return xr.DataArray(bounds[:, 1] - bounds[:, 0], labels, dims="depth")
