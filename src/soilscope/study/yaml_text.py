"""Pieces of YAML text for people: quoted words, comments, short lists in comments."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence

#: Lines of a list, at most.
LISTED = 12
_WIDTH = 98
_SAFE = re.compile(r"[^\W\d_][\w./:*+=~-]*")

_WORDS = ("true", "false", "null")


def quoted(text: str) -> str:
    """Write a text so that YAML reads it back, with quotes where it needs them."""
    if _SAFE.fullmatch(text) and not text.endswith(":") and text.casefold() not in _WORDS:
        return text
    is_unicode = text == text.encode("utf-8", "replace").decode("utf-8")
    return json.dumps(text, ensure_ascii=not is_unicode)


def comment(text: str, *, indent: int = 0) -> list[str]:
    """Wrap a text as comment lines."""
    if not text:
        return []
    return list(_wrapped(text.split(" "), " " * indent + "# "))


def listed(head: str, items: Iterable[str]) -> list[str]:
    """Write a list as comment lines, shortened; nothing where it is empty."""
    texts = list(items)
    if not texts:
        return []
    shown = [f"#   {' '.join(text.split())}" for text in texts[:LISTED]]
    shown += [f"#   and {len(texts) - LISTED} more"] if len(texts) > LISTED else []
    return [f"# {head}", *shown]


def _wrapped(words: Sequence[str], start: str) -> Iterator[str]:
    line = start
    for word in words:
        if len(line) + len(word) > _WIDTH and line != start:
            yield line.rstrip()
            line = start
        line += f"{word} "
    yield line.rstrip()
