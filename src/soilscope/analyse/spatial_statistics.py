"""Statistics of a field over its cells: spread, quartiles, skewness, and how normal it is."""

import json
from collections.abc import Hashable, Sequence

import numpy as np
import xarray as xr
from scipy.special import ndtri

from soilscope.analyse.regions import Weights, region_codes, require_same_cells
from soilscope.analyse.spatial_statistics_blocks import STATISTICS, StatisticsBlock
from soilscope.checks import require_between, require_dims, require_numeric
from soilscope.errors import InputError
from soilscope.grid.measure import cell_area
from soilscope.labelled import label, spatial_dims
from soilscope.lineage import inherit


def spatial_statistics(
    da: xr.DataArray,
    *,
    dim: str | Sequence[str] | None = None,
    weights: Weights = "area",
    regions: xr.DataArray | None = None,
    n_quantiles: int = 199,
    min_obs: int = 3,
) -> xr.Dataset:
    """Describe the values of each field: spread, quartiles, skewness, and how normal they are.

    Parameters
    ----------
    da
        Data on a grid or on sites, such as monthly means (time, space).
    dim
        Dimension or dimensions whose values are described together; None takes those in space.
    weights
        "area" (`cell_area`), an array on the spatial dims, or None: all values count alike, as they
        do where `dim` does not hold all spatial dims. A cell whose weight is missing or not
        positive is left out.
    regions
        Codes with ``flag_values`` and ``flag_meanings``, as in `regional_mean`; they may change in
        time.
    n_quantiles
        Number of quantiles of the QQ plot, at the probabilities 1/(n + 1) to n/(n + 1).
    min_obs
        Fewer values have no statistics.

    Returns
    -------
    xr.Dataset
        On the dims that are left, and `region` if given: `minimum`, `maximum`, `mean`, `std`
        (ddof 1), `cv` (SD over mean), `lower_quartile`, `median`, `upper_quartile`, `skewness`
        (m3 / m2^1.5), `iqr_to_std` (1.349 for a normal distribution), `qq_correlation` of all
        values with normal order statistics; on dim `probability`, `sample_quantile`, beside the
        coordinate ``normal_quantile`` that it is plotted against; `n_obs`; `status`.

    Raises
    ------
    InputError
        If `da` has no such dims, holds classes, or `regions` has no flags.
    GridError
        If `regions` or `weights` lie on other cells, or areas are not known.

    References
    ----------
    Filliben (1975), doi:10.1080/00401706.1975.10489279, for the probability plot. Quantiles are of
    type 7 of Hyndman and Fan (1996), doi:10.2307/2684934, where all values count alike.

    Examples
    --------
    >>> da = xr.DataArray([1.0, 2.0, 3.0, 10.0], dims="site", attrs={"units": "m3 m-3"})
    >>> found = spatial_statistics(da)
    >>> [round(float(found[name]), 3) for name in ("mean", "std", "median", "upper_quartile")]
    [4.0, 4.082, 2.5, 4.75]
    >>> round(float(found.skewness), 3), round(float(found.qq_correlation), 3)
    (1.018, 0.892)
    """
    require_between(n_quantiles, 3, 9999, name="n_quantiles")
    require_between(min_obs, 3, 10**9, name="min_obs")
    core = _core(da, dim)
    if "flag_values" in da.attrs:
        raise InputError("da holds classes, which have no statistics; describe (da == code).")
    weight = _weights(da, core, weights)
    whole = [da, weight]
    if regions is not None:
        _require_regions(da, regions, core)
        whole.append(regions.reset_coords(drop=True))
    cores = [[d for d in core if d in array.dims] for array in whole]
    block = StatisticsBlock(
        core=tuple(core),
        weighted=tuple(cores[1]),
        zoned=tuple(cores[2]) if regions is not None else (),
        codes=() if regions is None else tuple(region_codes(regions)),
        probability=tuple(np.arange(1, n_quantiles + 1) / (n_quantiles + 1)),
        min_obs=min_obs,
    )
    ds = _apply(block, whole, cores)
    if regions is not None:
        names = np.array(list(region_codes(regions).values()), dtype=object)
        ds = ds.assign_coords(region=("region", names))
    rest = [d for d in da.dims if d not in core]
    how = weights if isinstance(weights, str) or weights is None else "given"
    options = {
        "dim": core,
        "weights": how,
        "regions": regions is not None,
        "n_quantiles": n_quantiles,
        "min_obs": min_obs,
    }
    return label(
        inherit(ds.transpose("region", *rest, "probability", missing_dims="ignore"), da),
        units=da.attrs.get("units"),
        method="spatial_statistics",
        options=json.dumps(options),
        references="Filliben (1975) doi:10.1080/00401706.1975.10489279; "
        "Hyndman and Fan (1996) doi:10.2307/2684934",
    )


def _apply(
    block: StatisticsBlock, arrays: list[xr.DataArray], cores: list[list[str]]
) -> xr.Dataset:
    """Call the block on whole fields, as many at a time as make up one of dask's chunks."""
    lead = ["region"] if block.codes else []
    sizes = {"probability": len(block.probability)} | dict.fromkeys(lead, len(block.codes))
    integers = {"n_obs": np.dtype(np.int64), "status": np.dtype(np.int8)}
    types = dict.fromkeys(STATISTICS, np.dtype(np.float64)) | integers
    results = xr.apply_ufunc(
        block,
        *(_whole(array, core) for array, core in zip(arrays, cores, strict=True)),
        input_core_dims=cores,
        output_core_dims=[*([lead] * len(types)), [*lead, "probability"]],
        dask="parallelized",
        output_dtypes=[*types.values(), np.dtype(np.float64)],
        dask_gufunc_kwargs={"output_sizes": sizes},
        keep_attrs=False,
        join="override",
    )
    ds = xr.Dataset(dict(zip((*types, "sample_quantile"), results, strict=True)))
    probability = np.array(block.probability)
    attrs = {"units": "1", "long_name": "probability of a quantile"}
    normal = {"units": "1", "long_name": "quantile of the standard normal distribution"}
    return ds.assign_coords(
        probability=("probability", probability, attrs),
        normal_quantile=("probability", ndtri(probability), normal),
    )


def _whole(array: xr.DataArray, core: list[str]) -> xr.DataArray:
    """Join the chunks of each field; series that were whole are split for it."""
    if not array.chunks:
        return array
    return array.chunk({d: -1 if d in core else "auto" for d in array.dims})


def _core(da: xr.DataArray, dim: str | Sequence[str] | None) -> list[str]:
    """Return the dimensions that are described together, in an order of their own."""
    require_dims(da, name="da")
    require_numeric(da, name="da")
    if dim is None:
        found = [str(d) for d in spatial_dims(da)]
        if not found:
            raise InputError(
                "da has no spatial dimensions (a grid's two, or site) to describe; name others "
                "with dim."
            )
        return sorted(found)
    if not isinstance(dim, str | Sequence):
        raise InputError(f"dim is {dim!r}; give a dimension, or a list of them.")
    named = [dim] if isinstance(dim, str) else list(dim)
    require_dims(da, *named, name="da")
    if not named:
        raise InputError("dim is empty; name the dimensions to describe, or leave it out.")
    return sorted(set(named))


def _weights(da: xr.DataArray, core: list[str], weights: Weights) -> xr.DataArray:
    """Weights on dimensions in `core` alone."""
    space: tuple[Hashable, ...] = spatial_dims(da)
    if isinstance(weights, xr.DataArray):
        require_same_cells(da, weights=weights)
        if not set(weights.dims) <= set(core):
            raise InputError(
                f"weights has the dimensions {', '.join(map(str, weights.dims))}, and dim only "
                f"{', '.join(core)}; leave weights out, or name all of them in dim."
            )
        found = weights
    elif weights == "area" and space and set(space) <= set(core):
        found = cell_area(da)
    elif weights == "area" or weights is None:
        found = xr.DataArray(np.ones(da.sizes[core[0]]), dims=core[:1])
    else:
        raise InputError(f"weights is {weights!r}; it must be 'area', an array, or None.")
    return found.reset_coords(drop=True)


def _require_regions(da: xr.DataArray, regions: xr.DataArray, core: list[str]) -> None:
    require_same_cells(da, regions=regions)
    if not set(spatial_dims(da)) <= set(core):
        raise InputError("dim must hold all spatial dimensions where regions are given.")
    extra = [str(d) for d in regions.dims if d not in da.dims]
    if extra:
        raise InputError(f"regions has the dimension {extra[0]!r}, which da lacks; drop it.")
    for d in set(regions.dims) - set(core):
        if regions.sizes[d] != da.sizes[d] or not regions[d].equals(da[d]):
            raise InputError(f"regions and da differ along {d!r}; select the same {d} of both.")
