"""Months of inputs that are preliminary, and those that became final since the last run."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np

Sources = Sequence[Mapping[str, Any]]


def preliminary_months(
    sources: Sources, *, period: tuple[str, str] | None = None
) -> dict[str, list[str]]:
    """Return the months of each input that are preliminary, by what a cube's record says.

    >>> runs = [
    ...     {"first": "2001-01", "last": "2001-10", "status": "final"},
    ...     {"first": "2001-11", "last": "2002-01", "status": "preliminary"},
    ... ]
    >>> preliminary_months([{"name": "era5", "versions": runs}], period=("2001", "2001-12"))
    {'era5': ['2001-11', '2001-12']}
    """
    found = {}
    for source in sources:
        months = [
            month
            for run in source.get("versions", ())
            if run["status"] == "preliminary"
            for month in _months(run["first"], run["last"])
            if period is None or _within(month, period)
        ]
        if months:
            found[str(source["name"])] = months
    return found


def became_final(before: Sources, now: Sources) -> list[str]:
    """Say which months were preliminary in an earlier record and are final in this one."""
    final = {str(source["name"]): _final(source) for source in now}
    lines = []
    for name, months in preliminary_months(before).items():
        replaced = [month for month in months if month in final.get(name, ())]
        if replaced:
            lines.append(
                f"{name}: {in_words(replaced)} of the last run was preliminary and is final now; "
                "the cube is made anew with it."
            )
    return lines


def _final(source: Mapping[str, Any]) -> set[str]:
    """Return the final months; all of them, where nothing says that any is preliminary."""
    runs = source.get("versions", ())
    if not runs and source.get("period"):
        first, last = (stamp[:7] for stamp in source["period"])
        return set(_months(first, last))
    final = (run for run in runs if run["status"] == "final")
    return {month for run in final for month in _months(run["first"], run["last"])}


def in_words(months: Sequence[str]) -> str:
    """Write months as runs.

    >>> in_words(["2001-11", "2001-12", "2002-01", "2002-05"])
    '2001-11 to 2002-01, 2002-05'
    """
    counts = [int(np.datetime64(month, "M").astype(int)) for month in months]
    runs = [
        [month for _, month in run]
        for _, run in groupby(
            zip(counts, months, strict=True), key=lambda item: item[0] - months.index(item[1])
        )
    ]
    return ", ".join(" to ".join(dict.fromkeys((run[0], run[-1]))) for run in runs)


def _months(first: str, last: str) -> list[str]:
    start, stop = np.datetime64(first, "M"), np.datetime64(last, "M")
    return [str(month) for month in np.arange(start, stop + 1)]


def _within(month: str, period: tuple[str, str]) -> bool:
    first, last = (edge[:7] for edge in period)
    return first[: len(first)] <= month and month[: len(last)] <= last
