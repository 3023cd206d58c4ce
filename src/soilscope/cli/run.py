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


def run(
    study: StudyFile,
    results: ResultsOption = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    no_report: NoReport = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Compare inputs byte by byte with the last run's.")
    ] = False,
) -> None:
    """Run a study; what an earlier run has finished is kept."""
    if workers is not None and scheduler is not None:
        raise typer.BadParameter("give --workers or --scheduler, not both.")
    from soilscope.cli.check import refuse_faults

    refuse_faults(study)
    run_and_report(
        study,
        results=results or default_results(study),
        workers=workers,
        scheduler=scheduler,
        verify=verify,
        report=not no_report,
    )


def run_and_report(
    study: Path,
    *,
    results: Path,
    workers: int | None = None,
    scheduler: str | None = None,
    verify: bool = False,
    report: bool = True,
) -> None:
    """Run a study with progress shown, write its report, and print where it lies."""
    from soilscope.cli.progress import shown
    from soilscope.study.runner import run_study

    with shown() as progress:
        folder = run_study(
            study,
            results=results,
            workers=workers,
            scheduler=scheduler,
            verify=verify,
            progress=progress,
        )
    if report:
        from soilscope.cli.report import write

        typer.echo(write(folder, keep=True))
    else:
        typer.echo(folder)
