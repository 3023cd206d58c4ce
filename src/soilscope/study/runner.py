"""Run a study: each result once, slab by slab, going on where an earlier run stopped."""

import inspect
import json
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.errors import SoilscopeWarning, StudyError
from soilscope.study.advice import advice
from soilscope.study.config import Analysis, Study, load_study
from soilscope.study.cube import Prepared, make_inputs, prepare
from soilscope.study.execute import executor
from soilscope.study.fingerprint import digest
from soilscope.study.grow import Maker, Progress, collected
from soilscope.study.lock import claim, require_own
from soilscope.study.outcome import count_outcome
from soilscope.study.references import resolve
from soilscope.study.slabs import Along, Slab, in_fields, in_small_slabs
from soilscope.study.steps import STEPS, Step
from soilscope.study.store import CUBE, Record, Store, intact
from soilscope.study.versions import preliminary_months

Array = npt.NDArray[Any]


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

    The whole study is checked first: every fault is told before anything is written. Results whose
    fingerprint still matches are kept; a result that an earlier run had begun goes on at the first
    missing slab.

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
        The study, an input or the results folder is at fault.
    SourceError
        The values of an input are at fault.
    """
    study = load_study(path)
    store = Store(results)
    require_own(store.root, study=study.path.name)
    prepared = prepare(study, store, verify=verify)
    with (
        claim(store.root, study=study.path.name),
        executor(workers=workers, scheduler=scheduler) as execute,
    ):
        _Run(study, Maker(store, execute, progress or (lambda _: None)), prepared).all()
    return store.root


@dataclass
class _Run:
    study: Study
    maker: Maker
    prepared: Prepared
    fingerprints: dict[str, str] = field(default_factory=dict)

    @property
    def store(self) -> Store:
        return self.maker.store

    def all(self) -> None:
        self._write_manifest(finished=None)
        self.fingerprints |= self.prepared.fingerprints
        make_inputs(self.study, self.maker, self.prepared)
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
        if self.maker.is_current(analysis.name, analysis.step, fingerprint):
            return
        started = time.perf_counter()
        record = Record(analysis.name, analysis.step, analysis.inputs, options, fingerprint)
        names = frozenset([*self.study.apart, *self.study.analyses])
        compute = partial(_analysis_slab, self.store, step, analysis, names)
        given = analysis.options | dict.fromkeys(analysis.inputs, "given")
        along: Along = step.along
        with collected() as messages:
            if step.whole(options | given):
                template = compute(Slab())
            else:
                lazy = _open_inputs(self.store, step, analysis, names, chunks={})
                template = step.result(lazy, analysis.options)
                along = step.along if "time" in template.dims else "space"
                if along == "time":
                    template = in_fields(template, _bytes_per_step(lazy, template))
                    compute = partial(compute, time=template["time"].values)
                else:
                    template = in_small_slabs(template)
                for text in advice(self.study, analysis, lazy):
                    warnings.warn(text, SoilscopeWarning, stacklevel=2)
        if step.whole(options | given):
            self.maker.grow(record, template, None, started, messages)
        else:
            self.maker.grow(record, template, compute, started, messages, along=along)

    def _write_manifest(self, *, finished: str | None) -> None:
        study = self.study
        inputs = [CUBE, *study.apart]
        sources = [s for n in inputs if self.store.has(n) for s in self.store.record(n).sources]
        self.store.write_manifest(
            {
                "study": study.path.name,
                "title": study.title,
                "description": study.description,
                "synthetic": any(source.get("synthetic") for source in sources),
                "finished": finished,
                "preliminary": preliminary_months(sources, period=study.period),
                "results": [*inputs, *study.analyses],
                "report": study.report.model_dump(mode="json"),
            }
        )
        # newline: the file ends its lines as the study did, on any system
        (self.store.root / "study.yaml").write_text(study.text, encoding="utf-8", newline="")


def _analysis_slab(
    store: Store,
    step: Step,
    analysis: Analysis,
    results: frozenset[str],
    slab: Slab,
    *,
    time: Array | None = None,
) -> xr.Dataset:
    """Read one slab of every input, call the public function on NumPy arrays.

    Along `time` (that of the result) inputs on other stamps are read whole: the step matches them.
    """
    inputs = _open_inputs(store, step, analysis, results, chunks=None)
    loaded = {
        name: (slab.of(obj) if time is None or _has_time(obj, time) else obj).load()
        for name, obj in inputs.items()
    }
    result = step.result(loaded, analysis.options)
    return result.assign_attrs(counts=json.dumps(count_outcome(result)))


def _has_time(obj: xr.Dataset | xr.DataArray, time: Array) -> bool:
    return "time" in obj.dims and np.array_equal(obj["time"].values, time)


def _bytes_per_step(inputs: Mapping[str, Any], result: xr.Dataset) -> int:
    """Bytes that a step in time of the result, and of the inputs that share its time, takes."""
    time = result["time"].values
    held = [result, *(obj for obj in inputs.values() if _has_time(obj, time))]
    return sum(int(obj.nbytes) for obj in held) // max(1, time.size)


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
    return name if name in study.analyses or name in study.apart else CUBE
