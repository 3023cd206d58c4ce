"""The one list of figures that a report can hold, in the order of the page."""

from soilscope.report.figures import (
    agreement_density,
    annual_lines,
    change_maps,
    change_matrix,
    class_breaks,
    class_search,
    coefficient_maps,
    coefficient_matrix,
    depth_patterns,
    dominant_maps,
    driver_profiles,
    event_maps,
    event_matrix,
    factor_heatmap,
    field_statistics,
    index_heatmap,
    interaction_matrices,
    lag_maps,
    lag_profile,
    leading_factors,
    lineage_graph,
    month_maps,
    onset_maps,
    onset_profile,
    qq_plots,
    recovery_density,
    relation_lines,
    risk_maps,
    risk_strata,
    scale_lines,
    seam_maps,
    site_map,
    slope_pairs,
    stability_maps,
    state_maps,
    state_matrix,
    study_area,
    trend_maps,
    trend_matrix,
    trend_profiles,
    variogram_panels,
    window_matrix,
)
from soilscope.report.plates import FigureKind

_SERIES = ("composite", "regional_mean")
_DRIVERS = ("partial_regression",)

FIGURES: tuple[FigureKind, ...] = (
    FigureKind("study-area", "area", ("cube",), "any", (), study_area.plates),
    FigureKind("site-map", "area", ("cube",), "any", (), site_map.plates),
    FigureKind("lineage", "area", ("cube",), "any", (), lineage_graph.plates),
    FigureKind(
        "relations", "downscaling", ("fit_downscaling",), "any", (), relation_lines.plates
    ),
    FigureKind("downscaled", "downscaling", ("downscale",), "grid", (), month_maps.plates),
    FigureKind("dryness", "downscaling", ("tvdi",), "grid", (), month_maps.dryness_plates),
    FigureKind("seams", "downscaling", ("downscale",), "grid", (), seam_maps.plates),
    FigureKind(
        "field-statistics", "variation", ("spatial_statistics",), "any", ("time",),
        field_statistics.plates,
    ),
    FigureKind(
        "qq", "variation", ("spatial_statistics",), "any", ("time", "probability"), qq_plots.plates
    ),
    FigureKind(
        "stability-maps", "variation", ("time_stability",), "grid", (), stability_maps.plates
    ),
    FigureKind(
        "variograms", "variogram", ("variogram", "fit_variogram"), "any", (),
        variogram_panels.plates,
    ),
    FigureKind(
        "lag-maps", "variogram", ("variogram_map",), "any", ("lag_north",), lag_maps.plates
    ),
    FigureKind(
        "factor-heatmap", "detector", ("factor_detector", "rgd", "gozh"), "any", ("factor",),
        factor_heatmap.plates,
    ),
    FigureKind(
        "leading-factors", "detector", ("factor_detector", "gozh"), "any", ("factor",),
        leading_factors.plates,
    ),
    FigureKind(
        "interactions", "detector", ("interaction_detector",), "any", ("factor",),
        interaction_matrices.plates,
    ),
    FigureKind(
        "class-search", "detector", ("optimize_strata", "rgd"), "any", ("factor",),
        class_search.plates,
    ),
    FigureKind(
        "class-breaks", "detector", ("optimize_strata", "rgd", "discretize"), "any", ("edge",),
        class_breaks.plates,
    ),
    FigureKind("risk-maps", "detector", ("risk_detector",), "any", ("factor",), risk_maps.plates),
    FigureKind(
        "risk-strata", "detector", ("risk_detector",), "any", ("factor",), risk_strata.plates
    ),
    FigureKind("scale", "detector", ("scale_check",), "any", ("factor",), scale_lines.plates),
    FigureKind("heatmap", "index", _SERIES, "places", ("time", "depth"), index_heatmap.plates),
    FigureKind("state-maps", "index", ("index_state",), "grid", (), state_maps.plates),
    FigureKind("state-matrix", "index", ("index_state",), "places", (), state_matrix.plates),
    FigureKind("event-maps", "events", ("drought_events",), "grid", (), event_maps.plates),
    FigureKind("event-matrix", "events", ("drought_events",), "places", (), event_matrix.plates),
    FigureKind("onset-maps", "events", ("onset_delay",), "grid", ("depth",), onset_maps.plates),
    FigureKind(
        "onset-profile", "events", ("onset_delay",), "places", ("depth",), onset_profile.plates
    ),
    FigureKind("lines", "trend", ("trend",), "places", (), annual_lines.plates),
    FigureKind("trend-matrix", "trend", ("trend",), "places", (), trend_matrix.plates),
    FigureKind("trend-profiles", "trend", ("trend",), "places", ("depth",), trend_profiles.plates),
    FigureKind("slope-pairs", "trend", ("trend",), "places", ("depth",), slope_pairs.plates),
    FigureKind("trend-maps", "trend", ("trend",), "grid", (), trend_maps.plates),
    FigureKind("window-matrix", "trend", ("trend",), "places", ("window",), window_matrix.plates),
    FigureKind("window-maps", "trend", ("trend",), "grid", ("window",), trend_maps.plates),
    FigureKind("change-matrix", "trend", ("change_point",), "places", (), change_matrix.plates),
    FigureKind("change-maps", "trend", ("change_point",), "grid", (), change_maps.plates),
    FigureKind(
        "coefficient-matrix", "drivers", _DRIVERS, "places", ("driver",), coefficient_matrix.plates
    ),
    FigureKind(
        "driver-profiles", "drivers", _DRIVERS, "places", ("driver", "depth"),
        driver_profiles.plates,
    ),
    FigureKind(
        "lag-profile", "drivers", _DRIVERS, "places", ("driver", "depth"), lag_profile.plates
    ),
    FigureKind(
        "coefficient-maps", "drivers", _DRIVERS, "grid", ("driver",), coefficient_maps.plates
    ),
    FigureKind("dominant-maps", "drivers", _DRIVERS, "grid", ("driver",), dominant_maps.plates),
    FigureKind(
        "depth-patterns", "depth", ("depth_pattern",), "places", ("region", "depth"),
        depth_patterns.plates,
    ),
    FigureKind(
        "agreement", "agreement", ("pooled_agreement",), "any", (), agreement_density.plates
    ),
    FigureKind("recovery", "recovery", ("recovery",), "any", (), recovery_density.plates),
)  # fmt: skip
