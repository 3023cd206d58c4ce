"""Classes of factors as the report reads them: what was chosen, and where the edges lie."""

import itertools
from typing import Any

import numpy as np
import xarray as xr

from soilscope.report.words import flags, number

Array = np.ndarray[Any, Any]


def method_words(ds: xr.Dataset) -> dict[int, str]:
    """Code -> name of the methods of a search."""
    return flags(ds["best_method"])


def chosen_most(factor: xr.Dataset) -> tuple[int, int, int, int] | None:
    """Places of the method and number of classes chosen most often, how often, and of how many.

    `factor` holds one factor, with the dimension `time`.
    """
    m, c = factor["best_method"].values, factor["best_n_classes"].values
    known = m >= 0
    if not known.any():
        return None
    pairs, counts = np.unique(np.stack([m[known], c[known]], axis=1), axis=0, return_counts=True)
    method, n_classes = (int(v) for v in pairs[counts.argmax()])
    return method, place_of(factor, n_classes), int(counts.max()), int(known.sum())


def place_of(factor: xr.Dataset, n_classes: int) -> int:
    """Place of a number of classes; the first for a factor's own, which no number was asked of."""
    return int((factor["n_classes"].values == n_classes).argmax())


def chosen_edges(factor: xr.Dataset) -> Array:
    """Edges of the chosen classes of one factor on one date; empty where none were chosen."""
    m, n = int(factor["best_method"]), int(factor["best_n_classes"])
    if m < 0:
        return np.empty(0)
    edges = factor["breaks"].isel(n_classes=place_of(factor, n), method=m).values
    return np.asarray(edges[np.isfinite(edges)])


def class_words(edges: Array) -> list[str]:
    """Ranges of classes by their edges: '2.1 to 3.5'."""
    return [f"{number(a)} to {number(b)}" for a, b in itertools.pairwise(edges)]
