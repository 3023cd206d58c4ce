"""Breaks as the R packages GD (10.8) and gdverse (1.7, with sdsfun 0.9.0) make them."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from soilscope.kernels.discretize import Sorted, equal, natural, quantile

Floats = npt.NDArray[np.float64]
Rule = Callable[[Sorted, int], Floats]


def gd_quantile(x: Sorted, k: int) -> Floats:
    """Ask for more and more quantiles until k + 1 of them differ (or all values are edges)."""
    most = max(k, x.values.size)
    for asked in range(k, most + 1):
        edges: Floats = np.unique(quantile(x, asked))
        if edges.size >= k + 1:
            return edges
    return edges


def gd_geometric(x: Sorted, k: int) -> Floats:
    """Ratios of the values plus 1: k - 1 classes; k from 0 upwards where a value is negative."""
    n, low = (k, 0.0) if x.low < 0.0 else (k - 1, x.low)
    edges = (low + 1.0) * ((x.high + 1.0) / (low + 1.0)) ** (np.arange(n + 1) / n) - 1.0
    edges[0], edges[-1] = x.low, x.high
    return edges


def gd_standard_deviation(x: Sorted, k: int) -> Floats:
    """Go in standard deviations, from the eighth try on in halves, until k classes are there."""
    mean, sd = float(x.values.mean()), float(x.values.std(ddof=1))
    for m in range(k, max(k, 2001) + 1):
        offsets = np.arange(m % 2, m - 1, 2) / (2.0 if m < 7 else 4.0)
        inner = np.unique(mean + sd * np.concatenate([-offsets, offsets]))
        edges = np.concatenate([[x.low], inner[(inner > x.low) & (inner < x.high)], [x.high]])
        if edges.size > k:
            break
    return edges


def gdverse_geometric(x: Sorted, k: int) -> Floats:
    """Ratios of positive values; all values are one class where one is not positive."""
    if x.low <= 0.0:
        return np.array([x.low, x.high])
    edges = x.low * (x.high / x.low) ** (np.arange(k + 1) / k)
    edges[0], edges[-1] = x.low, x.high
    return edges


def gdverse_standard_deviation(x: Sorted, k: int) -> Floats:
    """Go in standard deviations, one step too high."""
    mean, sd = float(x.values.mean()), float(x.values.std(ddof=1))
    inner = mean + sd * (np.arange(2, k + 1) - k / 2)
    return np.concatenate([[x.low], inner[(inner > x.low) & (inner < x.high)], [x.high]])


RULES: dict[str, dict[str, Rule]] = {
    "GD": {
        "equal": equal,
        "quantile": gd_quantile,
        "geometric": gd_geometric,
        "sd": gd_standard_deviation,
    },
    "gdverse": {
        "equal": equal,
        "quantile": quantile,
        "geometric": gdverse_geometric,
        "sd": gdverse_standard_deviation,
    },
}


def edges_of(x: Sorted, method: str, ks: Sequence[int], package: str) -> dict[int, Floats]:
    """Edges of the classes of `x` by `method` as `package` makes them.

    gdverse keeps a class that holds nothing but the smallest value: its first two edges are one.
    """
    if method == "natural":
        return natural(x, ks)
    edges = {k: RULES[package][method](x, k) for k in ks}
    return edges if package == "gdverse" else {k: np.unique(e) for k, e in edges.items()}


def closed_right(method: str, package: str | None) -> bool:
    """Whether the upper edge belongs to a class: not so in the natural classes of gdverse."""
    return not (package == "gdverse" and method == "natural")
