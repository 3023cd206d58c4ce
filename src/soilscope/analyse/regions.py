"""Means over the regions of a study area."""

import json
import math
from collections.abc import Hashable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.checks import require_between, require_dims, same_along
from soilscope.errors import GridError, InputError
from soilscope.grid.measure import cell_area
from soilscope.labelled import label, spatial_dims
from soilscope.names import NAMES, flag_table

Array = npt.NDArray[Any]
#: Weights of cells: by their area, given, or None for equal ones.
Weights = xr.DataArray | Literal["area"] | None
_BATCH = 4_000_000  # values that are summed at a time


def regional_mean(
    da: xr.DataArray,
    *,
    regions: xr.DataArray | None = None,
    weights: Weights = "area",
    min_valid: float = 0.5,
) -> xr.Dataset:
    """Average over the cells of each region, weighted by their area.

    Parameters
    ----------
    da
        Data on a grid or on sites, with any other dimensions.
    regions
        Integer code of each cell's region, with the attributes ``flag_values`` and
        ``flag_meanings`` (or ``labels``, a list of names); negative codes, and codes that the
        flags lack, are outside. None: every cell that ever has a value, at any time and in any
        layer, belongs to one region, "all".
    weights
        "area" (`cell_area`), an array on the spatial dims, or None for equal weights. A cell whose
        weight is missing or not positive is outside.
    min_valid
        Least share of a region's weight that must be valid, else NaN.

    Returns
    -------
    xr.Dataset
        On dim `region` and the other dims of `da`: the mean, under the name of `da` (or `mean`),
        in its units; `area_share`, the valid share of the region's weight; `n_obs`, the number of
        valid cells.

    Raises
    ------
    InputError
        If `da` has no spatial dims or holds classes, or `regions` has no flags.
    GridError
        If `regions` or `weights` lie on other cells than `da`.

    Examples
    --------
    >>> da = xr.DataArray([1.0, 2.0, 6.0], dims="site", name="soil_moisture")
    >>> zone = xr.DataArray([0, 1, 1], dims="site",
    ...                     attrs={"flag_values": [0, 1], "flag_meanings": "north south"})
    >>> regional_mean(da, regions=zone).soil_moisture.to_series().to_dict()
    {'north': 1.0, 'south': 4.0}
    """
    require_dims(da, name="da")
    dims = spatial_dims(da)
    if not dims:
        raise InputError("da has no spatial dimensions (a grid's two, or site) to average over.")
    if "flag_values" in da.attrs:
        raise InputError("da holds classes, which have no mean; average (da == code) for a share.")
    require_between(min_valid, 0.0, 1.0, name="min_valid")
    share = region_shares(da, regions, weights)
    found, total, n_obs = _region_sums(da, share, dims)
    name = str(da.name) if da.name in NAMES else "mean"
    mean = total / found.where((found >= min_valid - 1e-12) & (found > 0))
    rest = [dim for dim in da.dims if dim not in dims]
    ds = xr.Dataset({name: mean, "area_share": found, "n_obs": n_obs}).transpose("region", *rest)
    label(ds, units=da.attrs.get("units"))
    ds[name].attrs = da.attrs | ds[name].attrs
    how = weights if isinstance(weights, str) or weights is None else "given"
    ds.attrs = {
        "method": "regional_mean",
        "options": json.dumps({"weights": how, "min_valid": min_valid}),
        "references": "",
    }
    return ds


def _region_sums(
    da: xr.DataArray, share: xr.DataArray, dims: tuple[Hashable, ...]
) -> tuple[xr.DataArray, xr.DataArray, xr.DataArray]:
    """Share of the valid cells, weighted sum and number of the valid values: (..., region)."""
    whole = dict.fromkeys(dims, -1)
    found, total, n_obs = xr.apply_ufunc(
        _sums,
        da if da.chunks is None else da.chunk(whole),
        share if share.chunks is None else share.chunk(whole | {"region": -1}),
        input_core_dims=[list(dims), ["region", *dims]],
        output_core_dims=[["region"]] * 3,
        dask="parallelized",
        output_dtypes=[np.float64, np.float64, np.int64],
        dask_gufunc_kwargs={"output_sizes": {"region": share.sizes["region"]}},
        keep_attrs=False,
    )
    return found, total, n_obs


def _sums(values: Array, share: Array) -> tuple[Array, Array, Array]:
    """Sum over cells by batches of rows: no copy of all values is ever made."""
    n_region, *space = share.shape
    lead = values.shape[: values.ndim - len(space)]
    rows = values.reshape(math.prod(lead), math.prod(space))
    weight = share.reshape(n_region, math.prod(space))
    used = (weight > 0).any(axis=0)
    weight = weight[:, used].T
    inside = (weight > 0).astype(np.float64)
    sums = np.empty((3, len(rows), n_region))
    step = max(1, _BATCH // max(1, int(used.sum())))
    for start in range(0, len(rows), step):
        batch = rows[start : start + step][:, used].astype(np.float64)
        valid = np.isfinite(batch)
        counted = valid.astype(np.float64)
        sums[0, start : start + step] = counted @ weight
        sums[1, start : start + step] = np.where(valid, batch, 0.0) @ weight
        sums[2, start : start + step] = counted @ inside
    found, total, n_obs = sums.reshape(3, *lead, n_region)
    return found, total, np.rint(n_obs).astype(np.int64)


def region_codes(regions: xr.DataArray) -> dict[int, str]:
    """Code -> name of each region, from flags; underscores of flag meanings become spaces.

    Negative codes mean outside, and are no regions even where the flags list them.
    """
    if "flag_values" not in regions.attrs or "flag_meanings" not in regions.attrs:
        raise InputError(
            "regions has no flag_values and flag_meanings; assign them, as in "
            "regions.assign_attrs(flag_values=[0, 1], flag_meanings='north south')."
        )
    table = {c: text.replace("_", " ") for c, text in flag_table(regions.attrs).items()}
    names = regions.attrs.get("labels")
    if names is not None:
        if len(names) != len(table):
            raise InputError(
                f"regions has {len(names)} labels for {len(table)} flag_values; give one for each."
            )
        table = dict(zip(table, map(str, names), strict=True))
    return {code: text for code, text in table.items() if code >= 0}


def region_shares(da: xr.DataArray, regions: xr.DataArray | None, weights: Weights) -> xr.DataArray:
    """Weight of each cell as a share of its region's, zero outside: (region, space)."""
    dims = spatial_dims(da)
    weight = _weights(da, weights)
    require_same_cells(da, weights=weight, regions=regions)
    if regions is None:
        valid: xr.DataArray = xr.apply_ufunc(np.isfinite, da, dask="allowed")
        ever = valid.any([dim for dim in da.dims if dim not in dims])
        inside = ever.expand_dims(region=_names(["all"]))
    else:
        codes = region_codes(regions)
        code = xr.DataArray(list(codes), {"region": _names(list(codes.values()))}, ("region",))
        inside = regions == code
    weighted = weight.where(inside & (weight > 0), 0.0)
    total = weighted.sum(dims)
    share: xr.DataArray = weighted / total.where(total > 0)
    return share


def require_same_cells(da: xr.DataArray, **others: xr.DataArray | xr.Dataset | None) -> None:
    """Refuse what does not lie on exactly the cells of `da`."""
    dims = [str(dim) for dim in spatial_dims(da)]
    for name, other in others.items():
        if other is None:
            continue
        require_dims(other, *dims, name=name)
        for dim in dims:
            if not same_along(da, other, dim):
                raise GridError(
                    f"{name} and the data differ along {dim!r}; put both on the same cells, as in "
                    f"{name}.reindex_like(da, method='nearest', tolerance=...)."
                )


def _weights(da: xr.DataArray, weights: Weights) -> xr.DataArray:
    if isinstance(weights, xr.DataArray):
        return weights
    if weights == "area":
        return cell_area(da)
    if weights is None:
        dims = spatial_dims(da)
        return xr.DataArray(np.ones([da.sizes[d] for d in dims]), dims=dims)
    raise InputError(f"weights is {weights!r}; it must be 'area', an array, or None.")


def _names(labels: list[str]) -> xr.Variable:
    return xr.Variable("region", np.array(labels, dtype=object))
