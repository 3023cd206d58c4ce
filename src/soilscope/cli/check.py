"""The command `check`: what a study would do, and all that is wrong with it."""

import typer

from soilscope.cli.arguments import StudyFile


def check(study: StudyFile) -> None:
    """Show what a study will run, on what and how large, and every fault; compute nothing."""
    from soilscope.study.config import load_study
    from soilscope.study.plan import plan

    for line in plan(load_study(study)).text():
        typer.echo(line)
