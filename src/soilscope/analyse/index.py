"""Standardised soil moisture index: z-score or empirical, against a reference (METHODS 2)."""

from functools import partial

import numpy as np
import xarray as xr
from scipy.special import ndtri

from soilscope.analyse import index_blocks as blocks
from soilscope.analyse.index_options import IndexOptions, Method, require_same, stored_options
from soilscope.analyse.reference import Weights, pool, pooled_dims, pooled_weights
from soilscope.analyse.slots import By, Reference, Slots, slot_of, slots
from soilscope.checks import require_dims, require_numeric, require_single_chunk
from soilscope.errors import InputError
from soilscope.labelled import Output, label, over_series

PAPERS = {
    "zscore": "Dutra et al. (2008), Geophys. Res. Lett. 35, L19402",
    "empirical": "doi:10.1029/JZ068i003p00813, doi:10.1016/j.advwatres.2014.11.012",
}


def index_parameters(
    da: xr.DataArray,
    *,
    dim: str = "time",
    by: By | None = "month",
    window: int | None = None,
    reference: Reference = "own",
    method: Method = "zscore",
    ddof: int = 1,
    min_years: int = 10,
    weights: Weights = "area",
) -> xr.Dataset:
    """Compute the reference statistics that `standardize` compares soil moisture with.

    Parameters
    ----------
    da : DataArray
        Soil moisture (any units) with the dimension `dim`; other dimensions are free.
    dim : str
        The dimension of time.
    by : "month", "dayofyear" or None
        What has a reference of its own: each calendar month, each day of the year, or all data
        together. Days are counted in a leap year, so 1 March is day 61 in every year and
        29 February is day 60.
    window : int, optional
        Days on either side that the reference of a day of the year includes, around the year end.
    reference : "own", "pooled", "pooled_profile" or (first, last)
        What a series is compared with: its own full record; all cells of its layer; all cells and
        layers; or its own values in a period such as ("2000", "2009"), both ends included.
    method : "zscore" or "empirical"
        Mean and standard deviation, or the sorted values.
    ddof : 0 or 1
        The variance is divided by the number of values less `ddof`.
    min_years : int
        A reference with values from fewer years is NaN.
    weights : "area", DataArray or None
        Weights of the cells in a pooled reference: the coordinate ``cell_area`` if there is one,
        else the area of the grid's cells (sites count equally); given; or equal. For
        "pooled_profile" they are multiplied by layer thickness (see `set_layers`). A weight of 0,
        or a missing one, leaves the cell out.

    Returns
    -------
    Dataset
        ``mean`` and ``std`` in the units of `da`; for "empirical" ``sorted_values`` (dim ``rank``,
        padded with NaN). ``n_obs``: values in the reference. ``status``: ok, no_data, too_few
        (fewer than `min_years` years) or constant (no variance, hence no index). All with the
        dimension ``month`` or ``dayofyear`` if `by` says so. The attributes ``reference``,
        ``baseline`` (first and last stamp), ``by``, ``method_index``, ``ddof`` and ``min_years``
        say what the numbers mean.

    Raises
    ------
    InputError
        If an option is unknown or does not fit, if the period holds no data, if `dim` is split
        into chunks, or if a pooled reference lacks cells, areas or layer bounds.

    References
    ----------
    Dutra et al. (2008), Geophys. Res. Lett. 35, L19402 (z-score of soil moisture); Gringorten
    (1963), doi:10.1029/JZ068i003p00813, and Farahmand and AghaKouchak (2015),
    doi:10.1016/j.advwatres.2014.11.012 (empirical).

    Examples
    --------
    >>> import numpy as np, pandas as pd, xarray as xr
    >>> time = pd.date_range("2001-01", periods=24, freq="MS")
    >>> sm = xr.DataArray(np.repeat([0.25, 0.5], 12), {"time": time}, attrs={"units": "m3 m-3"})
    >>> parameters = index_parameters(sm, min_years=2, ddof=0)
    >>> float(parameters["mean"].sel(month=7)), float(parameters["std"].sel(month=7))
    (0.375, 0.125)
    >>> parameters.attrs["baseline"]
    '2001-01-01/2002-12-01'
    """
    options = IndexOptions(by, window, reference, method, ddof, min_years)
    where = _slots(da, dim=dim, options=options)
    fitted, words = _fit(da, dim=dim, where=where, options=options, weights=weights)
    fitted.attrs |= options.attrs(where.baseline, words)
    return label(
        fitted,
        units=da.attrs.get("units"),
        method="index_parameters",
        options=options.text(dim=dim),
        references=PAPERS[method],
    )


def standardize(
    da: xr.DataArray,
    *,
    dim: str = "time",
    by: By | None = "month",
    window: int | None = None,
    reference: Reference = "own",
    method: Method = "zscore",
    ddof: int = 1,
    min_years: int = 10,
    weights: Weights = "area",
    parameters: xr.Dataset | None = None,
) -> xr.Dataset:
    """Compute the standardised soil moisture index: how wet each month is against its reference.

    Parameters
    ----------
    da, dim, by, window, reference, method, ddof, min_years, weights
        As for `index_parameters`.
    parameters : Dataset, optional
        The result of `index_parameters`. It brings its own options: one left at its default is
        taken from there, one that says something else is refused. New months get the same numbers
        to the last bit, whatever data come with them.

    Returns
    -------
    Dataset
        ``ssmi``: the index, float32 for float32 data and else float64. ``n_obs`` and ``status`` of
        the reference, as from `index_parameters`. An index of a series without valid reference, or
        of a missing value, is NaN. The attributes of the Dataset and of ``ssmi`` say what the
        reference is: against its own full record a z-score has mean zero by construction, so that
        its mean over this record shows nothing (``reference`` "own"); a "pooled" reference has a
        mean of zero over the region in each layer, so that it cannot show which layer is dry;
        "pooled_profile" can, partly through texture and porosity. ``reachable``, for the empirical
        index: the largest value that a complete record can get.

    Raises
    ------
    InputError
        As `index_parameters`, and if `parameters` contradicts an option or lies on other
        coordinates.

    Notes
    -----
    z-score: (x - mean) / std. Empirical: the standard normal quantile of
    p = (i - 0.44) / (n + 0.12), i the rank among the n reference values, ties averaged; a new value
    has i = #smaller + #equal / 2 + 1/2, within 1 and n. The empirical index is therefore bounded:
    +-1.93 for n = 21, +-1.60 for n = 10.

    References
    ----------
    As for `index_parameters`.

    Examples
    --------
    >>> import numpy as np, pandas as pd, xarray as xr
    >>> time = pd.date_range("2001-01", periods=36, freq="MS")
    >>> sm = xr.DataArray(np.repeat([0.2, 0.3, 0.4], 12), {"time": time}, attrs={"units": "1"})
    >>> index = standardize(sm, min_years=3)
    >>> index["ssmi"].sel(time="2001-07-01").round(6).item()
    -1.0
    >>> index["ssmi"].attrs["reference"]
    'own'
    """
    given = IndexOptions(by, window, reference, method, ddof, min_years)
    options, words = given, None
    if parameters is None and not options.pooled:
        where = _slots(da, dim=dim, options=options)
        ds = _index_of_own(da, dim=dim, where=where, options=options)
        baseline, most = where.baseline, where.most_values()
    else:
        if parameters is None:
            parameters = index_parameters(
                da, dim=dim, by=by, window=window, reference=reference, ddof=ddof,
                min_years=min_years, weights=weights,
            )  # fmt: skip
        elif not (isinstance(weights, str) and weights == "area"):
            raise InputError("weights belong to index_parameters; leave them out here.")
        options = stored_options(parameters.attrs)
        require_same(given, options)
        ds = _index_of_parameters(da, parameters, dim=dim, options=options)
        baseline, words = parameters.attrs["baseline"], parameters.attrs.get("weights")
        most = parameters.sizes.get("rank", 0)
    stamp = options.attrs(baseline, words)
    if options.method == "empirical":
        stamp["reachable"] = _reach(most)
    ds["ssmi"].attrs |= stamp
    ds.attrs |= stamp
    return label(
        ds,
        units=da.attrs.get("units"),
        method="standardize",
        options=options.text(dim=dim),
        references=PAPERS[options.method],
    )


def _slots(da: xr.DataArray, *, dim: str, options: IndexOptions) -> Slots:
    require_dims(da, dim, name="da")
    require_numeric(da, name="da")
    return slots(da[dim], by=options.by, window=options.window, reference=options.reference)


def _fit(
    da: xr.DataArray, *, dim: str, where: Slots, options: IndexOptions, weights: Weights
) -> tuple[xr.Dataset, str | None]:
    """Parameters of every series, or of the pool; with the words for the weights used."""
    core, size = options.core, where.size
    f8, i4 = Output("f8", core, size), Output("i4", core, size)
    status = Output("i1", core, size)
    if options.pooled:
        dims = pooled_dims(da, options.reference_text)
        weight, words = pooled_weights(
            da, dim=dim, reference=options.reference_text, weights=weights
        )
        parts = over_series(
            partial(blocks.moments, where=where),
            da,
            dim=dim,
            outputs={"count": i4, "mean": f8, "m2": f8, "years": i4},
        )
        pooled = pool(
            parts, weights=weight, dims=dims, min_years=options.min_years, ddof=options.ddof
        )
        return _with_slots(pooled, options), words
    if options.method == "zscore":
        function, estimates = blocks.zscore_parameters, {"mean": f8, "std": f8}
    else:
        function = blocks.sorted_values
        ranked = Output("f8", (core, "rank"), (size, where.most_values()))
        estimates = {"sorted_values": ranked}
    ds = over_series(
        partial(function, where=where, options=options),
        da,
        dim=dim,
        outputs=estimates | {"n_obs": i4, "status": status},
    )
    return _with_slots(ds, options), None


def _index_of_own(da: xr.DataArray, *, dim: str, where: Slots, options: IndexOptions) -> xr.Dataset:
    """Index of each series against itself, without keeping the parameters."""
    ds = over_series(
        partial(
            blocks.zscore if options.method == "zscore" else blocks.empirical,
            where=where,
            options=options,
        ),
        da,
        dim=dim,
        outputs={
            "ssmi": Output(_float_dtype(da), dim),
            "n_obs": Output("i4", options.core, where.size),
            "status": Output("i1", options.core, where.size),
        },
    )
    return _with_slots(ds, options)


def _index_of_parameters(
    da: xr.DataArray, parameters: xr.Dataset, *, dim: str, options: IndexOptions
) -> xr.Dataset:
    """Index of each series with given parameters."""
    require_dims(da, dim, name="da")
    require_numeric(da, name="da")
    require_single_chunk(da, dim, name="da")
    slot, size = slot_of(da[dim], by=options.by)
    _require_fitting(parameters, da, size=size, options=options)
    names = ("mean", "std") if options.method == "zscore" else ("sorted_values", "n_obs")
    tables = []
    for name in names:
        table = parameters[name]
        if options.by is None:
            table = table.expand_dims("slot")
        ranked = ("rank",) if "rank" in table.dims else ()
        tables.append((table, (options.core, *ranked)))
    apply = blocks.apply_zscore if options.method == "zscore" else blocks.apply_empirical
    ds = over_series(
        partial(apply, slot=slot),
        da,
        dim=dim,
        outputs={"ssmi": Output(_float_dtype(da), dim)},
        tables=tables,
    )
    return ds.assign({name: parameters[name].drop_attrs() for name in ("n_obs", "status")})


def _require_fitting(
    parameters: xr.Dataset, da: xr.DataArray, *, size: int, options: IndexOptions
) -> None:
    """Refuse parameters of other cells, layers or calendars than those of `da`."""
    for name in parameters.dims:
        if name == "rank":
            continue
        if name == options.by:
            if parameters.sizes[name] != size:
                raise InputError(
                    f"parameters has {parameters.sizes[name]} entries along {name!r}, the calendar "
                    f"of da has {size}; convert da with convert_calendar."
                )
        elif name not in da.dims:
            raise InputError(
                f"parameters has a dimension {name!r} that da lacks; take da's own entry with "
                "parameters.sel or parameters.isel."
            )
        elif not _same_labels(parameters, da, str(name)):
            raise InputError(
                f"parameters and da differ along {name!r}; make both on the same coordinates."
            )


def _same_labels(one: xr.Dataset, other: xr.DataArray, dim: str) -> bool:
    if one.sizes[dim] != other.sizes[dim]:
        return False
    if dim not in one.indexes or dim not in other.indexes:
        return True
    return bool(one.indexes[dim].equals(other.indexes[dim]))


def _with_slots(ds: xr.Dataset, options: IndexOptions) -> xr.Dataset:
    """Name the slots: months 1..12, days 1..366; no dimension at all for `by=None`."""
    if options.by is None:
        return ds.isel(slot=0) if "slot" in ds.dims else ds
    return ds.assign_coords({options.by: np.arange(1, ds.sizes[options.by] + 1)})


def _reach(n: int) -> float:
    """Largest empirical index that `n` reference values can give."""
    return float(ndtri((n - 0.44) / (n + 0.12)))


def _float_dtype(da: xr.DataArray) -> str:
    return "f4" if da.dtype == np.float32 else "f8"
