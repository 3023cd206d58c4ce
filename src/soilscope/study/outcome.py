"""What the values of a result tell: an empty one, or one upside down, must not pass in silence."""

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
_KINDS = ("status", "difference", "relation")
#: Differences of day and night, at least, before their sign is judged.
_FEW = 10


def count_outcome(result: xr.Dataset) -> dict[str, dict[str, int]]:
    """Count the cells of one slab by their status, and differences by their sign."""
    counted: dict[str, dict[str, int]] = {}
    if "status" in result:
        codes, counts = np.unique(result["status"].values, return_counts=True)
        counted["status"] = {
            STATUS[int(code)]: int(n) for code, n in zip(codes, counts, strict=True)
        }
    if "usable" in result and "stratum" in result["usable"].dims:
        counted["relation"] = {
            "usable": int(result["usable"].sum()),
            "samples": int(result["n_obs"].max()),  # those of all strata together
        }
    if "n_negative" in result and "lst_difference" in result:
        counted["difference"] = {
            "negative": int(result["n_negative"].sum()),
            "all": int(result["lst_difference"].count()),
        }
    return counted


def told_of(name: str, counts: Iterable[Mapping[str, Mapping[str, int]]]) -> list[str]:
    """Say what the counts of all slabs tell of a result."""
    total: dict[str, Counter[str]] = {kind: Counter() for kind in _KINDS}
    for slab in counts:
        for kind in total.keys() & slab.keys():
            total[kind].update(slab[kind])
    if total["relation"]:
        return _without_relation(name, total["relation"])
    return [*_without_result(name, total["status"]), *_exchanged(name, total["difference"])]


def _without_relation(name: str, total: Counter[str]) -> list[str]:
    """Say why, if no stratum has a relation that downscaling can use."""
    if total["usable"]:
        return []
    if not total["samples"]:
        return [
            f"{name}: no stratum has a sample: no coarse cell has a class of land cover together "
            "with soil moisture, temperatures and NDVI on one day; look at the classes (table of "
            "cover_strata), min_purity, and the days of the inputs."
        ]
    return [
        f"{name}: no stratum has a relation that can be used ({total['samples']} samples); see "
        f"status and coefficient in results/{name}. Where downscale has no relation, it has no "
        "value."
    ]


def _without_result(name: str, total: Counter[str]) -> list[str]:
    """Say why, if no cell came to a result."""
    if set(total) == {"no_data"}:
        return [f"{name}: no cell has any data; look at the inputs that it takes, and their days."]
    del total["no_data"]
    if not total or not set(total) <= set(_WITHOUT):
        return []
    reasons = " or ".join(text for status, text in _WITHOUT.items() if total[status])
    return [f"{name}: no cell has a result, for {reasons}; see status in results/{name}."]


def _exchanged(name: str, total: Counter[str]) -> list[str]:
    """Say so if nights are warmer than days nearly everywhere."""
    share = total["negative"] / max(1, total["all"])
    if total["all"] < _FEW or share <= 0.5:
        return []
    return [
        f"{name}: day less night is negative for {share:.0%} of {total['all']} values: day and "
        "night seem exchanged; look at the names of the files, and give day first (n_negative in "
        f"results/{name} maps them)."
    ]
