"""Significance over many tests: p-values adjusted for their number."""

import json
from collections.abc import Hashable, Iterable
from typing import Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.checks import require_choice, require_dims, require_numeric
from soilscope.labelled import spatial_dims
from soilscope.names import describe

Floats = npt.NDArray[np.float64]
Method = Literal["bh", "by", "holm", "bonferroni"]
METHODS = ("bh", "by", "holm", "bonferroni")

REFERENCES = (
    "Benjamini and Hochberg 1995 doi:10.1111/j.2517-6161.1995.tb02031.x; "
    "Benjamini and Yekutieli 2001 doi:10.1214/aos/1013699998; Holm 1979; "
    "Wilks 2016 doi:10.1175/BAMS-D-15-00267.1"
)


def adjust_p_values(
    p: xr.DataArray,
    *,
    method: Method = "bh",
    dim: Hashable | Iterable[Hashable] | None = None,
) -> xr.DataArray:
    """Adjust p-values for the number of tests in their family.

    A test is significant at level alpha where its adjusted p-value is at most alpha. A missing
    p-value stays missing and does not count.

    Parameters
    ----------
    p
        P-values, any dimensions.
    method
        ``"bh"`` (Benjamini-Hochberg) and ``"by"`` (Benjamini-Yekutieli, any dependence) bound the
        share of false among the significant tests; ``"holm"`` and ``"bonferroni"`` bound the
        chance of a single false one. On a map, Wilks (2016): with spatially correlated tests and
        ``"bh"``, significance at alpha_FDR = 2 alpha keeps the chance to find anything on a map
        without any signal near alpha, while up to 2 alpha of the marked cells may be false.
    dim
        Dimensions of one family. Default: the dimensions in space, so that each layer is a map
        of its own; all dimensions where `p` has none in space.

    Returns
    -------
    xarray.DataArray
        `p_value_adjusted`, shaped like `p`; lazy if `p` is (a family is put into one block).
        It corrects for the number of tests alone: p-values that serial correlation made too
        small stay too small.

    Raises
    ------
    InputError
        If `method` is unknown, or `p` lacks a dimension of `dim`.

    References
    ----------
    Benjamini and Hochberg (1995), https://doi.org/10.1111/j.2517-6161.1995.tb02031.x;
    Benjamini and Yekutieli (2001), https://doi.org/10.1214/aos/1013699998; Holm (1979);
    Wilks (2016), https://doi.org/10.1175/BAMS-D-15-00267.1

    Examples
    --------
    >>> import xarray as xr
    >>> p = xr.DataArray([0.01, 0.02, float("nan"), 0.3], dims="site")
    >>> adjust_p_values(p).values.tolist()
    [0.03, 0.03, nan, 0.3]
    """
    require_choice(method, METHODS, name="method")
    require_numeric(p, name="p")
    family = _family(p, dim)
    chunked = p.chunk(dict.fromkeys(family, -1)) if p.chunks is not None else p
    adjusted: xr.DataArray = xr.apply_ufunc(
        _adjust_families,
        chunked,
        input_core_dims=[family],
        output_core_dims=[family],
        kwargs={"method": method, "n_core": len(family)},
        dask="parallelized",
        output_dtypes=[np.float64],
        keep_attrs=False,
    ).transpose(*p.dims)
    adjusted.name = "p_value_adjusted"
    adjusted.attrs = describe("p_value_adjusted") | {
        "method": "adjust_p_values",
        "options": json.dumps({"method": method, "dim": sorted(map(str, family))}),
        "references": REFERENCES,
    }
    return adjusted


def _family(p: xr.DataArray, dim: Hashable | Iterable[Hashable] | None) -> list[Hashable]:
    if dim is None:
        return list(spatial_dims(p) or p.dims)
    family = [dim] if isinstance(dim, str) or not isinstance(dim, Iterable) else list(dim)
    require_dims(p, *map(str, family), name="p")
    return family


def _adjust_families(p: npt.NDArray[np.floating], *, method: str, n_core: int) -> Floats:
    """Adjust (..., *family): one family after another."""
    shape = p.shape[: p.ndim - n_core]
    rows = p.reshape((int(np.prod(shape)), -1)).astype(np.float64)
    adjusted = np.full(rows.shape, np.nan)
    for row, out in zip(rows, adjusted, strict=True):
        valid = np.isfinite(row)
        out[valid] = _adjust(row[valid], method)
    return adjusted.reshape(p.shape)


def _adjust(p: Floats, method: str) -> Floats:
    """Adjust the p-values of one family without missing values, as R's p.adjust does."""
    n = p.size
    order = np.argsort(p, kind="stable")
    ranked = p[order]
    rank = np.arange(1, n + 1)
    if method == "bonferroni":
        scaled = n * ranked
    elif method == "holm":
        scaled = np.maximum.accumulate((n - rank + 1) * ranked)
    else:
        factor = np.sum(1.0 / rank) if method == "by" else 1.0
        stepped = factor * n / rank * ranked
        scaled = np.minimum.accumulate(stepped[::-1])[::-1]
    adjusted = np.empty(n)
    adjusted[order] = np.minimum(scaled, 1.0)
    return adjusted
