"""Files that are laid out alike as one lazy Dataset."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from xarray.core import indexing

from soilscope.sources.index_header import PACKING
from soilscope.sources.index_read import Piece, StackedFiles

#: Cells of a file that are read at once, where they fit into a chunk: to open it takes as long.
_WORTH = 2**20
#: What the encoding of a variable says beside how it is stored.
_KEPT = ("grid_mapping", "coordinates", *PACKING)


def stack(first: xr.Dataset, pieces: Sequence[Piece], *, dim: str) -> xr.Dataset | None:
    """Return all `pieces` as one Dataset along `dim`, laid out as the opened `first` of them is.

    Stored numbers are decoded if those of `first` are, each file by its own scale and fill value.
    None where `first` holds what cannot be put together so.
    """
    header = pieces[0].header
    coords: dict[str, Any] = {}
    data: dict[str, Any] = {}
    for label, da in first.variables.items():
        name = str(label)
        if name in (dim, header.time_dim) or (da.dtype.kind in "mM" and da.ndim > 1):
            continue  # the times, and their bounds, which nobody reads
        made: xr.Variable | None = da
        if name in header.along:
            made = _read_already(name, da, pieces, dim)
        elif dim in da.dims or (dim not in first.dims and _is_field(first, name)):
            made = _lazy(name, da, pieces, dim)
        if made is None:
            return None
        (coords if name in first.coords else data)[name] = made
    time = np.concatenate([piece.stamps for piece in pieces])
    about = first[dim].attrs if dim in first.variables else {}
    return xr.Dataset(data, coords | {dim: xr.Variable((dim,), time, about)}, first.attrs)


def _is_field(first: xr.Dataset, name: str) -> bool:
    """Whether a variable of files without time has another value in each of them."""
    da = first.variables[name]
    return name not in first.coords and da.ndim > 0 and da.dtype.kind in "iuf"


def _read_already(name: str, da: xr.Variable, pieces: Sequence[Piece], dim: str) -> xr.Variable:
    values = np.concatenate([np.asarray(piece.header.along[name]) for piece in pieces])
    return xr.Variable(
        (dim,), values.astype(object if values.dtype.kind == "U" else da.dtype), da.attrs
    )


def _lazy(name: str, da: xr.Variable, pieces: Sequence[Piece], dim: str) -> xr.Variable | None:
    """Return one variable of all pieces, `dim` first; None if its layout is not that of headers."""
    header = pieces[0].header
    dims = tuple(map(str, da.dims))
    if header.kind == "geotiff":
        every = name == "values" and dims[0] == "band"
        known = dim not in dims and (every or name in header.bands)
        stored = dict(zip(("y", "x"), header.block, strict=True))
    else:
        held = header.variables.get(name)
        known = held is not None and tuple(held[0]) == dims and da.dtype.kind in "iuf"
        chunks = da.encoding.get("preferred_chunks") or {}
        stored = {str(d): n for d, n in chunks.items()}
    if not known or dim in dims[1:]:
        return None
    decoded = any(key in da.encoding and key not in da.attrs for key in PACKING)
    inner = da.shape[1:] if dims[:1] == (dim,) else da.shape
    values = StackedFiles(name, pieces, inner, da.dtype, record=dims[:1] == (dim,), decoded=decoded)
    encoding = {key: da.encoding[key] for key in _KEPT if key in da.encoding}
    longest = max(piece.stamps.size for piece in pieces)
    if longest == 1:
        stored |= _read_at_once(stored, dict(zip(dims[-2:], da.shape[-2:], strict=True)))
    encoding["preferred_chunks"] = {**stored, dim: min(longest, stored.get(dim, longest))}
    lazy = indexing.LazilyIndexedArray(values)
    return xr.Variable((dim, *(d for d in dims if d != dim)), lazy, da.attrs, encoding)


def _read_at_once(stored: Mapping[str, int], shape: Mapping[str, int]) -> dict[str, int]:
    """Return blocks of many strips or tiles of a field: every chunk opens all of its files anew."""
    sizes = {d: min(stored[d], n) for d, n in shape.items() if d in stored}
    if len(sizes) < len(shape):
        return {}
    for _ in range(64):
        for dim in sorted(sizes, key=lambda d: sizes[d]):
            wider = sizes | {dim: min(2 * sizes[dim], shape[dim])}
            if sizes[dim] < shape[dim] and math.prod(wider.values()) <= _WORTH:
                sizes = wider
                break
    return sizes
