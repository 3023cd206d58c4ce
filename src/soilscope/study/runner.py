"""Run a study: each result once, slab by slab, going on where an earlier run stopped."""

import inspect
import json
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import xarray as xr

from soilscope.errors import SoilscopeWarning, StudyError
from soilscope.study.advice import advice
from soilscope.study.config import Analysis, Study, load_study
from soilscope.study.execute import Execute, executor
from soilscope.study.fingerprint import digest
from soilscope.study.inputs import (
    CUBE_VERSION,
    count_slab,
    counts_of,
    implausible,
    inputs_mark,
    join_counts,
    join_inputs,
    open_staged,
    read_slab,
    sources_of,
)
from soilscope.study.lock import claim
from soilscope.study.outcome import count_status, without_result
from soilscope.study.references import resolve
from soilscope.study.slabs import Growing, Slab, slabs_of
from soilscope.study.stages import Stage, needs_stage
from soilscope.study.staging import Staged
from soilscope.study.steps import STEPS, Step
from soilscope.study.store import CUBE, Record, Store, intact, write_json
from soilscope.study.tails import NOTE, first_new, note_of, tail_of

_RECORDED = ("soilscope", "numpy", "numba", "scipy", "xarray", "dask", "zarr")


@dataclass(frozen=True)
class Progress:
    """How far a result is: `done` of `total` slabs; `skipped` if an earlier run had made it."""

    name: str
    step: str
    done: int
    total: int
    skipped: bool = False


def run_study(
    path: str | Path,
    *,
    results: str | Path,
    scheduler: str | None = None,
    workers: int | None = None,
    verify: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> Path:
    """Run the study file `path` and return its results folder.

    Results whose fingerprint still matches are kept; a result that an earlier run had begun goes
    on at the first missing slab.

    Parameters
    ----------
    path
        Study file (YAML).
    results
        Folder to write to; made if it does not exist.
    scheduler, workers
        Address of a dask cluster, or a number of local processes; by default dask's threads.
    verify
        Fingerprint inputs by every byte instead of by size, time and both ends.
    progress
        Called with a `Progress` after each slab.

    Raises
    ------
    StudyError
        The study or the results folder is at fault.
    SourceError, GridError
        An input is at fault.
    """
    study = load_study(path)
    store = Store(results)
    with (
        claim(store.root, study=study.path.name),
        executor(workers=workers, scheduler=scheduler) as execute,
    ):
        run = _Run(study, store, execute, verify, progress or (lambda _: None))
        run.all()
    return store.root


@dataclass
class _Run:
    study: Study
    store: Store
    execute: Execute
    verify: bool
    progress: Callable[[Progress], None]
    fingerprints: dict[str, str] = field(default_factory=dict)

    def all(self) -> None:
        self._write_manifest(finished=None)
        self._cube()
        for analysis in self.study.analyses.values():
            try:
                with intact(self.store):
                    self._analysis(analysis)
            except StudyError:
                raise
            except ValueError as error:  # InputError among them: say which analysis
                where = self.study.where(f"analyses.{analysis.name}")
                raise StudyError(f"{where}: {analysis.name}: {error}") from error
        self.store.clean_work()
        self._write_manifest(finished=datetime.now(UTC).isoformat(timespec="seconds"))

    # -- the cube ------------------------------------------------------------------------------

    def _cube(self) -> None:
        marks = inputs_mark(self.study, verify=self.verify)
        fingerprint = digest(["cube", CUBE_VERSION, marks])
        self.fingerprints[CUBE] = fingerprint
        if self._is_current(CUBE, CUBE, fingerprint):
            return
        started = time.perf_counter()
        with _collected() as messages:
            staged = open_staged(self.study)
            cube = join_inputs(self.study, staged)
        note = note_of(fingerprint, marks, staged)
        start = first_new(self.store, note, cube)
        if any(needs_stage(item, cube) for item in staged.values()):
            written = self._stages(staged, cube, fingerprint, start)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SoilscopeWarning)  # heard above
                cube = join_inputs(self.study, written)
        record = Record(
            CUBE,
            CUBE,
            {},
            {},
            fingerprint,
            variables=tuple(str(v) for v in cube.data_vars),
            sources=sources_of(cube),
        )
        if start:
            cube = tail_of(cube, self.store.open(CUBE, chunks={}), start)
        self._grow(
            record, cube, partial(_cube_slab, cube), started, messages, note=note, start=start
        )

    def _stages(
        self, staged: Mapping[str, Staged], cube: xr.Dataset, fingerprint: str, start: int
    ) -> dict[str, Staged]:
        """Write the inputs that are made anew, by blocks of time."""
        written = dict(staged)
        for name, item in staged.items():
            if needs_stage(item, cube):
                stage = Stage.of(item, self.store.work_folder(f"stage-{name}", fingerprint))
                tell = partial(self._tell, name, "prepare")
                written[name] = stage.fill(cube, self.execute, tell, start=start)
        return written

    def _tell(self, name: str, step: str, done: int, total: int) -> None:
        self.progress(Progress(name, step, done, total))

    # -- an analysis ---------------------------------------------------------------------------

    def _analysis(self, analysis: Analysis) -> None:
        step = STEPS[analysis.step]
        options = _all_options(step, analysis.options)
        needed = sorted({_owner(ref, self.study) for ref in _references(analysis.inputs)})
        fingerprint = digest(
            [
                analysis.step,
                step.version,
                options,
                dict(analysis.inputs),
                [(name, self.fingerprints[name]) for name in needed],
            ]
        )
        self.fingerprints[analysis.name] = fingerprint
        if self._is_current(analysis.name, analysis.step, fingerprint):
            return
        started = time.perf_counter()
        record = Record(analysis.name, analysis.step, analysis.inputs, options, fingerprint)
        compute = partial(
            _analysis_slab, self.store, step, analysis, frozenset(self.study.analyses)
        )
        given = analysis.options | dict.fromkeys(analysis.inputs, "given")
        with _collected() as messages:
            if step.whole(options | given):
                template = compute(Slab())
            else:
                lazy = _open_inputs(
                    self.store, step, analysis, frozenset(self.study.analyses), chunks={}
                )
                template = step.result(lazy, analysis.options)
                for text in advice(self.study, analysis, lazy):
                    warnings.warn(text, SoilscopeWarning, stacklevel=2)
        if step.whole(options | given):
            self._grow(record, template, None, started, messages)
        else:
            self._grow(record, template, compute, started, messages)

    # -- what both share -----------------------------------------------------------------------

    def _is_current(self, name: str, step: str, fingerprint: str) -> bool:
        if self.store.has(name) and self.store.record(name).fingerprint == fingerprint:
            self.progress(Progress(name, step, 1, 1, skipped=True))
            return True
        return False

    def _grow(
        self,
        record: Record,
        template: xr.Dataset,
        compute: Callable[[Slab], xr.Dataset] | None,
        started: float,
        messages: list[str],
        *,
        note: Mapping[str, Any] | None = None,
        start: int = 0,
    ) -> None:
        """Lay the template, fill what is missing, publish; without `compute` it is all there.

        A `note` is kept beside it; with `start` it goes behind the first steps of what is there.
        """
        key = f"{start}-{record.fingerprint}" if start else record.fingerprint
        work = self.store.work_folder(record.name, key)
        growing = Growing(work)
        counted = json.loads(template.attrs.pop("counts", "{}"))
        growing.lay(template)
        slabs = slabs_of(template) if compute is not None else []
        missing = [slab for slab in slabs if not growing.is_done(slab)]
        before = len(slabs) - len(missing)

        def report(done: int) -> None:
            self.progress(Progress(record.name, record.step, before + done, len(slabs) or 1))

        report(0)
        if missing and compute is not None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SoilscopeWarning)  # heard from the template
                self.execute(partial(growing.fill, compute=compute), missing, report)
        counts = [counted, *growing.counts(slabs)]
        if start:  # months made anew are counted twice: only what is implausible is told from them
            counts = [counts_of(self.store.record(record.name).sources), *counts]
        sources = join_counts(record.sources, counts) if record.sources else ()
        found = (
            implausible(sources, told=messages) if sources else without_result(record.name, counts)
        )
        for text in found:
            warnings.warn(text, SoilscopeWarning, stacklevel=2)
        made = replace(
            record,
            versions={name: version(name) for name in _RECORDED},
            seconds=round(time.perf_counter() - started, 3),
            finished=datetime.now(UTC).isoformat(timespec="seconds"),
            warnings=tuple(dict.fromkeys([*messages, *found])),
            slabs=max(1, len(slabs)),
            variables=record.variables or tuple(str(v) for v in template.data_vars),
            sources=sources,
        )
        if note is not None:
            write_json(work / NOTE, note)
        if start:
            self.store.append(made, work, start=start)
        else:
            self.store.publish(made, work)
        if not slabs:
            report(1)

    def _write_manifest(self, *, finished: str | None) -> None:
        study = self.study
        cube = self.store.record(CUBE).sources if self.store.has(CUBE) else ()
        self.store.write_manifest(
            {
                "study": study.path.name,
                "title": study.title,
                "description": study.description,
                "synthetic": any(source.get("synthetic") for source in cube),
                "finished": finished,
                "results": [CUBE, *study.analyses],
                "report": study.report.model_dump(mode="json"),
            }
        )
        # newline: the file ends its lines as the study did, on any system
        (self.store.root / "study.yaml").write_text(study.text, encoding="utf-8", newline="")


def _cube_slab(cube: xr.Dataset, slab: Slab) -> xr.Dataset:
    block = read_slab(slab.of(cube))
    block.attrs["counts"] = json.dumps(count_slab(block))
    return block


def _analysis_slab(
    store: Store, step: Step, analysis: Analysis, results: frozenset[str], slab: Slab
) -> xr.Dataset:
    """Read one slab of every input, call the public function on NumPy arrays."""
    inputs = _open_inputs(store, step, analysis, results, chunks=None)
    loaded = {name: slab.of(obj).load() for name, obj in inputs.items()}
    result = step.result(loaded, analysis.options)
    return result.assign_attrs(counts=json.dumps(count_status(result)))


def _open_inputs(
    store: Store,
    step: Step,
    analysis: Analysis,
    results: frozenset[str],
    *,
    chunks: dict[str, int] | None,
) -> dict[str, Any]:
    return resolve(
        step.run,
        analysis.inputs,
        results=dict.fromkeys(results),
        open_result=partial(store.open, chunks=chunks),
    )


def _all_options(step: Step, given: Mapping[str, Any]) -> dict[str, Any]:
    """Options of a step with its defaults filled in: a changed default is a changed result."""
    parameters = inspect.signature(step.run).parameters.values()
    defaults = {
        p.name: p.default
        for p in parameters
        if p.kind is p.KEYWORD_ONLY and p.name not in step.data_parameters
    }
    return {name: given.get(name, default) for name, default in defaults.items()}


def _references(inputs: Mapping[str, Any]) -> Iterator[str]:
    for reference in inputs.values():
        yield from [reference] if isinstance(reference, str) else reference


def _owner(reference: str, study: Study) -> str:
    name = reference.split(".")[0]
    return name if name in study.analyses else CUBE


@contextmanager
def _collected() -> Iterator[list[str]]:
    """Collect what SoilscopeWarnings say, and pass them on as well."""
    messages: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", SoilscopeWarning)
        yield messages
    for item in caught:
        if issubclass(item.category, SoilscopeWarning):
            messages.append(str(item.message))
        warnings.warn_explicit(item.message, item.category, item.filename, item.lineno)
