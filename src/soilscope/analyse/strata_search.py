"""Every method and number of classes tried on one field: q of each, and the choice among them."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from soilscope.analyse.detector_null import Null, share_above, squares_of
from soilscope.analyse.detector_sample import Array, Sample, sample_of
from soilscope.kernels.detector import column_sums, explained, explained_by_cuts
from soilscope.kernels.discretize import Sorted, cut, edges_of
from soilscope.names import CONSTANT, NO_DATA, OK, TOO_FEW

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
GAIN = 0.05  # least relative gain in q for which one class more is taken


class Trial(NamedTuple):
    """What came of one factor: (method, n_classes), with edges and first rows of classes."""

    q: Floats
    breaks: Floats  # (method, n_classes, edge), NaN behind the last
    obtained: npt.NDArray[np.int32]
    cuts: list[Integers]  # of each method and number of classes: rows in rising order
    order: npt.NDArray[np.intp]


@dataclass(frozen=True)
class Search:
    """The search on one field: factors as they are in, classes out."""

    methods: tuple[str, ...]
    n_classes: tuple[int, ...]
    select: str
    null: Null | None

    def __call__(
        self, field: Floats, factors: list[Array], weights: Array | None = None
    ) -> tuple[Any, ...]:
        """Return q, breaks, classes obtained, choices, codes, p-values, status and rows."""
        known = [np.where(np.isfinite(f), 0, -1) for f in factors]
        sample = sample_of(field, known, weights)
        k = len(factors)
        shape = (len(self.methods), len(self.n_classes))
        q = np.full((k, *shape), np.nan)
        breaks = np.full((k, *shape, max(self.n_classes) + 1), np.nan)
        obtained = np.zeros((k, *shape), dtype=np.int32)
        best = np.full((2, k), -1, dtype=np.int16)
        codes = np.full((k, *field.shape), -1, dtype=np.int16)
        p = np.full(k, np.nan)
        status = np.full(k, NO_DATA, dtype=np.int8)
        if sample.n > 0:
            status[:] = [status_of(sample, f[sample.kept]) for f in factors]
            usable = np.flatnonzero(status == OK)
            # one class: as missing, it would empty the sample of whoever takes all the codes
            codes[status != OK] = np.where(sample.kept, 0, -1)
            trials = self._trials(sample, [factors[i] for i in usable])
            for i, trial in zip(usable, trials, strict=True):
                q[i], breaks[i], obtained[i] = trial.q, trial.breaks, trial.obtained
                m, c = choose(trial.q, trial.obtained, sample.n, self.select)
                best[:, i] = m, self.n_classes[c]
                edges = trial.breaks[m, c]
                values = factors[i][sample.kept].astype(np.float64)
                codes[i, sample.kept] = cut(values, edges[np.isfinite(edges)])
            if self.null is not None and trials:
                top = np.array([np.nanmax(trial.q) for trial in trials])
                p[usable] = share_above(_null_of_search(self.null, sample, trials), top)
        return q, breaks, obtained, best[0].astype(np.int8), best[1], codes, p, status, sample.n

    def _trials(self, sample: Sample, factors: list[Array]) -> list[Trial]:
        def one(factor: Array) -> Trial:
            return self._trial(sample, factor[sample.kept].astype(np.float64))

        # sorting and the kernels let go of the interpreter's lock
        with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as threads:
            return list(threads.map(one, factors))

    def _trial(self, sample: Sample, values: Floats) -> Trial:
        order = np.argsort(values)
        x = Sorted(values[order])
        cumulative = _running(sample.weighted(sample.y)[order])
        shares = None if sample.weight is None else _running(sample.weight[order])
        shape = (len(self.methods), len(self.n_classes))
        q = np.empty(shape)
        breaks = np.full((*shape, max(self.n_classes) + 1), np.nan)
        obtained = np.empty(shape, dtype=np.int32)
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


def _running(values: Floats) -> Floats:
    """Return sums of the first 0, 1, 2, ... values."""
    return np.concatenate([[0.0], np.cumsum(values)])


def status_of(sample: Sample, values: Array) -> int:
    """Tell whether a factor can be cut: too few rows, or a constant one, or field, cannot."""
    if sample.n < 3:
        return TOO_FEW
    constant = sample.squares == 0.0 or values.min() == values.max()
    return CONSTANT if constant else OK
