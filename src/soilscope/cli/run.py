"""The command `run`: a study from files to a report."""

from pathlib import Path
from typing import Annotated

import typer

from soilscope.cli.arguments import (
    NoReport,
    ResultsOption,
    Scheduler,
    StudyFile,
    Workers,
    default_results,
)
from soilscope.cli.progress import shown
from soilscope.cli.voice import Voice


def run(
    study: StudyFile,
    results: ResultsOption = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    no_report: NoReport = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Compare inputs byte by byte with the last run's.")
    ] = False,
    *,
    voice: Voice,
) -> None:
    """Run a study; what an earlier run has finished is kept.

    Results, figures and the page go to results/NAME for a study NAME.yaml. A run that was stopped
    goes on where it was when the same command is given again.
    """
    if workers is not None and scheduler is not None:
        raise typer.BadParameter("give --workers or --scheduler, not both.")
    run_and_report(
        study,
        voice=voice,
        results=results or default_results(study),
        workers=workers,
        scheduler=scheduler,
        verify=verify,
        report=not no_report,
    )


def run_and_report(
    study: Path,
    *,
    voice: Voice,
    results: Path,
    workers: int | None = None,
    scheduler: str | None = None,
    verify: bool = False,
    report: bool = True,
) -> None:
    """Run a study with progress shown, write its report, and print where it lies."""
    from soilscope.cli.memory import give_back_freed_memory, reuse_freed_memory
    from soilscope.study.config import load_study
    from soilscope.study.runner import run_study

    reuse_freed_memory()
    with shown(voice) as progress:
        progress.expect(1 + len(load_study(study).analyses))  # the cube, too
        made = run_study(
            study,
            results=results,
            workers=workers,
            scheduler=scheduler,
            verify=verify,
            progress=progress.heard,
        )
        if report:
            from soilscope.cli.report import write

            progress.begin("report")
            give_back_freed_memory()
            made = write(made, keep=True)
    voice.made(made)
