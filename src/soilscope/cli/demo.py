"""The command `demo`: a synthetic study that needs no data."""

from pathlib import Path
from typing import Annotated

import typer

from soilscope.cli.arguments import NoReport, ResultsOption, Workers
from soilscope.cli.voice import Voice

DEMOS = ("helan", "heihe")


def demo(
    name: Annotated[str, typer.Argument(help=f"One of: {', '.join(DEMOS)}.")] = "helan",
    results: ResultsOption = None,
    workers: Workers = None,
    no_report: NoReport = False,
    *,
    voice: Voice,
) -> None:
    """Run a synthetic study in which every answer is known."""
    from importlib.resources import as_file, files

    from soilscope.checks import require_choice
    from soilscope.cli.run import run_and_report

    require_choice(name, DEMOS, name="the demo")
    with as_file(files("soilscope.twin") / f"{name}.yaml") as study:
        run_and_report(
            study,
            voice=voice,
            results=results or Path("results") / name,
            workers=workers,
            report=not no_report,
        )
