"""The depth axis: always downwards, with thin upper layers wide enough to be read."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

Array = np.ndarray[Any, Any]


def depth_axis(ax: Axes, bounds: Array, *, labels: bool) -> None:
    """Put depth in cm on the vertical axis, ticks at the edges of the layers.

    Where layers are of very unequal thickness the axis is scaled by the square root of depth.
    """
    edges = np.unique(np.round(bounds * 100, 3))
    thickness = np.diff(bounds, axis=1)
    if thickness.max() > 3 * thickness.min():
        ax.set_yscale("function", functions=(_root, np.square))
    ax.set_ylim(float(edges.max()), 0)
    ax.set_yticks(edges, [f"{edge:g}" for edge in edges])
    ax.minorticks_off()
    ax.tick_params(labelleft=labels)
    ax.spines[["top", "right"]].set_visible(False)
    for edge in edges[1:-1]:
        ax.axhline(edge, color="#e3e6e8", linewidth=0.5, zorder=0)


def _root(depth: Array) -> Array:
    return np.asarray(np.sqrt(np.clip(depth, 0, None)))


def middles(bounds: Array) -> Array:
    """Return the depths in cm at which the middle of each layer is drawn."""
    thickness = np.diff(bounds, axis=1)
    cm = bounds * 100
    if thickness.max() > 3 * thickness.min():
        return np.asarray(((np.sqrt(cm[:, 0]) + np.sqrt(cm[:, 1])) / 2) ** 2)
    return np.asarray(cm.mean(axis=1))
