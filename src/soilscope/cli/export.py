"""The command `export`: results as files for other programs."""

from pathlib import Path
from typing import Annotated

import typer

from soilscope.cli.arguments import ResultsFolder, require_results
from soilscope.cli.progress import shown
from soilscope.cli.voice import Voice


def export(
    results: ResultsFolder,
    form: Annotated[
        str, typer.Option("--format", "-f", metavar="FORMAT", help="geotiff, netcdf or csv.")
    ],
    steps: Annotated[
        list[str] | None,
        typer.Option(
            "--steps",
            "-s",
            metavar="NAMES",
            help="Results, or steps, to write, separated by commas [every analysis].",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FOLDER", help="Folder [DIR/export/FORMAT]."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
    *,
    voice: Voice,
) -> None:
    """Write results as GeoTIFF, NetCDF or CSV, for ArcGIS, QGIS, MATLAB, R or a spreadsheet.

    The report of the results, if there is one, links the files that lie in its folder.
    """
    from soilscope.report.exports import link_exports
    from soilscope.study.export import export_results
    from soilscope.study.store import EXPORT, Store, intact

    require_results(results)
    chosen = [word.strip() for text in steps or () for word in text.split(",") if word.strip()]
    with shown(voice) as progress, intact(Store(results)):
        made = export_results(
            results, form=form, output=output, steps=None if steps is None else chosen, force=force,  # type: ignore[arg-type]
            heard=progress.begin,
        )  # fmt: skip
        linked = (
            link_exports(results) and made.folder.resolve().parent == (results / EXPORT).resolve()
        )
    for name in made.left_out:
        voice.warn(f"{name} has no maps and was left out; --format netcdf or csv writes it.")
    for file in made.files:
        voice.detail(f"  {file.name}")
    if linked:
        voice.detail("  linked in report/index.html")
    voice.made(made.folder)
