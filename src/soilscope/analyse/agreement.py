"""Agreement of two products in time, for each place, layer or region."""

import json
from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import xarray as xr

from soilscope.analyse.agreement_blocks import STATISTICS, AgreementOfBlock, Statistic
from soilscope.analyse.pairing import (
    matched,
    pair_axis,
    recorded,
    require_series,
    resampling,
    warn_of_dependence,
)
from soilscope.analyse.regions import Weights, region_shares
from soilscope.checks import require_between, require_choice
from soilscope.errors import InputError
from soilscope.labelled import Output, label, over_series, spatial_dims

REFERENCES = (
    "Gupta et al. 2009 doi:10.1016/j.jhydrol.2009.08.003; "
    "Kling et al. 2012 doi:10.1016/j.jhydrol.2012.01.011; "
    "Entekhabi et al. 2010 doi:10.1175/2010JHM1223.1; Kunsch 1989 doi:10.1214/aos/1176347265; "
    "Bretherton et al. 1999 doi:10.1175/1520-0442(1999)012<1990:TENOSD>2.0.CO;2"
)


def agreement(
    product: xr.DataArray,
    reference: xr.DataArray,
    *,
    dim: str = "time",
    statistics: Sequence[Statistic] | None = None,
    confidence: float | None = None,
    rng: int | np.random.Generator | None = None,
    n_boot: int = 1000,
    block_length: int | None = None,
    kge: Literal[2012, 2009] = 2012,
    regions: xr.DataArray | None = None,
    weights: Weights = "area",
    min_valid: float = 0.5,
    min_obs: int = 10,
) -> xr.Dataset:
    """Compare every series of a product with that of a reference, where both are finite.

    Parameters
    ----------
    product, reference
        The same dimensions and coordinates, in the same units, with `dim` and any others.
    dim
        Dimension of time; gaps keep their length.
    statistics
        Which to compute; all by default. "mse" means its three parts. Bounds of "kendall" and
        "spearman" take nine tenths of the time.
    confidence
        Level of bounds (`_low`, `_high`) by a moving-block bootstrap, e.g. 0.95; needs `rng`.
    rng
        Seed or generator. All numbers are drawn at once, the same for every series.
    n_boot
        Number of resamples.
    block_length
        Steps of a block. Default for each series: the cube root of its span, but at least two
        decorrelation times (1 + r1)/(1 - r1) of the slower of the two, and at most a fifth of the
        span.
    kge
        Kling-Gupta efficiency of 2012 (ratio of the coefficients of variation) or 2009 (ratio of
        the standard deviations). Both need data whose zero means nothing is there.
    regions
        Codes with ``flag_values`` and ``flag_meanings``, as in `regional_mean`: the mean series
        over the cells where both are finite are compared, one pair a region.
    weights, min_valid
        Weights of cells in a region, and the least valid share of its weight at a time step.
    min_obs
        Fewest common values.

    Returns
    -------
    xr.Dataset
        `r` (Pearson), `r_squared` (its square), `nse` (1 - SSE/SST, SST of the reference),
        `bias` (product - reference), `rmse`, `ubrmse` (of the centred series), the mean square
        error in three parts `mse_correlation` 2 s_p s_r (1 - r), `mse_bias` and `mse_variance`
        (s_p - s_r)^2, with population standard deviations, `kge`, `spearman`, `kendall` (tau-b),
        `r_anomaly` (r after removing each series' calendar-month means over the common stamps;
        NaN without dates), bounds of all but the parts, `n_eff` = n (1 - r1 r2)/(1 + r1 r2), at
        most n (independent pairs; r1, r2 the lag-1 autocorrelations), `block_length`, `n_obs`,
        `status`: ``constant`` (either does not vary) keeps bias and errors. The attribute
        ``dependent`` names the ancestors that both share.

    Raises
    ------
    InputError
        If dimensions, coordinates or units differ, `rng` is missing, or blocks have no length.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> t = np.arange(60.0)
    >>> truth = xr.DataArray(0.25 + 0.05 * np.sin(t), {"time": t / 12}, "time")
    >>> found = agreement(truth + 0.02 * np.cos(t) + 0.01, truth, confidence=0.95, rng=1)
    >>> [round(float(found[name]), 3) for name in ("r_low", "r", "r_high", "bias", "ubrmse")]
    [0.917, 0.928, 0.937, 0.01, 0.014]
    """
    chosen = _chosen(statistics)
    require_choice(kge, (2012, 2009), name="kge")
    require_between(min_obs, 3, 10**6, name="min_obs")
    arrays = matched({"product": product, "reference": reference}, same_units=True)
    require_series(arrays, dim)
    dependent = warn_of_dependence({"product": product, "reference": reference})
    axis = pair_axis(arrays["product"], dim)
    drawn = resampling(
        axis, confidence=confidence, rng=rng, n_boot=n_boot, block_length=block_length, dim=dim
    )
    pair = list(arrays.values())
    if regions is not None:
        pair = _regional(pair, regions, weights, min_valid)
    block = AgreementOfBlock(axis, chosen, kge == 2009, min_obs, drawn)
    outputs = {name: Output(dtype) for name, dtype in block.variables.items()}
    options = {
        "dim": dim,
        "statistics": list(chosen),
        "confidence": confidence,
        "rng": recorded(rng),
        "n_boot": n_boot if confidence else None,
        "block_length": block_length,
        "kge": kge,
        "regions": regions is not None,
        "min_obs": min_obs,
    }
    return label(
        over_series(block, *pair, dim=dim, outputs=outputs, name="product"),
        units=product.attrs.get("units", reference.attrs.get("units")),
        method="agreement",
        options=json.dumps(options),
        references=REFERENCES,
        dependent=dependent,
    )


def _chosen(statistics: Sequence[str] | None) -> tuple[str, ...]:
    """Return the statistics asked for, in the order of a result."""
    if statistics is None:
        return get_args(Statistic)
    if isinstance(statistics, str) or not statistics:
        raise InputError(f"statistics is {statistics!r}; give a list, as in ['r', 'bias'].")
    for statistic in statistics:
        require_choice(statistic, STATISTICS, name="one of statistics")
    return tuple(name for name in STATISTICS if name in statistics)


def _regional(
    pair: list[xr.DataArray],
    regions: xr.DataArray,
    weights: Weights,
    min_valid: float,
) -> list[xr.DataArray]:
    """Average both over the cells of each region where both are finite."""
    product, reference = pair
    dims = spatial_dims(product)
    if not dims:
        raise InputError("product has no spatial dimensions (a grid's two, or site) for regions.")
    require_between(min_valid, 0.0, 1.0, name="min_valid")
    share = region_shares(product, regions, weights)
    valid = np.isfinite(product) & np.isfinite(reference)
    found = xr.dot(valid.astype(np.float64), share, dim=dims)
    enough = found.where((found >= min_valid - 1e-12) & (found > 0))
    return [
        (xr.dot(da.where(valid, 0.0).astype(np.float64), share, dim=dims) / enough)
        .transpose("region", ...)
        .assign_attrs(da.attrs)
        for da in pair
    ]
