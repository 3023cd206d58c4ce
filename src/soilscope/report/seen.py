"""One sentence that says what a figure shows, made from the numbers that it draws."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from soilscope.report.words import MONTHS, listed, number, percent, unit_text

Array = np.ndarray[Any, Any]


def runs(words: Sequence[str], layers: Sequence[str]) -> list[tuple[str, str]]:
    """Join neighbouring layers with the same word: [(word, '0-10 to 20-30 cm'), ...].

    >>> runs(["dry", "dry", "wet"], ["0-10 cm", "10-20 cm", "20-30 cm"])
    [('dry', '0-10 to 10-20 cm'), ('wet', '20-30 cm')]
    """
    found: list[list[Any]] = []
    for word, layer in zip(words, layers, strict=True):
        if found and found[-1][0] == word:
            found[-1][1].append(layer)
        else:
            found.append([word, [layer]])
    return [(word, span(named)) for word, named in found]


def where(flat: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the position in an array of `shape` that a flat index means."""
    return tuple(int(k) for k in np.unravel_index(int(flat), shape))


def span(layers: Sequence[str]) -> str:
    """'0-10 to 20-30 cm' for neighbouring layers; '0-10 cm' for one."""
    if len(layers) == 1:
        return layers[0]
    return f"{layers[0].removesuffix(' cm')} to {layers[-1]}"


def said_runs(words: Sequence[str], layers: Sequence[str]) -> str:
    """'wetting at 0-10 to 20-30 cm and drying at 30-40 cm'; no layers, no depth."""
    if list(layers) == [""]:
        return words[0]
    return listed([f"{word} at {depth}" for word, depth in runs(words, layers)])


def at_layer(layer: str) -> str:
    """' at 0-10 cm', ' on 15 July 2020', or nothing where there are no layers."""
    if not layer:
        return ""
    return f" on {layer}" if layer.split()[1] in MONTHS else f" at {layer}"


def map_count(layers: Sequence[str]) -> str:
    """'10 maps, 0-10 to 90-100 cm,'; 'Map' where there are no layers."""
    return "Map" if list(layers) == [""] else f"{len(layers)} maps, {span(layers)},"


def with_units(value: float, units: str | None, digits: int = 2) -> str:
    """'0.045 year⁻¹'."""
    return f"{number(value, digits)} {unit_text(units)}".strip()


def typical_cells(values: Array, layers: Sequence[str], what: str, units: str | None) -> str:
    """Say in which layers the median cell of `values` (layer, cells...) is lowest and highest."""
    flat = values.reshape(len(layers), -1)
    finite = [one[np.isfinite(one)] for one in flat]
    known = [k for k, one in enumerate(finite) if one.size]
    if not known:
        return f"No cell has a value of the {what}."
    middle = {k: float(np.median(finite[k])) for k in known}
    low, high = min(known, key=middle.__getitem__), max(known, key=middle.__getitem__)
    if middle[low] == middle[high]:
        below, above = np.quantile(np.concatenate([finite[k] for k in known]), [0.1, 0.9])
        return (
            f"The {what} of the median cell is {with_units(middle[low], units)}"
            f"{' in every layer' if len(known) > 1 else ''}; "
            f"80 % of the cells lie between {number(below, 2)} and {number(above, 2)}."
        )
    return (
        f"The {what} of the median cell is lowest at {layers[low]} "
        f"({with_units(middle[low], units)}) and highest at {layers[high]} "
        f"({with_units(middle[high], units)})."
    )


def extremes(
    values: Array,
    places: Sequence[str],
    layers: Sequence[str],
    what: str,
    units: str | None = None,
) -> str:
    """Say where `values` (place, layer) are lowest and highest."""
    if not np.isfinite(values).any():
        return f"No series has a value of the {what}."
    low, high = (where(pick(values), values.shape) for pick in (np.nanargmin, np.nanargmax))
    said = [
        f"{word} in {places[i]}{at_layer(layers[j])} ({with_units(values[i, j], units)})"
        for word, (i, j) in (("lowest", low), ("highest", high))
    ]
    if low == high or values[low] == values[high]:
        return f"The {what} is {with_units(values[low], units)} throughout."
    return f"The {what} is {said[0]} and {said[1]}."


def leaders(coefficient: Array, drivers: Sequence[str], layers: Sequence[str]) -> str:
    """Say which driver has the largest median |coefficient| (driver, layer, cells...) where."""
    flat = coefficient.reshape(len(drivers), len(layers), -1)
    words: list[str] = []
    for j in range(len(layers)):
        middle = [_median(flat[d, j]) for d in range(len(drivers))]
        size = [abs(m) if np.isfinite(m) else -1.0 for m in middle]
        words.append("no estimate" if max(size) < 0 else drivers[int(np.argmax(size))])
    at = {}
    for word in dict.fromkeys(words):
        if word != "no estimate":
            d = drivers.index(word)
            middle = [_median(flat[d, j]) for j, w in enumerate(words) if w == word]
            at[word] = (min(middle), max(middle))
    parts = [
        f"{word}{_between(*at[word]) if word in at else ''}{at_layer(depth)}"
        for word, depth in runs(words, layers)
    ]
    return f"Largest coefficient of the median cell: {listed(parts)}."


def _between(low: float, high: float) -> str:
    one, other = number(low, 2), number(high, 2)
    return f" ({one})" if one == other else f" ({one} to {other})"


def _median(values: Array) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if finite.size else np.nan


def most_frequent(codes: Array, names: dict[int, str], layers: Sequence[str]) -> str:
    """Say which class of `codes` (layer, cells...) holds most cells, with its share by layer."""
    flat = codes.reshape(len(layers), -1)
    words, shares = [], []
    for one in flat:
        known = one[np.isin(one, list(names))]
        if known.size == 0:
            words.append("no estimate")
            shares.append(np.nan)
            continue
        values, counts = np.unique(known, return_counts=True)
        words.append(names[int(values[counts.argmax()])])
        shares.append(float(counts.max() / known.size))
    parts = []
    for word, depth in runs(words, layers):
        named = [s for w, s in zip(words, shares, strict=True) if w == word and np.isfinite(s)]
        share = "" if not named else _shares(min(named), max(named))
        parts.append(f"{word}{share}{at_layer(depth)}")
    return f"Most frequent: {listed(parts)}."


def _shares(low: float, high: float) -> str:
    one, other = percent(low), percent(high)
    return f" ({one} of the cells)" if one == other else f" ({one[:-2]} to {other} of the cells)"


def largest_of_drivers(
    coefficient: Array, places: Sequence[str], layers: Sequence[str], drivers: Sequence[str]
) -> str:
    """Say which |coefficient| (place, layer, driver) is largest, and which driver leads most."""
    if not np.isfinite(coefficient).any():
        return "No coefficient could be estimated."
    size = np.where(np.isfinite(coefficient), np.abs(coefficient), -1.0)
    i, j, d = where(size.argmax(), size.shape)
    leading = size.argmax(axis=-1)[size.max(axis=-1) >= 0]
    counts = np.bincount(leading, minlength=len(drivers))
    first = int(counts.argmax())
    return (
        f"The largest coefficient is that of {drivers[d]} in {places[i]}{at_layer(layers[j])} "
        f"({number(coefficient[i, j, d], 2)}); {drivers[first]} leads in {counts[first]} of "
        f"{leading.size} series."
    )
