"""The rows and columns of a grid that a region needs, and what to say where there are none."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from soilscope.errors import GridError, SoilscopeWarning
from soilscope.grid.crs import geobox_of, grid_dims, require_crs
from soilscope.grid.region import Bounds, inside, region_bounds

#: Told where the data cover less than this share of the bounds of the region.
_COVERED = 0.95
_EXAMPLE = "crs: EPSG:32648"


def cut_to_region(
    ds: xr.Dataset,
    region: str | Path | Sequence[float],
    *,
    name: str,
    margin: float,
    **options: Any,
) -> xr.Dataset:
    """Leave out rows and columns more than `margin` cells beyond a region (or sites outside).

    Data without a grid or sites are left as they are. Warns where the region reaches beyond the
    data; refuses data without a reference system for the polygons of a file, and a region that
    holds no cell or a single one.
    """
    if "site" in ds.dims:
        return ds.isel(site=np.flatnonzero(inside(ds, region, **options).values))
    dims = grid_dims(ds)
    if dims is None:
        return ds
    if isinstance(region, str | Path):
        require_crs(ds, name=name, purpose="a region")
    box = geobox_of(ds, name=name)
    west, south, east, north = region_bounds(region, box.crs, **options)
    keep, covered = {}, 1.0
    for dim, low, high, step in (
        (dims[0], south, north, abs(box.affine.e)),
        (dims[1], west, east, abs(box.affine.a)),
    ):
        values = ds[dim].values
        beyond = margin * step * (1 - 1e-6)
        touched = np.flatnonzero((values > low - beyond) & (values < high + beyond))
        if not touched.size:
            raise GridError(
                f"{name} has nothing in the region: its {dim} runs {values.min():g} to "
                f"{values.max():g}, the region {low:g} to {high:g}; "
                f"{why_apart((west, south, east, north), _extent(ds, dims), has_crs=box.crs)}."
            )
        first, last = values.min() - step / 2, values.max() + step / 2
        if low < first - step or high > last + step:
            covered *= (min(high, last) - max(low, first)) / (high - low)
        keep[dim] = slice(int(touched[0]), int(touched[-1]) + 1)
    cut = ds.isel(keep)
    if cut.sizes[dims[0]] * cut.sizes[dims[1]] == 1 < ds.sizes[dims[0]] * ds.sizes[dims[1]]:
        raise GridError(
            f"the region is no larger than a cell of {name} ({abs(box.affine.a):g} wide); widen "
            "it to several cells."
        )
    if covered < _COVERED:
        _tell_beyond(_extent(ds, dims), (west, south, east, north), covered, name)
    return cut


def why_apart(region: Bounds, data: Bounds, *, has_crs: object = True) -> str:
    """Say what may be wrong where a region and data (both west, south, east, north) lie apart.

    >>> why_apart((36.6, 104.2, 39.4, 107.0), (104.0, 36.0, 108.0, 40.0))
    'latitude and longitude seem to be exchanged in one of them'
    """
    west, south, east, north = region
    if not has_crs:
        return f"it has no coordinate reference system: write crs in its input, as in {_EXAMPLE}"
    if _meet((south, west, north, east), data):
        return "latitude and longitude seem to be exchanged in one of them"
    for turn in (-360.0, 360.0):
        if _meet((west + turn, south, east + turn, north), data):
            moved = ", ".join(f"{v:.6g}" for v in (west + turn, south, east + turn, north))
            return f"the longitudes count otherwise: the region is [{moved}] in those of the data"
    radians: Bounds = tuple(np.deg2rad(region))
    if max(map(abs, data)) <= 2 * np.pi and _meet(radians, data):
        return "the data seem to be in radians: write degrees into the file"
    if _is_degrees(region) and not _is_degrees(data):
        return f"the data are not in degrees: write the crs that they are in, as in {_EXAMPLE}"
    if _is_degrees(data) and not _is_degrees(region):
        return "the region is not in degrees: write the crs that it is in beside its file"
    return "check both, or take files of that place"


def _meet(one: Bounds, other: Bounds) -> bool:
    return one[0] <= other[2] and one[2] >= other[0] and one[1] <= other[3] and one[3] >= other[1]


def _is_degrees(bounds: Bounds) -> bool:
    return max(map(abs, (bounds[0], bounds[2]))) <= 360 and max(map(abs, bounds[1::2])) <= 90


def _extent(ds: xr.Dataset, dims: tuple[str, str]) -> Bounds:
    y, x = ds[dims[0]].values, ds[dims[1]].values
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())


def _tell_beyond(data: Bounds, region: Bounds, covered: float, name: str) -> None:
    shown = [", ".join(f"{v:.6g}" for v in bounds) for bounds in (data, region)]
    warnings.warn(
        f"{name} covers {covered:.0%} of the region: it has cells from [{shown[0]}], the region is "
        f"[{shown[1]}] (west, south, east, north); the rest is missing.",
        SoilscopeWarning,
        stacklevel=4,
    )
