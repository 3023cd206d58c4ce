"""The interaction detector: what two factors explain together, and whether chance adds it."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from soilscope.analyse.detector_inputs import given_to
from soilscope.analyse.detector_null import Null, share_above
from soilscope.analyse.detector_options import (
    ASSUMES,
    Rng,
    Significance,
    Singletons,
    seed_of,
)
from soilscope.analyse.detector_result import pair_coords, told
from soilscope.analyse.detector_sample import Array, Dim, Factors, Floats, Sample, sample_of
from soilscope.analyse.detector_statistics import Rules
from soilscope.checks import require_between, require_choice
from soilscope.errors import InputError
from soilscope.kernels.detector import explained, overlay_moments
from soilscope.kernels.detector_blocks import Deal
from soilscope.labelled import Output

#: Types of an interaction, in the order of their codes; -1 is not estimated.
NOT_ESTIMATED, WEAKEN_NONLINEAR, WEAKEN_UNI, EQUAL, ENHANCE_BI, INDEPENDENT, ENHANCE_NONLINEAR = (
    range(-1, 6)
)
_VALUES = ("q12", "q12_adjusted", "p_value", "p_excess")
_TYPES = ("interaction", "interaction_adjusted")


def interaction_detector(
    y: xr.DataArray,
    strata: Factors,
    *,
    dim: Dim = None,
    p: Significance = "central",
    singletons: Singletons = "keep",
    n_permutations: int = 0,
    alpha: float = 0.05,
    tolerance: float = 1e-9,
    weights: xr.DataArray | None = None,
    block: int = 1,
    n_surrogates: int = 199,
    rng: Rng = None,
) -> xr.Dataset:
    """Tell how much of the variance of a field each pair of factors explains together.

    On one sample the overlay of two factors never explains less than one of them, and explains more
    by chance alone: it has more strata. Types of the plain q call noise an enhancement.

    Parameters
    ----------
    y, strata
        The response and the factors, as in `factor_detector`.
    dim : str or list of str, optional
        Dimensions of the sample; those in space by default.
    p : {"central", "gd", "permutation", "spatial", "none"}
        How `p_value` is made, as in `factor_detector`.
    singletons : {"keep", "drop"}
        Strata of an overlay with one member: explained, or left out (as GD does). Permutations and
        surrogates keep them.
    n_permutations : int
        Permutations of the weaker factor of each pair for `p_excess`; 0: none.
    alpha : float
        Level of `p_excess` above which `interaction_adjusted` is `equal`.
    tolerance : float
        Differences in q that count as none.
    weights : DataArray, optional
        Weight of each cell, as in `factor_detector`.
    block : int
        Edge, in cells of a grid, of the blocks that permutations (of either kind) deal out as
        wholes; more than the size of the factors' patches.
    n_surrogates : int
        Draws of "permutation" and "spatial", at least 19.
    rng : int or Generator
        Required by permutations and by "permutation" and "spatial".

    Returns
    -------
    Dataset
        On `factor` and `factor_2`, symmetric, the diagonal being the factor alone: `q12` and
        `q12_adjusted` of the overlay; `p_value` of q12; `p_excess`, the share of permutations of
        the weaker factor (cells, or blocks, exchanged at random) that explain as much together with
        the other; `n_strata` of the overlay; `interaction`: `weaken_nonlinear`, `weaken_uni`,
        `equal` (q12 is that of the better factor), `enhance_bi`, `independent` (the sum of both) or
        `enhance_nonlinear` (more than the sum); `interaction_adjusted`: the same by adjusted q,
        negative ones as 0, and `equal` where `p_excess` is above `alpha`. `n_obs`: complete cells.

    Raises
    ------
    InputError
        If dimensions or options do not fit, or `rng` is missing.
    GridError
        If a factor lies on other cells than `y`.

    References
    ----------
    Wang et al. (2010), doi:10.1080/13658810802443457; Wang, Zhang and Fu (2016),
    doi:10.1016/j.ecolind.2016.02.052.

    Examples
    --------
    >>> import xarray as xr
    >>> from soilscope import interaction_detector
    >>> y = xr.DataArray([1.0, 1.2, 1.1, 0.9, 1.0, 1.1, 5.0, 5.1], dims="site")
    >>> wet = xr.DataArray([0, 0, 0, 0, 1, 1, 1, 1], dims="site")
    >>> flat = xr.DataArray([0, 0, 1, 1, 0, 0, 1, 1], dims="site")
    >>> pair = interaction_detector(y, {"wet": wet, "flat": flat})
    >>> pair.q12.sel(factor="wet", factor_2="flat").round(3).item()
    0.998
    >>> pair.interaction.sel(factor="wet", factor_2="flat").item()  # more than the sum
    5
    """
    require_choice(singletons, ("keep", "drop"), name="singletons")
    require_between(alpha, 1e-12, 1.0, name="alpha")
    require_between(tolerance, 0.0, 1.0, name="tolerance")
    require_between(n_permutations, 0, 1_000_000, name="n_permutations")
    given = given_to(y, strata, dim=dim, weights=weights, block=block)
    if weights is not None and p == "gd":
        raise InputError("weights do not fit p='gd'; leave them out.")
    if n_permutations and rng is None:
        raise InputError("n_permutations draws at random; give rng, as in rng=1.")
    seed = seed_of(rng)
    null = given.null(p, None if rng is None else seed, n_surrogates)
    rules = Rules(p, singletons, interval=False)
    pairs = PairTest(rules, null, n_permutations, seed, given.block, alpha, tolerance)
    square, shape = ("factor", "factor_2"), (len(given.factors),) * 2
    outputs = {key: Output("f8", square, shape) for key in _VALUES}
    outputs |= {"n_strata": Output("i4", square, shape)}
    outputs |= {key: Output("i1", square, shape) for key in _TYPES}
    outputs |= {"n_obs": Output("i8")}
    ds = given.apply(pairs, outputs)
    options: dict[str, object] = {
        "p": p,
        "singletons": singletons,
        "n_permutations": n_permutations,
        "alpha": alpha,
        "tolerance": tolerance,
        "block": given.block,
    }
    if weights is not None:
        options["weights"] = str(weights.name or "given")
    ds = ds.assign_coords(pair_coords(y, given.factors))
    return told(ds, method="interaction_detector", options=options, assumes=ASSUMES[p])


@dataclass(frozen=True)
class PairTest:
    """The interaction detector on one field."""

    rules: Rules
    null: Null | None
    n_permutations: int
    seed: int
    block: int
    alpha: float
    tolerance: float

    def __call__(
        self, field: Floats, codes: list[Array], weights: Array | None = None
    ) -> tuple[Any, ...]:
        """Return q12, adjusted q12, p, p of the excess, strata, both types, and rows."""
        sample = sample_of(field, codes, weights)
        k = len(codes)
        values = np.full((len(_VALUES), k, k), np.nan)
        strata = np.zeros((k, k), dtype=np.int32)
        types = np.full((2, k, k), NOT_ESTIMATED, dtype=np.int8)
        pairs = [(i, j) for i in range(k) for j in range(i, k)]
        if sample.squares > 0.0:
            for (i, j), found in zip(pairs, self._pairs(sample, pairs), strict=True):
                values[:3, i, j] = found[:3]
                strata[i, j] = found[3]
            if self.null is not None:
                above = share_above(
                    self.null.q_of_overlays(sample, pairs),
                    np.array([values[0][ij] for ij in pairs]),
                )
                for ij, share in zip(pairs, above, strict=True):
                    values[2][ij] = share
            blocks = self.n_permutations > 0 and self.block > 1
            deal = Deal(sample.kept, self.block) if blocks else None
            for i, j in pairs:
                self._type(sample, deal, values, types, i, j)
        _mirror(values)
        _mirror(types)
        strata = np.triu(strata) + np.triu(strata, 1).T
        return (*values, strata, *types, sample.n)

    def _pairs(
        self, sample: Sample, pairs: list[tuple[int, int]]
    ) -> list[tuple[float, float, float, int]]:
        # the kernel lets go of the interpreter's lock
        with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as threads:
            return list(threads.map(lambda pair: self._pair(sample, *pair), pairs))

    def _pair(self, sample: Sample, i: int, j: int) -> tuple[float, float, float, int]:
        code, size = _overlay(sample, i, j)
        count, weight, mean, m2 = sample.moments(code, size)
        found = self.rules.of(count, mean + sample.mean, m2, weight)
        return found.q, found.q_adjusted, found.p_value, found.n_strata

    def _type(
        self, sample: Sample, deal: Deal | None, values: Floats, types: Array, i: int, j: int
    ) -> None:
        """Name the interaction of a pair; the diagonal has none."""
        if i == j:
            return
        q = values[0]
        types[0, i, j] = interaction_type(q[i, i], q[j, j], q[i, j], self.tolerance)
        part = np.maximum(values[1], 0.0)
        types[1, i, j] = interaction_type(part[i, i], part[j, j], part[i, j], self.tolerance)
        if self.n_permutations and np.isfinite(q[i, j]):
            values[3, i, j] = self._excess(sample, deal, i, j, q)
            if values[3, i, j] > self.alpha and types[1, i, j] > EQUAL:
                types[1, i, j] = EQUAL

    def _excess(self, sample: Sample, deal: Deal | None, i: int, j: int, q: Floats) -> float:
        """Share of permutations of the weaker factor whose overlay explains as much."""
        strong, weak = (i, j) if q[i, i] >= q[j, j] else (j, i)
        sizes = sample.n_codes
        rng = np.random.default_rng([self.seed, i, j])
        weight = np.ones(sample.n) if sample.weight is None else sample.weight
        first, second, n = (
            sample.codes[strong],
            sample.codes[weak],
            int(sizes[strong] * sizes[weak]),
        )
        above = 1
        for _ in range(self.n_permutations):
            other = rng.permutation(second) if deal is None else second[deal.draw(rng)]
            total, sums = overlay_moments(sample.y, weight, first, other, int(sizes[weak]), n)
            above += bool(explained(sums, total, sample.squares) >= q[i, j] - 1e-12)
        return above / (self.n_permutations + 1)


def interaction_type(q1: float, q2: float, q12: float, tolerance: float) -> int:
    """Name an interaction as in Table 2 of Wang et al. (2010), with `equal` for nested factors."""
    if not np.isfinite(q1 + q2 + q12):
        return NOT_ESTIMATED
    low, high = min(q1, q2), max(q1, q2)
    if abs(q12 - high) <= tolerance:
        return EQUAL
    if abs(q12 - q1 - q2) <= tolerance:
        return INDEPENDENT
    if q12 > q1 + q2:
        return ENHANCE_NONLINEAR
    if q12 > high:
        return ENHANCE_BI
    return WEAKEN_UNI if q12 >= low else WEAKEN_NONLINEAR


def _overlay(sample: Sample, i: int, j: int) -> tuple[Array, int]:
    if i == j:
        return sample.codes[i], int(sample.n_codes[i])
    n_b = int(sample.n_codes[j])
    size = int(sample.n_codes[i]) * n_b
    code = sample.codes[i].astype(np.int64) * n_b + sample.codes[j]
    if size > 4 * sample.n + 65_536:  # many labels: only those that occur
        found, code = np.unique(code, return_inverse=True)
        size = found.size
    return code, size


def _mirror(square: Array) -> None:
    """Fill what is below the diagonal from above, in place."""
    below = np.tril_indices(square.shape[-1], -1)
    square[..., below[0], below[1]] = square[..., below[1], below[0]]
