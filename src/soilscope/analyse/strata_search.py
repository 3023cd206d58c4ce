"""Every method and number of classes tried on one field: q of each, and the choice among them."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from soilscope.analyse.detector_null import Null, share_above, squares_of
from soilscope.analyse.detector_sample import Array, Sample, encode, sample_of
from soilscope.analyse.strata_folds import Folds, HeldOut, held_out
from soilscope.kernels.detector import column_sums, explained, explained_by_cuts
from soilscope.kernels.discretize import Sorted, cut, edges_of
from soilscope.names import CONSTANT, NO_DATA, OK, TOO_FEW

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
GAIN = 0.05  # least relative gain in q for which one class more is taken


class Trial(NamedTuple):
    """What came of one factor: (way, n_classes), with edges and first rows of classes."""

    q: Floats
    breaks: Floats  # (way, n_classes, edge), NaN behind the last
    obtained: npt.NDArray[np.int32]
    cuts: list[Integers]  # of each set of classes: rows in rising order
    order: npt.NDArray[np.intp]


@dataclass(frozen=True)
class Search:
    """The search on one field: factors as they are in, classes out.

    Factors that are classes already have one way, their own, behind the methods.
    """

    methods: tuple[str, ...]
    n_classes: tuple[int, ...]
    select: str
    null: Null | None
    classes: tuple[bool, ...]  # which factors are classes
    folds: Folds | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Number of ways, and of numbers of classes."""
        return len(self.methods) + any(self.classes), len(self.n_classes)

    def __call__(
        self, field: Floats, factors: list[Array], weights: Array | None = None
    ) -> tuple[Any, ...]:
        """Return the results in the order of `_empty`, and the number of rows."""
        ready = [encode(f) if own else f for f, own in zip(factors, self.classes, strict=True)]
        known = [
            f if own else np.where(np.isfinite(f), 0, -1)
            for f, own in zip(ready, self.classes, strict=True)
        ]
        sample = sample_of(field, known, weights)
        found = self._empty(len(factors), field.shape)
        if sample.n > 0:
            self._search(sample, ready, found)
        return (*found.values(), sample.n)

    def _empty(self, k: int, shape: tuple[int, ...]) -> dict[str, Array]:
        return {
            "q": np.full((k, *self.shape), np.nan),
            "q_held_out": np.full((k, *self.shape), np.nan),
            "breaks": np.full((k, *self.shape, max(self.n_classes) + 1), np.nan),
            "n_obtained": np.zeros((k, *self.shape), dtype=np.int32),
            "best_method": np.full(k, -1, dtype=np.int8),
            "best_n_classes": np.full(k, -1, dtype=np.int32),
            "codes": np.full((k, *shape), -1, dtype=np.int32 if any(self.classes) else np.int16),
            "p_value": np.full(k, np.nan),
            "status": np.full(k, NO_DATA, dtype=np.int8),
        }

    def _search(self, sample: Sample, factors: list[Array], found: dict[str, Array]) -> None:
        """Fill the results of all factors."""
        part = None if self.folds is None else self.folds.of(sample)
        values = [f[sample.kept] for f in factors]
        found["status"][:] = [self._status(sample, v, i, part) for i, v in enumerate(values)]
        usable = np.flatnonzero(found["status"] == OK)
        # one class: as missing, it would empty the sample of whoever takes all the codes
        found["codes"][found["status"] != OK] = np.where(sample.kept, 0, -1)
        trials = self._trials(sample, values, usable)
        for i, trial in zip(usable, trials, strict=True):
            for key, told in zip(("q", "breaks", "n_obtained"), trial[:3], strict=True):
                found[key][i] = told
            out = None if part is None else held_out(sample, part, trial.order, trial.cuts)
            if out is not None:
                found["q_held_out"][i] = self._spread(out.q, self.classes[i])
            if self.classes[i]:
                found["best_method"][i] = len(self.methods)
                found["best_n_classes"][i] = trial.obtained[-1, 0]
                found["codes"][i, sample.kept] = values[i]
                continue
            m, c = self._choose(trial, out, sample.n)
            found["best_method"][i], found["best_n_classes"][i] = m, self.n_classes[c]
            edges = trial.breaks[m, c][np.isfinite(trial.breaks[m, c])]
            found["codes"][i, sample.kept] = cut(values[i].astype(np.float64), edges)
        if self.null is not None and trials:
            top = np.array([np.nanmax(trial.q) for trial in trials])
            found["p_value"][usable] = share_above(_null_of_search(self.null, sample, trials), top)

    def _status(self, sample: Sample, values: Array, i: int, part: Array | None) -> int:
        found = status_of(sample, values)
        single = self.classes[i] and found == OK and np.unique(values).size >= sample.n
        return TOO_FEW if single or (self.folds is not None and part is None) else found

    def _spread(self, values: Floats, own: bool) -> Floats:
        """Put what is told of each set of classes of a factor into its place: (way, n_classes)."""
        found = np.full(self.shape, np.nan)
        if own:
            found[-1] = values[0]
        else:
            found[: len(self.methods)] = values.reshape(len(self.methods), -1)
        return found

    def _choose(self, trial: Trial, out: HeldOut | None, n: int) -> tuple[int, int]:
        """Return the method and the number of classes that are taken of a factor of numbers."""
        m = len(self.methods)
        if out is None:
            return choose(trial.q[:m], trial.obtained[:m], n, self.select)
        # the fewest classes that are as good as the best; of their methods the one that loses least
        kept = out.within_one_error().reshape(m, -1)
        loss = np.where(kept, out.loss.sum(axis=1).reshape(m, -1), np.inf)
        fewest = np.where(kept, trial.obtained[:m], np.iinfo(np.int32).max).min()
        at = np.where(trial.obtained[:m] == fewest, loss, np.inf).argmin()
        return int(at) // loss.shape[1], int(at) % loss.shape[1]

    def _trials(self, sample: Sample, values: list[Array], usable: Array) -> list[Trial]:
        def one(i: int) -> Trial:
            return (self._own if self.classes[i] else self._trial)(sample, values[i])

        # sorting and the kernels let go of the interpreter's lock
        with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as threads:
            return list(threads.map(one, usable))

    def _trial(self, sample: Sample, factor: Array) -> Trial:
        """Cut numbers by every method into every number of classes."""
        values = factor.astype(np.float64)
        order = np.argsort(values)
        x = Sorted(values[order])
        cumulative, shares = _sums(sample, order)
        q = np.full(self.shape, np.nan)
        breaks = np.full((*self.shape, max(self.n_classes) + 1), np.nan)
        obtained = np.zeros(self.shape, dtype=np.int32)
        cuts = []
        for m, method in enumerate(self.methods):
            for c, edges in enumerate(edges_of(x, method, self.n_classes).values()):
                inner = np.searchsorted(x.values, edges[1:-1], side="right")
                rows = np.concatenate([[0], inner, [x.values.size]]).astype(np.int64)
                q[m, c] = explained_by_cuts(cumulative, rows, sample.squares, shares)
                breaks[m, c, : edges.size] = edges
                obtained[m, c] = int((np.diff(rows) > 0).sum())
                cuts.append(np.unique(rows))
        return Trial(q, breaks, obtained, cuts, order)

    def _own(self, sample: Sample, codes: Array) -> Trial:
        """Take the classes that a factor has, whatever number is asked for."""
        order = np.argsort(codes, kind="stable")
        ends = np.flatnonzero(np.diff(codes[order])) + 1
        rows = np.concatenate([[0], ends, [sample.n]]).astype(np.int64)
        cumulative, shares = _sums(sample, order)
        q = np.full(self.shape, np.nan)
        q[-1] = explained_by_cuts(cumulative, rows, sample.squares, shares)
        obtained = np.zeros(self.shape, dtype=np.int32)
        obtained[-1] = rows.size - 1
        breaks = np.full((*self.shape, max(self.n_classes) + 1), np.nan)
        return Trial(q, breaks, obtained, [rows], order)


def choose(q: Floats, obtained: Array, n: int, select: str) -> tuple[int, int]:
    """Return the method and the number of classes: places in `q` (method, n_classes)."""
    score = q
    if select == "adjusted":
        score = 1.0 - (1.0 - q) * (n - 1) / np.maximum(n - obtained, 1)
    if select in ("max", "adjusted"):
        m, c = np.unravel_index(int(np.nanargmax(score)), q.shape)
        return int(m), int(c)
    # the first number of classes behind which one more brings little, by the best of all methods
    at = elbow(np.nanmax(q, axis=0))
    return int(np.nanargmax(q[:, at])), at


def elbow(q: Floats) -> int:
    """Place of the first number of classes that gains at most 5 % on the one before.

    The last where none does; never the first, which has nothing before it.
    """
    if q.size == 1:
        return 0
    with np.errstate(invalid="ignore", divide="ignore"):
        gain = q[1:] / q[:-1] - 1.0
    small = np.flatnonzero(gain <= GAIN)
    return int(small[0]) + 1 if small.size else q.size - 1


def _null_of_search(null: Null, sample: Sample, trials: list[Trial]) -> Floats:
    """Best q of each surrogate for each factor over all that was tried: (n_surrogates, k).

    Breaks do not depend on the response, so only sums over the finest pieces are made anew.
    """
    finest = [np.unique(np.concatenate(trial.cuts)) for trial in trials]
    codes = np.empty((sample.n, len(trials)), dtype=np.int32)
    for f, (rows, trial) in enumerate(zip(finest, trials, strict=True)):
        codes[trial.order, f] = np.repeat(np.arange(rows.size - 1), np.diff(rows))
    first = np.concatenate([[0], np.cumsum([rows.size - 1 for rows in finest])])
    merged = [
        [(np.searchsorted(rows, cuts[:-1]), _shares(sample, trial, cuts)) for cuts in trial.cuts]
        for rows, trial in zip(finest, trials, strict=True)
    ]
    found = []
    for columns in null.columns(sample):
        pieces = np.split(column_sums(sample.weighted(columns), codes, first), first[1:-1])
        squares = squares_of(columns, sample)
        best = [
            np.max([explained(np.add.reduceat(p, at), n, squares) for at, n in candidates], axis=0)
            for p, candidates in zip(pieces, merged, strict=True)
        ]
        found.append(np.array(best).T)
    return np.concatenate(found)


def _shares(sample: Sample, trial: Trial, cuts: Integers) -> Floats | Integers:
    """Sum of the weights of the rows of each class."""
    if sample.weight is None:
        return np.diff(cuts)
    return np.diff(_running(sample.weight[trial.order])[cuts])


def _sums(sample: Sample, order: Array) -> tuple[Floats, Floats | None]:
    """Sum up the field, and the weights where there are any, in rising order."""
    shares = None if sample.weight is None else _running(sample.weight[order])
    return _running(sample.weighted(sample.y)[order]), shares


def _running(values: Floats) -> Floats:
    """Return sums of the first 0, 1, 2, ... values."""
    return np.concatenate([[0.0], np.cumsum(values)])


def status_of(sample: Sample, values: Array) -> int:
    """Tell whether a factor can be cut: too few rows, or a constant one, or field, cannot."""
    if sample.n < 3:
        return TOO_FEW
    constant = sample.squares == 0.0 or values.min() == values.max()
    return CONSTANT if constant else OK
