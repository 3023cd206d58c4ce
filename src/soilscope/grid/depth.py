"""Soil layers: where each begins and ends.

A DataArray cannot carry CF's two-dimensional bounds (xarray allows a coordinate no dimension that
the data lack), so a layer's edges are two coordinates along `depth`: `depth_top`, `depth_bottom`.
"""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.errors import InputError

Data = TypeVar("Data", xr.DataArray, xr.Dataset)
Floats = npt.NDArray[np.float64]


def layer_bounds(obj: xr.DataArray | xr.Dataset, *, name: str = "da") -> Floats:
    """Top and bottom of each layer of `obj`, m: (depth, 2).

    Read from `depth_top` and `depth_bottom`, or from CF's ``depth_bounds`` where a Dataset has it.
    """
    if "depth_top" in obj.coords and "depth_bottom" in obj.coords:
        edges = [obj["depth_top"].values, obj["depth_bottom"].values]
        return np.stack(edges, axis=-1).astype(np.float64).reshape(-1, 2)
    if isinstance(obj, xr.Dataset) and "depth_bounds" in obj.variables:
        return np.asarray(obj["depth_bounds"].transpose("depth", ...).values, dtype=np.float64)
    raise InputError(
        f"{name} does not say where its layers begin and end; use "
        f"{name} = soilscope.set_layers({name}, [[0, 0.07], [0.07, 0.28]]) with the top and bottom "
        "of each layer in m."
    )


def layer_coordinates(bounds: Sequence[Sequence[float]] | Floats) -> dict[str, xr.Variable]:
    """Coordinates `depth` (middle), `depth_top` and `depth_bottom` of layers with `bounds`, m."""
    edges = np.array(bounds, dtype=np.float64).reshape(-1, 2)
    about = {
        "depth": (edges.mean(axis=1).round(9), "depth of the middle of the layer"),
        "depth_top": (edges[:, 0], "depth of the top of the layer"),
        "depth_bottom": (edges[:, 1], "depth of the bottom of the layer"),
    }
    return {
        key: xr.Variable("depth", values, {"units": "m", "long_name": text, "positive": "down"})
        for key, (values, text) in about.items()
    }


def set_layers(obj: Data, bounds: Sequence[Sequence[float]]) -> Data:
    """Say where the layers of `obj` begin and end.

    Parameters
    ----------
    obj
        Data with dim `depth`.
    bounds
        [top, bottom] of each layer in m, in the order of `depth`.

    Returns
    -------
    same type as `obj`
        With the coordinates `depth` (middle of each layer), `depth_top` and `depth_bottom`, m.

    Raises
    ------
    InputError
        If `bounds` is not one pair for each layer, going down.

    Examples
    --------
    >>> sm = set_layers(xr.DataArray([0.1, 0.3], dims="depth"), [[0, 0.07], [0.07, 0.28]])
    >>> sm.depth.values, sm.depth_bottom.values
    (array([0.035, 0.175]), array([0.07, 0.28]))
    """
    if "depth" not in obj.dims:
        raise InputError("obj has no dimension 'depth'.")
    wrong = [list(pair) for pair in bounds if len(pair) != 2 or not 0 <= pair[0] < pair[1]]
    if wrong or len(bounds) != obj.sizes["depth"]:
        found = f"{wrong[0]} is not" if wrong else f"there are {len(bounds)}"
        raise InputError(
            f"bounds must be {obj.sizes['depth']} pairs [top, bottom] in m, going down, as in "
            f"[[0, 0.07], [0.07, 0.28]]; {found}."
        )
    return obj.assign_coords(layer_coordinates(bounds))
