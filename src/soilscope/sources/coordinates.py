"""Coordinates of a grid as they ought to be: in order, in degrees or metres, and on the Earth."""

import warnings

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.errors import GridError, SoilscopeWarning
from soilscope.grid.crs import read_crs

Floats = npt.NDArray[np.float64]

#: Spellings of units that are turned into degrees or metres.
RADIANS = ("radian", "radians", "rad")
_FACTORS = {"km": 1000.0} | dict.fromkeys(RADIANS, 180.0 / np.pi)


def factor_of(coordinate: xr.DataArray, *, angles: bool) -> float:
    """Return what turns a coordinate into degrees or metres; radians where it is an angle alone."""
    units = str(coordinate.attrs.get("units"))
    return 1.0 if units in RADIANS and not angles else _FACTORS.get(units, 1.0)


def in_order(ds: xr.Dataset, dim: str, *, falling: bool, file: str) -> xr.Dataset:
    """Return `ds` with a coordinate that falls or rises; rows that were shuffled are told."""
    values = np.asarray(ds[dim].values, dtype=np.float64)
    steps = np.diff(-values if falling else values)
    if (steps > 0).all():
        return ds
    if (steps < 0).all():
        return ds.isel({dim: slice(None, None, -1)})
    order = np.argsort(-values if falling else values, kind="stable")
    ordered = values[order]
    twice = np.flatnonzero(ordered[1:] == ordered[:-1])
    if twice.size:
        raise GridError(
            f"the coordinate {dim} of {file} holds {ordered[twice[0]]:.9g} twice; keep one of "
            "them, or write the file again."
        )
    warnings.warn(
        f"the coordinate {dim} of {file} is in no order; its values were put into order by it. "
        "Look whether the file was written as it should.",
        SoilscopeWarning,
        stacklevel=5,
    )
    return ds.isel({dim: order})


def require_on_earth(ds: xr.Dataset, dims: tuple[str, str], crs: str | None, *, file: str) -> None:
    """Refuse latitudes beyond the poles, and degrees in a reference system of metres."""
    y, x = (np.asarray(ds[dim].values, dtype=np.float64) for dim in dims)
    geographic = dims[0] != "y" if crs is None else read_crs(crs, name="crs").geographic
    if geographic and np.abs(y).max() > 90.0 + 1e-6:
        if np.abs(x).max() <= 90.0 and np.abs(y).max() <= 360.0:
            cause = (
                "latitude and longitude seem exchanged: write dims, as in "
                "dims: {latitude: lon, longitude: lat}"
            )
        else:
            cause = "if it is in metres, write the crs that it is in, as in crs: EPSG:32648"
        raise GridError(f"{dims[0]} in {file} runs {_extent(y)}, beyond 90 degrees; {cause}.")
    if crs is not None and not geographic and _in_degrees(x, y):
        raise GridError(
            f"{file} has x from {_extent(x)}, y from {_extent(y)}: degrees, and not the metres of "
            "its crs; leave crs out, or write crs: EPSG:4326."
        )


def _in_degrees(x: Floats, y: Floats) -> bool:
    """Whether coordinates can be no metres: a grid of many cells within 360 of them."""
    small = np.abs(x).max() <= 360.0 and np.abs(y).max() <= 90.0
    steps = [abs(float(np.ptp(axis))) / max(1, axis.size - 1) for axis in (x, y)]
    return bool(small and 0.0 < max(steps) < 0.99)


def _extent(values: Floats) -> str:
    return f"{values.min():.6g} to {values.max():.6g}"
