"""How every kernel is compiled, and where the machine code is kept."""

import os
import sysconfig
import tempfile
import warnings
from collections.abc import Callable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

from numba import config, njit

from soilscope.errors import SoilscopeWarning

HERE = Path(__file__).parent

#: Comparisons that the compiler does at once; lists to be compared are padded to a multiple of it.
LANES = 32


def _candidates() -> Iterator[Path]:
    """Folders that may hold compiled kernels, best first."""
    if config.CACHE_DIR:  # the user's own choice, through NUMBA_CACHE_DIR
        yield Path(config.CACHE_DIR)
        return
    yield HERE / "__pycache__"
    root = os.environ.get("LOCALAPPDATA") or os.environ.get("XDG_CACHE_HOME")
    try:
        yield (Path(root) if root else Path.home() / ".cache") / "soilscope"
    except RuntimeError:  # a user without a home
        pass
    try:
        temporary = Path(tempfile.gettempdir())
        if temporary != Path.cwd():  # where nothing else can be written, Python takes that one
            yield _private(temporary) / sysconfig.get_python_version()
    except OSError:
        pass


def _private(temporary: Path) -> Path:
    """Make the user's own folder; what another user has put there would be run as code."""
    user = os.getuid() if hasattr(os, "getuid") else "user"
    folder = temporary / f"soilscope-kernels-{user}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or (user != "user" and folder.stat().st_uid != user):
        raise PermissionError(f"{folder} belongs to another user")
    return folder


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def choose_cache() -> Path | None:
    """Return the folder for compiled kernels, or None (and say so) where nothing can be written.

    It bears a digest of all kernels: numba alone does not see that a helper in another file has
    changed, and would go on with stale code.
    """
    digest = blake2b(digest_size=8)
    for file in sorted(HERE.glob("*.py")):
        digest.update(file.read_bytes())
    for folder in _candidates():
        if _is_writable(folder / f"kernels-{digest.hexdigest()}"):
            return folder / f"kernels-{digest.hexdigest()}"
    warnings.warn(
        "compiled kernels cannot be kept, so every process compiles them anew; set "
        "NUMBA_CACHE_DIR to a folder that can be written.",
        SoilscopeWarning,
        stacklevel=2,
    )
    return None


CACHE = choose_cache()


def kernel(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Compile a function on its first call; numba's other users keep their own cache folder."""
    if function is None:
        return lambda function: kernel(function, **options)
    # nogil lets dask's threads run kernels side by side; numpy's error model keeps 0/0 a NaN
    compiled = njit(nogil=True, error_model="numpy", **options)(function)
    if CACHE is not None and not config.DISABLE_JIT:
        before, config.CACHE_DIR = config.CACHE_DIR, str(CACHE)
        try:
            compiled.enable_caching()
        finally:
            config.CACHE_DIR = before
    return compiled
