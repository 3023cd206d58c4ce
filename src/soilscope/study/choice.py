"""What a study would take of the data that a survey found, and why it leaves the rest."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from soilscope.study.finds import Bounds, Extent, Known
from soilscope.study.known_series import MASKS, layer_gaps
from soilscope.study.named_days import named_days
from soilscope.study.survey import Survey
from soilscope.study.zone_files import Zones

#: Products that a variable is taken from, the first that is there.
SOIL = ("smci", "era5_land", "era5", "era_interim")
DRIVERS = {
    "precipitation": ("era5_land", "terraclimate", "era5"),
    "temperature": ("era5_land", "era5", "era_interim"),
    "vpd": ("terraclimate",),
    "ndvi": ("modis",),
}
#: Fewest months of soil moisture that a study makes sense with.
SHORTEST = 36
_MOST_ZONES = 60


@dataclass(frozen=True)
class Part:
    """One input of a study: series of one product, on one grid."""

    name: str
    product: str
    members: tuple[Known, ...]
    variables: tuple[str, ...]
    extent: Extent
    masks: tuple[Known, ...] = ()  # images that tell which pixels are reliable

    @property
    def gaps(self) -> tuple[str, ...]:
        """What is missing of it, each once; layers may lie in files of their own."""
        told = [
            *chain.from_iterable(known.left_out for known in (*self.members, *self.masks)),
            *chain.from_iterable(known.gaps for known in self.members),
        ]
        between = layer_gaps(self.extent.layers) if "soil_moisture" in self.variables else ()
        inside = [text for text in told if not text.startswith("no layer")]
        return tuple(dict.fromkeys([*inside, *(between if self.product != "smci" else ())]))


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


@dataclass
class _Bundle:
    """Series of one product on one grid with one time step."""

    product: str
    members: list[Known] = field(default_factory=list)

    def holding(self, variable: str) -> list[Known]:
        """Return the series that hold a variable: no layer and no month of it twice."""
        kept: list[Known] = []
        holding = [k for k in self.members if variable in k.variables]
        for known in sorted(holding, key=lambda k: (-len(k.series.files), k.series.files)):
            if not any(_same(known.extent, other.extent) for other in kept):
                kept.append(known)
        return sorted(kept, key=lambda k: (k.extent.first, k.extent.layers))

    def extent(self, variable: str) -> Extent:
        """Return when and where the bundle holds a variable."""
        return _joined([k.extent for k in self.holding(variable)])


def choose(survey: Survey) -> Choice | None:
    """Choose inputs, drivers and zones; None where no soil moisture is long enough."""
    bundles = _bundles(survey.known)
    soils = sorted((b for b in bundles if _months(b, "soil_moisture") >= SHORTEST), key=_rank)
    if not soils:
        return None
    soil = soils[0]
    where = soil.extent("soil_moisture")
    chosen: dict[str, _Bundle] = {}
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
        _part(b, f"{b.product}_moisture", ["soil_moisture"], ())
        for b in soils[1:]
        if b.product != soil.product and not _misfit(b.extent("soil_moisture"), where)
    )
    unused = tuple(_unused(survey.known, inputs, where))
    return Choice(inputs[0], inputs, drivers, derived, others, unused, zones, outline, more)


def months_between(extent: Extent) -> int:
    """Return the number of months from the first to the last one."""
    if not (extent.first and extent.last):
        return 0
    (y0, m0), (y1, m1) = (map(int, text.split("-")) for text in (extent.first, extent.last))
    return (y1 - y0) * 12 + m1 - m0 + 1


def _bundles(known: Iterable[Known]) -> list[_Bundle]:
    found: dict[object, _Bundle] = {}
    for item in known:
        extent = item.extent
        corner = None if extent.bounds is None else tuple(round(b, 3) for b in extent.bounds)
        key = (item.product, item.family, extent.step, extent.cell, corner)
        if set(item.variables) - set(MASKS):
            found.setdefault(key, _Bundle(item.product)).members.append(item)
    return list(found.values())


def _rank(bundle: _Bundle) -> tuple[int, int, int, str]:
    """Order soil moisture: ten years or more first, then by product, length and coarser cells."""
    months = _months(bundle, "soil_moisture")
    coarse = bundle.members[0].family == "9km"
    return (int(months < 120), SOIL.index(bundle.product), int(not coarse), f"{-months:08d}")


def _months(bundle: _Bundle, variable: str) -> int:
    if bundle.product not in (*SOIL, *DRIVERS.get(variable, ())) or not bundle.holding(variable):
        return 0
    return months_between(bundle.extent(variable))


def _same(one: Extent, other: Extent) -> bool:
    """Whether two series hold the same layers in the same months."""
    apart = one.last < other.first or other.last < one.first
    return not apart and (not one.layers or bool(set(one.layers) & set(other.layers)))


def _joined(extents: Sequence[Extent]) -> Extent:
    layers = tuple(sorted({layer for extent in extents for layer in extent.layers}))
    first = min((e.first for e in extents), default="")
    last = max((e.last for e in extents), default="")
    like = extents[0] if extents else Extent()
    return Extent(like.bounds, like.cell, like.step, first, last, layers)


def _misfit(extent: Extent, soil: Extent) -> str:
    """Say why data cannot stand beside the soil moisture."""
    if extent.step in ("one", "none"):
        return "a single date"
    if extent.last < soil.first or extent.first > soil.last:
        return f"has no month in common with the soil moisture ({soil.first} to {soil.last})"
    if soil.bounds and extent.bounds and not _touch(extent.bounds, soil.bounds):
        return "lies elsewhere than the soil moisture"
    return ""


def _touch(one: Bounds, other: Bounds) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _deficit(chosen: dict[str, _Bundle]) -> bool:
    """Whether the vapour pressure deficit can be made from days of temperature and dew point."""
    source = chosen.get("temperature")
    if "vpd" in chosen or source is None or not source.holding("dewpoint"):
        return False
    return source.extent("dewpoint").step in ("day", "other")


def _inputs(
    soil: _Bundle, chosen: dict[str, _Bundle], derived: bool, known: Sequence[Known]
) -> tuple[Part, ...]:
    wanted: dict[int, tuple[_Bundle, list[str]]] = {id(soil): (soil, ["soil_moisture"])}
    for variable, bundle in chosen.items():
        wanted.setdefault(id(bundle), (bundle, []))[1].append(variable)
    if derived:
        wanted[id(chosen["temperature"])][1].append("dewpoint")
    parts: list[Part] = []
    for bundle, variables in wanted.values():
        taken = sum(part.product == bundle.product for part in parts)
        name = f"{bundle.product}_{taken + 1}" if taken else bundle.product
        parts.append(_part(bundle, name, variables, known))
    return tuple(parts)


def _part(bundle: _Bundle, name: str, variables: Sequence[str], known: Sequence[Known]) -> Part:
    members = {id(k): k for variable in variables for k in bundle.holding(variable)}
    masks = [mask for k in members.values() for mask in known if _masks(mask, k)]
    extent = _joined([k.extent for k in members.values()])
    return Part(
        name, bundle.product, tuple(members.values()), tuple(variables), extent, tuple(masks)
    )


def _masks(mask: Known, known: Known) -> bool:
    """Whether images that tell what is good belong to all images of a variable, by their dates."""
    masked = {name for layer in mask.variables for name in MASKS.get(layer, ())}
    if masked & set(mask.variables) or not masked & set(known.variables):
        return False
    if (mask.product, mask.family) != (known.product, known.family):
        return False
    theirs, ours = (set(named_days(k.series).tolist()) for k in (mask, known))
    return bool(ours) and ours <= theirs


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
        if not reason and soil and zones.bounds and not _touch(zones.bounds, soil):
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
