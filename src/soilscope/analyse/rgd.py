"""The robust detector: the classes of each factor that explain most of a field."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.analyse.detector_inputs import given_to
from soilscope.analyse.detector_null import Null, share_above, squares_of
from soilscope.analyse.detector_options import ASSUMES, DRAWN, Drawn, Rng
from soilscope.analyse.detector_result import factor_coords, told
from soilscope.analyse.detector_sample import Array, Dim, Factors, Floats, Sample, sample_of
from soilscope.analyse.discretize import numbers_of_classes
from soilscope.analyse.strata_search import choose, status_of
from soilscope.checks import require_choice, require_numeric
from soilscope.kernels.detector import explained
from soilscope.kernels.discretize import Sorted, cut
from soilscope.kernels.segments import best_segments
from soilscope.labelled import Output
from soilscope.names import NO_DATA, OK, flag_attrs

Integers = npt.NDArray[np.int64]
_REFERENCES = "Zhang, Song and Wu (2022) doi:10.1016/j.jag.2022.102782"


def rgd(
    y: xr.DataArray,
    factors: Factors,
    *,
    n_classes: Sequence[int] = (3, 4, 5, 6, 7, 8),
    select: Literal["max", "adjusted", "elbow"] = "max",
    dim: Dim = None,
    p: Drawn = "none",
    weights: xr.DataArray | None = None,
    block: int = 1,
    n_surrogates: int = 199,
    rng: Rng = None,
) -> xr.Dataset:
    """Cut every factor into the classes that explain most of a field (robust detector).

    Of all cuts between values of the factor those with the largest q are found exactly. As they are
    chosen by the field, q is large by chance too, and the p-value of `factor_detector` does not
    hold for these classes: ask for `p` here.

    Parameters
    ----------
    y : DataArray
        The response, as in `factor_detector`.
    factors : Dataset, mapping of names to DataArrays, or DataArray
        The factors as numbers, on the cells of `y`.
    n_classes : list of int
        Numbers of classes.
    select : {"max", "adjusted", "elbow"}
        How one of them is chosen, as in `optimize_strata`; by "max" it is the most classes.
    dim : str or list of str, optional
        Dimensions of the sample; those in space by default.
    p : {"none", "permutation", "spatial"}
        Compare the largest q with that of surrogates of `y`, for which all is cut anew.
    weights : DataArray, optional
        Weight of each cell, as in `factor_detector`.
    block : int
        Edge, in cells of a grid, of the blocks that "permutation" deals out as wholes.
    n_surrogates : int
        Surrogates, at least 19.
    rng : int or Generator
        Required by a `p` other than "none".

    Returns
    -------
    Dataset
        Per `factor` and `n_classes`: `q`, `breaks` (dim `edge`, NaN behind the last: the smallest
        value, the largest of each class) and `n_obtained`. Per `factor`: `best_n_classes`, `codes`
        of the cells (-1 where the sample is not complete; a constant factor is one class),
        `p_value` (NaN without surrogates) and `status`: `no_data`, `too_few`, `constant`, or `ok`.
        `n_obs`: complete cells.

    Raises
    ------
    InputError
        If a factor holds no numbers, or options do not fit.
    GridError
        If a factor lies on other cells than `y`.

    References
    ----------
    Zhang, Song and Wu (2022), doi:10.1016/j.jag.2022.102782; Rigaill (2015), Journal de la Société
    Française de Statistique 156, 180-205 (the exact cuts).

    Examples
    --------
    >>> import xarray as xr
    >>> from soilscope import rgd
    >>> x = xr.DataArray([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], dims="site")
    >>> y = xr.DataArray([0.1, 0.1, 0.4, 0.4, 0.4, 0.1], dims="site")
    >>> found = rgd(y, {"slope": x}, n_classes=[2, 3])
    >>> found.q.round(3).values.tolist(), found.breaks.sel(n_classes=3).values.tolist()
    ([[0.5, 1.0]], [[1.0, 2.0, 5.0, 6.0]])
    """
    require_choice(select, ("max", "adjusted", "elbow"), name="select")
    require_choice(p, DRAWN, name="p")
    numbers = numbers_of_classes(n_classes)
    given = given_to(y, factors, dim=dim, weights=weights, block=block, name="factors")
    for name, factor in given.factors.items():
        require_numeric(factor, name=f"factors[{name!r}]")
    null = given.null(p, rng, n_surrogates)
    outputs = _outputs(len(given.factors), numbers, given.sizes)
    ds = given.apply(RobustSearch(numbers, select, null), outputs, codes=False)
    ds["codes"] = ds["codes"].transpose("factor", *y.dims)
    classes = (f"class_{i + 1}" for i in range(max(numbers)))
    ds["codes"].attrs |= flag_attrs(("missing", *classes), first=-1)
    words = {"long_name": "classes asked for"}
    ds = ds.assign_coords(
        factor_coords(y, given.factors)
        | {"n_classes": xr.Variable("n_classes", list(numbers), words)}
    )
    options = {"select": select, "p": p, "n_surrogates": n_surrogates if null else None}
    return told(ds, method="rgd", options=options, assumes=ASSUMES[p], references=_REFERENCES)


class Ordered(NamedTuple):
    """A factor in rising order: its distinct values, and the weight of the rows that have them."""

    order: npt.NDArray[np.intp]
    x: Sorted
    weight: Floats

    def sums(self, values: Array) -> Floats:
        """Sum of weighted `values` (n, ...) over the rows of each distinct value."""
        found: Floats = np.add.reduceat(values[self.order], self.x.starts[:-1], axis=0)
        return found


@dataclass(frozen=True)
class RobustSearch:
    """The search on one field: factors as they are in, classes out."""

    n_classes: tuple[int, ...]
    select: str
    null: Null | None

    def __call__(
        self, field: Floats, factors: list[Array], weights: Array | None = None
    ) -> tuple[Any, ...]:
        """Return q, breaks, classes obtained, choice, codes, p-values, status and rows."""
        sample = sample_of(field, [np.where(np.isfinite(f), 0, -1) for f in factors], weights)
        k, most = len(factors), max(self.n_classes)
        q = np.full((k, len(self.n_classes)), np.nan)
        breaks = np.full((*q.shape, most + 1), np.nan)
        obtained = np.zeros(q.shape, dtype=np.int32)
        best = np.full(k, -1, dtype=np.int16)
        codes = np.full((k, *field.shape), -1, dtype=np.int16)
        p = np.full(k, np.nan)
        status = np.full(k, NO_DATA, dtype=np.int8)
        if sample.n > 0:
            codes[:, sample.kept] = 0
            status[:] = [status_of(sample, f[sample.kept]) for f in factors]
        usable = np.flatnonzero(status == OK)
        rows = {int(i): _ordered(sample, factors[i]) for i in usable}
        for i, row in rows.items():
            found, q[i] = self._cuts(sample, row)
            for c, inner in enumerate(found):
                edges = [row.x.low, *row.x.distinct[inner - 1], row.x.high]
                breaks[i, c, : len(edges)] = edges
                obtained[i, c] = inner.size + 1
            at = choose(q[i : i + 1], obtained[i : i + 1], sample.n, self.select)[1]
            best[i] = self.n_classes[at]
            edges = breaks[i, at][np.isfinite(breaks[i, at])]
            codes[i, sample.kept] = cut(factors[i][sample.kept].astype(np.float64), edges)
        if self.null is not None and rows:
            top = q[usable].max(axis=1)
            p[usable] = share_above(_null_q(self.null, sample, list(rows.values()), most), top)
        return q, breaks, obtained, best, codes, p, status, np.int64(sample.n)

    def _cuts(self, sample: Sample, row: Ordered) -> tuple[list[Integers], Floats]:
        """Inner cuts (places among the distinct values) and q for each number of classes."""
        sums = row.sums(sample.weighted(sample.y))
        most = min(max(self.n_classes), sums.size)
        first, _ = best_segments(row.weight, sums / row.weight, most)
        found = [first[min(k, most) - 1, 1 : min(k, most)] for k in self.n_classes]
        q = [_q(sums, row.weight, inner, sample.squares) for inner in found]
        return found, np.array(q)


def _q(sums: Floats, weight: Floats, inner: Integers, squares: float) -> float:
    starts = np.concatenate([[0], inner]).astype(np.int64)
    parts, total = np.add.reduceat(sums, starts), np.add.reduceat(weight, starts)
    return float(explained(parts, total, squares))


def _ordered(sample: Sample, factor: Array) -> Ordered:
    values = factor[sample.kept].astype(np.float64)
    order = np.argsort(values, kind="stable")
    row = Ordered(order, Sorted(values[order]), np.empty(0))
    share = np.ones(sample.n) if sample.weight is None else sample.weight
    return row._replace(weight=row.sums(share))


def _null_q(null: Null, sample: Sample, rows: list[Ordered], most: int) -> Floats:
    """Q of the best `most` classes of each surrogate and factor: (n_surrogates, k)."""
    found = []
    for columns in null.columns(sample):
        wide = columns.astype(np.float64)
        squares = squares_of(columns, sample)
        weighted = sample.weighted(wide - np.average(wide, axis=0, weights=sample.weight))
        for j in range(wide.shape[1]):
            made = []
            for row in rows:
                sums = row.sums(weighted[:, j])
                k = min(most, sums.size)
                first, _ = best_segments(row.weight, sums / row.weight, k)
                made.append(_q(sums, row.weight, first[k - 1, 1:k], float(squares[j])))
            found.append(made)
    return np.array(found)


def _outputs(k: int, numbers: tuple[int, ...], sizes: dict[str, int]) -> dict[str, Output]:
    tried, shape = ("factor", "n_classes"), (k, len(numbers))
    return {
        "q": Output("f8", tried, shape),
        "breaks": Output("f8", (*tried, "edge"), (*shape, max(numbers) + 1)),
        "n_obtained": Output("i4", tried, shape),
        "best_n_classes": Output("i2", "factor", k),
        "codes": Output("i2", ("factor", *sizes), (k, *sizes.values())),
        "p_value": Output("f8", "factor", k),
        "status": Output("i1", "factor", k),
        "n_obs": Output("i8"),
    }
