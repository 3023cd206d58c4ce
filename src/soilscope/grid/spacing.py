"""Width, height and area of a grid's cells in metres, row by row."""

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyproj
import xarray as xr
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox

from soilscope.errors import GridError, SoilscopeWarning
from soilscope.grid.crs import brief, geobox_of, grid_dims
from soilscope.grid.measure import METRES, strip_from_equator

Floats = npt.NDArray[np.float64]

#: Lengths on a map may differ from those on the ground by this share before it is told.
_DISTORTED = 0.05


@dataclass(frozen=True)
class Spacing:
    """Width and height (m) and area (m2) of the cells of each row, in the order of the rows."""

    dx: Floats
    dy: Floats
    area: Floats


def spacing_of(obj: xr.DataArray | xr.Dataset, *, name: str = "da") -> Spacing:
    """Return the size of the cells of a grid: on the ellipsoid, or in the plane of its map.

    Units other than metres come from the reference system, else from ``units`` of the coordinates.
    Refuses bare coordinates that look like degrees. Warns where lengths on the map differ from
    those on the ground by more than 5 %, as they do far from the centre of a sinusoidal grid.
    """
    box = geobox_of(obj, name=name)
    if box.crs is not None and box.crs.geographic:
        return _on_ellipsoid(box)
    if box.crs is None:
        metres = _stated_unit(obj, name)
    else:
        metres = _unit_of(box.crs)
        _require_no_degrees(box, metres, name)
        _tell_distortion(box, name)
    dx, dy = abs(box.affine.a) * metres, abs(box.affine.e) * metres
    rows = np.ones(box.shape[0])
    return Spacing(dx * rows, dy * rows, dx * dy * rows)


def _on_ellipsoid(box: GeoBox) -> Spacing:
    """Lengths along the parallel and the meridian through a row's middle; the exact area."""
    geod = pyproj.CRS(str(box.crs)).get_geod() or pyproj.Geod(ellps="WGS84")
    major, squared = float(geod.a), float(geod.es)  # half the long axis, eccentricity squared
    edges = box.affine.f + box.affine.e * np.arange(box.shape[0] + 1)
    if np.abs(edges).max() > 90.0 + abs(box.affine.e):
        raise GridError(f"latitudes reach {np.abs(edges).max():.6g} degrees; 90 is the pole.")
    edges = np.deg2rad(np.clip(edges, -90.0, 90.0))
    middle = (edges[1:] + edges[:-1]) / 2
    height, width = np.abs(np.diff(edges)), np.deg2rad(abs(box.affine.a))
    curved = 1.0 - squared * np.sin(middle) ** 2
    dx = major / np.sqrt(curved) * np.cos(middle) * width
    dy = major * (1.0 - squared) / curved**1.5 * height
    return Spacing(dx, dy, np.abs(np.diff(strip_from_equator(edges))) * width)


def _unit_of(crs: CRS) -> float:
    """Metres in a unit of a projected reference system: 0.3048 in one in feet."""
    axes = pyproj.CRS(str(crs)).axis_info
    return float(axes[0].unit_conversion_factor) if axes else 1.0


def _stated_unit(obj: xr.DataArray | xr.Dataset, name: str) -> float:
    """Metres in the unit that bare coordinates state; refuses those that may be degrees."""
    dims = grid_dims(obj) or ()
    stated = {str(obj[dim].attrs.get("units", "")) for dim in dims}
    if any("assumed" in str(obj[dim].attrs.get("comment", "")) for dim in dims):
        stated = {""}
    unit = next(iter(stated)) if len(stated) == 1 else ", ".join(sorted(stated))
    if unit in METRES:
        return METRES[unit]
    if unit:
        raise GridError(
            f"the coordinates of {name} are in {unit!r}; write the crs that they are in, as in "
            "crs: EPSG:4326 (in Python, soilscope.grid.crs.stamp writes it on data)."
        )
    if _look_like_degrees(geobox_of(obj, name=name)):
        raise GridError(
            f"{name} has no coordinate reference system, and its coordinates look like degrees; "
            "write crs, as in crs: EPSG:4326 (in Python, soilscope.grid.crs.stamp writes it on "
            "data), or units 'm' on both coordinates."
        )
    return 1.0


def _require_no_degrees(box: GeoBox, metres: float, name: str) -> None:
    if _look_like_degrees(box) and abs(box.affine.a) * metres < 1.0:
        raise GridError(
            f"the coordinates of {name} look like degrees, but its crs, {brief(box.crs)}, is in "
            f"metres: cells would be {abs(box.affine.a) * metres:.3g} m wide; write the right crs, "
            "as in crs: EPSG:4326."
        )


def _look_like_degrees(box: GeoBox) -> bool:
    bounds = box.boundingbox
    x, y = max(abs(bounds.left), abs(bounds.right)), max(abs(bounds.bottom), abs(bounds.top))
    return bool(x <= 360.5 and y <= 90.5)


def _tell_distortion(box: GeoBox, name: str) -> None:
    """Warn where the map stretches lengths, or does not keep right angles."""
    crs = pyproj.CRS(str(box.crs))
    bounds = box.boundingbox
    x = np.array([bounds.left, bounds.right, bounds.left, bounds.right, sum(bounds[::2]) / 2])
    y = np.array([bounds.bottom, bounds.bottom, bounds.top, bounds.top, sum(bounds[1::2]) / 2])
    change = pyproj.Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
    longitude, latitude = change.transform(x, y)
    if not np.isfinite([longitude, latitude]).all():
        return  # a corner off the map, as of an interrupted one: there are no data
    factors = pyproj.Proj(crs).get_factors(longitude, latitude)
    stretch = np.array([factors.tissot_semimajor, factors.tissot_semiminor])
    worst = float(np.abs(stretch - 1.0).max())
    if np.isfinite(worst) and worst > _DISTORTED:
        warnings.warn(
            f"lengths on the map of {name} ({brief(box.crs)}) differ from those on the ground "
            f"by up to {worst:.0%}, and slopes with them; reproject it to a system made for the "
            "place, such as its UTM zone.",
            SoilscopeWarning,
            stacklevel=4,
        )
