"""Slopes of all pairs of a series, season by season: listed, sampled, or streamed past a window.

The slope of a pair is ``(y[j] - y[i]) / (t[j] - t[i])`` with t[j] > t[i]; `starts` marks where in
`t` and `y` each season begins, and its last entry where the last one ends.
"""

from soilscope.kernels.compile import kernel
from soilscope.kernels.selection import MARGIN


@kernel
def list_slopes(t, y, starts, out):
    """Write all slopes to `out`; returns their number."""
    m = 0
    for g in range(starts.size - 1):
        for k in range(1, starts[g + 1] - starts[g]):
            s = starts[g]
            length = starts[g + 1] - s - k
            for i in range(length):
                out[m + i] = (y[s + i + k] - y[s + i]) / (t[s + i + k] - t[s + i])
            m += length
    return m


@kernel
def stream_slopes(t, y, starts, lower, upper, row, keep):
    """Count the slopes below `lower` and in [lower, upper]; keep the latter while they fit."""
    below = 0
    inside = 0
    whole = True
    for g in range(starts.size - 1):
        s = starts[g]
        n = starts[g + 1] - s
        for k in range(1, n):
            length = n - k
            for i in range(length):
                row[i] = (y[s + i + k] - y[s + i]) / (t[s + i + k] - t[s + i])
            whole = whole and inside + length <= keep.size - MARGIN
            if whole:
                for i in range(length):
                    v = row[i]
                    keep[inside] = v
                    below += v < lower
                    inside += (v >= lower) & (v <= upper)
            else:
                for i in range(length):
                    v = row[i]
                    below += v < lower
                    inside += (v >= lower) & (v <= upper)
    return below, inside, whole


@kernel
def sample_slopes(t, y, starts, first, size, out):
    """Slopes of `size` pairs spread evenly over all pairs (points of an additive recurrence)."""
    n = starts[starts.size - 1]
    u = (first * 0.7548776662466927) % 1.0
    v = (first * 0.5698402909980532) % 1.0
    got = 0
    for _ in range(4 * size):
        u += 0.7548776662466927
        u -= u >= 1.0
        v += 0.5698402909980532
        v -= v >= 1.0
        i = int(u * n)
        lo = 0
        hi = n
        if starts.size > 2:
            g = 0
            while starts[g + 1] <= i:
                g += 1
            lo = starts[g]
            hi = starts[g + 1]
        j = lo + int(v * (hi - lo))
        if i != j:
            out[got] = (y[j] - y[i]) / (t[j] - t[i])
            got += 1
            if got == size:
                break
    return got
