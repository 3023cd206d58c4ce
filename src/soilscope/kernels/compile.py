"""How every kernel is compiled: decided once, before the first decorator runs."""

import os
import sysconfig
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from numba import config, njit


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _user_cache() -> Path | None:
    """Per-user cache folder, or None where the user has no home."""
    root = os.environ.get("LOCALAPPDATA") or os.environ.get("XDG_CACHE_HOME")
    if root:
        return Path(root) / "soilscope"
    try:
        return Path.home() / ".cache" / "soilscope"
    except RuntimeError:
        return None


def choose_cache() -> bool:
    """Whether compiled kernels are kept: a writable folder is searched for, else caching is off.

    A folder that the user chose through ``NUMBA_CACHE_DIR`` comes first, then the package's own
    ``__pycache__`` (numba's default), then a per-user and a temporary folder.
    """
    if config.CACHE_DIR:
        return _is_writable(Path(config.CACHE_DIR))
    if _is_writable(Path(__file__).parent / "__pycache__"):
        return True
    temporary = Path(tempfile.gettempdir()) / f"soilscope-{sysconfig.get_python_version()}"
    for folder in (_user_cache(), temporary):
        if folder is not None and _is_writable(folder):
            config.CACHE_DIR = str(folder)
            return True
    return False


CACHE = choose_cache()

#: nogil lets dask's threads run kernels side by side; numpy's error model keeps 0/0 a NaN.
kernel: Any = partial(njit, nogil=True, error_model="numpy", cache=CACHE)
