"""Results are moved into place where other programs look into the folder, and after a kill."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest
import xarray as xr

from soilscope.errors import StudyError
from soilscope.study import store
from soilscope.study.store import Record, Store, replace_folder, write_json


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch):
    """Let the first `times` moves be refused, on a system of the name `system`."""

    def set_up(*, times: int, system: str) -> list[float]:
        slept: list[float] = []
        left = iter(range(times))
        moved = Path.replace

        def replace(self: Path, target: Path) -> None:
            if next(left, None) is not None:
                raise PermissionError("in use")
            moved(self, target)

        monkeypatch.setattr(store.Path, "replace", replace)
        monkeypatch.setattr(store.time, "sleep", slept.append)
        monkeypatch.setattr(store, "os", SimpleNamespace(name=system, getpid=os.getpid))
        return slept

    return set_up


def test_windows_is_asked_again_while_another_program_reads(tmp_path, refusing):
    slept = refusing(times=3, system="nt")
    write_json(tmp_path / "step.json", {"a": "贺"})
    assert store.read_json(tmp_path / "step.json") == {"a": "贺"}
    assert len(slept) == 3


def test_a_lasting_refusal_is_told(tmp_path, refusing):
    refusing(times=99, system="nt")
    with pytest.raises(PermissionError, match="in use"):
        write_json(tmp_path / "step.json", {})


def test_elsewhere_a_refusal_is_told_at_once(tmp_path, refusing):
    slept = refusing(times=1, system="posix")
    with pytest.raises(PermissionError, match="in use"):
        write_json(tmp_path / "step.json", {})
    assert slept == []


def test_what_a_killed_run_had_moved_away_is_not_in_the_way(tmp_path):
    results = Store(tmp_path)
    record = Record("trend", "trend", {}, {}, "f" * 64)
    for number in (1, 2):
        work = results.work_folder("trend", record.fingerprint)
        work.mkdir(parents=True)
        xr.Dataset({"slope": number}).to_zarr(work / "data.zarr", consolidated=False)
        leftover = work.with_name(f"{work.name}.old")
        leftover.mkdir(exist_ok=True)
        (leftover / "step.json").write_text("{}", encoding="utf-8")
        results.publish(record, work)
    assert int(results.open("trend").slope) == 2


def test_a_folder_that_may_not_be_replaced_stays_whole(tmp_path, monkeypatch):
    for name in ("report", "new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "table.csv").write_text(name, encoding="utf-8")

    def refuse(self: Path, target: Path) -> None:
        raise PermissionError(13, "Access is denied", str(self))

    monkeypatch.setattr(store.Path, "rename", refuse)
    with pytest.raises(StudyError, match=r"cannot be replaced \(Access is denied\); close"):
        replace_folder(tmp_path / "report", tmp_path / "new")
    assert (tmp_path / "report" / "table.csv").read_text(encoding="utf-8") == "report"
