"""The ecological detector: whether two factors differ in how much of a field they explain."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import xarray as xr
from scipy.special import fdtr, fdtrc

from soilscope.analyse.detector_inputs import given_to
from soilscope.analyse.detector_options import Rng, seed_of
from soilscope.analyse.detector_result import pair_coords, told
from soilscope.analyse.detector_sample import Array, Dim, Factors, Floats, Sample, sample_of
from soilscope.checks import require_at_least, require_choice
from soilscope.errors import InputError
from soilscope.kernels.detector_blocks import blocks_of
from soilscope.labelled import Output

Compat = Literal["GD", "gdverse"]
_VALUES = ("f", "p_value", "q_difference", "q_difference_low", "q_difference_high", "p_bootstrap")


def ecological_detector(
    y: xr.DataArray,
    strata: Factors,
    *,
    dim: Dim = None,
    compat: Compat | None = None,
    n_boot: int = 0,
    block: int = 1,
    weights: xr.DataArray | None = None,
    rng: Rng = None,
) -> xr.Dataset:
    """Tell of each pair of factors whether one explains more of a field than the other.

    The F-test takes the two sums of squares within strata as independent, which they are not: they
    are of one sample. The bootstrap of the difference in q is the test to trust.

    Parameters
    ----------
    y, strata
        The response and the factors, as in `factor_detector`.
    dim : str or list of str, optional
        Dimensions of the sample; those in space by default.
    compat : None, "GD" or "gdverse"
        One-sided p-values: "gdverse" of F as large; "GD" of F as small.
    n_boot : int
        Resamples of the sample for `q_difference_low`, `q_difference_high` and `p_bootstrap`; 0:
        none. Cells are drawn together with both of their strata.
    block : int
        Edge of the blocks of cells that are drawn together on a grid; more than the range of the
        field.
    weights : DataArray, optional
        Weight of each cell, as in `factor_detector`.
    rng : int or Generator
        Required by the bootstrap.

    Returns
    -------
    Dataset
        On `factor` and `factor_2`: `f`, the mean square within the strata of the first over that of
        the second (both by N - 1); `p_value`, two-sided; `q_difference`, q of the first less that
        of the second, with 95 % bounds `q_difference_low` and `q_difference_high` and `p_bootstrap`
        (two-sided share of resamples beyond 0): NaN where a factor has one stratum, or as many as
        cells. `n_obs`: complete cells.

    Raises
    ------
    InputError
        If dimensions or options do not fit, or `rng` is missing.
    GridError
        If a factor lies on other cells than `y`.

    References
    ----------
    Wang et al. (2010), doi:10.1080/13658810802443457.

    Examples
    --------
    >>> import xarray as xr
    >>> from soilscope import ecological_detector
    >>> y = xr.DataArray([1.0, 2.0, 3.0, 7.0, 8.0, 9.0], dims="site")
    >>> soil = xr.DataArray([0, 0, 0, 1, 1, 1], dims="site")
    >>> slope = xr.DataArray([0, 1, 0, 1, 0, 1], dims="site")
    >>> found = ecological_detector(y, {"soil": soil, "slope": slope})
    >>> found.q_difference.sel(factor="soil", factor_2="slope").round(3).item()
    0.828
    """
    require_choice(compat, (None, "GD", "gdverse"), name="compat")
    require_at_least(n_boot, 0, name="n_boot")
    if n_boot and rng is None:
        raise InputError("the bootstrap draws at random; give rng, as in rng=1.")
    given = given_to(y, strata, dim=dim, weights=weights, block=block)
    shape = (len(given.factors),) * 2
    outputs = {key: Output("f8", ("factor", "factor_2"), shape) for key in _VALUES}
    outputs |= {"n_obs": Output("i8")}
    ds = given.apply(EcologicalTest(compat, int(n_boot), given.block, seed_of(rng)), outputs)
    return told(
        ds.assign_coords(pair_coords(y, given.factors)),
        method="ecological_detector",
        options={"compat": compat, "n_boot": n_boot, "block": given.block},
        assumes="p_value: independent sums of squares; bounds: exchangeable blocks",
    )


@dataclass(frozen=True)
class EcologicalTest:
    """The ecological detector on one field."""

    compat: str | None
    n_boot: int
    block: int
    seed: int

    def __call__(
        self, field: Floats, codes: list[Array], weights: Array | None = None
    ) -> tuple[Any, ...]:
        """Return F, p, the difference in q with bounds and p, and rows."""
        sample = sample_of(field, codes, weights)
        k = len(codes)
        values = np.full((len(_VALUES), k, k), np.nan)
        if sample.squares > 0.0 and sample.n > 1:
            pairs = zip(sample.codes, sample.n_codes, strict=True)
            parts = [sample.moments(c, n) for c, n in pairs]
            within = np.array([m2.sum() for *_, m2 in parts])
            n_strata = np.array([(count > 0).sum() for count, *_ in parts])
            values[0], values[1] = self._f_test(within, sample.n)
            q = 1.0 - within / sample.squares
            values[2] = q[:, None] - q[None, :]
            if self.n_boot:
                values[3:] = self._bounds(sample)
            values[:, np.arange(k), np.arange(k)] = np.nan
            # one stratum explains nothing, and as many as cells everything
            empty = (n_strata < 2) | (n_strata >= sample.n)
            values[:, empty[:, None] | empty[None, :]] = np.nan
        return (*values, sample.n)

    def _f_test(self, within: Floats, n: int) -> tuple[Floats, Floats]:
        """F and p; each factor has all N cells, so that the degrees of freedom are N - 1."""
        with np.errstate(invalid="ignore", divide="ignore"):
            f = within[:, None] / within[None, :]
            upper, lower = fdtrc(n - 1, n - 1, f), fdtr(n - 1, n - 1, f)
        if self.compat == "gdverse":
            return f, upper
        if self.compat == "GD":
            return f, lower
        return f, np.minimum(2.0 * np.minimum(upper, lower), 1.0)

    def _bounds(self, sample: Sample) -> Floats:
        """Bounds of the difference in q, and p, from resamples of blocks: (3, k, k)."""
        rng = np.random.default_rng(self.seed)
        member, n_block = blocks_of(sample.kept, self.block)
        shares = np.empty((self.n_boot, len(sample.codes)))
        for b in range(self.n_boot):
            weight = np.bincount(rng.integers(0, n_block, n_block), minlength=n_block)[member]
            shares[b] = weighted_q(sample, sample.weighted(weight.astype(np.float64)))
        gap = shares[:, :, None] - shares[:, None, :]
        low, high = np.nanquantile(gap, [0.025, 0.975], axis=0)
        below, above = (gap <= 0.0).sum(axis=0), (gap >= 0.0).sum(axis=0)
        p = np.minimum(2.0 * (np.minimum(below, above) + 1.0) / (self.n_boot + 1.0), 1.0)
        return np.stack([low, high, p])


def weighted_q(sample: Sample, weight: Floats) -> Floats:
    """Q of each factor where a row counts `weight` times."""
    total = weight.sum()
    first = weight @ sample.y
    squares = weight @ sample.y**2 - first**2 / total
    found = np.empty(len(sample.codes))
    for f, (code, size) in enumerate(zip(sample.codes, sample.n_codes, strict=True)):
        n = np.bincount(code, weight, minlength=size)
        sums = np.bincount(code, weight * sample.y, minlength=size)[n > 0]
        found[f] = ((sums**2 / n[n > 0]).sum() - first**2 / total) / squares
    return found
