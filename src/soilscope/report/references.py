"""Arrays that the record of a result refers to: what it was made of, as the report draws it."""

from collections.abc import Mapping, Sequence
from typing import Any

import xarray as xr

from soilscope.report.reading import BESIDE, Study
from soilscope.study.store import CUBE


def array_of(study: Study, reference: str) -> xr.DataArray | None:
    """Return the array that a reference means; None where the folder does not hold it."""
    owner, _, variable = reference.partition(".")
    if owner in study.records and owner != CUBE:
        ds = study.data(owner)
        known = [str(v) for v in ds.data_vars if v not in BESIDE]
        variable = variable or ("codes" if "codes" in ds else known[0] if len(known) == 1 else "")
        return ds.get(variable)
    if CUBE in study.records and reference in study.cube:
        return study.cube[reference]
    return None


def factors_of(study: Study, references: str | Sequence[str] | None) -> dict[str, xr.DataArray]:
    """Return factors by the names that the analysis gave them; those it cannot find are left out.

    A search for classes stands for all of its factors, and `NAME.codes` for NAME.
    """
    given = [references] if isinstance(references, str) else list(references or ())
    words = [str(reference).removesuffix(".codes").partition(".") for reference in given]
    short = [variable or owner for owner, _, variable in words]
    found: dict[str, xr.DataArray] = {}
    for (owner, _, _), name, reference in zip(words, short, given, strict=True):
        da = array_of(study, str(reference))
        if da is None:
            continue
        if "factor" in da.dims:
            keys = [str(key) for key in da["factor"].values]
            found |= {key: da.isel(factor=i, drop=True) for i, key in enumerate(keys)}
        else:
            found[owner if short.count(name) > 1 else name] = da
    return found


def at(da: xr.DataArray, where: Mapping[str, Any]) -> xr.DataArray:
    """Select the labels of `where` that `da` may have; NaN where it lacks them."""
    for dim, label in where.items():
        if dim in da.dims and da.sizes[dim] > 1:
            there = dim in da.indexes and label in da.indexes[dim]
            da = da.sel({dim: label}) if there else da.reindex({dim: [label]})
    return da.squeeze([d for d in where if d in da.dims], drop=True)
