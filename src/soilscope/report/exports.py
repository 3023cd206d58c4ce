"""Files that an export has written for other programs, as the page links them."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined

from soilscope.errors import StudyError
from soilscope.study.store import EXPORT, EXPORTED, Store, read_json

FORMS = {"geotiff": "GeoTIFF", "netcdf": "NetCDF", "csv": "CSV"}
MOST = 24  # links of a result and form: a page has a size to keep
_SECTION = re.compile(r'<section id="exports".*?</section>', re.DOTALL)


@dataclass(frozen=True)
class ExportedFile:
    """One file: its name, and where it lies as seen from the page."""

    name: str
    link: str
    older: bool  # than the result that it was made of


@dataclass(frozen=True)
class ExportedResult:
    """The files of one result, by form."""

    name: str
    files: dict[str, list[ExportedFile]]
    more: dict[str, int]  # files beyond those that are linked


def exports_of(root: Path) -> list[ExportedResult]:
    """Return the exported files that lie in the results folder, in the order of the study."""
    store = Store(root)
    prints = {name: store.record(name).fingerprint for name in store.names()}
    found: dict[str, dict[str, list[ExportedFile]]] = {name: {} for name in prints}
    for folder in sorted((root / EXPORT).glob("*/")):
        form = FORMS.get(folder.name, folder.name)
        for name, (result, made_of) in _listed(folder).items():
            if result in found:
                link = f"../{EXPORT}/{quote(folder.name)}/{quote(name)}"
                one = ExportedFile(name, link, older=made_of != prints[result])
                found[result].setdefault(form, []).append(one)
    return [
        ExportedResult(
            name,
            {form: files[:MOST] for form, files in forms.items()},
            {form: len(files) - MOST for form, files in forms.items() if len(files) > MOST},
        )
        for name, forms in found.items()
        if forms
    ]


def _listed(folder: Path) -> dict[str, tuple[str, str]]:
    """Files of a folder that its list names and that are there: name -> (result, fingerprint)."""
    path = folder / EXPORTED
    if not path.is_file():
        return {}
    try:
        files = read_json(path).get("files") or {}
        told = {str(k): (str(v["result"]), str(v["fingerprint"])) for k, v in files.items()}
    except (StudyError, AttributeError, KeyError, TypeError):  # a list that somebody has edited
        return {}
    return {k: v for k, v in told.items() if Path(k).name == k and (folder / k).is_file()}


def exports_section(root: Path) -> str:
    """Return the section of the page that links exported files."""
    environment = Environment(
        loader=PackageLoader("soilscope.report"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    results = exports_of(root)
    forms = [f for f in FORMS.values() if any(f in one.files for one in results)]
    forms += sorted({form for one in results for form in one.files} - set(forms))
    template = environment.get_template("exports.html.j2")
    older = any(f.older for one in results for files in one.files.values() for f in files)
    return template.render(results=results, forms=forms, older=older).strip()


def link_exports(root: Path) -> bool:
    """Let the page of a results folder, if there is one, link what has been exported since.

    Returns whether a page has the links now.
    """
    page = root / "report" / "index.html"
    if not page.is_file():
        return False
    text = page.read_text(encoding="utf-8")
    section = exports_section(root)
    found, count = _SECTION.subn(lambda _: section, text, count=1)
    if count and found != text:
        part = page.with_name(f"{page.name}.part")
        part.write_text(found, encoding="utf-8", newline="\n")
        part.replace(page)
    return bool(count)
