"""The bars of a run tell what runs, how much of it is done, and nothing that is not so."""

import time

import pytest
from rich.progress import Progress as Bars

from soilscope.cli.bars import Drawn
from soilscope.cli.voice import Voice
from soilscope.study.grow import Progress


@pytest.fixture
def bars():
    return Bars(disable=True)


def shown(bars):
    """Name, finished, total and told words of each bar."""
    return [(t.description, t.completed, t.total, t.fields["told"]) for t in bars.tasks]


def test_what_runs_has_one_bar_and_what_is_finished_becomes_a_line(bars, capsys):
    drawn = Drawn(Voice(), bars)
    drawn.expect(3)
    drawn.begin("inputs")
    assert shown(bars) == [("study", 0, 3, "0/3 results"), ("inputs", 0, None, "")]
    for done in range(3):
        drawn.heard(Progress("smci", "prepare", done, 2))
    for done in range(4):
        drawn.heard(Progress("cube", "cube", done, 4))
    assert shown(bars) == [("study", 0, 3, "0/3 results"), ("cube", 3, 4, "3/4 slabs")]
    drawn.heard(Progress("cube", "cube", 4, 4))
    drawn.heard(Progress("index", "standardize", 1, 1, skipped=True))
    drawn.begin("report")
    assert shown(bars) == [("study", 2, 3, "2/3 results"), ("report", 0, None, "")]
    assert capsys.readouterr().err.splitlines() == [
        "smci: done (prepare, 2 slab(s))",
        "cube: done (cube, 4 slab(s))",
        "index: kept from an earlier run",
    ]


def test_the_time_left_is_that_of_the_slabs_of_this_run(bars, monkeypatch):
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    drawn = Drawn(Voice(), bars)
    drawn.heard(Progress("trend", "trend", 6, 10))  # six of an earlier run
    assert bars.tasks[0].fields["ends"] is None
    now = 110.0
    drawn.heard(Progress("trend", "trend", 7, 10))
    assert bars.tasks[0].fields["ends"] == pytest.approx(140.0)
