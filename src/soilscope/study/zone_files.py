"""Vector files that may hold zones: which polygons, under which names, where."""

import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soilscope.errors import SoilscopeError
from soilscope.grid.vector import name_column, read_polygons
from soilscope.study.finds import Bounds

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

SUFFIXES = (".shp", ".gpkg", ".geojson")
#: What lies beside a shapefile, and is no file of its own.
COMPANIONS = (".shx", ".dbf", ".prj", ".cpg", ".cst", ".sbn", ".sbx", ".qix", ".qpj", ".shp.xml")
_MANY = 5000  # polygons; more are no zones
_OVERLAP = 0.01


@dataclass(frozen=True)
class Zones:
    """Polygons of a vector file; `fault` says why they cannot be zones as they are."""

    file: str  # relative to the folder
    layer: str | None = None  # where the file has several
    column: str | None = None  # the attribute that names them
    names: tuple[str, ...] = ()
    encoding: str = ""
    bounds: Bounds | None = None  # degrees
    fault: str = ""


def find_zones(folder: Path, files: Sequence[str]) -> list[Zones]:
    """Describe every layer of polygons in the vector files of a folder."""
    return [
        zones
        for file in files
        if file.lower().endswith(SUFFIXES)
        for zones in _of_file(folder, file)
    ]


def _of_file(folder: Path, file: str) -> list[Zones]:
    import pyogrio
    from pyogrio.errors import DataSourceError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            layers: list[Any] = [tuple(row) for row in pyogrio.list_layers(folder / file)]
    except DataSourceError:
        layers = [(None, "Polygon")]  # what is wrong with it is said by the reader
    several = len(layers) > 1
    return [
        _of_layer(folder, file, str(name) if several else None)
        for name, kind in layers
        if kind is None or "Polygon" in str(kind) or str(kind).startswith("Unknown")
    ]


def _of_layer(folder: Path, file: str, layer: str | None) -> Zones:
    if _count(folder / file, layer) > _MANY:
        return Zones(file, layer, fault="too many polygons for zones")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # heard again when the study is checked
        try:
            frame = read_polygons(folder / file, layer=layer)
        except SoilscopeError as error:
            text = " ".join(str(error).split()).replace(f"{folder}{os.sep}", "")
            return Zones(file, layer, fault=text)
        places = frame.geometry.to_crs("EPSG:4326")
    west, south, east, north = map(float, places.total_bounds)
    about: dict[str, Any] = {
        "encoding": str(frame.attrs["encoding"]),
        "bounds": (west, south, east, north),
    }
    try:
        column = name_column(frame, None, path=file)
    except SoilscopeError as error:
        return Zones(file, layer, fault=str(error), **about)
    names = tuple(dict.fromkeys(str(value).strip() for value in frame[column]))
    return Zones(file, layer, column, names, fault=_overlap(frame, column), **about)


def _count(path: Path, layer: str | None) -> int:
    """Return the number of features, 0 where the file cannot be read."""
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError

    try:
        return int(pyogrio.read_info(path, layer=layer)["features"])
    except (DataSourceError, DataLayerError, UnicodeDecodeError):
        return 0


def _overlap(frame: "GeoDataFrame", column: str) -> str:
    """Say whether polygons of different names lie one upon the other."""
    import shapely

    parts = frame.dissolve(by=column).geometry
    area, whole = float(shapely.area(parts.values).sum()), float(parts.union_all().area)
    return "its polygons overlap" if area > whole * (1 + _OVERLAP) else ""
