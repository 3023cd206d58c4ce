"""Breaks of classes on a sorted sample; a class is closed on the right, the first on both sides."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from soilscope.kernels.compile import kernel

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class Sorted:
    """A sample without gaps in rising order, with its distinct values, `n` of them all."""

    def __init__(self, values: Floats) -> None:
        self.values = values
        new = np.empty(values.size, dtype=bool)
        new[:1] = True
        np.not_equal(values[1:], values[:-1], out=new[1:])
        self.starts = np.append(np.flatnonzero(new), values.size)

    @property
    def distinct(self) -> Floats:
        """Distinct values."""
        return self.values[self.starts[:-1]]

    @property
    def low(self) -> float:
        """Smallest value."""
        return float(self.values[0])

    @property
    def high(self) -> float:
        """Largest value."""
        return float(self.values[-1])


def equal(x: Sorted, k: int) -> Floats:
    """Edges of `k` classes of one width."""
    edges = x.low + (x.high - x.low) * np.arange(k + 1) / k
    edges[-1] = x.high
    return edges


def quantile(x: Sorted, k: int) -> Floats:
    """Edges of `k` classes of one count: quantiles of type 7 of Hyndman and Fan."""
    at = (x.values.size - 1) * np.arange(k + 1) / k
    low = np.floor(at).astype(np.int64)
    high = np.minimum(low + 1, x.values.size - 1)
    edges: Floats = x.values[low] + (at - low) * (x.values[high] - x.values[low])
    return edges


def geometric(x: Sorted, k: int) -> Floats:
    """Edges of `k` classes of one ratio; data that are not positive are raised to start at 1."""
    shift = 1.0 - x.low if x.low <= 0.0 else 0.0
    low, high = x.low + shift, x.high + shift
    edges = low * (high / low) ** (np.arange(k + 1) / k) - shift
    edges[0], edges[-1] = x.low, x.high
    return edges


def standard_deviation(x: Sorted, k: int) -> Floats:
    """Edges of `k` classes one standard deviation (ddof = 1) wide about the mean."""
    mean, sd = _mean_and_sd(x)
    inner = mean + sd * (np.arange(1, k) - k / 2)
    return _between(x, inner)


def natural(x: Sorted, ks: Sequence[int]) -> dict[int, Floats]:
    """Edges of the classes with the least sum of squares (Fisher), for each of `ks`."""
    n_distinct = x.starts.size - 1
    most = min(max(ks), n_distinct)
    paths = _optimal_cuts(x.distinct, np.diff(x.starts).astype(np.float64), most)
    found = {}
    for k in ks:
        cuts = paths[min(k, n_distinct) - 1, 1 : min(k, n_distinct)]
        # a class ends at its largest value, as classes are closed on the right
        found[k] = np.concatenate([[x.low], x.distinct[cuts - 1], [x.high]])
    return found


def merged(edges: Floats) -> Floats:
    """Leave out edges that do not rise; NaN where nothing is left to tell classes apart."""
    rising: Floats = np.unique(edges)
    return rising


def cut(values: Floats, edges: Floats, *, right: bool = True) -> npt.NDArray[np.int16]:
    """Class of each value, -1 where it is missing or outside; the outer edges belong inside."""
    side = "left" if right else "right"
    codes = np.searchsorted(edges[1:-1], values, side=side).astype(np.int16)
    inside = (values >= edges[0]) & (values <= edges[-1])
    return np.where(inside, codes, np.int16(-1))


def _mean_and_sd(x: Sorted) -> tuple[float, float]:
    return float(x.values.mean()), float(x.values.std(ddof=1))


def _between(x: Sorted, inner: Floats) -> Floats:
    kept = inner[(inner > x.low) & (inner < x.high)]
    return np.concatenate([[x.low], kept, [x.high]])


@kernel
def _optimal_cuts(u, w, most):
    """Least-squares partitions of distinct values `u` with weights `w` into 1 .. `most` classes.

    Row k - 1 holds the first value's place of each of the k classes. Dynamic programme whose best
    last cut moves up with both the number of values and of classes: O(k n log n).
    """
    n = u.size
    mean = 0.0
    total = 0.0
    for i in range(n):
        mean += (u[i] - u[0]) * w[i]
        total += w[i]
    mean = u[0] + mean / total
    c0 = np.zeros(n + 1)
    c1 = np.zeros(n + 1)
    c2 = np.zeros(n + 1)
    for i in range(n):
        z = u[i] - mean
        c0[i + 1] = c0[i] + w[i]
        c1[i + 1] = c1[i] + w[i] * z
        c2[i + 1] = c2[i] + w[i] * z * z
    last = np.zeros((most + 1, n + 1), np.int32)
    before = np.empty(n + 1)
    now = np.empty(n + 1)
    # the sum of squares about the mean falls by s^2 / w of each class: these are made large
    before[0] = 0.0
    for j in range(1, n + 1):
        before[j] = c1[j] * c1[j] / c0[j]
    for k in range(2, most + 1):
        _layer(before, now, last[k], last[k - 1], c0, c1, k, n)
        before, now = now, before
    paths = np.zeros((most, most), np.int64)
    for k in range(1, most + 1):
        j = n
        for level in range(k, 1, -1):
            j = last[level, j]
            paths[k - 1, level - 1] = j
    return paths


@kernel
def _layer(before, now, last, floor, c0, c1, k, n):
    """Best last cut of each prefix of k .. n values, halving the range of prefixes each time."""
    stack = np.empty((128, 4), np.int64)
    stack[0, 0], stack[0, 1], stack[0, 2], stack[0, 3] = k, n, k - 1, n
    top = 1
    while top > 0:
        top -= 1
        a, b, low, high = stack[top, 0], stack[top, 1], stack[top, 2], stack[top, 3]
        if a > b:
            continue
        m = (a + b) // 2
        best = -np.inf
        place = max(low, floor[m])
        for i in range(place, min(m, high + 1)):
            s = c1[m] - c1[i]
            value = before[i] + s * s / (c0[m] - c0[i])
            if value > best:
                best = value
                place = i
        now[m] = best
        last[m] = place
        stack[top, 0], stack[top, 1], stack[top, 2], stack[top, 3] = a, m - 1, low, place
        stack[top + 1, 0], stack[top + 1, 1] = m + 1, b
        stack[top + 1, 2], stack[top + 1, 3] = place, high
        top += 2


Rule = Callable[[Sorted, int], Floats]
RULES: dict[str, Rule] = {
    "equal": equal,
    "quantile": quantile,
    "geometric": geometric,
    "sd": standard_deviation,
}
METHODS = ("equal", "quantile", "natural", "geometric", "sd")


def edges_of(x: Sorted, method: str, ks: Sequence[int]) -> dict[int, Floats]:
    """Distinct edges of the classes of `x` by `method`, for each number of classes."""
    if method == "natural":
        return natural(x, ks)
    return {k: merged(RULES[method](x, k)) for k in ks}
