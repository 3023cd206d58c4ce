"""The command line: exit codes, one line a fault, never a traceback."""

import errno
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from soilscope.cli import main as command
from soilscope.cli.main import main
from soilscope.errors import InputError, SoilscopeWarning, StudyError
from soilscope.study.lock import claim

STUDY = """\
title: Small
inputs:
  twin: {product: helan_twin, spacing: 0.25, months: 36}
analyses:
  annual: {step: composite, da: soil_moisture, freq: YS, min_count: 12}
  months: {step: trend, da: soil_moisture, season: month}
"""
TABLE = STUDY.replace("helan_twin, spacing: 0.25, months: 36", "table, paths: sm.csv")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("soilscope.study.config.load_study", fail)


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("verb", ["check", "run"])
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            STUDY.replace("title", "titel"),
            "study.yaml:1: unknown key 'titel'; did you mean 'title'?",
        ),
        (STUDY.replace("step: trend", "step: tend"), "study.yaml:6: unknown step 'tend'; did you"),
        (STUDY.replace("season", "seson"), "study.yaml:6: unknown option 'seson'; did you mean"),
        (STUDY.replace("da: soil_moisture,", "da: soil_moistur,", 1), "study.yaml:5: da: unknown "),
        ("", "study.yaml: the file is empty; "),
        (b"\x89HDF\r\n\x1a\n\0\0", "study.yaml: the file is binary; "),
        (
            STUDY + "description: !!python/object/apply:os.system ['touch ran']\n",
            "study.yaml:7: the tag !!py",
        ),
        (STUDY + "title: Again\n", "study.yaml:7: the key 'title' stands here and in line 1."),
        (TABLE, "study.yaml:3: there is no file "),
        (STUDY + "roots: {data: nowhere}\n", "study.yaml:7: the root 'data' is no folder: "),
        (STUDY.replace("spacing: 0.25", "spacing: 9.0"), "study.yaml:3: input 'twin': spacing is "),
        (STUDY.replace("season: month", "confidence: 7"), "study.yaml:6: months: confidence"),
    ],
)
def test_a_bad_study_is_one_line_and_exit_code_2(folder, capsys, verb, content, expected):
    raw = content if isinstance(content, bytes) else content.encode()
    (folder / "study.yaml").write_bytes(raw)
    assert main([verb, "study.yaml"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line[: len(expected) + 18] for line in lines] == [f"soilscope: error: {expected}"]
    assert sorted(path.name for path in folder.iterdir()) == ["study.yaml"]


def test_each_of_several_faults_has_its_own_line(folder, capsys):
    (folder / "study.yaml").write_text(STUDY.replace("title", "titel").replace("trend", "tend"))
    assert main(["check", "study.yaml"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_check_shows_the_plan_and_writes_nothing(folder, capsys):
    (folder / "study.yaml").write_text(STUDY)
    assert main(["check", "study.yaml"]) == 0
    shown = capsys.readouterr()
    assert "months: trend -> " in shown.out
    assert shown.err == ""
    assert [path.name for path in folder.iterdir()] == ["study.yaml"]


def test_run_prints_the_results_folder_and_keeps_results_of_an_earlier_run(folder, capsys):
    (folder / "study.yaml").write_text(STUDY)
    assert main(["run", "study.yaml", "--no-report"]) == 0
    shown = capsys.readouterr()
    assert Path(shown.out.splitlines()[-1]) == Path("results/study")
    assert "months: done (trend, 1 slab(s))" in shown.err
    assert main(["run", "study.yaml", "--no-report", "--results", "results/study"]) == 0
    assert "months: kept from an earlier run" in capsys.readouterr().err
    assert main(["status", "results/study"]) == 0
    status = capsys.readouterr().out
    assert "Small (study.yaml)" in status
    assert "months  whole, trend, " in status
    assert "report: none yet" in status


def test_a_folder_of_another_study_is_refused(folder, capsys):
    for name in ("one.yaml", "two.yaml"):
        (folder / name).write_text(STUDY)
    assert main(["run", "one.yaml", "--no-report", "--results", "out"]) == 0
    capsys.readouterr()
    assert main(["run", "two.yaml", "--no-report", "--results", "out"]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("soilscope: error: out holds the results of one.yaml, not of two.yaml;")


def test_a_folder_without_results_is_refused_by_status_and_report(folder, capsys):
    for verb in ("status", "report"):
        assert main([verb, "."]) == 2
        [line] = capsys.readouterr().err.splitlines()
        assert "is not a results folder" in line


@pytest.mark.parametrize(
    ("error", "code", "expected"),
    [
        (InputError("one\nfault"), 2, ["soilscope: error: one fault"]),
        (StudyError("one", "two"), 2, ["soilscope: error: one", "soilscope: error: two"]),
        (
            KeyboardInterrupt(),
            130,
            ["soilscope: interrupted; nothing was written."],
        ),
        (
            OSError(errno.ENOSPC, "No space left on device", "x"),
            2,
            [
                "soilscope: error: the disk is full; finished slabs are kept. Free some space and "
                "give the same command again."
            ],
        ),
        (
            FileNotFoundError(errno.ENOENT, "No such file or directory", "x" * 250),
            2,
            [
                f"soilscope: error: {'x' * 250}: No such file or directory. The path has 250 "
                "characters, and some systems allow 260: give a shorter folder with --results."
            ],
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "out"),
            2,
            ["soilscope: error: out: Permission denied."],
        ),
    ],
)
def test_what_goes_wrong_is_told_in_lines(monkeypatch, capsys, error, code, expected):
    raising(monkeypatch, error)
    assert main(["check", "study.yaml"]) == code
    assert capsys.readouterr().err.splitlines() == expected


def test_a_full_disk_is_known_behind_another_error(monkeypatch, capsys):
    outer = RuntimeError("writing failed")
    outer.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    raising(monkeypatch, outer)
    assert main(["check", "study.yaml"]) == 2
    assert "the disk is full" in capsys.readouterr().err


def test_a_defect_is_not_dressed_up_as_a_users_fault(monkeypatch):
    raising(monkeypatch, ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        main(["check", "study.yaml"])


def test_a_warning_is_one_line_and_told_once(monkeypatch, capsys):
    def warn(*_: object, **__: object) -> None:
        for _ in range(2):
            warnings.warn("take\ncare", SoilscopeWarning, stacklevel=1)
        warnings.warn("noise of a library", RuntimeWarning, stacklevel=1)
        raise StudyError("enough")

    monkeypatch.setattr("soilscope.study.config.load_study", warn)
    monkeypatch.setattr(sys, "warnoptions", [])
    assert main(["check", "study.yaml"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "soilscope: warning: take care",
        "soilscope: error: enough",
    ]


def test_workers_and_scheduler_exclude_each_other(folder, capsys):
    (folder / "study.yaml").write_text(STUDY)
    assert main(["run", "study.yaml", "--workers", "1", "--scheduler", "tcp://x:1"]) == 2
    assert "not both" in capsys.readouterr().err


def test_an_unknown_demo_is_told_with_those_that_exist(capsys):
    assert main(["demo", "helen"]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert "'helan'" in line


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("chek x", "No such command 'chek'. Did you mean 'check'? See soilscope --help."),
        ("run", "Missing argument 'STUDY'. See soilscope run --help."),
        ("run a b", "Got unexpected extra argument(s) (b). See soilscope run --help."),
        ("check x -q --log-json", "give --quiet or --log-json, not both."),
        ("--quiet check x", "No such option: --quiet. Options stand behind the command."),
        ("report", "Missing argument 'DIR'. See soilscope report --help."),
    ],
)
def test_a_command_called_wrongly_is_one_line(capsys, words, told):
    assert main(words.split()) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line


def test_without_a_command_the_help_is_shown(capsys):
    assert main([]) == 2
    assert "Commands:" in capsys.readouterr().out


def test_the_list_of_commands_has_whole_sentences(capsys):
    assert main(["--help"]) == 0
    lines = capsys.readouterr().out.partition("Commands:")[2].split("\n")
    assert all(line.endswith(".") for line in lines if line)


def test_a_mistyped_study_is_told_with_the_one_that_is_there(folder, capsys):
    (folder / "oasis.yaml").write_text(STUDY)
    assert main(["check", "oassis.yaml"]) == 2
    assert "did you mean 'oasis.yaml'?" in capsys.readouterr().err
    assert main(["check", "."]) == 2
    assert "give a study file in it, such as oasis.yaml." in capsys.readouterr().err


@pytest.mark.parametrize("command", ["status", "report"])
def test_what_is_no_results_folder_is_told_with_the_one_that_is_meant(folder, capsys, command):
    (folder / "results" / "oasis").mkdir(parents=True)
    (folder / "results" / "oasis" / "manifest.json").write_text("{}")
    (folder / "oasis.yaml").write_text(STUDY)
    meant = str(Path("results") / "oasis")
    for wrong in ("results", "oasis.yaml"):
        assert main([command, wrong]) == 2
        assert capsys.readouterr().err == (
            f"soilscope: error: {wrong} is not a results folder; did you mean {meant}?\n"
        )


def test_status_names_a_run_at_work_and_what_an_earlier_study_left(folder, capsys):
    (folder / "study.yaml").write_text(STUDY)
    assert main(["run", "study.yaml", "-r", "out", "--no-report", "-q"]) == 0
    (folder / "out" / "results" / "gone").mkdir()
    capsys.readouterr()
    with claim(folder / "out", study="study.yaml"):
        assert main(["status", "out"]) == 0
    shown = capsys.readouterr().out
    assert f"a run is at work (process {os.getpid()} on " in shown
    assert "safe to remove: results/gone" in shown
    assert main(["status", "out"]) == 0
    assert "a run is at work" not in capsys.readouterr().out


def test_the_version_is_printed(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("soilscope 0.")


def test_help_and_commands_load_no_heavy_library():
    code = (
        "import sys, soilscope.cli.main; "
        "print([m for m in ('numpy', 'xarray', 'pydantic', 'dask', 'yaml') if m in sys.modules])"
    )
    assert python("-c", code).stdout.strip() == "[]"


def test_every_command_is_listed_by_help():
    shown = python("-m", "soilscope", "--help")
    assert shown.returncode == 0
    assert all(f"\n  {verb} " in shown.stdout for verb in ("demo", "check", "run", "report"))


@pytest.mark.skipif(sys.platform == "win32", reason="there is no head on Windows")
def test_a_reader_that_leaves_early_is_no_traceback(folder):
    (folder / "study.yaml").write_text(STUDY)
    shell = f"{sys.executable} -m soilscope check study.yaml | head -c 1"
    done = subprocess.run(
        shell, shell=True, capture_output=True, text=True, check=False, timeout=60
    )
    assert "Traceback" not in done.stderr


def test_exit_codes_are_those_that_the_readme_promises():
    assert (command.FAULT, command.INTERRUPTED) == (2, 130)
