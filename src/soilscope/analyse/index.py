"""Standardised soil moisture index by five methods, against a reference (METHODS 2)."""

import xarray as xr

from soilscope.analyse.index_apply import index_of_parameters, reach
from soilscope.analyse.index_fit import fit as fit_reference
from soilscope.analyse.index_fit import index_of_own, sort_into_slots
from soilscope.analyse.index_methods import METHODS
from soilscope.analyse.index_options import (
    Fit,
    IndexOptions,
    Method,
    require_same,
    stored_options,
)
from soilscope.analyse.regions import Weights
from soilscope.analyse.slots import By, Reference
from soilscope.errors import InputError
from soilscope.labelled import label


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
    fit: Fit = "ml",
    upper: float = 1.0,
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
    method : "zscore", "empirical", "kde", "gamma" or "beta"
        Mean and standard deviation; the ranks of the sorted values; these values smoothed by a
        kernel density; or a gamma or beta distribution fitted to them.
    ddof : 0 or 1
        The variance is divided by the number of values less `ddof`.
    min_years : int
        A reference with values from fewer years is NaN.
    fit : "ml" or "thom"
        For "gamma": maximum likelihood, or Thom's approximation of it.
    upper : float
        For "beta": the upper end of its support in the units of `da`, 1 or the porosity.
    weights : "area", DataArray or None
        Weights of the cells in a pooled reference: the coordinate ``cell_area`` if there is one,
        else the area of the grid's cells (sites count equally); given; or equal. For
        "pooled_profile" they are multiplied by layer thickness (see `set_layers`). A weight of 0,
        or a missing one, leaves the cell out.

    Returns
    -------
    Dataset
        ``mean`` and ``std`` in the units of `da`; for "empirical" ``sorted_values`` (dim ``rank``,
        padded with NaN), for "kde" also ``bandwidth``; for "gamma" ``shape`` and ``scale``, for
        "beta" ``alpha`` and ``beta``, and for both ``lower_share``, for "beta" ``upper_share``: the
        probability of values at the ends of the support. ``n_obs``: values in the reference.
        ``status``: ok, no_data, too_few (fewer than `min_years` years), constant (no variance,
        hence no index) or fit_failed (no distribution fits: a value lies beyond the support, or
        all values inside it are equal). All with the dimension ``month`` or ``dayofyear`` if `by`
        says so. The attributes ``reference``, ``baseline`` (first and last stamp), ``by``,
        ``method_index``, ``ddof``, ``min_years`` and the method's own say what the numbers mean.

    Raises
    ------
    InputError
        If an option is unknown or does not fit, if the period holds no data, if `dim` is split
        into chunks, or if a pooled reference lacks cells, areas or layer bounds, or is asked of
        another method than "zscore".

    References
    ----------
    Dutra et al. (2008), Geophys. Res. Lett. 35, L19402 (z-score of soil moisture); Gringorten
    (1963), doi:10.1029/JZ068i003p00813, and Farahmand and AghaKouchak (2015),
    doi:10.1016/j.advwatres.2014.11.012 (empirical); Rosenblatt (1956),
    doi:10.1214/aoms/1177728190, and Carrao et al. (2016), doi:10.1016/j.jag.2015.06.011 (kde);
    Thom (1958), doi:10.1175/1520-0493(1958)086<0117:ANOTGD>2.0.CO;2 (gamma); Sadri et al. (2018),
    doi:10.5194/hess-22-6611-2018 (beta); Stagge et al. (2015), doi:10.1002/joc.4267 (the ends of
    the support).

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
    options = IndexOptions(by, window, reference, method, ddof, min_years, fit, upper)
    where = sort_into_slots(da, dim=dim, options=options)
    fitted, words = fit_reference(da, dim=dim, where=where, options=options, weights=weights)
    fitted.attrs |= options.attrs(where.baseline, words)
    return label(
        fitted,
        units=da.attrs.get("units"),
        method="index_parameters",
        options=options.text(dim=dim),
        references=METHODS[method].papers,
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
    fit: Fit = "ml",
    upper: float = 1.0,
    weights: Weights = "area",
    parameters: xr.Dataset | None = None,
) -> xr.Dataset:
    """Compute the standardised soil moisture index: how wet each month is against its reference.

    Parameters
    ----------
    da, dim, by, window, reference, method, ddof, min_years, fit, upper, weights
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
        "pooled_profile" can, partly through texture and porosity. ``reachable``, for "empirical",
        and for "kde" within its own baseline: the largest value that a complete record can get.

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

    The others are the standard normal quantile of a probability P(x), at least 1e-16 from 0 and 1.
    kde: P = mean Phi((x - x_i) / h), h = n^(-1/5) std; a value of the reference itself is within
    +-1.98 for n = 21. gamma and beta: P = p0 + (1 - p0 - p1) F(x) with F fitted to the values
    inside the support; p0 = n0 / (n + 1) and p1 = n1 / (n + 1) are the shares at its ends, whose
    values have P = p0 / 2 + 1 / (2 (n + 1)) and 1 - p1 / 2 - 1 / (2 (n + 1)), or P = 0 and 1 where
    the reference has none there. A value beyond the support is NaN.

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
    given = IndexOptions(by, window, reference, method, ddof, min_years, fit, upper)
    options, words = given, None
    if parameters is None and not options.pooled:
        where = sort_into_slots(da, dim=dim, options=options)
        ds = index_of_own(da, dim=dim, where=where, options=options)
        baseline, most = where.baseline, where.most_values()
    else:
        if parameters is None:
            parameters = index_parameters(  # pooled, hence z-scores
                da, dim=dim, by=by, window=window, reference=reference, ddof=ddof,
                min_years=min_years, weights=weights,
            )  # fmt: skip
        elif not (isinstance(weights, str) and weights == "area"):
            raise InputError("weights belong to index_parameters; leave them out here.")
        options = stored_options(parameters.attrs)
        require_same(given, options)
        ds = index_of_parameters(da, parameters, dim=dim, options=options)
        baseline, words = parameters.attrs["baseline"], parameters.attrs.get("weights")
        most = parameters.sizes.get("rank", 0)
    stamp = options.attrs(baseline, words)
    stamp |= reach(da[dim], n=most, baseline=baseline, options=options)
    ds["ssmi"].attrs |= stamp
    ds.attrs |= stamp
    return label(
        ds,
        units=da.attrs.get("units"),
        method="standardize",
        options=options.text(dim=dim),
        references=METHODS[options.method].papers,
    )
