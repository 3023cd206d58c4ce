"""The cube of a study on disk: made whole, or given the months that came since."""

import json
import time
import warnings
from collections.abc import Mapping
from functools import partial

import xarray as xr

from soilscope.errors import SoilscopeWarning
from soilscope.study.config import Study
from soilscope.study.cube_values import count_slab, read_slab, sources_of
from soilscope.study.fingerprint import digest
from soilscope.study.grow import Maker, Progress, collected
from soilscope.study.inputs import (
    CUBE_VERSION,
    inputs_mark,
    join_inputs,
    open_staged,
)
from soilscope.study.slabs import Slab
from soilscope.study.stages import Stage, needs_stage
from soilscope.study.staging import Staged
from soilscope.study.store import CUBE, Record
from soilscope.study.tails import first_new, note_of, tail_of


def make_cube(study: Study, maker: Maker, *, verify: bool) -> str:
    """Make the cube, or what is new of it, and return its fingerprint."""
    marks = inputs_mark(study, verify=verify)
    fingerprint = digest(["cube", CUBE_VERSION, marks])
    if maker.is_current(CUBE, CUBE, fingerprint):
        return fingerprint
    started = time.perf_counter()
    with collected() as messages:
        staged = open_staged(study)
        cube = join_inputs(study, staged)
    note = note_of(fingerprint, marks, staged)
    start = first_new(maker.store, note, cube)
    if any(needs_stage(item, cube) for item in staged.values()):
        written = _write_stages(staged, cube, fingerprint, maker, start=start)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SoilscopeWarning)  # heard above
            cube = join_inputs(study, written)
    variables = tuple(str(v) for v in cube.data_vars)
    record = Record(CUBE, CUBE, {}, {}, fingerprint, variables=variables, sources=sources_of(cube))
    if start:
        cube = tail_of(cube, maker.store.open(CUBE, chunks={}), start)
    compute = partial(_cube_slab, cube)
    maker.grow(record, cube, compute, started, messages, note=note, start=start)
    return fingerprint


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
