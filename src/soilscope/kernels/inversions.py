"""Count the pairs of a list that are out of order, Kendall's distance: by comparing, or by sorting.

Comparing takes O(n^2) steps, but of the fastest kind: for short lists it wins.
"""

import numpy as np

from soilscope.kernels.compile import LANES, kernel

RUN = 8  # values that are sorted by insertion before runs are merged


@kernel
def count_falling(values, n):
    """Count the pairs i < j with values[j] < values[i]; there is room for n + LANES values."""
    for i in range(n, n + LANES):
        values[i] = np.nan  # compares false
    total = 0
    for lag in range(1, n):
        count = np.int32(0)
        for i in range((n - lag + LANES - 1) // LANES * LANES):
            count += np.int32(values[i + lag] < values[i])
        total += count
    return total


@kernel
def compare_pairs(values, n):
    """Count the pairs of values[:n] that fall and that rise; room as in `count_falling`."""
    for i in range(n, n + LANES):
        values[i] = np.nan  # compares false
    falling = 0
    rising = 0
    for lag in range(1, n):
        down = np.int32(0)
        up = np.int32(0)
        for i in range((n - lag + LANES - 1) // LANES * LANES):
            down += np.int32(values[i + lag] < values[i])
            up += np.int32(values[i + lag] > values[i])
        falling += down
        rising += up
    return falling, rising


@kernel
def sort_counting(a, b, n, with_a=None, with_b=None):
    """Sort a[:n] stably with scratch b; what is known of each value goes along in `with_a`.

    Returns the number of pairs out of order, the sorted values, and what went along.
    """
    run = RUN
    inversions = _sort_runs(a, with_a, n)
    while run < n:
        for lo in range(0, n, 2 * run):
            mid, hi = min(lo + run, n), min(lo + 2 * run, n)
            inversions += _merge(a, with_a, b, with_b, lo, mid, hi)
        a, b = b, a
        with_a, with_b = with_b, with_a
        run *= 2
    return inversions, a, with_a


@kernel
def _sort_runs(a, with_a, n):
    """Sort each run of a[:n] by insertion; returns the inversions within them."""
    inversions = 0
    for lo in range(0, n, RUN):
        for i in range(lo + 1, min(lo + RUN, n)):
            x = a[i]
            if with_a is not None:
                with_x = with_a[i]
            j = i - 1
            while j >= lo and a[j] > x:
                a[j + 1] = a[j]
                if with_a is not None:
                    with_a[j + 1] = with_a[j]
                j -= 1
            inversions += i - 1 - j
            a[j + 1] = x
            if with_a is not None:
                with_a[j + 1] = with_x
    return inversions


@kernel
def _merge(a, with_a, b, with_b, lo, mid, hi):
    """Merge two sorted runs of a into b; returns the inversions between them."""
    inversions = 0
    i = lo
    j = mid
    k = lo
    while i < mid and j < hi:
        x = a[i]
        z = a[j]
        second = z < x
        b[k] = z if second else x
        if with_a is not None:
            with_b[k] = with_a[j] if second else with_a[i]
        inversions += (mid - i) if second else 0
        j += second
        i += 1 - second
        k += 1
    if i == mid:  # the rest of the one run that is left
        i = j
    while k < hi:
        b[k] = a[i]
        if with_a is not None:
            with_b[k] = with_a[i]
        i += 1
        k += 1
    return inversions


@kernel
def tied_pairs(ordered, first, stop):
    """Count the pairs of equal values in ordered[first:stop]."""
    pairs = 0
    run = 1
    for i in range(first + 1, stop):
        run = run + 1 if ordered[i] == ordered[i - 1] else 1
        pairs += run - 1
    return pairs
