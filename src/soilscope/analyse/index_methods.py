"""The methods of the index: what each fits, how it makes an index, and where it is published."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from soilscope.analyse import index_blocks as blocks
from soilscope.analyse import index_families as families
from soilscope.analyse.index_options import IndexOptions, Method
from soilscope.analyse.slots import Integers

Block = Callable[..., tuple[Any, ...]]


@dataclass(frozen=True)
class IndexMethod:
    """The blocks of a method, for (n_time, n_series) arrays."""

    estimates: tuple[str, ...]  # what `fit` returns, before count and status
    fit: Block
    own: Block  # index, count and status of series against themselves
    apply: Block  # index with given estimates, and with their count if `counted`
    papers: str
    counted: bool = True

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of what `apply` takes, behind the data."""
        return (*self.estimates, "n_obs") if self.counted else self.estimates

    def application(self, options: IndexOptions, slot: Integers) -> Block:
        """Return `apply` for the slots of some data."""
        if options.method == "beta":
            return partial(self.apply, slot=slot, upper=options.upper)
        return partial(self.apply, slot=slot)


METHODS: dict[Method, IndexMethod] = {
    "zscore": IndexMethod(
        ("mean", "std"),
        blocks.zscore_parameters,
        blocks.zscore,
        blocks.apply_zscore,
        "Dutra et al. (2008), Geophys. Res. Lett. 35, L19402",
        counted=False,
    ),
    "empirical": IndexMethod(
        ("sorted_values",),
        blocks.sorted_values,
        blocks.empirical,
        blocks.apply_empirical,
        "doi:10.1029/JZ068i003p00813, doi:10.1016/j.advwatres.2014.11.012",
    ),
    "kde": IndexMethod(
        ("sorted_values", "bandwidth"),
        blocks.kde_parameters,
        blocks.smoothed,
        blocks.apply_kde,
        "doi:10.1214/aoms/1177728190, doi:10.1016/j.jag.2015.06.011",
    ),
    "gamma": IndexMethod(
        ("shape", "scale", "lower_share"),
        families.gamma_parameters,
        families.gamma,
        families.apply_gamma,
        "doi:10.1175/1520-0493(1958)086<0117:ANOTGD>2.0.CO;2, doi:10.1002/joc.4267",
    ),
    "beta": IndexMethod(
        ("alpha", "beta", "lower_share", "upper_share"),
        families.beta_parameters,
        families.beta,
        families.apply_beta,
        "doi:10.5194/hess-22-6611-2018, doi:10.1002/joc.4267",
    ),
}
