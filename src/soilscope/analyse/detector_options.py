"""Options that the detectors share: p-values, random numbers, and what is told of a grid."""

import warnings
from collections.abc import Hashable
from typing import Literal

import numpy as np

from soilscope.checks import require_at_least, require_choice
from soilscope.errors import InputError, SoilscopeWarning

Significance = Literal["central", "gd", "permutation", "spatial", "none"]
SIGNIFICANCE = ("central", "gd", "permutation", "spatial", "none")
Drawn = Literal["none", "permutation", "spatial"]
DRAWN = ("none", "permutation", "spatial")
Singletons = Literal["keep", "drop"]
Rng = int | np.random.Generator | None

ASSUMES = {
    "central": "independent cells, normal within strata",
    "gd": "comparison with other software only: it changes with the mean of y",
    "permutation": "cells, or blocks of them, that can be exchanged",
    "spatial": "a Gaussian field with the variogram of y",
    "none": "",
}
REFERENCES = (
    "Wang et al. (2010) doi:10.1080/13658810802443457; "
    "Wang, Zhang and Fu (2016) doi:10.1016/j.ecolind.2016.02.052"
)


def is_grid(dims: list[Hashable]) -> bool:
    """Whether the cells of a sample are those of a grid."""
    return {*map(str, dims)} in ({"y", "x"}, {"latitude", "longitude"}, {"lat", "lon"})


def require_significance(
    p: str, dims: list[Hashable], rng: Rng, n_surrogates: int, *, stacklevel: int = 3
) -> int:
    """Check the kind of p-value, warn where it misleads, and return the seed of its draws."""
    require_choice(p, SIGNIFICANCE, name="p")
    require_at_least(n_surrogates, 19, name="n_surrogates")
    if p == "spatial" and not is_grid(dims):
        raise InputError(
            "p='spatial' draws fields on a grid, and the sample lies along "
            f"{', '.join(map(str, dims))}; use p='central' or p='permutation'."
        )
    if p in ("permutation", "spatial") and rng is None:
        raise InputError(f"p={p!r} draws at random; give rng, as in rng=1.")
    told = ""
    if p == "central" and is_grid(dims):
        told = (
            "p='central' takes the cells of a grid as independent, and calls nearly every smooth "
            "factor significant; use p='spatial', rng=1."
        )
    if p == "gd":
        told = (
            "p='gd' changes with the mean of y, and is there for comparison with other software; "
            "use p='central' or p='spatial'."
        )
    if told:
        warnings.warn(told, SoilscopeWarning, stacklevel=stacklevel)
    return seed_of(rng)


def require_block(block: int, dims: list[Hashable]) -> int:
    """Refuse blocks of cells where there is no grid, and edges that are no whole numbers."""
    require_at_least(block, 1, name="block")
    if block != int(block):
        raise InputError(f"block is {block!r}; give a whole number of cells.")
    if block > 1 and not is_grid(dims):
        raise InputError("block is for the cells of a grid; leave it out for sites.")
    return int(block)


def seed_of(rng: Rng) -> int:
    """Return one number to draw all others from."""
    if rng is None:
        return 0
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**62))
    if isinstance(rng, bool) or not isinstance(rng, int | np.integer) or rng < 0:
        raise InputError(f"rng is {rng!r}; give a whole number from 0, or a numpy Generator.")
    return int(rng)
