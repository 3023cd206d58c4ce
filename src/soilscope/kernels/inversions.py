"""Sort a list and count the pairs that were out of order: Kendall's distance."""

from soilscope.kernels.compile import kernel


@kernel
def sort_counting(a, b, n):
    """Sort a[:n] with scratch b; returns the number of pairs out of order, and the sorted array."""
    run = 8
    inversions = 0
    for lo in range(0, n, run):
        for i in range(lo + 1, min(lo + run, n)):
            x = a[i]
            j = i - 1
            while j >= lo and a[j] > x:
                a[j + 1] = a[j]
                j -= 1
            inversions += i - 1 - j
            a[j + 1] = x
    while run < n:
        for lo in range(0, n, 2 * run):
            inversions += merge(a, b, lo, min(lo + run, n), min(lo + 2 * run, n))
        a, b = b, a
        run *= 2
    return inversions, a


@kernel
def merge(a, b, lo, mid, hi):
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
        inversions += (mid - i) if second else 0
        j += second
        i += 1 - second
        k += 1
    while i < mid:
        b[k] = a[i]
        i += 1
        k += 1
    while j < hi:
        b[k] = a[j]
        j += 1
        k += 1
    return inversions
