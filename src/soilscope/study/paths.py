"""Roots of data and the paths below them, as a study writes them."""

import glob
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from soilscope.errors import missing_file
from soilscope.study.schema import unknown
from soilscope.study.yaml_lines import Document, Location

_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")
_ROOTED = re.compile(r"([^\W\d]\w+|\w+-[\w-]*):(?!//)(.*)")
_WEB = re.compile(r"\w+://")


def read_roots(given: Any, document: Document) -> dict[str, Path | None]:
    """Resolve every root to a folder that exists; one that is at fault is None."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        document.fault(("roots",), "roots must be a mapping of names to folders.")
        return {}
    return {str(name): _root(str(name), folder, document) for name, folder in given.items()}


def _root(name: str, folder: Any, document: Document) -> Path | None:
    where = ("roots", name)
    if not isinstance(folder, str) or not folder.strip():
        document.fault(where, f"the root {name!r} must be a folder, as in ../data.")
        return None
    if not re.fullmatch(r"[^\W\d][\w-]+", name):
        document.fault(where, f"the root name {name!r} must be a word of two letters or more.")
        return None
    variables = [match[1] for match in _VARIABLE.finditer(folder)]
    for match in _VARIABLE.finditer(folder):
        if match[1] not in os.environ and match[2] is None:
            document.fault(where, f"the environment variable {match[1]} of root {name!r} is unset.")
            return None
    expanded = _VARIABLE.sub(lambda m: os.environ.get(m[1]) or m[2] or "", folder)
    path = (document.path.resolve().parent / Path(expanded).expanduser()).resolve()
    if path.is_dir():
        return path
    mend = f"set the environment variable {variables[0]}" if variables else "mend the path"
    document.fault(where, f"the root {name!r} is no folder: {path}; {mend}.")
    return None


def read_paths(
    given: Any, roots: Mapping[str, Path | None], document: Document, where: Location
) -> tuple[Path, ...]:
    """Resolve the `paths` of an input to files that exist, in order and each once."""
    listed = given if isinstance(given, list) else [given]
    if not listed or not all(isinstance(item, str) and item.strip() for item in listed):
        document.fault(where, "paths must be a path, a pattern with *, or a list of them.")
        return ()
    found: dict[Path, None] = {}
    for position, item in enumerate(listed):
        here = (*where, position) if isinstance(given, list) else where
        found |= dict.fromkeys(_files(item, roots, document, here))
    return tuple(found)


def named_paths(
    given: Any, roots: Mapping[str, Path | None], document: Document, where: Location
) -> tuple[Path, ...]:
    """Resolve the `paths` of an input as they are written, patterns too: files may be absent."""
    listed = given if isinstance(given, list) else [given]
    if not listed or not all(isinstance(item, str) and item.strip() for item in listed):
        document.fault(where, "paths must be a path, a pattern with *, or a list of them.")
        return ()
    placed = (_placed(item, roots, document, where) for item in listed)
    return tuple(base / inside for base, inside in filter(None, placed))


def _files(
    text: str, roots: Mapping[str, Path | None], document: Document, where: Location
) -> Iterator[Path]:
    placed = _placed(text, roots, document, where)
    if placed is None:
        return
    base, inside = placed
    path = base / inside
    if path.exists():
        yield path
    elif glob.has_magic(str(inside)):
        # the base is no pattern, though its own name may hold [ ]; `inside` may be absolute
        matches = sorted(glob.glob(str(inside), root_dir=base, recursive=True))  # noqa: PTH207
        if not matches:
            document.fault(where, f"no file matches {path}.")
        yield from (base / match for match in matches)
    else:
        document.fault(where, missing_file(path))


def _placed(
    text: str, roots: Mapping[str, Path | None], document: Document, where: Location
) -> tuple[Path, Path] | None:
    """Return the folder that a path is below of, and the path; None where a fault was noted."""
    if _WEB.match(text):
        document.fault(where, f"{text} is a web address; download the file and name it here.")
        return None
    base: Path | None = document.path.resolve().parent
    relative = text
    rooted = _ROOTED.fullmatch(text)
    if rooted:
        name, relative = rooted[1], rooted[2].lstrip("/")
        if name not in roots:
            document.fault(where, f"{text!r}: {unknown(name, roots, kind='root')}")
            return None
        base = roots[name]
    if base is None:  # the root itself is at fault, and that has been said
        return None
    return base, Path(relative).expanduser()
