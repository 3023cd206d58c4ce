"""Files that are fetched: partial ones bear another name, and a whole one is published at once."""

import errno
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from soilscope.errors import StudyError
from soilscope.study.store import read_json, write_json

_NOTE, _LOCK = ".download.json", ".download.lock"
_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_SECRET = re.compile(
    r"(?i)\b(bearer|basic|token|api-?key|key|password|passwd|secret|sig|signature)\b(\W{1,3})[^\s,;]+"
)
_AGAIN = "whole files are kept, and the same command goes on from there."


@dataclass(frozen=True)
class Wanted:
    """A file that is to be there, and how it is fetched into a partial file."""

    target: Path
    fetch: Callable[[Path], None]
    asked: str = ""  # what was asked for, where the name alone does not say it

    @property
    def partial(self) -> Path:
        """Name of the file while it is not whole."""
        return self.target.with_name(f".{self.target.name}.part")


@dataclass(frozen=True)
class Told:
    """How far the files of an input are; `kept` where they were there already."""

    input: str
    file: str
    done: int
    total: int
    kept: bool = False


Report = Callable[[Told], None]


def fetch_all(
    wanted: Sequence[Wanted], *, name: str, report: Report, begin: Callable[[str], None]
) -> int:
    """Fetch what is not there, one file after the other, and return how many that were."""
    folder = wanted[0].target.parent
    with _full_disk(name, folder), _alone(folder):
        notes = _notes(folder)
        waiting = [item for item in wanted if not _is_whole(item, notes)]
        kept = len(wanted) - len(waiting)
        if kept:
            report(Told(name, "", kept, len(wanted), kept=True))
        for number, item in enumerate(waiting, start=kept + 1):
            begin(f"{name}: {item.target.name}")
            _fetch(item, name)
            if item.asked:
                notes = {**notes, item.target.name: item.asked}
                write_json(folder / _NOTE, notes)
            report(Told(name, item.target.name, number, len(wanted)))
    return len(waiting)


def safe_name(text: str) -> str:
    """Return a name from a server as one that stays in its folder, and is none of ours.

    >>> safe_name("../MOD13A2 a/b.tif")
    'MOD13A2_a_b.tif'
    """
    return re.sub(r"[^\w.+=@-]+", "_", text).lstrip("._") or "file"


def require_room(folder: Path, n_bytes: int, *, name: str) -> None:
    """Refuse to begin a file for which the disk has no room."""
    free = shutil.disk_usage(folder).free
    if n_bytes > free:
        raise StudyError(
            f"{name}: the disk of {folder} has {_size(free)} left, and the next file takes "
            f"{_size(n_bytes)}; free some space and give the same command again: {_AGAIN}"
        )


def said(error: BaseException) -> str:
    """Return the first line of a client's error, without anything that could be a secret."""
    lines = str(error).strip().splitlines()
    return without_secrets(lines[0] if lines else type(error).__name__)[:200]


def without_secrets(text: str) -> str:
    """Return a client's words without user names, queries of addresses, keys and tokens."""
    text = re.sub(r"(\w+://)[^/\s@]*@", r"\1", text)
    text = re.sub(r"(\w+://[^\s?]+)\?\S+", r"\1", text)
    return _SECRET.sub(r"\1\2...", text)


def _fetch(item: Wanted, name: str) -> None:
    try:
        item.fetch(item.partial)
    except StudyError:
        raise
    except Exception as error:  # clients raise errors of many kinds
        if _is_full(error):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from None
        raise StudyError(
            f"{name}: {item.target.name} was not fetched ({said(error)}); {_AGAIN}"
        ) from None
    if not item.partial.is_file() or not item.partial.stat().st_size:
        item.partial.unlink(missing_ok=True)
        raise StudyError(f"{name}: nothing came for {item.target.name}; {_AGAIN}")
    item.partial.replace(item.target)


def _is_whole(item: Wanted, notes: Mapping[str, str]) -> bool:
    """Whether a file is there; one that was fetched for something else is refused."""
    if not item.target.is_file() or not item.target.stat().st_size:
        return False
    before = notes.get(item.target.name, item.asked)
    if before != item.asked:
        raise StudyError(
            f"{item.target} was fetched for {before}, and now it is to hold {item.asked}; move it "
            "(and those like it) away, and give the same command again."
        )
    return True


def _notes(folder: Path) -> dict[str, str]:
    path = folder / _NOTE
    if not path.is_file():
        return {}
    with suppress(StudyError):  # a damaged note says nothing
        return {key: str(value) for key, value in read_json(path).items()}
    return {}


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one command at a time fetch into a folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / _LOCK)
        lock.acquire(timeout=0)
    except Timeout:
        raise StudyError(f"another download is at work in {folder}; wait for it.") from None
    except (PermissionError, FileExistsError, NotADirectoryError) as error:
        raise StudyError(
            f"{folder} cannot be written to ({error.strerror}); mend paths, or the folder's rights."
        ) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _full_disk(name: str, folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if not _is_full(error):
            raise
        raise StudyError(
            f"{name}: the disk of {folder} is full; free some space and give the same command "
            f"again: {_AGAIN}"
        ) from None


def _is_full(error: BaseException | None) -> bool:
    while error is not None:
        if getattr(error, "errno", None) in _FULL:
            return True
        error = error.__cause__ or error.__context__
    return False


def _size(n_bytes: int) -> str:
    return f"{n_bytes / 2**20:.0f} MiB" if n_bytes < 2**30 else f"{n_bytes / 2**30:.1f} GiB"
