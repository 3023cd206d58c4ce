"""The one list of steps that a study can name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import xarray as xr

from soilscope.lineage import inherit
from soilscope.study.slabs import Along

Data = xr.DataArray | xr.Dataset


@dataclass(frozen=True)
class Step:
    """A public function as a step: what it takes, and how the runner may split its work."""

    run: Callable[..., Data]
    inputs: tuple[str, ...]  # its positional parameters: data that a study must name
    optional: tuple[str, ...] = ()  # keyword-only parameters that take data and may be left out
    whole: Callable[[Mapping[str, Any]], bool] = lambda _: False  # needs everything at once?
    along: Along = "space"  # slabs are blocks of cells, or of time where whole fields are needed
    version: int = 1  # raise when the numbers change

    def result(self, inputs: Mapping[str, Data], options: Mapping[str, Any]) -> xr.Dataset:
        """Run on inputs; the result inherits their lineage."""
        made = self.run(**inputs, **options)
        if isinstance(made, xr.DataArray):
            made = made.to_dataset(name=made.name or "value")
        return inherit(made, *_arrays(inputs))

    @property
    def data_parameters(self) -> tuple[str, ...]:
        """Every parameter that takes data."""
        return self.inputs + self.optional


def _arrays(inputs: Mapping[str, Data]) -> list[xr.DataArray]:
    """Every array of the inputs: in a Dataset each variable has a lineage of its own."""
    return [
        da
        for obj in inputs.values()
        for da in (obj.data_vars.values() if isinstance(obj, xr.Dataset) else (obj,))
    ]


def _always(_: Mapping[str, Any]) -> bool:
    return True


def _if_pooled(options: Mapping[str, Any]) -> bool:
    """Whether the reference is taken over the region; given parameters make every cell separate."""
    return options.get("parameters") is None and str(options.get("reference")).startswith("pooled")


def _if_regions(options: Mapping[str, Any]) -> bool:
    """Whether cells are averaged over regions."""
    return options.get("regions") is not None


def _steps() -> dict[str, Step]:
    from soilscope.analyse.agreement import agreement
    from soilscope.analyse.change_point import change_point
    from soilscope.analyse.collocation import triple_collocation
    from soilscope.analyse.discretize import discretize
    from soilscope.analyse.downscale import downscale
    from soilscope.analyse.drivers import partial_regression
    from soilscope.analyse.ecological_detector import ecological_detector
    from soilscope.analyse.events import drought_events
    from soilscope.analyse.factor_detector import factor_detector
    from soilscope.analyse.fit_downscaling import fit_downscaling
    from soilscope.analyse.fit_variogram import fit_variogram
    from soilscope.analyse.gozh import gozh
    from soilscope.analyse.index import index_parameters, standardize
    from soilscope.analyse.interaction_detector import interaction_detector
    from soilscope.analyse.onset_delay import onset_delay
    from soilscope.analyse.optimize_strata import optimize_strata
    from soilscope.analyse.pooled_agreement import pooled_agreement
    from soilscope.analyse.profile import depth_pattern
    from soilscope.analyse.recovery import recovery
    from soilscope.analyse.regions import regional_mean
    from soilscope.analyse.rgd import rgd
    from soilscope.analyse.risk_detector import risk_detector
    from soilscope.analyse.scale_check import scale_check
    from soilscope.analyse.significance import adjust_p_values
    from soilscope.analyse.spatial_statistics import spatial_statistics
    from soilscope.analyse.state import index_state
    from soilscope.analyse.time_stability import time_stability
    from soilscope.analyse.trend import trend
    from soilscope.analyse.variogram import variogram
    from soilscope.analyse.variogram_map import variogram_map
    from soilscope.grid.fishnet import fishnet
    from soilscope.prepare.blend import blend_moisture
    from soilscope.prepare.composites import composite
    from soilscope.prepare.daily import interpolate_daily
    from soilscope.prepare.frozen import frozen_mask
    from soilscope.prepare.land_cover import cover_changes, cover_strata
    from soilscope.prepare.layers import merge_layers
    from soilscope.prepare.lst import lst_difference
    from soilscope.prepare.quality import mask_by_bits
    from soilscope.prepare.smoothing import smooth
    from soilscope.prepare.terrain import terrain
    from soilscope.prepare.tvdi import tvdi
    from soilscope.prepare.vapour import vapour_pressure_deficit

    return {
        "merge_layers": Step(merge_layers, ("sm",)),
        "composite": Step(composite, ("da",), optional=("days",)),
        "smooth": Step(smooth, ("da",), optional=("weights", "days")),
        "interpolate_daily": Step(interpolate_daily, ("da",), optional=("days",)),
        "tvdi": Step(tvdi, ("lst", "ndvi"), whole=_always),
        "vapour_pressure_deficit": Step(
            vapour_pressure_deficit,
            ("dewpoint",),
            optional=("temperature_max", "temperature_min", "temperature"),
        ),
        "cover_strata": Step(cover_strata, ("land_cover",)),
        "cover_changes": Step(cover_changes, ("land_cover",)),
        "lst_difference": Step(lst_difference, ("day", "night")),
        "mask_by_bits": Step(mask_by_bits, ("da", "quality")),
        "terrain": Step(terrain, ("dem",), whole=_always),
        "frozen_mask": Step(frozen_mask, ("temperature",), optional=("snow", "flag")),
        "blend_moisture": Step(blend_moisture, ("primary", "secondary")),
        "index_parameters": Step(index_parameters, ("da",), whole=_if_pooled),
        "standardize": Step(standardize, ("da",), optional=("parameters",), whole=_if_pooled),
        "index_state": Step(index_state, ("ssmi",)),
        "drought_events": Step(drought_events, ("ssmi",)),
        "onset_delay": Step(onset_delay, ("ssmi",), version=2),
        "trend": Step(trend, ("da",), version=2),
        "change_point": Step(change_point, ("da",)),
        "adjust_p_values": Step(adjust_p_values, ("p",), whole=_always),
        "partial_regression": Step(partial_regression, ("y", "drivers")),
        "agreement": Step(
            agreement, ("product", "reference"), optional=("regions",), whole=_if_regions
        ),
        "pooled_agreement": Step(
            pooled_agreement, ("product", "reference"), optional=("regions",), whole=_always
        ),
        "triple_collocation": Step(triple_collocation, ("a", "b", "c")),
        "regional_mean": Step(regional_mean, ("da",), optional=("regions",), whole=_always),
        "depth_pattern": Step(
            depth_pattern,
            ("state", "trend"),
            optional=("effects", "regions", "regional_trend"),
            whole=_always,
        ),
        "fit_downscaling": Step(
            fit_downscaling,
            ("coarse_sm", "coarse_dlst", "land_cover", "ndvi"),
            optional=("frozen", "fine_dlst"),
            whole=_always,
        ),
        "downscale": Step(
            downscale,
            ("model", "fine_dlst", "land_cover", "ndvi", "coarse_product"),
            optional=("coarse_source", "coarse_uncertainty", "frozen", "porosity"),
            along="time",
        ),
        "spatial_statistics": Step(
            spatial_statistics, ("da",), optional=("regions",), along="time"
        ),
        "time_stability": Step(time_stability, ("da",), whole=_always),
        "discretize": Step(discretize, ("x",), whole=_always),
        "factor_detector": Step(
            factor_detector, ("y", "strata"), optional=("weights",), whole=_always
        ),
        "optimize_strata": Step(
            optimize_strata, ("y", "factors"), optional=("weights",), whole=_always
        ),
        "interaction_detector": Step(
            interaction_detector, ("y", "strata"), optional=("weights",), whole=_always
        ),
        "risk_detector": Step(risk_detector, ("y", "strata"), optional=("weights",), whole=_always),
        "ecological_detector": Step(
            ecological_detector, ("y", "strata"), optional=("weights",), whole=_always
        ),
        "rgd": Step(rgd, ("y", "factors"), optional=("weights",), whole=_always),
        "gozh": Step(gozh, ("y", "factors"), optional=("weights",), whole=_always),
        "scale_check": Step(scale_check, ("y", "factors"), whole=_always),
        "fishnet": Step(fishnet, ("da",), whole=_always),
        "recovery": Step(recovery, ("estimate", "truth"), whole=_always),
        "variogram": Step(variogram, ("field",), whole=_always),
        "fit_variogram": Step(fit_variogram, ("vg",), whole=_always),
        "variogram_map": Step(variogram_map, ("field",), whole=_always),
    }


STEPS: dict[str, Step] = _steps()
