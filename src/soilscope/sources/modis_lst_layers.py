"""The layers of MODIS land surface temperature files, and how names tell them.

Layout: Wan (2013), Collection-6 MODIS Land Surface Temperature Products Users' Guide, and the
provider's file specifications of MOD11A1 and MOD11A2, version 6.1.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from soilscope.errors import SourceError
from soilscope.sources.declared import Variable

#: Stored numbers of temperature that are none: the fill value, and that which tools set instead.
#: The valid range begins at 7500; numbers below are told, since they mean another scale.
_NO_TEMPERATURE = (0.0, 65535.0)


def _temperature(name: str, source: str) -> Variable:
    return Variable(name, (source,), units="K", scale=0.02, missing=_NO_TEMPERATURE)


def _hour(name: str, source: str) -> Variable:
    valid = (0.0, 240.0)
    return Variable(name, (source,), units="h", scale=0.1, missing=(255.0,), valid=valid)


def _angle(name: str, source: str) -> Variable:
    valid = (0.0, 130.0)
    return Variable(name, (source,), units="degree", scale=1.0, offset=-65.0, valid=valid)


def _quality(name: str, source: str) -> Variable:
    return Variable(name, (source,), units="1", scale=1.0)


VARIABLES = (
    _temperature("lst_day", "LST_Day_1km"),
    _temperature("lst_night", "LST_Night_1km"),
    _hour("lst_day_time", "Day_view_time"),
    _hour("lst_night_time", "Night_view_time"),
    _angle("lst_day_angle", "Day_view_angl"),
    _angle("lst_night_angle", "Night_view_angl"),
    _quality("lst_day_quality", "QC_Day"),
    _quality("lst_night_quality", "QC_Night"),
)
TEMPERATURES = ("lst_day", "lst_night")
#: Temperature -> the layer that tells its quality.
QUALITY = {name: f"{name}_quality" for name in TEMPERATURES}
_LAYERS = (
    ("lst_day", re.compile(r"LST_Day_1km")),
    ("lst_night", re.compile(r"LST_Night_1km")),
    ("lst_day_quality", re.compile(r"QC_Day")),
    ("lst_night_quality", re.compile(r"QC_Night")),
    ("lst_day_time", re.compile(r"Day_view_time")),
    ("lst_night_time", re.compile(r"Night_view_time")),
    ("lst_day_angle", re.compile(r"Day_view_angl")),
    ("lst_night_angle", re.compile(r"Night_view_angl")),
)
#: Layers beside temperature, of which nothing is read.
_SPARE = re.compile(r"Emis_\d\d|Clear_(day|night)_cov|Clear_sky_(days|nights)")
_USUAL = {variable.name: variable.source for variable in VARIABLES}
#: Temperature by another algorithm, whose layers bear nearly the same names.
_OTHER = re.compile(
    r"(?<![A-Za-z])(M[OY]D21|V[NJ]P?\d?21|VNP21|VJ121)[A-Z]?\d?|LST_(Day|Night)_1KM"
)
_SHORT_NAME = re.compile(r"(?<![A-Za-z])M[OY]D11(A1|A2|B1|B2|B3|C1|C2|C3|L2|_L2)", re.IGNORECASE)


def kind_of(text: str) -> str | None:
    """Return what a layer of that name is: lst_day, lst_day_quality, ..., or none of these.

    >>> kind_of("MOD11A2.061_QC_Night_doy2020001_aid0001")
    'lst_night_quality'
    """
    return next((name for name, pattern in _LAYERS if pattern.search(text)), None)


def layer_of(text: str, number: int, wanted: Mapping[str, Variable]) -> str | None:
    """Return which of the wanted layers a text, or the number of a band, names."""
    for name, variable in wanted.items():
        if variable.source != _USUAL.get(name) and variable.source[0] in (text, str(number)):
            return name
    found = kind_of(text)
    given = wanted.get(found or "")
    return found if given is not None and given.source == _USUAL.get(given.name) else None


def needed(files: Sequence[Path], wanted: Mapping[str, Variable]) -> list[Path]:
    """Leave out files that are named for layers which nobody asked for, as emissivity."""
    if any(v.source != _USUAL.get(v.name) for v in wanted.values()):
        return list(files)  # any file may hold what is called otherwise
    named = {path: kind_of(path.stem) for path in files}
    kept = [
        path
        for path, kind in named.items()
        if kind in wanted or (kind is None and not _SPARE.search(path.stem))
    ]
    return kept or list(files)


def short_name_of(path: Path) -> str | None:
    """Return the end of a product's name that a file bears: A1 (days), A2 (8 days), ...

    >>> short_name_of(Path("MYD11A2.061_LST_Day_1km_doy2020001_aid0001.tif"))
    'A2'
    """
    match = _SHORT_NAME.search(path.name)
    return None if match is None else match[1].upper()


def require_one_product(files: Sequence[Path]) -> str | None:
    """Return whether files are of days (A1) or of 8 days (A2); refuse both, and other products."""
    for path in files:
        if _OTHER.search(path.name):
            raise SourceError(
                f"{path} is of MOD21, MYD21 or VIIRS: another algorithm, whose bits of quality "
                "mean the opposite of those of MOD11; open it with product: raster."
            )
    found: dict[str, Path] = {}
    for path in files:
        name = short_name_of(path)
        if name is not None:
            found.setdefault(name, path)
    for name, path in found.items():
        if name not in ("A1", "A2"):
            raise SourceError(
                f"{path} is none of MOD11A1, MOD11A2, MYD11A1 and MYD11A2, the grids of 1 km; its "
                "view times have another scale. Open it with product: raster."
            )
    if len(found) > 1:
        raise SourceError(
            f"{found['A1']} is of single days, {found['A2']} a mean of 8; open them as two inputs."
        )
    return next(iter(found), None)


def refuse_other_layers(names: Sequence[str], *, file: str) -> None:
    """Refuse files of another algorithm by the names of their layers."""
    other = next((name for name in names if _OTHER.search(name)), None)
    if other is not None:
        raise SourceError(
            f"{file} hold {other}, a layer of MOD21 or MYD21: another algorithm, whose bits of "
            "quality mean the opposite of those of MOD11; open them with product: raster."
        )
