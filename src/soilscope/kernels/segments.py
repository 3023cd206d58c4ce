"""The best cuts of a row of values into segments of one mean each: exact, by pruned functions."""

import numpy as np

from soilscope.kernels.compile import kernel


@kernel
def best_segments(weight, mean, most):
    """Least-squares partitions of a row of values into 1 .. `most` segments: first places, costs.

    Row k - 1 of `first` (most, most) holds where each of the k segments begins, `cost` the sum of
    squares within them less that within the values. As a function of the mean m of the last
    segment, the least cost up to a value is the lower envelope of parabolas, one a last cut; to go
    on to the next value is to take the lower of the envelope and the best cost with one segment
    less, and to add weight (value - m)^2. Few parabolas are ever on the envelope, so that the work
    is near k n (Rigaill 2015). The values lie about 0.
    """
    n = mean.size
    first = np.zeros((most, most), np.int64)
    cost = np.full(most, np.inf)
    cuts = np.zeros((most + 1, n + 1), np.int32)
    before = np.zeros(n + 1)
    now = np.empty(n + 1)
    low, high = mean.min(), mean.max()
    w = 0.0
    s = 0.0
    q = 0.0
    before[0] = 0.0
    for j in range(n):
        w += weight[j]
        s += weight[j] * mean[j]
        q += weight[j] * mean[j] * mean[j]
        before[j + 1] = max(q - s * s / w, 0.0)
    cost[0] = before[n]
    for k in range(2, most + 1):
        if k > n:
            break
        _layer(weight, mean, before, now, cuts[k], k, low, high)
        before, now = now, before
        cost[k - 1] = before[n]
        j = n
        for level in range(k, 1, -1):
            j = cuts[level, j]
            first[k - 1, level - 1] = j
    return first, cost


@kernel
def _layer(weight, mean, before, now, cut, k, low, high):
    """Best cost of the first j values in k segments, and its last cut, for all j from k on."""
    n = mean.size
    room = 64
    # parabola a m^2 + b m + c on [left, left of the next), of the last cut `own`
    piece = np.empty((2, 4, room))
    own = np.empty((2, room), np.int64)
    side = 0
    count = 0
    now[:] = np.inf
    for j in range(k - 1, n):
        level = before[j]  # the last segment begins at j
        if 4 * count + 8 > room:
            wider = np.empty((2, 4, 4 * room))
            owners = np.empty((2, 4 * room), np.int64)
            wider[:, :, :room] = piece
            owners[:, :room] = own
            piece, own, room = wider, owners, 4 * room
        old, new = piece[side], piece[1 - side]
        made = 0
        if count == 0:
            new[0, 0], new[1, 0], new[2, 0], new[3, 0] = low, 0.0, 0.0, level
            own[1 - side, 0] = j
            made = 1
        for p in range(count):
            left = old[0, p]
            right = old[0, p + 1] if p + 1 < count else high
            a, b, c = old[1, p], old[2, p], old[3, p]
            # where the parabola lies below the level: between its roots
            half = b / (2.0 * a)
            inner = half * half - (c - level) / a
            start, end = right, right
            if inner > 0.0:
                root = np.sqrt(inner)
                start = min(max(-half - root, left), right)
                end = min(max(-half + root, left), right)
            if start > left or end <= start:  # the level is lower at first
                made = _push(new, own[1 - side], made, left, 0.0, 0.0, level, j)
            if end > start:
                made = _push(new, own[1 - side], made, start, a, b, c, own[side, p])
                if end < right:
                    made = _push(new, own[1 - side], made, end, 0.0, 0.0, level, j)
        best = np.inf
        where = 0
        for p in range(made):
            new[1, p] += weight[j]
            new[2, p] -= 2.0 * weight[j] * mean[j]
            new[3, p] += weight[j] * mean[j] * mean[j]
            right = new[0, p + 1] if p + 1 < made else high
            m = min(max(-new[2, p] / (2.0 * new[1, p]), new[0, p]), right)
            value = (new[1, p] * m + new[2, p]) * m + new[3, p]
            if value < best:
                best = value
                where = own[1 - side, p]
        now[j + 1] = max(best, 0.0)
        cut[j + 1] = where
        side = 1 - side
        count = made


@kernel
def _push(new, own, made, left, a, b, c, owner):
    """Add a piece, or widen the last one where it is of the same cut."""
    if made > 0 and own[made - 1] == owner:
        return made
    new[0, made], new[1, made], new[2, made], new[3, made] = left, a, b, c
    own[made] = owner
    return made + 1
