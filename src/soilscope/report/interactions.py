"""Interactions of factors as the report counts and names them."""

from typing import Any

import numpy as np
import xarray as xr

Array = np.ndarray[Any, Any]

#: Code -> (words, colour) of a type: pale is nothing more, dark is more than the sum.
TYPES = {
    5: ("more than the sum", "#5b3fa8"),
    4: ("the sum", "#8f6fc9"),
    3: ("more than the better one", "#c3b2e0"),
    2: ("no more than the better one", "#eeeaf4"),
    1: ("less than the better one", "#e9c46a"),
    0: ("less than both", "#c98a1b"),
}
EQUAL = 2


def by_chance(one: xr.Dataset) -> Array:
    """Where plain q sees an enhancement, and adjusted q or the deals see none."""
    plain, kept = one["interaction"].values, one["interaction_adjusted"].values
    return np.asarray((plain > EQUAL) & (kept <= EQUAL) & (kept >= 0))


def pairs_of(values: Array) -> Array:
    """Values (pair, ...) of each pair of factors once, from (factor, factor_2, ...)."""
    return np.asarray(values[np.triu_indices(values.shape[0], 1)])


def counted(one: xr.Dataset) -> tuple[int, int, int]:
    """Enhanced pairs (on all dates) by plain q, those that remain, and those that chance gives."""
    plain = int((pairs_of(one["interaction"].values) > EQUAL).sum())
    kept = int((pairs_of(one["interaction_adjusted"].values) > EQUAL).sum())
    return plain, kept, int(pairs_of(by_chance(one)).sum())


def strongest(one: xr.Dataset) -> tuple[int, int, int]:
    """Place (factor, factor_2, date) of the largest adjusted q of a pair."""
    values = one["q12_adjusted"].values.copy()
    values[np.tril_indices(values.shape[0])] = -np.inf
    values = np.where(np.isfinite(values), values, -np.inf)
    i, j, t = np.unravel_index(int(values.argmax()), values.shape)
    return int(i), int(j), int(t)
