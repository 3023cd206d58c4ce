"""Zones of a regression tree: classes of a factor, or of two together, that the field chooses."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.analyse.detector_inputs import given_to
from soilscope.analyse.detector_null import Null, share_above
from soilscope.analyse.detector_options import ASSUMES, DRAWN, Drawn, Rng
from soilscope.analyse.detector_result import pair_coords, told
from soilscope.analyse.detector_sample import (
    Array,
    Dim,
    Factors,
    Floats,
    Sample,
    encode,
    sample_of,
)
from soilscope.analyse.detector_statistics import Rules, Statistics
from soilscope.analyse.interaction_detector import NOT_ESTIMATED, interaction_type
from soilscope.checks import require_at_least, require_between, require_choice
from soilscope.kernels.regression_tree import tree_leaves
from soilscope.labelled import Output
from soilscope.names import CONSTANT, NO_DATA

_REFERENCES = "Luo et al. (2022) doi:10.1016/j.isprsjprs.2022.01.009"
_RULES = Rules("none", interval=False)


def gozh(
    y: xr.DataArray,
    factors: Factors,
    *,
    complexity: float = 0.01,
    min_split: int = 20,
    min_leaf: int = 7,
    dim: Dim = None,
    p: Drawn = "none",
    weights: xr.DataArray | None = None,
    block: int = 1,
    tolerance: float = 1e-9,
    n_surrogates: int = 199,
    rng: Rng = None,
) -> xr.Dataset:
    """Tell how much of a field the zones of a regression tree explain, for factors and pairs.

    A tree of one factor cuts it where the field changes; one of two factors makes zones of both,
    which, unlike an overlay, are few. The zones are chosen by the field, so that q is large by
    chance too, and the p-value of `factor_detector` does not hold for them: ask for `p` here.

    Parameters
    ----------
    y : DataArray
        The response, as in `factor_detector`.
    factors : Dataset, mapping of names to DataArrays, or DataArray
        The factors on the cells of `y`: numbers with a fraction are ordered; whole numbers, text
        and categories are classes without an order.
    complexity : float
        Share of the sum of squares that a split has to take, 0.001 to 1.
    min_split, min_leaf : int
        Fewest cells of a zone that is split, and of a zone, whatever their weights.
    dim : str or list of str, optional
        Dimensions of the sample; those in space by default.
    p : {"none", "permutation", "spatial"}
        Compare q of each factor with that of surrogates of `y`, for which a tree is grown anew.
    weights : DataArray, optional
        Weight of each cell, as in `factor_detector`: of the sums that trees split by, and of q.
    block : int
        Edge, in cells of a grid, of the blocks that "permutation" deals out as wholes.
    tolerance : float
        Differences in q that count as none.
    n_surrogates : int
        Surrogates, at least 19.
    rng : int or Generator
        Required by a `p` other than "none".

    Returns
    -------
    Dataset
        Per `factor`: `q`, `q_adjusted` and `n_strata` of its zones, `codes`, the zone of each cell
        (-1 where the sample is not complete), `p_value` (NaN without surrogates) and `status`:
        `no_data`, `constant` (one zone: no split is worth it, or `y` does not vary), or `ok`. Per
        `factor` and `factor_2`: `q12` and `q12_adjusted` of the zones of both, and `interaction`,
        as in `interaction_detector`. `n_obs`: complete cells. Where no split is worth it, q is 0.

    Raises
    ------
    InputError
        If dimensions or options do not fit.
    GridError
        If a factor lies on other cells than `y`.

    References
    ----------
    Luo et al. (2022), doi:10.1016/j.isprsjprs.2022.01.009; Breiman et al. (1984), Classification
    and Regression Trees (growing and pruning).

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from soilscope import gozh
    >>> x = xr.DataArray(np.arange(60.0), dims="site")
    >>> y = xr.where((x < 20) | (x > 44), 0.1, 0.3)
    >>> zones = gozh(y, {"slope": x})
    >>> zones.q.values.round(3).tolist(), zones.n_strata.values.tolist()
    ([1.0], [3])
    """
    require_between(complexity, 1e-3, 1.0, name="complexity")
    require_at_least(min_leaf, 1, name="min_leaf")
    require_at_least(min_split, 2, name="min_split")
    require_between(tolerance, 0.0, 1.0, name="tolerance")
    require_choice(p, DRAWN, name="p")
    given = given_to(y, factors, dim=dim, weights=weights, block=block, name="factors")
    null = given.null(p, rng, n_surrogates)
    ordered = tuple(factor.dtype.kind == "f" for factor in given.factors.values())
    zones = Zones(ordered, float(complexity), int(min_split), int(min_leaf), tolerance, null)
    ds = given.apply(zones, _outputs(len(given.factors), given.sizes), codes=False)
    ds["codes"] = ds["codes"].transpose("factor", *y.dims)
    options: dict[str, object] = {
        "complexity": complexity,
        "min_split": min_split,
        "min_leaf": min_leaf,
        "p": p,
        "n_surrogates": n_surrogates if null else None,
    }
    if weights is not None:
        options["weights"] = str(weights.name or "given")
    return told(
        ds.assign_coords(pair_coords(y, given.factors)),
        method="gozh",
        options=options,
        assumes=ASSUMES[p],
        references=_REFERENCES,
    )


@dataclass(frozen=True)
class Zones:
    """Trees of one field: factors as they are in, zones out."""

    ordered: tuple[bool, ...]
    complexity: float
    min_split: int
    min_leaf: int
    tolerance: float
    null: Null | None

    def __call__(
        self, field: Floats, factors: list[Array], weights: Array | None = None
    ) -> tuple[Any, ...]:
        """Return what is told of factors, then of pairs, and rows."""
        known = [_missing_as_minus_one(f, o) for f, o in zip(factors, self.ordered, strict=True)]
        sample = sample_of(field, known, weights)
        k = len(factors)
        told = [Statistics(status=CONSTANT if sample.n else NO_DATA)] * k
        codes = np.full((k, *field.shape), -1, dtype=np.int16)
        pairs = np.full((2, k, k), np.nan)
        types = np.full((k, k), NOT_ESTIMATED, dtype=np.int8)
        p = np.full(k, np.nan)
        if sample.squares > 0.0:
            ranks = [self._ranks(f, sample, o) for f, o in zip(factors, self.ordered, strict=True)]
            order = [np.argsort(r, kind="stable") for r in ranks]
            for i in range(k):
                codes[i, sample.kept] = self._grow(sample, ranks, order, [i])
                told[i] = _of(sample, codes[i, sample.kept])
                for j in range(i):
                    both = _of(sample, self._grow(sample, ranks, order, [j, i]))
                    pairs[:, i, j] = pairs[:, j, i] = both.q, both.q_adjusted
                    kind = interaction_type(told[i].q, told[j].q, both.q, self.tolerance)
                    types[i, j] = types[j, i] = kind
                pairs[:, i, i] = told[i].q, told[i].q_adjusted
            if self.null is not None:
                p = share_above(self._null_q(sample, ranks, order), np.array([t.q for t in told]))
        elif sample.n:
            codes[:, sample.kept] = 0
        q, fair, n_strata, status = (
            np.array([getattr(t, key) for t in told])
            for key in ("q", "q_adjusted", "n_strata", "status")
        )
        typed = n_strata.astype(np.int32), codes, p, status.astype(np.int8)
        return q, fair, *typed, *pairs, types, np.int64(sample.n)

    def _ranks(self, factor: Array, sample: Sample, ordered: bool) -> npt.NDArray[np.int64]:
        values = factor[sample.kept] if ordered else encode(factor)[sample.kept]
        return np.unique(values, return_inverse=True)[1].astype(np.int64)

    def _grow(
        self, sample: Sample, ranks: list[Array], order: list[Array], of: list[int]
    ) -> npt.NDArray[np.int32]:
        """Return the zone of each row in the tree of some of the factors."""
        found: npt.NDArray[np.int32] = tree_leaves(
            sample.y,
            np.ones(sample.n) if sample.weight is None else sample.weight,
            np.stack([ranks[i] for i in of]),
            np.stack([order[i] for i in of]),
            np.array([not self.ordered[i] for i in of]),
            self.min_split,
            self.min_leaf,
            self.complexity * float(sample.y @ sample.weighted(sample.y)),
        )
        return found

    def _null_q(self, sample: Sample, ranks: list[Array], order: list[Array]) -> Floats:
        """Q of the tree of each factor and surrogate: (n_surrogates, k)."""
        assert self.null is not None
        found = []
        for columns in self.null.columns(sample):
            for column in columns.T.astype(np.float64):
                centred = column - np.average(column, weights=sample.weight)
                drawn = Sample(centred, sample.codes, sample.kept, 0.0, sample.weight)
                zones = [self._grow(drawn, ranks, order, [i]) for i in range(len(ranks))]
                found.append([_of(drawn, zone).q for zone in zones])
        return np.array(found)


def _of(sample: Sample, zone: Array) -> Statistics:
    """Statistics of zones; one alone explains nothing."""
    size = int(zone.max()) + 1
    if size == 1:
        return Statistics(q=0.0, q_adjusted=0.0, n_strata=1, status=CONSTANT)
    count, weight, mean, m2 = sample.moments(zone.astype(np.int32), size)
    return _RULES.of(count, mean + sample.mean, m2, weight)


def _missing_as_minus_one(factor: Array, ordered: bool) -> Array:
    return np.where(np.isfinite(factor), 0, -1) if ordered else encode(factor)


def _outputs(k: int, sizes: dict[str, int]) -> dict[str, Output]:
    pair = ("factor", "factor_2")
    return {
        "q": Output("f8", "factor", k),
        "q_adjusted": Output("f8", "factor", k),
        "n_strata": Output("i4", "factor", k),
        "codes": Output("i2", ("factor", *sizes), (k, *sizes.values())),
        "p_value": Output("f8", "factor", k),
        "status": Output("i1", "factor", k),
        "q12": Output("f8", pair, (k, k)),
        "q12_adjusted": Output("f8", pair, (k, k)),
        "interaction": Output("i1", pair, (k, k)),
        "n_obs": Output("i8"),
    }
