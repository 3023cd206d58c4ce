"""Several variograms as one: the pairs of all of them together."""

import json
import operator
from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any

import numpy as np
import xarray as xr

from soilscope.analyse.fit_variogram_options import require_variogram
from soilscope.analyse.variogram_classes import Estimator
from soilscope.errors import InputError
from soilscope.labelled import label
from soilscope.lineage import inherit
from soilscope.names import CONSTANT, NO_DATA, OK, TOO_FEW

_SHARED = ("lag_width", "max_lag", "estimator", "azimuths", "tolerance", "closed", "detrend")


def merge_variograms(parts: Iterable[xr.Dataset]) -> xr.Dataset:
    """Put variograms of the same classes together: each pair counts as it did in its own.

    Pairs between the parts are not in it: merge months, years or basins, not the halves of a map.

    Parameters
    ----------
    parts
        Results of `variogram` with the same lags and options; on the same dims.

    Returns
    -------
    Dataset
        As of `variogram`: `semivariance`, `n_pairs`, `distance`, `n_obs` and `status`, over the
        pairs of all parts. Lazy if a part is.

    Raises
    ------
    InputError
        If there is no part, or classes or options differ.

    References
    ----------
    Cressie and Hawkins (1980), doi:10.1007/BF01035243.

    Examples
    --------
    >>> from soilscope import variogram
    >>> axes = {d: (d, 100.0 * np.arange(6), {"units": "m"}) for d in ("y", "x")}
    >>> years = [xr.DataArray(k * np.eye(6), axes, ("y", "x")) for k in (1.0, 2.0)]
    >>> parts = [variogram(year, lag_width=100, max_lag=200) for year in years]
    >>> whole = merge_variograms(parts)
    >>> whole.n_pairs.values, whole.semivariance.values.round(4)
    (array([120, 196]), array([0.4167, 0.3061]))
    """
    given = list(parts) if not isinstance(parts, Mapping) else []
    if not given:
        raise InputError("parts is no list of variograms; give one, as in [january, february].")
    options = [_options(part) for part in given]
    first = given[0]
    for number, (part, said) in enumerate(zip(given, options, strict=True), start=1):
        differing = [key for key in _SHARED if said[key] != options[0][key]]
        if differing:
            key = differing[0]
            raise InputError(
                f"part {number} has {key} {said[key]!r}, the first {options[0][key]!r}; make all "
                "with the same options."
            )
        same = part["semivariance"].sizes == first["semivariance"].sizes
        if not same or part["semivariance"].attrs.get("units") != first["semivariance"].attrs.get(
            "units"
        ):
            raise InputError(f"part {number} has other dimensions or units than the first.")
    estimator: Estimator = options[0]["estimator"]
    n = _total(part["n_pairs"] for part in given)
    held = n.where(n > 0)
    mean = _total(part["n_pairs"] * _mean(part, estimator).fillna(0.0) for part in given) / held
    far = _total(part["n_pairs"] * part["distance"].fillna(0.0) for part in given) / held
    n_obs = _total(part["n_obs"] for part in given)
    ds = xr.Dataset(
        {
            "semivariance": _semivariance(mean, held, estimator),
            "n_pairs": n,
            "distance": far,
            "n_obs": n_obs,
            "status": _status(given, n_obs),
        }
    )
    for name in ds.data_vars:
        ds[name].attrs = {}
    arrays = [part["semivariance"] for part in given]
    made = label(
        inherit(ds, *arrays),
        method="merge_variograms",
        options=json.dumps(options[0] | {"n_parts": len(given)}),
        references=str(first.attrs.get("references", "")),
    )
    if (units := first["semivariance"].attrs.get("units")) is not None:
        made["semivariance"].attrs["units"] = units
    return made


def _options(part: xr.Dataset) -> dict[str, Any]:
    require_variogram(part)
    said = json.loads(part.attrs.get("options", "{}"))
    lost = [key for key in _SHARED if key not in said]
    if lost:
        raise InputError(
            f"a part does not say its {lost[0]}; give results of soilscope.variogram with their "
            "attributes."
        )
    return dict(said)


def _total(arrays: Iterable[xr.DataArray]) -> xr.DataArray:
    return reduce(operator.add, arrays)


def _mean(part: xr.Dataset, estimator: Estimator) -> xr.DataArray:
    """Mean square, or mean root, of the differences: what adds up."""
    gamma = part["semivariance"]
    if estimator == "matheron":
        return 2 * gamma
    return (2 * gamma * (0.457 + 0.494 / part["n_pairs"].where(part["n_pairs"] > 0))) ** 0.25


def _semivariance(mean: xr.DataArray, n: xr.DataArray, estimator: Estimator) -> xr.DataArray:
    if estimator == "matheron":
        return mean / 2
    return mean**4 / (2 * (0.457 + 0.494 / n))


def _status(parts: list[xr.Dataset], n_obs: xr.DataArray) -> xr.DataArray:
    """Ok where a part is; else constant, too few or no data, whatever the parts have."""
    made = xr.zeros_like(n_obs) + NO_DATA
    for code in (TOO_FEW, CONSTANT, OK):
        for part in parts:
            made = xr.where(part["status"] == code, code, made)
    return made.astype(np.int8)
