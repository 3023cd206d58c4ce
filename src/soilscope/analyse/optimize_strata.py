"""Which method and how many classes let a factor explain most."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import xarray as xr

from soilscope.analyse.detector_inputs import given_to
from soilscope.analyse.detector_options import ASSUMES, DRAWN, Drawn, Rng
from soilscope.analyse.detector_result import factor_coords, told
from soilscope.analyse.detector_sample import Dim, Factors
from soilscope.analyse.discretize import REFERENCES, numbers_of_classes
from soilscope.analyse.strata_search import Search
from soilscope.checks import require_choice, require_numeric
from soilscope.errors import InputError
from soilscope.kernels.discretize import METHODS
from soilscope.labelled import Output
from soilscope.names import flag_attrs

Select = Literal["max", "adjusted", "elbow"]


def optimize_strata(
    y: xr.DataArray,
    factors: Factors,
    *,
    methods: Sequence[str] = METHODS,
    n_classes: Sequence[int] = (3, 4, 5, 6, 7, 8),
    select: Select = "max",
    dim: Dim = None,
    p: Drawn = "none",
    weights: xr.DataArray | None = None,
    block: int = 1,
    n_surrogates: int = 199,
    rng: Rng = None,
) -> xr.Dataset:
    """Cut every factor by every method into every number of classes, and choose by q.

    Parameters
    ----------
    y : DataArray
        The response, as in `factor_detector`.
    factors : Dataset, mapping of names to DataArrays, or DataArray
        The factors as numbers, on the cells of `y`; text and categories are strata already.
    methods : list of str
        Methods of `discretize`: "equal", "quantile", "natural", "geometric", "sd".
    n_classes : list of int
        Numbers of classes.
    select : {"max", "adjusted", "elbow"}
        Take the largest q (nearly always the most classes); the largest `q_adjusted`; or the first
        number of classes that gains at most 5 % in q on the one before, by the best method.
    dim : str or list of str, optional
        Dimensions of the sample; those in space by default.
    p : {"none", "permutation", "spatial"}
        Compare the best q of all that was tried with the best q of surrogates of `y`, as in
        `factor_detector`: the search is paid for.
    weights : DataArray, optional
        Weight of each cell, as in `factor_detector`. Classes are cut by numbers of cells.
    block : int
        Edge, in cells of a grid, of the blocks that "permutation" deals out as wholes.
    n_surrogates : int
        Surrogates, at least 19.
    rng : int or Generator
        Required by a `p` other than "none".

    Returns
    -------
    Dataset
        Per `factor`, `method` and `n_classes`: `q`, `breaks` (dim `edge`, NaN behind the last, in
        units of the factor) and `n_obtained`, the classes that have members. Per `factor`:
        `best_method`, `best_n_classes` (classes asked for), `codes`, the classes of each cell (-1
        where the sample is not complete; a constant factor is one class), `p_value` (NaN without
        surrogates) and `status`: `no_data`, `too_few`, `constant` (the factor, or `y`), or `ok`.
        `n_obs`: complete cells.

    Raises
    ------
    InputError
        If a factor holds no numbers, or options do not fit.
    GridError
        If a factor lies on other cells than `y`.

    References
    ----------
    Song et al. (2020), doi:10.1080/15481603.2020.1760434; Fisher (1958),
    doi:10.1080/01621459.1958.10501479.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from soilscope import optimize_strata
    >>> x = xr.DataArray(np.arange(40.0) ** 2, dims="site")
    >>> y = xr.where(x < 100, 0.1, 0.3) + 0.001 * (x % 7)
    >>> best = optimize_strata(y, {"slope": x}, methods=["equal", "quantile"], n_classes=[2, 4])
    >>> best.q.sel({"method": "quantile"}).round(2).values.tolist()
    [[0.33, 1.0]]
    >>> best.best_method.item(), best.best_n_classes.item()
    (1, 4)
    """
    require_choice(select, ("max", "adjusted", "elbow"), name="select")
    require_choice(p, DRAWN, name="p")
    ways, numbers = _ways(methods), numbers_of_classes(n_classes)
    given = given_to(y, factors, dim=dim, weights=weights, block=block, name="factors")
    for name, factor in given.factors.items():
        require_numeric(factor, name=f"factors[{name!r}]")
    null = given.null(p, rng, n_surrogates)
    outputs = _outputs(len(given.factors), ways, numbers, given.sizes)
    ds = given.apply(Search(ways, numbers, select, null), outputs, codes=False)
    ds["codes"] = ds["codes"].transpose("factor", *y.dims)
    ds["codes"].attrs |= flag_attrs(
        ("missing", *(f"class_{i + 1}" for i in range(max(numbers)))), first=-1
    )
    ds["best_method"].attrs |= flag_attrs(("not_estimated", *ways), first=-1)
    words = {"long_name": "method of cutting"}
    tried = {
        "method": xr.Variable("method", np.array(ways, dtype=object), words),
        "n_classes": xr.Variable("n_classes", list(numbers), {"long_name": "classes asked for"}),
    }
    ds = ds.assign_coords(factor_coords(y, given.factors) | tried)
    options = {"select": select, "p": p, "n_surrogates": n_surrogates if null else None}
    return told(
        ds, method="optimize_strata", options=options, assumes=ASSUMES[p], references=REFERENCES
    )


def _ways(methods: Sequence[str]) -> tuple[str, ...]:
    """Return the methods, each once."""
    ways = (methods,) if isinstance(methods, str) else tuple(dict.fromkeys(methods))
    for way in ways:
        require_choice(way, METHODS, name="a method in methods")
    if not ways:
        raise InputError("methods is empty; give at least one of them.")
    return ways


def _outputs(
    k: int, ways: tuple[str, ...], numbers: tuple[int, ...], sizes: dict[str, int]
) -> dict[str, Output]:
    tried, shape = ("factor", "method", "n_classes"), (k, len(ways), len(numbers))
    return {
        "q": Output("f8", tried, shape),
        "breaks": Output("f8", (*tried, "edge"), (*shape, max(numbers) + 1)),
        "n_obtained": Output("i4", tried, shape),
        "best_method": Output("i1", "factor", k),
        "best_n_classes": Output("i2", "factor", k),
        "codes": Output("i2", ("factor", *sizes), (k, *sizes.values())),
        "p_value": Output("f8", "factor", k),
        "status": Output("i1", "factor", k),
        "n_obs": Output("i8"),
    }
