"""soilscope: soil moisture in space, time and depth."""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

#: Public name -> module that holds it, loaded when the name is first used (PEP 562).
_PUBLIC = {
    "adjust_p_values": "analyse.significance",
    "agreement": "analyse.agreement",
    "blend_moisture": "prepare.blend",
    "change_point": "analyse.change_point",
    "composite": "prepare.composites",
    "cover_changes": "prepare.land_cover",
    "cover_strata": "prepare.land_cover",
    "depth_pattern": "analyse.profile",
    "discretize": "analyse.discretize",
    "downscale": "analyse.downscale",
    "drought_event_table": "analyse.events",
    "drought_events": "analyse.events",
    "ecological_detector": "analyse.ecological_detector",
    "factor_detector": "analyse.factor_detector",
    "fishnet": "grid.fishnet",
    "fit_downscaling": "analyse.fit_downscaling",
    "fit_variogram": "analyse.fit_variogram",
    "frozen_mask": "prepare.frozen",
    "gozh": "analyse.gozh",
    "index_parameters": "analyse.index",
    "index_state": "analyse.state",
    "interaction_detector": "analyse.interaction_detector",
    "interpolate_daily": "prepare.daily",
    "lst_difference": "prepare.lst",
    "mask_by_bits": "prepare.quality",
    "merge_layers": "prepare.layers",
    "merge_variograms": "analyse.variogram_merge",
    "onset_delay": "analyse.onset_delay",
    "open_source": "sources.catalogue",
    "optimize_strata": "analyse.optimize_strata",
    "overpass_temperature": "prepare.overpass",
    "partial_regression": "analyse.drivers",
    "pooled_agreement": "analyse.pooled_agreement",
    "recovery": "analyse.recovery",
    "regrid": "grid.regrid",
    "regional_mean": "analyse.regions",
    "rgd": "analyse.rgd",
    "risk_detector": "analyse.risk_detector",
    "run_study": "study.runner",
    "scale_check": "analyse.scale_check",
    "set_layers": "grid.depth",
    "smooth": "prepare.smoothing",
    "spatial_statistics": "analyse.spatial_statistics",
    "standardize": "analyse.index",
    "stratum_moments": "analyse.stratum_moments",
    "terrain": "prepare.terrain",
    "time_stability": "analyse.time_stability",
    "trend": "analyse.trend",
    "tvdi": "prepare.tvdi",
    "triple_collocation": "analyse.collocation",
    "valid_fraction": "grid.regrid",
    "vapour_pressure_deficit": "prepare.vapour",
    "variogram": "analyse.variogram",
    "variogram_map": "analyse.variogram_map",
}

__all__ = sorted(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'soilscope' has no attribute {name!r}")
    return getattr(import_module(f"soilscope.{_PUBLIC[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
