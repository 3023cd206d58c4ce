"""Headers of files that were read before: kept on disk, and used as long as a file is the same.

One file of JSON a folder of data, in the user's folder for caches; what cannot be written there is
kept while the process runs.
"""

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from soilscope.sources.index_header import Header

#: Raise when headers are read in another way.
_VERSION = 1
#: Folders of data that are remembered on disk; the oldest are forgotten.
_FOLDERS = 500

State = tuple[int, int]  # size, and time of the last change in ns
Entries = dict[str, tuple[State, Header]]


def known_headers(folder: Path, *, time_dim: str | None) -> Entries:
    """Return the headers that are known of the files of a folder: name -> (state, header).

    The mapping is shared by the whole process: what is added to it stays known.
    """
    return _known(str(folder.absolute()), time_dim)


def keep_headers(folder: Path, entries: Entries, *, time_dim: str | None) -> None:
    """Write what is known of a folder, with what other processes came to know; or do nothing."""
    target = _target(str(folder.absolute()), time_dim)
    if target is None:
        return
    with suppress(OSError):
        there = {entry.name for entry in os.scandir(folder)}
        merged = {n: e for n, e in (_load(target) | entries).items() if n in there}
        _write(target, merged)
        _forget(target.parent)


def state_of(path: Path) -> State:
    """Return what changes with a file: its size, and the time of its last change in ns."""
    found = path.stat()
    return found.st_size, found.st_mtime_ns


@lru_cache(maxsize=64)
def _known(folder: str, time_dim: str | None) -> Entries:
    target = _target(folder, time_dim)
    return {} if target is None else _load(target)


def _target(folder: str, time_dim: str | None) -> Path | None:
    home = cache_folder()
    if home is None:
        return None
    key = blake2b(f"{_VERSION}\n{folder}\n{time_dim}".encode(), digest_size=16).hexdigest()
    return home / f"{key}.json"


def cache_folder() -> Path | None:
    """Return the folder for headers, or None where nothing can be written."""
    for folder in _candidates():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError:
            continue
    return None


def _candidates() -> Iterator[Path]:
    root = os.environ.get("LOCALAPPDATA") or os.environ.get("XDG_CACHE_HOME")
    with suppress(RuntimeError):  # a user without a home
        yield (Path(root) if root else Path.home() / ".cache") / "soilscope" / "headers"
    with suppress(OSError):
        temporary = Path(tempfile.gettempdir())
        if temporary != Path.cwd():  # where nothing else can be written, Python takes that one
            yield _private(temporary) / "headers"


def _private(temporary: Path) -> Path:
    """Make the user's own folder; what another user has put there is not believed."""
    user = os.getuid() if hasattr(os, "getuid") else "user"
    folder = temporary / f"soilscope-caches-{user}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or (user != "user" and folder.stat().st_uid != user):
        raise PermissionError(f"{folder} belongs to another user")
    return folder


def _load(target: Path) -> Entries:
    """Read what was kept; a file that is damaged, or of another version, holds nothing."""
    try:
        value = json.loads(target.read_text(encoding="utf-8"))
        return dict(_entries(value))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, IndexError):
        return {}


def _entries(value: Mapping[str, Any]) -> Iterator[tuple[str, tuple[State, Header]]]:
    shared = value["shared"]
    for layout in {str(shared[told[2]]) for told in value["files"].values()}:
        json.loads(layout)["kind"], json.loads(layout)["variables"]
    for name, (size, changed, *places, told) in value["files"].items():
        layout, extent, packing = (shared[place] for place in places)
        stamps = tuple(map(int, told.pop("stamps")))
        header = Header(str(layout), str(extent), packing=packing, stamps=stamps, **told)
        yield str(name), ((int(size), int(changed)), header)


def _write(target: Path, entries: Entries) -> None:
    """Write all at once: another process reads the old file or the new one, never a half."""
    shared: dict[str, int] = {}  # what files have in common is written once
    files = {}
    for name, ((size, changed), header) in entries.items():
        told = asdict(header)
        common = [told.pop(key) for key in ("layout", "extent", "packing")]
        places = [shared.setdefault(json.dumps(item), len(shared)) for item in common]
        files[name] = [size, changed, *places, told]
    value = {"shared": [json.loads(text) for text in shared], "files": files}
    handle, temporary = tempfile.mkstemp(dir=target.parent, suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(value, file)
        Path(temporary).replace(target)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _forget(home: Path) -> None:
    kept = sorted(home.glob("*.json"), key=lambda path: path.stat().st_mtime)
    for path in kept[:-_FOLDERS]:
        path.unlink(missing_ok=True)
