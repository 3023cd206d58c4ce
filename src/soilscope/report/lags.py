"""Regressions that differ only in the lag of one driver: a lag profile."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from soilscope.report.reading import Study


@dataclass(frozen=True)
class LagFamily:
    """Results with one driver at several lags, the shortest first."""

    driver: str  # as the regression names it
    lags: tuple[int, ...]  # months
    results: tuple[str, ...]


def lag_family(study: Study, name: str) -> LagFamily | None:
    """Regressions like `name` apart from the lag of one driver; None if `name` stands alone."""
    mine = study.records[name]
    family = [
        other
        for other in study.of_step("partial_regression")
        if study.records[other].inputs == mine.inputs and _rest(study, other) == _rest(study, name)
    ]
    lags = {other: _lags(study.records[other].options.get("lags")) for other in family}
    moved = {driver for one in lags.values() for driver in one}
    if len(moved) != 1:
        return None
    driver = moved.pop()
    at = {one.get(driver, 0): other for other, one in reversed(lags.items())}
    if len(at) < 2:
        return None
    ordered = tuple(sorted(at))
    return LagFamily(driver, ordered, tuple(at[lag] for lag in ordered))


def stands_for_family(study: Study, name: str) -> bool:
    """Whether `name` stands alone, or is the one of its family with the shortest lag."""
    family = lag_family(study, name)
    return family is None or name == family.results[0]


def _rest(study: Study, name: str) -> dict[str, Any]:
    return {k: v for k, v in study.records[name].options.items() if k != "lags"}


def _lags(option: Mapping[str, int] | None) -> dict[str, int]:
    return {str(driver): int(lag) for driver, lag in (option or {}).items() if int(lag)}


def lag_word(lag: int) -> str:
    """Say a lag: 'same month', '1 month before', '2 months before'."""
    return {0: "same month", 1: "1 month before"}.get(lag, f"{lag} months before")
