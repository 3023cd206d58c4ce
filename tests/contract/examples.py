"""One example a step: inputs on a small grid with gaps, and the options to run it with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from soilscope import fit_downscaling, index_parameters, partial_regression, set_layers, trend
from soilscope.analyse.variogram import variogram

Inputs = Mapping[str, Any]
GRID = ("y", "x")
MONTHS = pd.date_range("2000-01", periods=144, freq="MS")


@dataclass(frozen=True)
class Example:
    """Inputs of a step, made anew for each test, and its options."""

    step: str
    make: Callable[[], Inputs]
    options: Mapping[str, Any] = field(default_factory=dict)


def _field(seed: int, *dims: str) -> xr.DataArray:
    sizes = {"time": len(MONTHS), "depth": 3, "y": 2, "x": 4}
    values = np.random.default_rng(seed).normal(size=[sizes[d] for d in dims])
    coords = {"y": [2.0, 1.0], "x": [1.0, 2.0, 3.0, 4.0], "time": MONTHS}
    da = xr.DataArray(values, {d: coords[d] for d in dims if d in coords}, dims)
    return set_layers(da, [[0, 0.1], [0.1, 0.3], [0.3, 1.0]]) if "depth" in dims else da


def temperatures() -> dict[str, xr.DataArray]:
    """Dew point below the lowest of three temperatures, degC, with gaps; yearly stamps."""
    years = pd.date_range("1860", periods=144, freq="YS")  # monthly means would be told
    base = _field(20, "time", *GRID).assign_coords(time=years)
    base = base.where(base < 2.0)
    shifts = {"dewpoint": 0.0, "temperature_min": 5.0, "temperature_max": 15.0}
    return {name: (base + by).assign_attrs(units="degC") for name, by in shifts.items()}


def surface_temperatures() -> dict[str, xr.DataArray]:
    """Land surface temperature by day, warmer than by night but for a few, with gaps."""
    noise, gaps = _field(21, "time", *GRID), _field(22, "time", *GRID)
    pair = {"day": (25.0 + 6.0 * noise).where(gaps < 2.0), "night": 12.0 + 3.0 * gaps}
    return {name: da.assign_attrs(units="degC") for name, da in pair.items()}


def moisture_and_quality() -> dict[str, xr.DataArray]:
    """Soil moisture, and numbers of which two bits say how good it is."""
    quality = (8 * abs(_field(23, "time", *GRID))).astype("uint8")
    return {"da": moisture(), "quality": quality}


def fine_and_coarse() -> dict[str, xr.DataArray]:
    """Two classes of land cover on 8 x 8 cells, and moisture that warming tells of on 2 x 2."""
    days = pd.date_range("2020-05-01", periods=40)
    rng = np.random.default_rng(30)
    fine = {"y": 8.0 - np.arange(8), "x": 1.0 + np.arange(8)}
    coarse = {"time": days, "y": [6.5, 2.5], "x": [2.5, 6.5]}
    codes = np.repeat([[0, 1]], 8, 0).repeat(4, 1)
    warming = xr.DataArray(rng.uniform(5, 30, (40, 8, 8)), {"time": days} | fine, ("time", *GRID))
    warming = warming.where(rng.random(warming.shape) < 0.9)
    means = warming.values.reshape(40, 2, 4, 2, 4)
    above = xr.DataArray(np.nanmean(means, axis=(2, 4)), coarse, ("time", *GRID))
    moisture = 0.4 - 0.01 * above + rng.normal(0, 0.005, above.shape)
    flags = {"flag_values": [0, 1], "flag_meanings": "grass barren"}
    return {
        "warming": warming.assign_attrs(units="K"),
        "above": above.assign_attrs(units="K"),
        "moisture": moisture.where(rng.random(moisture.shape) < 0.95).assign_attrs(units="m3 m-3"),
        "land_cover": xr.DataArray(codes, fine, GRID, attrs=flags),
        "ndvi": xr.DataArray(np.full((8, 8), 0.2), fine, GRID, attrs={"units": "1"}),
    }


def _relation() -> dict[str, xr.DataArray]:
    made = fine_and_coarse()
    return {
        "coarse_sm": made["moisture"],
        "coarse_dlst": made["above"],
        "land_cover": made["land_cover"],
        "ndvi": made["ndvi"],
    }


def _downscaled() -> Inputs:
    made = fine_and_coarse()
    return {
        "model": fit_downscaling(**_relation(), rng=1),
        "fine_dlst": made["warming"],
        "land_cover": made["land_cover"],
        "ndvi": made["ndvi"],
        "coarse_product": made["moisture"],
    }


def cover() -> xr.DataArray:
    """Codes of land cover, some missing, that change in some cells."""
    first = _field(26, *GRID)
    picked = xr.where(first < -0.5, 10, xr.where(first < 0.0, 12, xr.where(first < 0.7, 16, 13)))
    other = _field(24, "time", *GRID) > 1.9 * (1 + (picked["x"] > 2))
    codes = xr.where(other, 1, picked).where(_field(25, "time", *GRID) < 2.0, -1)
    return codes.transpose("time", *GRID).astype("int16").rename("land_cover")


def moisture() -> xr.DataArray:
    """Soil moisture with a season, a trend that differs from cell to cell, and a few gaps."""
    noise = _field(1, "time", "depth", *GRID)
    season = np.cos(2 * np.pi * (noise["time"].dt.month - 1) / 12)
    slope = _field(2, *GRID) * (noise["time"].dt.year - 2006) / 10
    da = (0.25 + 0.02 * noise + 0.03 * season + 0.01 * slope).transpose(*noise.dims)
    da = da.where(_field(3, "time", "depth", *GRID) < 2.5)
    return da.rename("soil_moisture").assign_attrs(units="m3 m-3", long_name="soil moisture")


def index(reference: str = "pooled_profile") -> xr.DataArray:
    """A standardised index, as its attributes say it is."""
    attrs = {"units": "1", "reference": reference, "baseline": "2000-01-01/2011-12-01"}
    return _field(4, "time", "depth", *GRID).rename("ssmi").assign_attrs(attrs)


def drivers() -> xr.Dataset:
    """Two drivers without depth."""
    names = {"precipitation": "mm month-1", "temperature": "degC"}
    return xr.Dataset(
        {
            name: _field(5 + i, "time", *GRID).assign_attrs(units=units, long_name=name)
            for i, (name, units) in enumerate(names.items())
        }
    )


def hills() -> xr.DataArray:
    """A few heights on a grid in metres, one of them missing."""
    coords = {"y": ("y", [20.0, 10.0], {"units": "m"}), "x": ("x", 10.0 * np.arange(1, 5))}
    dem = abs(_field(30, *GRID)).assign_coords(coords)
    dem["x"].attrs["units"] = "m"
    return dem.where(dem > dem.min()).rename("elevation").assign_attrs(units="m")


def zones() -> xr.DataArray:
    """Two zones, and a cell outside."""
    codes = xr.DataArray(np.array([[0, 0, 1, 1], [0, 0, 1, -1]], dtype="i1"), dims=GRID)
    codes = codes.assign_coords({d: _field(0, *GRID)[d] for d in GRID})
    return codes.assign_attrs(flag_values=[0, 1], flag_meanings="north south")


def _pattern() -> Inputs:
    state = index().mean("time", keep_attrs=True)
    fit = trend(index())
    regional = fit[["slope", "p_value"]].mean(GRID).expand_dims(region=["north", "south"])
    effects = partial_regression(index(), drivers())
    return {
        "state": state,
        "trend": fit[["slope", "p_value"]],
        "effects": effects[["standardized_coefficient"]],
        "regional_trend": regional,
        "regions": zones(),
    }


def _recovery() -> Inputs:
    estimate = trend(index(), confidence=0.9)
    truth = xr.where(_field(9, "depth", *GRID) > 0, 0.01, 0.0).assign_attrs(units="year-1")
    return {
        "estimate": estimate[["slope", "slope_low", "slope_high", "p_value"]],
        "truth": truth.rename("true_slope"),
    }


def _two_products() -> Inputs:
    """Two products that agree in part, the second with gaps of its own."""
    other = (moisture() + 0.01 * _field(10, "time", "depth", *GRID)).where(
        _field(11, "time", "depth", *GRID) < 2.5
    )
    return {"product": moisture(), "reference": other.assign_attrs(units="m3 m-3")}


def _two_coarse_products() -> Inputs:
    """Two products with gaps of their own, the second of another mean and spread."""
    pair = _two_products()
    second = (0.1 + 0.5 * pair["reference"]).assign_attrs(units="m3 m-3")
    return {"primary": pair["product"], "secondary": second}


def _cold_months() -> Inputs:
    """Temperatures about 0 degC with gaps, snow in some months."""
    cold = _field(30, "time", *GRID)
    snow = abs(_field(31, "time", *GRID)).assign_attrs(units="mm")
    return {"temperature": cold.where(cold < 1.5).assign_attrs(units="degC"), "snow": snow}


def _three_products() -> Inputs:
    pair = _two_products()
    third = moisture() + 0.02 * _field(12, "time", "depth", *GRID)
    return {"a": pair["product"], "b": pair["reference"], "c": third.assign_attrs(units="m3 m-3")}


def _weighted(*, without: str = "", **attrs: int) -> Inputs:
    """Values with weights, and days from the stamps that differ from cell to cell."""
    days = 5.0 * abs(_field(14, "time", *GRID)).clip(max=3.0)
    da = moisture().assign_attrs(attrs)
    inputs = {"da": da, "weights": abs(_field(13, "time", *GRID)), "days": days}
    return {key: value for key, value in inputs.items() if key != without}


def _hot_and_green() -> Inputs:
    """Surface temperature, lower where more grows."""
    ndvi = abs(_field(15, "time", *GRID)).clip(max=1.5)
    lst = 30.0 + _field(16, "time", *GRID) - 10.0 * ndvi
    return {"lst": lst.assign_attrs(units="degC"), "ndvi": ndvi.assign_attrs(units="1")}


def _few_gaps() -> xr.DataArray:
    """Two years in which most cells have all values, but for a date that few have."""
    rare = moisture().isel(time=slice(24)).fillna(0.3)
    missing = (_field(32, "time", "depth", *GRID).isel(time=slice(24)) > 2.6) | (
        (rare["time"] == rare["time"][5]) & (rare["x"] > 1.0)
    )
    return rare.where(~missing)


def _stored_parameters() -> Inputs:
    return {"da": moisture(), "parameters": index_parameters(moisture())}


def _on_map() -> Inputs:
    """Soil moisture of two years on cells of 10 m."""
    axes = {d: (d, 10.0 * moisture()[d].values, {"units": "m"}) for d in GRID}
    return {"field": moisture().isel(time=slice(24)).assign_coords(axes)}


def _variogram() -> Inputs:
    """Variograms of three months of rising and falling ground."""
    noise = np.random.default_rng(33).normal(size=(3, 14, 16)).cumsum(1).cumsum(2)
    axes = {d: (d, 10.0 * np.arange(n), {"units": "m"}) for d, n in (("y", 14), ("x", 16))}
    field = xr.DataArray(noise, axes | {"time": MONTHS[:3]}, ("time", *GRID))
    return {"vg": variogram(field.assign_attrs(units="1"), lag_width=10.0, max_lag=80.0)}


def _on_time(name: str) -> Callable[[], Inputs]:
    """Return a maker of three maps of soil moisture."""
    return lambda: {name: moisture().isel(depth=0, time=slice(3), drop=True)}


def _field_and_zones() -> Inputs:
    """Three maps, and classes of their cells of which one is missing."""
    codes = xr.Dataset({"soil": classed(27), "cover": classed(28)})
    return _on_time("y")() | {"strata": codes}


def _by_area(make: Callable[[], Inputs]) -> Callable[[], Inputs]:
    """Put areas beside the inputs of a detector; one cell has none."""
    areas = 1.0 + _field(29, *GRID) ** 2
    return lambda: {**make(), "weights": areas.where((areas.x < 4) | (areas.y > 1))}


def _field_and_factors() -> Inputs:
    """Three maps, and numbers on their cells."""
    return {**_on_time("y")(), "factors": drivers().isel(time=0, drop=True)}


def _numbers_and_classes() -> Inputs:
    """Three maps, numbers on their cells, and classes that say so."""
    cover = classed(28).assign_attrs(flag_values=[0, 1, 2], flag_meanings="bare grass crop")
    factors = drivers().isel(time=0, drop=True).assign(cover=cover)
    return {**_on_time("y")(), "factors": factors}


def classed(seed: int) -> xr.DataArray:
    """Three classes on the grid, -1 in the first cell."""
    made = _field(seed, *GRID)
    code = (made > -0.5).astype("int16") + (made > 0.3)
    return code.where((code.x > 1) | (code.y > 1), -1).astype("int16")


EXAMPLES: dict[str, Example] = {
    "merge_layers": Example(
        "merge_layers", lambda: {"sm": moisture()}, {"bounds": [[0, 0.2], [0.2, 1.0]]}
    ),
    "composite": Example("composite", lambda: {"da": moisture()}, {"freq": "YS", "how": "mean"}),
    **{
        f"smooth, {method}": Example("smooth", lambda: {"da": moisture()}, {"method": method})
        for method in ("savgol", "chen", "whittaker")
    },
    "composite, shared": Example(
        "composite", lambda: {"da": moisture()}, {"freq": "YS", "dates": "shared", "min_share": 0.8}
    ),
    "composite, seen": Example(
        "composite",
        lambda: _weighted(composite_days=31, without="weights"),
        {"freq": "YS", "how": "mvc", "dates": "seen"},
    ),
    "smooth, weighted": Example("smooth", _weighted, {"method": "whittaker"}),
    "tvdi": Example("tvdi", _hot_and_green, {"bin_width": 0.5, "min_cells": 1, "min_bins": 2}),
    "interpolate_daily": Example("interpolate_daily", lambda: {"da": moisture()}),
    "interpolate_daily, true days": Example(
        "interpolate_daily", lambda: _weighted(without="weights")
    ),
    "vapour_pressure_deficit": Example("vapour_pressure_deficit", temperatures),
    "cover_strata": Example(
        "cover_strata", lambda: {"land_cover": cover()}, {"changes": {1: "crop"}}
    ),
    "cover_changes": Example("cover_changes", lambda: {"land_cover": cover()}),
    "lst_difference": Example("lst_difference", surface_temperatures),
    "mask_by_bits": Example(
        "mask_by_bits", moisture_and_quality, {"keep": {"0-1": [0, 1]}, "drop": {"3": [1]}}
    ),
    "terrain": Example("terrain", lambda: {"dem": hills()}),
    "terrain, d8": Example("terrain", lambda: {"dem": hills()}, {"flow": "d8"}),
    "frozen_mask": Example("frozen_mask", _cold_months, {"snow_threshold": 0.5}),
    "blend_moisture": Example("blend_moisture", _two_coarse_products, {"min_overlap": 5}),
    "index_parameters": Example("index_parameters", lambda: {"da": moisture()}),
    "index_parameters, pooled": Example(
        "index_parameters", lambda: {"da": moisture()}, {"reference": "pooled"}
    ),
    "standardize": Example("standardize", lambda: {"da": moisture()}),
    **{
        f"standardize, {method}": Example(
            "standardize", lambda: {"da": moisture()}, {"method": method}
        )
        for method in ("empirical", "kde", "gamma", "beta")
    },
    **{
        f"index_parameters, {method}": Example(
            "index_parameters", lambda: {"da": moisture()}, {"method": method}
        )
        for method in ("kde", "gamma", "beta")
    },
    "standardize, pooled profile": Example(
        "standardize", lambda: {"da": moisture()}, {"reference": "pooled_profile"}
    ),
    "standardize, stored parameters": Example("standardize", _stored_parameters),
    "index_state": Example("index_state", lambda: {"ssmi": index()}),
    "drought_events": Example("drought_events", lambda: {"ssmi": index()}),
    "onset_delay": Example("onset_delay", lambda: {"ssmi": index()}, {"min_onsets": 2}),
    "trend": Example("trend", lambda: {"da": moisture()}, {"confidence": 0.95}),
    **{
        f"trend, {correction}": Example(
            "trend", lambda: {"da": moisture()}, {"correction": correction, "confidence": 0.95}
        )
        for correction in ("hamed_rao", "yue_wang", "prewhiten", "tfpw", "vctfpw", "3pw")
    },
    **{
        f"trend, seasonal, {correction}": Example(
            "trend",
            lambda: {"da": moisture()},
            {"season": "month", "correction": correction, "confidence": 0.95},
        )
        for correction in ("none", "hirsch_slack")
    },
    "trend, windows": Example(
        "trend",
        lambda: {"da": moisture()},
        {"windows": [[2000, 2005], ["2004-07", "2011-12"]], "correction": "ar1"},
    ),
    "change_point": Example("change_point", lambda: {"da": moisture()}),
    "change_point, as it is": Example(
        "change_point", lambda: {"da": moisture()}, {"prewhiten": False}
    ),
    "adjust_p_values": Example(
        "adjust_p_values",
        lambda: {"p": abs(_field(8, "depth", *GRID)).clip(0, 1).rename("p_value")},
    ),
    "partial_regression": Example(
        "partial_regression", lambda: {"y": moisture(), "drivers": drivers()}
    ),
    "partial_regression, hac": Example(
        "partial_regression",
        lambda: {"y": moisture(), "drivers": drivers()},
        {"errors": "hac", "driver_anomaly": "month", "lags": {"precipitation": 1}},
    ),
    "partial_regression, shares": Example(
        "partial_regression", lambda: {"y": moisture(), "drivers": drivers()}, {"shares": "lmg"}
    ),
    "agreement": Example("agreement", _two_products, {"confidence": 0.9, "rng": 1, "n_boot": 100}),
    "agreement, regions": Example(
        "agreement",
        lambda: _two_products() | {"regions": zones()},
        {"confidence": 0.9, "rng": 1, "n_boot": 100},
    ),
    "pooled_agreement": Example(
        "pooled_agreement", _two_products, {"sample": 5, "rng": 1, "confidence": 0.9, "n_boot": 100}
    ),
    "pooled_agreement, regions": Example(
        "pooled_agreement", lambda: _two_products() | {"regions": zones()}, {"sample": None}
    ),
    "triple_collocation": Example("triple_collocation", _three_products),
    "regional_mean": Example("regional_mean", lambda: {"da": moisture(), "regions": zones()}),
    "depth_pattern": Example("depth_pattern", _pattern),
    "fit_downscaling": Example("fit_downscaling", _relation, {"rng": 1}),
    "fit_downscaling, month": Example("fit_downscaling", _relation, {"rng": 1, "by": "month"}),
    "fit_downscaling, cell": Example("fit_downscaling", _relation, {"rng": 1, "by": "cell"}),
    "downscale": Example("downscale", _downscaled),
    "downscale, smooth": Example(
        "downscale", _downscaled, {"residual": "smooth", "fill_gaps": True, "clip": True}
    ),
    "spatial_statistics": Example("spatial_statistics", lambda: {"da": moisture()}),
    "spatial_statistics, regions": Example(
        "spatial_statistics", lambda: {"da": moisture(), "regions": zones()}, {"n_quantiles": 9}
    ),
    "time_stability": Example("time_stability", lambda: {"da": _few_gaps()}),
    "recovery": Example("recovery", _recovery),
    "discretize": Example("discretize", _on_time("x"), {"method": "natural", "n_classes": 3}),
    "optimize_strata": Example(
        "optimize_strata",
        _field_and_factors,
        {"n_classes": [2, 3], "p": "permutation", "rng": 1, "n_surrogates": 19},
    ),
    "optimize_strata, classes, held out": Example(
        "optimize_strata",
        _by_area(_numbers_and_classes),
        {"n_classes": [2, 3], "select": "cross_validated", "block": 2, "rng": 1, "n_folds": 2},
    ),
    "interaction_detector": Example(
        "interaction_detector",
        _field_and_zones,
        {"p": "permutation", "rng": 1, "n_surrogates": 19, "n_permutations": 9},
    ),
    "risk_detector": Example("risk_detector", _field_and_zones, {"n_strata": 3}),
    "risk_detector, weights": Example("risk_detector", _by_area(_field_and_zones), {"n_strata": 3}),
    "ecological_detector": Example(
        "ecological_detector", _field_and_zones, {"n_boot": 9, "rng": 1, "block": 2}
    ),
    "rgd": Example(
        "rgd",
        _field_and_factors,
        {"n_classes": [2, 3], "p": "permutation", "rng": 1, "n_surrogates": 19},
    ),
    "gozh": Example(
        "gozh",
        _field_and_factors,
        {"min_leaf": 1, "min_split": 2, "p": "permutation", "rng": 1, "n_surrogates": 19},
    ),
    "gozh, weights": Example("gozh", _by_area(_field_and_factors), {"min_leaf": 1, "min_split": 2}),
    "factor_detector, weights": Example(
        "factor_detector", _by_area(_field_and_zones), {"p": "none"}
    ),
    "scale_check": Example(
        "scale_check",
        _field_and_factors,
        {"grains": [1, 2], "spacings": [1, 2], "n_classes": 2},
    ),
    "fishnet": Example("fishnet", lambda: {"da": _on_map()["field"]}, {"spacing": 15.0}),
    "factor_detector": Example(
        "factor_detector", _field_and_zones, {"p": "permutation", "rng": 1, "n_surrogates": 19}
    ),
    "variogram": Example("variogram", _on_map, {"lag_width": 10.0, "max_lag": 15.0}),
    "variogram, directions": Example(
        "variogram",
        _on_map,
        {"lag_width": 10, "max_lag": 15, "azimuths": [0, 90], "estimator": "cressie"},
    ),
    "fit_variogram": Example(
        "fit_variogram", _variogram, {"models": ["linear", "spherical", "matern"]}
    ),
    "variogram_map": Example("variogram_map", _on_map, {"max_lag": 10.0}),
}
