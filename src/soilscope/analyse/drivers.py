"""Partial regression: what each driver is worth when the others are held fixed."""

import json
import warnings
from collections.abc import Mapping
from typing import Literal

import numpy as np
import xarray as xr

from soilscope.analyse.driver_fit import PER_SERIES, DriverFit
from soilscope.analyse.driver_options import (
    Drivers,
    fewest_rows,
    lags_of,
    lags_of_errors,
    month_groups,
    named_drivers,
    require_months,
    rows_of_steps,
    shares_wanted,
    source_rows,
)
from soilscope.checks import require_between, require_choice, require_dims
from soilscope.errors import InputError, SoilscopeWarning
from soilscope.labelled import label
from soilscope.lineage import circular
from soilscope.names import flag_attrs
from soilscope.times import calendar_steps, decimal_year

_REFERENCES = (
    "Frisch and Waugh (1933) doi:10.2307/1907330; "
    "Lovell (1963) doi:10.1080/01621459.1963.10480682; "
    "Newey and West (1987) doi:10.2307/1913610"
)
_LMG = "; Lindeman, Merenda and Gold (1980); Groemping (2006) doi:10.18637/jss.v017.i01"


def partial_regression(
    y: xr.DataArray | xr.Dataset,
    drivers: Drivers,
    *,
    dim: str = "time",
    driver_anomaly: Literal["month"] | None = None,
    response_anomaly: Literal["month"] | None = None,
    standardize: bool = False,
    detrend: bool = False,
    lags: Mapping[str, int] | None = None,
    errors: Literal["ols", "hac"] = "ols",
    max_lag: int | None = None,
    min_obs: int | None = None,
    shares: Literal["lmg"] | None = None,
    alpha: float = 0.05,
) -> xr.Dataset:
    """Regress every series on its drivers, each held against all others (Frisch-Waugh-Lovell).

    Coefficients are associations, not effects. An intercept is included; only rows where the
    response and all drivers are finite count; df = n_obs - k - 1.

    Parameters
    ----------
    y : DataArray, or Dataset with one variable or with `ssmi`
        The response, with `dim` and any other dimensions; in any units.
    drivers : Dataset, or mapping of names to DataArrays
        The k drivers, with `dim` and any of the response's other dimensions (a driver without
        `depth` serves every layer); each in its own units.
    dim : str
        Dimension of time.
    driver_anomaly, response_anomaly : None or "month"
        Subtract each series' own calendar-month means, over the rows that are complete in that
        series: the coefficients are then those of a regression with a constant for every month.
        An index standardised by month asks for `driver_anomaly="month"`: against raw drivers it
        gives the seasonal cycle to temperature.
    standardize : bool
        Divide every variable by its standard deviation (ddof = 1), month by month where its
        anomaly is taken by month. Coefficients then have no units.
    detrend : bool
        Remove the linear trend in time from response and drivers, over the complete rows.
    lags : mapping of drivers to months, optional
        `{"precipitation": 1}` takes each month's driver from the month before, by the calendar.
    errors : {"ols", "hac"}
        Standard errors for independent residuals, or after Newey and West: Bartlett weights, lags
        counted in steps of the calendar (gaps stay open), factor n_obs / df.
    max_lag : int, optional
        Lags of "hac"; floor(4 (n_obs / 100)^(2/9)) by default.
    min_obs : int, optional
        Fewest complete rows; the larger of 10 and 3 (k + 1) by default.
    shares : None or "lmg"
        Divide R squared among the drivers: a driver's share is its mean gain in R squared over all
        orders in which the drivers can join the regression. At most 10 drivers.
    alpha : float
        Level of `dominant_driver`; the interval of a coefficient has the level 1 - alpha.

    Returns
    -------
    Dataset
        Per `driver`: `coefficient` (units of y per unit of the driver, see the coordinate
        `driver_units`), its `stderr`, `coefficient_low` and `coefficient_high`, `t` and `p_value`
        (both by the chosen errors, two-sided, df degrees of freedom), `standardized_coefficient`
        (times s_x / s_y over the complete rows), `partial_r` (partial correlation; free of the
        choice of errors), `vif` (variance inflation factor) and, with `shares`, `r_squared_share`
        (never negative; the sum over the drivers is `r_squared`). Per series: `r_squared`, `n_obs`,
        `condition` (of the drivers' correlation matrix), `residual_autocorrelation` (lag one step,
        over the pairs that have no gap; NaN if time is uneven), `dominant_driver` (the significant
        driver with the largest absolute standardised coefficient; -1 none is significant, -2 not
        estimated) and `status`: `no_data`, `too_few`, `constant` (response or a driver varies no
        more than its numbers are rounded), `collinear` (a VIF of 1e10 or more, or as large as the
        rounding of the data explains), else `ok`. Estimates of a series that is not ok are NaN.

        The coordinate `circular` marks drivers that the response was made from, by the lineage in
        the attributes of both (a warning names them): their association is partly built in.

    Raises
    ------
    InputError
        If dimensions or coordinates differ, a series is split into chunks, an option is unknown,
        months are asked for and time is not monthly, or more than 10 drivers are to share.

    References
    ----------
    Frisch and Waugh (1933), doi:10.2307/1907330; Lovell (1963),
    doi:10.1080/01621459.1963.10480682; Newey and West (1987), doi:10.2307/1913610; shares:
    Groemping (2006), doi:10.18637/jss.v017.i01.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from soilscope import partial_regression
    >>> t = np.arange(24.0)
    >>> time = xr.date_range("2001-01", periods=24, freq="MS")
    >>> rain, heat = (xr.DataArray(f(t), {"time": time}, "time") for f in (np.sin, np.cos))
    >>> fit = partial_regression(2 * rain - 3 * heat + 1, {"rain": rain, "heat": heat})
    >>> fit.coefficient.round(6).values
    array([ 2., -3.])
    >>> fit.n_obs.item(), fit.status.item()
    (24, 0)
    """
    require_choice(driver_anomaly, (None, "month"), name="driver_anomaly")
    require_choice(response_anomaly, (None, "month"), name="response_anomaly")
    require_choice(errors, ("ols", "hac"), name="errors")
    require_between(alpha, 1e-12, 1.0 - 1e-12, name="alpha")
    response = _one_variable(y)
    given = named_drivers(drivers, response, dim)
    k = len(given)
    shift = lags_of(lags, list(given))
    time = response[dim]
    by_month = [driver_anomaly is not None] * k + [response_anomaly is not None]
    if any(by_month) or any(shift):
        require_months(time)
    steps = calendar_steps(time)
    if steps is None and errors == "hac":
        raise InputError(
            f"{dim!r} is not evenly spaced, so lags have no length; bring y and drivers to a "
            'regular axis (composite, resample), or use errors="ols".'
        )
    fit = DriverFit(
        source=source_rows(steps, shift, time.size),
        group=month_groups(time, by_month),
        time=decimal_year(time) if detrend else np.empty(0),
        row_at=rows_of_steps(steps, time.size),
        evenly_spaced=steps is not None,
        scale=standardize,
        min_obs=fewest_rows(min_obs, k),
        max_lag=lags_of_errors(max_lag, errors),
        alpha=alpha,
        shares=shares_wanted(shares, k),
    )
    marks = _circular(response, given)
    ds = _apply(fit, response, given, dim)
    options = {
        "dim": dim,
        "driver_anomaly": driver_anomaly,
        "response_anomaly": response_anomaly,
        "standardize": standardize,
        "detrend": detrend,
        "lags": dict(zip(given, shift, strict=True)),
        "errors": errors,
        "max_lag": max_lag,
        "min_obs": fit.min_obs,
        "shares": shares,
        "alpha": alpha,
    }
    return _labelled(ds, response, given, options).assign_coords(circular=marks)


def _circular(response: xr.DataArray, drivers: Mapping[str, xr.DataArray]) -> xr.Variable:
    """Mark the drivers that the response was made from, and warn of them."""
    made_of = circular(response, drivers)
    if made_of:
        told = "; ".join(f"{name} ({names})" for name, names in made_of.items())
        warnings.warn(
            f"the response was made from drivers, or from what they were made from: {told}; their "
            "association is partly built in.",
            SoilscopeWarning,
            stacklevel=3,
        )
    codes = np.array([name in made_of for name in drivers], dtype=np.int8)
    return xr.Variable("driver", codes, flag_attrs(("independent", "circular")))


def _apply(
    fit: DriverFit, response: xr.DataArray, drivers: Mapping[str, xr.DataArray], dim: str
) -> xr.Dataset:
    """Fit every series; what only the response has (layers) comes first, as DriverFit expects."""
    shared = {d for driver in drivers.values() for d in driver.dims}
    ordered = response.transpose(*sorted(response.dims, key=lambda d: d in shared))
    results = xr.apply_ufunc(
        fit,
        ordered,
        *(
            driver.transpose(*(d for d in ordered.dims if d in driver.dims))
            for driver in drivers.values()
        ),
        input_core_dims=[[dim]] * (1 + len(drivers)),
        output_core_dims=[["driver"]] * len(fit.per_driver) + [[]] * len(PER_SERIES),
        dask="parallelized",
        output_dtypes=[np.dtype("f8")] * len(fit.per_driver)
        + [np.dtype(t) for t in PER_SERIES.values()],
        dask_gufunc_kwargs={"output_sizes": {"driver": len(drivers)}},
        keep_attrs=False,
    )
    ds = xr.Dataset(dict(zip((*fit.per_driver, *PER_SERIES), results, strict=True)))
    return ds.transpose("driver", *(d for d in response.dims if d != dim), missing_dims="ignore")


def _labelled(
    ds: xr.Dataset,
    response: xr.DataArray,
    drivers: Mapping[str, xr.DataArray],
    options: Mapping[str, object],
) -> xr.Dataset:
    """Name the drivers and their units, and say how the numbers were made."""
    units = [str(driver.attrs.get("units", "unknown")) for driver in drivers.values()]
    ds = ds.assign_coords(
        driver=("driver", np.array(list(drivers), dtype=object), {"long_name": "driver"}),
        driver_units=(
            "driver",
            np.array(units, dtype=object),
            {"long_name": "units of the driver"},
        ),
    )
    words = tuple("_".join(name.split()) for name in drivers)
    ds["dominant_driver"].attrs = flag_attrs(("not_estimated", "none", *words), first=-2)
    if options["standardize"]:
        for name in ("coefficient", "stderr", "coefficient_low", "coefficient_high"):
            ds[name].attrs["units"] = "1"
    return label(
        ds,
        units=response.attrs.get("units"),
        method="partial_regression",
        options=json.dumps(options),
        references=_REFERENCES + (_LMG if options["shares"] else ""),
    )


def _one_variable(y: xr.DataArray | xr.Dataset) -> xr.DataArray:
    """Return the response: the array itself, a Dataset's only variable, or its `ssmi`."""
    require_dims(y, name="y")
    if isinstance(y, xr.DataArray):
        return y
    if "ssmi" in y.data_vars:
        return y["ssmi"]
    if len(y.data_vars) != 1:
        held = ", ".join(map(str, y.data_vars)) or "none"
        raise InputError(f"y must be one variable; choose one of: {held}.")
    return next(iter(y.data_vars.values()))
