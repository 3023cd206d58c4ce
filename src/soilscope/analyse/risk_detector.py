"""The risk detector: the mean of a field in each stratum, and which of them differ."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from scipy.special import stdtr

from soilscope.analyse.detector_inputs import given_to
from soilscope.analyse.detector_options import REFERENCES
from soilscope.analyse.detector_result import factor_coords
from soilscope.analyse.detector_sample import Array, Dim, Factors, Floats, most_codes, sample_of
from soilscope.checks import require_at_least
from soilscope.errors import InputError
from soilscope.labelled import Output, label


def risk_detector(
    y: xr.DataArray,
    strata: Factors,
    *,
    dim: Dim = None,
    n_strata: int | None = None,
    weights: xr.DataArray | None = None,
) -> xr.Dataset:
    """Mean of a field in each stratum of each factor, with Welch's t-test for each pair of strata.

    Parameters
    ----------
    y, strata
        The response and the factors, as in `factor_detector`. Cells are taken as independent.
    dim : str or list of str, optional
        Dimensions of the sample; those in space by default.
    n_strata : int, optional
        Most strata of a factor; counted, or read from `flag_values`, by default. Needed by factors
        that are lazy and have no `flag_values`.
    weights : DataArray, optional
        Weight of each cell, such as its area, for means, deviations and tests. A cell without a
        weight above 0 does not count.

    Returns
    -------
    Dataset
        On `factor` and `stratum` (whole numbers stand for themselves, text in the order of the
        alphabet): `count`, `mean` and `std` (ddof = 1) in units of y, and `n_effective`, as many
        members of one weight as tell the mean as well: (sum of weights)^2 / (sum of their squares),
        which is `count` without weights. On `factor`, `stratum` and `stratum_2`: `difference` of
        the means (first less second), `t` and `df` of Welch (with `n_effective` members),
        `p_value` (two-sided) and `p_value_adjusted` (Holm, over the pairs of a factor): NaN where
        a stratum has fewer than two members or neither varies. `n_obs`: complete cells.

    Raises
    ------
    InputError
        If dimensions do not fit, or the number of strata is not known.
    GridError
        If a factor lies on other cells than `y`.

    References
    ----------
    Wang et al. (2010), doi:10.1080/13658810802443457; Welch (1947), doi:10.1093/biomet/34.1-2.28;
    Kish (1965), Survey Sampling (the effective number).

    Examples
    --------
    >>> import xarray as xr
    >>> from soilscope import risk_detector
    >>> y = xr.DataArray([1.0, 2.0, 3.0, 7.0, 8.0, 9.0], dims="site")
    >>> soil = xr.DataArray(["clay"] * 3 + ["sand"] * 3, dims="site")
    >>> found = risk_detector(y, {"soil": soil})
    >>> found["mean"].values.tolist(), found.p_value.isel(stratum=0, stratum_2=1).round(4).item()
    ([[2.0, 8.0]], 0.0018)
    """
    given = given_to(y, strata, dim=dim, weights=weights)
    most = _most_strata(given.factors, n_strata)
    shape = (len(given.factors), most)
    one, two = ("factor", "stratum"), ("factor", "stratum", "stratum_2")
    outputs = {"count": Output("i8", one, shape)}
    outputs |= {key: Output("f8", one, shape) for key in ("mean", "std", "n_effective")}
    outputs |= {key: Output("f8", two, (*shape, most)) for key in PAIRS}
    outputs |= {"n_obs": Output("i8")}
    ds = given.apply(RiskTest(most), outputs)
    coords = {d: xr.Variable(d, np.arange(most), {"long_name": "stratum"}) for d in two[1:]}
    options: dict[str, object] = {"n_strata": most}
    if weights is not None:
        options["weights"] = str(weights.name or "given")
    return label(
        ds.assign_coords(factor_coords(y, given.factors) | coords),
        units=y.attrs.get("units"),
        method="risk_detector",
        options=json.dumps(options),
        assumes="independent cells, normal within strata",
        references=REFERENCES,
    )


PAIRS = ("difference", "t", "df", "p_value", "p_value_adjusted")


@dataclass(frozen=True)
class RiskTest:
    """The risk detector on one field."""

    n_strata: int

    def __call__(
        self, field: Floats, codes: list[Array], weights: Array | None = None
    ) -> tuple[Any, ...]:
        """Return counts, means, deviations, effective counts, the pairwise tests, and rows."""
        inside = [np.where(c < self.n_strata, c, -1) for c in codes]
        sample = sample_of(field, inside, weights)
        found = [sample.moments(c, self.n_strata) for c in sample.codes]
        count, weight, mean, m2 = (np.array(part) for part in zip(*found, strict=True))
        n = count.astype(np.float64)
        if sample.weight is not None:
            squares = [np.bincount(c, sample.weight**2, self.n_strata) for c in sample.codes]
            n = np.divide(weight**2, squares, out=n, where=count > 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            # unbiased for weighted values of one variance (m2 / (n - 1) where weights are equal)
            variance = np.where(count > 1, m2 / weight * n / (n - 1.0), np.nan)
        tests = welch(n, mean, variance)
        return (count, mean + sample.mean, np.sqrt(variance), n, *tests, sample.n)


def welch(count: Floats, mean: Floats, variance: Floats) -> tuple[Floats, ...]:
    """Difference, t, df, p and Holm's p of each pair of strata: from (k, L) to (k, L, L).

    Counts are effective ones where values have weights.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        part = variance / count
        a, b = part[:, :, None], part[:, None, :]
        difference = mean[:, :, None] - mean[:, None, :]
        error = np.where(a + b > 0.0, a + b, np.nan)
        t = difference / np.sqrt(error)
        freedom = (count - 1.0)[:, :, None], (count - 1.0)[:, None, :]
        df = error**2 / (a**2 / freedom[0] + b**2 / freedom[1])
        p = 2.0 * stdtr(df, -np.abs(t))
    own = np.broadcast_to(np.eye(mean.shape[1], dtype=bool), t.shape)
    for values in (difference, t, df, p):
        values[own] = np.nan
    return difference, t, df, p, np.array([_holm(square) for square in p])


def _holm(p: Floats) -> Floats:
    """Adjust the p-values above the diagonal, and mirror them."""
    adjusted = np.full(p.shape, np.nan)
    rows, columns = np.triu_indices(len(p), 1)
    known = np.isfinite(p[rows, columns])
    rows, columns = rows[known], columns[known]
    order = np.argsort(p[rows, columns])
    rows, columns = rows[order], columns[order]
    stepped = np.maximum.accumulate(p[rows, columns] * np.arange(rows.size, 0, -1))
    adjusted[rows, columns] = adjusted[columns, rows] = np.minimum(stepped, 1.0)
    return adjusted


def _most_strata(factors: dict[str, xr.DataArray], n_strata: int | None) -> int:
    """Return the largest number of strata; data are looked at where they are in memory."""
    if n_strata is not None:
        require_at_least(n_strata, 1, name="n_strata")
        return int(n_strata)
    most = 1
    for name, factor in factors.items():
        found = most_codes(factor)
        if found is None:
            raise InputError(
                f"strata[{name!r}] is lazy and has no flag_values, so its strata cannot be "
                "counted; give n_strata, as in n_strata=8."
            )
        most = max(most, found)
    if most > 1000:
        raise InputError(
            f"a factor has {most} strata, whose pairs are too many; cut it first with "
            "soilscope.discretize."
        )
    return most
