"""How much what a factor explains depends on the size of cells, and on how far apart they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.analyse.detector_options import is_grid
from soilscope.analyse.detector_result import factor_coords, told
from soilscope.analyse.detector_sample import (
    Array,
    Dim,
    Factors,
    Floats,
    encode,
    named_factors,
    over_sample,
    sample_dims,
)
from soilscope.analyse.detector_statistics import Rules
from soilscope.analyse.discretize import Classing, Cutter, require_classes
from soilscope.checks import require_at_least, require_between, require_choice
from soilscope.errors import InputError
from soilscope.kernels.discretize import METHODS
from soilscope.kernels.stratum_moments import stratum_moments
from soilscope.labelled import Output

Whole = npt.NDArray[np.int64]
_RULES = Rules("none", interval=False)
_REFERENCES = "Jelinski and Wu (1996) doi:10.1007/BF02447512"


def scale_check(
    y: xr.DataArray,
    factors: Factors,
    *,
    grains: Sequence[int] = (1, 2, 4, 8),
    spacings: Sequence[int] = (1, 2, 4, 8),
    method: Classing = "natural",
    n_classes: int = 5,
    min_share: float = 0.5,
    n_offsets: int = 16,
    dim: Dim = None,
) -> xr.Dataset:
    """Tell how q changes with the grain of a grid and with the spacing of a fishnet on it.

    Grain: blocks of cells become one cell, the mean of numbers and the majority of classes.
    Spacing: of the cells as they are, every so many in both directions are kept. Numbers are cut
    into classes anew each time, as whoever had such data would do.

    Parameters
    ----------
    y : DataArray
        The response on a grid, in any units; other dimensions (months) one by one.
    factors : Dataset, mapping of names to DataArrays, or DataArray
        The factors on the cells of `y`: numbers with a fraction are cut into classes; whole
        numbers, text and categories are classes.
    grains : list of int
        Edges of the blocks, in cells.
    spacings : list of int
        Distances between the cells that are kept, in cells.
    method : {"natural", "equal", "quantile", "geometric", "sd", "sectors"}
        How numbers are cut, as by `discretize`.
    n_classes : int
        Classes that numbers are cut into.
    min_share : float
        A block needs this share of its cells in the sample.
    n_offsets : int
        Most places of the first cell of a net that are tried, evenly spread.
    dim : str or list of str, optional
        Dimensions of the sample: those of the grid.

    Returns
    -------
    Dataset
        On `factor` and `grain`: `q_by_grain` and `q_adjusted_by_grain`; `n_by_grain`, the blocks.
        On `factor` and `spacing`: `q_by_spacing`, the median over the places of the net, with the
        smallest and the largest as `q_by_spacing_low` and `q_by_spacing_high`;
        `q_adjusted_by_spacing`, the median; `n_by_spacing`, the median number of cells. NaN where
        too few cells are left or a factor has one class. `n_obs`: complete cells.

    Raises
    ------
    InputError
        If there is no grid, or options do not fit.
    GridError
        If a factor lies on other cells than `y`.

    References
    ----------
    Jelinski and Wu (1996), doi:10.1007/BF02447512.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from soilscope import scale_check
    >>> row, column = np.mgrid[:16, :16]
    >>> wet = xr.DataArray((row // 8 + column % 2) / 2, dims=("y", "x"))
    >>> side = xr.DataArray(row // 8, dims=("y", "x"))
    >>> found = scale_check(wet, {"side": side}, grains=[1, 2], spacings=[1])
    >>> found.q_by_grain.values.tolist()  # what alternates from cell to cell is gone in blocks
    [[0.5, 1.0]]
    """
    dims = sample_dims(y, dim)
    if not is_grid(dims):
        raise InputError("scale_check needs a grid, of dims (y, x) or (latitude, longitude).")
    require_choice(method, (*METHODS, "sectors"), name="method")
    require_classes([n_classes], name="n_classes")
    require_between(min_share, 0.0, 1.0, name="min_share")
    require_at_least(n_offsets, 1, name="n_offsets")
    blocks, nets = _steps(grains, "grains"), _steps(spacings, "spacings")
    given = named_factors(factors, y, dims, name="factors")
    cut = tuple(factor.dtype.kind == "f" for factor in given.values())
    cutter = Cutter(method, int(n_classes), None)
    test = ScaleTest(blocks, nets, cutter, cut, float(min_share), int(n_offsets))
    k, g, s = len(given), len(blocks), len(nets)
    outputs = {name: Output("f8", ("factor", "grain"), (k, g)) for name in _BY_GRAIN}
    outputs |= {"n_by_grain": Output("i8", "grain", g)}
    outputs |= {name: Output("f8", ("factor", "spacing"), (k, s)) for name in _BY_SPACING}
    outputs |= {"n_by_spacing": Output("i8", "spacing", s), "n_obs": Output("i8")}
    ds = over_sample(test, y, given, dims=dims, outputs=outputs, codes=False)
    coords = {
        name: xr.Variable(name, list(steps), {"long_name": words, "units": "1"})
        for name, steps, words in (
            ("grain", blocks, "edge of a block in cells"),
            ("spacing", nets, "distance between cells of the sample, in cells"),
        )
    }
    return told(
        ds.assign_coords(factor_coords(y, given) | coords),
        method="scale_check",
        options={"method": method, "n_classes": int(n_classes), "min_share": min_share},
        assumes="",
        references=_REFERENCES,
    )


_BY_GRAIN = ("q_by_grain", "q_adjusted_by_grain")
_BY_SPACING = ("q_by_spacing", "q_by_spacing_low", "q_by_spacing_high", "q_adjusted_by_spacing")


@dataclass(frozen=True)
class ScaleTest:
    """The check on one field."""

    grains: tuple[int, ...]
    spacings: tuple[int, ...]
    cutter: Cutter
    cut: tuple[bool, ...]  # which factors are numbers to be cut
    min_share: float
    n_offsets: int

    def __call__(self, field: Floats, factors: list[Array]) -> tuple[Any, ...]:
        """Return q and adjusted q by grain with counts, then by spacing with bounds, and rows."""
        ready = [
            f.astype(np.float64) if c else encode(f) for f, c in zip(factors, self.cut, strict=True)
        ]
        known = np.isfinite(field)
        for factor, cut in zip(ready, self.cut, strict=True):
            known &= np.isfinite(factor) if cut else factor >= 0
        k = len(ready)
        by_grain, by_net = (
            np.full((2, k, len(self.grains)), np.nan),
            np.full((4, k, len(self.spacings)), np.nan),
        )
        n_grain, n_net = (
            np.zeros(len(self.grains), np.int64),
            np.zeros(len(self.spacings), np.int64),
        )
        for i, grain in enumerate(self.grains):
            y, parts = self._blocks(field, ready, known, grain)
            n_grain[i] = y.size
            by_grain[:, :, i] = self._q(y, parts)
        for i, spacing in enumerate(self.spacings):
            found, sizes = [], []
            for row, column in _offsets(spacing, self.n_offsets):
                kept = known[row::spacing, column::spacing]
                y = field[row::spacing, column::spacing][kept]
                found.append(self._q(y, [f[row::spacing, column::spacing][kept] for f in ready]))
                sizes.append(y.size)
            by_net[:, :, i] = _spread(np.array(found))
            n_net[i] = int(np.median(sizes))
        return *by_grain, n_grain, *by_net, n_net, np.int64(known.sum())

    def _blocks(
        self, field: Floats, factors: list[Array], known: npt.NDArray[np.bool_], grain: int
    ) -> tuple[Floats, list[Array]]:
        """Means and majorities of blocks that have enough cells."""
        shape = [-(-n // grain) for n in field.shape]
        row, column = np.nonzero(known)
        block = row // grain * shape[1] + column // grain
        n_block = shape[0] * shape[1]
        count = np.bincount(block, minlength=n_block)
        kept = (count > 0) & (count >= self.min_share * grain * grain)

        def mean(values: Array) -> Floats:
            return (np.bincount(block, values[known], minlength=n_block) / np.maximum(count, 1))[
                kept
            ]

        parts = [
            mean(f) if cut else _majority(block, f[known], n_block)[kept]
            for f, cut in zip(factors, self.cut, strict=True)
        ]
        return mean(field), parts

    def _q(self, y: Floats, factors: list[Array]) -> Floats:
        """Q and adjusted q of each factor: (2, k)."""
        found = np.full((2, len(factors)), np.nan)
        if y.size < 2:
            return found
        centred = y - y.mean()
        for i, (factor, cut) in enumerate(zip(factors, self.cut, strict=True)):
            codes = self.cutter(factor, [])[0].astype(np.int32) if cut else factor
            count, mean, m2 = stratum_moments(centred, codes, int(codes.max()) + 1)
            made = _RULES.of(count, mean + y.mean(), m2)
            found[:, i] = made.q, made.q_adjusted
        return found


def _majority(block: Whole, codes: Array, n_block: int) -> Array:
    """Return the most frequent code of each block, the smallest of those that share the lead."""
    n_code = int(codes.max()) + 1 if codes.size else 1
    pairs, count = np.unique(block * n_code + codes, return_counts=True)
    order = np.lexsort((-pairs, count))  # the last of a block wins
    lead = np.full(n_block, -1, dtype=np.int32)
    lead[pairs[order] // n_code] = pairs[order] % n_code
    return lead


def _offsets(spacing: int, most: int) -> list[tuple[int, int]]:
    """Return places of the first cell of a net: all of them, or as many as are asked for."""
    n = min(spacing * spacing, most)
    numbers = np.unique(np.linspace(0, spacing * spacing - 1, n).round().astype(int))
    return [(int(i // spacing), int(i % spacing)) for i in numbers]


def _spread(found: Floats) -> Floats:
    """Median, smallest and largest q over the places, and the median of adjusted q: (4, k)."""
    made = np.full((4, found.shape[2]), np.nan)
    for k in range(found.shape[2]):
        q, fair = (v[np.isfinite(v)] for v in found[:, :, k].T)
        if q.size:
            made[:, k] = np.median(q), q.min(), q.max(), np.median(fair) if fair.size else np.nan
    return made


def _steps(numbers: Sequence[int], name: str) -> tuple[int, ...]:
    """Return rising whole numbers of cells, each once."""
    listed = [numbers] if isinstance(numbers, int) else list(numbers)
    for n in listed:
        if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
            raise InputError(f"{name} has {n!r}; give whole numbers of cells, as in [1, 2, 4].")
    if not listed:
        raise InputError(f"{name} is empty; give whole numbers of cells, as in [1, 2, 4].")
    return tuple(sorted({int(n) for n in listed}))
