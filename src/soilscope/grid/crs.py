"""The one rule about coordinate reference systems, and from coordinates to a GeoBox and back.

A grid has dims (latitude, longitude) if its reference system is geographic, else (y, x); rows run
from north to south. Latitude and longitude alone mean EPSG:4326. Bare y and x are planar, in the
unit of their ``units`` (m if they have none), until a function demands a reference system. The
grid mapping is the coordinate ``spatial_ref``, named in ``encoding`` only.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import xarray as xr
from affine import Affine
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox
from odc.geo.xr import xr_coords

from soilscope.errors import GridError

Grid = xr.DataArray | xr.Dataset
T = TypeVar("T", xr.DataArray, xr.Dataset)
Floats = npt.NDArray[np.float64]

GEOGRAPHIC = ("latitude", "longitude")
PLANAR = ("y", "x")
_PAIRS = (PLANAR, GEOGRAPHIC, ("lat", "lon"))
_REFERENCE = "spatial_ref"
#: Share of a cell by which coordinates may leave an even spacing: files round them.
_UNEVEN = 0.01


def grid_dims(obj: Grid) -> tuple[str, str] | None:
    """Return the two dimensions of a grid, rows first; None where there is no grid."""
    return next((pair for pair in _PAIRS if set(pair) <= set(obj.dims)), None)


def read_crs(text: object, *, name: str) -> CRS:
    """Return the reference system that a text, a number (EPSG) or an object describes."""
    try:
        return CRS(int(text) if isinstance(text, str) and text.isdigit() else text)
    except Exception as fault:  # pyproj and odc-geo raise several kinds
        raise GridError(
            f"{name} is {str(text)[:80]!r}, which is no coordinate reference system; write one as "
            f"in 'EPSG:4326' or as WKT ({str(fault).splitlines()[0][:80]})."
        ) from None


def crs_of(obj: Grid) -> CRS | None:
    """Return the reference system that `obj` states, EPSG:4326 for bare latitude and longitude.

    None if there is neither.
    """
    mapping = _grid_mapping(obj)
    if mapping is not None:
        return mapping
    dims = grid_dims(obj)
    return CRS("EPSG:4326") if dims is not None and dims != PLANAR else None


def require_crs(obj: Grid, *, name: str, purpose: str) -> CRS:
    """Return the reference system of `obj`; refuse one without, saying how to give it."""
    crs = crs_of(obj)
    if crs is None:
        raise GridError(
            f"{name} has no coordinate reference system, which {purpose} needs; write crs where "
            f"the data are opened, as in crs: {_likely(obj)} (in Python, "
            "soilscope.grid.crs.stamp writes it on data)."
        )
    return crs


def require_same_crs(grids: Mapping[str, Grid]) -> None:
    """Refuse grids in different reference systems; grids that state none are left alone."""
    stated = {name: crs for name, grid in grids.items() if (crs := crs_of(grid)) is not None}
    for name, crs in stated.items():
        first = next(iter(stated))
        if crs != stated[first]:
            raise GridError(
                f"{name} is in {brief(crs)}, {first} in {brief(stated[first])}; "
                "reproject one of them first."
            )


def geobox_of(obj: Grid, *, name: str = "da") -> GeoBox:
    """Return the grid of `obj`; refuse coordinates that are missing or not evenly spaced."""
    dims = grid_dims(obj)
    if dims is None:
        raise GridError(f"{name} has no grid: no dims (y, x) or (latitude, longitude).")
    row, column = (_axis(obj, dim, name) for dim in dims)
    dy, dx = _step(row), _step(column)
    if not dy and not dx:
        raise GridError(f"{name} has a single cell; its size is unknown.")
    dy, dx = dy or -abs(dx), dx or abs(dy)
    for dim, values, step in zip(dims, (row, column), (dy, dx), strict=True):
        _require_even(values, step, f"{dim} of {name}")
    transform = Affine(dx, 0.0, column[0] - dx / 2, 0.0, dy, row[0] - dy / 2)
    return GeoBox((row.size, column.size), transform, crs_of(obj))


def stamp(obj: T, crs: object = None, *, name: str = "da") -> T:
    """Return `obj` with the coordinates of its GeoBox and its reference system written on it.

    `crs` is taken where given, else what `obj` states; without any the grid stays planar. Dims
    become (latitude, longitude) in a geographic system and (y, x) in a projected one.
    """
    given = crs_of(obj) if crs is None else read_crs(crs, name="crs")
    geobox = geobox_of(obj, name=name)
    box = GeoBox(geobox.shape, geobox.affine, given)
    dims: tuple[str, str] = grid_dims(obj) or PLANAR  # geobox_of refuses what has no grid
    ours = GEOGRAPHIC if given is not None and given.geographic else PLANAR
    units = obj[dims[1]].attrs.get("units")
    obj = obj.drop_vars([_REFERENCE, *dims], errors="ignore").rename(
        {old: new for old, new in zip(dims, ours, strict=True) if old != new}
    )
    coords = xr_coords(box, dims=ours)
    if given is None:
        for dim in ours:
            coords[dim].attrs["units"] = units or "m"
            coords[dim].attrs["comment"] = "planar; no coordinate reference system is known" + (
                "" if units else ", metres are assumed"
            )
    obj = obj.assign_coords(coords)
    if given is not None:
        for da in _arrays(obj):
            if set(ours) <= set(da.dims):
                da.attrs.pop("grid_mapping", None)
                da.encoding["grid_mapping"] = _REFERENCE
    return obj


def _likely(obj: Grid) -> str:
    """Return EPSG:4326 where the coordinates look like degrees, else an example."""
    dims = grid_dims(obj) or ()
    extremes = [float(abs(obj[dim]).max()) for dim in dims if dim in obj.coords]
    is_degrees = len(extremes) == 2 and extremes[0] <= 90.0 and 5.0 < extremes[1] <= 360.0
    return "EPSG:4326" if is_degrees else "EPSG:32648"


def _arrays(obj: Grid) -> list[xr.DataArray]:
    return list(obj.data_vars.values()) if isinstance(obj, xr.Dataset) else [obj]


def _grid_mapping(obj: Grid) -> CRS | None:
    names = [da.encoding.get("grid_mapping", da.attrs.get("grid_mapping")) for da in _arrays(obj)]
    stated = [str(name).split(":")[0] for name in dict.fromkeys(names) if name is not None]
    held = set(obj.variables) if isinstance(obj, xr.Dataset) else set(obj.coords)
    for name in (*stated, _REFERENCE, "crs"):
        if name in held and (crs := _from_attrs(obj[name].attrs, name)) is not None:
            return crs
    return None


def _from_attrs(attrs: Mapping[Any, Any], name: str) -> CRS | None:
    for key in ("crs_wkt", "spatial_ref"):
        if attrs.get(key):
            return read_crs(attrs[key], name=name)
    if "grid_mapping_name" not in attrs:
        return None
    import pyproj

    try:
        return CRS(pyproj.CRS.from_cf(dict(attrs)))
    except Exception as fault:  # pyproj raises several kinds
        raise GridError(
            f"the grid mapping {name!r} cannot be read ({str(fault).splitlines()[0][:80]}); write "
            "crs, as in crs: EPSG:32648."
        ) from None


def _axis(obj: Grid, dim: str, name: str) -> Floats:
    if dim not in obj.coords:
        raise GridError(f"{name} has no coordinates along {dim}; assign the centres of its cells.")
    values = np.asarray(obj[dim].values, dtype=np.float64)
    if not np.isfinite(values).all():
        raise GridError(f"the coordinate {dim} of {name} has missing or infinite values.")
    return values


def _step(values: Floats) -> float:
    return 0.0 if values.size < 2 else float((values[-1] - values[0]) / (values.size - 1))


def _require_even(values: Floats, step: float, name: str) -> None:
    away = np.abs(values - (values[0] + step * np.arange(values.size)))
    worst = int(away.argmax())
    if values.size > 1 and (step == 0.0 or away[worst] > _UNEVEN * abs(step)):
        raise GridError(
            f"the coordinate {name} is not evenly spaced: {values[worst]:.9g} lies "
            f"{away[worst]:.3g} beside an even spacing of {step:.6g}; regrid it first."
        )


def brief(crs: CRS | None) -> str:
    """Return a reference system in a few words, for a message."""
    if crs is None:
        return "none"
    if crs.epsg:
        return f"EPSG:{crs.epsg}"
    named = str(crs.proj.name)
    return (str(crs) if named == "unknown" else named)[:60]
