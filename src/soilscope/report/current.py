"""Whether a report still shows the results that it was made of."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from soilscope import __version__
from soilscope.study.store import Store, read_json, write_json

MARK = "made-of.json"


def made_of(results: Path, formats: Sequence[str]) -> dict[str, Any]:
    """Everything that a report depends on: title, formats, and each result's fingerprint."""
    store = Store(results)
    manifest = store.manifest
    return {
        "version": __version__,
        "formats": list(formats),
        "title": manifest.get("title"),
        "description": manifest.get("description"),
        "report": manifest.get("report"),
        "results": {name: store.record(name).fingerprint for name in store.names()},
    }


def mark_report(report: Path, results: Path, formats: Sequence[str]) -> None:
    """Note in the folder `report` what it was made of."""
    write_json(report / MARK, made_of(results, formats))


def is_current(results: Path, formats: Sequence[str]) -> bool:
    """Whether the report of a results folder is whole and shows what lies there now."""
    report = results / "report"
    if not ((report / MARK).is_file() and (report / "index.html").is_file()):
        return False
    return read_json(report / MARK) == made_of(results, formats)
