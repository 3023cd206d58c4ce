"""A file of a web server, continued where an earlier try has stopped."""

import hashlib
import http.client
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from soilscope.errors import StudyError
from soilscope.study.download_files import require_room

_BLOCK = 2**20
_TIMEOUT = 60.0
_PAUSES = (0.5, 2.0, 8.0)  # seconds before another try
_AGAIN = (408, 425, 429, 500, 502, 503, 504)  # what may pass by itself
_LOGIN = (401, 403)


class _CutShort(OSError):
    """The server closed the connection before the end of the file."""


_PASSING = (
    _CutShort,
    urllib.error.URLError,
    http.client.HTTPException,
    TimeoutError,
    ConnectionError,
)


def fetch_http(url: str, partial: Path, *, name: str) -> None:
    """Fetch `url` into `partial`, which is continued if it holds the beginning of the same file."""
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise StudyError(f"{name}: {_bare(url)} is no address of a web server (http, https).")
    for pause in (*_PAUSES, None):
        try:
            _fetch(url, partial, name)
            return
        except urllib.error.HTTPError as error:
            error.close()
            if error.code in _LOGIN:
                raise StudyError(
                    f"{name}: {_bare(url)} asks for a login ({error.code}); fetch it with its own "
                    "client (from: earthaccess, for data of NASA) or by hand."
                ) from None
            if error.code not in _AGAIN or pause is None:
                raise
        except (OSError, http.client.HTTPException) as error:
            passing = isinstance(error, _PASSING)
            if not passing or pause is None:
                raise
        time.sleep(pause)


def _fetch(url: str, partial: Path, name: str) -> None:
    with _open(url, 0) as answer:
        tag, length = _tag(answer), _length(answer)
        have = _held(partial, tag)
        ranged = answer.headers.get("Accept-Ranges") == "bytes"
        if not (have and ranged and length and have < length):
            _write(answer, partial, tag, length, 0, name)
            return
    with _open(url, have) as answer:
        if answer.status != 206:
            have = 0
        _write(answer, partial, tag, length, have, name)


def _open(url: str, start: int) -> Any:
    headers = {"Range": f"bytes={start}-"} if start else {}
    request = urllib.request.Request(url, headers=headers)
    return urllib.request.urlopen(request, timeout=_TIMEOUT)


def _write(answer: Any, partial: Path, tag: str, length: int | None, start: int, name: str) -> None:
    if length:
        require_room(partial.parent, length - start, name=name)
    note = _note(partial)
    note.write_text(tag, encoding="ascii")
    with partial.open("ab" if start else "wb") as file:
        while block := answer.read(_BLOCK):
            file.write(block)
    n = partial.stat().st_size
    if length and n < length:
        raise _CutShort(f"the connection ended after {n} of {length} bytes")
    note.unlink()


def _note(partial: Path) -> Path:
    return partial.with_name(f"{partial.name}.tag")


def _held(partial: Path, tag: str) -> int:
    """Return how much of the same file is there already."""
    note = _note(partial)
    if not partial.is_file() or not note.is_file() or note.read_text("ascii") != tag:
        return 0
    return partial.stat().st_size


def _tag(answer: Any) -> str:
    """Return what changes with the file: its version and length as the server tells them."""
    said = [answer.headers.get(key, "") for key in ("ETag", "Last-Modified", "Content-Length")]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]


def _length(answer: Any) -> int | None:
    text = answer.headers.get("Content-Length", "")
    return int(text) if text.isdigit() else None


def _bare(url: str) -> str:
    """Return an address without what follows its path, which may hold a signature."""
    parts = urllib.parse.urlsplit(url)
    return urllib.parse.urlunsplit((parts.scheme, parts.hostname or "", parts.path, "", ""))
