"""Time stamps of a file: calendars, dates in file names, order, and the time step."""

import re
from collections.abc import Sequence, Sized
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from soilscope.errors import InputError, SourceError
from soilscope.times import is_time_like, month_count

#: "one": a single stamp, whose step is unknown; "none": no time at all.
Step = Literal["month", "day", "other", "one", "none"]
Stamps = npt.NDArray[np.datetime64]

#: Share of the months with a single stamp above which a time axis is monthly.
_MONTHLY = 0.5
_REAL_CALENDARS = ("standard", "gregorian", "proleptic_gregorian")
_DIRECTIVES = {
    "%Y": r"(?P<year>\d{4})",
    "%m": r"(?P<month>\d{2})",
    "%d": r"(?P<day>\d{2})",
    "%j": r"(?P<doy>\d{3})",
    "%H": r"(?P<hour>\d{2})",
}


def time_step(time: xr.DataArray | None) -> Step:
    """Return the step of a time axis: one stamp a month, one a day, or something else."""
    if time is None:
        return "none"
    if time.size < 2:
        return "one"
    gaps = np.diff(month_count(time))
    if gaps.min() >= 1 and np.median(gaps) == 1:
        return "month"
    days = np.diff(time.values.astype("datetime64[s]")) / np.timedelta64(1, "D")
    return "day" if abs(np.median(days) - 1.0) < 1e-6 else "other"


def decode_stamps(time: xr.DataArray, *, file: str, time_format: str | None) -> Stamps:
    """Return the stamps of `time` as datetime64[ns].

    Monthly stamps of a calendar without real dates (noleap, 360_day) are mapped onto calendar
    months; finer ones are refused.
    """
    if np.issubdtype(time.dtype, np.datetime64):
        return time.values.astype("datetime64[ns]")
    if time_format is not None:
        return parse_stamps(time.values, time_format, where=f"{time.name!r} in {file}")
    if not is_time_like(time):
        raise SourceError(
            f"time {time.name!r} in {file} holds {time.dtype} without usable units such as "
            "'days since 2000-01-01'; write time_format, as in '%Y%m', or mend the file."
        )
    calendar = str(time.dt.calendar)
    if calendar in _REAL_CALENDARS:
        text = [stamp.isoformat() for stamp in time.values]
        return np.array(text, dtype="datetime64[ns]")
    if time_step_of_months(time):
        months = month_count(time) - 1970 * 12
        return months.astype("datetime64[M]").astype("datetime64[ns]")
    raise SourceError(
        f"time in {file} has the calendar {calendar!r}, whose days are not real dates; average "
        "it to months first, or convert it with xarray's convert_calendar('standard')."
    )


def time_step_of_months(time: xr.DataArray) -> bool:
    """Whether neighbouring stamps lie in different calendar months (one stamp passes)."""
    return time.size == 1 or bool(abs(np.diff(month_count_unsorted(time))).min() >= 1)


def month_count_unsorted(time: xr.DataArray) -> npt.NDArray[np.int64]:
    """Calendar months since year 0, without a check of the order."""
    return np.asarray(time.dt.year.values * 12 + time.dt.month.values - 1, dtype=np.int64)


def parse_stamps(values: npt.NDArray[np.generic], time_format: str, *, where: str) -> Stamps:
    """Parse numbers or texts such as 200501 by a strptime pattern."""
    text = [str(int(v)) if isinstance(v, (float, np.floating)) else str(v) for v in values.ravel()]
    try:
        return np.asarray(pd.to_datetime(text, format=time_format), dtype="datetime64[ns]")
    except ValueError:
        bad = next((t for t in text if not _parses(t, time_format)), text[0])
        raise SourceError(
            f"{where} holds {bad!r}, which does not fit time_format {time_format!r}."
        ) from None


def stamp_from_name(path: Path, pattern: str) -> np.datetime64:
    """Read the date in a file name by a strptime pattern, or by a regular expression.

    >>> print(stamp_from_name(Path("ndvi_2003_07.tif"), "%Y_%m"))
    2003-07-01T00:00:00.000000000
    """
    regex = pattern
    if "(?P<" not in pattern:
        regex = re.escape(pattern)
        for directive, group in _DIRECTIVES.items():
            regex = regex.replace(re.escape(directive), group)
    try:
        match = re.search(regex, path.name)
    except re.error as fault:
        raise InputError(f"time_from_name {pattern!r} is not a pattern: {fault}.") from None
    if match is None or "year" not in match.groupdict():
        raise SourceError(
            f"no date in the file name {path.name!r} by time_from_name {pattern!r}; it takes "
            "%Y %m %d %j %H, as in 'ndvi_%Y_%m', or a regular expression with the groups year, "
            "month, day, doy, hour."
        )
    return _stamp({k: int(v) for k, v in match.groupdict().items() if v}, path)


def require_order(stamps: Stamps, *, file: str) -> None:
    """Refuse stamps that are missing, repeated, or not in ascending order."""
    if np.isnat(stamps).any():
        raise SourceError(
            f"time in {file} has a missing stamp (number {np.isnat(stamps).argmax() + 1}); "
            "drop it, with ds.sel(time=ds.time.notnull())."
        )
    steps = np.diff(stamps).astype(np.int64)
    if (steps > 0).all():
        return
    values, counts = np.unique(stamps, return_counts=True)
    if (counts > 1).any():
        raise SourceError(
            f"time in {file} holds {show(values[counts > 1][0])} twice"
            f"{_more((counts > 1).sum())}; keep one of them, with "
            "ds.drop_duplicates('time'), and see that no two files overlap."
        )
    at = int((steps <= 0).argmax())
    raise SourceError(
        f"time in {file} is not in ascending order: {show(stamps[at + 1])} follows "
        f"{show(stamps[at])}; sort it, with ds.sortby('time')."
    )


def require_apart(parts: Sequence[tuple[str, Stamps]]) -> None:
    """Refuse files (each named, with its stamps) of which two hold one time, or one month.

    A month counts as held twice where the others are held once: monthly files may bear stamps of
    the first or the middle of a month, and a mean of both would be silent.
    """
    stamps = np.concatenate([stamps for _, stamps in parts])
    owner = np.repeat(np.arange(len(parts)), [stamps.size for _, stamps in parts])
    order = np.argsort(stamps, kind="stable")
    stamps, owner = stamps[order], owner[order]
    for unit, what in (("ns", "time"), ("M", "the months")):
        times = stamps.astype(f"datetime64[{unit}]")
        twice = np.flatnonzero(times[1:] == times[:-1])
        if not twice.size or (unit == "M" and not _one_a_month(times)):
            continue
        at = int(twice[0])
        files = list(dict.fromkeys(parts[owner[i]][0] for i in (at, at + 1)))
        which = show(stamps[at])
        if unit == "M":
            which = f"{times[at]} ({which} and {show(stamps[at + 1])})"
        where = f"in {files[0]}" if len(files) == 1 else f"in {files[0]} and in {files[1]}"
        raise SourceError(
            f"{what} hold{'s' if unit == 'ns' else ''} {which} twice{_more(twice.size)} ({where}); "
            "keep one of them, and see that no two files overlap."
        )


def _one_a_month(months: npt.NDArray[np.datetime64]) -> bool:
    """Whether stamps are monthly but for a few."""
    distinct, counts = np.unique(months, return_counts=True)
    steps = np.diff(distinct).astype(int)
    return bool(distinct.size > 2 and np.median(steps) == 1 and np.mean(counts == 1) > _MONTHLY)


def read_period(period: Sequence[object] | None) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """Return the first and last instant of `period`, such as ("1980-01", "2022-12")."""
    if period is None:
        return None
    fault = f"period is {period!r}; give its first and last month, as in [1980-01, 2022-12]."
    if isinstance(period, str) or not isinstance(period, Sized) or len(period) != 2:
        raise InputError(fault)
    try:
        start, end = pd.Period(str(period[0])).start_time, pd.Period(str(period[1])).end_time
    except ValueError:
        raise InputError(fault) from None
    if start > end:
        raise InputError(f"period ends before it starts: {period[0]} to {period[1]}.")
    return start, end


def show(stamp: object) -> str:
    """Write a stamp as briefly as it is exact."""
    return str(pd.Timestamp(stamp)).removesuffix(" 00:00:00")


def _more(n: int) -> str:
    return f" (and {n - 1} more)" if n > 1 else ""


def _parses(text: str, time_format: str) -> bool:
    try:
        pd.to_datetime(text, format=time_format)
    except ValueError:
        return False
    return True


def _stamp(parts: dict[str, int], path: Path) -> np.datetime64:
    try:
        day = pd.Timestamp(parts["year"], parts.get("month", 1), parts.get("day", 1))
    except ValueError as fault:
        raise SourceError(
            f"the date in the file name {path.name!r} does not exist: {fault}."
        ) from None
    if "doy" in parts:
        day += pd.Timedelta(days=parts["doy"] - 1)
    return np.datetime64(day + pd.Timedelta(hours=parts.get("hour", 0)), "ns")
