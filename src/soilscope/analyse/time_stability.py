"""Stability in time: how much cells vary, and which of them stand for their field."""

import json
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.analyse.regions import Weights, region_shares
from soilscope.analyse.time_stability_ranks import rank_correlations
from soilscope.checks import require_between, require_dims, require_numeric, require_single_chunk
from soilscope.errors import InputError, SoilscopeWarning
from soilscope.kernels.time_stability import relative_differences, spread
from soilscope.labelled import Output, label, over_series, spatial_dims
from soilscope.lineage import inherit
from soilscope.names import CONSTANT, NO_DATA, OK, TOO_FEW
from soilscope.times import is_monthly, is_time_like, require_dates

Array = npt.NDArray[Any]
_MOISTURE = ("m3 m-3", "m3/m3", "m3 m^-3", "m^3 m^-3", "m**3 m**-3", "m**3/m**3")


def time_stability(
    da: xr.DataArray,
    *,
    dim: str = "time",
    class_bounds: Sequence[float] = (0.03, 0.08, 0.13, 0.2),
    weights: Weights = "area",
    min_share: float = 0.5,
    min_obs: int = 6,
) -> xr.Dataset:
    """Find how stable each cell is in time, and which cells stand for their field.

    Parameters
    ----------
    da
        Soil moisture (time, space), m3 m-3: monthly means. Steps of days are told, as the classes
        are for months.
    dim
        Dimension of time; one without dates, such as `month`, has no anomalies.
    class_bounds
        SD from which stability is good, stable, poor and very poor; below the first it is
        excellent.
    weights
        "area" (`cell_area`), an array on the spatial dims, or None for equal weights: of the cells
        in the mean of the field.
    min_share
        A date on which a smaller share of the field's weight has values is not used for relative
        differences and ranks. The field is all cells that ever have a value.
    min_obs
        Fewer values have no SD.

    Returns
    -------
    xr.Dataset
        Per cell: `std`, SD over time (ddof 1), which holds the seasonal cycle; `std_anomaly`, SD
        about the cell's mean of each calendar month, NaN where no month comes twice; `stability`
        (excellent to very_poor) by `std`; `mean_relative_difference` and `std_relative_difference`
        of (cell - field) / field over the used dates, for cells valid on all of them;
        `representativeness`, the root of the sum of their squares; `representative`, yes for the
        cell where it is smallest; `n_obs`; `status`. Per date: `field_mean` over the cells valid on
        all used dates, `date_used`. Per pair of dates: `rank_correlation` of Spearman over those
        cells, and its mean over all pairs, `rank_stability`; `n_cells`, their number.

    Raises
    ------
    InputError
        If units are not m3 m-3, there is no space, or the bounds do not rise.
    GridError
        If `weights` lie on other cells, or areas are not known.

    References
    ----------
    Vachaud et al. (1985), doi:10.2136/sssaj1985.03615995004900040006x; classes of SD as used for
    the Heihe River Basin, 2020.

    Examples
    --------
    >>> time = xr.date_range("2020-01", periods=12, freq="MS")
    >>> season = xr.DataArray(np.linspace(0.1, 0.3, 12), {"time": time}, ("time",))
    >>> cells = season * xr.DataArray([0.5, 1.0, 1.5], dims="site")
    >>> found = time_stability(cells.assign_attrs(units="m3 m-3"))
    >>> found["std"].values.round(3), found.stability.values
    (array([0.033, 0.066, 0.098]), array([1, 1, 2], dtype=int8))
    >>> found.mean_relative_difference.values.round(6), found.representative.values
    (array([-0.5,  0. ,  0.5]), array([0, 1, 0], dtype=int8))
    >>> round(float(found.rank_stability), 6)
    1.0
    """
    require_dims(da, name="da")
    require_numeric(da, name="da")
    require_dims(da, dim, name="da")
    require_single_chunk(da, dim, name="da")
    require_between(min_share, 0.0, 1.0, name="min_share")
    require_between(min_obs, 2, 10**9, name="min_obs")
    bounds = _bounds(class_bounds)
    space = sorted(str(d) for d in spatial_dims(da))
    if not space:
        raise InputError("da has no spatial dimensions (a grid's two, or site) to compare.")
    _require_moisture(da)
    month = _months(da, dim)
    share = region_shares(da, None, weights).isel(region=0, drop=True)
    common, used, field_mean = _field(da, share, space, dim, min_share)
    ds = _per_cell(da, field_mean, month, dim, min_obs)
    ds = ds.assign(_differences(ds, common, space))
    ds["stability"] = _classes(ds["std"], bounds)
    ranked = rank_correlations(da, common, space=space, dim=dim)
    ds["n_cells"] = common.sum(space)
    known = used & _second(used, ranked, dim) & (ds["n_cells"] > 1)
    ds["rank_correlation"] = ranked.where(known)
    ds["rank_stability"] = _mean_of_pairs(ds["rank_correlation"], dim)
    ds["field_mean"] = field_mean
    ds["date_used"] = used.astype(np.int8)
    how = weights if isinstance(weights, str) or weights is None else "given"
    options = {
        "dim": dim,
        "class_bounds": list(bounds),
        "weights": how,
        "min_share": min_share,
        "min_obs": min_obs,
    }
    return label(
        inherit(_ordered(ds, da, dim), da),
        units="m3 m-3",
        method="time_stability",
        options=json.dumps(options),
        references="Vachaud et al. (1985) doi:10.2136/sssaj1985.03615995004900040006x",
    )


def _field(
    da: xr.DataArray, share: xr.DataArray, space: list[str], dim: str, min_share: float
) -> tuple[xr.DataArray, xr.DataArray, xr.DataArray]:
    """Return the cells valid on all used dates, these dates, and the field's mean on them."""
    da, share = (array.reset_coords(drop=True).drop_attrs() for array in (da, share))
    valid = xr.apply_ufunc(np.isfinite, da, dask="allowed")
    found = xr.dot(valid.astype(np.float64), share, dim=space)
    used = (found >= min_share - 1e-12) & (found > 0)
    common = (valid | ~used).all(dim) & used.any(dim) & (share > 0)
    weight = share.where(common, 0.0)
    total = weight.sum(space)
    values = da.where(common & valid, 0.0).astype(np.float64)
    mean = xr.dot(values, weight, dim=space) / total.where(total > 0)
    return common, used, mean.where(used & (mean != 0))


def _per_cell(
    da: xr.DataArray, field_mean: xr.DataArray, month: Array, dim: str, min_obs: int
) -> xr.Dataset:
    outputs = {
        "std": Output(),
        "std_anomaly": Output(),
        "mean_relative_difference": Output(),
        "std_relative_difference": Output(),
        "n_obs": Output("i8"),
        "status": Output("i1"),
    }
    tables = [(field_mean, (dim,))]
    return over_series(_Stability(month, min_obs), da, dim=dim, outputs=outputs, tables=tables)


class _Stability:
    """Call the kernels on the series (n_time, n_series) and the means of their fields."""

    def __init__(self, month: Array, min_obs: int) -> None:
        self.month = month
        self.min_obs = min_obs

    def __call__(self, y: Array, mean: Array) -> tuple[Array, ...]:
        std, anomaly, average, deviation = np.empty((4, y.shape[1]))
        count = np.empty(y.shape[1], np.int64)
        spread(y, self.month, self.min_obs, std, anomaly, count)
        relative_differences(y, mean, average, deviation)
        status = np.where(count < self.min_obs, TOO_FEW, np.where(std == 0.0, CONSTANT, OK))
        status = np.where(count == 0, NO_DATA, status).astype(np.int8)
        return std, anomaly, average, deviation, count, status


def _differences(ds: xr.Dataset, common: xr.DataArray, space: list[str]) -> dict[str, xr.DataArray]:
    """Keep the cells valid on all used dates, and find the one nearest to the field."""
    names = ("mean_relative_difference", "std_relative_difference")
    made = {name: ds[name].where(common) for name in names}
    root: xr.DataArray = (made[names[0]] ** 2 + made[names[1]] ** 2) ** 0.5
    flat = root.fillna(np.inf).stack(cell=space, create_index=False)
    best = flat.argmin("cell") if not flat.chunks else flat.chunk(cell=-1).argmin("cell")
    order = xr.DataArray(
        np.arange(flat.sizes["cell"]).reshape([root.sizes[d] for d in space]), dims=space
    )
    chosen = (order == best) & np.isfinite(root)
    return made | {"representativeness": root, "representative": chosen.astype(np.int8)}


def _classes(std: xr.DataArray, bounds: Sequence[float]) -> xr.DataArray:
    code = sum((std >= bound).astype(np.int8) for bound in bounds)
    known: xr.DataArray = xr.where(np.isfinite(std), code, -1).astype(np.int8)
    return known


def _second(used: xr.DataArray, ranked: xr.DataArray, dim: str) -> xr.DataArray:
    """Turn what is known of each date into that of the second date of a pair."""
    second = f"{dim}_2"
    turned = used.drop_vars(dim, errors="ignore").rename({dim: second})
    return turned.assign_coords({second: ranked[second]}) if second in ranked.coords else turned


def _mean_of_pairs(ranked: xr.DataArray, dim: str) -> xr.DataArray:
    """Mean over all pairs of two different dates."""
    n = ranked.sizes[dim]
    apart = xr.DataArray(~np.eye(n, dtype=np.bool_), dims=(dim, f"{dim}_2"))
    mean: xr.DataArray = ranked.where(apart).mean([dim, f"{dim}_2"])
    return mean


def _ordered(ds: xr.Dataset, da: xr.DataArray, dim: str) -> xr.Dataset:
    rest = [d for d in da.dims if d != dim]
    lead = [d for d in rest if d not in spatial_dims(da)]
    space = [d for d in rest if d not in lead]
    return ds.transpose(*lead, dim, f"{dim}_2", *space)


def _bounds(class_bounds: Sequence[float]) -> list[float]:
    try:
        bounds = [float(bound) for bound in class_bounds]
    except (TypeError, ValueError):
        raise InputError(
            f"class_bounds is {class_bounds!r}; it must be four rising SDs above 0."
        ) from None
    if len(bounds) != 4 or not 0 < bounds[0] < bounds[1] < bounds[2] < bounds[3] < np.inf:
        raise InputError(f"class_bounds is {bounds}; it must be four rising SDs above 0.")
    return bounds


def _require_moisture(da: xr.DataArray) -> None:
    units = da.attrs.get("units")
    if units not in _MOISTURE:
        has = "has no units" if units is None else f"is in {units!r}"
        raise InputError(
            f"da {has}, and the classes of stability are for m3 m-3; convert it, or say so with "
            'da.assign_attrs(units="m3 m-3").'
        )


def _months(da: xr.DataArray, dim: str) -> Array:
    """Calendar month of each date from 0; -1 without dates. Tells of steps other than months."""
    if dim not in da.coords or not is_time_like(da[dim]):
        return np.full(da.sizes[dim], -1, dtype=np.int64)
    require_dates(da[dim])
    if da.sizes[dim] > 1 and not is_monthly(da[dim]):
        warnings.warn(
            "da is not monthly, and the classes of stability are for the SD of monthly means; "
            "make them first with composite(da, freq='MS').",
            SoilscopeWarning,
            stacklevel=3,
        )
    return np.asarray(da[dim].dt.month.values, dtype=np.int64) - 1
