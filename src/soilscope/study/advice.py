"""What a study may do and yet seldom means: said in the plan, in the run and in the report."""

from collections.abc import Mapping
from typing import Any

from soilscope.study.config import Analysis, Study
from soilscope.study.references import split_reference
from soilscope.times import is_monthly


def advice(study: Study, analysis: Analysis, inputs: Mapping[str, Any]) -> list[str]:
    """Say what is legal and yet seldom meant."""
    options = analysis.options
    if analysis.step == "trend":
        bare = options.get("correction", "none") == "none" and options.get("season") is None
        if bare and is_monthly(inputs["da"]["time"]):
            return [
                "the trend of monthly data without correction for serial correlation finds far too "
                "many significant trends; use annual means with correction: prewhiten, or season: "
                "month with correction: hirsch_slack."
            ]
    if analysis.step == "partial_regression" and options.get("driver_anomaly") is None:
        owner, _ = split_reference(str(analysis.inputs["y"]))
        if _by_month(study, owner):
            return [
                "the response is an index by month but the drivers keep their seasonal cycle, "
                "which temperature will seem to explain; use driver_anomaly: month."
            ]
    return []


def _by_month(study: Study, name: str) -> bool:
    """Whether the analysis `name` is an index standardised by month."""
    analysis = study.analyses.get(name)
    if analysis is None or analysis.step != "standardize":
        return False
    parameters = analysis.inputs.get("parameters")
    source = study.analyses.get(str(parameters).split(".")[0], analysis) if parameters else analysis
    return bool(source.options.get("by", "month") == "month")
