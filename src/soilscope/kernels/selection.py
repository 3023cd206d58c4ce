"""Order statistics of a list: exact selection in place, shared by the two Theil-Sen engines."""

import math

import numpy as np

from soilscope.kernels.compile import LANES, kernel

MARGIN = 64  # room behind a list for a sample of it


@kernel
def nearest_rank(x):
    """Nearest integer, halves to even, kept inside int64."""
    return np.int64(np.rint(min(max(x, -1e15), 1e15)))


@kernel
def narrow(a, n, first, last):
    """Move the part of a[:n] round the ranks first..last to the front.

    Returns how many values lie below that part, and how many in it: (0, n) and an untouched list
    where the sample that bounds the part misleads.
    """
    size = 21 if n < 400 else 63
    if n < 4 * size:
        return 0, n
    sample = a[n : n + size]
    stride = n // size
    for q in range(size):
        sample[q] = a[q * stride + stride // 2]
    _insertion_sort(sample, 0, size - 1)
    spread = 0.8 * math.sqrt(size)
    low = math.floor(size * (first / n) - spread)
    high = math.ceil(size * (last / n) + spread)
    lower = sample[low] if low >= 0 else -np.inf
    upper = sample[high] if high < size else np.inf
    below = 0
    inside = 0
    for q in range(n):
        below += a[q] < lower
        inside += (a[q] >= lower) & (a[q] <= upper)
    if first < below or last >= below + inside:
        return 0, n
    m = 0
    for q in range(n):
        v = a[q]
        a[m] = v
        m += (v >= lower) & (v <= upper)
    return below, m


@kernel
def two_ranks(a, n, k1, k2):
    """k1-th and k2-th smallest (k2 = k1 or k1 + 1) of a[:n]; reorders `a`, keeping its values."""
    b = quickselect(a, 0, n - 1, k2)
    if k1 == k2:
        return b, b
    low = a[0]
    for q in range(1, k2):
        low = max(low, a[q])
    return low, b


@kernel
def median(values, n, scratch):
    """Median of values[:n], which stay in order; `scratch` has room for n + LANES."""
    for i in range(n):
        scratch[i] = values[i]
    if n <= 2 * LANES:  # the value that has the rank is found faster than others are moved
        for i in range(n, n + LANES):
            scratch[i] = np.nan  # compares false
        a = 0.0
        b = 0.0
        for i in range(n):
            v = scratch[i]
            below = np.int32(0)
            up_to = np.int32(0)
            for j in range((n + LANES - 1) // LANES * LANES):
                below += np.int32(scratch[j] < v)
                up_to += np.int32(scratch[j] <= v)
            if below <= (n - 1) // 2 < up_to:
                a = v
            if below <= n // 2 < up_to:
                b = v
        return 0.5 * (a + b)
    a, b = two_ranks(scratch, n, (n - 1) // 2, n // 2)
    return 0.5 * (a + b)


@kernel
def quickselect(a, lo, hi, k):
    """k-th smallest of a[lo:hi + 1] (k counted from 0 in `a`); reorders `a`."""
    while lo < hi:
        if hi - lo < 12:
            _insertion_sort(a, lo, hi)
            break
        mid = (lo + hi) >> 1
        if a[mid] < a[lo]:
            a[mid], a[lo] = a[lo], a[mid]
        if a[hi] < a[lo]:
            a[hi], a[lo] = a[lo], a[hi]
        if a[hi] < a[mid]:
            a[hi], a[mid] = a[mid], a[hi]
        pivot = a[mid]
        i = lo
        j = hi
        while i <= j:
            while a[i] < pivot:
                i += 1
            while a[j] > pivot:
                j -= 1
            if i <= j:
                a[i], a[j] = a[j], a[i]
                i += 1
                j -= 1
        if k <= j:
            hi = j
        elif k >= i:
            lo = i
        else:
            break
    return a[k]


@kernel
def _insertion_sort(a, lo, hi):
    for i in range(lo + 1, hi + 1):
        v = a[i]
        j = i - 1
        while j >= lo and a[j] > v:
            a[j + 1] = a[j]
            j -= 1
        a[j + 1] = v
