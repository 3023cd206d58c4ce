"""A run that is killed, stopped or out of disk goes on and gives what it would have given."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope.cli.main import main
from soilscope.study import slabs
from soilscope.study.store import Store

STUDY = """\
title: A small grid
inputs:
  grid:
    product: raster
    paths: grid.nc
    depth_bounds: [[0, 0.1]]
    variables: {soil_moisture: sm}
analyses:
  annual: {step: composite, da: soil_moisture, freq: YS, min_count: 12}
  trend: {step: trend, da: annual, correction: none}
"""
SLAB = 20_000  # bytes, so that the grid has several slabs

#: The command line with small slabs, in which something happens before the mark of a slab.
CHILD = f"""
import os, signal, sys
from soilscope.cli.main import main
from soilscope.study import slabs
slabs.SLAB_BYTES = {SLAB}
write, marks = slabs.write_json, []
def write_json(path, value):
    if path.parent.parent.name.startswith("annual-") and path.stem != "template":
        marks.append(path)
        if len(marks) == 3:
            BEFORE
    write(path, value)
slabs.write_json = write_json
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def grid(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a study and its data; the slabs are small."""
    monkeypatch.setattr(slabs, "SLAB_BYTES", SLAB)
    rng = np.random.default_rng(0)
    sm = xr.DataArray(
        (0.25 + 0.03 * rng.normal(size=(240, 8, 8)).clip(-3, 3)).astype("f4"),
        {
            "time": pd.date_range("2000-01", periods=240, freq="MS"),
            "latitude": 38 - 0.1 * np.arange(8),
            "longitude": 106 + 0.1 * np.arange(8),
        },
        ("time", "latitude", "longitude"),
        attrs={"units": "m3 m-3"},
    )
    sm.to_dataset(name="sm").to_netcdf(folder / "grid.nc")
    (folder / "study.yaml").write_text(STUDY)
    return folder


def heard() -> None:
    """Let a child hear Ctrl-C, also where the tests run in the background, which ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


HEARD = None if sys.platform == "win32" else heard


def child(before: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD.replace("BEFORE", before), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=HEARD,
    )


def run(results: Path | str) -> int:
    return main(["run", "study.yaml", "--no-report", "--results", str(results)])


def require_same(one: Path | str, two: Path | str) -> None:
    for name in ("cube", "annual", "trend"):
        xr.testing.assert_identical(Store(one).open(name).load(), Store(two).open(name).load())


def marks(results: Path | str) -> set[str]:
    found = (Path(results) / ".work").glob("annual-*/done/*.json")
    return {path.stem for path in found} - {"template"}


def goes_on(grid: Path, monkeypatch: pytest.MonkeyPatch, results: Path | str) -> None:
    """Run again: only what is missing is computed, and all is as if nothing had happened."""
    kept = marks(results)
    fill, filled = slabs.Growing.fill, []

    def noted(self, slab, compute):
        filled.append((self.work.name.split("-")[0], slab.key))
        fill(self, slab, compute)

    with monkeypatch.context() as patch:
        patch.setattr(slabs.Growing, "fill", noted)
        assert run(results) == 0
    again = {key for name, key in filled if name == "annual"}
    assert not again & kept
    assert not any(name == "cube" for name, _ in filled)
    assert run("undisturbed") == 0
    assert len(again | kept) == Store("undisturbed").record("annual").slabs
    require_same(results, "undisturbed")
    assert not (Path(results) / ".work").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
def test_a_run_that_was_killed_in_the_middle_of_a_step_goes_on(grid, monkeypatch):
    process = child(
        "os.kill(os.getpid(), signal.SIGKILL)", "run", "study.yaml", "--no-report", "-r", "out"
    )
    _, errors = process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL
    assert "Traceback" not in errors
    assert len(marks("out")) >= 2
    assert not Store("out").has("annual")
    goes_on(grid, monkeypatch, "out")


def test_ctrl_c_leaves_one_line_and_what_is_finished(grid, monkeypatch):
    process = child("signal.raise_signal(signal.SIGINT)", "run", "study.yaml", "-r", "out")
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert errors.splitlines()[-1].startswith("soilscope: interrupted; finished slabs are kept")
    assert sum(line.startswith("soilscope:") for line in errors.splitlines()) == 1
    goes_on(grid, monkeypatch, "out")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no process groups on Windows")
def test_ctrl_c_that_reaches_the_workers_too_is_told_once(grid, monkeypatch):
    program = grid / "program.py"  # a file, as the workers import it anew
    program.write_text(
        "import os, signal, sys, time\n"
        "from soilscope.cli.main import main\n"
        "from soilscope.study import slabs\n"
        "inner = slabs.Growing.fill\n"
        "def fill(self, *args, **options):\n"  # a bound method travels by its name
        "    inner(self, *args, **options)\n"
        "    time.sleep(0.3)\n"
        "slabs.Growing.fill = fill\n"
        "if __name__ == '__main__':\n"
        f"    slabs.SLAB_BYTES = {SLAB}\n"
        "    sys.exit(main(sys.argv[1:]))\n"
    )
    process = subprocess.Popen(
        [sys.executable, program, "run", "study.yaml", "-r", "out", "--workers", "2"],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=HEARD,
        start_new_session=True,  # the terminal's Ctrl-C reaches this whole group
    )
    while not marks("out"):
        assert process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert errors.splitlines()[-1].startswith("soilscope: interrupted; finished slabs are kept")
    goes_on(grid, monkeypatch, "out")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no signals to send on Windows")
@pytest.mark.usefixtures("grid")
def test_a_second_ctrl_c_waits_for_no_slab(folder):
    program = folder / "program.py"
    program.write_text(
        "import sys, time\n"
        "from soilscope.cli.main import main\n"
        "from soilscope.study import slabs\n"
        "inner = slabs.Growing.fill\n"
        "def fill(self, *args, **options):\n"
        "    print('at work', flush=True)\n"
        "    time.sleep(30)\n"
        "slabs.Growing.fill = fill\n"
        "sys.exit(main())\n"
    )
    process = subprocess.Popen(
        [sys.executable, program, "run", "study.yaml", "-r", "out"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=HEARD,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "at work\n"
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    while "Ctrl-C was heard" not in process.stderr.readline():  # the word that it was heard
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert errors.splitlines()[-1].startswith("soilscope: interrupted;")
    assert run("out") == 0


def test_a_folder_that_another_process_holds_is_refused_and_left_alone(grid, capfd):
    process = child(
        "print('held', flush=True); sys.stdin.readline()",
        "run",
        "study.yaml",
        "--no-report",
        "-r",
        "out",
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        before = marks("out")
        assert run("out") == 2
        (line,) = capfd.readouterr().err.splitlines()
        assert line.startswith(
            f"soilscope: error: out is in use by another run (process {process.pid} on "
        )
        assert marks("out") >= before
    finally:
        process.communicate("\n", timeout=120)
    assert process.returncode == 0
    assert run("out") == 0
    assert run("undisturbed") == 0
    require_same("out", "undisturbed")


@pytest.fixture
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount a small file system of its own; only root may."""
    disk = folder / "disk"
    disk.mkdir()
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root on Linux")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.mark.parametrize("free", [0, 40_000, 120_000, 180_000, 220_000])
def test_a_run_goes_on_when_a_full_disk_has_room_again(grid, small_disk, free, capsys):
    ballast = small_disk / "ballast"
    space = os.statvfs(small_disk)
    ballast.write_bytes(bytes(space.f_bavail * space.f_frsize - free))
    out = small_disk / "out"
    assert run(out) == 2
    told = [x for x in capsys.readouterr().err.splitlines() if x.startswith("soilscope:")]
    assert told == [
        "soilscope: error: the disk is full; finished slabs are kept. Free some space and give "
        "the same command again."
    ]
    ballast.unlink()
    assert run(out) == 0
    assert run("undisturbed") == 0
    require_same(out, "undisturbed")


def test_a_disk_that_is_full_when_the_report_is_written_keeps_every_result(
    grid, small_disk, capsys
):
    out = small_disk / "out"
    assert run(out) == 0
    space = os.statvfs(small_disk)
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(space.f_bavail * space.f_frsize - 20_000))
    capsys.readouterr()
    assert main(["report", str(out)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("soilscope: error: the disk is full;")
    assert not (out / ".report.part").exists()
    assert run(out) == 0
    ballast.unlink()
    assert main(["report", str(out)]) == 0
    assert (out / "report" / "index.html").stat().st_size > 10_000


def test_a_lock_that_a_dead_process_left_does_not_hold_the_folder(grid):
    out = grid / "out"
    out.mkdir()
    (out / ".lock").touch()
    (out / ".lock.json").write_text(json.dumps({"pid": 1, "host": "elsewhere"}))
    assert run(out) == 0
