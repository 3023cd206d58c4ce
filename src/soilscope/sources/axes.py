"""Which of a file's dimensions are ours: by declaration, else by their names and attributes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import xarray as xr

from soilscope.checks import nearest
from soilscope.errors import SourceError
from soilscope.sources.declared import Declared

_ALIASES = {
    "time": ("time", "valid_time", "date", "datetime", "timestamp"),
    "depth": ("depth", "layer", "level", "lev", "soil_layer", "depthbelowlandlayer"),
    "site": ("site", "station", "gauge", "catchment", "basin", "point", "gauge_id", "site_id"),
    "latitude": ("latitude", "lat"),
    "longitude": ("longitude", "lon", "long"),
    "y": ("y", "northing"),
    "x": ("x", "easting"),
}
TABLE_DIMS = ("time", "depth", "site")
RASTER_DIMS = ("time", "depth", "y", "x", "latitude", "longitude")


@dataclass(frozen=True)
class Axes:
    """Their dimension -> ours, and the coordinate that goes with each of ours."""

    ours: Mapping[str, str]
    coordinates: Mapping[str, xr.DataArray]


def find_axes(
    raw: xr.Dataset, dims: Iterable[str], declared: Declared, *, allowed: tuple[str, ...], file: str
) -> Axes:
    """Name the dimensions `dims` of a file in our words."""
    ours: dict[str, str] = {}
    coordinates: dict[str, xr.DataArray] = {}
    for name, theirs in (declared.dims or {}).items():
        if name in allowed:
            dim = _declared_dim(raw, name, theirs, file)
            if dim is not None:
                ours[dim] = name
            if theirs in raw.variables:
                coordinates[name] = raw[theirs]
    for dim in dims:
        if dim not in ours:
            guessed = _guess(raw, dim, allowed)
            if guessed is None or guessed in ours.values():
                raise SourceError(_unknown(raw, dim, allowed, file))
            ours[dim] = guessed
            if dim in raw.variables:
                coordinates[guessed] = raw[dim]
    return Axes(ours, coordinates)


def guess_column(names: Iterable[str], ours: str) -> str | None:
    """Return the first of `names` that is a usual name of our dimension `ours`."""
    return next((n for n in names if n.casefold() in _ALIASES[ours]), None)


def _guess(raw: xr.Dataset, dim: str, allowed: tuple[str, ...]) -> str | None:
    for name in allowed:
        if dim.casefold() in _ALIASES[name]:
            return name
    attrs = raw[dim].attrs if dim in raw.variables else {}
    by_units = {"degrees_north": "latitude", "degrees_east": "longitude"}.get(
        str(attrs.get("units"))
    )
    by_name = {
        "latitude": "latitude",
        "longitude": "longitude",
        "projection_y_coordinate": "y",
        "projection_x_coordinate": "x",
        "time": "time",
        "depth": "depth",
    }.get(str(attrs.get("standard_name")))
    found = by_units or by_name
    return found if found in allowed else None


def _declared_dim(raw: xr.Dataset, ours: str, theirs: str, file: str) -> str | None:
    """Return the dimension that `theirs` is, or lies along; None for a single value."""
    if theirs in raw.dims:
        return theirs
    if theirs in raw.variables:
        return str(raw[theirs].dims[0]) if raw[theirs].ndim == 1 else None
    dims = list(map(str, raw.dims))
    raise SourceError(
        f"dims.{ours} names {theirs!r}, which {file} does not have; its dimensions are "
        f"{', '.join(dims) or 'none'}{nearest(theirs, dims)}."
    )


def _unknown(raw: xr.Dataset, dim: str, allowed: tuple[str, ...], file: str) -> str:
    hint = ""
    names = {name for name, words in _ALIASES.items() if dim.casefold() in words}
    if names & {"latitude", "longitude", "y", "x"}:
        hint = "; a grid needs product: raster"
    elif "site" in names:
        hint = "; sites need product: table"
    return (
        f"{file} has a dimension {dim!r} of {raw.sizes[dim]}, which is none of ours; say which, "
        f"as in dims: {{{allowed[-1]}: {dim}}} (ours: {', '.join(allowed)}){hint}."
    )
