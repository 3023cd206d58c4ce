"""Every analysis of a study called on lazy arrays, so that its faults show before a run."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import dask
import xarray as xr

from soilscope.errors import SoilscopeWarning
from soilscope.study.advice import advice
from soilscope.study.analyses import needs
from soilscope.study.config import Analysis, Study
from soilscope.study.references import resolve
from soilscope.study.size import in_words
from soilscope.study.steps import STEPS
from soilscope.study.store import CUBE

_SMALL = 64 * 2**20  # bytes of variables without time that are read, because steps need them


@dataclass
class Rehearsal:
    """What one analysis would give; no result where its values decide, or where it is at fault."""

    analysis: Analysis
    result: xr.Dataset | None = None
    faults: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def n_bytes(self) -> int:
        """Size of the result."""
        return 0 if self.result is None else int(self.result.nbytes)

    def line(self) -> str:
        """Write name, step, sizes and bytes in one line."""
        start = f"{self.analysis.name}: {self.analysis.step}"
        if self.faults:
            return f"{start} -> at fault"
        if self.result is None:
            return f"{start} -> known only when it runs"
        sizes = " x ".join(f"{size} {dim}" for dim, size in self.result.sizes.items()) or "1 value"
        return f"{start} -> {sizes}, {in_words(self.n_bytes)}"


class _NeedsValues(Exception):
    """A step asked for values, which a rehearsal does not have."""


def rehearse(
    study: Study, cube: xr.Dataset, apart: Mapping[str, xr.Dataset] | None = None
) -> list[Rehearsal]:
    """Call every analysis on lazy arrays, in the order of running; nothing large is computed.

    `apart` are the inputs that are no part of the cube.
    """
    held = {CUBE: cube, **(apart or {})}
    known = {name: _with_small_values(ds) for name, ds in held.items()}
    rehearsals: list[Rehearsal] = []
    unknown: set[str] = set()
    for analysis in study.analyses.values():
        rehearsal = Rehearsal(analysis)
        rehearsals.append(rehearsal)
        if unknown & set(needs(analysis)):
            unknown.add(analysis.name)
            continue
        _try(study, rehearsal, known)
        if rehearsal.result is None:
            unknown.add(analysis.name)
        else:
            known[analysis.name] = _as_opened(rehearsal.result)
    return rehearsals


def _try(study: Study, rehearsal: Rehearsal, known: Mapping[str, xr.Dataset]) -> None:
    analysis = rehearsal.analysis
    step = STEPS[analysis.step]
    where = f"{study.where(f'analyses.{analysis.name}')}: {analysis.name}"
    with warnings.catch_warnings(record=True) as caught, dask.config.set(scheduler=_refuse):
        warnings.simplefilter("always", SoilscopeWarning)
        try:
            inputs = resolve(
                step.run,
                analysis.inputs,
                results=dict.fromkeys([*study.apart, *study.analyses]),
                open_result=known.__getitem__,
            )
            rehearsal.result = step.result(inputs, analysis.options)
            rehearsal.warnings += [f"{where}: {text}" for text in advice(study, analysis, inputs)]
        except _NeedsValues:
            pass
        except Exception as error:
            if not isinstance(error, ValueError) and not hasattr(error, "faults"):
                raise
            rehearsal.faults.append(f"{where}: {' '.join(str(error).split())}")
    rehearsal.warnings += dict.fromkeys(
        f"{where}: {item.message}" for item in caught if issubclass(item.category, SoilscopeWarning)
    )


def _refuse(*_: Any, **__: Any) -> None:
    raise _NeedsValues


def _as_opened(result: xr.Dataset) -> xr.Dataset:
    """Return a result as the next step opens it: in one chunk along time."""
    split = any(len(one.chunksizes.get("time", ())) > 1 for one in result.variables.values())
    return result.chunk(time=-1) if split else result


def _with_small_values(cube: xr.Dataset) -> xr.Dataset:
    """Read what has no time and is small: zones, areas; steps look at their values."""
    small = {
        name: variable.compute()
        for name, variable in cube.variables.items()
        if "time" not in variable.dims and variable.nbytes < _SMALL
    }
    return cube.assign(
        {name: small[name] for name in cube.data_vars if name in small}
    ).assign_coords(
        {name: small[name] for name in cube.coords if name in small and name not in cube.dims}
    )
