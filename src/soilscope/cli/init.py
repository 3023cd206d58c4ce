"""The command `init`: a commented study from a folder of data."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from soilscope.cli.progress import shown
from soilscope.cli.voice import Voice

if TYPE_CHECKING:
    from soilscope.study.survey import Survey

_SHOWN = 12  # lines of each kind


def init(
    data: Annotated[
        Path, typer.Option("--data", "-d", metavar="DIR", help="Folder of data to look through.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Study file to write.")
    ] = Path("study.yaml"),
    force: Annotated[
        bool, typer.Option("--force", help="Replace the study file if it exists.")
    ] = False,
    *,
    voice: Voice,
) -> None:
    """Write a commented study of what a folder of data holds.

    Products, periods, gaps and zones are recognised, and the study is checked before it is written.
    """
    from soilscope.errors import StudyError
    from soilscope.study.proof import prove
    from soilscope.study.survey import survey

    _require_free(output, force=force)
    with shown(voice) as progress:
        found = survey(data, heard=progress.begin)
    for line in _table(found):
        voice.detail(line)
    with shown(voice) as progress:
        proven = prove(found, output=output, heard=progress.begin)
    output.write_text(proven.text, encoding="utf-8", newline="\n")
    voice.detail("")
    for note in proven.notes:
        voice.warn(note)
    if proven.faults:
        voice.made(output)
        raise StudyError(
            f"{output} is written, but check refuses it; mend it by hand, or the files:",
            *proven.faults,
        )
    voice.detail("A study is written, with comments; check accepts it. Look at what it will do:")
    voice.detail(f"  soilscope check {_shell(output)}")
    voice.made(output)


def _require_free(output: Path, *, force: bool) -> None:
    """Refuse to replace a study, or to write where nothing can be written."""
    from soilscope.errors import StudyError

    if output.is_dir():
        raise StudyError(f"{output} is a folder; give a file in it, as in {output / 'study.yaml'}.")
    if output.exists() and not force:
        raise StudyError(
            f"{output} exists and was not touched; give --force to replace it, or --output with "
            "another name."
        )
    if not output.parent.is_dir():
        raise StudyError(f"there is no folder {output.parent} to write {output.name} to; make it.")


def _shell(path: Path) -> str:
    text = str(path)
    return f'"{text}"' if " " in text else text


def _table(found: "Survey") -> Iterator[str]:
    """Write what was found: a line for each product, gaps, zones and files unknown."""
    from soilscope.study.draft_inputs import describe
    from soilscope.study.survey import endings

    n_files = len(found.entries.files)
    more = "" if found.entries.whole else " (there are more)"
    yield f"{found.folder}: {n_files} file(s) looked at{more}"
    rows = [
        (k.product, ", ".join(k.variables) or "other layers", str(len(k.series.files)), k)
        for k in sorted(found.known, key=lambda k: (k.product, k.variables))
    ]
    widths = [max(map(len, column)) for column in list(zip(*rows, strict=True))[:2]] if rows else []
    yield from ["", "Products"] if rows else []
    for product, variables, count, known in rows:
        name, held = product.ljust(widths[0]), variables.ljust(min(60, widths[1]))
        yield f"  {name}  {held}  {count:>5} file(s)  {describe(known.extent)}".rstrip()
        for gap in known.gaps:
            yield f"  {' ' * widths[0]}  gap: {gap}"
        for text in known.left_out:
            yield f"  {' ' * widths[0]}  {text}"
    yield from _kind(
        "Zones",
        (
            f"{z.file}{f' ({z.layer})' if z.layer else ''}: "
            + (z.fault or f"{len(z.names)} zone(s) by {z.column}: {', '.join(z.names[:6])}")
            for z in found.zones
        ),
    )
    yield from _kind(
        "Not known",
        (
            f"{p.series.files[0]} ({len(p.series.files)} file(s)): "
            + (p.fault or ", ".join(name for name, _ in p.variables[:6]) or "no grid, no series")
            for p in found.plain
        ),
    )
    if found.others:
        yield from ["", f"Other files: {endings(found.others)}"]


def _kind(head: str, lines: Iterator[str]) -> Iterator[str]:
    listed = list(lines)
    yield from ["", head] if listed else []
    yield from (f"  {line}" for line in listed[:_SHOWN])
    if len(listed) > _SHOWN:
        yield f"  and {len(listed) - _SHOWN} more"
