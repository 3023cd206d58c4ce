"""A drafted study, read as `check` reads it; files that it refuses are left out, and told."""

import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from soilscope.errors import SoilscopeError, SoilscopeWarning
from soilscope.sources.catalogue import open_source
from soilscope.study.bundles import Part
from soilscope.study.choice import choose
from soilscope.study.choice_daily import choose_daily
from soilscope.study.config import load_study
from soilscope.study.draft import draft
from soilscope.study.file_series import Series
from soilscope.study.finds import Known, Plain
from soilscope.study.plan import plan
from soilscope.study.recognise import brief, left_out, recognise, unreadable
from soilscope.study.survey import Survey

_ROUNDS = 6  # times that a study is mended, at most


@dataclass(frozen=True)
class Proven:
    """A study that `check` accepts, or the faults that are left; `notes` tell what was left out."""

    text: str
    notes: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


def prove(found: Survey, *, output: Path, heard: Callable[[str], None] = lambda _: None) -> Proven:
    """Draft a study and check it; leave out what is refused until it is accepted.

    Parameters
    ----------
    found
        What lies in the folder of data.
    output
        Where the study will be written; nothing stays there.
    heard
        Told what is being done.

    Returns
    -------
    Proven
        Single files that cannot be read are left out of their series; a series that is refused as
        a whole, and zones that are, are left out of the study. Each stands in it with its reason.

    Raises
    ------
    StudyError
        If no soil moisture was found that is long enough.
    """
    notes: list[str] = []
    text = draft(found, output=output)
    for _ in range(_ROUNDS):
        heard("check")
        refused, others = _faults(text, output)
        if not (refused or others):
            break
        heard("files that check refuses")
        mended = _mended(found, refused, others, notes)
        if mended is None:
            break
        found = mended
        text = draft(found, output=output)
    return Proven(text, tuple(dict.fromkeys(notes)), (*refused.values(), *others))


def _faults(text: str, output: Path) -> tuple[dict[str, str], tuple[str, ...]]:
    """Check a study where it will lie; return the faults by input, and all others."""
    descriptor, name = tempfile.mkstemp(dir=output.parent, prefix=".soilscope-", suffix=".yaml")
    os.close(descriptor)
    trial = Path(name)
    try:
        trial.write_text(text, encoding="utf-8", newline="\n")
        return _refusals(trial)
    finally:
        trial.unlink(missing_ok=True)


def _refusals(trial: Path) -> tuple[dict[str, str], tuple[str, ...]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SoilscopeWarning)  # heard when the user checks
        try:
            study = load_study(trial)
            faults = plan(study).faults
        except SoilscopeError as error:
            return {}, tuple(str(error).splitlines())
    refused: dict[str, str] = {}
    others: list[str] = []
    starts = {name: f"{study.where(f'inputs.{name}')}: input {name!r}: " for name in study.inputs}
    for fault in faults:
        name = next((n for n, start in starts.items() if fault.startswith(start)), None)
        if name is None:
            others.append(fault.partition(": ")[2])
        else:
            refused.setdefault(name, fault.removeprefix(starts[name]))
    return refused, tuple(others)


def _mended(
    found: Survey,
    refused: dict[str, str],
    others: tuple[str, ...],
    notes: list[str],
) -> Survey | None:
    """Leave out what is refused; None where nothing can be left out any more."""
    choice, daily = choose(found), choose_daily(found)[0]
    parts = choice.inputs if choice else daily.inputs if daily else ()
    changed: dict[int, Known | Plain] = {}
    for part in parts:
        if part.name in refused:
            changed |= _sound_part(part, refused[part.name], notes)
    if changed:
        every = [changed.get(id(item), item) for item in (*found.known, *found.plain)]
        return replace(
            found,
            known=tuple(item for item in every if isinstance(item, Known)),
            plain=tuple(item for item in every if isinstance(item, Plain)),
        )
    used = (choice.zones or choice.outline) if choice else None
    if used is None:
        return None
    notes.append(f"left out: {used.file}: {others[0] if others else 'refused'}")
    bad = replace(used, fault=" ".join(others) or "refused")
    return replace(found, zones=tuple(bad if zones == used else zones for zones in found.zones))


def _sound_part(part: Part, fault: str, notes: list[str]) -> dict[int, Known | Plain]:
    """Replace the series of an input by those of its files that can be read."""
    changed: dict[int, Known | Plain] = {}
    for known in (*part.members, *part.masks):
        series = known.series
        is_mask = any(known is mask for mask in part.masks)
        bad = dict(_bad_files(series, part, is_mask=is_mask))
        if bad and len(bad) < len(series.files):
            item = recognise(series.without(bad))
            if isinstance(item, Known):
                told = tuple(left_out(bad))
                item = replace(item, left_out=(*known.left_out, *told))
                notes.extend(told)
            changed[id(known)] = item
    if not changed:  # the files are sound, but not together
        for known in part.members:
            changed[id(known)] = Plain(known.series, fault=brief(fault, known.series.folder))
        notes.append(f"left out: {part.name}: {brief(fault, part.members[0].series.folder)}")
    return changed


def _bad_files(series: Series, part: Part, *, is_mask: bool) -> Iterator[tuple[str, str]]:
    """Yield the files, or folders of tiles, that cannot be opened by themselves, with the fault."""
    for file in series.files:
        fault = unreadable(series, file) if is_mask else _refused(series, file, part.product)
        if fault:
            yield file, fault


def _refused(series: Series, file: str, product: str) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SoilscopeWarning)
        try:
            open_source(product, [series.folder / one for one in series.content_of(file)])
        except SoilscopeError as error:
            return brief(str(error), series.folder)
    return ""
