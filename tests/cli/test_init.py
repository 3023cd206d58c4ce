"""The command init: from a folder of data to a study that check accepts and run runs."""

import os
import subprocess
import sys

import pytest

from soilscope.cli.main import main
from soilscope.study.store import Store
from study.folders import write_all, write_smci_years

NAME = "数据 贺兰山"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder of data in every product's layout, under a name of two scripts."""
    place = tmp_path_factory.mktemp("init")
    (place / NAME).mkdir()
    write_all(place / NAME, months=120)
    return place


@pytest.fixture(scope="module")
def study(home):
    """Write the study that init drafts."""
    path = home / "研究.yaml"
    assert main(["init", "--data", str(home / NAME), "-o", str(path), "--quiet"]) == 0
    return path


def test_check_accepts_the_study_as_it_is(study, capsys):
    assert main(["check", str(study)]) == 0
    shown = capsys.readouterr().out
    assert "2 zone(s): 银川, 卫宁 (from 分区.shp, gb18030)" in shown
    (line,) = [text for text in shown.splitlines() if "drivers: partial_regression -> " in text]
    sizes = {"2 depth", "11 latitude", "11 longitude", "4 driver"}
    assert sizes == set(line.partition(" -> ")[2].rpartition(", ")[0].split(" x "))


@pytest.mark.jit
def test_run_works_on_the_study(study, home):
    results = home / "结果"
    assert main(["run", str(study), "-r", str(results), "--no-report", "--quiet"]) == 0
    store = Store(results)
    patterns = store.open("depths")
    assert patterns["state"].sizes == {"region": 2, "depth": 2}
    assert bool(store.open("regional_trend")["slope"].notnull().all())


def test_what_was_found_is_shown_as_a_table_with_the_next_command(home, tmp_path, capsys):
    output = tmp_path / "my study.yaml"
    assert main(["init", "--data", str(home / NAME), "--output", str(output)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == str(output)
    assert f'  soilscope check "{output}"' in lines
    (smci,) = [line for line in lines if line.startswith("  smci ")]
    assert smci.split("  ")[-1] == (
        "2000-01 to 2009-12, daily, 2 layers (0 to 0.2 m), cells of 0.25 degrees"
    )
    assert any("download.nc" in line and "zip archive" in line for line in lines)
    assert "Other files: 1 .pdf" in lines


@pytest.mark.parametrize(
    "console", [{"PYTHONIOENCODING": "gbk"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}]
)
def test_the_command_works_on_any_console(tmp_path, console):
    (tmp_path / NAME).mkdir()
    write_smci_years(tmp_path / NAME / "SMCI", layers=(0,))
    done = subprocess.run(
        [sys.executable, "-m", "soilscope", "init", "--data", NAME],
        cwd=tmp_path,
        env={k: v for k, v in os.environ.items() if not k.startswith("PYTHON")} | console,
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)
    assert done.stdout.splitlines()[-1] == b"study.yaml"
    assert NAME in (tmp_path / "study.yaml").read_text(encoding="utf-8")


def test_a_gap_in_years_is_told(folder, capsys):
    write_smci_years(folder / "SMCI", months=48, layers=(0,))
    (folder / "SMCI" / "10cm" / "SMCI_9km_2002_10cm.nc").unlink()
    assert main(["init", "--data", "SMCI"]) == 0
    assert "gap: SMCI lacks 2002 between 2000 and 2003" in capsys.readouterr().out
    assert "lacks 2002" in (folder / "study.yaml").read_text(encoding="utf-8")
    assert main(["check", "study.yaml"]) == 0


def test_an_existing_study_is_replaced_only_by_force(folder, capsys):
    write_smci_years(folder / "SMCI", layers=(0,))
    (folder / "study.yaml").write_text("mine", encoding="utf-8")
    assert main(["init", "--data", "SMCI"]) == 2
    assert "study.yaml exists and was not touched; give --force" in capsys.readouterr().err
    assert (folder / "study.yaml").read_text(encoding="utf-8") == "mine"
    assert main(["init", "--data", "SMCI", "--force"]) == 0
    assert "product: smci" in (folder / "study.yaml").read_text(encoding="utf-8")


def test_without_soil_moisture_the_findings_are_listed_and_nothing_is_written(folder, capsys):
    (folder / "data").mkdir()
    (folder / "data" / "notes.txt").write_text("x")
    assert main(["init", "--data", "data"]) == 2
    out, err = capsys.readouterr()
    assert "data: 1 file(s) looked at" in out
    assert "Other files: 1 .txt" in out
    assert "no soil moisture was found in data, and no study was written" in err
    assert not (folder / "study.yaml").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--data", "nowhere"], "there is no folder nowhere; its path ends at"),
        (["--data", ".", "-o", "no/study.yaml"], "there is no folder no to write study.yaml to"),
        (["--data", ".", "-o", "."], "is a folder; give a file in it"),
    ],
)
def test_folders_that_are_not_there_are_one_line(folder, capsys, arguments, told):
    assert main(["init", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line
