"""Merge soil layers into thicker ones, by the thickness that they share."""

import warnings
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.checks import require_between, require_dims
from soilscope.errors import InputError, SoilscopeWarning
from soilscope.grid.depth import layer_bounds, layer_coordinates
from soilscope.names import describe

Data = TypeVar("Data", xr.DataArray, xr.Dataset)
Floats = npt.NDArray[np.float64]

_TOUCH = 1e-9  # m; bounds closer than this are the same


def merge_layers(
    sm: Data, *, bounds: Sequence[Sequence[float]], min_coverage: float = 0.99
) -> Data:
    """Average soil layers into target layers, weighted by the thickness of their overlap.

    Water is taken as uniform within a source layer, so 0-0.10 m of ERA5-Land (0-0.07, 0.07-0.28 m)
    is 7 parts of the first layer and 3 parts of the second.

    Parameters
    ----------
    sm
        Data with dim `depth` and the coordinates `depth_top` and `depth_bottom` (m; see
        `set_layers`). In a Dataset the variables without `depth` pass through.
    bounds
        [top, bottom] of each target layer in m, from the surface down; targets may overlap.
    min_coverage
        Share of a target's thickness that valid source layers must cover, else NaN.

    Returns
    -------
    same type as `sm`
        With `depth` (middle of each target, m), `depth_top`, `depth_bottom`, and the coordinate
        `coverage`: the share of each target's thickness that the source layers cover. Units are
        kept.

    Raises
    ------
    InputError
        If the edges of the layers are missing, source layers overlap, a target has no thickness,
        or the sources cover none of the targets enough. Targets that are not covered give a
        SoilscopeWarning.

    Examples
    --------
    >>> import soilscope as ss
    >>> sm = ss.set_layers(xr.DataArray([0.10, 0.30], dims="depth"), [[0, 0.07], [0.07, 0.28]])
    >>> merge_layers(sm, bounds=[[0, 0.10]]).values.round(3)
    array([0.16])
    """
    require_dims(sm, "depth", name="sm")
    require_between(min_coverage, 0.0, 1.0, name="min_coverage")
    targets = _targets(bounds)
    overlap = _overlap(_sources(sm), targets)
    thickness = targets[:, 1] - targets[:, 0]
    coverage = overlap.sum(axis=1) / thickness
    _judge(targets, coverage, min_coverage)
    share = xr.DataArray(overlap / thickness[:, np.newaxis], dims=("target", "depth"))
    coords = {
        **layer_coordinates(targets),
        "coverage": xr.Variable("depth", coverage, describe("coverage")),
    }
    if isinstance(sm, xr.DataArray):
        return _merge(sm, share, min_coverage).assign_coords(coords)
    merged = {
        name: _merge(da, share, min_coverage) if "depth" in da.dims else da
        for name, da in sm.drop_vars("depth_bounds", errors="ignore").data_vars.items()
    }
    return xr.Dataset(merged, attrs=sm.attrs).assign_coords(coords)


def _merge(da: xr.DataArray, share: xr.DataArray, min_coverage: float) -> xr.DataArray:
    along = [name for name, coord in da.coords.items() if "depth" in coord.dims]
    bare = da.drop_vars(along)
    valid = np.isfinite(bare)
    covered = xr.dot(valid.astype(np.float64), share, dim="depth")
    water = xr.dot(bare.where(valid, 0.0).astype(np.float64), share, dim="depth")
    enough = (covered >= min_coverage - _TOUCH) & (covered > 0)
    mean = (water / covered).where(enough)
    if da.dtype == np.float32:
        mean = mean.astype(np.float32)
    merged: xr.DataArray = mean.rename(target="depth").transpose(*da.dims).rename(da.name)
    return merged.assign_attrs(da.attrs)


def _sources(sm: xr.DataArray | xr.Dataset) -> Floats:
    sources = layer_bounds(sm, name="sm")
    in_order = sources[np.argsort(sources[:, 0])]
    if (in_order[1:, 0] < in_order[:-1, 1] - _TOUCH).any():
        raise InputError("layers of sm overlap; select layers that lie below one another.")
    return sources


def _targets(bounds: Sequence[Sequence[float]]) -> Floats:
    if not len(bounds) or any(len(pair) != 2 for pair in bounds):
        raise InputError("bounds must be [top, bottom] pairs in m, as in [[0, 0.1], [0.1, 0.3]].")
    targets = np.array(bounds, dtype=np.float64)
    wrong = targets[(targets[:, 1] <= targets[:, 0]) | (targets[:, 0] < 0)]
    if wrong.size:
        raise InputError(
            f"the layer {wrong[0].tolist()} in bounds must go down from top to bottom, in m."
        )
    return targets


def _overlap(sources: Floats, targets: Floats) -> Floats:
    """Thickness (m) that each target (rows) shares with each source layer (columns)."""
    top = np.maximum(targets[:, :1], sources[:, 0])
    bottom = np.minimum(targets[:, 1:], sources[:, 1])
    shared: Floats = np.maximum(bottom - top, 0.0)
    return shared


def _judge(targets: Floats, coverage: Floats, min_coverage: float) -> None:
    short = coverage < min_coverage - _TOUCH
    if not short.any():
        return
    listed = ", ".join(
        f"{top:g}-{bottom:g} m ({100 * share:.0f} % covered)"
        for (top, bottom), share in zip(targets[short], coverage[short], strict=True)
    )
    text = f"the layers of sm do not cover {listed}"
    if short.all():
        raise InputError(f"{text}; choose bounds within the data, or lower min_coverage.")
    warnings.warn(f"{text}; these are NaN.", SoilscopeWarning, stacklevel=3)
