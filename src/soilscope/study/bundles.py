"""Series of one product on one grid, put together: what an input of a study can be made from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain

from soilscope.study.finds import Bounds, Extent, Known
from soilscope.study.known_series import MASKS, layer_gaps
from soilscope.study.named_days import named_days


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


@dataclass
class Bundle:
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


def months_between(extent: Extent) -> int:
    """Return the number of months from the first to the last one."""
    if not (extent.first and extent.last):
        return 0
    (y0, m0), (y1, m1) = (map(int, text.split("-")) for text in (extent.first, extent.last))
    return (y1 - y0) * 12 + m1 - m0 + 1


def bundles_of(known: Iterable[Known]) -> list[Bundle]:
    """Put series together that one input can hold; those of masks alone are left out."""
    found: dict[object, Bundle] = {}
    for item in known:
        extent = item.extent
        corner = None if extent.bounds is None else tuple(round(b, 3) for b in extent.bounds)
        key = (item.product, item.family, extent.step, extent.cell, corner)
        if set(item.variables) - set(MASKS):
            found.setdefault(key, Bundle(item.product)).members.append(item)
    return list(found.values())


def _same(one: Extent, other: Extent) -> bool:
    """Whether two series hold the same layers in the same months."""
    apart = one.last < other.first or other.last < one.first
    return not apart and (not one.layers or bool(set(one.layers) & set(other.layers)))


def _joined(extents: Sequence[Extent]) -> Extent:
    layers = tuple(sorted({layer for extent in extents for layer in extent.layers}))
    first = min((e.first for e in extents), default="")
    last = max((e.last for e in extents), default="")
    like = extents[0] if extents else Extent()
    days = [e.days for e in extents if all(e.days)] or [("", "")]
    ends = (min(first for first, _ in days), max(last for _, last in days))
    return Extent(like.bounds, like.cell, like.step, first, last, layers, ends, like.hours)


def touch(one: Bounds, other: Bounds) -> bool:
    """Whether two boxes share an area."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def part_of(bundle: Bundle, name: str, variables: Sequence[str], known: Sequence[Known]) -> Part:
    """Return an input of these variables, with the images that mask them."""
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
