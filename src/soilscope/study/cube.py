"""The cube of a study on disk: made whole, or given the months that came since."""

import json
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import xarray as xr

from soilscope.errors import SoilscopeWarning, StudyError
from soilscope.study.config import Study
from soilscope.study.cube_values import count_slab, read_slab, sources_of
from soilscope.study.fingerprint import digest
from soilscope.study.grow import Maker, Progress, collected
from soilscope.study.inputs import (
    CUBE_VERSION,
    inputs_mark,
    join_inputs,
)
from soilscope.study.plan import Plan, plan
from soilscope.study.rehearsal import rehearse
from soilscope.study.slabs import Slab
from soilscope.study.stages import Stage, needs_stage
from soilscope.study.staging import Staged
from soilscope.study.store import CUBE, Record, Store
from soilscope.study.tails import first_new, note_of, tail_of


@dataclass(frozen=True)
class Prepared:
    """A study without faults: what its cube is made of, opened unless the cube is there."""

    fingerprint: str
    marks: Mapping[str, Any]
    plan: Plan | None = None
    warnings: list[str] = field(default_factory=list)  # heard while inputs were opened
    seconds: float = 0.0


def prepare(study: Study, store: Store, *, verify: bool) -> Prepared:
    """Open what the cube lacks and rehearse every analysis; refuse the study with all its faults.

    Nothing is written. Where the cube is there already, its inputs stay closed.
    """
    started = time.perf_counter()
    marks = inputs_mark(study, verify=verify)
    fingerprint = digest(["cube", CUBE_VERSION, marks])
    if store.has(CUBE) and store.record(CUBE).fingerprint == fingerprint:
        rehearsals = rehearse(study, store.open(CUBE, chunks={}))
        _refuse([fault for rehearsal in rehearsals for fault in rehearsal.faults])
        return Prepared(fingerprint, marks)
    with collected() as heard:
        found = plan(study)
    _refuse(found.faults)
    return Prepared(fingerprint, marks, found, heard, time.perf_counter() - started)


def _refuse(faults: list[str]) -> None:
    if faults:
        raise StudyError(*faults)


def make_cube(study: Study, maker: Maker, prepared: Prepared) -> None:
    """Make the cube, or what is new of it, unless it is there."""
    fingerprint, found = prepared.fingerprint, prepared.plan
    if maker.is_current(CUBE, CUBE, fingerprint):
        return
    assert found is not None
    assert found.cube is not None
    started = time.perf_counter() - prepared.seconds
    staged, cube = found.staged, found.cube
    note = note_of(fingerprint, prepared.marks, staged)
    start = first_new(maker.store, note, cube)
    if any(needs_stage(item, cube) for item in staged.values()):
        written = _write_stages(staged, cube, fingerprint, maker, start=start)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SoilscopeWarning)  # heard before
            cube = join_inputs(study, written)
    variables = tuple(str(v) for v in cube.data_vars)
    record = Record(CUBE, CUBE, {}, {}, fingerprint, variables=variables, sources=sources_of(cube))
    if start:
        cube = tail_of(cube, maker.store.open(CUBE, chunks={}), start)
    compute = partial(_cube_slab, cube)
    maker.grow(record, cube, compute, started, prepared.warnings, note=note, start=start)


def _write_stages(
    staged: Mapping[str, Staged], cube: xr.Dataset, fingerprint: str, maker: Maker, *, start: int
) -> dict[str, Staged]:
    """Write the inputs that are made anew, by blocks of time."""
    written = dict(staged)
    for name, item in staged.items():
        if needs_stage(item, cube):
            stage = Stage.of(item, maker.store.work_folder(f"stage-{name}", fingerprint))
            tell = partial(_tell, maker, name)
            written[name] = stage.fill(cube, maker.execute, tell, start=start)
    return written


def _tell(maker: Maker, name: str, done: int, total: int) -> None:
    maker.progress(Progress(name, "prepare", done, total))


def _cube_slab(cube: xr.Dataset, slab: Slab) -> xr.Dataset:
    block = read_slab(slab.of(cube))
    block.attrs["counts"] = json.dumps(count_slab(block))
    return block
