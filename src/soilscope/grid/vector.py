"""Vector files: polygons with names, whatever their encoding, format and reference system."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soilscope.checks import nearest
from soilscope.errors import GridError, SoilscopeWarning, SourceError, missing_file
from soilscope.grid.shapefile import declared_encoding, require_whole

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

#: Tried in this order where a shapefile does not say how its texts are encoded.
_ENCODINGS = ("utf-8", "gb18030")
#: Attributes that usually hold the name of a zone.
_NAMES = ("name", "zone", "district", "county", "region", "名称", "县", "label")


def read_polygons(
    path: str | Path,
    *,
    layer: str | None = None,
    encoding: str | None = None,
    crs: str | int | None = None,
) -> "GeoDataFrame":
    """Read the polygons of a vector file; those that cross themselves are mended, with a warning.

    Parameters
    ----------
    path
        A shapefile, GeoPackage, GeoJSON, KML or whatever GDAL reads.
    layer
        Name of the layer, where the file has several.
    encoding
        Of a shapefile's texts; by default what its ``.cpg`` says, else UTF-8 if every text is
        valid UTF-8, else GB 18030 (which holds GBK and GB 2312).
    crs
        Reference system, where the file does not say it.

    Returns
    -------
    GeoDataFrame
        With at least one polygon and a reference system; ``attrs["encoding"]`` says how texts were
        read.

    Raises
    ------
    SourceError
        If the file is missing, incomplete or damaged, or holds no polygon.
    GridError
        If it does not say its reference system.
    """
    path = Path(path)
    if not path.exists():
        raise SourceError(missing_file(path))
    require_whole(path)
    frame, used = _read(path, layer, encoding)
    if crs is not None:
        frame = frame.set_crs(_crs(crs), allow_override=True)
    if frame.crs is None:
        mend = (
            f"put the missing {path.with_suffix('.prj').name} beside it"
            if path.suffix.lower() == ".shp"
            else "write it into the file"
        )
        raise GridError(
            f"{path} does not say its coordinate reference system; {mend}, or write crs, as in "
            "crs: EPSG:4326."
        )
    frame = _polygons(frame, path)
    frame.attrs["encoding"] = used
    return frame


def name_column(frame: "GeoDataFrame", wanted: str | None, *, path: str | Path) -> str:
    """Return the attribute that names the polygons: the one wanted, or the only likely one."""
    columns = [str(c) for c in frame.columns if c != frame.geometry.name]
    listed = ", ".join(columns) or "none"
    if wanted is not None:
        if wanted not in columns:
            raise SourceError(
                f"{path} has no attribute {wanted!r}{nearest(wanted, columns)}; it has: {listed}."
            )
        return wanted
    texts = [c for c in columns if frame[c].map(lambda v: isinstance(v, str)).all()]
    likely = [c for c in texts if any(word in c.lower() for word in _NAMES)] or texts
    if not likely:
        raise SourceError(
            f"{path} has no attribute that names its polygons; write name, as in "
            f"name: {columns[0] if columns else 'NAME'} (it has: {listed})."
        )
    return likely[0]


def _read(path: Path, layer: str | None, encoding: str | None) -> tuple["GeoDataFrame", str]:
    """Read a file, and how its texts were encoded."""
    shapefile = path.suffix.lower() == ".shp"
    declared = encoding or (declared_encoding(path) if shapefile else None)
    tried = (declared,) if declared or not shapefile else _ENCODINGS
    for name in tried:
        try:
            return _open(path, layer, name), name or "utf-8"
        except (UnicodeDecodeError, LookupError):
            continue
    raise SourceError(
        f"the texts of {path} are not {' or '.join(str(t) for t in tried)}; write encoding, as in "
        "encoding: GBK."
    )


def _open(path: Path, layer: str | None, encoding: str | None) -> Any:
    import geopandas
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError

    try:
        layers = [str(name) for name in pyogrio.list_layers(path)[:, 0]]
    except DataSourceError:
        raise SourceError(
            f"{path} cannot be read as a vector file; give a shapefile, GeoPackage or GeoJSON that "
            "is whole."
        ) from None
    if layer is None and len(layers) > 1:
        raise SourceError(f"{path} has several layers; write layer, one of: {', '.join(layers)}.")
    if layer is not None and layer not in layers:
        raise SourceError(
            f"{path} has no layer {layer!r}{nearest(layer, layers)}; it has: {', '.join(layers)}."
        )
    # GDAL recognises some encodings in capitals alone
    options = {} if encoding is None else {"encoding": encoding.upper()}
    try:
        return geopandas.read_file(path, engine="pyogrio", layer=layer, **options)
    except (DataSourceError, DataLayerError) as fault:
        raise SourceError(
            f"{path} cannot be read; it may be damaged ({str(fault).splitlines()[0][:120]})."
        ) from None


def _crs(crs: str | int) -> Any:
    import pyproj

    try:
        return pyproj.CRS.from_user_input(int(crs) if str(crs).isdigit() else crs)
    except pyproj.exceptions.CRSError:
        raise GridError(
            f"crs is {crs!r}, which is no coordinate reference system; write one as in EPSG:4326."
        ) from None


def _polygons(frame: "GeoDataFrame", path: Path) -> "GeoDataFrame":
    """Keep polygons alone; mend those that are not valid."""
    kept = frame[frame.geometry.notna() & ~frame.geometry.is_empty]
    kept = kept[kept.geometry.geom_type.isin(["Polygon", "MultiPolygon"])].reset_index(drop=True)
    if not len(kept):
        kinds = ", ".join(sorted(set(frame.geometry.geom_type.dropna()))) or "nothing"
        kinds = f"{len(frame)} without shape" if kinds == "Polygon" else kinds
        raise SourceError(f"{path} holds no polygon (it holds: {kinds}); give a boundary.")
    if len(kept) < len(frame):
        warnings.warn(
            f"{len(frame) - len(kept)} of {len(frame)} entries of {path} have no polygon, and were "
            "left out.",
            SoilscopeWarning,
            stacklevel=4,
        )
    crossing = ~kept.geometry.is_valid
    if crossing.any():
        warnings.warn(
            f"{int(crossing.sum())} of {len(kept)} polygons in {path} cross themselves; they were "
            "mended (shapely make_valid), look at them once.",
            SoilscopeWarning,
            stacklevel=4,
        )
        kept = kept.set_geometry(kept.geometry.make_valid(), crs=frame.crs)
    return kept
