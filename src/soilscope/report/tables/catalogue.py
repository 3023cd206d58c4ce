"""The one list of tables that a report can hold."""

from collections.abc import Callable, Mapping

from soilscope.report.reading import Study
from soilscope.report.tables.agreements import agreements
from soilscope.report.tables.depth_patterns import patterns
from soilscope.report.tables.detector import (
    classes,
    comparisons,
    cuts,
    factors,
    interactions,
    risks,
)
from soilscope.report.tables.driest_years import driest_years
from soilscope.report.tables.drivers import drivers
from soilscope.report.tables.inputs import inputs_table
from soilscope.report.tables.lags import lag_table
from soilscope.report.tables.onsets import onsets
from soilscope.report.tables.parts_of_records import changes
from soilscope.report.tables.recovery import recoveries
from soilscope.report.tables.relations import relations
from soilscope.report.tables.scales import scales, zone_pairs
from soilscope.report.tables.table import Table
from soilscope.report.tables.trends import trends
from soilscope.report.tables.variation import stabilities, statistics
from soilscope.report.tables.variograms import directions, models, points

Maker = Callable[[Study, str], Table | None]

_MAKERS: Mapping[str, tuple[Maker, ...]] = {
    "cube": (inputs_table,),
    "fit_downscaling": (relations,),
    "spatial_statistics": (statistics,),
    "time_stability": (stabilities,),
    "fit_variogram": (models, points),
    "variogram": (points,),
    "variogram_map": (directions,),
    "optimize_strata": (classes,),
    "discretize": (cuts,),
    "factor_detector": (factors,),
    "rgd": (factors, classes),
    "gozh": (factors, zone_pairs),
    "scale_check": (scales,),
    "interaction_detector": (interactions,),
    "risk_detector": (risks,),
    "ecological_detector": (comparisons,),
    "composite": (driest_years,),
    "regional_mean": (driest_years,),
    "onset_delay": (onsets,),
    "trend": (trends,),
    "change_point": (changes,),
    "partial_regression": (drivers, lag_table),
    "depth_pattern": (patterns,),
    "pooled_agreement": (agreements,),
    "agreement": (agreements,),
    "recovery": (recoveries,),
}


def all_tables(study: Study) -> list[Table]:
    """Every table that the results of `study` allow, in the order of the page."""
    made = [
        maker(study, name)
        for name, record in study.records.items()
        for maker in _MAKERS.get(record.step, ())
    ]
    return [table for table in made if table is not None]
