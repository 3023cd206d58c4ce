"""What --quiet leaves out, what --log-json says, and the signs of life of long work."""

import json
import logging
import time
import warnings

import pytest

from soilscope.cli import progress
from soilscope.cli.main import main
from soilscope.cli.voice import Spoken, Voice
from soilscope.errors import SoilscopeWarning, StudyError
from soilscope.study.grow import Progress

STUDY = """\
title: 贺兰山
inputs:
  twin: {product: helan_twin, spacing: 0.25, months: 36}
analyses:
  年均: {step: composite, da: soil_moisture, freq: YS, min_count: 12}
"""
FIELDS = {
    "event", "time", "command", "name", "step", "done", "total", "seconds", "warnings", "errors",
    "path",
}  # fmt: skip


def objects(text: str) -> list[dict[str, object]]:
    """Read one JSON object a line, each with all fields and letters of ASCII alone."""
    assert text.isascii()
    read = [json.loads(line) for line in text.splitlines()]
    assert all(set(one) == FIELDS for one in read)
    return read


@pytest.fixture
def study(folder):
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    return folder


def test_a_quiet_run_says_the_path_alone(study, capsys):
    assert main(["run", "study.yaml", "-r", "out", "--no-report", "--quiet"]) == 0
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("out\n", "")


def test_quiet_keeps_faults(study, capsys):
    assert main(["check", "study.yaml", "-q"]) == 0
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "")
    assert main(["check", "none.yaml", "-q"]) == 2
    assert capsys.readouterr().err == (
        "soilscope: error: none.yaml: there is no such study file.\n"
    )


def test_a_log_tells_each_result_when_it_is_done_or_kept(study, capsys):
    run = ["run", "study.yaml", "-r", "out", "--no-report", "--log-json"]
    assert main(run) == 0
    shown = capsys.readouterr()
    assert shown.out == "out\n"
    said = objects(shown.err)
    assert [(one["event"], one["name"]) for one in said] == [
        ("started", None), ("done", "cube"), ("done", "年均"), ("finished", None),
    ]  # fmt: skip
    assert {one["command"] for one in said} == {"run"}
    assert (said[2]["step"], said[2]["done"], said[2]["total"]) == ("composite", 1, 1)
    assert all(one["seconds"] >= 0 for one in said)
    assert said[-1]["path"] == "out"
    assert main(run) == 0
    said = objects(capsys.readouterr().err)
    assert [one["event"] for one in said] == ["started", "kept", "kept", "finished"]


def failing(error: BaseException):
    def load(*_: object) -> None:
        warnings.warn("take\ncare", SoilscopeWarning, stacklevel=1)
        warnings.warn("take care", SoilscopeWarning, stacklevel=1)
        logging.getLogger("a_library").warning("贺兰山 %s", "\N{SNOWMAN}")
        raise error

    return load


@pytest.mark.parametrize(
    ("error", "code", "event", "errors"),
    [
        (StudyError("one", "two\nlines"), 2, "error", ["one", "two lines"]),
        (
            KeyboardInterrupt(),
            130,
            "interrupted",
            ["interrupted; nothing was written."],
        ),
    ],
)
def test_a_log_holds_warnings_and_faults(monkeypatch, capsys, error, code, event, errors):
    monkeypatch.setattr("soilscope.study.config.load_study", failing(error))
    assert main(["check", "study.yaml", "--log-json"]) == code
    _, first, second, last = objects(capsys.readouterr().err)
    assert first["warnings"] == ["take care"]
    assert second["warnings"] == ["a_library: 贺兰山 \N{SNOWMAN}"]
    assert (last["event"], last["errors"]) == (event, errors)


def test_a_defect_is_in_the_log_with_its_traceback(monkeypatch, capsys):
    monkeypatch.setattr("soilscope.study.config.load_study", failing(ZeroDivisionError("x")))
    assert main(["check", "study.yaml", "--log-json"]) == 1
    (told,) = objects(capsys.readouterr().err)[-1]["errors"]
    assert "ZeroDivisionError: x" in told


def test_what_a_library_logs_wrongly_is_told_as_it_is(capsys):
    record = logging.LogRecord("a_library", logging.ERROR, "", 1, "%d of %s", ("many",), None)
    Spoken(Voice()).handle(record)
    assert capsys.readouterr().err == "soilscope: warning: a_library: %d of %s\n"


@pytest.mark.parametrize(("level", "lines"), [(logging.WARNING, 0), (logging.ERROR, 1)])
def test_housekeeping_of_dask_is_no_news(capsys, level, lines):
    Spoken(Voice()).handle(logging.LogRecord("distributed.nanny", level, "", 1, "x", (), None))
    assert len(capsys.readouterr().err.splitlines()) == lines


def test_what_a_cancelled_slab_leaves_behind_is_no_news(capsys):
    text = "Task exception was never retrieved\nfuture: <Task coro=<x() at distributed/client.py>>"
    Spoken(Voice()).handle(logging.LogRecord("asyncio", logging.ERROR, "", 1, text, (), None))
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("words", [["chek"], ["run"], ["run", "x", "--workers", "0"], ["--bad"]])
def test_a_command_called_wrongly_is_in_the_log(capsys, words):
    assert main([*words, "--log-json"]) == 2
    (said,) = objects(capsys.readouterr().err)
    assert said["event"] == "error"
    assert said["errors"]


def test_no_handler_stays_behind(capsys):
    before = list(logging.getLogger().handlers)
    main(["check", "none.yaml"])
    assert logging.getLogger().handlers == before


def test_quiet_and_log_json_exclude_each_other(study, capsys):
    assert main(["check", "study.yaml", "--quiet", "--log-json"]) == 2
    assert "not both" in capsys.readouterr().err


def test_every_command_is_told_what_it_may_say(capsys):
    for command in ("demo", "init", "check", "run", "report", "status", "sources"):
        assert main([command, "--help"]) == 0
        shown = capsys.readouterr().out
        assert "--quiet" in shown
        assert "--log-json" in shown


@pytest.mark.parametrize("manner", ["plain", "json"])
def test_long_silences_have_a_heartbeat(monkeypatch, capsys, manner):
    monkeypatch.setattr(progress, "HEARTBEAT", 0.05)
    voice = Voice()
    voice.manner = manner
    with progress.shown(voice) as shown:
        shown.begin("inputs")
        time.sleep(0.3)
        shown.heard(Progress("trend", "trend", 0, 9))
        time.sleep(0.3)
    lines = capsys.readouterr().err.splitlines()
    if manner == "json":
        lines = [f"{one['name']}: {one['event']}" for one in map(json.loads, lines)]
        assert set(lines) == {"inputs: alive", "trend: alive"}
    else:
        assert {line.partition(" (")[0] for line in lines} == {
            "inputs: still at work",
            "trend: still at work",
        }


def test_slabs_are_told_now_and_then(monkeypatch, capsys):
    monkeypatch.setattr(progress, "OFTEN", 0.0)
    with progress.shown(Voice()) as shown:
        for done in range(4):
            shown.heard(Progress("trend", "trend", done, 3))
    assert capsys.readouterr().err.splitlines()[1:] == [
        "trend: 1 of 3 slabs",
        "trend: 2 of 3 slabs",
        "trend: done (trend, 3 slab(s))",
    ]
