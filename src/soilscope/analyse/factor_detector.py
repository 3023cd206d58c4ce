"""The factor detector: what share of the variance in space the strata of each factor explain."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import xarray as xr

from soilscope.analyse.detector_inputs import given_to
from soilscope.analyse.detector_null import Null, share_above
from soilscope.analyse.detector_options import ASSUMES, Rng, Significance, Singletons
from soilscope.analyse.detector_result import factor_coords, told
from soilscope.analyse.detector_sample import (
    Array,
    Codes,
    Dim,
    Factors,
    Floats,
    Sample,
    sample_of,
)
from soilscope.analyse.detector_statistics import Rules, Statistics
from soilscope.analyse.stratum_moments import is_moments, over_moments
from soilscope.checks import require_choice
from soilscope.errors import InputError
from soilscope.labelled import Output
from soilscope.names import CONSTANT

_TYPES = {"n_strata": "i4", "status": "i1"}


def factor_detector(
    y: xr.DataArray | xr.Dataset,
    strata: Factors | None = None,
    *,
    dim: Dim = None,
    p: Significance = "central",
    singletons: Singletons = "keep",
    lambda_variance: Literal["population", "sample"] = "population",
    weights: xr.DataArray | None = None,
    block: int = 1,
    n_surrogates: int = 199,
    rng: Rng = None,
) -> xr.Dataset:
    """Tell how much of the variance of a field lies between the strata of each factor (q).

    q = 1 - (sum of squares within strata) / (sum of squares in all), over the cells that have a
    value in `y` and in every factor.

    Parameters
    ----------
    y : DataArray, or Dataset of `stratum_moments`
        The response on a grid or on sites, in any units; other dimensions (months) one by one.
    strata : Dataset, mapping of names to DataArrays, or DataArray
        The factors: whole numbers (negative ones are missing), booleans, text or categories on the
        cells of `y`; an array with the dimension `factor`; or what `optimize_strata` gave.
    dim : str or list of str, optional
        Dimensions of the sample; those in space by default.
    p : {"central", "gd", "permutation", "spatial", "none"}
        "central": F distribution, for independent cells (sites); "permutation": against `y` in
        random order; "spatial": against Gaussian fields on the grid with the variogram of `y`, the
        choice for maps; "gd": the noncentral F of Wang et al. (2010), which adding a constant to
        `y` changes: for comparison with other software only.
    singletons : {"keep", "drop"}
        Strata with one member: count as explained, or left out (as GD and gdverse do).
    lambda_variance : {"population", "sample"}
        Variance in the noncentrality of "gd".
    weights : DataArray, optional
        Weight of each cell, such as its area: q is then a share of the variance by area, while N
        stays the number of cells. Cells without a weight above 0 do not count.
    block : int
        Edge, in cells of a grid, of the blocks that "permutation" deals out as wholes; more than
        the range of the field.
    n_surrogates : int
        Draws of "permutation" and "spatial", at least 19.
    rng : int or Generator
        Required by "permutation" and "spatial".

    Returns
    -------
    Dataset
        Per `factor`: `q`; `q_adjusted` = 1 - (1 - q) (N - 1) / (N - L), about 0 for L strata at
        random; `p_value` and, where a distribution gives it, `log10_p_value` (tells of p-values
        too small for a number); `q_low` and `q_high`, 95 % bounds for independent cells (none with
        "spatial" or "none"); `n_strata`; `status`: `no_data`, `constant` (one stratum, or `y`
        does not vary), `too_few` (no more cells than strata), or `ok`. `n_obs` is the number N of
        complete cells. The coordinate `circular` marks factors that `y` was made from.

    Raises
    ------
    InputError
        If dimensions or options do not fit, or `rng` is missing.
    GridError
        If a factor lies on other cells than `y`.

    References
    ----------
    Wang et al. (2010), doi:10.1080/13658810802443457; Wang, Zhang and Fu (2016),
    doi:10.1016/j.ecolind.2016.02.052.

    Examples
    --------
    >>> import xarray as xr
    >>> from soilscope import factor_detector
    >>> y = xr.DataArray([1.0, 2.0, 3.0, 7.0, 8.0, 9.0], dims="site")
    >>> soil = xr.DataArray(["clay"] * 3 + ["sand"] * 3, dims="site")
    >>> found = factor_detector(y, {"soil": soil})
    >>> found.q.round(4).item(), found.p_value.round(4).item(), found.n_obs.item()
    (0.931, 0.0018, 6)
    """
    require_choice(singletons, ("keep", "drop"), name="singletons")
    require_choice(lambda_variance, ("population", "sample"), name="lambda_variance")
    options: dict[str, object] = {"p": p, "singletons": singletons}
    if weights is not None:
        options["weights"] = str(weights.name or "given")
        if strata is None:
            raise InputError("weights belong into stratum_moments where those stand in for y.")
    elif strata is None and is_moments(y) and "weight" in y:
        options["weights"] = "of stratum_moments"
    if "weights" in options and p == "gd":
        raise InputError("weights do not fit p='gd'; leave them out.")
    rules = Rules(p, singletons, population=lambda_variance == "population")
    if strata is None:
        ds = _from_moments(y, rules)
        return told(ds, method="factor_detector", options=options, assumes=ASSUMES[p])
    if isinstance(y, xr.Dataset):
        raise InputError("y is a Dataset; give one variable, or stratum_moments without strata.")
    given = given_to(y, strata, dim=dim, weights=weights, block=block)
    null = given.null(p, rng, n_surrogates)
    ds = given.apply(FactorTest(rules, null), _outputs(len(given.factors)))
    if null is not None:
        options |= {"n_surrogates": n_surrogates, "rng": null.seed, "block": null.block}
    ds = ds.assign_coords(factor_coords(y, given.factors))
    return told(ds, method="factor_detector", options=options, assumes=ASSUMES[p])


def _outputs(n_factor: int) -> dict[str, Output]:
    made = {key: Output(_TYPES.get(key, "f8"), "factor", n_factor) for key in Statistics._fields}
    return made | {"n_obs": Output("i8")}


@dataclass(frozen=True)
class FactorTest:
    """The factor detector on one field."""

    rules: Rules
    null: Null | None

    def __call__(
        self, field: Floats, codes: list[Array], weights: Array | None = None
    ) -> tuple[Any, ...]:
        """Return the statistics, each (k,), and the number of rows."""
        sample = sample_of(field, codes, weights)
        found = [
            self._of(sample, code, size)
            for code, size in zip(sample.codes, sample.n_codes, strict=True)
        ]
        columns = dict(
            zip(Statistics._fields, map(np.array, zip(*found, strict=True)), strict=True)
        )
        if self.null is not None and np.isfinite(columns["q"]).any():
            columns["p_value"] = share_above(self.null.q_of_factors(sample), columns["q"])
        typed = [a.astype(_TYPES.get(key, "f8")) for key, a in columns.items()]
        return (*typed, np.int64(sample.n))

    def _of(self, sample: Sample, code: Codes, size: int) -> Statistics:
        count, weight, mean, m2 = sample.moments(code, size)
        if sample.n > 0 and sample.squares == 0.0:
            return Statistics(n_strata=int((count > 0).sum()), status=CONSTANT)
        return self.rules.of(count, mean + sample.mean, m2, weight)


def _from_moments(moments: xr.DataArray | xr.Dataset, rules: Rules) -> xr.Dataset:
    """Take sums that were made, and merged, before."""
    if not is_moments(moments):
        raise InputError("strata is missing; give the factors, or give stratum_moments as y.")
    if rules.p not in ("central", "gd", "none"):
        raise InputError(
            f"p={rules.p!r} needs the cells, which stratum_moments does not hold; give y, strata."
        )
    outputs = {key: _TYPES.get(key, "f8") for key in Statistics._fields}
    ds = over_moments(MomentsTest(rules), moments, outputs)
    n_obs = moments["count"].sum("stratum")
    return ds.assign(n_obs=n_obs.max("factor") if "factor" in n_obs.dims else n_obs)


@dataclass(frozen=True)
class MomentsTest:
    """The statistics of every row of moments (..., stratum)."""

    rules: Rules

    def __call__(
        self, count: Array, mean: Array, m2: Array, weight: Array | None = None
    ) -> tuple[Array, ...]:
        """Return the statistics, each shaped as the moments without their strata."""
        lead = count.shape[:-1]
        if weight is None:
            rows = [self.rules.of(count[at], mean[at], m2[at]) for at in np.ndindex(*lead)]
        else:  # brought to weights of 1 on average
            total = weight.sum(axis=-1, keepdims=True)
            scale = count.sum(axis=-1, keepdims=True) / np.where(total > 0.0, total, 1.0)
            m2, weight = m2 * scale, weight * scale
            rows = [self.rules.of(count[a], mean[a], m2[a], weight[a]) for a in np.ndindex(*lead)]
        made = zip(Statistics._fields, zip(*rows, strict=True), strict=True)
        return tuple(
            np.array(values, dtype=_TYPES.get(key, "f8")).reshape(lead) for key, values in made
        )
