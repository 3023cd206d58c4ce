"""A results folder belongs to one study, and one run at a time writes to it."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from soilscope.errors import StudyError
from soilscope.study.store import read_json

#: What soilscope itself puts into a results folder.
_OURS = {
    "manifest.json",
    "study.yaml",
    "results",
    "report",
    "export",
    ".work",
    ".lock",
    ".lock.json",
}


@contextmanager
def claim(root: Path, *, study: str) -> Iterator[None]:
    """Hold the results folder `root` for the study file named `study` while a run writes."""
    require_own(root, study=study)
    note = root / ".lock.json"
    lock = FileLock(root / ".lock")
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        raise StudyError(
            f"{root} is in use by another run{_who(note)}; wait for it, or give another folder "
            "with --results."
        ) from None
    except (PermissionError, FileExistsError, NotADirectoryError) as error:
        raise StudyError(
            f"{root} cannot be written to ({error.strerror}: {error.filename}); give another "
            "folder with --results."
        ) from error
    try:
        note.write_text(
            json.dumps({"pid": os.getpid(), "host": socket.gethostname()}), encoding="utf-8"
        )
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()


def holder(root: Path) -> str | None:
    """Name the process that writes to the results folder `root`; None where none does."""
    path = root / ".lock"
    if not path.is_file():
        return None
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return _who(root / ".lock.json")
    except OSError:  # a folder that may only be read
        return None
    lock.release()
    return None


def require_own(root: Path, *, study: str) -> None:
    """Refuse a folder that holds another study's results, or something else altogether."""
    if root.exists() and not root.is_dir():
        raise StudyError(f"{root} is a file; give a folder with --results.")
    if not root.is_dir():
        return
    manifest = root / "manifest.json"
    if manifest.is_file():
        owner = read_json(manifest).get("study")
        if owner != study:
            raise StudyError(
                f"{root} holds the results of {owner}, not of {study}; give another folder with "
                "--results, or remove this one."
            )
        return
    foreign = sorted({p.name for p in root.iterdir()} - _OURS)
    if foreign:
        raise StudyError(
            f"{root} holds other files ({', '.join(foreign[:3])}); give an empty or new folder "
            "with --results."
        )


def _who(note: Path) -> str:
    try:
        value = json.loads(note.read_text(encoding="utf-8"))
        return f" (process {value['pid']} on {value['host']})"
    except (OSError, ValueError, KeyError):
        return ""
