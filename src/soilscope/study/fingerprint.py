"""What a result depends on, as a short text: equal fingerprints need no second run."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from soilscope.errors import StudyError

_MIB = 2**20


def digest(value: Any) -> str:
    """SHA-256 of a JSON value; the order of keys does not matter."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def file_mark(path: Path, *, roots: Mapping[str, Path], verify: bool) -> dict[str, Any]:
    """Describe a file by its path below a root, size, time and the hash of both ends.

    ``verify`` hashes every byte. A folder (a Zarr store) is described by all of its files.
    """
    try:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.is_file())
            return {
                "path": _below_root(path, roots),
                "files": [_one_file(p, p.relative_to(path).as_posix(), verify) for p in inside],
            }
        return _one_file(path, _below_root(path, roots), verify)
    except OSError as error:
        raise StudyError(f"{path} cannot be read ({error.strerror}).") from error


def files_mark(
    paths: Iterable[Path], *, roots: Mapping[str, Path], verify: bool
) -> list[dict[str, Any]]:
    """Describe several files."""
    return [file_mark(path, roots=roots, verify=verify) for path in paths]


def _one_file(path: Path, shown: str, verify: bool) -> dict[str, Any]:
    stat = path.stat()
    mark: dict[str, Any] = {"path": shown, "size": stat.st_size}
    with path.open("rb") as file:
        if verify:
            mark["sha256"] = hashlib.file_digest(file, "sha256").hexdigest()
            return mark
        head = file.read(_MIB)
        file.seek(max(0, stat.st_size - _MIB))
        mark["ends"] = hashlib.sha256(head + file.read(_MIB)).hexdigest()
    mark["mtime"] = stat.st_mtime_ns
    return mark


def _below_root(path: Path, roots: Mapping[str, Path]) -> str:
    """Path as `root:relative`, so that a study moves with its data."""
    for name, root in roots.items():
        if path.is_relative_to(root):
            return f"{name}:{path.relative_to(root).as_posix()}"
    return path.name
