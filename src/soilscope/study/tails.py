"""New months or days of a cube: written behind those that are there, which stay as they are.

A cube is a base and tails. Where a study gains files, and no file that it was made of has changed,
only the months (or days) that the new files reach are read, and stand in a tail of their own from
the first of them on: a month that had too few days, a day that had too few hours, or either without
a driver is so made anew. `merge` writes base and tails as one.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import xarray as xr

from soilscope.labelled import spatial_dims
from soilscope.study.execute import Execute, on_threads
from soilscope.study.slabs import Growing, Slab, in_slabs, slabs_of
from soilscope.study.staging import Staged
from soilscope.study.store import CUBE, NOTE, Store, read_json, write_json
from soilscope.times import is_monthly


def note_of(
    fingerprint: str, marks: Mapping[str, Any], staged: Mapping[str, Staged]
) -> dict[str, Any]:
    """Say what a cube is made of: declarations, files, and the stamps of every input."""
    times = {
        name: [str(stamp) for stamp in item.source["time"].values]
        for name, item in staged.items()
        if "time" in item.source.dims
    }
    note = {"fingerprint": fingerprint, "marks": marks, "times": times}
    plain: dict[str, Any] = json.loads(json.dumps(note, default=str))  # as it is read back
    return plain


def first_new(store: Store, note: Mapping[str, Any], cube: xr.Dataset, *, name: str = CUBE) -> int:
    """Return the position in `cube` of the first step that is not on disk; 0: all is made anew."""
    if not store.has(name) or "time" not in cube.dims:
        return 0
    path = store.folder(name) / NOTE
    old = read_json(path) if path.is_file() else {}
    if old.get("fingerprint") != store.record(name).fingerprint:
        return 0  # of a run that was killed between two files
    if not _only_gained(old["marks"], note["marks"], dated=set(note["times"])):
        return 0
    kept = store.open(name)
    if not _same_places(kept, cube) or cube.sizes["time"] < kept.sizes["time"]:
        return 0
    start = min([kept.sizes["time"], *_changed(old, note, cube)])
    same = np.array_equal(kept["time"].values[:start], cube["time"].values[:start])
    return start if same and start < cube.sizes["time"] else 0


def tail_of(cube: xr.Dataset, kept: xr.Dataset, start: int) -> xr.Dataset:
    """Cut a tail from `cube`: what has time, in the slabs of the cube that is `kept` on disk."""
    dated = [str(name) for name, da in cube.data_vars.items() if "time" in da.dims]
    blocks = {dim: kept.chunksizes[dim][0] for dim in spatial_dims(kept) if dim in kept.chunksizes}
    return cube[dated].isel(time=slice(start, None)).chunk({**blocks, "time": -1})


def merge(
    store: Store,
    *,
    name: str = CUBE,
    execute: Execute = on_threads,
    report: Callable[[int, int], None] | None = None,
) -> int:
    """Write base and tails of the cube (or an input apart) as one; return how many tails it had.

    `report` hears how many slabs are written, and of how many.
    """
    record = store.record(name)
    if record.tails:
        work = store.work_folder(f"merged-{name}", record.fingerprint)
        growing = Growing(work)
        cube = in_slabs(store.open(name, chunks={}))
        growing.lay(cube)
        slabs = slabs_of(cube)
        missing = [slab for slab in slabs if not growing.is_done(slab)]

        def tell(done: int) -> None:
            if report is not None:
                report(len(slabs) - len(missing) + done, len(slabs))

        tell(0)
        execute(partial(growing.fill, compute=partial(_read, cube)), missing, tell)
        write_json(work / NOTE, read_json(store.folder(name) / NOTE))
        store.publish(replace(record, tails=(), slabs=len(slabs)), work)
    return len(record.tails)


def _read(cube: xr.Dataset, slab: Slab) -> xr.Dataset:
    block: xr.Dataset = slab.of(cube).compute(scheduler="synchronous")
    return block


def _only_gained(old: Mapping[str, Any], new: Mapping[str, Any], *, dated: set[str]) -> bool:
    """Whether nothing differs but files that came, with time, and a later end of the period."""
    if old["inputs"].keys() != new["inputs"].keys() or old["place"] != new["place"]:
        return False
    if (old["period"] or [None])[0] != (new["period"] or [None])[0]:
        return False
    for name, before in old["inputs"].items():
        after = new["inputs"][name]
        if any(before[key] != after[key] for key in before if key != "files"):
            return False
        files = {mark["path"]: mark for mark in after["files"]}
        if any(files.pop(mark["path"], None) != mark for mark in before["files"]):
            return False
        if files and name not in dated:
            return False
    return True


def _same_places(kept: xr.Dataset, cube: xr.Dataset) -> bool:
    """Whether both have the same variables, of the same types, in the same places."""
    if {v: da.dtype for v, da in kept.data_vars.items()} != {
        v: da.dtype for v, da in cube.data_vars.items()
    }:
        return False
    places = [dim for dim in cube.dims if dim != "time" and dim in cube.coords]
    return set(kept.dims) == set(cube.dims) and all(
        np.array_equal(kept[dim].values, cube[dim].values) for dim in places if dim in kept.coords
    )


def _changed(old: Mapping[str, Any], new: Mapping[str, Any], cube: xr.Dataset) -> list[int]:
    """Positions in `cube` of the first steps that stamps which came to an input, or left it, reach.

    A temperature at a local hour may be made of the first hours of the next day.
    """
    time = cube["time"]
    unit = "datetime64[M]" if time.size < 2 or is_monthly(time) else "datetime64[D]"
    derived = (new["marks"]["place"].get("calendar") or {}).get("derive", ())
    reach = np.timedelta64(-1 if "overpass" in derived else 0, "D")
    found = []
    for name, stamps in new["times"].items():
        differing = set(stamps) ^ set(old["times"].get(name, ()))
        if differing:
            first = np.datetime64(min(differing)[:10], "D") + reach
            periods = time.values.astype(unit)
            found.append(int(np.searchsorted(periods, first.astype(unit))))
    return found
