"""Where the values of a field lie: on a map's grid, one of latitude and longitude, or at sites."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj
import xarray as xr

from soilscope.errors import GridError, InputError
from soilscope.grid.crs import crs_of, geobox_of, grid_dims
from soilscope.grid.measure import METRES
from soilscope.grid.spacing import spacing_of

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class MapGrid:
    """Cells of a map: steps (m) to the north from row to row, and to the east by column."""

    dims: tuple[Hashable, ...]
    shape: tuple[int, int]
    north: float
    east: float

    @property
    def narrowest(self) -> float:
        """Least width of a class (m): the shorter side of a cell."""
        return min(abs(self.north), abs(self.east))

    @property
    def extent(self) -> float:
        """Largest distance of two cells (m)."""
        return float(np.hypot((self.shape[0] - 1) * self.north, (self.shape[1] - 1) * self.east))


@dataclass(frozen=True)
class DegreeGrid:
    """Cells on an ellipsoid: latitude of each row, degrees between columns."""

    dims: tuple[Hashable, ...]
    latitude: tuple[float, ...]
    n_column: int
    step: float
    ellipsoid: tuple[float, float]  # half the long axis (m), flattening
    narrowest: float  # half the shortest side of a cell (m): distances vary from row to row

    @property
    def extent(self) -> float:
        """A distance (m) that no two cells exceed."""
        rows = abs(self.latitude[-1] - self.latitude[0])
        widest = min(180.0, (self.n_column - 1) * self.step)
        columns = widest * np.cos(np.deg2rad(min(np.abs(self.latitude))))
        return float(min(np.pi, np.deg2rad(np.hypot(rows, columns))) * self.ellipsoid[0])


@dataclass(frozen=True)
class Sites:
    """Places (y, x) in m, or (latitude, longitude) in radians where there is an ellipsoid."""

    dims: tuple[Hashable, ...]
    places: tuple[tuple[float, float], ...]
    ellipsoid: tuple[float, float]  # 0, 0 in the plane
    narrowest: float = 0.0

    @property
    def extent(self) -> float:
        """A distance (m) that no two sites exceed."""
        places = np.array(self.places)
        height, width = np.ptp(places, axis=0)
        if not self.ellipsoid[0]:
            return float(np.hypot(height, width))
        width = min(np.pi, width) * np.cos(np.abs(places[:, 0]).min())
        return float(min(np.pi, np.hypot(height, width)) * self.ellipsoid[0])


Places = MapGrid | DegreeGrid | Sites


def places_of(field: xr.DataArray) -> Places:
    """Return where the values of a field lie; refuse places that are unknown or doubtful."""
    if grid_dims(field) is None and "site" in field.dims:
        return _sites(field)
    dims = grid_dims(field)
    if dims is None:
        raise GridError(
            "field has no places: no dims (y, x) or (latitude, longitude), and no dim 'site' with "
            "coordinates (latitude, longitude) or (y, x)."
        )
    box = geobox_of(field, name="field")
    spacing = spacing_of(field, name="field")
    if box.crs is not None and box.crs.geographic:
        rows = box.affine.f + box.affine.e * (np.arange(box.shape[0]) + 0.5)
        half = float(min(spacing.dx.min(), spacing.dy.min())) / 2
        return DegreeGrid(
            dims, tuple(map(float, rows)), box.shape[1], abs(box.affine.a), _ellipsoid(field), half
        )
    north = float(spacing.dy[0]) * float(np.sign(box.affine.e))
    east = float(spacing.dx[0]) * float(np.sign(box.affine.a))
    return MapGrid(dims, (box.shape[0], box.shape[1]), north, east)


def _ellipsoid(field: xr.DataArray) -> tuple[float, float]:
    crs = crs_of(field)
    stated = None if crs is None else pyproj.CRS(str(crs)).get_geod()
    geod = stated or pyproj.Geod(ellps="WGS84")
    return float(geod.a), float(geod.f)


def _sites(field: xr.DataArray) -> Sites:
    """Return the places of sites; latitude and longitude come before y and x."""
    for pair in (("latitude", "longitude"), ("lat", "lon"), ("y", "x")):
        if all(name in field.coords and field[name].dims == ("site",) for name in pair):
            break
    else:
        raise GridError(
            "field has sites without places; assign coordinates (latitude, longitude) or (y, x) "
            "along 'site', as in field.assign_coords(latitude=('site', values))."
        )
    places = np.stack([np.asarray(field[name].values, dtype=np.float64) for name in pair], axis=1)
    _require_known(places, field, pair)
    if pair != ("y", "x"):
        if np.abs(places[:, 0]).max() > 90.0 + 1e-9:
            raise GridError(f"latitudes reach {np.abs(places[:, 0]).max():.6g} degrees, not 90.")
        made, ellipsoid = np.deg2rad(places), _ellipsoid(field)
    else:
        made, ellipsoid = places * _metres(field, places), (0.0, 0.0)
    return Sites(("site",), tuple(map(tuple, made.tolist())), ellipsoid)


def _require_known(places: Floats, field: xr.DataArray, pair: tuple[str, str]) -> None:
    lost: Any = ~np.isfinite(places).all(axis=1)
    if lost.any():
        raise GridError(
            f"{int(lost.sum())} sites have no {pair[0]} or {pair[1]}, first {_name(field, lost)}; "
            f"leave them out, as in field.isel(site=field.{pair[0]}.notnull())."
        )
    turn = np.array([np.inf, np.inf if pair == ("y", "x") else 360.0])
    _, first, counts = np.unique(
        np.where(np.isfinite(turn), np.mod(places, np.where(np.isfinite(turn), turn, 1.0)), places),
        axis=0,
        return_index=True,
        return_counts=True,
    )
    if (counts > 1).any():
        twice = first[counts > 1][0]
        raise InputError(
            f"{int((counts > 1).sum())} places have two sites or more, first {pair[0]} "
            f"{places[twice, 0]:.10g}, {pair[1]} {places[twice, 1]:.10g}; keep one of them, or "
            "take their mean."
        )


def _name(field: xr.DataArray, chosen: npt.NDArray[Any]) -> str:
    at = int(np.flatnonzero(chosen)[0])
    return repr(str(field["site"].values[at])) if "site" in field.coords else f"number {at + 1}"


def _metres(field: xr.DataArray, places: Floats) -> float:
    """Metres in the unit of y and x of sites; refuses what may be degrees."""
    crs = crs_of(field)
    if crs is not None and crs.projected:
        axes = pyproj.CRS(str(crs)).axis_info
        return float(axes[0].unit_conversion_factor) if axes else 1.0
    stated = sorted({str(field[name].attrs.get("units", "")) for name in ("y", "x")})
    if len(stated) == 1 and stated[0] in METRES:
        return METRES[stated[0]]
    if stated != [""]:
        raise GridError(
            f"y and x of the sites are in {', '.join(map(repr, stated))}; write units 'm' or 'km' "
            "on both, or give latitude and longitude."
        )
    if (np.abs(places).max(axis=0) <= (90.5, 360.5)).all():
        raise GridError(
            "y and x of the sites look like degrees; name them latitude and longitude, or write "
            "units 'm' on both."
        )
    return 1.0
