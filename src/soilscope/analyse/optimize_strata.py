"""Which method and how many classes let a factor explain most."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Literal, get_args

import numpy as np
import xarray as xr

from soilscope.analyse.detector_inputs import Given, given_to
from soilscope.analyse.detector_options import ASSUMES, DRAWN, Drawn, Rng, is_grid, seed_of
from soilscope.analyse.detector_result import factor_coords, told
from soilscope.analyse.detector_sample import Dim, Factors, most_codes
from soilscope.analyse.discretize import MOST_CLASSES, REFERENCES, numbers_of_classes
from soilscope.analyse.strata_folds import Folds
from soilscope.analyse.strata_search import Search
from soilscope.checks import require_at_least, require_choice
from soilscope.errors import InputError, SoilscopeWarning
from soilscope.kernels.discretize import METHODS
from soilscope.labelled import Output
from soilscope.names import flag_attrs

Select = Literal["max", "adjusted", "elbow", "cross_validated"]
OWN = "own"  # the way of factors that are classes already


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
    n_folds: int = 10,
    rng: Rng = None,
) -> xr.Dataset:
    """Cut every factor by every method into every number of classes, and choose by q.

    Factors that are classes already stand beside the others with the one choice they have.

    Parameters
    ----------
    y : DataArray
        The response, as in `factor_detector`.
    factors : Dataset, mapping of names to DataArrays, or DataArray
        The factors on the cells of `y`: numbers are cut; booleans, text, categories and whatever
        has `flag_values` (land cover) keep their own classes.
    methods : list of str
        Methods of `discretize`: "equal", "quantile", "natural", "geometric", "sd".
    n_classes : list of int
        Numbers of classes.
    select : {"max", "adjusted", "elbow", "cross_validated"}
        Take the largest q (nearly always the most classes); the largest `q_adjusted`; the first
        number of classes that gains at most 5 % in q on the one before, by the best method; or the
        fewest classes that foretell cells which are held out as well as the best do, but for one
        standard error.
    dim : str or list of str, optional
        Dimensions of the sample; those in space by default.
    p : {"none", "permutation", "spatial"}
        Compare the best q of all that was tried with the best q of surrogates of `y`, as in
        `factor_detector`: the search is paid for.
    weights : DataArray, optional
        Weight of each cell, as in `factor_detector`. Classes are cut by numbers of cells.
    block : int
        Edge, in cells of a grid, of the blocks that "cross_validated" holds out, and "permutation"
        deals out, as wholes: more than the range of the field.
    n_surrogates : int
        Surrogates, at least 19.
    n_folds : int
        Parts, of blocks at random, that "cross_validated" holds out one after another, 2 or more.
    rng : int or Generator
        Required by "cross_validated" and by a `p` other than "none".

    Returns
    -------
    Dataset
        Per `factor`, `method` and `n_classes`: `q`; `q_held_out`, the share of the squares that the
        means of classes in the other parts foretell (NaN unless "cross_validated"; below 0 where
        they lead astray); `breaks` (dim `edge`, NaN behind the last, in units of the factor) and
        `n_obtained`, the classes that have members. Per `factor`: `best_method`, `best_n_classes`
        (classes asked for), `codes`, the classes of each cell (-1 where the sample is not complete;
        a constant factor is one class), `p_value` (NaN without surrogates) and `status`: `no_data`,
        `too_few` (also where there are not two blocks), `constant` (the factor, or `y`), or `ok`.
        `n_obs`: complete cells. Where factors are classes, `method` ends with `own`: there stand
        their q, the same for every number asked for; `best_n_classes` is then how many they are,
        `codes` are their own (text in the order of the alphabet), and there are no `breaks`.

    Raises
    ------
    InputError
        If dimensions or options do not fit, or `rng` is missing.
    GridError
        If a factor lies on other cells than `y`.

    References
    ----------
    Song et al. (2020), doi:10.1080/15481603.2020.1760434; Fisher (1958),
    doi:10.1080/01621459.1958.10501479; Breiman et al. (1984), Classification and Regression Trees
    (one standard error).

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
    require_choice(select, get_args(Select), name="select")
    require_choice(p, DRAWN, name="p")
    ways, numbers = _ways(methods), numbers_of_classes(n_classes)
    given = given_to(y, factors, dim=dim, weights=weights, block=block, name="factors")
    seed = None if rng is None else seed_of(rng)
    folds = _folds(given, n_folds, seed) if select == "cross_validated" else None
    null = given.null(p, seed, n_surrogates)
    classes = tuple(_is_classes(factor) for factor in given.factors.values())
    search = Search(ways, numbers, select, null, classes, folds)
    ways += (OWN,) if any(classes) else ()
    outputs = _outputs(len(classes), ways, numbers, given.sizes, any(classes))
    ds = given.apply(search, outputs, codes=False)
    ds["codes"] = ds["codes"].transpose("factor", *y.dims)
    most = _most_classes(given.factors, classes, max(numbers))
    if most is not None:
        meanings = ("missing", *(f"class_{i + 1}" for i in range(most)))
        ds["codes"].attrs |= flag_attrs(meanings, first=-1)
    ds["best_method"].attrs |= flag_attrs(("not_estimated", *ways), first=-1)
    words = {"long_name": "method of cutting"}
    tried = {
        "method": xr.Variable("method", np.array(ways, dtype=object), words),
        "n_classes": xr.Variable("n_classes", list(numbers), {"long_name": "classes asked for"}),
    }
    ds = ds.assign_coords(factor_coords(y, given.factors) | tried)
    options: dict[str, object] = {
        "select": select,
        "p": p,
        "n_surrogates": n_surrogates if null else None,
    }
    if folds is not None:
        options |= {"n_folds": folds.n, "block": folds.block}
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


def _folds(given: Given, n_folds: int, seed: int | None) -> Folds:
    """Check what is held out; single cells of a grid are told to be no test."""
    require_at_least(n_folds, 2, name="n_folds")
    if seed is None:
        raise InputError("select='cross_validated' draws at random; give rng, as in rng=1.")
    if is_grid(given.dims) and given.block == 1:
        warnings.warn(
            "select='cross_validated' holds out single cells of a grid, which their neighbours "
            "give away; give block, in cells, more than the range of the field.",
            SoilscopeWarning,
            stacklevel=3,
        )
    return Folds(int(n_folds), given.block, seed)


def _is_classes(factor: xr.DataArray) -> bool:
    """Whether a factor is classes already: its own, that no number can stand for."""
    return factor.dtype.kind not in "iuf" or "flag_values" in factor.attrs


def _most_classes(
    factors: Mapping[str, xr.DataArray], classes: tuple[bool, ...], most: int
) -> int | None:
    """One more than the largest code; None where a lazy factor does not tell."""
    for factor, own in zip(factors.values(), classes, strict=True):
        found = most_codes(factor) if own else most
        if found is None or found > MOST_CLASSES:
            return None
        most = max(most, found)
    return most


def _outputs(
    k: int, ways: tuple[str, ...], numbers: tuple[int, ...], sizes: dict[str, int], own: bool
) -> dict[str, Output]:
    tried, shape = ("factor", "method", "n_classes"), (k, len(ways), len(numbers))
    return {
        "q": Output("f8", tried, shape),
        "q_held_out": Output("f8", tried, shape),
        "breaks": Output("f8", (*tried, "edge"), (*shape, max(numbers) + 1)),
        "n_obtained": Output("i4", tried, shape),
        "best_method": Output("i1", "factor", k),
        "best_n_classes": Output("i4", "factor", k),
        "codes": Output("i4" if own else "i2", ("factor", *sizes), (k, *sizes.values())),
        "p_value": Output("f8", "factor", k),
        "status": Output("i1", "factor", k),
        "n_obs": Output("i8"),
    }
