"""New months go behind a cube that stays as it is; whatever else changes makes it anew."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope.cli.main import main
from soilscope.study.runner import run_study
from soilscope.study.store import CUBE, NOTE, Store
from soilscope.study.tails import merge

STUDY = """\
title: Months that come
{place}inputs:
  moisture:
    product: raster
    paths: moisture/*.nc
    variables: {{soil_moisture: {{name: sm, units: m3 m-3}}}}
  rain:
    product: raster
    paths: rain/*.nc
    variables: {{precipitation: {{name: pr, units: mm month-1}}}}
analyses:
  merged: {{step: composite, da: soil_moisture, freq: YS, how: mean, min_count: 12}}
  index: {{step: standardize, da: soil_moisture, by: month, reference: own, min_years: 2}}
  drought: {{step: drought_events, ssmi: index, threshold: -1.0}}
"""


def field(times: pd.DatetimeIndex, name: str, high: float) -> xr.Dataset:
    """Values that depend on the stamp alone, so that a month is the same in any file."""
    n = (times - pd.Timestamp("1999-12-31")).days.to_numpy()
    cells = np.arange(20).reshape(4, 5)
    values = high * (0.5 + 0.4 * np.sin(n[:, None, None] * 1.7 + cells))
    return xr.Dataset(
        {name: (("time", "lat", "lon"), values.astype("f4"))},
        {"time": times, "lat": 38.0 - 0.1 * np.arange(4), "lon": 105.0 + 0.1 * np.arange(5)},
    )


def write(folder: Path, year: int, *, kinds: str = "moisture rain", days: slice | None = None):
    times = pd.date_range(f"{year}-01", periods=12, freq="MS")
    if days is not None:
        times = pd.date_range(f"{year}-01-01", f"{year}-12-31")[days]
    for kind in kinds.split():
        (folder / kind).mkdir(exist_ok=True)
        name, high = ("sm", 0.4) if kind == "moisture" else ("pr", 90.0)
        label = f"{year}{'' if days is None else f'-{days.start or 0}'}"
        field(times, name, high).to_netcdf(folder / kind / f"{label}.nc")


@pytest.fixture
def study(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text(STUDY.format(place=""), encoding="utf-8")
    for year in (2001, 2002, 2003):
        write(tmp_path, year)
    return path


def run(study: Path, name: str = "results") -> Store:
    return Store(run_study(study, results=study.parent / name))


def base_files(store: Store) -> dict[str, tuple[int, bytes]]:
    data = store.folder(CUBE) / "data.zarr"
    return {
        str(p.relative_to(data)): (p.stat().st_mtime_ns, p.read_bytes())
        for p in sorted(data.rglob("*"))
        if p.is_file()
    }


def same_as_anew(store: Store, study: Path) -> None:
    """Every result is what a run into an empty folder gives."""
    anew = run(study, f"anew-{len(list(study.parent.iterdir()))}")
    assert anew.record(CUBE).tails == ()
    for name in anew.names():
        xr.testing.assert_identical(
            store.open(name).load().drop_attrs(), anew.open(name).load().drop_attrs()
        )
        assert store.record(name).fingerprint == anew.record(name).fingerprint


def test_a_new_year_stands_behind_the_cube_and_the_rest_of_it_is_not_touched(study):
    before = base_files(run(study))
    write(study.parent, 2004)
    store = run(study)
    assert base_files(store) == before
    assert [tail["start"] for tail in store.record(CUBE).tails] == [36]
    assert store.open(CUBE).sizes["time"] == 48
    same_as_anew(store, study)


def test_only_the_new_months_are_read(study, monkeypatch):
    run(study)
    write(study.parent, 2004)
    read = []
    from soilscope.study import cube

    monkeypatch.setattr(
        cube, "read_slab", lambda block: read.append(block.sizes["time"]) or block.compute()
    )
    run(study)
    assert set(read) == {12}


def test_a_second_tail_stands_behind_the_first(study):
    run(study)
    for year in (2004, 2005):
        write(study.parent, year)
        store = run(study)
    assert [tail["start"] for tail in store.record(CUBE).tails] == [36, 48]
    same_as_anew(store, study)


def test_months_that_lacked_a_driver_are_made_anew_when_it_comes(study):
    write(study.parent, 2004, kinds="moisture")
    run(study)
    write(study.parent, 2004, kinds="rain")
    write(study.parent, 2005)
    store = run(study)
    assert [tail["start"] for tail in store.record(CUBE).tails] == [36]
    assert int(store.open(CUBE)["precipitation"].isnull().sum()) == 0
    same_as_anew(store, study)


def test_a_tail_takes_the_place_of_an_earlier_one_that_it_begins_before(study):
    run(study)
    write(study.parent, 2004, kinds="moisture")
    run(study)
    write(study.parent, 2004, kinds="rain")
    store = run(study)
    (tail,) = store.record(CUBE).tails
    assert tail["start"] == 36
    assert len(list((store.folder(CUBE) / "tails").iterdir())) == 1
    same_as_anew(store, study)


def test_a_month_that_had_too_few_days_is_made_anew_when_the_rest_comes(tmp_path):
    study = tmp_path / "study.yaml"
    text = STUDY.format(place="calendar: month\n").replace("mm month-1", "mm d-1")
    study.write_text(text, encoding="utf-8")
    for year in (2001, 2002):
        write(tmp_path, year, days=slice(None))
    write(tmp_path, 2003, days=slice(0, 40))
    with pytest.warns(UserWarning, match="too few days"):
        before = base_files(run(study))
    write(tmp_path, 2003, days=slice(40, 365))
    store = run(study)
    assert base_files(store) == before
    assert [tail["start"] for tail in store.record(CUBE).tails] == [25]  # February 2003
    assert int(store.open(CUBE)["soil_moisture"].isnull().sum()) == 0
    same_as_anew(store, study)


def test_a_file_that_was_changed_makes_the_cube_anew(study):
    run(study)
    write(study.parent, 2004)
    path = study.parent / "moisture" / "2002.nc"
    with xr.open_dataset(path) as ds:
        changed = (ds * 0.5).load()
    changed.to_netcdf(path)
    store = run(study)
    assert store.record(CUBE).tails == ()
    assert store.open(CUBE).sizes["time"] == 48
    same_as_anew(store, study)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: pr, units: mm month-1", "name: pr, units: mm month-1, scale: 2"),
        ("title: Months that come\n", "title: Months that come\nregion: [105, 37.7, 105.2, 38]\n"),
        ("title: Months that come\n", "title: Months that come\nperiod: [2002-01, 2004-12]\n"),
    ],
)
def test_another_declaration_makes_the_cube_anew(study, old, new):
    run(study)
    write(study.parent, 2004)
    study.write_text(study.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    store = run(study)
    assert store.record(CUBE).tails == ()
    same_as_anew(store, study)


def test_a_later_end_of_the_period_is_a_tail(study):
    text = study.read_text(encoding="utf-8")
    study.write_text(f"period: [2001-01, 2002-06]\n{text}", encoding="utf-8")
    run(study)
    study.write_text(f"period: [2001-01, 2003-03]\n{text}", encoding="utf-8")
    store = run(study)
    assert [tail["start"] for tail in store.record(CUBE).tails] == [18]
    same_as_anew(store, study)


def test_merged_the_cube_is_one_and_nothing_has_to_run_again(study):
    run(study)
    write(study.parent, 2004)
    store = run(study)
    before = store.open(CUBE).load()
    assert merge(store) == 1
    assert store.record(CUBE).tails == ()
    assert not (store.folder(CUBE) / "tails").exists()
    xr.testing.assert_identical(store.open(CUBE).load(), before)
    skipped = []
    run_study(study, results=store.root, progress=lambda p: skipped.append(p.skipped))
    assert all(skipped)
    assert merge(store) == 0
    write(study.parent, 2005)
    store = run(study)
    assert [tail["start"] for tail in store.record(CUBE).tails] == [48]
    same_as_anew(store, study)


def test_a_run_that_was_killed_between_its_two_files_makes_the_cube_anew(study):
    store = run(study)
    path = store.folder(CUBE) / NOTE
    note = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(note | {"fingerprint": "another"}), encoding="utf-8")
    write(study.parent, 2004)
    store = run(study)
    assert store.record(CUBE).tails == ()
    same_as_anew(store, study)


def test_a_damaged_tail_is_named(study):
    run(study)
    write(study.parent, 2004)
    store = run(study)
    assert list(store.damage()) == []
    chunk = next((store.folder(CUBE) / "tails").rglob("soil_moisture/c/0/0/0"))
    chunk.write_bytes(chunk.read_bytes()[:-9])
    assert any("cube is damaged" in text for text in store.damage())


def test_the_command_update_merges_and_says_what_it_did(study, capsys):
    run(study)
    write(study.parent, 2004)
    store = run(study)
    assert main(["status", str(store.root)]) == 0
    assert "1 tail(s); 'soilscope update' merges them" in capsys.readouterr().out
    assert main(["update", str(store.root)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "1 tail(s) are part of the base now; the cube has 48 steps",
        str(store.root),
    ]
    assert main(["update", str(store.root)]) == 0
    assert "there was no tail" in capsys.readouterr().out


def test_what_is_no_results_folder_is_not_updated(tmp_path, capsys):
    assert main(["update", str(tmp_path)]) == 2
    assert "is not a results folder" in capsys.readouterr().err
