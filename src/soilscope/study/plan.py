"""What a study will run, on what, how large, and what is wrong: before anything is computed."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import xarray as xr

from soilscope.errors import InputError, SoilscopeError
from soilscope.grid.depth import layer_bounds
from soilscope.grid.vector import name_column, read_polygons
from soilscope.labelled import spatial_dims
from soilscope.study.config import Study
from soilscope.study.inputs import input_apart, join_inputs, open_input
from soilscope.study.rehearsal import Rehearsal, rehearse
from soilscope.study.size import in_words
from soilscope.study.staging import Staged, stage_inputs
from soilscope.times import is_monthly, month_count

T = TypeVar("T")
#: Memory of a run: what its libraries take, and copies of a slab while it is computed (measured).
_BASE, _COPIES = 400 * 2**20, 6


@dataclass
class Plan:
    """What `soilscope check` shows."""

    study: Study
    inputs: dict[str, xr.Dataset] = field(default_factory=dict)
    staged: dict[str, Staged] = field(default_factory=dict)
    cube: xr.Dataset | None = None
    apart: dict[str, xr.Dataset] = field(default_factory=dict)  # inputs that are no part of it
    rehearsals: list[Rehearsal] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def warnings(self) -> list[str]:
        """What the reader of the results must know, each with its place in the study."""
        return [text for rehearsal in self.rehearsals for text in rehearsal.warnings]

    def text(self) -> list[str]:
        """Write the plan as lines."""
        lines = [f"{self.study.title} ({self.study.shown})", ""]
        lines += ["Inputs"] if self.inputs else []
        for name, ds in self.inputs.items():
            lines.append(f"  {name}: {_describe(ds)}")
            notes = self.staged[name].notes if name in self.staged else ()
            lines += [f"    {note}" for note in notes]
        for name, ds in self.inputs.items():
            missing = missing_months(ds, self.study.period)
            if missing:
                lines.append(f"  {name}: {len(missing)} month(s) missing: {_brief(missing)}")
        if self.cube is not None:
            lines += ["", "Cube", f"  {_describe(self.cube)}", f"  {_zones(self.cube)}"]
            lines += [f"  {_cost(self.cube)}"]
        if self.apart:
            lines += ["", "Inputs that stand apart, on a grid or calendar of their own"]
            lines += [f"  {name}: {_describe(ds)}" for name, ds in self.apart.items()]
        if self.rehearsals:
            lines += ["", "Analyses, in the order of running"]
            lines += [f"  {rehearsal.line()}" for rehearsal in self.rehearsals]
            lines += ["", self._size()]
        if self.warnings:
            lines += ["", "Warnings", *(f"  {text}" for text in self.warnings)]
        return lines

    def _size(self) -> str:
        total = sum(r.n_bytes for r in self.rehearsals) + (self.cube.nbytes if self.cube else 0)
        total += sum(int(ds.nbytes) for ds in self.apart.values())
        unknown = sum(1 for r in self.rehearsals if r.result is None)
        more = f", {unknown} result(s) not counted" if unknown else ""
        free = shutil.disk_usage(Path.cwd()).free
        short = " (too little)" if total > free else ""
        return f"On disk at most {in_words(total)}{more}; free here: {in_words(free)}{short}"


def plan(study: Study) -> Plan:
    """Open every input, join them, and rehearse every analysis on empty arrays.

    Parameters
    ----------
    study
        As `load_study` returns it.

    Returns
    -------
    Plan
        What was found; `faults` holds one line for everything that is wrong.
    """
    result = Plan(study)
    for key in ("region", "zones"):
        _attempt(partial(_read_boundary, study, key), study.where(key), result.faults)
    if result.faults:
        return result
    for name, spec in study.inputs.items():
        where = f"{study.where(f'inputs.{name}')}: input {name!r}"
        ds = _attempt(partial(open_input, spec, near=study.place.region), where, result.faults)
        if ds is not None:
            result.inputs[name] = ds
    if result.faults:
        return result
    staged = _attempt(partial(stage_inputs, study, result.inputs), study, result.faults)
    if staged is None:
        return result
    result.staged = staged
    result.cube = _attempt(partial(join_inputs, study, staged), study, result.faults)
    for name in study.apart:
        work = partial(input_apart, study, name, staged[name])
        ds = _attempt(work, study.where(f"inputs.{name}"), result.faults)
        if ds is not None:
            result.apart[name] = ds
    if result.cube is not None and not result.faults:
        result.rehearsals = rehearse(study, result.cube, result.apart)
        result.faults += [text for item in result.rehearsals for text in item.faults]
    return result


def missing_months(ds: xr.Dataset, period: tuple[str, str] | None) -> list[str]:
    """Months that a monthly input lacks: within the study's period, or its own record."""
    if "time" not in ds.coords or not is_monthly(ds["time"]):
        return []
    present = {int(month) for month in month_count(ds["time"])}
    first, last = min(present), max(present)
    if period is not None:
        first, last = _month(period[0], 1), _month(period[1], 12)
    absent = [month for month in range(first, last + 1) if month not in present]
    return [f"{month // 12:04d}-{month % 12 + 1:02d}" for month in absent]


def _month(text: str, default: int) -> int:
    year, _, rest = text.partition("-")
    return int(year) * 12 + (int(rest[:2]) if rest else default) - 1


def _attempt(work: Callable[[], T], where: str | Study, faults: list[str]) -> T | None:
    """Do some work, or note its fault with its place in the study."""
    try:
        return work()
    except SoilscopeError as error:
        for line in str(error).splitlines():
            place = where if isinstance(where, str) else _place_of(line, where)
            faults.append(f"{place}: {' '.join(line.split())}")
        return None


def _place_of(fault: str, study: Study) -> str:
    """Return the line of the study that a fault is about: an input, boundary or period it names."""
    for name in study.inputs:
        if fault.startswith((f"{name} has ", f"{name} (")):
            return study.where(f"inputs.{name}")
    for key in ("zones", "region"):
        file = getattr(getattr(study.place, key), "file", None)
        if file is not None and str(file) in fault:
            return study.where(key)
    key = "region" if "the region" in fault else "period" if "the period" in fault else "inputs"
    return study.where(key)


def _read_boundary(study: Study, key: str) -> None:
    """Read the vector file of the region or of the zones, if there is one."""
    part = getattr(study.place, key)
    if part is None or part.file is None:
        return
    frame = read_polygons(part.file, layer=part.layer, encoding=part.encoding, crs=part.crs)
    if key == "zones":
        name_column(frame, part.name, path=part.file)


def _describe(ds: xr.Dataset) -> str:
    """Variables, places, layers and period of a Dataset in one line."""
    parts = [", ".join(map(str, ds.data_vars)) or "no variables"]
    places = [f"{ds.sizes[dim]} {dim}" for dim in spatial_dims(ds)]
    parts.append(" x ".join(places) or "no places")
    if "depth" in ds.dims:
        parts.append(_layers(ds))
    if "time" in ds.coords and ds["time"].size:
        length, word = (7, "months") if is_monthly(ds["time"]) else (10, "times")
        stamps = ds["time"].values
        first, last = (str(stamp)[:length] for stamp in stamps[[0, -1]])
        parts.append(f"{first} to {last} ({stamps.size} {word})")
    return "; ".join(parts)


def _layers(ds: xr.Dataset) -> str:
    try:
        edges = layer_bounds(ds)
    except InputError:
        return f"{ds.sizes['depth']} layers"
    return f"{ds.sizes['depth']} layers ({edges.min():g} to {edges.max():g} m)"


def _zones(cube: xr.Dataset) -> str:
    """Names of the zones, and how the texts of their file were read."""
    about = cube["zone"].attrs
    labels = list(about.get("labels", about.get("flag_meanings", "").split()))
    named = ", ".join(labels[:8]) + (f" and {len(labels) - 8} more" if len(labels) > 8 else "")
    source = f" (from {about['source']}, {about['source_encoding']})" if "source" in about else ""
    return f"{len(labels)} zone(s): {named}{source}"


def _cost(cube: xr.Dataset) -> str:
    """Size of the cube, its slabs, and what the slabs in flight hold."""
    slabs = int(np.prod([len(cube.chunksizes[dim]) for dim in spatial_dims(cube)], dtype=int))
    slab = cube.nbytes / max(1, slabs)
    threads = os.cpu_count() or 1
    return (
        f"{in_words(cube.nbytes)} in {slabs} slab(s) of {in_words(slab)}; "
        f"about {in_words(_BASE + _COPIES * slab * min(threads, slabs))} of memory with {threads} "
        "threads"
    )


def _brief(months: list[str]) -> str:
    return ", ".join(months[:6]) + (f" ... {months[-1]}" if len(months) > 6 else "")
