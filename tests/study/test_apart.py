"""Inputs on a grid or calendar of their own, and steps that work by whole fields of some days."""

import json

import numpy as np
import pytest
import xarray as xr

from soilscope import downscale, fit_downscaling
from soilscope.errors import StudyError
from soilscope.grid import membership
from soilscope.study import slabs
from soilscope.study.config import load_study
from soilscope.study.plan import plan
from soilscope.study.runner import run_study
from soilscope.study.store import Store
from soilscope.twin.heihe_product import heihe_twin

TWIN = "product: heihe_twin, rows: 60, columns: 50, days: 40, start: '2020-06-01'"
STUDY = f"""\
inputs:
  fine: {{{TWIN}}}
  reanalysis: {{{TWIN}, view: reanalysis, grid: own}}
  smops: {{{TWIN}, view: smops, grid: own}}
analyses:
  range: {{step: lst_difference, day: lst_day, night: lst_night}}
  coarse_range: {{step: lst_difference, day: reanalysis.lst_day, night: reanalysis.lst_night}}
  relation:
    step: fit_downscaling
    coarse_sm: reanalysis.soil_moisture
    coarse_dlst: coarse_range.lst_difference
    land_cover: land_cover
    ndvi: ndvi
    rng: 1
  daily:
    step: downscale
    model: relation
    fine_dlst: range.lst_difference
    land_cover: land_cover
    ndvi: ndvi
    coarse_product: smops.soil_moisture
    residual: smooth
  monthly: {{step: composite, da: daily.soil_moisture, freq: MS}}
"""


@pytest.fixture
def study(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text(STUDY, encoding="utf-8")
    return path


def opened(folder, name):
    return Store(folder).open(name).load()


def test_days_that_are_made_in_several_blocks_are_rehearsed_as_a_whole(study, monkeypatch):
    monkeypatch.setattr(membership, "_BLOCK", 100_000)  # as many days of a whole basin make it
    text = study.read_text(encoding="utf-8")
    text += "  stability: {step: time_stability, da: daily.soil_moisture}\n"
    study.write_text(text, encoding="utf-8")
    planned = plan(load_study(study))
    assert planned.faults == []
    daily = next(r.result for r in planned.rehearsals if r.analysis.name == "daily")
    assert len(daily.chunksizes["time"]) > 1


def test_a_study_downscales_as_the_library_does(study, tmp_path, monkeypatch):
    monkeypatch.setattr(slabs, "SLAB_BYTES", 700_000)  # several slabs of days, and of cells
    out = run_study(study, results=tmp_path / "out")
    views = {
        view: heihe_twin(view=view, rows=60, columns=50, days=40, start="2020-06-01")
        for view in ("fine", "reanalysis", "smops")
    }
    fine, coarse = views["fine"], views["reanalysis"]
    strata = {"land_cover": fine.land_cover, "ndvi": fine.ndvi}
    model = fit_downscaling(
        coarse.soil_moisture, coarse.lst_day - coarse.lst_night, rng=1, **strata
    )
    expected = downscale(
        model,
        fine.lst_day - fine.lst_night,
        coarse_product=views["smops"].soil_moisture,
        residual="smooth",
        **strata,
    )
    found = opened(out, "daily")
    assert Store(out).record("daily").slabs > 3
    np.testing.assert_allclose(found.soil_moisture, expected.soil_moisture, atol=1e-6)
    np.testing.assert_array_equal(found.fallback, expected.fallback)
    np.testing.assert_allclose(found.seam_index, expected.seam_index)
    monthly = opened(out, "monthly").soil_moisture
    mean = expected.soil_moisture.isel(time=slice(0, 30)).mean("time")
    np.testing.assert_allclose(monthly.isel(time=0), mean, atol=1e-6)


def test_inputs_apart_stand_under_their_own_names_with_their_own_grid(study, tmp_path):
    out = run_study(study, results=tmp_path / "out")
    store = Store(out)
    assert store.manifest["results"][:3] == ["cube", "reanalysis", "smops"]
    assert store.record("reanalysis").step == "input"
    assert {"latitude", "longitude"} <= set(store.open("reanalysis").dims)
    assert "y" in store.open("cube").dims
    (about,) = store.record("smops").sources
    assert about["name"] == "smops"
    assert about["synthetic"]
    assert store.manifest["synthetic"]
    page = out / "report"
    assert not page.exists()  # the page is another command's


def test_a_second_run_opens_nothing_and_keeps_everything(study, tmp_path):
    run_study(study, results=tmp_path / "out")
    heard = []
    run_study(study, results=tmp_path / "out", progress=heard.append)
    assert {p.name for p in heard if p.skipped} == set(Store(tmp_path / "out").manifest["results"])


def test_a_changed_input_apart_alone_is_made_anew_with_what_it_made(study, tmp_path):
    run_study(study, results=tmp_path / "out")
    study.write_text(
        STUDY.replace("view: smops, grid: own", "view: cci, grid: own"), encoding="utf-8"
    )
    heard = []
    run_study(study, results=tmp_path / "out", progress=heard.append)
    kept = {p.name for p in heard if p.skipped}
    assert kept == {"cube", "reanalysis", "range", "coarse_range", "relation"}


def test_a_killed_run_goes_on_at_the_first_missing_slab_of_days(study, tmp_path, monkeypatch):
    monkeypatch.setattr(slabs, "SLAB_BYTES", 700_000)

    class Killed(Exception):
        pass

    def stop(progress):
        if progress.name == "daily" and progress.done == 2:
            raise Killed

    with pytest.raises(Killed):
        run_study(study, results=tmp_path / "out", progress=stop)
    heard = []
    run_study(study, results=tmp_path / "out", progress=heard.append)
    first = next(p for p in heard if p.name == "daily")
    assert first.done >= 2


def test_check_shows_inputs_apart_and_what_is_made_from_them(study):
    text = "\n".join(plan(load_study(study)).text())
    assert "stand apart" in text
    assert "latitude" in text
    assert "daily: downscale -> 40 time x 60 y x 50 x" in text


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("view: smops, grid: own", "view: smops, grid: mine", "it is study"),
        ("view: smops, grid: own", "view: smops, grid: own, suffix: b", "needs no suffix"),
        ("smops.soil_moisture", "smops.moisture", "'smops.moisture' is unknown"),
        ("  monthly:", "  smops:", "'smops' is an input"),
    ],
)
def test_faults_are_told_with_their_line(study, tmp_path, old, new, words):
    study.write_text(STUDY.replace(old, new), encoding="utf-8")
    with pytest.raises(StudyError, match=words) as fault:
        run_study(study, results=tmp_path / "out")
    assert "study.yaml:" in str(fault.value)
    assert not (tmp_path / "out" / "results").exists()


def test_a_study_needs_an_input_on_its_own_grid(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text(
        f"inputs:\n  fine: {{{TWIN}, grid: own}}\nanalyses:\n"
        "  monthly: {step: composite, da: fine.ndvi}\n",
        encoding="utf-8",
    )
    with pytest.raises(StudyError, match="every input stands apart"):
        run_study(path, results=tmp_path / "out")


def test_long_series_are_stored_in_chunks_of_steps_and_come_back_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(slabs, "_LONG", 20)
    monkeypatch.setattr(slabs, "_STEPS", 16)
    path = tmp_path / "study.yaml"
    path.write_text(
        f"inputs:\n  fine: {{{TWIN}}}\nanalyses:\n"
        "  change: {step: change_point, da: ndvi, prewhiten: false}\n",
        encoding="utf-8",
    )
    out = run_study(path, results=tmp_path / "out")
    folder = Store(out).folder("cube") / "data.zarr" / "ndvi"
    shape = json.loads((folder / "zarr.json").read_text())["chunk_grid"]["configuration"]
    assert shape["chunk_shape"][0] == 16
    lazy = Store(out).open("cube", chunks={})
    assert lazy.ndvi.chunksizes["time"] == (40,)
    twin = heihe_twin(rows=60, columns=50, days=40, start="2020-06-01")
    xr.testing.assert_allclose(
        lazy.ndvi.drop_vars("spatial_ref"), twin.ndvi.drop_vars("spatial_ref")
    )
