"""Soil layers of a file: mid-depths and bounds in m, shallowest first."""

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.errors import SourceError
from soilscope.sources.declared import Layers
from soilscope.sources.units import canonical_units

_METRES = {"m": 1.0, "dm": 10.0, "cm": 100.0, "mm": 1000.0}
#: A soil layer that ends deeper than this (m) was declared in cm.
_DEEPEST = 30.0
_EXAMPLE = (
    "depth_bounds, as in [[0, 0.07], [0.07, 0.28]] (m) or {top: variable, bottom: variable, "
    "units: cm}"
)

Floats = npt.NDArray[np.float64]


def layer_axis(
    raw: xr.Dataset,
    *,
    coordinate: xr.DataArray | None,
    n_layers: int,
    layers: Layers | None,
    file: str,
) -> tuple[Floats, Floats | None]:
    """Return the mid-depths (n,) and the bounds (n, 2) of a file's layers in m, in its order.

    Bounds are None for sensors at points, whose depth coordinate has units and no bounds.
    """
    bounds = _bounds(raw, coordinate, layers, file)
    if bounds is None:
        return _points(coordinate, layers, file), None
    if bounds.shape != (n_layers, 2):
        raise SourceError(
            f"depth_bounds gives {len(bounds)} layers, but {file} holds {n_layers}; write one "
            "[top, bottom] pair for each, in the order of the file."
        )
    _require_sense(bounds, file)
    return np.round(bounds.mean(axis=1), 9), bounds


def _bounds(
    raw: xr.Dataset, coordinate: xr.DataArray | None, layers: Layers | None, file: str
) -> Floats | None:
    if layers is not None and layers.pairs is not None:
        return np.array(layers.pairs, dtype=np.float64).reshape(-1, 2)
    if layers is not None and layers.top is not None and layers.bottom is not None:
        edges = [_edge(raw, name, layers.units, file) for name in (layers.top, layers.bottom)]
        if edges[0].shape != edges[1].shape:
            raise SourceError(f"{layers.top!r} and {layers.bottom!r} in {file} differ in length.")
        return np.stack(edges, axis=1)
    named = None if coordinate is None else coordinate.attrs.get("bounds")
    if coordinate is None or named is None or named not in raw:
        return None
    per_metre = _per_metre(coordinate, None if layers is None else layers.units, file)
    return np.asarray(raw[named].values, dtype=np.float64) / per_metre


def _edge(raw: xr.Dataset, name: str, units: str | None, file: str) -> Floats:
    if name not in raw.variables:
        raise SourceError(
            f"depth_bounds names {name!r}, which {file} does not hold; "
            f"it holds: {', '.join(map(str, raw.variables))}."
        )
    edge = raw[name]
    if edge.ndim != 1:
        raise SourceError(f"{name!r} in {file} has {edge.ndim} dimensions; a layer bound has one.")
    return np.asarray(edge.values, dtype=np.float64) / _per_metre(edge, units, file)


def _points(coordinate: xr.DataArray | None, layers: Layers | None, file: str) -> Floats:
    if coordinate is None or not np.issubdtype(coordinate.dtype, np.number):
        raise SourceError(f"the soil layers in {file} have no depths; write {_EXAMPLE}.")
    per_metre = _per_metre(coordinate, None if layers is None else layers.units, file)
    depths = np.asarray(coordinate.values, dtype=np.float64) / per_metre
    if (depths <= 0).all():  # heights above the surface
        depths = -depths
    if (depths < 0).any() or (depths > _DEEPEST).any():
        raise SourceError(
            f"the depths {_listed(depths)} m in {file} are no soil depths; write their units, as "
            "in depth_bounds: {units: cm}."
        )
    return depths


def _per_metre(coordinate: xr.DataArray, units: str | None, file: str) -> float:
    text = units if units is not None else coordinate.attrs.get("units")
    if text is None:
        raise SourceError(
            f"{coordinate.name!r} in {file} has no units, so the soil layers have no depths; "
            f"write {_EXAMPLE}, or depth_bounds: {{units: cm}} for sensors at points."
        )
    unit = canonical_units(str(text))[1]
    if unit not in _METRES:
        raise SourceError(
            f"depths in {file} are in {text!r}; depth_bounds takes {', '.join(_METRES)}."
        )
    return _METRES[unit]


def _require_sense(bounds: Floats, file: str) -> None:
    shown = "; ".join(f"{top:g} to {bottom:g}" for top, bottom in bounds)
    if not np.isfinite(bounds).all() or (bounds < 0).any():
        raise SourceError(
            f"depth_bounds for {file} must be depths of 0 m or more below the surface: {shown}."
        )
    if (bounds[:, 0] >= bounds[:, 1]).any():
        raise SourceError(f"depth_bounds for {file} need top above bottom, in m: {shown}.")
    if bounds.max() > _DEEPEST:
        raise SourceError(
            f"depth_bounds for {file} reach {bounds.max():g} m; they look like cm: divide the "
            "pairs by 100, or write units: cm beside top and bottom."
        )
    ordered = bounds[np.argsort(bounds[:, 0])]
    if (ordered[1:, 0] < ordered[:-1, 1] - 1e-6).any():
        raise SourceError(f"depth_bounds for {file} overlap: {shown} m.")


def _listed(values: Floats) -> str:
    return ", ".join(f"{value:g}" for value in values)
