"""Results of the geographical detector as the report reads them: layers, dates, what is claimed."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from soilscope.report.drivers import circular, circular_note, driver_labels, driver_names
from soilscope.report.fields import date_names
from soilscope.report.reading import Study, grid_dims
from soilscope.report.references import array_of
from soilscope.report.seen import span
from soilscope.report.style import AMOUNT, Scale, round_up
from soilscope.report.words import ALPHA, listed, number

Array = np.ndarray[Any, Any]
DRAWN = ("permutation", "spatial")  # p-values from surrogates
_ENDINGS = re.compile("_(monthly|month|class|classes)$")  # of what an analysis made of a factor


def parts(study: Study, ds: xr.Dataset) -> Iterator[tuple[str, xr.Dataset]]:
    """Yield (layer, part) of a result; every part has the dimension `time`, dates or not."""
    for k, layer in enumerate(study.layers(ds)):
        one = ds.isel(depth=k, drop=True) if "depth" in ds.dims else ds
        if "month" in one.dims and "time" not in one.dims:
            one = one.rename(month="time")
        yield layer, one if "time" in one.dims else one.expand_dims("time")


def dates(one: xr.Dataset) -> list[str]:
    """Names of the dates of a part; one empty name where it has none."""
    return date_names(one["time"]) if "time" in one.coords else [""] * one.sizes["time"]


def on_date(date: str) -> str:
    """' in 2020-07', ' on 2020-07-15', or nothing where there are no dates."""
    return f" {'on' if date.count('-') > 1 else 'in'} {date}" if date else ""


def names_of(ds: xr.Dataset) -> list[str]:
    """Names of the factors."""
    return driver_names(_as_drivers(ds))


def labels_of(ds: xr.Dataset) -> list[str]:
    """Names of the factors as figures and tables show them: a dagger marks circular ones."""
    return driver_labels(_as_drivers(ds))


def marks_of(ds: xr.Dataset) -> Array:
    """Whether the response was made from each factor, or from its product."""
    return np.array(circular(_as_drivers(ds)), dtype=bool)


def dagger_note(ds: xr.Dataset) -> str:
    """Say what the dagger means; nothing where no factor bears it."""
    return circular_note(_as_drivers(ds)).replace("driver", "factor")


def circular_words(ds: xr.Dataset) -> str:
    """Name the circular factors in a sentence; nothing where there are none."""
    names = [n for n, mark in zip(names_of(ds), marks_of(ds), strict=True) if mark]
    if not names:
        return ""
    return (
        f"Soil moisture was made from {listed(names)}, or from the same product: what "
        f"{'they explain' if len(names) > 1 else 'it explains'} is partly built in."
    )


def _as_drivers(ds: xr.Dataset) -> xr.Dataset:
    """Return the names and marks of the factors as those of drivers, without words of dates."""
    kept = ds[[]].assign_coords({n: ds[n] for n in ("factor", "circular") if n in ds.coords})
    names = [str(name) for name in ds["factor"].values]
    short = [_ENDINGS.sub("", name) for name in names]
    told = [s if short.count(s) == 1 else n for s, n in zip(short, names, strict=True)]
    return kept.assign_coords(factor=np.array(told, dtype=object)).rename(factor="driver")


@dataclass(frozen=True)
class Claim:
    """Which factors are significant, by which p-values, and what is said of them."""

    p: xr.DataArray | None  # as the test gives it
    adjusted: xr.DataArray | None  # after the false discovery rate
    firm: xr.DataArray | None  # where something is claimed; None: nowhere
    test: str  # how the p-values were made
    hatched: str  # what hatches mean; why there are none


def claim(study: Study, name: str) -> Claim:
    """Say what may be claimed of `name`; p-values of the search for classes go before its own."""
    source, kind = name, str(study.records[name].options.get("p", "central"))
    search = searched(study, name)
    if search is not None and _same_factors(study, name, search):
        source, kind = search, str(study.records[search].options.get("p"))
    test = _test(kind, study.records[source].options, with_search=source != name)
    if source == name and kind != "none" and searches(study, name):
        test += "; the search for the best classes is not counted, so that p is too small"
    if kind == "none":
        return Claim(None, None, None, test, "No test was made.")
    p = study.data(source)["p_value"].load()
    if kind == "gd":
        return Claim(p, None, None, test, "Nothing is marked: these p-values change with the mean.")
    blocks = kind == "permutation" and int(study.records[source].options.get("block") or 1) > 1
    if on_grid(study, name) and kind != "spatial" and not blocks:
        why = "these p-values take the cells of a grid as independent"
        return Claim(p, None, None, test, f"Nothing is marked as significant: {why}.")
    adjusted = study.adjusted(source)
    firm = (p if adjusted is None else adjusted) < ALPHA
    after = "after the false discovery rate" if adjusted is not None else "(each for itself)"
    hatched = f"Hatched: p {after} is not below {ALPHA:g}."
    if adjusted is not None and not bool(firm.any()):
        hatched += _too_coarse(p, study.records[source].options)
    return Claim(p, adjusted, firm, test, hatched)


def _too_coarse(p: xr.DataArray, options: Mapping[str, Any]) -> str:
    """Say where surrogates are too few for so many tests."""
    least, tests = 1 / (int(options.get("n_surrogates") or 199) + 1), int(p.notnull().sum())
    if options.get("p") not in DRAWN or not bool((p < 1.01 * least).any()):
        return ""
    return (
        f" With {options.get('n_surrogates') or 199} surrogates no p is below {number(least, 2)}: "
        f"after the false discovery rate of {tests} tests that is significant only where "
        f"{int(np.ceil(tests * least / ALPHA))} tests reach it."
    )


def searched(study: Study, name: str) -> str | None:
    """Name of the search that chose the classes of `name` with p-values that count the search."""
    owner = chosen_by(study, name)
    return owner if owner and study.records[owner].options.get("p") in DRAWN else None


def searches(study: Study, name: str) -> list[str]:
    """Names of the searches that chose classes of `name`; one name says that it chose them all."""
    strata = study.records[name].inputs.get("strata")
    given = [strata] if isinstance(strata, str) else list(strata or ())
    owners = [str(reference).split(".")[0] for reference in given]
    made = [o for o in owners if o in study.analyses]
    return [o for o in made if study.records[o].step == "optimize_strata"]


def chosen_by(study: Study, name: str) -> str | None:
    """Name of the search that chose all classes of `name`, if one did."""
    strata = study.records[name].inputs.get("strata")
    alone = isinstance(strata, str) or len(strata or ()) == 1
    found = searches(study, name)
    return found[0] if alone and found else None


def _same_factors(study: Study, name: str, search: str) -> bool:
    a, b = study.data(name), study.data(search)
    return list(a["factor"].values) == list(b["factor"].values) and (
        a["q"].sizes == b["p_value"].sizes
    )


def _test(kind: str, options: Mapping[str, Any], *, with_search: bool) -> str:
    block = int(options.get("block") or 1)
    dealt = f"blocks of {block} by {block} cells" if block > 1 else "the values"
    said = {
        "central": "central F distribution",
        "gd": "noncentral F distribution of Wang et al. (2010), for comparison only",
        "permutation": f"{dealt} in random order",
        "spatial": "Gaussian fields with the variogram of soil moisture",
        "none": "no test",
    }[kind]
    return f"{said}, the search for the best classes included" if with_search else said


def on_grid(study: Study, name: str) -> bool:
    """Whether the sample of a result is the cells of a grid."""
    record = study.records[name]
    told = record.options.get("dim")
    if told is not None:
        return not {str(told)} & {"site"} and told != "time"
    y = array_of(study, str(record.inputs.get("y")))
    return grid_dims(study.cube if y is None else y) is not None


def share_scale(q: Array) -> Scale:
    """Limits and colours of shares: from zero to the largest."""
    known = q[np.isfinite(q)]
    top = float(known.max()) if known.size else 0.0
    return Scale(0.0, round_up(top) if top > 0 else 1.0, AMOUNT)


def leading(score: Array, allowed: Array) -> Array:
    """Place of the largest score (factor, date) among those allowed; -1 where there is none."""
    kept = np.where(allowed & np.isfinite(score), score, -np.inf)
    return np.where(np.isfinite(kept).any(axis=0), kept.argmax(axis=0), -1)


def by_size(score: Array) -> Array:
    """Order of the factors by their mean score (factor, date), largest first."""
    known = np.isfinite(score)
    mean = np.where(known, score, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.argsort(np.where(known.any(axis=1), -mean, np.inf), kind="stable")


def over_dates(names: list[str]) -> str:
    """'2020-01 to 2020-12', '2020-07', or nothing."""
    return "" if names == [""] else span(names)
