"""Checks of arguments that two or more modules share."""

import difflib
from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np
import xarray as xr

from soilscope.errors import InputError


def require_dims(obj: xr.DataArray | xr.Dataset, *dims: str, name: str) -> None:
    """Refuse `obj` if it bears no names of dimensions, or lacks one of `dims`."""
    if not isinstance(obj, (xr.DataArray, xr.Dataset)):
        raise InputError(
            f"{name} is a {type(obj).__name__}; give an xarray.DataArray, as in "
            "xr.DataArray(values, coords, dims)."
        )
    missing = [dim for dim in dims if dim not in obj.dims]
    if missing:
        has = ", ".join(map(str, obj.dims)) or "none"
        raise InputError(f"{name} has no dimension {missing[0]!r}; it has: {has}.")


def require_single_chunk(obj: xr.DataArray | xr.Dataset, dim: str, *, name: str) -> None:
    """Refuse `obj` if it is split along `dim`: a series must be whole."""
    # coordinates may be split otherwise than the data, which xarray refuses to look at together
    own = obj.variable if isinstance(obj, xr.DataArray) else obj
    chunks = own.chunksizes.get(dim)
    if chunks is not None and len(chunks) > 1:
        raise InputError(
            f"{name} is split into {len(chunks)} chunks along {dim!r}; "
            f"use {name}.chunk({{{dim!r}: -1}})."
        )


def require_numeric(da: xr.DataArray | xr.Dataset, *, name: str) -> None:
    """Refuse `da` if it is no labelled array, or does not hold real numbers."""
    require_dims(da, name=name)
    if isinstance(da, xr.Dataset):
        held = next(iter(da.data_vars), "soil_moisture")
        raise InputError(f"{name} is a Dataset; give one of its variables, as in {name}[{held!r}].")
    if not (np.issubdtype(da.dtype, np.number) or da.dtype == bool) or da.dtype.kind == "c":
        raise InputError(
            f"{name} holds {da.dtype}, not real numbers; convert it with {name}.astype(float)."
        )


def require_choice(value: Any, choices: Iterable[Any], *, name: str) -> None:
    """Refuse `value` unless it is one of `choices`; the nearest right word is named."""
    allowed = list(choices)
    if value not in allowed:
        listed = ", ".join(repr(choice) for choice in allowed)
        meant = nearest(value, allowed) or "."
        raise InputError(f"{name} is {value!r}; it must be one of {listed}{meant}")


def nearest(word: Any, words: Iterable[Any]) -> str:
    """Return '; did you mean ...?' for a mistyped word, or nothing."""
    match = difflib.get_close_matches(str(word), [str(w) for w in words], n=1, cutoff=0.6)
    return f"; did you mean {match[0]!r}?" if match else ""


def require_between(value: float, low: float, high: float, *, name: str) -> None:
    """Refuse `value` unless low <= value <= high."""
    require_number(value, name=name)
    if not low <= value <= high:
        raise InputError(f"{name} is {value!r}; it must be between {low} and {high}.")


def require_at_least(value: float, least: float, *, name: str) -> None:
    """Refuse `value` unless it is `least` or more."""
    require_number(value, name=name)
    if not value >= least:
        raise InputError(f"{name} is {value!r}; it must be at least {least}.")


def same_along(a: xr.DataArray | xr.Dataset, b: xr.DataArray | xr.Dataset, dim: Hashable) -> bool:
    """Whether `a` and `b` have equal labels along `dim`, or equal lengths where one has none."""
    if a.sizes[dim] != b.sizes[dim]:
        return False
    if dim not in a.indexes or dim not in b.indexes:
        return True
    return bool(a.indexes[dim].equals(b.indexes[dim]))


def require_number(value: Any, *, name: str) -> None:
    """Refuse `value` unless it is a number."""
    if not isinstance(value, (int, float, np.number)):
        raise InputError(f"{name} is {value!r}; it must be a number.")
