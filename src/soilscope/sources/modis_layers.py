"""The layers of MODIS vegetation files, and how names tell them and their dates."""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from soilscope.errors import SourceError
from soilscope.sources.declared import Declared, Variable
from soilscope.sources.timeaxis import stamp_from_name

VARIABLES = (
    Variable(
        "ndvi",
        ("1 km 16 days NDVI",),
        units="1",
        scale=0.0001,
        missing=(-3000.0,),
        valid=(-2000.0, 10000.0),
    ),
    Variable(
        "evi",
        ("1 km 16 days EVI",),
        units="1",
        scale=0.0001,
        missing=(-3000.0,),
        valid=(-2000.0, 10000.0),
    ),
    Variable(
        "ndvi_day",
        ("1 km 16 days composite day of the year",),
        units="d",
        missing=(-1.0,),
        valid=(1.0, 366.0),
    ),
)
RELIABILITY = Variable(
    "reliability", ("1 km 16 days pixel reliability",), units="1", missing=(-1.0, 255.0)
)
INDICES = ("ndvi", "evi")
#: What a layer is by its name, in files of any resolution and period; the first that fits.
_LAYERS = (
    ("reliability", re.compile(r"pixel[ _]reliability|SummaryQA", re.IGNORECASE)),
    ("ndvi_day", re.compile(r"composite[ _]day[ _]of[ _]the[ _]year|DayOfYear", re.IGNORECASE)),
    ("ndvi", re.compile(r"(?<![A-Za-z])NDVI(?![A-Za-z]|[ _]std)", re.IGNORECASE)),
    ("evi", re.compile(r"(?<![A-Za-z])EVI(?![A-Za-z]|2(?!\d)|[ _]std)", re.IGNORECASE)),
)
#: Dates in names; the first that fits.
_DATES = (
    r"doy(?P<year>\d{4})(?P<doy>\d{3})",
    r"(?<![A-Za-z0-9])A(?P<year>\d{4})(?P<doy>\d{3})(?!\d)",
    r"(?<!\d)(?P<year>\d{4})[_-](?P<month>\d{2})[_-](?P<day>\d{2})(?!\d)",
    r"(?<!\d)(?P<year>\d{4})_(?P<doy>\d{3})(?!\d)",
    r"(?<!\d)(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?!\d)",
    r"(?<!\d)(?P<year>\d{4})(?P<doy>\d{3})(?!\d)",
    r"(?<!\d)(?P<year>\d{4})[_-](?P<month>\d{2})(?!\d)",
)
_USUAL = tuple(v.source for v in (*VARIABLES, RELIABILITY))


def kind_of(text: str) -> str | None:
    """Return what a layer of that name is: ndvi, evi, ndvi_day, reliability, or none of these.

    >>> kind_of("_1_km_16_days_pixel_reliability")
    'reliability'
    """
    return next((name for name, pattern in _LAYERS if pattern.search(text)), None)


def layer_of(text: str, number: int, wanted: Mapping[str, Variable]) -> str | None:
    """Return which of the wanted layers a text, or the number of a band, names."""
    for name, variable in wanted.items():
        if variable.source not in _USUAL and variable.source[0] in (text, str(number)):
            return name
    found = kind_of(text)
    given = wanted.get(found or "")
    return found if given is not None and given.source in _USUAL else None


def named_date(path: Path, declared: Declared) -> np.datetime64 | None:
    """Return the date in the name of a file; None without any."""
    if declared.time_from_name is not None:
        return stamp_from_name(path, declared.time_from_name)
    pattern = next((pattern for pattern in _DATES if re.search(pattern, path.stem)), None)
    return None if pattern is None else stamp_from_name(Path(path.stem), pattern)


def date_of(name: str, path: Path, declared: Declared) -> np.datetime64:
    """Return the date that a band or a file bears in its name."""
    if declared.time_from_name is not None:
        return stamp_from_name(path, declared.time_from_name)
    for text in (Path(name), path):
        date = named_date(text, declared)
        if date is not None:
            return date
    raise SourceError(
        f"{path} bears no date in its name, such as doy2020001, A2020001 or 2020_01_01; write "
        "time_from_name, as in 'ndvi_%Y_%m'."
    )
