"""Change points: when a series jumps to another level, and whether chance would do the same."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.analyse.time_axis import Floats, TimeAxis, time_axis
from soilscope.checks import require_between
from soilscope.kernels import autocorrelation
from soilscope.kernels import change_point as kernel
from soilscope.labelled import Output, label, over_series
from soilscope.names import CONSTANT, NO_DATA, OK, TOO_FEW

OUTPUTS = {
    "change_time": Output(),
    "shift": Output(),
    "statistic": Output(),
    "p_value": Output(),
    "p_value_uncorrected": Output(),
    "lag1_autocorrelation": Output(),
    "n_obs": Output("i8"),
    "status": Output("i1"),
}


def change_point(
    da: xr.DataArray, *, dim: str = "time", prewhiten: bool = True, min_obs: int = 10
) -> xr.Dataset:
    """Find the time at which each series is likeliest to change its level (Pettitt's test).

    The test asks whether the series is homogeneous. A trend, a season and serial correlation are
    no jumps and yet make it reject: see docs/methods/change_point.md before you call it a change.

    Parameters
    ----------
    da
        Series along `dim`, any units, any other dimensions. Infinite values count as missing.
    dim
        Dimension of time; its coordinate holds dates, or plain numbers taken as years.
    prewhiten
        Test ``y_i - r y_(i-1)`` in place of y, over stamps that follow one another without a gap.
        r is the lag-1 autocorrelation of the series without its likeliest step, freed from bias.
        Without it the test holds its level for independent values alone.
    min_obs
        Series with fewer valid values get NaN and the status ``too_few``.

    Returns
    -------
    xarray.Dataset
        `change_time`, decimal year of the last value before the likeliest change of the series
        itself (1898.0 for the annual value of 1898; the first of equals); `shift`, median after it
        less the median up to it; `statistic`, largest |U|, and `p_value` of the tested series
        (the pre-whitened one with `prewhiten`), by Pettitt's approximation;
        `p_value_uncorrected` of the series itself; `lag1_autocorrelation` of the series without
        its step; `n_obs`; `status`: ``no_data``, ``too_few``, ``constant``, else ``ok``.

    Raises
    ------
    InputError
        If time is not strictly increasing, or `da` is split into chunks along `dim`.

    References
    ----------
    Pettitt (1979), https://doi.org/10.2307/2346729; Serinaldi and Kilsby (2016),
    https://doi.org/10.1007/s00477-015-1041-5.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> years = np.arange(1990.0, 2020.0)
    >>> wiggle = np.sin(np.arange(30.0) ** 2)
    >>> da = xr.DataArray(wiggle + 3 * (years > 2004), {"time": years}, "time")
    >>> result = change_point(da)
    >>> float(result.change_time), bool(result.p_value < 0.05)
    (2004.0, True)
    """
    require_between(min_obs, 3, 10**6, name="min_obs")
    block = ChangeOfBlock(time_axis(da, dim), prewhiten, min_obs)
    ds = over_series(block, da, dim=dim, outputs=OUTPUTS)
    ds["lag1_autocorrelation"].attrs["long_name"] = (
        "lag-1 autocorrelation of the series without its step"
    )
    return label(
        ds,
        units=da.attrs.get("units"),
        method="change_point",
        options=json.dumps({"prewhiten": prewhiten, "min_obs": min_obs}),
        references=(
            "Pettitt 1979 doi:10.2307/2346729; Serinaldi and Kilsby 2016 "
            "doi:10.1007/s00477-015-1041-5"
        ),
    )


@dataclass(frozen=True)
class ChangeOfBlock:
    """The test with its options, to be called on (n_time, n_series) arrays."""

    axis: TimeAxis
    prewhiten: bool
    min_obs: int

    def __call__(self, y: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], ...]:
        """Return one array (n_series,) for each of `OUTPUTS`."""
        n_series = y.shape[1]
        statistic, n_obs, last = _pettitt(y)
        residual, shift, r = np.empty(y.shape), np.empty(n_series), np.empty(n_series)
        kernel.remove_step(y, last, residual, shift)
        autocorrelation.lag_one(residual, self.axis.position, r)
        change_time = np.append(self.axis.years, np.nan)[last]
        plain = p_value(statistic, n_obs)
        tested, n_tested, p = statistic, n_obs, plain
        if self.prewhiten:
            whitened = np.empty(y.shape)
            autocorrelation.prewhiten(y, self.axis.position, unbiased(r, n_obs), whitened)
            tested, n_tested, _ = _pettitt(whitened)
            p = p_value(tested, n_tested)
        status = np.full(n_series, OK, dtype=np.int8)
        status[statistic == 0.0] = CONSTANT
        status[(n_obs < self.min_obs) | (n_tested < self.min_obs - 1)] = TOO_FEW
        status[n_obs == 0] = NO_DATA
        estimates = (change_time, shift, tested, p, plain, r)
        return (*(np.where(status == OK, e, np.nan) for e in estimates), n_obs, status)


def _pettitt(y: npt.NDArray[Any]) -> tuple[Floats, npt.NDArray[Any], npt.NDArray[Any]]:
    """Return statistic, number of values, and row of the last value before the change."""
    statistic, n_obs, last = np.empty(y.shape[1]), *np.empty((2, y.shape[1]), dtype=np.int64)
    kernel.pettitt(y, statistic, n_obs, last)
    return statistic, n_obs, last


def p_value(statistic: Floats, n_obs: npt.NDArray[Any]) -> Floats:
    """Pettitt's approximation, 2 exp(-6 K^2 / (n^3 + n^2)), at most 1."""
    n = n_obs.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.minimum(1.0, 2.0 * np.exp(-6.0 * statistic**2 / (n**3 + n**2))))


def unbiased(r: Floats, n_obs: npt.NDArray[Any]) -> Floats:
    """Lag-1 autocorrelation freed from the bias -(3 + 8 rho)/n of series without their step.

    The step is the likeliest of all, so that more is lost than with a known one; the two numbers
    are of simulations (benchmarks/trend_errors.py). Kept between -0.95 and 0.98.
    """
    n = n_obs.astype(np.float64)
    return np.asarray(np.clip((n * r + 3.0) / np.maximum(n - 8.0, 1.0), -0.95, 0.98))
