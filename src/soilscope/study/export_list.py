"""The list of exported files by which the report links them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from soilscope.errors import StudyError
from soilscope.study.store import EXPORT, EXPORTED, Store, read_json, write_json


def note_files(store: Store, folder: Path, owners: Mapping[str, str]) -> None:
    """Note beside files of the results folder which result each was made of.

    `owners` is file -> result. Files that lie elsewhere are left without a list: nothing links
    them. What an earlier export has listed, and is still there, stays listed.
    """
    if not owners or folder.resolve().parent != (store.root / EXPORT).resolve():
        return
    listed = folder / EXPORTED
    before: dict[str, Any] = {}
    if listed.is_file():
        try:
            before = dict(read_json(listed).get("files") or {})
        except (
            StudyError,
            TypeError,
            ValueError,
        ):  # half of a list is no reason to refuse an export
            before = {}
    files = {name: about for name, about in before.items() if (folder / name).is_file()}
    for name, result in owners.items():
        files[name] = {"result": result, "fingerprint": store.record(result).fingerprint}
    write_json(listed, {"files": files})
