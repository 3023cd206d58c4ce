import numpy as np
import pytest

from soilscope.kernels.regression_tree import tree_leaves

RNG = np.random.default_rng(71)


def leaves(y, *variables, weight=None, nominal=(), min_split=2, min_leaf=1, alpha=0.0):
    codes = np.stack([np.unique(v, return_inverse=True)[1] for v in variables]).astype(np.int64)
    order = np.argsort(codes, axis=1, kind="stable")
    kinds = np.array([i in nominal for i in range(len(variables))])
    share = np.ones(y.size) if weight is None else weight
    return tree_leaves(
        y - np.average(y, weights=share), share, codes, order, kinds, min_split, min_leaf, alpha
    )


def within(y, leaf):
    return sum(((y[leaf == c] - y[leaf == c].mean()) ** 2).sum() for c in np.unique(leaf))


def test_the_first_split_is_the_best_of_all():
    y, x = RNG.normal(size=40), RNG.normal(size=40)
    best = min(within(y, (x > cut).astype(int)) for cut in np.sort(x)[:-1])
    total = ((y - y.mean()) ** 2).sum()
    leaf = leaves(y, x, min_split=40)
    assert np.unique(leaf).tolist() == [0, 1]
    assert within(y, leaf) == pytest.approx(best, rel=1e-12)
    assert best < total


def test_leaves_rise_along_one_ordered_variable():
    x = RNG.normal(size=200)
    leaf = leaves(np.sin(4 * x), x, min_leaf=5, alpha=0.5)
    assert leaf.max() > 3
    assert (np.diff(leaf[np.argsort(x)]) >= 0).all()


def test_classes_without_order_are_split_as_by_trying_every_set():
    y, kind = RNG.normal(size=60), RNG.integers(0, 5, 60)
    sets = [[c for c in range(5) if mask >> c & 1] for mask in range(1, 31)]
    best = min(within(y, np.isin(kind, chosen).astype(int)) for chosen in sets)
    leaf = leaves(y, kind, nominal=(0,), min_split=60)
    assert within(y, leaf) == pytest.approx(best, rel=1e-12)


def test_of_two_variables_the_better_one_is_split():
    x = RNG.normal(size=(2, 80))
    y = np.where(x[1] > 0.2, 1.0, 0.0) + 0.01 * RNG.normal(size=80)
    leaf = leaves(y, x[0], x[1], min_split=80)
    np.testing.assert_array_equal(leaf == leaf[x[1].argmax()], x[1] > 0.2)


def test_splits_that_do_not_pay_are_undone():
    # the first split gains nothing by itself, and what follows it pays for both
    y = np.tile([1.0, -1.0, -1.0, 1.0], 25)
    a, b = np.tile([0, 0, 1, 1], 25) + 1e-9, np.tile([0, 1, 0, 1], 25)
    y = y + 0.05 * a
    total = float(((y - y.mean()) ** 2).sum())
    assert leaves(y, a, b, alpha=0.01 * total).max() == 3
    assert leaves(y, a, b, alpha=0.6 * total).max() == 0


def test_no_leaf_is_smaller_than_asked_for():
    leaf = leaves(RNG.normal(size=300), RNG.normal(size=300), min_leaf=20, alpha=0.1)
    assert np.bincount(leaf).min() >= 20
    assert leaf.max() > 2


def test_a_weight_of_three_counts_as_three_rows():
    y, x, kind = RNG.normal(size=50), RNG.normal(size=50), RNG.integers(0, 6, 50)
    times = RNG.integers(1, 4, 50)
    copies = [np.repeat(v, times) for v in (y, x, kind)]
    ours = leaves(y, x, kind, weight=times * 1.0, nominal=(1,), alpha=1.0)
    thrice = leaves(*copies, nominal=(1,), alpha=1.0)
    np.testing.assert_array_equal(np.repeat(ours, times), thrice)
    assert ours.max() > 2
