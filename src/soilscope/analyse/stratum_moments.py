"""Count, mean and sum of squares of strata: what the detectors need, made and merged in parts."""

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeGuard

import numpy as np
import xarray as xr

from soilscope.analyse.detector_inputs import given_to
from soilscope.analyse.detector_sample import Array, Dim, Factors, Floats, sample_of
from soilscope.checks import require_at_least
from soilscope.errors import InputError
from soilscope.kernels import stratum_moments as kernel
from soilscope.labelled import Output, label

_PARTS = ("count", "mean", "m2")
_WEIGHTED = ("count", "weight", "mean", "m2")


def stratum_moments(
    y: xr.DataArray,
    strata: Factors,
    *,
    n_strata: int,
    dim: Dim = None,
    weights: xr.DataArray | None = None,
) -> xr.Dataset:
    """Count, mean and sum of squared deviations of a field in each stratum of each factor.

    `factor_detector` takes them in place of a field. Moments of parts of a field (tiles, days) are
    merged by `merge_stratum_moments`, so that no field need be whole in memory.

    Parameters
    ----------
    y : DataArray
        The response, as in `factor_detector`.
    strata : Dataset, mapping of names to DataArrays, or DataArray
        The factors, as codes from 0 to `n_strata` - 1; others, and negative ones, are missing.
    n_strata : int
        Most strata of a factor: the same for all parts.
    dim : str or list of str, optional
        Dimensions of the sample; those in space by default.
    weights : DataArray, optional
        Weight of each cell, as in `factor_detector`: in one unit for all parts.

    Returns
    -------
    Dataset
        On `factor` and `stratum`: `count`, `mean` (units of y; NaN without members) and `m2` (units
        of y squared), over cells that are complete in `y` and in every factor. With weights also
        `weight`, their sum; `mean` and `m2` are then weighted (`m2` in units of y squared, times
        those of the weights).

    Raises
    ------
    InputError
        If dimensions do not fit, or the strata are no whole numbers.

    References
    ----------
    Chan, Golub and LeVeque (1983), doi:10.1080/00031305.1983.10483115.

    Examples
    --------
    >>> import xarray as xr
    >>> from soilscope.analyse.stratum_moments import stratum_moments
    >>> y = xr.DataArray([1.0, 3.0, 8.0], dims="site")
    >>> zone = xr.DataArray([0, 0, 1], dims="site")
    >>> stratum_moments(y, {"zone": zone}, n_strata=2).m2.values.tolist()
    [[2.0, 0.0]]
    """
    require_at_least(n_strata, 1, name="n_strata")
    given = given_to(y, strata, dim=dim, weights=weights)
    for name, factor in given.factors.items():
        if factor.dtype.kind not in "biu":
            raise InputError(
                f"strata[{name!r}] holds {factor.dtype}; parts are only merged by whole numbers: "
                "give codes, -1 for missing."
            )
    shape = (len(given.factors), int(n_strata))
    outputs = {
        key: Output("i8" if key == "count" else "f8", ("factor", "stratum"), shape)
        for key in (_PARTS if weights is None else _WEIGHTED)
    }
    method = functools.partial(_moments, n_strata=int(n_strata))
    ds = given.apply(method, outputs, codes=False)
    names = np.array(list(given.factors), dtype=object)
    ds = ds.assign_coords(factor=("factor", names, {"long_name": "factor"}))
    unit = None if weights is None else str(weights.attrs.get("units", "1"))
    return _labelled(ds, units=y.attrs.get("units"), unit_of_weights=unit)


def merge_stratum_moments(*parts: xr.Dataset) -> xr.Dataset:
    """Merge the moments of disjoint parts of a sample.

    Parameters
    ----------
    *parts : Dataset
        Results of `stratum_moments` with the same factors and number of strata.

    Returns
    -------
    Dataset
        `count`, `mean` and `m2` (and `weight`) of all parts together.

    Raises
    ------
    InputError
        If there are no parts, they differ in their factors, or only some have weights.

    References
    ----------
    Chan, Golub and LeVeque (1983), doi:10.1080/00031305.1983.10483115.

    Examples
    --------
    >>> import xarray as xr
    >>> from soilscope.analyse.stratum_moments import merge_stratum_moments, stratum_moments
    >>> y = xr.DataArray([1.0, 3.0, 8.0], dims="site")
    >>> zone = {"zone": xr.DataArray([0, 0, 0], dims="site")}
    >>> parts = [
    ...     stratum_moments(y[s], {"zone": zone["zone"][s]}, n_strata=1)
    ...     for s in (slice(0, 2), slice(2, 3))
    ... ]
    >>> merge_stratum_moments(*parts).m2.item()
    26.0
    """
    if not parts or not all(is_moments(part) for part in parts):
        raise InputError("give results of stratum_moments to merge, one or more.")
    if any(dict(part.sizes) != dict(parts[0].sizes) for part in parts[1:]):
        raise InputError(
            "the parts differ in their factors or strata; make them with one n_strata."
        )
    keys = _keys(parts[0])
    if any(_keys(part) != keys for part in parts[1:]):
        raise InputError("some parts have weights and others have none; make all of them alike.")
    merged = [parts[0][key] for key in keys]
    for part in parts[1:]:
        merged = list(
            xr.apply_ufunc(
                _merge,
                *merged,
                *(part[key] for key in keys),
                output_core_dims=[[]] * len(keys),
                dask="parallelized",
                output_dtypes=[np.int64 if key == "count" else np.float64 for key in keys],
            )
        )
    ds = xr.Dataset(dict(zip(keys, merged, strict=True)))
    unit = parts[0]["weight"].attrs.get("units") if "weight" in keys else None
    return _labelled(ds, units=parts[0]["mean"].attrs.get("units"), unit_of_weights=unit)


def is_moments(obj: object) -> TypeGuard[xr.Dataset]:
    """Whether `obj` is a result of `stratum_moments`."""
    return isinstance(obj, xr.Dataset) and all(
        key in obj and "stratum" in obj[key].dims for key in _PARTS
    )


def over_moments(
    method: Callable[..., tuple[Array, ...]], moments: xr.Dataset, outputs: Mapping[str, str]
) -> xr.Dataset:
    """Apply `method` to count, mean, m2 and any weight (..., stratum); lazily if they are lazy."""
    keys = [*_PARTS, *(["weight"] if "weight" in moments else [])]
    results = xr.apply_ufunc(
        method,
        *(moments[key] for key in keys),
        input_core_dims=[["stratum"]] * len(keys),
        output_core_dims=[[]] * len(outputs),
        dask="parallelized",
        output_dtypes=[np.dtype(t) for t in outputs.values()],
        keep_attrs=False,
    )
    return xr.Dataset(dict(zip(outputs, results, strict=True)))


def _keys(moments: xr.Dataset) -> tuple[str, ...]:
    return _WEIGHTED if "weight" in moments else _PARTS


def _moments(
    field: Floats, codes: list[Array], weights: Array | None = None, *, n_strata: int
) -> tuple[Array, ...]:
    inside = [np.where(code < n_strata, code, -1) for code in codes]
    sample = sample_of(field, inside, weights)
    if weights is None:
        found = [kernel.stratum_moments(sample.y, code, n_strata) for code in sample.codes]
    else:  # as they are given: those of a sample are 1 on average, which parts do not share
        share = weights[sample.kept].astype(np.float64)
        found = [kernel.weighted_moments(sample.y, c, n_strata, share) for c in sample.codes]
    *sums, mean, m2 = (np.array(part) for part in zip(*found, strict=True))
    return *sums, mean + sample.mean, m2


def _merge(*arrays: Array) -> Any:
    """Merge count, mean and squares of two parts, or count, weight, mean and squares."""
    a, b = arrays[: len(arrays) // 2], arrays[len(arrays) // 2 :]
    made = kernel.merge(a[-3:], b[-3:])  # type: ignore[arg-type]
    return made if len(a) == 3 else (a[0] + b[0], *made)


def _labelled(
    ds: xr.Dataset, *, units: str | None, unit_of_weights: str | None = None
) -> xr.Dataset:
    parts = [] if units is None else ["1" if units in ("", "1") else f"({units})2"]
    if unit_of_weights is not None:
        ds["weight"].attrs["units"] = unit_of_weights
        parts += [] if unit_of_weights in ("", "1") else [unit_of_weights]
    if parts:
        kept = [part for part in parts if part != "1"]
        ds["m2"].attrs["units"] = " ".join(kept) or "1"
    return label(ds, units=units, method="stratum_moments", options=json.dumps({}), references="")
