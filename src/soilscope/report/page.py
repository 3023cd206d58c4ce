"""Results on disk as figures, tables and one HTML page that needs nothing but itself."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from soilscope.errors import StudyError
from soilscope.report.contents import contents
from soilscope.report.current import mark_report
from soilscope.report.drawing import Picture, draw_all
from soilscope.report.findings import findings, layer_notes
from soilscope.report.prose import methods_paragraph
from soilscope.report.reading import Study
from soilscope.report.tables.catalogue import all_tables
from soilscope.report.tables.table import Table, written
from soilscope.study.store import replace_folder

FORMATS = ("png", "pdf", "svg")


def write_report(
    results: str | Path, *, formats: Sequence[str] = ("png",), processes: int = 1
) -> Path:
    """Draw every figure that the results allow, and write tables and one self-contained page.

    Parameters
    ----------
    results
        Results folder that a run wrote.
    formats
        File formats of the figures: "png", "pdf", "svg". PNG is always written.
    processes
        Processes that draw. More than one must be started from a script that can be imported
        (``if __name__ == "__main__"``); it pays only for many or large figures.

    Returns
    -------
    pathlib.Path
        The page, ``report/index.html``; ``report/figures`` and ``report/tables`` (CSV in UTF-8
        with a byte-order mark) stand beside it. An older report is replaced when the new one is
        whole.

    Raises
    ------
    StudyError
        If the folder holds no results, or a format is unknown.
    """
    for name in formats:
        if name not in FORMATS:
            raise StudyError(f"format {name!r} is unknown; a figure can be {', '.join(FORMATS)}.")
    study = Study(Path(results))
    if not study.analyses:
        raise StudyError(f"{study.root} holds no results yet; run the study first.")
    folder = study.root / "report"
    growing = study.root / ".report.part"
    shutil.rmtree(growing, ignore_errors=True)
    try:
        _fill(growing, study, formats=tuple(dict.fromkeys(["png", *formats])), processes=processes)
    except BaseException:  # half a report is of no use, and holds space that a run may need
        shutil.rmtree(growing, ignore_errors=True)
        raise
    replace_folder(folder, growing)
    return folder / "index.html"


def _fill(folder: Path, study: Study, *, formats: Sequence[str], processes: int) -> None:
    """Write everything that a report consists of."""
    (folder / "figures").mkdir(parents=True)
    (folder / "tables").mkdir()
    pictures = draw_all(study, folder / "figures", formats=formats, processes=processes)
    tables = all_tables(study)
    written(tables, folder / "tables")
    (folder / "index.html").write_text(
        render(study, pictures, tables, tables_at="tables", figures_at="figures"), encoding="utf-8"
    )
    mark_report(folder, study.root, formats)


def render(
    study: Study,
    pictures: Sequence[Picture],
    tables: Sequence[Table],
    *,
    tables_at: str,
    figures_at: str,
) -> str:
    """Fill the template; everything that comes from data is escaped."""
    environment = Environment(
        loader=PackageLoader("soilscope.report"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    template = environment.get_template("page.html.j2")
    anchors: dict[str, str] = {}
    for picture in pictures:
        anchors.setdefault(picture.result, picture.key)
    return template.render(
        **contents(study), findings=findings(study, anchors), layer_notes=layer_notes(study),
        methods_text=methods_paragraph(study), pictures=pictures, tables=tables,
        tables_at=tables_at, figures_at=figures_at,
    )  # fmt: skip
