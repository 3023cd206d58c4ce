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


def require_results(folder: Path) -> None:
    """Refuse what is no results folder, and name the one that is meant."""
    from soilscope.errors import StudyError

    near = [default_results(folder)] if folder.suffix.lower() in (".yaml", ".yml") else []
    if folder.is_dir() and not _holds_results(folder):
        near += sorted(folder.iterdir())
    found = [str(path) for path in near if _holds_results(path)]
    if found:
        raise StudyError(
            f"{folder} is not a results folder; did you mean {' or '.join(found[:3])}?"
        )


def _holds_results(folder: Path) -> bool:
    return (folder / "manifest.json").is_file()
