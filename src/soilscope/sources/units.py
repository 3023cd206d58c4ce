"""Units of a file, and their conversion to ours."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import xarray as xr

from soilscope.errors import SourceError
from soilscope.sources.canonical import CANONICAL, DAILY_FLUX, MONTHLY_FLUX
from soilscope.sources.timeaxis import Step

Per = Literal["", "days", "thickness"]


@dataclass(frozen=True)
class Conversion:
    """Ours = theirs * factor (* days of the month, or / thickness in m) + offset."""

    units: str
    factor: float = 1.0
    offset: float = 0.0
    per: Per = ""


#: Our units -> their units -> (factor, offset, per).
_STATES: Mapping[str, Mapping[str, tuple[float, float, Per]]] = {
    "m3 m-3": {
        "m3 m-3": (1, 0, ""),
        "1": (1, 0, ""),
        "%": (0.01, 0, ""),
        "kg m-2": (0.001, 0, "thickness"),  # water of 1000 kg m-3
        "mm": (0.001, 0, "thickness"),
    },
    "degC": {"degC": (1, 0, ""), "K": (1, -273.15, ""), "degF": (5 / 9, -160 / 9, "")},
    "kPa": {"kPa": (1, 0, ""), "hPa": (0.1, 0, ""), "Pa": (0.001, 0, "")},
    "mm": {"mm": (1, 0, ""), "kg m-2": (1, 0, ""), "cm": (10, 0, ""), "m": (1000, 0, "")},
    "m": {"m": (1, 0, ""), "km": (1000, 0, ""), "cm": (0.01, 0, ""), "mm": (0.001, 0, "")},
    "m2": {"m2": (1, 0, ""), "km2": (1e6, 0, ""), "ha": (1e4, 0, "")},
    "m2 m-2": {"m2 m-2": (1, 0, ""), "1": (1, 0, "")},
    "1": {"1": (1, 0, ""), "%": (0.01, 0, "")},
    "%": {"%": (1, 0, ""), "1": (100, 0, ""), "g kg-1": (0.1, 0, "")},
    "K": {"K": (1, 0, ""), "degC": (1, 0, "")},  # of differences
    "h": {"h": (1, 0, "")},
    "degree": {"degree": (1, 0, "")},
    "g cm-3": {"g cm-3": (1, 0, ""), "kg dm-3": (1, 0, ""), "kg m-3": (0.001, 0, "")},
    "g kg-1": {"g kg-1": (1, 0, ""), "%": (10, 0, "")},
    "cm d-1": {
        "cm d-1": (1, 0, ""),
        "mm d-1": (0.1, 0, ""),
        "mm h-1": (2.4, 0, ""),
        "cm h-1": (24, 0, ""),
        "m s-1": (8640000, 0, ""),
    },
}
#: A sum over the time step, and a rate: factor to mm, and to mm d-1.
_SUMS = {"mm": 1.0, "kg m-2": 1.0, "cm": 10.0, "m": 1000.0}
_RATES = {
    "mm d-1": 1.0,
    "kg m-2 d-1": 1.0,
    "cm d-1": 10.0,
    "m d-1": 1000.0,
    "mm h-1": 24.0,
    "mm s-1": 86400.0,
    "kg m-2 s-1": 86400.0,
    "m s-1": 86400000.0,
}
_MONTHLY = {
    "mm month-1": 1.0,
    "kg m-2 month-1": 1.0,
    "cm month-1": 10.0,
    "m month-1": 1000.0,
}

_WORDS = {
    "day": "d", "days": "d", "months": "month", "mon": "month", "sec": "s", "second": "s",
    "hr": "h", "hour": "h", "celsius": "degC", "degc": "degC", "c": "degC", "°c": "degC",
    "deg_c": "degC", "degrees_c": "degC", "degree_c": "degC", "degree_celsius": "degC",
    "degrees_celsius": "degC", "k": "K", "kelvin": "K", "degk": "K", "degf": "degF",
    "fahrenheit": "degF", "kpa": "kPa", "hpa": "hPa", "mb": "hPa", "mbar": "hPa",
    "millibar": "hPa", "pa": "Pa", "pascal": "Pa", "percent": "%", "vol%": "%", "vol.%": "%",
    "-": "1", "dimensionless": "1", "unitless": "1", "fraction": "1",
    "ndvi": "1", "metre": "m", "meter": "m", "metres": "m", "meters": "m",
}  # fmt: skip
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻\u2212", "0123456789--")
_POWER = re.compile(r"^(.*?)(-?\d+)?$")


def canonical_units(text: str) -> tuple[float, str]:
    """Return (factor, units) of a units text in one spelling: '0.001 m3/m3' is 0.001, 'm3 m-3'.

    >>> canonical_units("kg/m^2/s"), canonical_units("m**3 m**-3"), canonical_units("0.1 mm")
    ((1.0, 'kg m-2 s-1'), (1.0, 'm3 m-3'), (0.1, 'mm'))
    """
    plain = text.translate(_SUPERSCRIPTS).strip().strip("[]()").replace("**", "").replace("^", "")
    plain = re.sub(r"\bper\b", "/", plain).replace("·", " ").replace("*", " ")
    plain = re.sub(r"\b(deg(?:ree)?s?)\s+(?=[CFKcfk])", r"\1_", plain)
    plain = re.sub(r"(?i)\bvol(?:ume(?:tric)?)?\.?\s+%|%\s*vol\b\.?", "%", plain)
    number = re.match(r"^(\d*\.?\d+(?:[eE]-?\d+)?)\s+(?=\D)", plain)
    factor = float(number.group(1)) if number else 1.0
    over, *under = (plain[number.end() :] if number else plain).split("/")
    words = [_word(w) for w in over.split()]
    words += [_invert(_word(w)) for part in under for w in part.split()]
    if len(words) > 1:
        words = [w for w in words if w != "1"]
    if words == ["cm3", "cm-3"]:
        words = ["m3", "m-3"]
    return factor, " ".join(words)


def conversion(variable: str, units: str, *, step: Step) -> Conversion | None:
    """Return how `units` become ours for `variable`; None if they do not fit it.

    Variables that are not ours keep their units. A flux becomes mm month-1 on a monthly axis and
    mm d-1 on a finer one.
    """
    known = CANONICAL.get(variable)
    if known is None:
        return Conversion(units)
    factor, found = canonical_units(units)
    if known.kind == "class":
        return Conversion("1")
    if known.kind == "flux":
        return _flux(factor, found, step)
    entry = _STATES[known.units].get(found)
    if entry is None:
        return None
    return Conversion(known.units, factor * entry[0], entry[1], entry[2])


def accepted_units(variable: str, *, step: Step) -> str:
    """List the units that `variable` may come in, for messages."""
    known = CANONICAL[variable]
    if known.kind != "flux":
        return ", ".join(_STATES[known.units])
    choices = [*_SUMS, *_RATES, *_MONTHLY]
    return ", ".join(u for u in choices if _flux(1.0, u, step) is not None)


def convert(da: xr.DataArray, how: Conversion, *, file: str) -> xr.DataArray:
    """Convert `da` lazily, with the edges of its layers where the conversion needs them."""
    units = da.attrs.get("source_units")
    attrs, dtype = da.attrs, da.dtype
    if how.per == "days":
        da = da * da["time"].dt.days_in_month.astype(dtype)
    elif how.per == "thickness":
        if "depth_top" not in da.coords:
            raise SourceError(
                f"{da.name} in {file} is in {units}, water per area, which becomes m3 m-3 only "
                "with the thickness of its layer; write depth_bounds, as in [[0, 0.1], [0.1, 0.4]]."
            )
        thickness = da["depth_bottom"] - da["depth_top"]
        da = da / thickness.astype(dtype)
    if how.factor != 1.0:
        da = da * how.factor
    if how.offset != 0.0:
        da = da + how.offset
    return da.assign_attrs(attrs | {"units": how.units})


def _flux(factor: float, found: str, step: Step) -> Conversion | None:
    if found in _RATES:
        if step == "month":
            return Conversion(MONTHLY_FLUX, factor * _RATES[found], per="days")
        return None if step == "none" else Conversion(DAILY_FLUX, factor * _RATES[found])
    if found in _MONTHLY and step in ("month", "one", "none"):
        return Conversion(MONTHLY_FLUX, factor * _MONTHLY[found])
    if found in _SUMS and step in ("month", "day"):
        units = MONTHLY_FLUX if step == "month" else DAILY_FLUX
        return Conversion(units, factor * _SUMS[found])
    return None


def _word(word: str) -> str:
    if word in _WORDS:
        return _WORDS[word]
    match = _POWER.match(word)
    base, power = (match.group(1), match.group(2) or "") if match and match.group(1) else (word, "")
    return _WORDS.get(word.casefold(), _WORDS.get(base.casefold(), base) + power)


def _invert(word: str) -> str:
    match = _POWER.match(word)
    if match is None or not match.group(1):
        return word
    power = -int(match.group(2) or 1)
    return match.group(1) + ("" if power == 1 else str(power))
