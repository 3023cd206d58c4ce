"""Commands run, and say nothing of it, where no home, no package and no cache can be written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from soilscope.cli import caches
from soilscope.cli.caches import use_writable_caches

STUDY = """\
title: Small
inputs:
  twin: {product: helan_twin, spacing: 0.25, months: 36}
analyses:
  annual: {step: composite, da: soil_moisture, freq: YS, min_count: 12}
"""
SAID = ["cube: done (cube, 1 slab(s))", "annual: done (composite, 1 slab(s))"]
VARIABLES = ("MPLCONFIGDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "NUMBA_CACHE_DIR")

#: In a name space of its own every file system but the folder that is given becomes read-only.
READ_ONLY = """\
set -e
mount --make-rprivate /
if test -d /var/cache/fontconfig; then mount -t tmpfs tmpfs /var/cache/fontconfig; fi
mount --bind "$1" "$1"
awk '{print $2}' /proc/mounts | grep -v -e '^/proc' -e '^/sys' -e '^/dev' | while read -r point; do
    test "$point" = "$1" || mount -o remount,ro,bind "$point" 2>/dev/null || true
done
cd "$1"
if touch "$2/written" 2>/dev/null; then rm "$2/written"; exit 77; fi
unset HOME
exec "$3" -m soilscope run study.yaml -r out
"""


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A user without a home; the temporary folder is a new one."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)

    def no_home() -> Path:
        raise RuntimeError("there is no home")

    monkeypatch.setattr(caches.Path, "home", no_home)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_caches_go_to_a_private_folder_where_there_is_no_home(homeless):
    use_writable_caches()
    folder = Path(os.environ["MPLCONFIGDIR"])
    assert folder.parent == homeless
    assert os.environ["XDG_CACHE_HOME"] == str(folder)
    if sys.platform != "win32":
        assert folder.stat().st_mode & 0o077 == 0


def test_what_the_user_has_chosen_stays(homeless, monkeypatch):
    monkeypatch.setenv("MPLCONFIGDIR", "mine")
    monkeypatch.setenv("XDG_CACHE_HOME", str(homeless))
    use_writable_caches()
    assert os.environ["MPLCONFIGDIR"] == "mine"
    assert list(homeless.iterdir()) == []


def test_nothing_changes_where_the_home_can_be_written(homeless, monkeypatch):
    monkeypatch.setattr(caches.Path, "home", lambda: homeless / "home")
    use_writable_caches()
    assert not {"MPLCONFIGDIR", "XDG_CACHE_HOME"} & set(os.environ)


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_a_folder_that_another_has_laid_out_is_not_used(homeless):
    elsewhere = homeless / "elsewhere"
    elsewhere.mkdir()
    (homeless / f"soilscope-caches-{os.getuid()}").symlink_to(elsewhere)
    use_writable_caches()
    assert Path(os.environ["MPLCONFIGDIR"]).name.startswith("soilscope-")
    assert list(elsewhere.iterdir()) == []


def test_nothing_is_littered_where_only_the_working_folder_can_be_written(homeless, monkeypatch):
    monkeypatch.chdir(homeless)
    use_writable_caches()
    assert "soilscope-caches" not in os.environ["MPLCONFIGDIR"]


def bare() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if k not in (*VARIABLES, "PYTHONWARNINGS")}


@pytest.mark.skipif(sys.platform == "win32", reason="a home that cannot be, as POSIX knows it")
def test_a_home_that_cannot_be_written_is_not_spoken_of(folder):
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "soilscope", "run", "study.yaml", "-r", "out"],
        env=bare() | {"HOME": "/dev/null/nowhere"},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr.splitlines()) == (0, SAID)


def test_it_runs_where_all_but_the_results_folder_is_read_only(tmp_path):
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("read-only mounts need root on Linux")
    (tmp_path / "study.yaml").write_text(STUDY, encoding="utf-8")
    package = Path(caches.__file__).parents[1]
    command = ["unshare", "-m", "sh", "-c", READ_ONLY, "sh", tmp_path, package, sys.executable]
    done = subprocess.run(
        command, env=bare(), capture_output=True, encoding="utf-8", check=False, timeout=180
    )
    if done.returncode in (1, 32, 77) and not (tmp_path / "out").exists():
        pytest.skip(f"no read-only mounts can be made here: {done.stderr.strip()}")
    assert (done.returncode, done.stdout) == (0, "out/report/index.html\n"), done.stderr
    note, *said = done.stderr.splitlines()
    assert note.startswith("soilscope: warning: compiled kernels cannot be kept, so every ")
    assert said == SAID
    assert {path.name for path in tmp_path.iterdir()} == {"study.yaml", "out"}  # no litter
