"""The days that files are of, by their names, and those that are missing between them."""

import re
from pathlib import PurePosixPath

import numpy as np
import numpy.typing as npt

from soilscope.errors import SourceError
from soilscope.sources.declared import Declared
from soilscope.sources.modis_layers import named_date
from soilscope.sources.timeaxis import Step
from soilscope.study.file_series import Series, missing_between

Days = npt.NDArray[np.datetime64]

#: Day and time of day as one number: 20150101000000.
_STAMP = re.compile(r"(?<!\d)(\d{8})\d{6}(?!\d)")
_SHOWN = 6


def named_days(series: Series) -> Days:
    """Return the days of the names, in order and each once; none where a name tells none.

    >>> from pathlib import Path
    >>> print(named_days(Series(Path(), ("a_20150101000000.nc", "a_20150103000000.nc"))))
    ['2015-01-01' '2015-01-03']
    """
    found = []
    for file in series.files:
        path = PurePosixPath(_STAMP.sub(r"\1", PurePosixPath(file).name))
        try:
            day = named_date(path, Declared())  # type: ignore[arg-type]
        except SourceError:
            day = None
        if day is None:
            return np.array([], "datetime64[D]")
        found.append(day)
    return np.unique(np.array(found, "datetime64[D]"))


def step_of(series: Series) -> Step:
    """Say how far files of one date each lie apart, by their names."""
    counts = [year * 12 + (month or 1) for year, month in series.months]
    if len(counts) > 1 and all(month is not None for _, month in series.months):
        steps = np.diff(sorted(counts))
        if steps.min() >= 1 and np.median(steps) == 1:
            return "month"
    days = named_days(series)
    if days.size < 2:
        return "one" if len(counts) < 2 else "other"
    usual = np.median(np.diff(days).astype(int))
    return "day" if usual == 1 and days.size == len(series.files) else "other"


def missing_days(series: Series) -> tuple[str, ...]:
    """Say which days, or periods of several days, have no file between the first and the last.

    >>> from pathlib import Path
    >>> missing_days(Series(Path(), tuple(f"a_201501{d:02d}.nc" for d in (1, 2, 5, 6, 7))))
    ('2 day(s) missing: 2015-01-03 to 2015-01-04',)
    """
    days = named_days(series)
    if days.size < 3 or step_of(series) == "month":
        return ()
    steps = np.diff(days).astype(int)
    usual = int(np.median(steps))
    holes = np.flatnonzero(steps > 1.5 * usual)
    if not holes.size:
        return ()
    lost = sum(round(int(steps[at]) / usual) - 1 for at in holes)
    spans = [(days[at] + usual, days[at + 1] - usual) for at in holes]
    told = [str(a) if b <= a else f"{a} to {b}" for a, b in spans]
    shown = ", ".join(told[:_SHOWN]) + (f" ... {told[-1]}" if len(told) > _SHOWN else "")
    word = "day(s)" if usual == 1 else f"period(s) of {usual} days"
    return (f"{lost} {word} missing: {shown}",)


def missing_months(months: list[tuple[int, int | None]]) -> tuple[str, ...]:
    """Say which months, or years, are missing between the first and the last.

    >>> missing_months([(2000, None), (2002, None)])
    ('1 year(s) missing: 2001',)
    """
    absent = missing_between(months)
    if not absent:
        return ()
    shown = ", ".join(absent[:_SHOWN]) + (f" ... {absent[-1]}" if len(absent) > _SHOWN else "")
    word = "month(s)" if "-" in absent[0] else "year(s)"
    return (f"{len(absent)} {word} missing: {shown}",)
