"""The one sample of a geographical detector: rows complete in the response and in every factor."""

import functools
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from soilscope.checks import require_dims, require_numeric, same_along
from soilscope.errors import GridError, InputError
from soilscope.kernels.stratum_moments import stratum_moments, weighted_moments
from soilscope.labelled import Output, spatial_dims
from soilscope.lineage import inherit

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int32]
Factors = xr.Dataset | xr.DataArray | Mapping[str, xr.DataArray]
Dim = Hashable | Iterable[Hashable] | None
Moments = tuple[Array, Array, Floats, Floats]
Method = Callable[..., tuple[Any, ...]]
_MOST_CODES = 65_536
MARK = "circular"  # attribute of a factor that was marked, or cleared, by the step that cut it


@dataclass(frozen=True)
class Sample:
    """The complete rows of one field: `y`, less its mean, and the strata of each factor.

    Weights, where rows do not count alike, are 1 on average: their sum is the number of rows.
    """

    y: Floats  # (n,)
    codes: Codes  # (k, n)
    kept: npt.NDArray[np.bool_]  # the shape of the field
    mean: float
    weight: Floats | None = None  # (n,)

    @property
    def n(self) -> int:
        """Number of rows."""
        return self.y.size

    @functools.cached_property
    def squares(self) -> float:
        """Sum of squares about the mean; 0 where `y` varies no more than it is rounded."""
        total = float(self.y @ self.weighted(self.y))
        noise = self.n * (4.0 * np.finfo(np.float64).eps * abs(self.mean)) ** 2
        return total if total > noise else 0.0

    def weighted(self, values: Array) -> Array:
        """Return `values` (n, ...) times the weights of the rows."""
        if self.weight is None:
            return values
        share: Array = self.weight.astype(values.dtype)
        return values * share.reshape(-1, *[1] * (values.ndim - 1))

    def moments(self, code: Array, size: int) -> Moments:
        """Count, weight, mean (about that of the sample) and sum of squares of strata."""
        if self.weight is None:
            count, mean, m2 = stratum_moments(self.y, code, size)
            return count, count, mean, m2
        return weighted_moments(self.y, code, size, self.weight)

    def weights_of(self, code: Array, size: int) -> Array:
        """Sum of the weights of the rows of each stratum."""
        found: Array = np.bincount(code, self.weight, minlength=size)
        return found

    @functools.cached_property
    def n_codes(self) -> npt.NDArray[np.int64]:
        """One more than the largest code of each factor."""
        if self.n == 0:
            return np.ones(len(self.codes), dtype=np.int64)
        most: npt.NDArray[np.int64] = self.codes.max(axis=1).astype(np.int64) + 1
        return most


def sample_of(field: Floats, codes: list[Array], weights: Array | None = None) -> Sample:
    """Keep the rows that are complete, and whose weight is above 0."""
    kept = np.isfinite(field)
    for code in codes:
        kept &= code >= 0
    share = None
    if weights is not None:
        kept &= np.isfinite(weights) & (weights > 0.0)
        share = weights[kept].astype(np.float64)
        share = share / share.mean() if share.size else share
    y = field[kept]
    mean = y[0] + np.average(y - y[0], weights=share) if y.size else np.nan
    table = np.array([code[kept] for code in codes], dtype=np.int32)
    return Sample(y - mean, table.reshape(len(codes), y.size), kept, float(mean), share)


def encode(values: Array) -> Codes:
    """Codes of strata from numbers, booleans or text, -1 where they are missing.

    Numbers keep their order, text is ordered by the alphabet.
    """
    if values.dtype.kind in "iu" and values.size and values.max() < _MOST_CODES:
        return np.asarray(np.where(values < 0, -1, values), dtype=np.int32)
    if values.dtype.kind == "b":
        return values.astype(np.int32)
    flat = values.ravel()
    if values.dtype.kind == "f":
        flat = np.where(np.isfinite(flat), flat, np.nan)
    elif values.dtype.kind in "iu":
        flat = np.where(flat < 0, np.nan, flat)
    return np.asarray(pd.factorize(flat, sort=True)[0], dtype=np.int32).reshape(values.shape)


def most_codes(factor: xr.DataArray) -> int | None:
    """One more than the largest code of a factor; None where it is lazy and does not tell.

    Data are looked at where they are in memory.
    """
    if "flag_values" in factor.attrs:
        return int(np.max(factor.attrs["flag_values"])) + 1
    if factor.dtype.kind == "b":
        return 2
    if factor.chunks is not None:
        return None
    return int(encode(np.asarray(factor.data)).max(initial=0)) + 1


def sample_dims(y: xr.DataArray, dim: Dim, *, name: str = "y") -> list[Hashable]:
    """Return the dimensions whose cells are the sample: those in space unless others are named."""
    require_dims(y, name=name)
    if isinstance(y, xr.DataArray) and not isinstance(y.dtype, np.dtype):
        raise InputError(f"{name} holds {y.dtype.name!r}, not real numbers; give its numbers.")
    require_numeric(y, name=name)
    if dim is None:
        dims = list(spatial_dims(y))
        if not dims:
            has = ", ".join(map(str, y.dims)) or "none"
            raise InputError(
                f"{name} has no spatial dimensions (a grid's two, or site; it has: {has}); say "
                "with dim which dimension holds the sample."
            )
        return sorted(dims, key=_rank)
    dims = [dim] if isinstance(dim, str) or not isinstance(dim, Iterable) else list(dim)
    require_dims(y, *map(str, dims), name=name)
    return sorted(dims, key=_rank)


def _rank(dim: Hashable) -> tuple[int, str]:
    """Put rows before columns, whatever their order in the data: random draws depend on it."""
    return (0 if dim in ("latitude", "lat", "y") else 1, str(dim))


def named_factors(
    factors: Factors, y: xr.DataArray, dims: list[Hashable], *, name: str = "strata"
) -> dict[str, xr.DataArray]:
    """Return the factors by name, checked against the response."""
    given = _by_name(factors, name)
    if not given:
        raise InputError(f"{name} is empty; give at least one factor.")
    checked = {}
    for key, factor in given.items():
        said = f"{name}[{key!r}]"
        require_dims(factor, *map(str, dims), name=said)
        if isinstance(factor.dtype, pd.CategoricalDtype):
            kinds = pd.Categorical(factor.data)
            factor = factor.copy(data=np.asarray(kinds.codes, dtype=np.int32))
            factor.attrs["flag_values"] = list(range(max(len(kinds.categories), 1)))
        if factor.dtype.kind not in "biufOUST":
            raise InputError(
                f"{said} holds {factor.dtype}; give numbers, booleans or text for each cell."
            )
        for d in factor.dims:
            if d not in y.dims:
                raise InputError(f"{said} has the dimension {d!r}, which y lacks; select along it.")
            if not same_along(factor, y, d):
                raise GridError(
                    f"{said} and y differ along {d!r}; put both on the same cells, as in "
                    f"soilscope.regrid or .reindex_like(y, method='nearest', tolerance=...)."
                )
        checked[key] = factor.reset_coords(drop=True)
    return checked


def require_weights(weights: xr.DataArray | None, y: xr.DataArray, dims: list[Hashable]) -> None:
    """Refuse weights that are no numbers on the cells of the response."""
    if weights is None:
        return
    require_dims(weights, *map(str, dims), name="weights")
    require_numeric(weights, name="weights")
    for d in weights.dims:
        if d not in y.dims or not same_along(weights, y, d):
            raise GridError(
                f"weights and y differ along {d!r}; give a weight for each cell of y, as in "
                "soilscope.grid.measure.cell_area(y)."
            )


def _by_name(factors: Factors, name: str) -> dict[str, xr.DataArray]:
    """Return factors by name from a mapping, a Dataset, or an array with the dimension `factor`."""
    if isinstance(factors, xr.Dataset) and "codes" in factors:
        factors = factors["codes"]
    if isinstance(factors, xr.DataArray):
        if "factor" not in factors.dims:
            return {str(factors.name or "factor"): factors}
        labels = factors["factor"].to_index() if "factor" in factors.indexes else None
        names = map(str, range(factors.sizes["factor"]) if labels is None else labels)
        marks = factors.coords.get("circular")
        return {
            key: factors.isel(factor=i, drop=True).assign_attrs(
                {} if marks is None else {MARK: int(marks[i])}
            )
            for i, key in enumerate(names)
        }
    items = factors.data_vars if isinstance(factors, xr.Dataset) else factors
    if not isinstance(items, Mapping):
        raise InputError(
            f"{name} is a {type(factors).__name__}; give a Dataset, or the factors by name, as in "
            "{'slope': slope_class}."
        )
    return {str(key): factor for key, factor in items.items()}


def over_sample(
    method: Method,
    y: xr.DataArray,
    factors: Mapping[str, xr.DataArray],
    *,
    dims: list[Hashable],
    outputs: Mapping[str, Output],
    codes: bool = True,
    weights: xr.DataArray | None = None,
) -> xr.Dataset:
    """Apply `method` to the field of `y` and its factors on `dims`, once for each other label.

    `method` takes the field (shaped as `dims`), the factors as codes, or as they are with
    `codes=False`, and the weights where there are any; it returns one array for each of `outputs`.
    Lazy if an input is.
    """
    whole = dict.fromkeys(dims, -1)
    given = [*factors.values()] + ([] if weights is None else [weights.reset_coords(drop=True)])
    arrays = [
        a if a.chunks is None else a.chunk({d: -1 for d in whole if d in a.dims})
        for a in (y, *given)
    ]
    # the result has the order of y, and a dimension of `dims` may come back in an output
    sizes = {d: n for o in outputs.values() for d, n in o.sizes().items() if d not in dims}
    results = xr.apply_ufunc(
        _Fields(method, len(dims), codes, weights is not None),
        *arrays,
        input_core_dims=[dims] * len(arrays),
        output_core_dims=[o.core() for o in outputs.values()],
        dask="parallelized",
        output_dtypes=[np.dtype(o.dtype) for o in outputs.values()],
        dask_gufunc_kwargs={"output_sizes": sizes},
        keep_attrs=False,
    )
    made = results if isinstance(results, tuple) else (results,)
    rest = [d for d in y.dims if d not in dims]
    ds = xr.Dataset(
        {
            key: result.transpose(*o.core(), *(d for d in rest if d in result.dims))
            for (key, o), result in zip(outputs.items(), made, strict=True)
        }
    )
    return inherit(ds, y, *factors.values())


class _Fields:
    """Take the fields one by one; a class, so that dask can pickle and tokenise it."""

    def __init__(self, method: Method, n_core: int, codes: bool, weighted: bool) -> None:
        self.method = method
        self.n_core = n_core
        self.codes = codes
        self.weighted = weighted

    def __call__(self, y: Array, *given: Array) -> tuple[Array, ...] | Array:
        k = len(given) - self.weighted
        ready = [encode(f) if self.codes else f for f in given[:k]] + list(given[k:])
        lead = np.broadcast_shapes(*(a.shape[: a.ndim - self.n_core] for a in (y, *ready)))
        core = y.shape[y.ndim - self.n_core :]
        fields = [np.broadcast_to(a, (*lead, *core)) for a in (y, *ready)]
        found = [
            self.method(
                fields[0][at].astype(np.float64),
                [f[at] for f in fields[1 : k + 1]],
                *(f[at] for f in fields[k + 1 :]),
            )
            for at in np.ndindex(*lead)
        ]
        stacked = tuple(
            np.stack([np.asarray(part) for part in parts]).reshape((*lead, *np.shape(parts[0])))
            for parts in zip(*found, strict=True)
        )
        return stacked if len(stacked) > 1 else stacked[0]
