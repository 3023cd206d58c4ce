"""Freed memory stays with the process, where the C library allows it."""

import platform
import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
import numpy as np
from soilscope.cli.memory import reuse_freed_memory

if sys.argv[1] == "kept":
    reuse_freed_memory()
np.ones(2**23)  # 64 MiB
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(40):
    np.ones(2**23)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told to keep memory")
def test_arrays_that_follow_one_another_share_their_pages():
    assert faults("kept") < 0.5 * faults("as it is")


HEAP = """
import numpy as np, psutil
from soilscope.cli.memory import give_back_freed_memory, reuse_freed_memory

reuse_freed_memory()
held = [np.ones(2**20) for _ in range(40)]  # 8 MiB each
wall = np.ones(2**10)
del held
before = psutil.Process().memory_info().rss
give_back_freed_memory()
print((before - psutil.Process().memory_info().rss) // 2**20)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps freed memory")
def test_kept_memory_can_be_given_back():
    done = subprocess.run([sys.executable, "-c", HEAP], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 200
