"""Words of semivariograms: distances, squared units, what ranges and nuggets are like."""

from collections.abc import Sequence

import numpy as np

from soilscope.report.variograms import Fit, Panel, Series, has_points
from soilscope.report.words import number, percent, unit_text

#: Bounds of the nugget ratio: Cambardella et al. 1994, doi:10.2136/sssaj1994.03615995005800050033x.
STRONG, WEAK = 0.25, 0.75


def distance(metres: float, digits: int = 2) -> str:
    """Return '55 km' or '850 m'.

    >>> distance(54_900.0), distance(850.0)
    ('55 km', '850 m')
    """
    unit, scale = ("km", 1000.0) if metres >= 1000 else ("m", 1.0)
    return f"{number(metres / scale, digits)} {unit}"


def exactly(metres: float) -> str:
    """Return '2 km' or '850 m' for a length that was chosen.

    >>> exactly(2000.0), exactly(500.0)
    ('2 km', '500 m')
    """
    return f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"


def power_of(largest: float) -> int:
    """Power of ten, in steps of three, by which numbers up to `largest` are best divided.

    >>> power_of(0.012), power_of(0.5), power_of(7.0), power_of(35_000.0)
    (-3, 0, 0, 3)
    """
    if not 0 < largest < np.inf or 0.1 <= largest < 1e4:
        return 0
    return 3 * int(np.floor(np.log10(largest) / 3))


def scaled_units(power: int, units: str) -> str:
    """Return '10⁻³ (m³ m⁻³)²'."""
    raised = unit_text(f"x{power}").replace("x", "10") if power else ""
    return " ".join(part for part in (raised, units) if part)


def squared(units: str | None) -> str:
    """Units of a semivariance: '(m³ m⁻³)²' for 'm3 m-3 m3 m-3'.

    >>> squared("m3 m-3 m3 m-3"), squared("degC degC"), squared("1")
    ('(m³ m⁻³)²', '°C²', '')
    """
    words = str(units or "").split()
    half = len(words) // 2
    if len(words) % 2 or not half or words[:half] != words[half:]:
        return unit_text(units)
    text = unit_text(" ".join(words[:half]))
    plain = half == 1 and not any(c.isdigit() for c in words[0])
    return f"{text}²" if plain else f"({text})²"


def azimuth_word(azimuth: float) -> str:
    """Return '45°'."""
    return f"{azimuth:g}°"


def dependence(nugget_ratio: float) -> str:
    """Class of spatial dependence by the nugget ratio.

    >>> dependence(0.2), dependence(0.5), dependence(0.8)
    ('strong', 'moderate', 'weak')
    """
    if not np.isfinite(nugget_ratio):
        return ""
    return "strong" if nugget_ratio < STRONG else "weak" if nugget_ratio > WEAK else "moderate"


def ranges_seen(panels: Sequence[Panel]) -> str:
    """Say from where to where ranges and nugget ratios go, and how many ranges are doubtful."""
    fits = [(full_label(p, s), s.fit) for p in panels for s in p.series if s.fit is not None]
    if not fits:
        return "No model could be fitted."
    inside = sorted(((f.range, label) for label, f in fits if f.certain))
    ratios = [f.values["nugget_ratio"] for _, f in fits if np.isfinite(f.values["nugget_ratio"])]
    said = []
    if len(inside) == 1:
        only = f" ({inside[0][1]})" if len(fits) > 1 else ""
        said.append(f"the effective range is {distance(inside[0][0])}{only}")
    elif inside:
        (low, where), (high, there) = inside[0], inside[-1]
        said.append(
            f"the effective range goes from {distance(low)} ({where}) to {distance(high)} ({there})"
        )
    said += _doubts([f for _, f in fits])
    if ratios:
        least, most = percent(min(ratios)), percent(max(ratios))
        said.append(
            f"the nugget is {least if least == most else f'{least[:-2]} to {most}'} of the sill"
        )
    text = "; ".join(said)
    return f"{text[:1].upper()}{text[1:]}."


def _doubts(fits: Sequence[Fit]) -> list[str]:
    """Say how many ranges lie beyond the data, and how many fits have none."""
    beyond = sum(bool(np.isfinite(f.range)) and f.beyond for f in fits)
    lost = sum(not np.isfinite(f.range) for f in fits)
    if len(fits) == 1:
        far = distance(fits[0].range) if beyond else ""
        return [f"the effective range, {far}, lies beyond the data"] if beyond else (
            ["no range is in the data"] if lost else []
        )  # fmt: skip
    said = []
    if beyond:
        said.append(
            f"{beyond} of {len(fits)} ranges {_verb(beyond, 'lies', 'lie')} beyond the data"
        )
    if lost:
        said.append(f"{lost} of {len(fits)} fits {_verb(lost, 'has', 'have')} no range")
    return said


def _verb(n: int, one: str, many: str) -> str:
    return one if n == 1 else many


def full_label(panel: Panel, series: Series) -> str:
    """Date, layer and direction."""
    way = "" if series.azimuth is None else azimuth_word(series.azimuth)
    return ", ".join(word for word in (panel.label, way) if word)


def apart_seen(panels: Sequence[Panel]) -> str:
    """Compare the panels at one distance that all have: the class in the middle."""
    rows = [(full_label(p, s), s.points) for p in panels for s in p.series if has_points(s.points)]
    if not rows:
        return ""
    first = rows[0][1]
    assert first is not None
    k = first.sizes["lag"] // 2
    units = squared(first["semivariance"].attrs.get("units"))
    known = sorted(
        (float(ds["semivariance"][k]), label)
        for label, ds in rows
        if ds is not None and np.isfinite(ds["semivariance"][k])
    )
    if not known:
        return ""
    far = f"At {exactly(float(first['lag_low'][k]))} to {exactly(float(first['lag_high'][k]))}"
    (low, where), (high, there) = known[0], known[-1]
    if len(known) == 1:
        return f"{far} the semivariance is {number(low, 2)} {units}".rstrip() + "."
    return (
        f"{far} the semivariance is lowest in {where} ({number(low, 2)}) and highest in {there} "
        f"({number(high, 2)} {units}".rstrip()
        + ")."
    )
