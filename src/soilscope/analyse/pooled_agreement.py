"""Agreement of two products over a random sample of cells, all pairs at once, and its picture."""

import json
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import xarray as xr

from soilscope.analyse.agreement import REFERENCES
from soilscope.analyse.pairing import (
    Integers,
    PairAxis,
    Resampling,
    generator,
    matched,
    pair_axis,
    recorded,
    require_series,
    resampling,
    warn_of_dependence,
)
from soilscope.analyse.pooled_blocks import PooledBlock
from soilscope.analyse.regions import region_codes, require_same_cells
from soilscope.checks import require_between, require_choice
from soilscope.errors import InputError
from soilscope.labelled import label, spatial_dims
from soilscope.lineage import inherit
from soilscope.times import steps_on


def pooled_agreement(
    product: xr.DataArray,
    reference: xr.DataArray,
    *,
    dim: str | None = "time",
    dates: Sequence[str] | None = None,
    sample: int | None = 1000,
    rng: int | np.random.Generator | None = None,
    regions: xr.DataArray | None = None,
    confidence: float | None = None,
    n_boot: int = 1000,
    block_length: int | None = None,
    kge: Literal[2012, 2009] = 2012,
    n_bins: int = 60,
    limits: tuple[float, float] | None = None,
    min_obs: int = 10,
) -> xr.Dataset:
    """Compare two products over all pairs of a random sample of cells, layer by layer.

    A pooled correlation mixes what differs between places, the season and the anomalies;
    `r_space`, `r_time` and `r_anomaly` tell them apart.

    Parameters
    ----------
    product, reference
        The same dimensions and coordinates, in the same units, on a grid or at sites.
    dim
        Dimension of time, whose steps are pooled too; None compares each time step on its own.
    dates
        Days such as ``"2020-07-15"`` whose time steps are compared, each on its own; `dim` is
        then the dimension that they are looked up in.
    sample
        Number of cells drawn among those with a pair; in each region, and the same cells in every
        layer where the same cells have values. Fewer cells are all taken. None takes all.
    rng
        Seed or generator; needed for a sample and for bounds.
    regions
        Codes with ``flag_values`` and ``flag_meanings``, as in `regional_mean`.
    confidence, n_boot, block_length
        Bounds as in `agreement`: blocks of time steps are drawn, with all cells together, so that
        neither serial nor spatial correlation narrows them. The sample itself, and `r_space`, are
        taken as they are.
    kge, min_obs
        As in `agreement`.
    n_bins, limits
        Bins of the density along each axis, and its ends in the units of the data; by default
        they hold all but the outermost thousandth.

    Returns
    -------
    xr.Dataset
        Per layer, and per `region` if given: over all pairs `r`, `r_squared`, `nse`, `bias`,
        `rmse`, `ubrmse`, `mse_correlation`, `mse_bias`, `mse_variance`, `kge`, `spearman`,
        `kendall` as in `agreement`; `r_space`, correlation of the cells' means over time;
        `r_time`, over all pairs less their cell's mean; `r_anomaly`, less their cell's
        calendar-month mean; bounds of r, r squared, nse, bias, rmse, ubrmse, kge, r_time and
        r_anomaly; `line_slope` and `line_intercept` of the least-squares line of the product on
        the reference; `pair_density`, number of pairs in bins of reference (`reference_bin`) and
        product (`product_bin`), with the edges `pair_edge`, the outer bins holding what lies
        beyond; `n_cells`, `n_obs` (pairs), `block_length` with bounds, and `status`.

    Raises
    ------
    InputError
        If dimensions, coordinates or units differ, there is no space, `rng` is missing, or the
        data have no time step on one of `dates`.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> rng = np.random.default_rng(0)
    >>> truth = xr.DataArray(rng.normal(size=(24, 50)), dims=("time", "site"))
    >>> found = pooled_agreement(2 * truth + 1, truth, sample=20, rng=1)
    >>> [round(float(found[name]), 6) for name in ("r", "line_slope", "line_intercept")]
    [1.0, 2.0, 1.0]
    >>> int(found.n_cells), int(found.n_obs), int(found.pair_density.sum())
    (20, 480, 480)
    """
    require_choice(kge, (2012, 2009), name="kge")
    require_between(n_bins, 3, 1001, name="n_bins")
    require_between(min_obs, 3, 10**9, name="min_obs")
    _require_limits(limits)
    arrays = matched({"product": product, "reference": reference}, same_units=True)
    if dates is not None:
        arrays, dim = _on_dates(arrays, dates, dim), None
    # in one order, so that the order of dimensions cannot change the sample
    space = sorted(map(str, spatial_dims(product)))
    if not space:
        raise InputError("product has no spatial dimensions (a grid's two, or site) to pool over.")
    axis = _axis(arrays, dim, confidence)
    dependent = warn_of_dependence({"product": product, "reference": reference})
    random = None if rng is None else np.random.default_rng(rng)
    block = PooledBlock(
        axis=axis,
        n_core=len(space) + (dim is not None),
        order=_order([product.sizes[d] for d in space], sample, random),
        sample=_sample(sample),
        codes=() if regions is None else tuple(region_codes(regions)),
        kge_2009=kge == 2009,
        min_obs=min_obs,
        resampling=Resampling.none()
        if axis is None
        else resampling(
            axis,
            confidence=confidence,
            rng=random,
            n_boot=n_boot,
            block_length=block_length,
            dim=dim,
        ),
        n_bins=n_bins,
        limits=None if limits is None else (float(limits[0]), float(limits[1])),
    )
    ds = _apply(block, arrays, regions, [dim, *space] if dim is not None else space)
    options = {
        "dim": dim,
        "dates": None if dates is None else list(map(str, dates)),
        "sample": sample,
        "rng": recorded(rng),
        "regions": regions is not None,
        "confidence": confidence,
        "n_boot": n_boot if confidence else None,
        "block_length": block_length,
        "kge": kge,
        "n_bins": n_bins,
        "limits": limits,
        "min_obs": min_obs,
    }
    return label(
        inherit(ds, product, reference),
        units=product.attrs.get("units", reference.attrs.get("units")),
        method="pooled_agreement",
        options=json.dumps(options),
        references=REFERENCES,
        dependent=dependent,
    )


def _apply(
    block: PooledBlock,
    arrays: Mapping[str, xr.DataArray],
    regions: xr.DataArray | None,
    core: list[str],
) -> xr.Dataset:
    """Call the block on whole fields, one for each layer."""
    inputs = list(arrays.values())
    cores = [core] * len(inputs)
    sizes = {"reference_bin": block.n_bins, "product_bin": block.n_bins, "edge": block.n_bins + 1}
    lead: list[str] = []
    if regions is not None:
        require_same_cells(inputs[0], regions=regions)
        inputs.append(regions.reset_coords(drop=True))
        cores.append([d for d in core if d in regions.dims])
        lead, sizes["region"] = ["region"], len(block.codes)
    whole = [
        da.chunk(dict.fromkeys(dims, -1)) if da.chunks else da
        for da, dims in zip(inputs, cores, strict=True)
    ]
    own = {"pair_density": ["reference_bin", "product_bin"], "pair_edge": ["edge"]}
    results = xr.apply_ufunc(
        block,
        *whole,
        input_core_dims=cores,
        output_core_dims=[[*lead, *own.get(name, ())] for name in block.variables],
        dask="parallelized",
        output_dtypes=[np.dtype(dtype) for dtype in block.variables.values()],
        dask_gufunc_kwargs={"output_sizes": sizes},
        keep_attrs=False,
        join="override",
    )
    ds = xr.Dataset(dict(zip(block.variables, results, strict=True)))
    if regions is not None:
        names = np.array(list(region_codes(regions).values()), dtype=object)
        ds = ds.assign_coords(region=("region", names))
    rest = [d for d in arrays["product"].dims if d not in core]
    return ds.transpose("region", *rest, ..., missing_dims="ignore")


def _axis(
    arrays: Mapping[str, xr.DataArray], dim: str | None, confidence: float | None
) -> PairAxis | None:
    """Read the time axis; None where every step stands on its own."""
    if dim is not None:
        require_series(arrays, dim)
        return pair_axis(arrays["product"], dim)
    if confidence is not None:
        raise InputError(
            "bounds come from blocks of time steps, which dim=None does not have; give dim, or "
            "leave confidence out."
        )
    return None


def _on_dates(
    arrays: dict[str, xr.DataArray], dates: Sequence[str], dim: str | None
) -> dict[str, xr.DataArray]:
    """Select time steps by their days."""
    if dim is None:
        raise InputError("dates are looked up in the dimension dim, which is None; leave dim out.")
    require_series(arrays, dim)
    steps = steps_on(arrays["product"][dim], dates)
    return {name: da.isel({dim: steps}) for name, da in arrays.items()}


def _sample(sample: int | None) -> int:
    """Return the largest number of cells."""
    if sample is None:
        return int(np.iinfo(np.int64).max)
    require_between(sample, 3, 10**9, name="sample")
    return sample


def _order(shape: list[int], sample: int | None, rng: np.random.Generator | None) -> Integers:
    """Return the order in which the cells are taken, drawn for all of them at once."""
    n_cells = int(np.prod(shape))
    if sample is None:
        return np.arange(n_cells)
    return generator(rng, why="sample").permutation(n_cells)


def _require_limits(limits: tuple[float, float] | None) -> None:
    if limits is not None and not (
        len(limits) == 2 and np.isfinite(limits).all() and limits[0] < limits[1]
    ):
        raise InputError(f"limits is {limits!r}; give the lower and the upper end, as in [0, 0.5].")
