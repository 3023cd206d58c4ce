"""Results made on disk: each grows by slabs, and is published when it is whole."""

import json
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from typing import Any

import xarray as xr

from soilscope.errors import SoilscopeWarning
from soilscope.study.cube_values import counts_of, implausible, join_counts
from soilscope.study.execute import Execute
from soilscope.study.outcome import told_of
from soilscope.study.slabs import Along, Growing, Slab, slabs_of
from soilscope.study.store import NOTE, Record, Store, write_json

_RECORDED = ("soilscope", "numpy", "numba", "scipy", "xarray", "dask", "zarr")


@dataclass(frozen=True)
class Progress:
    """How far a result is: `done` of `total` slabs; `skipped` if an earlier run had made it."""

    name: str
    step: str
    done: int
    total: int
    skipped: bool = False


@dataclass(frozen=True)
class Maker:
    """Makes the results of a folder, and tells how far each is."""

    store: Store
    execute: Execute
    progress: Callable[[Progress], None]

    def is_current(self, name: str, step: str, fingerprint: str) -> bool:
        """Whether the result `name` is there already; it is told as skipped."""
        if self.store.has(name) and self.store.record(name).fingerprint == fingerprint:
            self.progress(Progress(name, step, 1, 1, skipped=True))
            return True
        return False

    def grow(
        self,
        record: Record,
        template: xr.Dataset,
        compute: Callable[[Slab], xr.Dataset] | None,
        started: float,
        messages: list[str],
        *,
        note: Mapping[str, Any] | None = None,
        start: int = 0,
        along: Along = "space",
    ) -> None:
        """Lay the template, fill what is missing, publish; without `compute` it is all there.

        A `note` is kept beside it; with `start` it goes behind the first steps of what is there.
        """
        key = f"{start}-{record.fingerprint}" if start else record.fingerprint
        work = self.store.work_folder(record.name, key)
        growing = Growing(work)
        counted = json.loads(template.attrs.pop("counts", "{}"))
        growing.lay(template)
        slabs = slabs_of(template, along=along) if compute is not None else []
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
        found = implausible(sources, told=messages) if sources else told_of(record.name, counts)
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


@contextmanager
def collected() -> Iterator[list[str]]:
    """Collect what SoilscopeWarnings say, and pass them on as well."""
    messages: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", SoilscopeWarning)
        yield messages
    for item in caught:
        if issubclass(item.category, SoilscopeWarning):
            messages.append(str(item.message))
        warnings.warn_explicit(item.message, item.category, item.filename, item.lineno)
