"""How a variable of a file is split into dask chunks, so that slabs read little in vain."""

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import dask.array
import numpy as np

Chunks = str | int | Mapping[str, int | tuple[int, ...]] | None  # None reads everything at once
Sizes = tuple[tuple[int, ...], ...]

#: Values of a chunk (32 MiB as float64); analyses hold several chunks at a time.
_LIMIT = 4 * 2**20
_SPACE = ("y", "latitude", "x", "longitude", "site")


def chunk_sizes(
    dims: Sequence[Hashable], shape: Sequence[int], stored: Sequence[int], asked: Chunks
) -> Sizes:
    """Return the sizes of the chunks along each of `dims` (in our words).

    `stored` are those of the file. "auto" means multiples of them: long in time where the file is
    split along space (the series of a tile are read without its neighbours), else whole in space.
    """
    want: Any = asked
    if isinstance(asked, Mapping):
        want = tuple(asked.get(str(dim), "auto") for dim in dims)
    elif asked == "auto":
        want = _automatic(list(dims), list(shape), list(stored))
    normalize: Any = dask.array.core.normalize_chunks
    sizes: Sizes = normalize(
        want,
        shape=tuple(shape),
        limit=8 * _LIMIT,
        dtype=np.dtype("f8"),
        previous_chunks=normalize(tuple(stored), shape=tuple(shape)),
    )
    return sizes


def _automatic(dims: list[Hashable], shape: list[int], stored: list[int]) -> tuple[int, ...]:
    size = {d: max(1, min(part, n)) for d, part, n in zip(dims, stored, shape, strict=True)}
    full = dict(zip(dims, shape, strict=True))
    tiled = any(size[d] < full[d] for d in dims if d in _SPACE)
    by_time = [d for d in ("time", "depth", *_SPACE) if d in size]
    for dim in by_time:  # a file without chunks is cut, along time first
        excess = math.prod(size.values()) / _LIMIT
        if excess > 1:
            size[dim] = max(1, int(size[dim] / excess))
    by_space = [d for d in (*_SPACE, "time", "depth") if d in size]
    for dim in by_time if tiled else by_space:
        room = _LIMIT // math.prod(size.values())
        size[dim] = min(full[dim], size[dim] * max(1, room))
    return tuple(size[dim] for dim in dims)
