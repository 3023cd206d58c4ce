"""The cube of a study on disk, and its inputs apart: made whole, or given what came since."""

import json
import time
import warnings
from collections.abc import Callable, Mapping
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
    input_apart,
    inputs_mark,
    join_inputs,
)
from soilscope.study.plan import Plan, plan
from soilscope.study.rehearsal import rehearse
from soilscope.study.slabs import Slab
from soilscope.study.stages import Stage, needs_stage
from soilscope.study.staging import Staged
from soilscope.study.store import CUBE, INPUT, Record, Store
from soilscope.study.tails import first_new, note_of, tail_of
from soilscope.study.versions import became_final


@dataclass(frozen=True)
class Prepared:
    """A study without faults: what its inputs are made of, opened unless all of them are there."""

    fingerprints: Mapping[str, str]  # of the cube, and of every input apart
    marks: Mapping[str, Mapping[str, Any]]
    plan: Plan | None = None
    warnings: list[str] = field(default_factory=list)  # heard while inputs were opened
    seconds: float = 0.0


def prepare(study: Study, store: Store, *, verify: bool) -> Prepared:
    """Open what inputs lack and rehearse every analysis; refuse the study with all its faults.

    Nothing is written. Where the cube and the inputs apart are there already, files stay closed.
    """
    started = time.perf_counter()
    marks = inputs_mark(study, verify=verify)
    fingerprints = {name: digest(["cube", CUBE_VERSION, mark]) for name, mark in marks.items()}
    if all(store.has(n) and store.record(n).fingerprint == f for n, f in fingerprints.items()):
        apart = {name: store.open(name, chunks={}) for name in study.apart}
        rehearsals = rehearse(study, store.open(CUBE, chunks={}), apart)
        _refuse([fault for rehearsal in rehearsals for fault in rehearsal.faults])
        return Prepared(fingerprints, marks)
    with collected() as heard:
        found = plan(study)
    _refuse(found.faults)
    return Prepared(fingerprints, marks, found, heard, time.perf_counter() - started)


def _refuse(faults: list[str]) -> None:
    if faults:
        raise StudyError(*faults)


def make_inputs(study: Study, maker: Maker, prepared: Prepared) -> None:
    """Make the cube and the inputs apart, or what is new of them, unless they are there."""
    for name, fingerprint in prepared.fingerprints.items():
        if maker.is_current(name, _step(name), fingerprint):
            continue
        found = prepared.plan
        assert found is not None
        assert found.cube is not None
        if name == CUBE:
            staged = {k: v for k, v in found.staged.items() if k not in study.apart}
            _make(name, found.cube, staged, partial(join_inputs, study), maker, prepared)
        else:
            own = {name: found.staged[name]}
            join = partial(_join_one, study, name)
            _make(name, found.apart[name], own, join, maker, prepared)


def _step(name: str) -> str:
    return CUBE if name == CUBE else INPUT


def _join_one(study: Study, name: str, staged: Mapping[str, Staged]) -> xr.Dataset:
    return input_apart(study, name, staged[name])


def _make(
    name: str,
    cube: xr.Dataset,
    staged: Mapping[str, Staged],
    join: Callable[[Mapping[str, Staged]], xr.Dataset],
    maker: Maker,
    prepared: Prepared,
) -> None:
    """Make one cube: stage what is made anew, then fill it slab by slab."""
    fingerprint = prepared.fingerprints[name]
    started = time.perf_counter() - (prepared.seconds if name == CUBE else 0.0)
    note = note_of(fingerprint, prepared.marks[name], staged)
    start = first_new(maker.store, note, cube, name=name)
    if any(needs_stage(item, cube) for item in staged.values()):
        written = _write_stages(staged, cube, fingerprint, maker, start=start)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SoilscopeWarning)  # heard before
            cube = join(written)
    variables = tuple(str(v) for v in cube.data_vars)
    record = Record(
        name, _step(name), {}, {}, fingerprint, variables=variables, sources=sources_of(cube)
    )
    _tell_final(maker.store, record)
    if start:
        cube = tail_of(cube, maker.store.open(name, chunks={}), start)
    heard = prepared.warnings if name == CUBE else []
    maker.grow(record, cube, partial(_cube_slab, cube), started, heard, note=note, start=start)


def _tell_final(store: Store, record: Record) -> None:
    """Say which months were preliminary in the last run, and are final now."""
    before = store.record(record.name).sources if store.has(record.name) else ()
    for text in became_final(before, record.sources):
        warnings.warn(text, SoilscopeWarning, stacklevel=2)


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
