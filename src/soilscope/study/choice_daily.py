"""What daily soil moisture on fine cells would be made from, of the data that a survey found."""

import datetime
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from soilscope.study.bundles import Bundle, Part, bundles_of, part_of, touch
from soilscope.study.finds import Bounds, Known
from soilscope.study.survey import Survey

#: Products that each part is taken from, the first that is there.
SURFACE = ("trims_lst", "modis_lst")
REANALYSES = ("era5_land", "gldas", "era5")
SATELLITES = ("esa_cci", "smops")
#: Fewest days that all parts share.
SHORTEST = 30
_HOURS = 3.0  # between values of surface temperature, at most
_REACH = 0.5  # degrees around a region that are read of satellite products
_COMPOSITE = 15  # days that a composite of NDVI lasts behind its stamp, at least


@dataclass(frozen=True)
class Daily:
    """The inputs of a study that brings coarse soil moisture onto fine cells."""

    surface: Part  # temperatures by day and night on the fine cells
    plants: Part
    cover: Part
    reanalysis: Part  # soil moisture and hourly surface temperature
    satellites: tuple[Part, ...]
    period: tuple[str, str]  # first and last day that all parts share

    @property
    def blends(self) -> bool:
        """Whether the second satellite product lies on the cells of the first."""
        if len(self.satellites) < 2:
            return False
        one, other = (part.extent for part in self.satellites)
        around = _around(self.surface.extent.bounds)
        both = _covers(one.bounds, around) and _covers(other.bounds, around)
        return one.cell == other.cell and (both or one.bounds == other.bounds)

    @property
    def inputs(self) -> tuple[Part, ...]:
        """All inputs, that which gives the grid first."""
        return (self.surface, self.plants, self.cover, self.reanalysis, *self.satellites)


def choose_daily(survey: Survey) -> tuple[Daily | None, str]:
    """Choose inputs; None, and what is lacking, where they are not all there."""
    bundles = bundles_of(survey.known)
    surface = _first(bundles, SURFACE, ("lst_day", "lst_night"), step="day")
    plants = _first(bundles, ("modis",), ("ndvi",))
    cover = _first(bundles, ("modis_land_cover",), ("land_cover",))
    asked = ("soil_moisture", "surface_temperature")
    coarse = _first(bundles, REANALYSES, asked, step="other", hours=_HOURS)
    parts = {
        "daily surface temperature by day and night (trims_lst, modis_lst)": surface,
        "NDVI (modis)": plants,
        "land cover (modis_land_cover)": cover,
        "soil moisture and surface temperature every 3 hours or less (era5_land, gldas)": coarse,
    }
    lacking = [name for name, bundle in parts.items() if bundle is None]
    if surface is None or plants is None or cover is None or coarse is None:
        return None, ", ".join(lacking) if len(lacking) < len(parts) else ""
    made = _made(survey.known)
    inputs = (
        made(surface, "lst_day", "lst_night"),
        made(plants, "ndvi"),
        made(cover, "land_cover"),
        made(coarse, "soil_moisture", "surface_temperature"),
    )
    period, length = _period(*inputs)
    if length < SHORTEST:
        return None, f"{SHORTEST} days that all of {', '.join(p.name for p in inputs)} have"
    found = (_first(bundles, (name,), ("soil_moisture",), step="day") for name in SATELLITES)
    satellites = [made(bundle, "soil_moisture") for bundle in found if bundle is not None]
    near = [part for part in satellites if _meets(part, inputs[0], period)]
    return Daily(*inputs, tuple(near), period), ""


def _first(
    bundles: Sequence[Bundle],
    products: Sequence[str],
    variables: Sequence[str],
    *,
    step: str | None = None,
    hours: float = 24.0,
) -> Bundle | None:
    """Return the bundle that holds all variables: long enough, by product, the longest."""
    fitting = [
        bundle
        for bundle in bundles
        if bundle.product in products
        and all(bundle.holding(name) for name in variables)
        and (step is None or bundle.extent(variables[0]).step == step)
        and (bundle.extent(variables[0]).hours or 0.0) <= hours
    ]
    return min(
        fitting,
        key=lambda b: _rank(products.index(b.product), _length(*b.extent(variables[0]).days)),
        default=None,
    )


def _rank(order: int, length: int) -> tuple[bool, int, int]:
    return length < SHORTEST, order, -length


def _made(known: Sequence[Known]) -> Callable[..., Part]:
    def part(bundle: Bundle, *variables: str) -> Part:
        return part_of(bundle, bundle.product, variables, known)

    return part


def _period(surface: Part, plants: Part, cover: Part, coarse: Part) -> tuple[tuple[str, str], int]:
    """Return the days that all have, and how many they are; a map of land cover is of its year."""
    first, last = plants.extent.days
    behind = _day(last) + datetime.timedelta(days=_COMPOSITE) if last else None
    years = (f"{cover.extent.first[:4]}-01-01", f"{cover.extent.last[:4]}-12-31")
    spans = [surface.extent.days, coarse.extent.days, (first, str(behind or "")), years]
    period = max(start for start, _ in spans), min(end for _, end in spans)
    return period, _length(*period)


def _length(first: str, last: str) -> int:
    return (_day(last) - _day(first)).days + 1 if first and last else 0


def _day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def _around(box: Bounds | None) -> Bounds | None:
    """Return what is read of products larger than a study."""
    return box and (box[0] - _REACH, box[1] - _REACH, box[2] + _REACH, box[3] + _REACH)


def _covers(box: Bounds | None, inner: Bounds | None) -> bool:
    if box is None or inner is None:
        return False
    west, south, east, north = inner
    return box[0] <= west and box[1] <= south and box[2] >= east and box[3] >= north


def _meets(part: Part, surface: Part, period: tuple[str, str]) -> bool:
    """Whether a product of soil moisture shares days and area with the surface temperature."""
    first, last = part.extent.days
    apart = last < period[0] or first > period[1]
    boxes: Iterable[Bounds | None] = (part.extent.bounds, surface.extent.bounds)
    known = [box for box in boxes if box is not None]
    return not apart and (len(known) < 2 or touch(known[0], known[1]))
