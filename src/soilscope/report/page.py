"""Results on disk as figures, tables and one HTML page that needs nothing but itself."""

import base64
import shutil
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from soilscope.errors import StudyError
from soilscope.report.contents import contents
from soilscope.report.current import mark_report
from soilscope.report.figures.catalogue import FIGURES
from soilscope.report.findings import findings, layer_notes
from soilscope.report.fonts import drawing
from soilscope.report.plates import Theme
from soilscope.report.prose import methods_paragraph
from soilscope.report.reading import Study
from soilscope.report.tables.catalogue import all_tables
from soilscope.report.tables.table import Table, written
from soilscope.study.store import replace_folder

FORMATS = ("png", "pdf", "svg")


@dataclass(frozen=True)
class Picture:
    """A figure that has been drawn: its files and its words."""

    key: str
    result: str  # what it is made of
    theme: Theme
    title: str
    seen: str
    how: str
    alt: str
    files: tuple[str, ...]  # names in the folder of figures, PNG first
    width: int
    height: int
    data: str  # the PNG in base64


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
    (growing / "figures").mkdir(parents=True)
    (growing / "tables").mkdir()
    kept = tuple(dict.fromkeys(["png", *formats]))
    pictures = draw_all(study, growing / "figures", formats=kept, processes=processes)
    tables = all_tables(study)
    written(tables, growing / "tables")
    (growing / "index.html").write_text(
        render(study, pictures, tables, tables_at="tables", figures_at="figures"), encoding="utf-8"
    )
    mark_report(growing, study.root, kept)
    replace_folder(folder, growing)
    return folder / "index.html"


def draw_all(
    study: Study, folder: Path, *, formats: Sequence[str], processes: int = 1
) -> list[Picture]:
    """Draw every figure that fits a result, in the order of the page."""
    study = study.pictured()
    jobs = [
        (number, name)
        for number, kind in enumerate(FIGURES)
        for name in study.records
        if kind.fits(study, name)
    ]
    work = partial(_draw, study.root, folder, tuple(formats))
    if processes > 1 and len(jobs) > 1:
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            drawn = list(pool.map(work, jobs))
    else:
        drawn = [_draw(study.root, folder, tuple(formats), job, study=study) for job in jobs]
    return [picture for pictures in drawn for picture in pictures]


def _draw(
    root: Path,
    folder: Path,
    formats: tuple[str, ...],
    job: tuple[int, str],
    study: Study | None = None,
) -> list[Picture]:
    """Draw the figures of one kind and result; runs in any process."""
    kind, name = FIGURES[job[0]], job[1]
    study = study or Study(root).pictured()
    pictures = []
    with drawing(study.fonts):
        for plate in kind.plates(study, name):
            figure = plate.draw()
            files = tuple(f"{plate.key}.{suffix}" for suffix in formats)
            for file, suffix in zip(files, formats, strict=True):
                figure.savefig(folder / file, metadata=_UNDATED[suffix])
            width, height = (round(side * figure.dpi) for side in figure.get_size_inches())
            data = base64.b64encode((folder / files[0]).read_bytes()).decode("ascii")
            pictures.append(
                Picture(
                    plate.key,
                    name,
                    kind.theme,
                    plate.title,
                    plate.seen,
                    plate.how,
                    plate.alt,
                    files,
                    width,
                    height,
                    data,
                )
            )
    return pictures


#: Equal results give equal files: no date is written into them.
_UNDATED: dict[str, dict[str, Any]] = {
    "png": {"Software": "soilscope"},
    "pdf": {"CreationDate": None, "Creator": "soilscope"},
    "svg": {"Date": None, "Creator": "soilscope"},
}


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
