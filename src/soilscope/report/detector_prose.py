"""The geographical detector in the paragraph of methods."""

from typing import Any

from soilscope.report.citations import dois
from soilscope.report.detector import DRAWN, claim
from soilscope.report.figures.class_search import SELECT
from soilscope.report.reading import Study
from soilscope.report.words import listed, number

_WAYS = {
    "equal": "equal intervals", "quantile": "quantiles", "natural": "natural breaks",
    "geometric": "geometric intervals", "sd": "standard deviations", "sectors": "sectors",
}  # fmt: skip


def search_methods(study: Study, name: str) -> str:
    """Say how classes of factors were chosen."""
    options = study.records[name].options
    ds = study.data(name)
    methods = [str(m) for m in ds["method"].values]
    ways = [_WAYS.get(m, m) for m in methods if m != "own"]
    kept = "; land cover and other classes stayed as they are" if "own" in methods else ""
    numbers = ds["n_classes"].values
    drawn = {
        "spatial": "Gaussian fields with the variogram of soil moisture",
        "permutation": "random orders of soil moisture",
    }.get(str(options.get("p")))
    tested = (
        f"; the best q was compared with the best q of {options.get('n_surrogates') or 199} {drawn}"
        if drawn else ""
    )  # fmt: skip
    return (
        f"Factors were cut by {listed(ways)} into {numbers.min()} to {numbers.max()} classes, and "
        f"those with {SELECT.get(str(options.get('select', 'max')), 'the largest q')} were taken"
        f"{kept}{tested} ({dois(ds)})."
    )


def robust_methods(study: Study, name: str) -> str:
    """Say how the robust detector cut."""
    numbers = study.data(name)["n_classes"].values
    return (
        f"Factors were cut into {_numbers(numbers)} classes where q is largest of all cuts"
        f"{_redone(study, name)} ({dois(study.data(name))})."
    )


def zone_methods(study: Study, name: str) -> str:
    """Say how trees made zones."""
    options = study.records[name].options
    share = number(100 * float(options.get("complexity") or 0.01), 2)
    return (
        "Zones are the leaves of regression trees of one factor, and of two, whose splits take at "
        f"least {share} % of the sum of squares each{_redone(study, name)} "
        f"({dois(study.data(name))})."
    )


def scale_methods(study: Study, name: str) -> str:
    """Say how the size of cells was tried."""
    ds = study.data(name)
    edges, steps = ([str(v) for v in ds[dim].values] for dim in ("grain", "spacing"))
    return (
        f"The shares were taken anew from blocks of {listed(edges)} cells along each edge, and "
        f"from nets of every {listed(steps)} cells, wherever they begin ({dois(ds)})."
    )


def _numbers(numbers: Any) -> str:
    low, high = int(numbers.min()), int(numbers.max())
    return str(low) if low == high else f"{low} to {high}"


def _redone(study: Study, name: str) -> str:
    options = study.records[name].options
    if options.get("p") not in DRAWN:
        return ""
    n = options.get("n_surrogates") or 199
    return f"; all was done anew for {n} surrogates of soil moisture, and q compared with theirs"


def cut_methods(study: Study, name: str) -> str:
    """Say how one factor was cut."""
    options = study.records[name].options
    what = str(study.records[name].inputs.get("x")).split(".")[-1].replace("_", " ")
    way = _WAYS.get(str(options.get("method")), str(options.get("method")))
    return f"{what.capitalize()} was cut by {way} into {options.get('n_classes')} classes."


def factor_methods(study: Study, name: str) -> str:
    """Say what q is and how its p-value was made."""
    said = claim(study, name)
    test = f"; p-values are against {said.test}" if said.p is not None else ""
    if said.adjusted is not None:
        test += ", after the false discovery rate"
    return (
        "The share of the variance in space that lies between the strata of each factor (q), and "
        "the share beyond what as many strata at random explain (adjusted q), were taken from the "
        f"geographical detector{test} ({dois(study.data(name))})."
    )


def interaction_methods(study: Study, name: str) -> str:
    """Say how interactions were named."""
    options = study.records[name].options
    n = int(options.get("n_permutations") or 0)
    deals = (
        f" and where {n} permutations of the weaker factor reached as much in no more than "
        f"{number(float(options.get('alpha') or 0.05), 2)} of the cases"
        if n else ""
    )  # fmt: skip
    return (
        "Interactions of two factors were named by adjusted q: enhanced where their overlay "
        f"explains more beyond its number of strata than the better of them{deals}."
    )


def risk_methods(_: Study, __: str) -> str:
    """Say how strata were compared."""
    return (
        "Means of strata were compared by Welch's t-test with Holm's correction, which takes the "
        "cells as independent."
    )


def comparison_methods(study: Study, name: str) -> str:
    """Say how factors were compared."""
    options = study.records[name].options
    n, block = int(options.get("n_boot") or 0), int(options.get("block") or 1)
    if not n:
        return "Factors were compared by the F-test of their sums of squares within strata."
    drawn = f"blocks of {block} by {block} cells" if block > 1 else "cells"
    return f"Differences in q between factors have bounds from {n} resamples of {drawn}."
