"""What every detector is given: response, factors, weights and blocks, checked against another."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import xarray as xr

from soilscope.analyse.detector_null import Null
from soilscope.analyse.detector_options import Rng, require_block, require_significance
from soilscope.analyse.detector_sample import (
    Dim,
    Factors,
    Method,
    named_factors,
    over_sample,
    require_weights,
    sample_dims,
)
from soilscope.labelled import Output


@dataclass(frozen=True)
class Given:
    """The arguments that detectors share, once they are known to fit."""

    y: xr.DataArray
    factors: dict[str, xr.DataArray]
    dims: list[Hashable]
    weights: xr.DataArray | None
    block: int

    @property
    def sizes(self) -> dict[str, int]:
        """Sizes of the dimensions of the sample."""
        return {str(d): self.y.sizes[d] for d in self.dims}

    def null(self, p: str, rng: Rng, n_surrogates: int) -> Null | None:
        """Return what `p` draws at random, if it does; warn, on behalf of the caller's caller."""
        seed = require_significance(p, self.dims, rng, n_surrogates, stacklevel=4)
        return Null(p, n_surrogates, seed, self.block) if p in ("permutation", "spatial") else None

    def apply(
        self, method: Method, outputs: Mapping[str, Output], *, codes: bool = True
    ) -> xr.Dataset:
        """Apply `method` to each field, with the factors as codes or as they are."""
        return over_sample(
            method,
            self.y,
            self.factors,
            dims=self.dims,
            outputs=outputs,
            codes=codes,
            weights=self.weights,
        )


def given_to(
    y: xr.DataArray,
    factors: Factors,
    *,
    dim: Dim,
    weights: xr.DataArray | None = None,
    block: int = 1,
    name: str = "strata",
) -> Given:
    """Check the arguments that detectors share; `name` is that of the factors."""
    dims = sample_dims(y, dim)
    named = named_factors(factors, y, dims, name=name)
    require_weights(weights, y, dims)
    return Given(y, named, dims, weights, require_block(block, dims))
