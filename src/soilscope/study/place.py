"""Where and when a study is: its grid, region, zones and calendar, as its file states them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from soilscope.errors import GridError
from soilscope.grid.crs import read_crs
from soilscope.grid.region import read_bounds
from soilscope.study.paths import read_paths
from soilscope.study.schema import Strict, faults_of
from soilscope.study.yaml_lines import Document

_DERIVED = {"vpd": ("vpd",), "overpass": ("lst_day", "lst_night")}

Bounds = tuple[float, float, float, float]
How = Literal["mean", "sum", "max", "min"]


class GridSpec(Strict):
    """The grid: that of an input or of a file, or cells of a resolution in a reference system.

    Edges of such cells lie at multiples of the resolution, or are those of the input `snap`.
    """

    like: str | None = None
    file: Path | None = None
    snap: str | None = None
    crs: str | None = None
    resolution: float | None = None
    min_valid: float = 0.5


class RegionSpec(Strict):
    """The region: west, south, east, north, or the polygons of a vector file."""

    bounds: Bounds | None = None
    file: Path | None = None
    layer: str | None = None
    encoding: str | None = None
    crs: str | None = None

    @property
    def options(self) -> dict[str, Any]:
        """How its file is read."""
        return {"layer": self.layer, "encoding": self.encoding, "crs": self.crs}


class ZonesSpec(Strict):
    """The zones: the polygons of a vector file, and the attribute that names them.

    With `only`, cells outside every zone are missing.
    """

    file: Path
    only: bool = False
    name: str | None = None
    layer: str | None = None
    encoding: str | None = None
    crs: str | None = None

    @property
    def options(self) -> dict[str, Any]:
        """How its file is read."""
        return {
            "name": self.name,
            "layer": self.layer,
            "encoding": self.encoding,
            "crs": self.crs,
        }


class CalendarSpec(Strict):
    """The calendar: finer inputs become days or months where enough of their steps are there.

    What is derived is derived of the steps that the files have; `overpass` holds the local solar
    hours of day and night.
    """

    step: Literal["day", "month"]
    min_share: float = 0.8
    how: dict[str, How] = Field(default={})
    derive: tuple[Literal["vpd", "overpass"], ...] = ()
    overpass: tuple[float, float] = (13.5, 1.5)
    overpass_date: Literal["local", "utc"] = "local"

    @property
    def derived(self) -> tuple[str, ...]:
        """Variables that are derived."""
        return tuple(name for what in self.derive for name in _DERIVED[what])


class Place(Strict):
    """Grid, region, zones and calendar of a study; what is None is as the inputs have it."""

    grid: GridSpec | None = None
    region: RegionSpec | None = None
    zones: ZonesSpec | None = None
    calendar: CalendarSpec | None = None


#: Keys of a study file that this module reads.
KEYS = ("grid", "region", "zones", "calendar")
_FILES = ("grid", "region", "zones")
_SPECS: dict[str, type[Strict]] = {
    "grid": GridSpec,
    "region": RegionSpec,
    "zones": ZonesSpec,
    "calendar": CalendarSpec,
}
_EXAMPLES = {
    "grid": "{like: INPUT}, {file: grid.tif}, {crs: EPSG:4326, resolution: 0.01} or "
    "{snap: INPUT, resolution: 0.01}",
    "region": "[104.26, 36.65, 106.98, 39.39] (west, south, east, north) or a vector file",
    "zones": "a vector file or {file: zones.shp, name: NAME}",
    "calendar": "day, month, or {step: month, min_share: 0.8, how: {ndvi: max}, derive: [vpd]}",
}


def read_place(
    value: Mapping[str, Any], roots: Mapping[str, Path | None], document: Document
) -> Place:
    """Read grid, region, zones and calendar; each fault is noted with its line."""
    return Place(
        grid=_read_grid(value, roots, document),
        region=_read_spec("region", _region(value.get("region")), roots, document),
        zones=_read_spec("zones", _file(value.get("zones")), roots, document),
        calendar=_read_calendar(value, roots, document),
    )


def place_schema() -> dict[str, Any]:
    """JSON schemas of the keys that this module reads."""
    text = {"type": "string"}
    bounds = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4}
    models = {key: spec.model_json_schema() for key, spec in _SPECS.items()}
    return {
        "grid": models["grid"],
        "region": {"anyOf": [bounds, text, models["region"]]},
        "zones": {"anyOf": [text, models["zones"]]},
        "calendar": {"anyOf": [{"enum": ["day", "month"]}, models["calendar"]]},
    }


def _read_grid(
    value: Mapping[str, Any], roots: Mapping[str, Path | None], document: Document
) -> GridSpec | None:
    spec: GridSpec | None = _read_spec("grid", value.get("grid"), roots, document)
    if spec is None:
        return None
    ways = [spec.like is not None, spec.file is not None, spec.resolution is not None]
    if sum(ways) != 1 or (spec.snap is not None and spec.resolution is None):
        document.fault(("grid",), f"grid must be one of: {_EXAMPLES['grid']}.")
    _check_named(spec, value.get("inputs"), document)
    if spec.resolution is not None and not spec.resolution > 0:
        document.fault(("grid", "resolution"), "resolution must be above 0, in units of crs.")
    if spec.resolution is not None and spec.crs is None and spec.snap is None:
        document.fault(
            ("grid",),
            "grid has a resolution and no crs; write it, as in EPSG:4326, or snap: INPUT.",
        )
    if not 0 < spec.min_valid <= 1:
        document.fault(("grid", "min_valid"), "min_valid must be above 0 and at most 1.")
    if spec.crs is not None:
        try:
            read_crs(spec.crs, name="crs")
        except GridError as error:
            document.fault(("grid", "crs"), str(error))
    return spec


def _check_named(spec: GridSpec, inputs: Any, document: Document) -> None:
    """Note names of inputs that are none."""
    for key, name in (("like", spec.like), ("snap", spec.snap)):
        if name is not None and isinstance(inputs, Mapping) and name not in inputs:
            listed = ", ".join(map(str, inputs))
            document.fault(("grid", key), f"{key} names no input: {name!r}; there are: {listed}.")


def _read_calendar(
    value: Mapping[str, Any], roots: Mapping[str, Path | None], document: Document
) -> CalendarSpec | None:
    given = value.get("calendar")
    spec: CalendarSpec | None = _read_spec(
        "calendar", {"step": given} if isinstance(given, str) else given, roots, document
    )
    if spec is not None and not 0 < spec.min_share <= 1:
        document.fault(("calendar", "min_share"), "min_share must be above 0 and at most 1.")
    if spec is not None and not all(0 <= hour <= 24 for hour in spec.overpass):
        document.fault(("calendar", "overpass"), "overpass must be two hours from 0 to 24.")
    return spec


def _region(given: Any) -> Any:
    return {"bounds": given} if isinstance(given, list) else _file(given)


def _file(given: Any) -> Any:
    return {"file": given} if isinstance(given, str) else given


def _read_spec(key: str, given: Any, roots: Mapping[str, Path | None], document: Document) -> Any:
    """Read one part; None where it is absent or at fault."""
    if given is None:
        return None
    if not isinstance(given, Mapping):
        document.fault((key,), f"{key} is {given!r}; give {_EXAMPLES[key]}.")
        return None
    before = len(document.faults)
    parts = dict(given)
    if key in _FILES and "file" in parts:
        parts["file"] = _one_file(key, parts["file"], roots, document)
        if parts["file"] is None:  # that is told, of the file or of its root
            return None
    if key == "region":
        _check_region(parts, document)
    if len(document.faults) > before:
        return None
    try:
        return _SPECS[key](**parts)
    except ValidationError as error:
        hints = {name: f.annotation for name, f in _SPECS[key].model_fields.items()}
        for name, text in faults_of(error, hints | {"file": str}, parts).items():
            document.fault((key, name), text)
        return None


def _one_file(
    key: str, given: Any, roots: Mapping[str, Path | None], document: Document
) -> Path | None:
    """Resolve the one file of a region or of zones."""
    where = (key, "file") if (key, "file") in document.lines else (key,)
    paths = read_paths(given, roots, document, where)
    if len(paths) > 1:
        document.fault(where, f"{key} needs one file; {given} is {len(paths)}.")
    return paths[0] if paths else None


def _check_region(parts: Mapping[str, Any], document: Document) -> None:
    if ("bounds" in parts) == ("file" in parts):
        document.fault(("region",), f"region must be one of: {_EXAMPLES['region']}.")
    elif "bounds" in parts:
        try:
            read_bounds(parts["bounds"])
        except GridError as error:
            document.fault(("region",), str(error))
