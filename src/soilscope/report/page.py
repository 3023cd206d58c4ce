"""Results on disk as figures, tables and one HTML page that needs nothing but itself."""

import base64
import hashlib
import math
import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from soilscope.errors import StudyError
from soilscope.report.contents import contents
from soilscope.report.current import mark_report
from soilscope.report.drawing import Picture, draw_all
from soilscope.report.explorer_page import Explorer, choose
from soilscope.report.exports import exports_section
from soilscope.report.findings import findings, layer_notes
from soilscope.report.prose import methods_paragraph
from soilscope.report.reading import Study
from soilscope.report.tables.catalogue import all_tables
from soilscope.report.tables.table import Table, written
from soilscope.study.store import replace_folder

FORMATS = ("png", "pdf", "svg")
MEGABYTES = 8.0  # of a page, unless the study says otherwise
NOTES = 4000  # bytes kept for what is said about maps that are thinned or left out


def write_report(
    results: str | Path,
    *,
    formats: Sequence[str] = ("png",),
    processes: int = 1,
    megabytes: float | None = None,
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
    megabytes
        Size in MB up to which the page carries its maps for readers to explore; without it
        ``page_megabytes`` of the study's ``report``, or 8. Figures and tables always stand on the
        page.

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
    if megabytes is not None and not 0 < megabytes < math.inf:
        raise StudyError(f"megabytes is {megabytes!r}; give a positive number of MB.")
    study = Study(Path(results))
    if not study.analyses:
        raise StudyError(f"{study.root} holds no results yet; run the study first.")
    folder = study.root / "report"
    growing = study.root / ".report.part"
    shutil.rmtree(growing, ignore_errors=True)
    try:
        _fill(growing, study, formats=tuple(dict.fromkeys(["png", *formats])), processes=processes,
              megabytes=megabytes or _asked(study))  # fmt: skip
    except BaseException:  # half a report is of no use, and holds space that a run may need
        shutil.rmtree(growing, ignore_errors=True)
        raise
    replace_folder(folder, growing)
    return folder / "index.html"


def _asked(study: Study) -> float:
    """Size of the page that the study asks for, in MB."""
    return float((study.manifest.get("report") or {}).get("page_megabytes", MEGABYTES))


def _fill(
    folder: Path, study: Study, *, formats: Sequence[str], processes: int, megabytes: float
) -> None:
    """Write everything that a report consists of."""
    (folder / "figures").mkdir(parents=True)
    (folder / "tables").mkdir()
    pictures = draw_all(study, folder / "figures", formats=formats, processes=processes)
    tables = all_tables(study)
    written(tables, folder / "tables")
    rendered = partial(render, study, pictures, tables, tables_at="tables", figures_at="figures")
    stacks = [stack for picture in pictures for stack in picture.stacks]
    bare = Explorer("{}", " " * NOTES) if stacks else None
    taken = len(rendered(explorer=bare).encode("utf-8"))
    found = choose(stacks, room=round(megabytes * 1e6) - taken, limit=f"{megabytes:g} MB")
    (folder / "index.html").write_text(rendered(explorer=found), encoding="utf-8", newline="\n")
    mark_report(folder, study.root, formats)


def render(
    study: Study,
    pictures: Sequence[Picture],
    tables: Sequence[Table],
    *,
    tables_at: str,
    figures_at: str,
    explorer: Explorer | None = None,
) -> str:
    """Fill the template; everything that comes from data is escaped."""
    environment = Environment(
        loader=PackageLoader("soilscope.report"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    template = environment.get_template("page.html.j2")
    style = _source(environment, "page.css")
    script = "\n".join(_source(environment, f) for f in ("explorer_tools.js", "explorer.js"))
    scripted = explorer is not None and bool(explorer.data)
    anchors: dict[str, str] = {}
    for picture in pictures:
        anchors.setdefault(picture.result, picture.key)
    return template.render(
        **contents(study), findings=findings(study, anchors), layer_notes=layer_notes(study),
        methods_text=methods_paragraph(study), pictures=pictures, tables=tables,
        tables_at=tables_at, figures_at=figures_at, explorer=explorer,
        exports=Markup(exports_section(study.root)),  # escaped by a template of its own
        policy=_policy(style, script if scripted else None), style=Markup(style),
        script=Markup(script),
    )  # fmt: skip


def _source(environment: Environment, file: str) -> str:
    """Text of a file beside the template, with the line ends that a browser sees: it is hashed."""
    assert environment.loader is not None
    return "\n".join(environment.loader.get_source(environment, file)[0].splitlines())


def _policy(style: str, script: str | None) -> str:
    """Content security policy: nothing but this style, this script and pictures in the page."""
    parts = ["default-src 'none'", "img-src data:", f"style-src {_hash(style)}"]
    if script is not None:
        parts.append(f"script-src {_hash(script)}")
    return "; ".join([*parts, "base-uri 'none'", "form-action 'none'"])


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
