"""The command `report`: figures, tables and the page from results on disk."""

from pathlib import Path
from typing import Annotated

import typer

from soilscope.cli.arguments import ResultsFolder, require_results
from soilscope.cli.progress import shown
from soilscope.cli.voice import Voice


def report(
    results: ResultsFolder,
    pdf: Annotated[bool, typer.Option("--pdf", help="Write each figure as PDF, too.")] = False,
    *,
    voice: Voice,
) -> None:
    """Make the report of a results folder anew."""
    require_results(results)
    with shown(voice) as progress:
        progress.begin("report")
        page = write(results, pdf=pdf)
    voice.made(page)


def write(results: Path, *, pdf: bool = False, keep: bool = False) -> Path:
    """Write the report in the formats that the study asks for; return the page's path.

    `keep` leaves a report alone that already shows these results.
    """
    from soilscope.report.current import is_current
    from soilscope.report.exports import link_exports
    from soilscope.study.store import Store, intact

    store = Store(results)
    wanted = store.manifest.get("report") or {}
    asked = [*(wanted.get("formats") or ()), *(["pdf"] if pdf else [])]
    formats = tuple(dict.fromkeys(["png", *asked]))
    if keep and is_current(results, formats):
        link_exports(results)
        return results / "report" / "index.html"
    from soilscope.cli.caches import use_writable_caches

    use_writable_caches()
    from soilscope.report.page import write_report

    with intact(store):
        return write_report(results, formats=formats, processes=2)
