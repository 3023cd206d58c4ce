"""Images of land surface temperature by satellite and date: which are taken, which are missing."""

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from soilscope.checks import require_choice
from soilscope.errors import SoilscopeWarning, SourceError
from soilscope.sources.timeaxis import show

Platform = Literal["terra", "aqua"]
Period = tuple[pd.Timestamp, pd.Timestamp] | None
Dates = set[np.datetime64]

#: Local solar hours at which a satellite passes, by day and by night.
_HOURS = {"terra": "some 10:30 and 22:30", "aqua": "some 13:30 and 1:30"}
_NAMED = {
    "terra": re.compile(r"(?<![A-Za-z])MOD\d\d|(?<![A-Za-z])Terra", re.IGNORECASE),
    "aqua": re.compile(r"(?<![A-Za-z])MYD\d\d|(?<![A-Za-z])Aqua", re.IGNORECASE),
}
_DAY = np.timedelta64(1, "D")


def platform_of(path: Path) -> str | None:
    """Return the satellite that a file is named for; None if its name does not tell.

    >>> platform_of(Path("MYD11A1.A2020001.h25v05.061.hdf")), platform_of(Path("2020_01_01.tif"))
    ('aqua', None)
    """
    return next((name for name, pattern in _NAMED.items() if pattern.search(path.name)), None)


def of_one_platform(files: Sequence[Path], platform: str | None) -> tuple[list[Path], str | None]:
    """Return the files of one satellite and its name; refuse a mix where none is chosen."""
    if platform is not None:
        require_choice(platform, _HOURS, name="platform")
    named = {path: platform_of(path) for path in files}
    found = {name for name in named.values() if name is not None}
    if platform is None:
        if len(found) > 1:
            raise SourceError(
                f"{files[0]} and its like are of both Terra, which passes at {_HOURS['terra']} "
                f"local solar time, and Aqua, at {_HOURS['aqua']}: write platform: terra or "
                "platform: aqua, and open the other as a second input."
            )
        return list(files), next(iter(found), None)
    kept = [path for path, name in named.items() if name in (platform, None)]
    if not kept:
        raise SourceError(
            f"{files[0]} and its like are of {_said(found)} alone, and platform: {platform} was "
            "asked for; add its files, or leave platform out."
        )
    return kept, platform


def near_period(
    files: Sequence[Path],
    period: Period,
    date_of: Callable[[Path], np.datetime64 | None],
    *,
    margin: int,
) -> list[Path]:
    """Leave out files whose names tell a date more than `margin` days outside of the period."""
    if period is None:
        return list(files)
    first, last = (np.datetime64(stamp, "ns") for stamp in period)
    slack = margin * _DAY
    dates = {path: date_of(path) for path in files}
    inside = [p for p, d in dates.items() if d is None or first - slack <= d <= last + slack]
    return inside or list(files)


def tell_missing_dates(
    dates: Mapping[str, Dates], *, days: int, period: Period, file: str, stacklevel: int = 4
) -> None:
    """Warn of dates that no file holds, and of those that one variable has and another lacks.

    Images follow one another by `days`; those of several days begin anew on each 1 January.
    """
    held = {name: _within(own, period) for name, own in dates.items()}
    every: Dates = set().union(*held.values())
    if not every:
        return
    lost = _expected(every, days) - every
    _warn(lost, f"{file} hold no image for", len(every) + len(lost), stacklevel)
    for name, own in held.items():
        lacking = every - own
        if own and lacking:
            others = ", ".join(other for other in held if other != name)
            _warn(lacking, f"{file} hold {others}, but no {name} for", len(every), stacklevel)


def _warn(absent: Dates, words: str, n: int, stacklevel: int) -> None:
    if absent:
        ordered = sorted(absent)
        listed = ", ".join(show(stamp)[:10] for stamp in ordered[:4])
        warnings.warn(
            f"{words} {len(ordered)} of {n} dates ({listed}{' ...' if len(ordered) > 4 else ''}); "
            "these are missing. Add the files, if there are any.",
            SoilscopeWarning,
            stacklevel=stacklevel + 1,
        )


def _expected(held: Dates, days: int) -> Dates:
    first, last = min(held), max(held)
    if days == 1:
        return {stamp.astype("datetime64[ns]") for stamp in np.arange(first, last, _DAY)}
    years = range(pd.Timestamp(first).year, pd.Timestamp(last).year + 1)
    starts = {
        np.datetime64(f"{year}-01-01", "ns") + day * _DAY
        for year in years
        for day in range(0, 365, days)
    }
    # composites of users may begin on other days: then nothing is known of those that lack
    return {s for s in starts if first < s < last} if held <= starts else set()


def _within(own: Dates, period: Period) -> Dates:
    if period is None:
        return own
    first, last = (np.datetime64(stamp, "ns") for stamp in period)
    return {stamp for stamp in own if first <= stamp <= last}


def _said(found: set[str]) -> str:
    return " and ".join(sorted(name.capitalize() for name in found))
