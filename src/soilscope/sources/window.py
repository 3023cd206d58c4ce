"""The cells of a region, cut from a file before anything is read."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.errors import InputError
from soilscope.sources.axes import Axes
from soilscope.sources.coordinates import factor_of

Region = tuple[float, float, float, float]  # west, south, east, north


def read_region(region: Sequence[float] | None) -> Region | None:
    """Return west, south, east, north as numbers."""
    if region is None:
        return None
    try:
        west, south, east, north = map(float, region)
    except (TypeError, ValueError):
        raise InputError(
            f"region is {region!r}; give west, south, east, north, as in [105, 37.5, 107, 40]."
        ) from None
    return west, south, east, north


def cut_window(raw: xr.Dataset, axes: Axes, region: Region | None) -> tuple[xr.Dataset, Axes]:
    """Return the rows and columns of a grid that touch `region`, and one more on each side.

    What lies outside is never read. A region without any cell, or one that the file holds in two
    parts, is left to be cut later.
    """
    if region is None:
        return raw, axes
    west, south, east, north = region
    window: dict[str, slice] = {}
    for name, low, high in (
        ("latitude", south, north),
        ("y", south, north),
        ("longitude", west, east),
        ("x", west, east),
    ):
        axis = axes.coordinates.get(name)
        if axis is None or axis.ndim != 1 or axis.dtype.kind not in "iuf":
            continue
        if factor_of(axis, angles=True) == 1.0:  # else it is cut later, in our units
            run = _run(axis.values.astype(np.float64), low, high, wraps=name in ("longitude", "x"))
            window |= {} if run is None else {str(axis.dims[0]): run}
    cut = {
        name: axis.isel({d: run for d, run in window.items() if d in axis.dims})
        for name, axis in axes.coordinates.items()
    }
    return raw.isel(window), replace(axes, coordinates=cut)


def _run(values: npt.NDArray[np.float64], low: float, high: float, *, wraps: bool) -> slice | None:
    """Return the one run of `values` between `low` and `high`, and a neighbour on each side."""
    inside = (values >= low) & (values <= high)
    if wraps:  # longitudes from 0 to 360 become -180 to 180 later
        inside |= (values > 180.0) & (values - 360.0 >= low) & (values - 360.0 <= high)
    at = np.flatnonzero(inside)
    steps = np.diff(values)
    if not ((steps > 0).all() or (steps < 0).all()):  # neighbours are none before it is in order
        return None
    if not at.size or at[-1] - at[0] + 1 > at.size:
        return None
    return slice(max(0, int(at[0]) - 1), int(at[-1]) + 2)
