"""Triple collocation: random errors of three products that measure the same thing."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.analyse.pairing import matched, require_series, warn_of_dependence
from soilscope.checks import require_between, require_choice
from soilscope.errors import InputError
from soilscope.kernels import collocation as kernel
from soilscope.labelled import Output, label, over_series
from soilscope.times import is_time_like, month_count

Array = npt.NDArray[Any]
_REFERENCES = (
    "Stoffelen 1998 doi:10.1029/97JC03180; McColl et al. 2014 doi:10.1002/2014GL061322; "
    "Gruber et al. 2016 doi:10.1016/j.jag.2015.09.002"
)


def triple_collocation(
    a: xr.DataArray,
    b: xr.DataArray,
    c: xr.DataArray,
    *,
    dim: str = "time",
    anomaly: Literal["month"] | None = "month",
    names: Sequence[str] | None = None,
    min_obs: int = 100,
) -> xr.Dataset:
    """Estimate the random error of three products from their covariances.

    Each is taken to be a linear function of the same truth plus an error that is independent of
    the truth and of the errors of the others. Products that share ancestors break this: their
    common error counts as truth, and the third seems worse than it is.

    Parameters
    ----------
    a, b, c
        Three products, in any units, with the same dimensions and coordinates.
    dim
        Dimension of time; only stamps where all three are finite count.
    anomaly
        ``"month"``: remove each series' calendar-month means over these stamps first, so that a
        common season does not count as skill. None: only the mean.
    names
        Labels of the products; by default the names of the arrays if they differ, else a, b, c.
    min_obs
        Fewest common values.

    Returns
    -------
    xr.Dataset
        On dim `product`: `error_std`, standard deviation of the error, sqrt(Qxx - Qxy Qxz / Qyz),
        in the units of the product (coordinate `product_units`); `snr_db` = 10 log10(signal
        variance / error variance); `r`, correlation with the truth, sqrt(Qxy Qxz / (Qyz Qxx));
        `status`: ``negative_variance`` where the error variance is not positive (NaN for this
        product alone), ``wrong_sign`` where two products are not positively correlated,
        ``constant``. Without `product`: `n_obs`. The attribute ``dependent`` names shared
        ancestors.

    Raises
    ------
    InputError
        If dimensions or coordinates differ, or `anomaly` is given and there are no dates.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.normal(size=100_000)
    >>> a, b, c = (
    ...     xr.DataArray(gain * (truth + error * rng.normal(size=truth.size)), dims="time")
    ...     for gain, error in ((1.0, 0.5), (1.0, 1.0), (3.0, 0.5))
    ... )
    >>> triple_collocation(a, b, c, anomaly=None).error_std.round(1).values
    array([0.5, 1. , 1.5])
    """
    require_choice(anomaly, ("month", None), name="anomaly")
    require_between(min_obs, 10, 10**6, name="min_obs")
    given = {"a": a, "b": b, "c": c}
    arrays = matched(given, same_units=False)
    labels = _labels(names, given)
    require_series(arrays, dim)
    dependent = warn_of_dependence(dict(zip(labels, given.values(), strict=True)))
    block = _Collocation(_group(a, dim, anomaly), min_obs)
    outputs = {name: Output("f8", "product", 3) for name in ("error_std", "snr_db", "r")}
    outputs |= {"n_obs": Output("i8"), "status": Output("i1", "product", 3)}
    ds = over_series(block, *arrays.values(), dim=dim, outputs=outputs, name="a")
    units = [str(da.attrs.get("units", "unknown")) for da in given.values()]
    ds = ds.assign_coords(
        product=("product", np.array(labels, dtype=object), {"long_name": "product"}),
        product_units=("product", np.array(units, dtype=object), {"long_name": "units"}),
    )
    ds["r"].attrs["long_name"] = "correlation with the truth"
    options = {"dim": dim, "anomaly": anomaly, "names": labels, "min_obs": min_obs}
    return label(
        ds,
        units=units[0] if len(set(units)) == 1 else "unit of the product",
        method="triple_collocation",
        options=json.dumps(options),
        references=_REFERENCES,
        dependent=dependent,
    )


@dataclass(frozen=True, repr=False)  # dask splits the text of a callable at hyphens
class _Collocation:
    """Triple collocation of one block of series (n_time, n_series)."""

    group: Array
    min_obs: int

    def __call__(self, a: Array, b: Array, c: Array) -> tuple[Array, ...]:
        n_series = a.shape[1]
        estimates = np.empty((3, 3, n_series))
        n_obs = np.empty(n_series, dtype=np.int64)
        status = np.empty((3, n_series), dtype=np.int8)
        series = [np.ascontiguousarray(x, dtype=np.float64) for x in (a, b, c)]
        kernel.triple_collocation(*series, self.group, self.min_obs, estimates, n_obs, status)
        return (*estimates, n_obs, status)


def _group(da: xr.DataArray, dim: str, anomaly: str | None) -> Array:
    """Return the calendar month of each stamp, from 0; empty if no months are removed."""
    if anomaly is None:
        return np.empty(0, dtype=np.int64)
    if dim not in da.coords or not is_time_like(da[dim]):
        raise InputError(
            f"{dim!r} has no dates, so there are no calendar months to remove; use anomaly=None, "
            "or assign dates."
        )
    return month_count(da[dim]) % 12


def _labels(names: Sequence[str] | None, given: dict[str, xr.DataArray]) -> list[str]:
    if names is None:
        own = [str(da.name) for da in given.values() if da.name is not None]
        return own if len(set(own)) == 3 else list(given)
    if isinstance(names, str) or len(set(names)) != 3:
        raise InputError(f"names is {names!r}; give three different names.")
    return [str(name) for name in names]
