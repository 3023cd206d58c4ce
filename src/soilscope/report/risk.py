"""Means of strata as the report reads them: which strata differ, and when most."""

import itertools
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from soilscope.report.reading import Study
from soilscope.report.references import factors_of
from soilscope.report.words import ALPHA, flags

Array = np.ndarray[Any, Any]
CAUTION = (
    "The test takes the cells as independent: on a map it finds differences that are chance alone"
)


def categories(study: Study, name: str) -> dict[str, dict[int, str]]:
    """Code -> meaning of the factors that are categories, such as land cover: no classes by number.

    Classes are counted from 1, categories have the codes of their product.
    """
    strata = factors_of(study, study.records[name].inputs.get("strata"))
    found = {key: flags(da) for key, da in strata.items() if "flag_values" in da.attrs}
    return {
        key: names
        for key, names in found.items()
        if not any(re.fullmatch(r"class \d+", word) for word in names.values())
    }


def stratum_word(code: int, names: Mapping[int, str] | None) -> str:
    """Name a stratum: by the number of its class, or the meaning of its category.

    >>> stratum_word(0, None), stratum_word(10, {10: "grasslands"})
    ('1', 'grasslands')
    """
    return str(code + 1) if names is None else names.get(code, str(code))


def between(one: xr.Dataset) -> Array:
    """Return the standard deviation between the strata (factor, date), each by its members."""
    count = one["count"].transpose("factor", "stratum", "time").values.astype(float)
    mean = np.nan_to_num(one["mean"].transpose("factor", "stratum", "time").values)
    total = np.maximum(count.sum(axis=1, keepdims=True), 1.0)
    centre = (count * mean).sum(axis=1, keepdims=True) / total
    return np.asarray(np.sqrt((count * (mean - centre) ** 2 / total).sum(axis=1)))


def widest(one: xr.Dataset) -> tuple[int, Array]:
    """Date on which strata differ most over all factors, and the factors by how much on it."""
    deviation = between(one)
    date = int(deviation.mean(axis=0).argmax())
    return date, np.argsort(-deviation[:, date], kind="stable")


def differing(p: Array) -> tuple[int, int]:
    """Pairs of strata that differ by Holm's p (stratum, stratum), and pairs that were tested."""
    above: Array = p[np.triu_indices(len(p), 1)]
    return int((above < ALPHA).sum()), int(np.isfinite(above).sum())


def letters(mean: Array, p: Array) -> list[str]:
    """Letters of strata: two that share one are not told apart; '' for a stratum without a test.

    Strata in the order of their means are joined to the longest groups whose members do not differ.

    >>> p = np.full((3, 3), 0.5)
    >>> p[0, 2] = p[2, 0] = 0.001
    >>> letters(np.array([1.0, 2.0, 3.0]), p)
    ['a', 'ab', 'b']
    """
    tested = np.asarray(np.isfinite(p).any(axis=1))
    order = [int(k) for k in np.argsort(mean, kind="stable") if tested[k] and np.isfinite(mean[k])]
    alike = {(i, j) for i in order for j in order if i == j or not p[i, j] < ALPHA}
    groups = [
        group
        for size in range(len(order), 0, -1)
        for group in (order[k : k + size] for k in range(len(order) - size + 1))
        if all(pair in alike for pair in itertools.combinations(group, 2))
    ]
    kept: list[list[int]] = []
    for group in groups:
        if not any(set(group) <= set(other) for other in kept):
            kept.append(group)
    kept.sort(key=lambda group: order.index(group[0]))
    words = [""] * len(mean)
    for number, group in enumerate(kept):
        for k in group:
            words[k] += chr(ord("a") + number % 26)
    return words
