"""Depth patterns: state, tendency and drivers from the surface down, region by region."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.analyse.baseline import refuse_empty_mean, warn_of_pooled_mean
from soilscope.analyse.regions import (
    Weights,
    region_shares,
    regional_mean,
    require_same_cells,
)
from soilscope.analyse.trend import trend as trend_of
from soilscope.checks import require_between, require_dims, same_along
from soilscope.errors import InputError
from soilscope.labelled import label, spatial_dims
from soilscope.names import NAMES, NO_DATA, OK

ARROW = " -> "
#: Options that the trend of a regional mean shares with the trends of its cells.
_TREND_OPTIONS = ("correction", "season", "max_lag", "acf_alpha", "variance_floor", "min_obs")


def depth_pattern(
    state: xr.DataArray,
    trend: xr.Dataset,
    *,
    effects: xr.Dataset | None = None,
    regions: xr.DataArray | None,
    weights: Weights = "area",
    regional_trend: xr.Dataset | None = None,
    dead_band: float = 0.05,
    alpha: float = 0.05,
    effect_bounds: Sequence[float] = (0.1, 0.3, 0.5),
) -> xr.Dataset:
    """Describe how state, tendency and drivers change from layer to layer in each region.

    Parameters
    ----------
    state
        Standardised index (time, depth, space), or its mean (depth, space). Its reference must be
        able to show a state: not the record that is averaged.
    trend
        `trend` of each cell (depth, space): `slope`, `p_value`.
    effects
        `partial_regression` of each cell (driver, depth, space): `standardized_coefficient`.
    regions, weights
        As in `regional_mean`; None makes one region of everything.
    regional_trend
        `trend` of the `regional_mean` series (region, depth). Without it the mean series of
        `state` is analysed with the correction that `trend` used.
    dead_band
        A layer whose mean state is nearer to zero than this is neutral.
    alpha
        A tendency whose p-value is not below this is neutral; one without a p-value has no code.
    effect_bounds
        Sizes of the mean standardised coefficient from which an association is weak, strong, and
        very strong.

    Returns
    -------
    xr.Dataset
        On (region, depth): `state` (deficit, neutral, surplus) from `state_mean`; `deficit_share`
        and `surplus_share`, shares of the area below and above zero; `tendency` (drying, neutral,
        wetting) from the regional `slope` and its `p_value`; `mean_slope`, the mean over cells;
        `drying_share` and `wetting_share`, shares of the area whose own p-value is below `alpha`;
        `n_obs`, cells with a state; `status`. On (region, driver, depth): `effect` (none, or weak,
        strong, very strong with sign) from `effect_mean`. On (region): `state_pattern` and
        `tendency_pattern`, runs of equal layers as text, ``"deficit -> surplus"``; on (region,
        driver) `effect_pattern`.

    Raises
    ------
    InputError
        If the mean of `state` is zero by construction (reference "own" over its whole baseline), if
        layers, cells or regions differ, or if there is no series for the regional trend. A
        reference pooled over the region gives a SoilscopeWarning.

    References
    ----------
    The table of patterns follows Hou et al. (2025), Spatiotemporal analysis of multi-layered soil
    moisture deficit in the oases at the eastern foothill of Helan Mountains, Table 2.

    Examples
    --------
    >>> state = xr.DataArray([[-0.4, -0.2], [0.3, 0.5]], dims=("depth", "site"))
    >>> slopes = xr.Dataset({"slope": 0.01 * state, "p_value": 0 * state})
    >>> regional = slopes.mean("site").expand_dims(region=["all"])
    >>> found = depth_pattern(state, slopes, regions=None, regional_trend=regional)
    >>> found.state_pattern.item(), found.tendency_pattern.item()
    ('deficit -> surplus', 'drying -> wetting')
    """
    require_dims(state, "depth", name="state")
    require_between(alpha, 0.0, 1.0, name="alpha")
    _require_same_layers(state, trend=trend, effects=effects, regional_trend=regional_trend)
    require_same_cells(state, trend=trend, effects=effects)
    refuse_empty_mean(state)
    warn_of_pooled_mean(state)
    if regional_trend is None:
        regional_trend = _regional_trend(state, trend, regions, weights)
    share = region_shares(state, regions, weights)
    regional_trend = _in_regions(regional_trend, share)
    parts = _states(state, share, dead_band)
    parts |= _tendencies(trend, regional_trend, share, alpha)
    if effects is not None:
        parts |= _effects(effects, share, effect_bounds)
    ds = xr.Dataset(parts)
    ds = ds.transpose("region", "driver", "depth", missing_dims="ignore")
    label(
        ds,
        units=state.attrs.get("units", "1"),
        method="depth_pattern",
        options=json.dumps(
            {"dead_band": dead_band, "alpha": alpha, "effect_bounds": list(effect_bounds)}
        ),
        references="Hou et al. (2025), Table 2",
        reference=state.attrs.get("reference"),
        baseline=state.attrs.get("baseline"),
    )
    return ds


def _states(state: xr.DataArray, share: xr.DataArray, dead_band: float) -> dict[str, xr.DataArray]:
    cell = state.where(np.isfinite(state))
    if "time" in cell.dims:
        cell = cell.mean("time")
    mean = _mean(cell, share)
    code = xr.where(np.abs(mean) < dead_band, 0, np.sign(mean))
    n_obs = xr.dot(
        np.isfinite(cell).astype(np.int64),
        (share > 0).astype(np.int64),
        dim=spatial_dims(cell),
    )
    code = _codes(code)
    return {
        "state": code,
        "state_mean": mean,
        "deficit_share": _mean(_where_valid(cell < 0, cell), share),
        "surplus_share": _mean(_where_valid(cell > 0, cell), share),
        "state_pattern": _pattern(code, "state"),
        "n_obs": n_obs,
        "status": xr.where(n_obs > 0, OK, NO_DATA).astype(np.int8),
    }


def _tendencies(
    cells: xr.Dataset, regional: xr.Dataset, share: xr.DataArray, alpha: float
) -> dict[str, xr.DataArray]:
    slope, p_value = regional["slope"], regional["p_value"]
    known = np.isfinite(slope) & np.isfinite(p_value)
    code = _codes(xr.where(p_value < alpha, np.sign(slope), 0).where(known))
    own = cells["slope"]
    significant = cells["p_value"] < alpha
    mean_slope = _mean(own, share).assign_attrs(units=own.attrs.get("units", "year-1"))
    return {
        "tendency": code,
        "slope": slope.assign_attrs(units=slope.attrs.get("units", "year-1")),
        "p_value": p_value,
        "mean_slope": mean_slope,
        "drying_share": _mean(_where_valid(significant & (own < 0), own), share),
        "wetting_share": _mean(_where_valid(significant & (own > 0), own), share),
        "tendency_pattern": _pattern(code, "tendency"),
    }


def _effects(
    effects: xr.Dataset, share: xr.DataArray, bounds: Sequence[float]
) -> dict[str, xr.DataArray]:
    if len(bounds) != 3 or not 0 < bounds[0] < bounds[1] < bounds[2]:
        raise InputError(f"effect_bounds is {list(bounds)}; it must be three rising sizes.")
    mean = _mean(effects["standardized_coefficient"], share)
    size = sum((np.abs(mean) >= bound).astype(np.int8) for bound in bounds)
    code = _codes(mean.copy(data=np.sign(mean.data)) * size)
    return {"effect_mean": mean, "effect": code, "effect_pattern": _pattern(code, "effect")}


def _mean(cell: xr.DataArray, share: xr.DataArray) -> xr.DataArray:
    """Mean over the valid area of each region."""
    valid = np.isfinite(cell)
    dims = spatial_dims(share)
    found = xr.dot(valid.astype(np.float64), share, dim=dims)
    total = xr.dot(cell.where(valid, 0.0).astype(np.float64), share, dim=dims)
    mean: xr.DataArray = total / found.where(found > 0)
    mean.attrs = {}  # those of the cells are not those of their mean
    return mean


def _where_valid(condition: xr.DataArray, cell: xr.DataArray) -> xr.DataArray:
    return condition.astype(np.float64).where(np.isfinite(cell))


NO_CODE = -128  # a layer without data has no state


def _codes(values: xr.DataArray) -> xr.DataArray:
    return values.fillna(NO_CODE).astype(np.int8).drop_attrs()


def _pattern(code: xr.DataArray, variable: str) -> xr.DataArray:
    """Text of the runs of equal codes along depth."""
    name = NAMES[variable]
    words = {name.first_flag + i: text for i, text in enumerate(name.flags or ())}
    result: xr.DataArray = xr.apply_ufunc(
        _runs,
        code,
        kwargs={"words": words},
        input_core_dims=[["depth"]],
        vectorize=True,
        dask="parallelized",
        output_dtypes=[object],
        dask_gufunc_kwargs={"allow_rechunk": True},
    )
    return result


def _runs(codes: npt.NDArray[np.int8], words: dict[int, str]) -> str:
    found = [words[int(code)].replace("_", " ") for code in codes if int(code) in words]
    return ARROW.join(text for i, text in enumerate(found) if i == 0 or text != found[i - 1])


def _regional_trend(
    state: xr.DataArray,
    cells: xr.Dataset,
    regions: xr.DataArray | None,
    weights: Weights,
) -> xr.Dataset:
    if "time" not in state.dims:
        raise InputError(
            "state has no dimension 'time', so the trend of its regional mean is unknown; give "
            "regional_trend = trend(regional_mean(...))."
        )
    recorded: dict[str, Any] = json.loads(cells.attrs.get("options", "{}"))
    series = regional_mean(state, regions=regions, weights=weights)
    values = series[next(iter(series.data_vars))]
    return trend_of(values, **{key: recorded[key] for key in _TREND_OPTIONS if key in recorded})


def _in_regions(trend: xr.Dataset, share: xr.DataArray) -> xr.Dataset:
    """Put the regional trend into the order of the regions, or refuse other regions."""
    require_dims(trend, "region", name="regional_trend")
    names = share["region"].values.tolist()
    found = trend["region"].values.tolist() if "region" in trend.coords else names
    if sorted(found) != sorted(names) or trend.sizes["region"] != len(names):
        raise InputError(
            f"regional_trend holds the regions {', '.join(map(str, found))}, and regions "
            f"{', '.join(names)}; make it from regional_mean(..., regions=regions)."
        )
    return trend.isel(region=[found.index(name) for name in names])


def _require_same_layers(state: xr.DataArray, **others: xr.Dataset | None) -> None:
    for name, other in others.items():
        if other is None:
            continue
        require_dims(other, "depth", name=name)
        if not same_along(state, other, "depth"):
            raise InputError(
                f"the layers of {name} are not those of state; merge both onto the same bounds "
                "with merge_layers."
            )
