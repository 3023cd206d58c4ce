"""Arguments that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

StudyFile = Annotated[Path, typer.Argument(help="Study file (YAML).", metavar="STUDY")]
ResultsFolder = Annotated[
    Path, typer.Argument(help="Results folder that 'run' wrote.", metavar="DIR")
]
ResultsOption = Annotated[
    Path | None,
    typer.Option("--results", "-r", metavar="DIR", help="Results folder [results/NAME]."),
]
Workers = Annotated[
    int | None,
    typer.Option("--workers", min=1, metavar="N", help="Run in N processes instead of threads."),
]
Scheduler = Annotated[
    str | None,
    typer.Option("--scheduler", metavar="ADDRESS", help="Run on a dask cluster."),
]
NoReport = Annotated[bool, typer.Option("--no-report", help="Write results only.")]


def default_results(study: Path) -> Path:
    """Return the results folder of a study file: results/NAME below the current folder."""
    return Path("results") / study.stem
