"""The one list of tables that a report can hold."""

from collections.abc import Callable, Mapping

from soilscope.report.reading import Study
from soilscope.report.tables.depth_patterns import patterns
from soilscope.report.tables.driest_years import driest_years
from soilscope.report.tables.drivers import drivers
from soilscope.report.tables.recovery import recoveries
from soilscope.report.tables.table import Table
from soilscope.report.tables.trends import trends


def all_tables(study: Study) -> list[Table]:
    """Every table that the results of `study` allow, in the order of the page."""
    made: list[Table] = []
    for name, record in study.analyses.items():
        maker = _MAKERS.get(record.step)
        if maker is not None:
            made += [table for table in (maker(study, name),) if table is not None]
    return made


_MAKERS: Mapping[str, Callable[[Study, str], Table | None]] = {
    "composite": driest_years,
    "regional_mean": driest_years,
    "trend": trends,
    "partial_regression": drivers,
    "depth_pattern": patterns,
    "recovery": recoveries,
}
