"""What a study may do and yet seldom means: said in the plan, in the run and in the report."""

from collections.abc import Mapping
from typing import Any

from soilscope.study.config import Analysis, Study
from soilscope.study.references import split_reference
from soilscope.times import is_monthly

#: Corrections that reject 17 % and more of true nulls at the 5 % level, from a lag-1
#: autocorrelation of 0.6 on (docs/methods/trend.md).
_FAIL_ON_MONTHS = ("none", "hamed_rao", "yue_wang", "tfpw")


def advice(study: Study, analysis: Analysis, inputs: Mapping[str, Any]) -> list[str]:
    """Say what is legal and yet seldom meant."""
    options = analysis.options
    if analysis.step == "trend":
        correction = options.get("correction", "none")
        if correction in _FAIL_ON_MONTHS and is_monthly(inputs["da"]["time"]):
            return [
                f"the trend of monthly data with correction: {correction} finds far too many "
                "significant trends, because of serial correlation; use annual means (composite, "
                "freq: YS) with correction: ar1."
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
