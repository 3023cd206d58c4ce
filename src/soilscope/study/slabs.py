"""Work by slabs: lay a result's template, then fill and mark each block of cells."""

import itertools
import json
import math
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import xarray as xr
from zarr.codecs import BloscCodec, Crc32cCodec

from soilscope.labelled import spatial_dims
from soilscope.study.store import read_json, write_json

Along = Literal["space", "time"]
SLAB_BYTES = 128 * 2**20  # of input that a task holds; its scratch and result come on top


_LONG, _STEPS = 300, 64  # series that are longer are stored in chunks of so many steps


@dataclass(frozen=True)
class Slab:
    """A block: half-open ranges of spatial dimensions, or of time (none: the whole)."""

    ranges: tuple[tuple[Hashable, int, int], ...] = ()

    @property
    def key(self) -> str:
        """File-name-safe name, stable between runs."""
        return "_".join(f"{dim}{start}-{stop}" for dim, start, stop in self.ranges) or "all"

    def of(self, obj: xr.Dataset | xr.DataArray) -> Any:
        """Return the part of `obj` that lies in this slab."""
        region = {dim: slice(start, stop) for dim, start, stop in self.ranges if dim in obj.dims}
        return obj.isel(region)


def block_sizes(sizes: Mapping[Hashable, int], bytes_per_cell: int) -> dict[Hashable, int]:
    """Cells per slab along each spatial dimension: near-square blocks of about SLAB_BYTES."""
    cells = max(1, SLAB_BYTES // max(1, bytes_per_cell))
    blocks: dict[Hashable, int] = {}
    remaining = sorted(sizes, key=lambda dim: sizes[dim])
    for position, dim in enumerate(remaining):
        side = max(1, round(cells ** (1 / (len(remaining) - position))))
        blocks[dim] = min(sizes[dim], side)
        cells = max(1, cells // blocks[dim])
    return {dim: blocks[dim] for dim in sizes}


def in_slabs(cube: xr.Dataset) -> xr.Dataset:
    """Split along space so that a slab stays small; time and depth stay whole."""
    dims = spatial_dims(cube)
    cells = math.prod(cube.sizes[dim] for dim in dims)
    blocks = block_sizes({dim: cube.sizes[dim] for dim in dims}, int(cube.nbytes / cells))
    chunks: dict[Hashable, int] = {dim: blocks.get(dim, -1) for dim in cube.dims}
    return cube.chunk(chunks)


def in_small_slabs(result: xr.Dataset) -> xr.Dataset:
    """Split along space what is much larger than the inputs whose slabs it has, such as days."""
    dims = [dim for dim in spatial_dims(result) if dim in result.chunksizes]
    cells = math.prod(result.sizes[dim] for dim in dims)
    held = math.prod(max(result.chunksizes[dim]) for dim in dims)
    return in_slabs(result) if result.nbytes // cells * held > 2 * SLAB_BYTES else result


def in_fields(result: xr.Dataset, bytes_per_step: int) -> xr.Dataset:
    """Split along time so that a slab of whole fields stays small; on disk space is split too.

    Later steps read series: their slabs of space find the chunks that they need.
    """
    steps = max(1, min(result.sizes["time"], SLAB_BYTES // max(1, bytes_per_step)))
    return in_slabs(result).chunk(time=steps)


def slabs_of(template: xr.Dataset, *, along: Along = "space") -> list[Slab]:
    """Every slab of a lazy Dataset whose chunks along space (or time) are the blocks."""
    chunks = template.chunksizes
    # sorted, because Zarr lists variables in no order, and a slab must bear one name in every run
    dims = sorted((dim for dim in spatial_dims(template) if dim in chunks), key=str)
    if along == "time":
        dims = ["time"]
    per_dim = [list(_ranges(dim, chunks[dim])) for dim in dims]
    return [Slab(tuple(ranges)) for ranges in itertools.product(*per_dim)]


def _ranges(dim: Hashable, chunks: tuple[int, ...]) -> Iterator[tuple[Hashable, int, int]]:
    start = 0
    for size in chunks:
        yield dim, start, start + size
        start += size


def encoding(ds: xr.Dataset) -> dict[Hashable, dict[str, Any]]:
    """LZ4 of shuffled bytes and a checksum: a flipped bit on disk is an error, not a number.

    Of noisy floats Zstd makes no smaller files, at half the speed (benchmarks/README.md).
    """
    compressors = (BloscCodec(cname="lz4", clevel=1, shuffle="shuffle"), Crc32cCodec())
    return {
        name: {"compressors": compressors, "chunks": _chunk_shape(variable)}
        for name, variable in ds.variables.items()
        if variable.ndim
    }


def _chunk_shape(variable: xr.Variable) -> tuple[int, ...]:
    if variable.chunks is None:
        return tuple(max(1, size) for size in variable.shape)
    sizes = {dim: max(1, n[0]) for dim, n in variable.chunksizes.items()}
    if sizes.get("time", 0) > _LONG and variable.ndim > 1:
        # days: steps on whole fields read some of them at a time, and steps on series all of them
        sizes["time"] = _STEPS
    return tuple(sizes[dim] for dim in variable.dims)


def bare(ds: xr.Dataset) -> xr.Dataset:
    """Copy of `ds` without the encoding it was read with, ready to be written our way.

    Texts of a fixed length, as those of coordinates, have no agreed form in Zarr.
    """
    texts = {name: c.astype(object) for name, c in ds.coords.items() if c.dtype.kind == "U"}
    return ds.assign_coords(texts).drop_encoding()


@dataclass(frozen=True)
class Growing:
    """A result that grows in its work folder, slab by slab, and remembers what is done."""

    work: Path

    @property
    def data(self) -> Path:
        """The Zarr store that is being filled."""
        return self.work / "data.zarr"

    def lay(self, template: xr.Dataset) -> None:
        """Lay the template, unless an earlier run did: metadata and coordinates, no values."""
        mark = self.work / "done" / "template.json"
        if mark.is_file():
            return
        mark.parent.mkdir(parents=True, exist_ok=True)
        ready = bare(template.assign_coords({k: c.compute() for k, c in template.coords.items()}))
        ready.to_zarr(
            self.data, mode="w", compute=False, consolidated=False, encoding=encoding(ready)
        )
        write_json(mark, {"variables": [str(name) for name in template.data_vars]})

    def is_done(self, slab: Slab) -> bool:
        """Whether an earlier run, or this one, has written `slab`."""
        return self._mark(slab).is_file()

    def fill(self, slab: Slab, compute: Callable[[Slab], xr.Dataset]) -> None:
        """Compute one slab, write it, and only then mark it as done.

        What the computed Dataset says in ``attrs["counts"]`` (JSON text) is kept in the mark.
        """
        block = compute(slab)
        counts = json.loads(block.attrs.pop("counts", "{}"))
        if slab.ranges:
            dims = {dim for dim, _, _ in slab.ranges}
            block = block.drop_vars([v for v in block.variables if not dims & set(block[v].dims)])
            region = {str(dim): slice(start, stop) for dim, start, stop in slab.ranges}
            bare(block).to_zarr(self.data, region=region, consolidated=False)
        else:
            block = block.drop_vars(list(block.coords))
            everything = {str(dim): slice(None) for dim in block.dims}
            bare(block).to_zarr(self.data, region=everything, consolidated=False)
        write_json(self._mark(slab), counts)

    def counts(self, slabs: list[Slab]) -> list[dict[str, Any]]:
        """Read what each finished slab counted."""
        return [read_json(self._mark(slab)) for slab in slabs]

    def _mark(self, slab: Slab) -> Path:
        return self.work / "done" / f"{slab.key}.json"
