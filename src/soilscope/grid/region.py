"""A region and its zones on a grid: which cells lie inside, and in which zone."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from odc.geo.geobox import GeoBox

from soilscope.errors import GridError, SoilscopeWarning
from soilscope.grid.crs import GEOGRAPHIC, PLANAR, geobox_of, require_crs
from soilscope.grid.vector import name_column, read_polygons
from soilscope.names import flag_attrs

Bounds = tuple[float, float, float, float]

#: Share of the cells of all zones that may lie in two of them: boundaries are drawn by hand.
_OVERLAP = 0.01
#: What polygons without a name are called.
_UNNAMED = "unnamed"


def zones_on(
    grid: xr.DataArray | xr.Dataset,
    path: str | Path,
    *,
    name: str | None = None,
    layer: str | None = None,
    encoding: str | None = None,
    crs: str | int | None = None,
) -> xr.DataArray:
    """Say in which polygon of a vector file the centre of each cell (or each site) lies.

    Parameters
    ----------
    grid
        Data on the grid, with a reference system, or at sites with latitude and longitude.
    path, layer, encoding, crs
        The vector file; see `soilscope.grid.vector.read_polygons`.
    name
        Attribute that names the zones; polygons of one name are one zone. By default the first
        attribute that looks like a name.

    Returns
    -------
    xr.DataArray
        `zone`: int16 in the order of the file, -1 outside; flag_values and flag_meanings, and the
        full names in ``attrs["labels"]``.

    Raises
    ------
    GridError
        If the zones lie outside the grid, or more than 1 % of their cells lie in two zones.
    SourceError
        If the file cannot be read or has no such attribute.
    """
    frame = read_polygons(path, layer=layer, encoding=encoding, crs=crs)
    column = name_column(frame, name, path=path)
    names = _names(frame[column], column, path)
    labels = list(dict.fromkeys(names))
    masks = _masks(grid, frame, [labels.index(n) for n in names], len(labels), path)
    count = np.sum(masks, axis=0)
    twice = int((count > 1).sum())
    if twice > _OVERLAP * max(1, int((count > 0).sum())):
        pair = _worst_pair(masks, labels)
        raise GridError(
            f"zones of {path} overlap: {twice} cells lie in two of them, as in {pair[0]} and "
            f"{pair[1]}; mend the polygons, or give zones that exclude one another."
        )
    if twice:
        warnings.warn(
            f"{twice} cells lie in two zones of {path}; they count to the first.",
            SoilscopeWarning,
            stacklevel=2,
        )
    codes = np.full(masks[0].shape, -1, dtype=np.int16)
    for code in reversed(range(len(labels))):
        codes[masks[code]] = code
    _tell_empty(codes, labels, path)
    return _as_zone(grid, codes, labels, path=path, encoding=str(frame.attrs["encoding"]))


def inside(
    grid: xr.DataArray | xr.Dataset,
    region: str | Path | Sequence[float],
    *,
    layer: str | None = None,
    encoding: str | None = None,
    crs: str | int | None = None,
) -> xr.DataArray:
    """Say which cell centres (or sites) lie in a region: a vector file, or west, south, east, north.

    Bounds are in degrees where the grid has a reference system, else in the grid's own units.
    """  # noqa: E501
    if not isinstance(region, str | Path):
        bounds = read_bounds(region)
        return _in_bounds(grid, bounds)
    frame = read_polygons(region, layer=layer, encoding=encoding, crs=crs)
    (mask,) = _masks(grid, frame, [0] * len(frame), 1, region)
    return _on_grid(grid, mask).rename("inside")


def region_bounds(region: str | Path | Sequence[float], box_crs: Any, **options: Any) -> Bounds:
    """Return the bounds of a region (west, south, east, north) in a reference system."""
    import geopandas
    from shapely.geometry import box

    if isinstance(region, str | Path):
        frame = read_polygons(region, **options)
    else:
        frame = geopandas.GeoDataFrame(geometry=[box(*read_bounds(region))], crs="EPSG:4326")
    if box_crs is not None:
        frame = frame.set_geometry(frame.geometry.segmentize(_step(frame))).to_crs(str(box_crs))
    west, south, east, north = map(float, frame.total_bounds)
    return west, south, east, north


def read_bounds(region: Sequence[float]) -> Bounds:
    """Check west, south, east, north."""
    try:
        west, south, east, north = map(float, region)
    except (TypeError, ValueError):
        west = east = south = north = np.nan
    if not (west < east and south < north):
        raise GridError(
            f"region is {list(region)}; give west, south, east, north, as in "
            "[104.26, 36.65, 106.98, 39.39], or a vector file."
        )
    return west, south, east, north


def _step(frame: Any) -> float:
    """Return a length that bends a straight edge enough when it is projected."""
    west, south, east, north = frame.total_bounds
    return float(max(east - west, north - south, 1e-9) / 50)


def _masks(
    grid: xr.DataArray | xr.Dataset,
    frame: Any,
    codes: list[int],
    n_codes: int,
    path: str | Path,
) -> list[npt.NDArray[np.bool_]]:
    """Return for each code which cells (or sites) have their centre in its polygons."""
    if "site" in grid.dims:
        masks = _site_masks(grid, frame, codes, n_codes)
    else:
        box = geobox_of(grid)
        crs = require_crs(grid, name="the grid", purpose="a region")
        frame = frame.to_crs(str(crs))
        masks = [_rasterized(frame.geometry[_where(codes, c)], box) for c in range(n_codes)]
    if not any(mask.any() for mask in masks):
        west, south, east, north = frame.total_bounds
        raise GridError(
            f"{path} lies outside the grid: it covers x {west:g} to {east:g}, y {south:g} to "
            f"{north:g}, the grid {_extent(grid)}; check both, and their reference systems."
        )
    return masks


def _names(values: Any, column: str, path: str | Path) -> list[str]:
    """Return the names of polygons as texts; those without are one zone, and are told."""
    names = []
    for value in values:
        missing = value is None or value != value or not str(value).strip()
        whole = isinstance(value, float) and not missing and value == int(value)
        names.append(_UNNAMED if missing else str(int(value) if whole else value).strip())
    n = names.count(_UNNAMED)
    if n:
        warnings.warn(
            f"{n} of {len(names)} polygons of {path} have no {column}; they are one zone, "
            f"{_UNNAMED!r}. Write their names into the file, or name another attribute, as in "
            "name: NAME.",
            SoilscopeWarning,
            stacklevel=4,
        )
    return names


def _where(codes: list[int], code: int) -> list[bool]:
    return [c == code for c in codes]


def _rasterized(geometry: Any, box: GeoBox) -> npt.NDArray[np.bool_]:
    """Cells whose centre lies in the polygons."""
    from rasterio.features import geometry_mask

    shape = (int(box.shape[0]), int(box.shape[1]))
    mask: npt.NDArray[np.bool_] = geometry_mask(
        list(geometry), out_shape=shape, transform=box.affine, invert=True, all_touched=False
    )
    return mask


def _site_masks(
    grid: xr.DataArray | xr.Dataset, frame: Any, codes: list[int], n_codes: int
) -> list[npt.NDArray[np.bool_]]:
    import geopandas
    import shapely

    if not {"latitude", "longitude"} <= set(grid.coords):
        raise GridError(
            "the sites have no latitude and longitude, which a region needs; name them where the "
            "sites are opened, as in dims: {latitude: lat, longitude: lon}."
        )
    points = geopandas.points_from_xy(grid["longitude"].values, grid["latitude"].values)
    points = geopandas.GeoSeries(points, crs="EPSG:4326").to_crs(frame.crs)
    return [
        np.asarray(shapely.contains(frame.geometry[_where(codes, c)].union_all(), points.values))
        for c in range(n_codes)
    ]


def _in_bounds(grid: xr.DataArray | xr.Dataset, bounds: Bounds) -> xr.DataArray:
    import pyproj

    if "site" in grid.dims:
        x, y = grid["longitude"], grid["latitude"]
    else:
        box = geobox_of(grid)
        rows, columns = _dims(box)
        y, x = xr.broadcast(
            grid[rows].reset_coords(drop=True), grid[columns].reset_coords(drop=True)
        )
        if box.crs is not None and not box.crs.geographic:
            change = pyproj.Transformer.from_crs(str(box.crs), "EPSG:4326", always_xy=True)
            lon, lat = change.transform(x.values, y.values)
            x, y = x.copy(data=lon), y.copy(data=lat)
    west, south, east, north = bounds
    mask = (x >= west) & (x <= east) & (y >= south) & (y <= north)
    if not bool(mask.any()):
        raise GridError(
            f"the region {list(bounds)} (west, south, east, north) lies outside the grid "
            f"{_extent(grid)}; check both."
        )
    return mask.rename("inside")


def _dims(box: GeoBox) -> tuple[str, str]:
    return GEOGRAPHIC if box.crs is not None and box.crs.geographic else PLANAR


def _on_grid(grid: xr.DataArray | xr.Dataset, values: npt.NDArray[Any]) -> xr.DataArray:
    if "site" in grid.dims:
        return xr.DataArray(values, {"site": grid["site"]}, ("site",))
    dims = next(p for p in (GEOGRAPHIC, PLANAR, ("lat", "lon")) if set(p) <= set(grid.dims))
    return xr.DataArray(values, {d: grid[d] for d in dims}, dims)


def _as_zone(
    grid: xr.DataArray | xr.Dataset,
    codes: npt.NDArray[np.int16],
    labels: list[str],
    *,
    path: str | Path,
    encoding: str,
) -> xr.DataArray:
    meanings = tuple("_".join(label.split()) or "unnamed" for label in labels)
    about = {
        "long_name": "zone",
        "labels": labels,
        "source": Path(path).name,
        "source_encoding": encoding,
    }
    return _on_grid(grid, codes).rename("zone").assign_attrs(flag_attrs(meanings) | about)


def _worst_pair(masks: list[npt.NDArray[np.bool_]], labels: list[str]) -> tuple[str, str]:
    pairs = [
        (int((masks[i] & masks[j]).sum()), labels[i], labels[j])
        for i in range(len(labels))
        for j in range(i)
    ]
    _, first, second = max(pairs)
    return second, first


def _tell_empty(codes: npt.NDArray[np.int16], labels: list[str], path: str | Path) -> None:
    empty = [label for code, label in enumerate(labels) if not (codes == code).any()]
    if empty:
        warnings.warn(
            f"{len(empty)} zone(s) of {path} hold no cell of the grid: {', '.join(empty[:5])}"
            f"{' ...' if len(empty) > 5 else ''}.",
            SoilscopeWarning,
            stacklevel=3,
        )


def _extent(grid: xr.DataArray | xr.Dataset) -> str:
    names = ("longitude", "latitude") if "longitude" in grid.coords else ("x", "y")
    parts = [
        f"{label} {float(grid[n].min()):g} to {float(grid[n].max()):g}"
        for label, n in zip(("x", "y"), names, strict=True)
        if n in grid.coords
    ]
    return ", ".join(parts)
