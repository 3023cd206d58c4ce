"""What implausible values probably are: other units, another scale, a missing number."""

from collections.abc import Mapping
from typing import Any, Protocol

from soilscope.sources.canonical import CANONICAL
from soilscope.sources.units import canonical_units

#: Numbers that stand for "missing" in files that do not say so.
_FILLS = (-9999.0, -999.0, -99.0, -3000.0, -32768.0, 9999.0, 32767.0, 65535.0)
#: Temperatures whose products store K times 50 or 100, in files that tools may have scaled.
_SCALED = ("lst_day", "lst_night")
_SCALED_KELVIN = -271.5  # degC: 200 K and more, scaled once more, lies above


class Ends(Protocol):
    """The ends of what values of a variable are."""

    @property
    def lowest(self) -> float:
        """The lowest value."""

    @property
    def highest(self) -> float:
        """The highest value."""


def cause(name: str, count: Ends, attrs: Mapping[Any, Any]) -> str:
    """Say what is likely, and what to write."""
    fills = [fill(number, attrs) for number in (count.lowest, count.highest)]
    number = next((fill for fill in fills if fill is not None), None)
    if number is not None:
        return f"; {number:g} looks like a missing value: write {mend(name, 'missing', number)}."
    units = str(attrs.get("source_units"))
    guess = _other_units(name, count, canonical_units(units)[0])
    if guess is not None and guess[1] not in (units, units.removesuffix(" d-1")):
        return f"; it looks like {guess[0]}: write {mend(name, *guess[2:])}."
    return (
        f"; check its units (now {units!r}) and scale, or write "
        f"{mend(name, 'expected', '[lowest, highest]')} if the values are right."
    )


def _other_units(name: str, count: Ends, factor: float) -> tuple[str, str, str, object] | None:
    """Return (in words, units, key to write, value to write) of the likely mistake.

    `factor` is the number in front of the declared units, as in 0.001 m3 m-3.
    """
    known = CANONICAL.get(name)
    low, high = count.lowest, count.highest
    if known is None:
        return None
    if name == "soil_moisture" and low >= 0:
        return _other_share(high / factor, factor)
    if known.units == "degC":
        return _other_temperature(name, low, high)
    if known.kind == "flux" and low >= known.low:
        return "mm declared as m, or a rate as a sum", "mm", "units", "mm"
    if known.units == "kPa":
        return _other_pressure(name, high)
    if name == "fvc" and low >= 0:
        return _other_cover(high)
    if name in ("ndvi", "evi"):
        return "stored integers", "", "scale", 0.0001
    return None


def _other_cover(high: float) -> tuple[str, str, str, object]:
    if high <= 100:
        return "percent", "%", "units", '"%"'
    if high <= 255:
        return "percent, with missing numbers above 100", "", "valid", "[0, 100]"
    if high <= 1000:
        return "thousandths", "", "scale", 0.001
    return "ten-thousandths", "", "scale", 0.0001


def _other_temperature(name: str, low: float, high: float) -> tuple[str, str, str, object] | None:
    if low > 150:
        return "kelvin", "K", "units", "K"
    if name in _SCALED and high < -150:  # K or degC times a small scale
        whole = "1" if high > _SCALED_KELVIN else "1, units: degC, missing: []"
        return "numbers that were scaled already", "", "scale", whole
    return ("degC declared as K", "degC", "units", "degC") if high < -150 else None


def _other_share(stored: float, factor: float) -> tuple[str, str, str, object]:
    if stored <= 100:
        return "percent", "%", "units", '"%"'
    if stored > 1000 and factor != 1.0:
        return "ten-thousandths", "0.0001 m3 m-3", "units", "0.0001 m3 m-3"
    return "thousandths, or kg m-2 of a layer", "0.001 m3 m-3", "units", "0.001 m3 m-3"


def _other_pressure(name: str, high: float) -> tuple[str, str, str, object]:
    if name == "vpd" and high > 150:
        return "Pa, or hundredths of kPa (scale: 0.01)", "Pa", "units", "Pa"
    return ("Pa", "Pa", "units", "Pa") if high > 300 else ("hPa", "hPa", "units", "hPa")


def too_small(name: str, count: Ends, *, whole_year: bool) -> str:
    """Say so if all values are too small to be true in their units."""
    if count.highest <= 0:
        return ""
    if name == "soil_moisture" and count.highest < 0.02:
        return f"; it looks like a fraction: write {mend(name, 'units', 'm3 m-3')}"
    if name in ("ndvi", "evi") and count.highest < 0.001:
        return f"; it was scaled already: write {mend(name, 'scale', 1)}"
    if name == "precipitation" and whole_year and count.highest < 2.0:
        return f"; it looks like m: write {mend(name, 'units', 'm')} (or m d-1)"
    return ""


def mend(name: str, key: str, value: object) -> str:
    """Write what mends a variable in a study, or as an argument of `open_source`."""
    return f"variables: {{{name}: {{{key}: {value}}}}}"


def fill(value: float, attrs: Mapping[Any, Any]) -> float | None:
    """Return the stored number behind `value` if it is one that stands for "missing"."""
    factor = canonical_units(str(attrs.get("source_units")))[0]
    stored = (value, round(value / factor, 2))
    return next((n for n in stored if n in _FILLS or abs(n) > 1e15), None)
