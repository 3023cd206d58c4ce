"""A study run whole by the command line, in a process of its own: what it takes."""

import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import psutil


class Cost(NamedTuple):
    """What a run took."""

    wall: float  # s
    processor: float  # s, of all threads and processes
    peak: float  # GiB, of all processes together


def run(folder: Path, study: Path, results: str) -> Cost:
    """Run the study from nothing; return what it took."""
    shutil.rmtree(folder / results, ignore_errors=True)
    command = [sys.executable, "-m", "soilscope", "run", str(study), "-r", results, "--quiet"]
    started, before = time.perf_counter(), _processor()
    with subprocess.Popen(command, cwd=folder) as process:
        peak = 0
        while process.poll() is None:
            peak = max(peak, _memory(process.pid))
            time.sleep(0.1)
    if process.returncode:
        raise SystemExit(process.returncode)
    return Cost(time.perf_counter() - started, _processor() - before, peak / 2**30)


def _processor() -> float:
    """Processor time of all children that have ended, s."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _memory(pid: int) -> int:
    try:
        own = psutil.Process(pid)
        return sum(p.memory_info().rss for p in [own, *own.children(recursive=True)])
    except psutil.NoSuchProcess:
        return 0
