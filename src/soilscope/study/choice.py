"""What a study would take of the data that a survey found, and why it leaves the rest."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from soilscope.study.bundles import Bundle, Part, bundles_of, months_between, part_of, touch
from soilscope.study.finds import Bounds, Extent, Known
from soilscope.study.survey import Survey
from soilscope.study.zone_files import Zones

#: Products that a variable is taken from, the first that is there.
SOIL = ("smci", "era5_land", "gldas", "era5", "era_interim", "esa_cci")
DRIVERS = {
    "precipitation": ("era5_land", "terraclimate", "peng_precipitation", "gldas", "era5"),
    "temperature": ("era5_land", "gldas", "era5", "era_interim"),
    "vpd": ("terraclimate",),
    "ndvi": ("modis",),
}
#: Fewest months of soil moisture that a study makes sense with.
SHORTEST = 36
_MOST_ZONES = 60


@dataclass(frozen=True)
class Choice:
    """The inputs, drivers and zones of a study, and what is left out of it."""

    soil: Part
    inputs: tuple[Part, ...]  # that of soil moisture first
    drivers: tuple[str, ...]
    derives_vpd: bool
    others: tuple[Part, ...]  # more soil moisture, to compare with
    unused: tuple[tuple[Known, str], ...]  # and why
    zones: Zones | None
    outline: Zones | None  # one polygon around the region
    more_zones: tuple[tuple[Zones, str], ...]

    @property
    def is_finer(self) -> bool:
        """Whether an input must become months."""
        return any(part.extent.step in ("day", "other") for part in self.inputs)


def choose(survey: Survey) -> Choice | None:
    """Choose inputs, drivers and zones; None where no soil moisture is long enough."""
    bundles = bundles_of(survey.known)
    soils = sorted((b for b in bundles if _months(b, "soil_moisture") >= SHORTEST), key=_rank)
    if not soils:
        return None
    soil = soils[0]
    where = soil.extent("soil_moisture")
    chosen: dict[str, Bundle] = {}
    for variable, products in DRIVERS.items():
        having = [b for b in bundles if b.product in products and b.holding(variable)]
        fitting = [b for b in having if not _misfit(b.extent(variable), where)]
        ordered = sorted(fitting, key=lambda b: (products.index(b.product), -_months(b, variable)))
        if ordered:
            chosen[variable] = ordered[0]
    derived = _deficit(chosen)
    inputs = _inputs(soil, chosen, derived, survey.known)
    zones, outline, more = _zones(survey.zones, where.bounds)
    drivers = tuple(v for v in DRIVERS if v in chosen or (v == "vpd" and derived))
    others = tuple(
        part_of(b, f"{b.product}_moisture", ["soil_moisture"], ())
        for b in soils[1:]
        if b.product != soil.product and not _misfit(b.extent("soil_moisture"), where)
    )
    unused = tuple(_unused(survey.known, inputs, where))
    return Choice(inputs[0], inputs, drivers, derived, others, unused, zones, outline, more)


def _rank(bundle: Bundle) -> tuple[int, int, int, str]:
    """Order soil moisture: ten years or more first, then by product, length and coarser cells."""
    months = _months(bundle, "soil_moisture")
    coarse = bundle.members[0].family == "9km"
    return (int(months < 120), SOIL.index(bundle.product), int(not coarse), f"{-months:08d}")


def _months(bundle: Bundle, variable: str) -> int:
    if bundle.product not in (*SOIL, *DRIVERS.get(variable, ())) or not bundle.holding(variable):
        return 0
    return months_between(bundle.extent(variable))


def _misfit(extent: Extent, soil: Extent) -> str:
    """Say why data cannot stand beside the soil moisture."""
    if extent.step in ("one", "none"):
        return "a single date"
    if extent.last < soil.first or extent.first > soil.last:
        return f"has no month in common with the soil moisture ({soil.first} to {soil.last})"
    if soil.bounds and extent.bounds and not touch(extent.bounds, soil.bounds):
        return "lies elsewhere than the soil moisture"
    return ""


def _deficit(chosen: dict[str, Bundle]) -> bool:
    """Whether the vapour pressure deficit can be made from days of temperature and dew point."""
    source = chosen.get("temperature")
    if "vpd" in chosen or source is None or not source.holding("dewpoint"):
        return False
    return source.extent("dewpoint").step in ("day", "other")


def _inputs(
    soil: Bundle, chosen: dict[str, Bundle], derived: bool, known: Sequence[Known]
) -> tuple[Part, ...]:
    wanted: dict[int, tuple[Bundle, list[str]]] = {id(soil): (soil, ["soil_moisture"])}
    for variable, bundle in chosen.items():
        wanted.setdefault(id(bundle), (bundle, []))[1].append(variable)
    if derived:
        wanted[id(chosen["temperature"])][1].append("dewpoint")
    parts: list[Part] = []
    for bundle, variables in wanted.values():
        taken = sum(part.product == bundle.product for part in parts)
        name = f"{bundle.product}_{taken + 1}" if taken else bundle.product
        parts.append(part_of(bundle, name, variables, known))
    return tuple(parts)


def _unused(
    known: Sequence[Known], inputs: Sequence[Part], soil: Extent
) -> Iterator[tuple[Known, str]]:
    taken = {id(k) for part in inputs for k in (*part.members, *part.masks)}
    owners = {variable: part.name for part in inputs for variable in part.variables}
    for item in known:
        if id(item) in taken:
            continue
        held = [v for v in item.variables if v in owners]
        reason = _misfit(item.extent, soil) if item.variables else ""
        if reason:
            yield item, reason
        elif held:
            yield item, f"{', '.join(held)}: taken from {owners[held[0]]}"
        else:
            yield item, "not needed"


def _zones(
    found: Sequence[Zones], soil: Bounds | None
) -> tuple[Zones | None, Zones | None, tuple[tuple[Zones, str], ...]]:
    """Return the zones, an outline where there are none, and the other candidates with reasons."""
    more: list[tuple[Zones, str]] = []
    fitting: list[Zones] = []
    for zones in found:
        reason = zones.fault
        if not reason and soil and zones.bounds and not touch(zones.bounds, soil):
            reason = "lies elsewhere than the soil moisture"
        if not reason and len(zones.names) > _MOST_ZONES:
            reason = f"{len(zones.names)} zones are many"
        if reason:
            more.append((zones, reason))
        else:
            fitting.append(zones)
    fitting.sort(key=lambda z: (len(z.names) < 2, z.file.count("/")))
    if not fitting:
        return None, None, tuple(more)
    first, *rest = fitting
    more = [(zones, "") for zones in rest] + more
    is_outline = len(first.names) == 1
    return (None, first, tuple(more)) if is_outline else (first, None, tuple(more))
