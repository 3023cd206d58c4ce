"""Where libraries keep what they have worked out, when their own folders cannot be written."""

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path


def use_writable_caches() -> None:
    """Send the caches of matplotlib and fontconfig to the temporary folder, if they must move.

    Without a home, or with one that cannot be written, both would complain at each start.
    """
    folder: Path | None = None
    for variable, defaults in (
        ("MPLCONFIGDIR", _of_matplotlib()),
        ("XDG_CACHE_HOME", [_base("XDG_CACHE_HOME", ".cache")]),
    ):
        if variable in os.environ or all(map(_is_writable, defaults)):
            continue
        folder = folder or _substitute()
        if folder is not None:
            os.environ[variable] = str(folder)


def _of_matplotlib() -> list[Path | None]:
    if sys.platform.startswith(("linux", "freebsd")):
        bases = [_base("XDG_CONFIG_HOME", ".config"), _base("XDG_CACHE_HOME", ".cache")]
        return [base and base / "matplotlib" for base in bases]
    return [_base("", ".matplotlib")]


def _base(variable: str, below_home: str) -> Path | None:
    if os.environ.get(variable):
        return Path(os.environ[variable])
    try:
        return Path.home() / below_home
    except RuntimeError:  # a user without a home
        return None


def _is_writable(folder: Path | None) -> bool:
    if folder is None:
        return False
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _substitute() -> Path | None:
    """Return a folder of this user that lasts, else one for this process, else None."""
    user = os.getuid() if hasattr(os, "getuid") else "user"
    try:
        temporary = Path(tempfile.gettempdir())
        lasting = temporary / f"soilscope-caches-{user}"
        if temporary != Path.cwd() and _is_private(lasting):
            return lasting
        passing = tempfile.mkdtemp(prefix="soilscope-")
    except OSError:
        return None
    atexit.register(shutil.rmtree, passing, ignore_errors=True)
    return Path(passing)


def _is_private(folder: Path) -> bool:
    """Make the folder; refuse one that another user has put there."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError:
        return False
    own = not hasattr(os, "getuid") or folder.lstat().st_uid == os.getuid()
    return own and not folder.is_symlink() and _is_writable(folder)
