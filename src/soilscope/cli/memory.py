"""How the C library keeps what was freed: the next slab takes it, and no page is cleared anew."""

import ctypes
import sys
from contextlib import suppress

# numbers of <malloc.h> (glibc)
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -2, -3, -8
_LARGE = 2**30  # bytes; arrays of slabs are smaller


def reuse_freed_memory() -> None:
    """Keep freed memory in one heap, where glibc serves this process; else do nothing.

    Every array of a slab is otherwise given back to the system, which clears the pages of the next:
    a sixth of a run, and a higher peak, as each thread has a heap of its own.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return
    for parameter, value in (
        (_ARENA_MAX, 1),
        (_MMAP_THRESHOLD, _LARGE),
        (_TRIM_THRESHOLD, _LARGE),
        (_TOP_PAD, 2**26),
    ):
        mallopt(parameter, value)


def give_back_freed_memory() -> None:
    """Give the system what is kept and not in use, before processes are started beside this one."""
    if not sys.platform.startswith("linux"):
        return
    with suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)
