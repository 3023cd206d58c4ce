"""Regression trees: rows are split in two where that takes most from the sum of squares."""

import numpy as np

from soilscope.kernels.compile import kernel


@kernel
def tree_leaves(y, weight, codes, order, nominal, min_split, min_leaf, alpha):
    """Leaf of each row of `y` (n,), from 0, left to right; along one ordered variable they rise.

    Sums are by `weight` (n,). `codes` (v, n) are ranks, or classes where `nominal`; `order` (v, n)
    the rows by rising code. It is changed. A node of `min_split` rows whose sum of squares is above
    `alpha` is split into parts of `min_leaf` rows or more; splits that do not take `alpha` each are
    undone (as rpart does).
    """
    n = y.size
    room = 2 * (n // max(min_leaf, 1)) + 3
    first, last = np.zeros(room, np.int64), np.zeros(room, np.int64)
    left, right = np.full(room, -1, np.int64), np.full(room, -1, np.int64)
    risk = np.zeros(room)
    last[0] = n
    count = 1
    at = 0
    goes = np.zeros(n, np.bool_)
    spare = np.empty(n, order.dtype)
    while at < count:
        a, b = first[at], last[at]
        mean, total = 0.0, 0.0
        for i in range(a, b):
            row = order[0, i]
            mean += weight[row] * y[row]
            total += weight[row]
        mean /= total
        for i in range(a, b):
            row = order[0, i]
            d = y[row] - mean
            risk[at] += weight[row] * d * d
        if b - a >= min_split and risk[at] > alpha:
            gain, size = _best_split(
                y, weight, codes, order, nominal, a, b, mean, total, min_leaf, goes
            )
            if gain > 0.0:
                _part(order, a, b, goes, spare)
                left[at], right[at] = count, count + 1
                first[count], last[count] = a, a + size
                first[count + 1], last[count + 1] = a + size, b
                count += 2
        at += 1
    return _leaves(first, last, left, right, risk, count, order, alpha)


@kernel
def _best_split(y, weight, codes, order, nominal, a, b, mean, total, min_leaf, goes):
    """Gain and size of the best split of a node; the rows that go left are marked in `goes`."""
    best, which, size, cut = 0.0, -1, 0, 0
    for v in range(codes.shape[0]):
        rows = order[v, a:b]
        if nominal[v]:
            rows = rows[_by_mean(y, weight, codes[v], rows, mean)]
        sums, part = 0.0, 0.0
        for i in range(b - a - 1):
            sums += weight[rows[i]] * (y[rows[i]] - mean)
            part += weight[rows[i]]
            left, right = i + 1, b - a - i - 1
            if codes[v, rows[i]] == codes[v, rows[i + 1]] or left < min_leaf or right < min_leaf:
                continue
            rest = total - part
            gain = sums * sums / part + (sums * sums / rest if rest > 0.0 else 0.0)
            if gain > best:
                best, which, size, cut = gain, v, left, i
    if which >= 0:
        rows = order[which, a:b]
        if nominal[which]:
            rows = rows[_by_mean(y, weight, codes[which], rows, mean)]
        for i in range(b - a):
            goes[rows[i]] = i <= cut
    return best, size


@kernel
def _by_mean(y, weight, codes, rows, mean):
    """Places that bring rows, sorted by class, into the order of the means of their classes."""
    starts = np.empty(rows.size + 1, np.int64)
    means = np.empty(rows.size)
    total = np.empty(rows.size)
    k = 0
    for i in range(rows.size):
        if i == 0 or codes[rows[i]] != codes[rows[i - 1]]:
            starts[k] = i
            means[k] = 0.0
            total[k] = 0.0
            k += 1
        means[k - 1] += weight[rows[i]] * (y[rows[i]] - mean)
        total[k - 1] += weight[rows[i]]
    starts[k] = rows.size
    for j in range(k):
        means[j] /= total[j]
    places = np.empty(rows.size, np.int64)
    filled = 0
    for j in np.argsort(means[:k]):
        for i in range(starts[j], starts[j + 1]):
            places[filled] = i
            filled += 1
    return places


@kernel
def _part(order, a, b, goes, spare):
    """Bring the rows that go left before the others, each in the order that they had."""
    for v in range(order.shape[0]):
        kept, moved = a, 0
        for i in range(a, b):
            row = order[v, i]
            if goes[row]:
                order[v, kept] = row
                kept += 1
            else:
                spare[moved] = row
                moved += 1
        for i in range(moved):
            order[v, kept + i] = spare[i]


@kernel
def _leaves(first, last, left, right, risk, count, order, alpha):
    """Undo splits that do not pay, from the last up, and number what is left."""
    below = risk.copy()
    leaves = np.ones(count, np.int64)
    for at in range(count - 1, -1, -1):
        if left[at] < 0:
            continue
        parts = leaves[left[at]] + leaves[right[at]]
        total = below[left[at]] + below[right[at]]
        if risk[at] - total <= alpha * (parts - 1):
            left[at] = -1
        else:
            below[at], leaves[at] = total, parts
    leaf = np.empty(order.shape[1], np.int32)
    waiting = np.zeros(count + 1, np.int64)
    top, number = 1, 0
    while top > 0:
        top -= 1
        at = waiting[top]
        if left[at] < 0:
            for i in range(first[at], last[at]):
                leaf[order[0, i]] = number
            number += 1
        else:
            waiting[top], waiting[top + 1] = right[at], left[at]
            top += 2
    return leaf
