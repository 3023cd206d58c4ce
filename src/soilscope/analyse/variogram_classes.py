"""Classes of lags, and from sums over pairs to a semivariance."""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.errors import InputError

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Estimator = Literal["matheron", "cressie"]
Closed = Literal["right", "left"]

_MOST = 10_000  # classes
#: Share of a distance by which it may lie off an edge and still count as on it: coordinates of
#: files are rounded, and on a grid whole rings of pairs lie on an edge.
ON_EDGE = 1e-7


@dataclass(frozen=True)
class LagClasses:
    """Edges of the classes (m), all `width` apart but for the last, and which end belongs."""

    edges: tuple[float, ...]
    width: float
    right: bool

    @property
    def count(self) -> int:
        """Number of classes."""
        return len(self.edges) - 1

    @property
    def reach(self) -> float:
        """Largest distance that is in a class."""
        return self.edges[-1]

    def of(self, distance: Floats) -> npt.NDArray[np.int64]:
        """Class of each distance on a grid, -1 for none; what is nearly on an edge is on it."""
        slack = 1.0 + ON_EDGE if self.right else 1.0 - ON_EDGE
        edges = np.asarray(self.edges) * slack
        side: Literal["left", "right"] = "left" if self.right else "right"
        found = np.searchsorted(edges, distance, side=side) - 1
        return np.where(found < self.count, found, -1)

    def coords(self) -> dict[str, xr.Variable]:
        """Coordinates of the dimension `lag`: the middle of each class and its edges."""
        edges = np.asarray(self.edges)
        held = {
            "lag": ((edges[1:] + edges[:-1]) / 2, "middle of the class of distances"),
            "lag_low": (edges[:-1], "lower edge of the class of distances"),
            "lag_high": (edges[1:], "upper edge of the class of distances"),
        }
        return {
            name: xr.Variable("lag", values, {"units": "m", "long_name": words})
            for name, (values, words) in held.items()
        }


def lag_classes(lag_width: float, max_lag: float, closed: Closed) -> LagClasses:
    """Return the classes from 0 to `max_lag`, the last one narrower where it does not divide."""
    for name, value in (("lag_width", lag_width), ("max_lag", max_lag)):
        number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
        if not number or not 0 < value < math.inf:
            raise InputError(f"{name} is {value!r}; it must be a length above 0, in m.")
    if lag_width > max_lag:
        raise InputError(
            f"lag_width is {lag_width:g} m, above max_lag, {max_lag:g} m; a class would reach "
            "beyond the last lag."
        )
    count = math.ceil(max_lag / lag_width * (1 - ON_EDGE))
    if count > _MOST:
        raise InputError(
            f"max_lag / lag_width makes {count} classes; {_MOST} are the most: widen lag_width."
        )
    edges = (*(float(lag_width) * k for k in range(count)), float(max_lag))
    return LagClasses(edges, float(lag_width), closed == "right")


def semivariance(n_pairs: Array, total: Floats, estimator: Estimator) -> Floats:
    """Semivariance from the number of pairs and the sum of squares (or of roots) of differences.

    Cressie and Hawkins (1980): the fourth power of the mean root of absolute differences, over
    2 (0.457 + 0.494 / n), which makes it unbiased for normal data but for a term in 1 / n^2.
    """
    n = np.where(n_pairs > 0, n_pairs, np.nan).astype(np.float64)
    mean = total / n
    if estimator == "matheron":
        return mean / 2
    return np.asarray(mean**4 / (2 * (0.457 + 0.494 / n)), dtype=np.float64)
