"""Reference parameters of labelled arrays: of every series, or of all cells together."""

from functools import partial

import numpy as np
import xarray as xr

from soilscope.analyse import index_blocks as blocks
from soilscope.analyse.index_methods import METHODS
from soilscope.analyse.index_options import IndexOptions
from soilscope.analyse.reference import pool, pooled_dims, pooled_weights
from soilscope.analyse.regions import Weights
from soilscope.analyse.slots import Slots, slots
from soilscope.checks import require_dims, require_numeric
from soilscope.labelled import Output, over_series


def sort_into_slots(da: xr.DataArray, *, dim: str, options: IndexOptions) -> Slots:
    """Check the data, and sort their time steps."""
    require_dims(da, dim, name="da")
    require_numeric(da, name="da")
    return slots(da[dim], by=options.by, window=options.window, reference=options.reference)


def fit(
    da: xr.DataArray, *, dim: str, where: Slots, options: IndexOptions, weights: Weights
) -> tuple[xr.Dataset, str | None]:
    """Parameters of every series, or of the pool; with the words for the weights used."""
    if options.pooled:
        return _fit_pool(da, dim=dim, where=where, options=options, weights=weights)
    core, size = options.core, where.size
    method = METHODS[options.method]
    outputs = {name: Output("f8", core, size) for name in method.estimates}
    if "sorted_values" in outputs:
        outputs["sorted_values"] = Output("f8", (core, "rank"), (size, where.most_values()))
    ds = over_series(
        partial(method.fit, where=where, options=options),
        da,
        dim=dim,
        outputs=outputs | _count_and_status(where, options),
    )
    return name_slots(ds, options), None


def _fit_pool(
    da: xr.DataArray, *, dim: str, where: Slots, options: IndexOptions, weights: Weights
) -> tuple[xr.Dataset, str]:
    """Weighted mean and standard deviation over all cells."""
    f8, i4 = Output("f8", options.core, where.size), Output("i4", options.core, where.size)
    reference = options.reference_text
    dims = pooled_dims(da, reference)
    weight, words = pooled_weights(da, dim=dim, reference=reference, weights=weights)
    parts = over_series(
        partial(blocks.moments, where=where),
        da,
        dim=dim,
        outputs={"count": i4, "mean": f8, "m2": f8, "years": i4},
    )
    pooled = pool(parts, weights=weight, dims=dims, min_years=options.min_years, ddof=options.ddof)
    return name_slots(pooled, options), words


def index_of_own(da: xr.DataArray, *, dim: str, where: Slots, options: IndexOptions) -> xr.Dataset:
    """Index of each series against itself, without keeping the parameters."""
    ds = over_series(
        partial(METHODS[options.method].own, where=where, options=options),
        da,
        dim=dim,
        outputs={"ssmi": Output(float_dtype(da), dim)} | _count_and_status(where, options),
    )
    return name_slots(ds, options)


def name_slots(ds: xr.Dataset, options: IndexOptions) -> xr.Dataset:
    """Name the slots: months 1..12, days 1..366; no dimension at all for `by=None`."""
    if options.by is None:
        return ds.isel(slot=0) if "slot" in ds.dims else ds
    return ds.assign_coords({options.by: np.arange(1, ds.sizes[options.by] + 1)})


def float_dtype(da: xr.DataArray) -> str:
    """Precision of an index: that of the data."""
    return "f4" if da.dtype == np.float32 else "f8"


def _count_and_status(where: Slots, options: IndexOptions) -> dict[str, Output]:
    core, size = options.core, where.size
    return {"n_obs": Output("i4", core, size), "status": Output("i1", core, size)}
