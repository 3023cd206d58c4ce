"""What readers can explore: maps as a sheet draws them, packed, with words and colours."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.colors import to_hex

from soilscope.report.figures.dominant_maps import dominant_maps, driver_colour
from soilscope.report.figures.layer_maps import layer_maps
from soilscope.report.figures.map_grid import map_grid
from soilscope.report.figures.stability_maps import COLOURS as STABILITY
from soilscope.report.figures.stability_maps import class_labels, class_maps
from soilscope.report.mapping import Area, area_of
from soilscope.report.packing import STEPS, Packed, pack
from soilscope.report.plates import Plate
from soilscope.report.reading import Study, zone_names
from soilscope.report.stability import class_words
from soilscope.report.style import Scale
from soilscope.report.words import MONTHS, sentences, unit_text

Array = np.ndarray[Any, Any]
Keywords = dict[str, Any]


@dataclass(frozen=True)
class Grid:
    """The cells that maps share: coordinates, and the zones that they lie in."""

    geographic: bool
    shape: float  # height over width
    x: tuple[float, ...]
    y: tuple[float, ...]  # from north to south
    zones: tuple[str, ...] = ()
    zone: Packed | None = None  # number of the zone of each cell


@dataclass(frozen=True)
class Stack:
    """The maps of one figure: `columns` (such as drivers) times `rows` (layers, or months)."""

    key: str  # of the figure
    title: str
    label: str  # of the values, with their units
    units: str
    note: str
    kind: str  # of the rows: "Layer", "Month" or "Map"
    across: str  # what the columns are, such as "Driver"; nothing without columns
    columns: tuple[str, ...]
    rows: tuple[str, ...]
    low: float
    high: float
    extend: str
    colours: tuple[str, ...]  # from low to high, or one for each of `names`
    names: tuple[str, ...]  # of categories; the values are then their numbers
    grid: Grid
    maps: Packed  # column by column


def stacks_of(study: Study, plate: Plate) -> tuple[Stack, ...]:
    """Return the maps of a figure; none where it is no sheet of maps."""
    draw = plate.draw
    if not isinstance(draw, partial) or draw.func not in _SHEETS:
        return ()
    return (_SHEETS[draw.func](study, plate, *draw.args, draw.keywords),)


def _of_layers(study: Study, plate: Plate, field: xr.DataArray, look: Keywords) -> Stack:
    hatched = look.get("hatched")
    marks = None if hatched is None else _with_rows(hatched)
    return _scaled(study, plate, _with_rows(field), marks, look)


def _of_grid(study: Study, plate: Plate, field: xr.DataArray, look: Keywords) -> Stack:
    columns, hatched = list(look["columns"]), look.get("hatched")
    across, down = field.dims[:2]
    if _are_months(columns) and not _are_months(look["layers"]):  # the chart goes along months
        turned = (down, across, *field.dims[2:])
        field = field.transpose(*turned)
        hatched = None if hatched is None else hatched.transpose(*turned)
        columns, look = list(look["layers"]), look | {"layers": columns}
        across = down
    return _scaled(study, plate, field, hatched, look, columns=columns, across=str(across))


def _with_rows(da: xr.DataArray) -> xr.DataArray:
    return da if "depth" in da.dims else da.expand_dims("depth")


def _scaled(
    study: Study,
    plate: Plate,
    field: xr.DataArray,
    hatched: xr.DataArray | None,
    look: Keywords,
    *,
    columns: Sequence[str] = (),
    across: str = "",
) -> Stack:
    """Take maps of numbers in the colours of a scale."""
    zone, scale = look.get("zone"), look["scale"]
    area = area_of(field, zone)
    values = _maps(area, field).astype(float)
    marks = None if hatched is None else _maps(area, hatched).astype(bool) & np.isfinite(values)
    return Stack(
        key=plate.key,
        title=plate.title,
        label=look["label"],
        units=unit_text(field.attrs.get("units")),
        note=sentences(look.get("note", "")),
        kind=_kind(study, field, look["layers"]),
        across=across.capitalize(),
        columns=tuple(columns),
        rows=tuple(look["layers"]),
        low=scale.low,
        high=scale.high,
        extend=scale.extend,
        colours=_colours(scale),
        names=(),
        grid=_grid(area, field, zone),
        maps=pack(values, marks),
    )


def _of_drivers(
    study: Study, plate: Plate, codes: xr.DataArray, valid: xr.DataArray, look: Keywords
) -> Stack:
    drivers = look["names"]
    names = {code: (name, driver_colour(code, drivers)) for code, name in drivers.items()}
    marked = codes.isin(list(look.get("circular_codes", ())))
    area = area_of(codes.where(valid), look.get("zone"))
    return _categories(study, plate, area, codes.where(valid), names, look, marked=marked)


def _of_stability(study: Study, plate: Plate, ds: xr.Dataset, look: Keywords) -> Stack:
    labels = class_labels(class_words(ds), look["bounds"])
    names = dict(enumerate(zip(labels, STABILITY, strict=True)))
    area = area_of(ds["std"].compute(), look.get("zone"))
    return _categories(study, plate, area, ds["stability"].compute(), names, look)


def _categories(
    study: Study,
    plate: Plate,
    area: Area,
    codes: xr.DataArray,
    names: dict[int, tuple[str, str]],
    look: Keywords,
    *,
    marked: xr.DataArray | None = None,
) -> Stack:
    """Take maps of categories; `names` gives name and colour of each code."""
    raw = _maps(area, _with_rows(codes))
    values = np.full(raw.shape, np.nan)
    for position, code in enumerate(sorted(names)):
        values[raw == code] = position
    hatched = None
    if marked is not None and bool(marked.any()):
        hatched = _maps(area, _with_rows(marked)) & np.isfinite(values)
    ordered = [names[code] for code in sorted(names)]
    return Stack(
        key=plate.key,
        title=plate.title,
        label="",
        units="",
        note=sentences(look.get("note", "")),
        kind=_kind(study, _with_rows(codes), look["layers"]),
        across="",
        columns=(),
        rows=tuple(look["layers"]),
        low=0.0,
        high=float(len(ordered)),
        extend="neither",
        colours=tuple(to_hex(colour) for _, colour in ordered),
        names=tuple(str(name) for name, _ in ordered),
        grid=_grid(area, codes, look.get("zone")),
        maps=pack(values, hatched),
    )


_SHEETS: dict[Callable[..., Any], Callable[..., Stack]] = {
    layer_maps: _of_layers,
    map_grid: _of_grid,
    dominant_maps: _of_drivers,
    class_maps: _of_stability,
}


def _maps(area: Area, field: xr.DataArray) -> Array:
    """Drawn cells (maps, rows, columns) of a field, north above."""
    lead = [d for d in field.dims if d not in area.dims]
    whole = field.transpose(*lead, *area.dims).values[..., area.rows, area.cols]
    maps = whole.reshape(-1, *whole.shape[-2:])
    return np.asarray(maps[:, ::-1] if area.upward else maps)


def _grid(area: Area, field: xr.DataArray, zone: xr.DataArray | None) -> Grid:
    geographic = area.dims[0] in ("latitude", "lat")
    digits = 5 if geographic else 1
    y, x = field[area.dims[0]].values[area.rows], field[area.dims[1]].values[area.cols]
    names: tuple[str, ...] = ()
    packed = None
    if len(area.outline) and zone is not None and "flag_values" in zone.attrs:
        known = zone_names(zone)
        if 0 < len(known) <= STEPS:
            codes = _maps(area, zone)
            numbers = np.full(codes.shape, np.nan)
            for number, code in enumerate(known):
                numbers[codes == code] = number
            names, packed = tuple(known.values()), pack(numbers)
    return Grid(
        geographic,
        area.shape,
        tuple(round(float(v), digits) for v in x),
        tuple(round(float(v), digits) for v in (y[::-1] if area.upward else y)),
        names,
        packed,
    )


def _kind(study: Study, field: xr.DataArray, rows: Sequence[str]) -> str:
    """Say what the rows of a stack are."""
    if _are_months(rows):
        return "Month"
    if "depth" in field.coords and list(rows) == study.layers(field):
        return "Layer"
    return "Map"


def _are_months(names: Sequence[str]) -> bool:
    return all(name.split(" ")[0] in MONTHS for name in names)


def _colours(scale: Scale) -> tuple[str, ...]:
    return tuple(to_hex(c) for c in scale.colours(np.linspace(0, 1, 256)))
