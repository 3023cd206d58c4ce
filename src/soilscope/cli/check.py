"""The command `check`: what a study would do, and all that is wrong with it."""

from pathlib import Path
from typing import Annotated

import typer

from soilscope.cli.arguments import StudyFile
from soilscope.cli.progress import shown
from soilscope.cli.voice import Voice

Table = Annotated[
    Path | None,
    typer.Option(
        "--csv", metavar="PATH", help="Write gaps, doubles and files that do not fit to a table."
    ),
]


def check(study: StudyFile, csv: Table = None, *, voice: Voice) -> None:
    """Show what a study would do, on which data, and every fault.

    Every input is opened; nothing is computed, and nothing is written but the table asked for.
    """
    from soilscope.errors import StudyError
    from soilscope.study.check_files import check_files, check_versions
    from soilscope.study.check_table import in_lines, require_own_table, write_table
    from soilscope.study.check_traps import check_traps
    from soilscope.study.config import load_study
    from soilscope.study.plan import plan

    if csv is not None:
        require_own_table(csv)
    with shown(voice) as progress:
        progress.begin("inputs")
        loaded = load_study(study)
        problems = check_files(loaded)
        found = plan(loaded)
        problems += check_versions(found.inputs, period=loaded.period)
        problems += check_traps(loaded)
        if csv is not None:
            write_table(problems, csv)
    for line in found.text():
        voice.detail(line)
    if problems:
        voice.detail("\nFiles")
        for line in in_lines(problems):
            voice.detail(f"  {line}")
    if csv is not None:
        voice.made(csv)
    if found.faults:
        raise StudyError(*found.faults)
