"""Whether an analysis came to a result anywhere: an empty result must not pass in silence."""

from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np
import xarray as xr

from soilscope.names import STATUS

_WITHOUT = {
    "too_few": "there are too few values",
    "constant": "the values do not vary",
    "collinear": "the drivers are collinear",
}


def count_status(result: xr.Dataset) -> dict[str, int]:
    """Count the cells of one slab by their status."""
    if "status" not in result:
        return {}
    codes, counts = np.unique(result["status"].values, return_counts=True)
    return {STATUS[int(code)]: int(n) for code, n in zip(codes, counts, strict=True)}


def without_result(name: str, counts: Iterable[Mapping[str, int]]) -> list[str]:
    """Say why, if no cell that has data came to a result."""
    total: Counter[str] = Counter()
    for slab in counts:
        total.update(slab)
    del total["no_data"]
    if not total or not set(total) <= set(_WITHOUT):
        return []
    reasons = " or ".join(text for status, text in _WITHOUT.items() if total[status])
    return [f"{name}: no cell has a result, for {reasons}; see status in results/{name}."]
