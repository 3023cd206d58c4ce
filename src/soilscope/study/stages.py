"""Inputs made anew, or stored across the grain, are written once before the cube is cut.

Made anew: on another grid, in another calendar. Across the grain: a file that holds whole fields
would be read as a whole for every slab of space. A stage is filled by blocks of time, as its
source is stored, and read back by slabs of space, as the cube is: neither the source nor the cube
is ever held as a whole.
"""

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import xarray as xr

from soilscope.labelled import spatial_dims
from soilscope.study.execute import Execute
from soilscope.study.slabs import Growing, Slab
from soilscope.study.staging import Staged

BLOCK_BYTES = 128 * 2**20  # of source that a task reads
_WIDE = 4  # so many times as wide as a slab, a stored chunk is read anew too often


def needs_stage(item: Staged, cube: xr.Dataset) -> bool:
    """Whether an input is written before the slabs of `cube` are read from it."""
    if "time" not in item.ds.dims:
        return False
    if item.is_changed:
        return True
    slab = {dim: cube.chunksizes[dim][0] for dim in spatial_dims(cube) if dim in cube.chunksizes}
    wide = [
        math.prod(da.chunksizes[dim][0] / slab[dim] for dim in slab if dim in da.chunksizes)
        for da in item.source.data_vars.values()
        if "time" in da.dims and da.chunks is not None
    ]
    return max(wide, default=0.0) >= _WIDE


@dataclass(frozen=True)
class Stage:
    """One input on its way into the cube."""

    item: Staged
    work: Path
    blocks: tuple[Slab, ...]

    @classmethod
    def of(cls, item: Staged, work: Path) -> "Stage":
        """Split an input into blocks of time of about BLOCK_BYTES of its source."""
        n_time = item.ds.sizes["time"]
        steps = item.block_steps(BLOCK_BYTES)
        starts = range(0, n_time, steps)
        return cls(
            item,
            work,
            tuple(Slab((("time", start, min(n_time, start + steps)),)) for start in starts),
        )

    def fill(
        self,
        like: xr.Dataset,
        execute: Execute,
        report: Callable[[int, int], None],
        *,
        start: int = 0,
    ) -> Staged:
        """Write what is missing; return the input, read back from disk in the slabs of `like`.

        What lies before the step `start` of `like` is left out: it will not be read.
        """
        growing = Growing(self.work)
        dated = [str(v) for v, da in self.item.ds.data_vars.items() if "time" in da.dims]
        chunks: dict[Hashable, Any] = {
            dim: like.chunksizes[dim][0] for dim in spatial_dims(like) if dim in like.chunksizes
        }
        _, first, stop = self.blocks[0].ranges[0]
        template = self.item.ds[dated]
        sizes = dict.fromkeys(template.dims, -1) | chunks | {"time": stop - first}
        template = template.chunk({dim: n for dim, n in sizes.items() if dim in template.dims})
        growing.lay(template)
        wanted = [block for block in self.blocks if self._reaches(block, like["time"][start])]
        missing: Sequence[Slab] = [block for block in wanted if not growing.is_done(block)]
        before = len(wanted) - len(missing)
        report(before, len(wanted))
        if missing:
            execute(
                partial(growing.fill, compute=partial(_block, self.item, dated)),
                missing,
                lambda done: report(before + done, len(wanted)),
            )
        stored = xr.open_zarr(growing.data, consolidated=False, chunks={})
        ds = self.item.ds.assign(
            {name: self.item.ds[name].copy(data=stored[name].data) for name in dated}
        )
        return replace(self.item, ds=ds)

    def _reaches(self, block: Slab, time: xr.DataArray) -> bool:
        """Whether the last step of a block lies at `time` or behind it."""
        _, _, stop = block.ranges[0]
        return bool(self.item.ds["time"].values[stop - 1] >= time.values)


def _block(item: Staged, dated: list[str], slab: Slab) -> xr.Dataset:
    _, start, stop = slab.ranges[0]
    return item.block(start, stop)[dated]
