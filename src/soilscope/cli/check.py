"""The command `check`: what a study would do, and all that is wrong with it."""

import typer

from soilscope.cli.arguments import StudyFile


def check(study: StudyFile) -> None:
    """Show what a study will run, on what and how large, and every fault; compute nothing."""
    from soilscope.errors import StudyError
    from soilscope.study.config import load_study
    from soilscope.study.plan import plan

    found = plan(load_study(study))
    for line in found.text():
        typer.echo(line)
    if found.faults:
        raise StudyError(*found.faults)
