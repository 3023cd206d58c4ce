"""Areas of cells: on the ellipsoid, on a plane, or what sites say of themselves."""

import math

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.errors import GridError
from soilscope.labelled import spatial_dims

Floats = npt.NDArray[np.float64]

# WGS 84
_MAJOR = 6_378_137.0
_FLATTENING = 1 / 298.257223563
_ECCENTRICITY = math.sqrt(_FLATTENING * (2 - _FLATTENING))
#: Metres in the units that coordinates of a map may state.
METRES = {"m": 1.0, "metre": 1.0, "meter": 1.0, "metres": 1.0, "meters": 1.0, "km": 1000.0}


def cell_area(obj: xr.DataArray | xr.Dataset) -> xr.DataArray:
    """Area of each cell of a grid, or weight of each site.

    Parameters
    ----------
    obj
        Data on latitude and longitude (degrees, WGS 84), on y and x (in their units, metres if
        they have none), or on `site`. A coordinate ``cell_area`` on the spatial dims is used as
        it is.

    Returns
    -------
    xr.DataArray
        `cell_area` (m2) on the spatial dims. Sites without a coordinate ``cell_area`` count alike
        (units 1, attribute ``assumed``).

    Raises
    ------
    GridError
        If there are no spatial dims, or coordinates are unevenly spaced.

    Examples
    --------
    >>> lat, lon = [0.5, -0.5], [0.5, 1.5]
    >>> field = xr.DataArray(np.ones((2, 2)), {"latitude": lat, "longitude": lon},
    ...                      ("latitude", "longitude"))
    >>> (cell_area(field) / 1e6).values.round(1)
    array([[12308.5, 12308.5],
           [12308.5, 12308.5]])
    """
    dims = spatial_dims(obj)
    if dims and "cell_area" in obj.coords and set(obj.coords["cell_area"].dims) == set(dims):
        return obj.coords["cell_area"].reset_coords(drop=True)
    if dims == ("site",):
        return _of_sites(obj)
    if set(dims) in ({"latitude", "longitude"}, {"lat", "lon"}):
        lat, lon = sorted(dims, key=lambda dim: not str(dim).startswith("lat"))
        return _on_ellipsoid(obj, str(lat), str(lon))
    if set(dims) == {"y", "x"}:
        return _on_plane(obj)
    raise GridError(
        f"areas need a grid (latitude and longitude, or y and x) or sites; the dimensions are "
        f"{', '.join(map(str, obj.dims)) or 'none'}."
    )


def _of_sites(obj: xr.DataArray | xr.Dataset) -> xr.DataArray:
    area = xr.DataArray(
        np.ones(obj.sizes["site"]),
        dims="site",
        name="cell_area",
        attrs={"units": "1", "long_name": "weight of a site", "assumed": "equal weights"},
    )
    return area.assign_coords(site=obj["site"]) if "site" in obj.coords else area


def _on_ellipsoid(obj: xr.DataArray | xr.Dataset, lat: str, lon: str) -> xr.DataArray:
    """Exact area between parallels: differences of the authalic function at the cells' edges."""
    edges = np.deg2rad(np.clip(_edges(obj, lat), -90.0, 90.0))
    width = np.deg2rad(abs(_step(obj, lon)))
    strips: Floats = np.abs(np.diff(strip_from_equator(edges))) * width
    values = np.repeat(strips[:, np.newaxis], obj.sizes[lon], axis=1)
    return _labelled(values, obj, lat, lon)


def strip_from_equator(latitude: Floats) -> Floats:
    """Area per radian of longitude between the equator and `latitude` (radians)."""
    e, sine = _ECCENTRICITY, np.sin(latitude)
    half = _MAJOR**2 * (1 - e**2) / 2
    area: Floats = half * (sine / (1 - (e * sine) ** 2) + np.arctanh(e * sine) / e)
    return area


def _on_plane(obj: xr.DataArray | xr.Dataset) -> xr.DataArray:
    area = abs(_step(obj, "y") * _scale(obj, "y") * _step(obj, "x") * _scale(obj, "x"))
    return _labelled(np.full((obj.sizes["y"], obj.sizes["x"]), area), obj, "y", "x")


def _scale(obj: xr.DataArray | xr.Dataset, dim: str) -> float:
    units = str(obj[dim].attrs.get("units", "m"))
    if units not in METRES:
        raise GridError(f"{dim} is in {units!r}; areas need metres or kilometres: reproject it.")
    return METRES[units]


def _step(obj: xr.DataArray | xr.Dataset, dim: str) -> float:
    if dim not in obj.coords:
        raise GridError(f"{dim!r} has no coordinates; assign them, as areas depend on them.")
    values = obj[dim].values.astype(np.float64)
    if values.size < 2:
        raise GridError(
            f"{dim!r} has a single value, which does not say how wide a cell is; take two "
            "rows and columns at least, or assign a coordinate cell_area (m2)."
        )
    step = float(values[-1] - values[0]) / (values.size - 1)
    if not np.allclose(np.diff(values), step, rtol=1e-2, atol=0.0):
        raise GridError(f"{dim!r} is unevenly spaced; put the data on an even grid first.")
    return step


def _edges(obj: xr.DataArray | xr.Dataset, dim: str) -> Floats:
    step = _step(obj, dim)
    first = float(obj[dim].values[0])
    return np.asarray(first + step * (np.arange(obj.sizes[dim] + 1) - 0.5), dtype=np.float64)


def _labelled(
    values: Floats, obj: xr.DataArray | xr.Dataset, rows: str, columns: str
) -> xr.DataArray:
    return xr.DataArray(
        values,
        dims=(rows, columns),
        coords={rows: obj[rows], columns: obj[columns]},
        name="cell_area",
        attrs={"units": "m2", "long_name": "area of the cell", "standard_name": "cell_area"},
    )
