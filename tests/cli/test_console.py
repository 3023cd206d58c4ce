"""Every command speaks through any console, pipe or none at all; nothing said can end a run."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from soilscope.cli.main import main
from soilscope.study.store import Store

#: Letters of gbk, of Latin-1 alone, and of neither.
TITLE = "贺兰山 \N{MINUS SIGN} Étude m³ 🌱"
STUDY = f"""\
title: "{TITLE}"
inputs:
  twin: {{product: helan_twin, spacing: 0.25, months: 36}}
analyses:
  年均: {{step: composite, da: soil_moisture, freq: YS, min_count: 12}}
  最低: {{step: composite, da: soil_moisture, freq: YS, how: min}}
"""
RUN = ("run", "研究.yaml", "--no-report", "-r")  # and the folder
#: Enough for the settings of a machine without any of ours.
BARE = ("PYTHONUTF8", "PYTHONIOENCODING", "LC_ALL", "LANG", "PYTHONWARNINGS", "TERM")
CONSOLES = [
    {"PYTHONIOENCODING": "gbk"},
    {"PYTHONIOENCODING": "ascii:strict"},
    {"LC_ALL": "C", "PYTHONUTF8": "0"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "gbk"},
]
posix = pytest.mark.skipif(sys.platform == "win32", reason="descriptors and terminals of POSIX")
Call = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a study that has run, in a name of two scripts."""
    home = tmp_path_factory.mktemp("a") / "数据 贺兰山 é"
    home.mkdir()
    (home / "研究.yaml").write_text(STUDY, encoding="utf-8-sig")
    assert main(["run", str(home / "研究.yaml"), "-r", str(home / "结果")]) == 0
    return home


def program(
    home: Path, *arguments: str, env: dict[str, str] | None = None, **options: object
) -> "subprocess.Popen[bytes]":
    settings = {k: v for k, v in os.environ.items() if k not in BARE}
    return subprocess.Popen(
        [sys.executable, "-m", "soilscope", *arguments],
        cwd=home,
        env=settings | (env or {}),
        stdin=subprocess.DEVNULL,
        **({"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options),
    )


def said(process: "subprocess.Popen[bytes]") -> str:
    """Wait for a command that must succeed; return both streams, in what encoding so ever."""
    out, err = process.communicate(timeout=120)
    assert (process.returncode, b"Traceback" in err) == (0, False), err
    return (out + err).decode("ascii", errors="backslashreplace")


@pytest.mark.parametrize("console", CONSOLES, ids=lambda c: " ".join(map("=".join, c.items())))
def test_every_command_works_on_every_console(finished, console):
    shown = said(program(finished, "check", "研究.yaml", env=console))
    title = TITLE.encode(written(console), errors="backslashreplace")
    assert shown.startswith(title.decode("ascii", errors="backslashreplace"))
    for arguments in (["run", "研究.yaml", "-r", "结果"], ["status", "结果"]):
        assert "index.html" in said(program(finished, *arguments, env=console))


@posix
def test_a_report_is_written_where_locale_and_console_know_no_letter(finished):
    assert "index.html" in said(program(finished, "report", "结果", env=CONSOLES[-1]))


def written(console: dict[str, str]) -> str:
    """Encoding in which Python writes on this console."""
    if "PYTHONIOENCODING" in console:
        return console["PYTHONIOENCODING"].partition(":")[0]
    return "ascii" if "PYTHONUTF8" in console and sys.platform != "win32" else "utf-8"


@posix
def test_a_fault_names_a_file_that_the_console_cannot_write(finished):
    process = program(finished, "check", "没有.yaml", env=CONSOLES[2])
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    told = b"soilscope: error: \\u6ca1\\u6709.yaml: there is no such study file"
    assert err == told + b"; did you mean '\\u7814\\u7a76.yaml'?\n"


@posix
@pytest.mark.parametrize("streams", ["2>/dev/full", ">&- 2>&-", "<&- >&- 2>&-"])
def test_a_run_goes_on_when_nothing_that_it_says_can_be_written(finished, streams, tmp_path):
    if "full" in streams and not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    command = f'"{sys.executable}" -m soilscope {" ".join(RUN)} "{tmp_path}/out"'
    done = subprocess.run(f"{command} {streams}", shell=True, cwd=finished, check=False, timeout=60)
    assert done.returncode == 0
    assert Store(tmp_path / "out").names() == ["cube", "年均", "最低"]


@posix
def test_a_data_file_never_takes_the_number_of_a_closed_stream():
    code = (
        "from soilscope.cli.streams import prepare as p; p([]); print(open('/dev/null').fileno())"
    )
    command = f'"{sys.executable}" -W ignore -c "{code}" 2>&- <&-'
    done = subprocess.run(command, shell=True, capture_output=True, check=True, timeout=60)
    assert int(done.stdout) > 2


def test_a_run_goes_on_when_the_reader_of_its_lines_has_gone(finished, tmp_path):
    out = str(tmp_path / "out")
    with program(finished, *RUN, out) as process:
        assert process.stderr is not None
        process.stderr.close()
        assert process.wait(timeout=60) == 0
    assert Store(tmp_path / "out").manifest["finished"]


def on_a_terminal(home: Path, *arguments: str, env: dict[str, str]) -> tuple[int, bytes]:
    import pty

    ours, theirs = pty.openpty()
    process = program(home, *arguments, env=env, stdout=theirs, stderr=theirs)
    os.close(theirs)
    said = b""
    try:
        while block := os.read(ours, 4096):
            said += block
    except OSError:  # Linux says so when the other end has been closed
        pass
    os.close(ours)
    return process.wait(timeout=60), said


@posix
@pytest.mark.parametrize("encoding", ["gbk", "utf-8"])
def test_bars_are_drawn_on_a_terminal_of_any_encoding(finished, tmp_path, encoding):
    code, said = on_a_terminal(
        finished,
        *RUN,
        str(tmp_path / "out"),
        env={"PYTHONIOENCODING": encoding, "TERM": "xterm", "COLUMNS": "80"},
    )
    assert code == 0, said
    name = "年均".encode(encoding, errors="backslashreplace")
    assert name in said
    assert name + b": done (composite, 1 slab(s))" in said
    assert b"2/3 results" in re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", said)
    assert b"Traceback" not in said


@posix
def test_a_terminal_that_cannot_move_its_cursor_gets_lines(finished, tmp_path):
    code, said = on_a_terminal(
        finished,
        *RUN,
        str(tmp_path / "out"),
        env={"TERM": "dumb", "PYTHONIOENCODING": "utf-8"},
    )
    assert code == 0, said
    assert "年均: done (composite, 1 slab(s))".encode() in said
    assert b"\x1b" not in said


def test_a_terminal_that_goes_away_does_not_end_the_run(finished, tmp_path):
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    process = program(
        finished,
        *RUN,
        str(tmp_path / "out"),
        env={"TERM": "xterm"},
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        start_new_session=True,  # the terminal is not theirs: no hang-up signal
    )
    os.close(theirs)
    assert os.read(ours, 64)  # its bars have begun
    os.close(ours)
    assert process.wait(timeout=60) == 0


def test_python_m_soilscope_is_the_command(finished):
    script = shutil.which("soilscope", path=str(Path(sys.executable).parent))
    assert script, "the command is not installed beside the interpreter"
    both = [
        subprocess.run([*start, "status", "结果"], cwd=finished, capture_output=True, check=True)
        for start in ([sys.executable, "-m", "soilscope"], [script])
    ]
    assert both[0].stdout == both[1].stdout != b""
